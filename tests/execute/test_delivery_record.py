"""What the record and the clock know of pages that are under way: what has begun, what is next, and what a person wants again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.execute import test_engine
from tests.execute.house import House
from tests.execute.test_delivery_tasks import NIGHT, a_house, alerts, attempts, busy_for, made, refuses, rows, story
from tests.makers import a_recurrence, hours
from watchbill.connectors.performing import Request, Transient
from watchbill.decide import Bill
from watchbill.execute import caller, calls, deciding, looking
from watchbill.execute.calls import ATTEMPTS, SOONEST
from watchbill.execute.deciding import end_attempt
from watchbill.execute.saying import Options
from watchbill.model.decision import Decision, Snapshot
from watchbill.model.event import Acknowledged, DeliveryReported, Event, Retried
from watchbill.model.incident import Incident
from watchbill.model.plan import Done
from watchbill.store import delivery_rows, effects, incidents
from watchbill.store.delivery_rows import DeliveryRow

SECOND = timedelta(seconds=1)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with a small shop, at night."""
    return a_house(tmp_path)


def both_at_once(house: House) -> None:
    """Let the first level page ana and bo together."""
    everything = house.policies.escalations["everything"]
    first, second = everything.levels
    both = replace(everything, levels=(replace(first, page=(*first.page, *second.page)),))
    house.policies = replace(house.policies, escalations={"everything": both})


async def opens(house: House, calls: int = 1) -> str:
    """Take the alert in, until so many calls are being made; the incident."""
    async with house.engine.subscribed() as notices:
        await house.engine.receive("alertmanager", "alertmanager", alerts())
        incident = (await notices.get()).incident
    await house.waits_for(lambda: len(house.world.requests) == calls)
    return incident


def the_incident(house: House, incident: str) -> Incident:
    """The incident as the record has it."""
    with house.engine.record.read() as connection:
        found = incidents.load(connection, incident)
    assert found is not None
    return found


def under_way(house: House) -> list[tuple[str, int]]:
    """The contacts whose calls have begun and not ended, as the record knows them, and the attempts."""
    with house.engine.record.read() as connection:
        return [(f"{row.person} {row.connector}", row.attempt) for row in delivery_rows.under_way(connection)]


def hours_of_the_first(house: House) -> None:
    """Let the first level be called from three to twenty past three alone."""
    everything = house.policies.escalations["everything"]
    first, *others = everything.levels
    during = a_recurrence(hours("03:00", "03:20"))
    changed = replace(everything, levels=(replace(first, during=during), *others))
    house.policies = replace(house.policies, escalations={"everything": changed})


def first_page(incident: str) -> str:
    """The step that pages the first level."""
    return f"{incident}/page/everything/0/0"


# --- what has begun ---------------------------------------------------------------------


def test_what_is_brought_forward_has_begun_with_the_commit_of_that_decision(house: House) -> None:
    """
    The call is refused: in the same transaction stands that the mail begins, so a stop right behind it makes the mail a possible repeat.
    """

    async def tell(house: House) -> None:
        house.world.hangs = lambda request: True
        incident = await opens(house)
        report = DeliveryReported(first_page(incident), 0, "refused", "401")

        def job(connection: object) -> list[tuple[int, int]]:
            end_attempt(connection, house.engine.policies, incident, 1, report, house.time)  # type: ignore[arg-type]
            return [(row.number, row.attempt) for row in delivery_rows.under_way(connection)]  # type: ignore[arg-type]

        assert await house.engine.write(job) == [(1, 1)]

    story(house, tell)


def test_the_next_contact_of_a_page_that_hangs_is_known_without_a_look(house: House) -> None:
    """
    The record says that the page is due all the while its call hangs; when its mail is due the tasks know, until the page is answered.
    """

    async def tell(house: House) -> None:
        house.world.hangs = lambda request: True
        incident = await opens(house)
        before = house.engine.performing.next_at()
        await house.engine.tell(incident, Acknowledged("ana"), "ana")

        assert before == NIGHT + timedelta(seconds=5)
        assert house.engine.performing.next_at() is None

    story(house, tell)


def test_calls_that_hang_leave_room_for_all_that_is_due_behind_them(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    More pages hang than are taken up in one go, and their steps stay due: the mail of every one of them leaves at its time all the same.
    """
    monkeypatch.setattr(looking, "AT_MOST", 2)

    async def tell(house: House) -> None:
        house.world.hangs = lambda request: request.use == "phone.page"
        await house.engine.receive("alertmanager", "alertmanager", alerts(f"Down{number}" for number in range(5)))
        await house.waits_for(lambda: len(house.world.requests) == 5)
        house.time += timedelta(seconds=5)
        for _ in range(5):
            await house.works_on()

        assert made(house)[5:] == ["send ana@example.com"] * 5

    story(house, tell)


def test_an_attempt_that_is_made_in_the_instant_the_last_one_ends_is_made_once(house: House) -> None:
    """
    The call comes back when the level's time is over, so the next attempt is due at once; it hangs, and is not made beside itself.
    """

    async def tell(house: House) -> None:
        house.world.gate = asyncio.Event()
        await opens(house)

        def late(request: Request) -> Done:
            if request.attempt == 1:
                house.time = NIGHT + timedelta(minutes=10)
                raise Transient("503")
            return Done()

        house.world.answer = late
        house.world.hangs = lambda request: request.attempt == 2
        gate, house.world.gate = house.world.gate, None
        gate.set()
        await house.waits_for(lambda: len(house.world.requests) >= 2)
        for _ in range(3):
            await house.works_on()

        assert made(house).count("page ana-phone") == 2

    story(house, tell)


def test_no_attempt_follows_the_last_one_within_half_a_second(house: House) -> None:
    """
    The other side asks to be called again at once: every page waits for its half second, so that its attempts are not used up.
    """

    async def tell(house: House) -> None:
        house.world.answer = lambda request: (_ for _ in ()).throw(Transient("429", timedelta(0)))
        await house.engine.receive("alertmanager", "alertmanager", alerts(f"Down{number}" for number in range(8)))
        await house.engine.settled()
        with house.engine.record.read() as connection:
            found = [incidents.load(connection, each.id) for each in incidents.listing(connection)]
        waits = [
            step.deliveries[0].retry_at - NIGHT
            for incident in found
            if incident is not None
            for step in incident.steps.values()
            if step.deliveries and step.deliveries[0].retry_at is not None
        ]

        assert len(waits) == 8
        assert min(waits) == SOONEST

    story(house, tell)


# --- a place among the calls in hand ----------------------------------------------------


def test_what_waited_for_a_place_when_the_engine_died_is_called_by_the_next_life(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    One call hung and another one waited for its place: whether that had left the record cannot tell, so both are possible repeats.
    """
    monkeypatch.setattr(caller, "AT_ONCE", 1)
    monkeypatch.setattr(caller, "URGENT_WAITS", 3600.0)
    both_at_once(house)

    async def lives() -> None:
        house.world.hangs = lambda request: True
        async with house.running(Options(stop_within=timedelta(0))):
            await opens(house)
        house.world.hangs = lambda request: False
        async with house.running() as engine:
            await engine.settled()

    asyncio.run(lives())

    assert [(request.argument("to"), request.is_repeat) for request in house.world.requests] == [
        ("ana-phone", False),
        ("ana-phone", True),
        ("bo-phone", True),
    ]


def test_what_waited_for_a_place_at_the_answer_is_no_possible_repeat_in_the_next_life(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Acknowledged while it waited, then the engine is stopped: no row of it is left, so nobody is told that it may have left.
    """
    monkeypatch.setattr(caller, "AT_ONCE", 1)
    monkeypatch.setattr(caller, "URGENT_WAITS", 3600.0)
    both_at_once(house)
    found: list[DeliveryRow] = []

    async def lives() -> None:
        house.world.hangs = lambda request: True
        async with house.running(Options(stop_within=timedelta(0))):
            incident = await opens(house)
            await house.engine.tell(incident, Acknowledged("ana"), "ana")
            await house.works_on()
        async with house.running() as engine:
            await engine.settled()
            found.extend(rows(house, incident))

    asyncio.run(lives())

    assert made(house) == ["page ana-phone"]
    assert [(row.person, row.connector, row.result) for row in found] == [("ana", "phone", "unknown")]


# --- the other side's word --------------------------------------------------------------


def test_a_bounce_that_overtakes_our_own_answer_brings_the_next_contact_once(house: House) -> None:
    """
    The gateway says that the page bounced before it has answered the call: the mail leaves at once, and our answer changes neither.
    """

    async def tell(house: House) -> None:
        house.world.gate, house.world.answer = asyncio.Event(), lambda request: Done({}, "an-id")
        incident = await opens(house)
        await house.engine.report(incident, DeliveryReported(first_page(incident), 0, "bounced", "no such number"))
        await house.waits_for(lambda: len(house.world.requests) == 2)
        house.time += SECOND
        house.world.gate.set()
        await house.engine.settled()
        first, second = rows(house, incident)

        assert made(house) == ["page ana-phone", "send ana@example.com"]
        assert (first.result, first.error, first.effect, first.attempt) == ("bounced", "no such number", "an-id", 1)
        assert (first.begun_at, first.reported_at, first.settled_at) == (NIGHT, NIGHT, NIGHT + SECOND)
        assert (second.result, second.attempt) == ("sent", 1)
        assert [each.attempt for each in the_incident(house, incident).steps[first_page(incident)].deliveries] == [1, 1]

    story(house, tell)


def test_a_report_that_overtakes_a_second_attempt_counts_it_once(house: House) -> None:
    """
    The first attempt was not taken; of the second one the other side's word comes before its answer: two attempts, and two rows.
    """

    async def tell(house: House) -> None:
        house.world.answer = busy_for("ana-phone")
        incident = await house.receive(alerts())
        house.world.gate, house.world.answer = asyncio.Event(), lambda request: Done({}, "an-id")
        house.time += 3 * SECOND
        await house.waits_for(lambda: len(house.world.requests) == 2)
        await house.engine.report(incident, DeliveryReported(first_page(incident), 0, "delivered"))
        house.world.gate.set()
        await house.engine.settled()

        assert [(row.attempt, row.result, row.effect) for row in rows(house, incident)] == [(1, "waiting", ""), (2, "delivered", "an-id")]
        assert [each.attempt for each in the_incident(house, incident).steps[first_page(incident)].deliveries] == [2, 0]

    story(house, tell)


# --- what a person wants again ----------------------------------------------------------


@pytest.mark.parametrize("is_in_time", [True, False])
def test_a_late_report_of_a_failed_page_that_a_person_wants_again_changes_nothing(house: House, is_in_time: bool) -> None:
    """
    The page failed and is wanted again: while it waits for its hours it stays planned, and it is made in them, as the next attempt.
    """
    hours_of_the_first(house)

    async def tell(house: House) -> None:
        refuse = refuses("phone.page", "mail.send")
        house.world.answer = lambda request: Done() if request.argument("to") == "bo-phone" else refuse(request)
        incident = await house.receive(alerts())
        house.world.answer = lambda request: Done()
        house.time = NIGHT + timedelta(minutes=7 if is_in_time else 9)
        await house.engine.tell(incident, Retried(first_page(incident), "ana"), "ana")
        await house.engine.settled()
        before = the_incident(house, incident).steps[first_page(incident)]
        await house.engine.report(incident, DeliveryReported(first_page(incident), 0, "bounced", "late"))
        await house.engine.settled()
        after = the_incident(house, incident).steps[first_page(incident)]

        assert before.state == ("started" if is_in_time else "planned")
        if not is_in_time:
            assert after == before
            house.time = NIGHT + timedelta(days=1) - timedelta(minutes=12)
            await house.engine.settled()
        assert attempts(house, incident, first_page(incident)) == [1, 2]

    story(house, tell)


def test_a_page_that_waits_for_its_next_attempt_has_all_of_them_anew_at_a_persons_wish(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Two of three attempts were made, and a person wants the page now: three more are made, each with a row of its own.
    """
    monkeypatch.setitem(ATTEMPTS, "page", 3)

    async def tell(house: House) -> None:
        house.world.answer = busy_for("ana-phone")
        incident = await house.receive(alerts())
        page = first_page(incident)
        await house.passes(timedelta(seconds=3), SECOND)
        before = attempts(house, incident, page)
        await house.engine.tell(incident, Retried(page, "ana"), "ana")
        await house.passes(timedelta(minutes=1), SECOND)
        first = the_incident(house, incident).steps[page].deliveries[0]

        assert before == [1, 2]
        assert attempts(house, incident, page) == [1, 2, 3, 4, 5]
        assert (first.result, first.attempt, first.earlier) == ("failed", 5, 2)

    story(house, tell)


def test_a_post_has_all_its_attempts_anew_at_a_persons_wish(tmp_path: Path) -> None:
    """
    A post that was given up after its eight attempts is tried eight times again, and the record counts them on.
    """

    async def tell(house: House) -> None:
        def busy(request: Request) -> Done:
            if "/notify/" in request.key:
                raise Transient("503", SECOND)
            return Done({})

        house.world.answer = busy
        incident = await house.receive(test_engine.a_webhook(test_engine.an_alert("CertificateExpires")))
        await house.passes(timedelta(seconds=15), SECOND)
        post = next(step.id for step in the_incident(house, incident).steps.values() if step.kind == "notify")
        states = []
        for _ in range(2):
            states.append(the_incident(house, incident).steps[post].state)
            await house.engine.tell(incident, Retried(post, "ana"), "ana")
            await house.passes(timedelta(seconds=15), SECOND)
        with house.engine.record.read() as connection:
            found = [effect.attempt for effect in effects.of_step(connection, post)]

        assert states == ["failed", "failed"]
        assert found == [*range(1, calls.TRIES * 3 + 1)]

    story(House(tmp_path, now=NIGHT), tell)


# --- what cannot be decided on ----------------------------------------------------------


def test_where_nothing_can_be_decided_all_other_contacts_keep_their_times(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    No report of any contact can be decided on: each is called once in five minutes, at its own time, and the next level in its own.
    """
    decide = deciding.decide

    def broken(bill: Bill, snapshot: Snapshot, event: Event, now: datetime) -> Decision:
        if isinstance(event, DeliveryReported):
            raise ZeroDivisionError("a bug")
        return decide(bill, snapshot, event, now)

    async def tell(house: House) -> None:
        monkeypatch.setattr(deciding, "decide", broken)
        incident = await opens(house)
        while house.time < NIGHT + timedelta(minutes=12):
            await house.waits_for(lambda: len(house.engine.performing) == 0)
            house.time += 5 * SECOND
            await house.works_on()
        called = [(request.argument("to"), round((request.now - NIGHT).total_seconds())) for request in house.world.requests]
        said = {event for level, event, _ in house.said if level == "error"}

        assert [at for to, at in called if to == "ana-phone"] == [0, 300, 600]
        assert [at for to, at in called if to == "ana@example.com"] == [5, 305, 605]
        assert [at for to, at in called if to == "bo-phone"] == [600]
        assert said == {"delivery_not_decided"}
        assert {(row.number, row.attempt) for row in rows(house, incident)} == {(0, 1), (1, 1)}

    story(house, tell)
