"""Steps that were handed out, and what they did: the contract of every backend."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.makers import NOON, a_ref, an_alert
from tests.store.desk import Desk
from watchbill.model.event import Acknowledged, Resolved, Retried, StepFinished, Woken
from watchbill.model.plan import Done, Outcome, Retry, Stalled, Step
from watchbill.store import effects, steps
from watchbill.store.record import Record

LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def desk(record: Record) -> Desk:
    """A desk that has just taken an alert, and handed out its first steps."""
    desk = Desk(record)
    desk.receives(an_alert())
    return desk


def queued(record: Record, now: datetime = LATER, limit: int = 10) -> tuple[steps.Row, ...]:
    """The steps that may begin."""
    with record.read() as connection:
        return steps.queued(connection, now, limit)


def begins(record: Record, row: steps.Row) -> bool:
    """Whether this attempt could be begun."""
    return record.write(lambda connection: steps.begin(connection, row.id, row.attempt, at=NOON))


def settles(record: Record, row: steps.Row, outcome: Outcome, at: datetime = LATER) -> bool:
    """Whether how this attempt ended was not known yet."""
    return record.write(lambda connection: steps.settle(connection, row.id, row.attempt, outcome, at=at))


def found(record: Record, id: str) -> steps.Row:
    """The step of this id."""
    with record.read() as connection:
        row = steps.get(connection, id)
    assert row is not None
    return row


def test_what_is_decided_is_queued(desk: Desk, record: Record) -> None:
    """
    The steps that a decision hands out are queued with it, pages before anything else.
    """
    rows = queued(record)

    assert {row.id: row.step for row in rows} == {step.id: step for step in desk.decisions[0].steps}
    assert [row.kind for row in rows] == ["page", "repair"]
    for row in rows:
        assert (row.state, row.attempt, row.due_at, row.possibly_repeated) == ("queued", 1, NOON, False)
        assert (row.begun_at, row.settled_at, row.outcome) == (None, None, None)
    assert {row.incident for row in rows} == {desk.incident.id}
    assert queued(record, limit=1) == rows[:1]
    assert queued(record, NOON - timedelta(seconds=1)) == ()
    with record.read() as connection:
        assert steps.next_due(connection, NOON - timedelta(seconds=1)) == NOON
        assert steps.unsettled(connection) == rows
        assert sorted(steps.of(connection, desk.incident.id), key=rows.index) == list(rows)


def test_a_step_is_begun_once(desk: Desk, record: Record) -> None:
    """
    Of all who want to begin an attempt, one may.
    """
    row, other = queued(record)

    assert begins(record, row)
    assert not begins(record, row)
    assert not begins(record, replace(row, id="unknown"))
    assert queued(record) == (other,)
    assert (found(record, row.id).state, found(record, row.id).begun_at) == ("running", NOON)


@pytest.mark.parametrize("outcome", [Done({"status": 200}, "pd/1"), Retry(LATER, "no answer"), Stalled("refused")])
def test_a_step_is_settled_once(desk: Desk, record: Record, outcome: Outcome) -> None:
    """
    How an attempt ended is written once; whoever says it again changes nothing.
    """
    row = queued(record)[0]
    begins(record, row)

    assert settles(record, row, outcome)
    assert not settles(record, row, Stalled("again"), at=NOON)
    settled = found(record, row.id)
    assert (settled.state, settled.settled_at, settled.outcome) == ("settled", LATER, outcome)
    assert not begins(record, row)


def test_a_step_that_is_tried_again_is_another_attempt(desk: Desk, record: Record) -> None:
    """
    A step whose outcome was that it may be tried again is handed out as its next attempt; it had no effect, so it is no repeat.
    """
    row = queued(record)[1]
    begins(record, row)
    settles(record, row, Retry(LATER, "no answer"))
    desk.happens(StepFinished(row.id, Retry(LATER, "no answer")))
    assert row.id not in {each.id for each in queued(record)}
    desk.now = LATER
    desk.happens(Woken())

    again = next(each for each in queued(record) if each.id == row.id)
    assert (again.attempt, again.possibly_repeated, again.due_at, again.outcome, again.settled_at) == (2, False, LATER, None, None)
    assert again.step.error == "no answer"


def test_a_step_that_failed_can_be_tried_again_by_a_person(desk: Desk, record: Record) -> None:
    """
    A step that stalled is queued again when a person asks for it.
    """
    row = queued(record)[0]
    begins(record, row)
    settles(record, row, Stalled("refused"))
    desk.happens(StepFinished(row.id, Stalled("refused")))
    desk.happens(Retried(row.id, "ana"))

    assert found(record, row.id).state == "queued"
    assert found(record, row.id).attempt == 2


def test_what_is_withdrawn_before_it_began_is_not_begun(desk: Desk, record: Record) -> None:
    """
    A step that is withdrawn while it is queued cannot be begun any more; one that runs by then goes on, and its outcome is kept.
    """
    (page, repair) = queued(record)
    assert repair.kind == "repair"
    begins(record, page)
    desk.happens(Acknowledged("ana"))
    desk.happens(Resolved("ana"))
    states = {step.id: step.state for step in desk.incident.steps.values()}

    assert found(record, page.id).state == "running"
    assert settles(record, page, Done())
    for row in (page, repair):
        assert (found(record, row.id).state == "settled") == (row is page or states[row.id] in ("withdrawn", "failed", "done"))


def test_called_off_steps_are_settled_without_outcome(desk: Desk, record: Record) -> None:
    """
    Calling off settles what is queued, says nothing of how it ended, and leaves what runs alone.
    """
    page, repair = queued(record)
    begins(record, page)
    record.write(lambda connection: steps.call_off(connection, [page.id, repair.id], LATER))

    assert found(record, page.id).state == "running"
    assert (found(record, repair.id).state, found(record, repair.id).settled_at, found(record, repair.id).outcome) == (
        "settled",
        LATER,
        None,
    )
    with record.read() as connection:
        assert [row.id for row in steps.unsettled(connection)] == [page.id]
        assert steps.next_due(connection, NOON - timedelta(seconds=1)) is None
        assert steps.get(connection, "unknown") is None


def test_the_queue_tells_when_something_is_due(record: Record) -> None:
    """
    After the commit, and only then, whoever listens hears when the first of what is new is due; what was taken back is not told.
    """
    heard: list[datetime] = []
    record.queue.listen(heard.append)
    desk = Desk(record)
    desk.receives(an_alert())
    assert heard == [NOON]

    def job(connection: object) -> None:
        desk.decides(connection, Acknowledged("ana"))  # type: ignore[arg-type]
        raise LookupError

    with pytest.raises(LookupError):
        record.write(job)
    assert heard == [NOON]
    record.write(lambda connection: None)
    assert heard == [NOON]


# --- effects --------------------------------------------------------------------------


def test_a_call_is_written_before_and_after(desk: Desk, record: Record) -> None:
    """
    A call stands in the record before it is made, with its key and without an outcome, and gets the outcome once.
    """
    row = queued(record)[0]
    call = {"step": row.id, "call": 0, "attempt": 1}
    record.write(lambda connection: effects.begin(connection, **call, key=row.id, at=NOON))  # type: ignore[arg-type]
    with record.read() as connection:
        assert effects.of_step(connection, row.id) == (effects.Effect(row.id, 0, 1, row.id, NOON, None, None),)
    outcome = Done({"status": 202}, "msg-1")
    assert record.write(lambda connection: effects.settle(connection, **call, outcome=outcome, at=LATER))  # type: ignore[arg-type]
    assert not record.write(lambda connection: effects.settle(connection, **call, outcome=Stalled(""), at=LATER))  # type: ignore[arg-type]
    with record.read() as connection:
        (known,) = effects.of_incident(connection, desk.incident.id)
        assert effects.of_incident(connection, "unknown") == ()

    assert known == effects.Effect(row.id, 0, 1, row.id, NOON, LATER, outcome)


def test_a_long_result_is_cut(desk: Desk, record: Record) -> None:
    """
    Of a result that is too long the beginning is kept, and how long it was; an error is kept as it is.
    """
    row = queued(record)[0]
    for attempt, outcome in ((1, Done({"log": "x" * 1_000_000}, "e" * 2_000)), (2, Stalled("y" * 100))):
        call = {"step": row.id, "call": 0, "attempt": attempt}
        record.write(lambda connection, call=call: effects.begin(connection, **call, key=row.id, at=NOON))  # type: ignore[misc]
        record.write(lambda connection, call=call, outcome=outcome: effects.settle(connection, **call, outcome=outcome, at=NOON))  # type: ignore[misc]
    with record.read() as connection:
        long, short = effects.of_step(connection, row.id)

    assert isinstance(long.outcome, Done)
    assert isinstance(long.outcome.result, dict)
    assert long.outcome.result["characters"] == 1_000_010
    assert long.outcome.result["begins"].startswith('{"log":"xxx')
    assert len(effects.bounded(long.outcome)) <= effects.LARGEST
    assert len(long.outcome.effect) == 1_000
    assert short.outcome == Stalled("y" * 100)


def test_every_kind_of_step_can_be_queued(record: Record) -> None:
    """
    Evidence comes after pages and repairs, in the order in which it fell due.
    """
    desk = Desk(record)
    desk.receives(an_alert())
    ref = a_ref("Triage", "http")
    plain = desk.decisions[0].steps[0]
    later: list[Step] = [replace(plain, id=kind, kind=kind, because=ref) for kind in ("collect", "hub", "alarm", "verify")]  # type: ignore[arg-type]
    for number, step in enumerate(later):
        record.write(lambda c, step=step, number=number: steps.hand_out(c, desk.incident.id, step, NOON + timedelta(seconds=number)))  # type: ignore[misc]

    assert [row.kind for row in queued(record)] == ["page", "alarm", "repair", "verify", "hub", "collect"]


def test_a_step_can_go_on_later(desk: Desk, record: Record) -> None:
    """
    A step that looks again and again goes back to the queue as the same attempt; one that is settled does not.
    """
    row = queued(record)[0]
    begins(record, row)
    assert record.write(lambda connection: steps.postpone(connection, row.id, LATER))
    again = found(record, row.id)
    assert (again.state, again.attempt, again.due_at, again.begun_at) == ("queued", 1, LATER, None)
    assert begins(record, again)
    settles(record, again, Done())

    assert not record.write(lambda connection: steps.postpone(connection, row.id, LATER))


def test_a_step_at_work_can_be_marked(desk: Desk, record: Record) -> None:
    """
    A step that is not settled can be marked as possibly repeated, whatever is known of it.
    """
    row, other = queued(record)
    begins(record, row)
    begins(record, other)
    settles(record, other, Done())
    assert record.write(lambda connection: steps.mark_repeated(connection, row.id))
    assert not record.write(lambda connection: steps.mark_repeated(connection, other.id))

    assert [found(record, each.id).possibly_repeated for each in (row, other)] == [True, False]


def test_calls_that_were_carried_out_are_known(desk: Desk, record: Record) -> None:
    """
    Of the calls of a step those that were carried out are known; of a call that was made in several looks the last one stands.
    """
    row = queued(record)[0]
    for call, outcome in ((0, Done("a")), (1, Stalled("refused")), (2, Retry(LATER, "busy")), (2, Done("b"))):
        record.write(
            lambda c, call=call, outcome=outcome: effects.record(  # type: ignore[misc]
                c, step=row.id, call=call, attempt=1, key=f"{row.id}#{call}", begun_at=NOON, outcome=outcome, at=LATER
            )
        )
    with record.read() as connection:
        assert effects.carried_out(connection, row.id) == {0, 2}
        assert [effect.outcome for effect in effects.of_step(connection, row.id)] == [Done("a"), Stalled("refused"), Done("b")]
        assert effects.carried_out(connection, "unknown") == frozenset()
