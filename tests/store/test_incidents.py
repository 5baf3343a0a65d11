"""Incidents as the record holds them: the contract of every backend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, update

from tests.makers import NOON, a_claimed_alert, a_level, a_shop, an_alert, an_escalation
from tests.store.desk import Desk, a_busy_shop
from watchbill.decide import Bill, decide
from watchbill.model.decision import RepairRun, Snapshot, Wanted
from watchbill.model.event import Acknowledged, AlertsReceived, Event, Resolved, StepFinished, Woken
from watchbill.model.plan import Done, Stalled
from watchbill.store import asking, incidents, switches
from watchbill.store.incidents import Behind
from watchbill.store.record import Record
from watchbill.store.remembering import Remembered, remembered_by
from watchbill.store.saving import Overtaken
from watchbill.store.tables import INCIDENT

KEY = "service/checkout"


@pytest.fixture
def desk(record: Record) -> Desk:
    """A desk at noon, with nothing decided."""
    return Desk(record)


def looked_up(record: Record, wanted: Wanted, **more: object) -> Snapshot:
    """The snapshot that the writer takes."""
    return record.write(lambda connection: incidents.snapshot(connection, wanted, NOON, **more))  # type: ignore[arg-type]


# --- saved and folded -----------------------------------------------------------------

EVENTS = st.lists(
    st.sampled_from(["more", "again", "ends", "ack", "resolve", "wake", "done", "stalled", "ten minutes"]), min_size=1, max_size=12
)


def happens(desk: Desk, what: str, number: int) -> None:
    """Something happens at this *desk*."""
    open_steps = [step.id for step in desk.incident.in_state("started")]
    events: dict[str, Event] = {"ack": Acknowledged("ana"), "resolve": Resolved("ana"), "wake": Woken()}
    if what in ("more", "again", "ends"):
        instance = f"i{number}" if what == "more" else "i"
        desk.receives(an_alert(instance=instance, starts_at=desk.now, status="resolved" if what == "ends" else "firing"))
    elif what == "ten minutes":
        desk.passes(minutes=10)
    elif what in events:
        desk.happens(events[what])
    elif open_steps:
        desk.happens(StepFinished(open_steps[0], Done({"status": 200}) if what == "done" else Stalled("refused")))


def test_the_record_holds_what_was_decided(reopen: Callable[..., Record]) -> None:
    """
    Whatever happens to an incident, what the record folds is what the last decision came to: at once, for readers, and after a restart.
    """
    desk = Desk(reopen())

    @settings(max_examples=15)
    @given(EVENTS)
    def law(whats: list[str]) -> None:
        desk.passes(minutes=1_000)
        desk.receives(an_alert(instance="i", starts_at=desk.now))
        for number, what in enumerate(whats):
            happens(desk, what, number)
        expected = desk.incident

        assert desk.record.write(lambda connection: incidents.load(connection, expected.id)) == expected
        with desk.record.read() as connection:
            assert incidents.load(connection, expected.id) == expected
            timeline = incidents.timeline(connection, expected.id)
        assert [each.number for each in timeline] == list(range(1, len(timeline) + 1))

    law()
    last = desk.incident
    assert reopen().write(lambda connection: incidents.load(connection, last.id)) == last


def test_a_decision_is_kept_whole(desk: Desk, record: Record) -> None:
    """
    The timeline has the event, what changed, why, who, when, by which policies, and how much of what was read.
    """
    opened = desk.receives(an_alert())
    desk.passes(minutes=2)
    acknowledged = desk.happens(Acknowledged("ana"), by="ana")
    with record.read() as connection:
        first, second = incidents.timeline(connection, desk.incident.id)
        assert incidents.timeline(connection, desk.incident.id, after_number=1) == (second,)

    assert first.event == AlertsReceived(KEY, tuple(desk.incident.alerts.values()))
    assert (first.changes, first.reasons, first.wake_at) == (opened.changes, opened.reasons, opened.wake_at)
    assert (first.at, first.by, first.revision, first.tzdata) == (NOON, "", "4f2c1d9", "2026a")
    assert (second.event, second.changes, second.by) == (Acknowledged("ana"), acknowledged.changes, "ana")
    assert second.facts == {"runs": 1, "is_frozen": False, "active": 0, "is_killed": False, "silences": 0}
    assert (second.id, second.number, second.at) == (first.id + 1, 2, NOON + timedelta(minutes=2))


def test_a_recorded_incident_can_be_decided_again(desk: Desk, record: Record) -> None:
    """
    From the recorded events, in order, the same decisions follow.
    """
    desk.receives(an_alert())
    desk.passes(minutes=1)
    desk.receives(an_alert(instance="b"))
    desk.happens(Acknowledged("ana"))
    desk.happens(Resolved("ana"))
    with record.read() as connection:
        timeline = incidents.timeline(connection, desk.incident.id)
    incident, runs = None, ()
    for each in timeline:
        again = decide(Bill.of(a_busy_shop()), Snapshot(incident, runs), each.event, each.at)
        incident = again.incident
        assert (again.changes, again.wake_at) == (each.changes, each.wake_at)

    assert incident == desk.incident


def test_what_changes_nothing_leaves_no_line(desk: Desk, record: Record) -> None:
    """
    An alert that is sent again, and a look at the clock, leave no line where nothing came of them; what a person says always does.
    """
    desk.receives(an_alert())
    desk.receives(an_alert())
    desk.happens(Woken())
    desk.happens(Acknowledged("ana"))
    desk.happens(Acknowledged("bo"))
    with record.read() as connection:
        events = [type(each.event) for each in incidents.timeline(connection, desk.incident.id)]

    assert desk.numbers == [1, 0, 0, 2, 3]
    assert events == [AlertsReceived, Acknowledged, Acknowledged]


def test_the_name_follows_the_alerts_that_fire(desk: Desk) -> None:
    """
    A list calls an incident by the lead of the alerts that fire now, and not for ever by the first.
    """
    names = []
    for alert in (
        an_alert(alertname="Slow", severity="warning"),
        an_alert(alertname="Down"),
        an_alert(alertname="Down", status="resolved"),
    ):
        desk.receives(alert)
        with desk.record.read() as connection:
            names += [each.name for each in incidents.listing(connection)]

    assert names == ["Slow", "Down", "Slow"]


def test_nothing_came_of_nothing(desk: Desk) -> None:
    """
    An alert that ended before anybody knew it opens nothing, and nothing is written.
    """
    assert desk.receives(an_alert(status="resolved")).incident is None
    assert desk.numbers == [0]
    with desk.record.read() as connection:
        assert incidents.listing(connection) == ()
        assert incidents.last_decision(connection) == 0
        assert incidents.load(connection, "checkout-aaaaaa") is None
        assert incidents.timeline(connection, "checkout-aaaaaa") == ()


def test_a_decision_on_old_facts_is_refused(desk: Desk, record: Record) -> None:
    """
    Who decides on what is not what the record holds any more has to decide again, and nothing of it is written.
    """
    desk.receives(an_alert())
    before = desk.incident
    late = decide(desk.bill, Snapshot(before), Acknowledged("bo"), NOON)
    desk.happens(Acknowledged("ana"))

    def job(connection: Connection) -> int:
        remembered = remembered_by(connection)
        assert remembered is not None
        remembered.put(1, before, is_newest=True)
        return incidents.save(connection, Acknowledged("bo"), late, NOON)

    with pytest.raises(Overtaken, match="something else than the record holds"):
        record.write(job)
    with record.read() as connection:
        assert len(incidents.timeline(connection, before.id)) == 2
    unknown = decide(desk.bill, Snapshot(), AlertsReceived("service/cart", (a_claimed_alert(service="cart"),)), NOON)
    again = decide(desk.bill, Snapshot(unknown.incident), Acknowledged("bo"), NOON)
    with pytest.raises(Overtaken, match="has no incident"):
        record.write(lambda connection: incidents.save(connection, Acknowledged("bo"), again, NOON))


def test_what_was_taken_back_is_forgotten(desk: Desk, record: Record) -> None:
    """
    A job that fails after it has saved leaves neither rows nor anything that is remembered of them.
    """
    desk.receives(an_alert())
    before = desk.incident

    def job(connection: Connection) -> None:
        desk.decides(connection, Acknowledged("ana"))
        assert incidents.load(connection, before.id) != before
        raise LookupError("the job has a mistake")

    with pytest.raises(LookupError, match="the job has a mistake"):
        record.write(job)

    assert record.write(lambda connection: incidents.load(connection, before.id)) == before
    desk.happens(Acknowledged("bo"))
    assert desk.numbers == [1, 2]
    assert desk.incident.acknowledged_by == "bo"


def test_what_somebody_else_wrote_is_read_anew(desk: Desk, record: Record) -> None:
    """
    What is remembered gives way to decisions that were written past it.
    """
    desk.receives(an_alert())
    theirs = Remembered()

    def job(connection: Connection) -> None:
        mine = connection.info["watchbill.remembered"]
        connection.info["watchbill.remembered"] = theirs
        desk.decides(connection, Acknowledged("ana"))
        connection.info["watchbill.remembered"] = mine

    record.write(job)

    assert looked_up(record, Wanted(KEY)).incident == theirs.get(desk.incident.id)[1]  # type: ignore[index]


def test_little_room_is_enough(reopen: Callable[..., Record]) -> None:
    """
    With room for hardly anything in memory, everything is the same, and only slower.
    """
    desk = Desk(reopen(room=1))
    for name in ("cart", "search", "checkout"):
        desk.receives(an_alert(alertname=name, service=""))
    found = [looked_up(desk.record, Wanted(f"unclaimed/{name}")).incident for name in ("cart", "search", "checkout")]

    assert [each.lead.alert.name for each in found if each is not None] == ["cart", "search", "checkout"]


# --- snapshots ------------------------------------------------------------------------


def test_the_newest_incident_of_a_key_is_found(desk: Desk, record: Record) -> None:
    """
    Alerts find the newest incident of their key; one that was resolved longer ago than it may reopen is past. By its id it always is found.
    """
    desk.receives(an_alert())
    first = desk.happens(Resolved("ana")).incident
    assert first is not None
    assert looked_up(record, Wanted(KEY)).incident == first
    assert looked_up(record, Wanted(KEY, reopen=timedelta(seconds=-1))).incident is None
    desk.passes(minutes=120)
    second = desk.receives(an_alert(starts_at=desk.now)).incident

    assert second is not None
    assert second.id != first.id
    assert looked_up(record, Wanted(KEY)).incident == second
    assert looked_up(record, Wanted(KEY), incident=first.id).incident == first
    assert looked_up(record, Wanted("service/cart")) == Snapshot()
    with record.read() as connection:
        assert incidents.snapshot(connection, Wanted(KEY), NOON).incident == second


def test_alerts_of_other_incidents_are_found(desk: Desk, record: Record) -> None:
    """
    The alerts that fire in other open incidents are there where they are wanted, and only there.
    """
    desk.receives(an_alert(alertname="cart", service=""))
    desk.receives(an_alert(alertname="search", service=""))
    search = desk.incident
    own = Wanted("unclaimed/cart", active=True)
    assert [each.alert.name for each in looked_up(record, own).active] == ["search"]
    assert looked_up(record, own, active=False).active == ()
    assert len(looked_up(record, Wanted(KEY), active=True).active) == 2
    desk.receives(an_alert(alertname="mail", service=""))
    assert [each.alert.name for each in looked_up(record, own).active] == ["search", "mail"]
    desk.decisions.append(desk.decisions[1])
    desk.happens(Resolved("ana"))
    assert desk.incident.id == search.id

    assert [each.alert.name for each in looked_up(record, own).active] == ["mail"]
    with record.read() as connection:
        assert [each.alert.name for each in incidents.snapshot(connection, own, NOON).active] == ["mail"]


def test_runs_begin_and_end_with_their_steps(desk: Desk, record: Record) -> None:
    """
    A remediation that began counts as running until its step failed, and as a run that ended from then on, as long as a guard looks back.
    """
    wanted = Wanted(KEY, ("restart",), history=timedelta(hours=1))
    desk.receives(an_alert())
    (step,) = (step for step in desk.incident.steps.values() if step.kind == "repair")
    run = RepairRun("restart", desk.incident.id, step.slot.rsplit("/", 1)[0], "checkout", "payments", NOON)
    assert looked_up(record, wanted).runs == (run,)
    desk.passes(minutes=1)
    desk.happens(StepFinished(step.id, Stalled("refused")))
    ended = NOON + timedelta(minutes=1)

    assert [(each.target, each.ended_at) for each in looked_up(record, wanted).runs] == [(run.target, ended)]
    assert looked_up(record, Wanted(KEY)).runs == ()
    assert looked_up(record, Wanted(KEY, ("other",), history=timedelta(hours=1))).runs == ()
    assert len(looked_up(record, Wanted(KEY, (), True, timedelta(hours=1))).runs) == 1
    assert looked_up(record, Wanted(KEY, ("restart",), history=timedelta(minutes=-2))).runs == ()


@pytest.mark.parametrize(
    ("scope", "name", "concerns"),
    [
        ("all", "", True),
        ("team", "payments", True),
        ("team", "engineering", True),
        ("team", "platform", False),
        ("service", "checkout", True),
        ("service", "cart", False),
    ],
)
def test_switches_concern_what_they_name(desk: Desk, record: Record, scope: switches.Scope, name: str, concerns: bool) -> None:
    """
    A freeze or a kill concerns an incident of its service, or of its team or one below it.
    """
    desk.receives(an_alert())
    record.write(lambda c: switches.put(c, kind="freeze", scope=scope, name=name, by="ana", reason="", at=NOON))
    line = ("payments", "engineering")
    there = looked_up(record, Wanted(KEY), teams=line)
    to_come = looked_up(record, Wanted("service/new"), service="checkout", teams=line)

    assert (there.is_frozen, to_come.is_frozen) == (concerns, concerns)
    assert not there.is_killed
    record.write(lambda c: switches.put(c, kind="kill", scope=scope, name=name, by="ana", reason="", at=NOON))
    assert looked_up(record, Wanted(KEY), teams=line).is_killed == concerns


# --- due ------------------------------------------------------------------------------


def test_what_is_to_be_looked_at_again_is_due(record: Record) -> None:
    """
    An incident is due when its time has come, the one that has waited longest first; one that waits for nothing never is.
    """
    desk = Desk(record, a_shop(an_escalation()))
    for minute, name in enumerate(("cart", "search", "mail")):
        desk.now = NOON + timedelta(minutes=minute)
        desk.receives(an_alert(alertname=name, service=""))
    first, second, third = (decision.incident for decision in desk.decisions)
    assert first is not None and second is not None and third is not None  # noqa: PT018
    wake_at = desk.decisions[0].wake_at
    assert wake_at is not None
    desk.happens(Resolved("ana"))
    with record.read() as connection:
        assert incidents.next_wake(connection, wake_at - timedelta(seconds=1)) == wake_at
        assert incidents.due(connection, wake_at - timedelta(seconds=1), 10) == ()
        assert incidents.due(connection, wake_at, 10) == (first.id,)
        assert incidents.due(connection, wake_at + timedelta(days=1), 10) == (first.id, second.id)
        assert incidents.due(connection, wake_at + timedelta(days=1), 1) == (first.id,)
    assert record.write(lambda connection: incidents.wake(connection, third.id, NOON))
    assert not record.write(lambda connection: incidents.wake(connection, first.id, NOON + timedelta(days=9)))
    with record.read() as connection:
        assert incidents.due(connection, NOON, 10) == (third.id,)


# --- read by people -------------------------------------------------------------------


def test_incidents_are_listed(record: Record) -> None:
    """
    The list has those opened last first, those that are asked for, and goes on behind what was shown.
    """
    desk = Desk(record, a_shop(an_escalation()))
    names = ["a", "b", "c", "d"]
    for minute, name in enumerate(names):
        desk.now = NOON + timedelta(minutes=minute)
        desk.receives(an_alert(alertname=name, service="", severity="critical" if name < "c" else "warning"))
    desk.happens(Resolved("ana"))

    def listed(**more: object) -> list[str]:
        with record.read() as connection:
            return [each.name for each in incidents.listing(connection, **more)]  # type: ignore[arg-type]

    with record.read() as connection:
        newest, *_, oldest = incidents.listing(connection)
    assert listed() == ["d", "c", "b", "a"]
    assert listed(limit=2) == ["d", "c"]
    assert listed(before=Behind(newest.id, False)) == ["c", "b", "a"]
    assert listed(before=Behind(oldest.id, False)) == []
    assert listed(status=["resolved"]) == ["d"]
    assert listed(status=["triggered", "acknowledged"], severity=["critical"]) == ["b", "a"]
    assert listed(team=["platform"]) == ["d", "c", "b", "a"]
    assert listed(service=["checkout"]) == []
    assert (newest.status, newest.status_at, newest.acknowledged_by, newest.number) == ("resolved", desk.now, "", 2)
    assert (oldest.status, oldest.opened_at, oldest.severity, oldest.team, oldest.service) == (
        "triggered",
        NOON,
        "critical",
        "platform",
        None,
    )


def test_an_incident_that_nobody_answers_comes_first(record: Record) -> None:
    """
    Every round went by and the alarm was raised: the incident comes before those opened later, until somebody takes it.
    """
    desk = Desk(record, a_shop(an_escalation("payments-critical", a_level("role/primary"))))
    desk.receives(an_alert())
    for _ in range(4):
        desk.passes(minutes=60)
        desk.happens(Woken())
    unanswered, alarms = desk.incident.id, [step for step in desk.incident.steps.values() if step.kind == "alarm"]
    assert desk.incident.unanswered_since == alarms[0].started_at
    desk.receives(an_alert(alertname="other", service=""))
    later = desk.incident.id

    def listed() -> list[tuple[str, bool]]:
        with record.read() as connection:
            assert asking.unanswered(connection) == incidents.is_unanswered(connection, unanswered)
            return [(each.id, each.is_unanswered) for each in incidents.listing(connection)]

    assert listed() == [(unanswered, True), (later, False)]
    desk.decisions.append(desk.decisions[-2])
    desk.happens(Acknowledged("ana"))
    assert listed() == [(later, False), (unanswered, False)]


def test_a_list_is_read_page_by_page_whatever_is_answered_meanwhile(record: Record) -> None:
    """
    The pages are the whole list, each incident once; and where some are answered between two pages, none of them is missed.
    """
    desk = Desk(record, a_shop(an_escalation()))
    ids = []
    for minute, name in enumerate("abcdef"):
        desk.now = NOON + timedelta(minutes=minute)
        desk.receives(an_alert(alertname=name, service=""))
        ids.append(desk.incident.id)

    def put(flags: Iterable[tuple[str, bool]]) -> None:
        def job(connection: Connection) -> None:
            for id, is_unanswered in flags:
                connection.execute(update(INCIDENT).where(INCIDENT.c.id == id).values(is_unanswered=is_unanswered))

        record.write(job)

    def page(limit: int, before: Behind | None) -> tuple[incidents.Listed, ...]:
        with record.read() as connection:
            return incidents.listing(connection, limit=limit, before=before)

    @settings(max_examples=60)
    @given(st.lists(st.booleans(), min_size=6, max_size=6), st.integers(1, 7), st.lists(st.sampled_from(ids), max_size=3))
    def law(flags: list[bool], limit: int, answered: list[str]) -> None:
        put(zip(ids, flags, strict=True))
        first_zone = [id for id, flag in zip(ids, flags, strict=True) if flag]
        expected = [*reversed(first_zone), *(id for id in reversed(ids) if id not in first_zone)]
        found: list[incidents.Listed] = []
        while rows := page(limit, Behind(found[-1].id, found[-1].is_unanswered) if found else None):
            found += rows
            put((id, False) for id in answered)

        if not set(answered) & set(first_zone):
            assert [each.id for each in found] == expected
        assert {each.id for each in found} == set(ids)

    law()


def test_everything_can_be_followed(desk: Desk, record: Record) -> None:
    """
    The decisions about all incidents can be read on from any one of them, in the order in which they were made.
    """
    desk.receives(an_alert())
    desk.receives(an_alert(alertname="search", service=""))
    desk.happens(Acknowledged("ana"))
    with record.read() as connection:
        everything = incidents.since(connection, 0, 10)
        assert incidents.since(connection, everything[0].id, 1) == everything[1:2]
        assert incidents.last_decision(connection) == everything[-1].id

    assert [type(each.event) for each in everything] == [AlertsReceived, AlertsReceived, Acknowledged]


def test_open_incidents_are_known_by_their_keys(desk: Desk, record: Record) -> None:
    """
    Every incident that is not resolved is there with its correlation key.
    """
    desk.receives(an_alert(alertname="search", service=""))
    desk.happens(Resolved("ana"))
    desk.receives(an_alert())
    with record.read() as connection:
        assert incidents.unresolved(connection) == {desk.incident.id: KEY}
