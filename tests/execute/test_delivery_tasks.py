"""How pages leave a real engine: each contact by itself, whatever the others do. Time, and the world outside, are the test's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.execute.house import House
from watchbill.connectors.performing import Refused, Request, Transient, Unable, Unknown
from watchbill.decide import Bill
from watchbill.execute import caller, deciding
from watchbill.execute.calls import ATTEMPTS
from watchbill.execute.saying import Options
from watchbill.model.decision import Decision, Snapshot
from watchbill.model.event import Acknowledged, DeliveryReported, Event, Retried, Snoozed, Unacknowledged
from watchbill.model.plan import Done
from watchbill.store import delivery_rows, incidents, steps
from watchbill.store.delivery_rows import DeliveryRow

NIGHT = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)

A_SHOP = """
apiVersion: watchbill/v1
kind: Settings
metadata: {name: shop}
spec: {folders: [policies], fallback_team: shop, zone: UTC}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: shop}
spec: {members: [ana, bo], roles: {primary: person/ana, secondary: person/bo}}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: ana}
spec:
  full_name: Ana
  contacts: [{use: phone.page, to: ana-phone}, {use: mail.send, to: ana@example.com, after: 5s}]
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: bo}
spec: {full_name: Bo, contacts: [{use: phone.page, to: bo-phone}]}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: phone}
spec: {type: webhook, with: {url: 'https://pager.example.com'}, mode: MODE}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: mail}
spec: {type: email, with: {url: 'smtps://smtp.example.com', from: watchbill@example.com}}
---
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: everything, team: shop}
spec: {match: ['severity="critical"'], levels: [{page: role/primary, wait: 10m}, {page: role/secondary, wait: 10m}]}
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with a small shop, at night."""
    return a_house(tmp_path)


def a_house(folder: Path, mode: str = "live") -> House:
    """A shop whose people are called, and get mail five seconds later."""
    text = A_SHOP.replace(", mode: MODE", "" if mode == "live" else f", mode: {mode}")
    settings, rest = text.split("---", 1)
    (folder / "policies").mkdir()
    (folder / "watchbill.yaml").write_text(settings)
    (folder / "policies" / "shop.yaml").write_text(rest)
    return House(folder, folder, NIGHT)


def story(house: House, tell: Callable[[House], Awaitable[None]]) -> None:
    """Run one life of the engine, which waits for nothing that hangs at its end."""

    async def life() -> None:
        async with house.running(Options(stop_within=timedelta(0))):
            await tell(house)

    asyncio.run(life())


def alerts(names: Iterable[str] = ("Down",)) -> bytes:
    """A webhook with one alert for each of these *names*, no two of one service."""
    each = [
        {"status": "firing", "labels": {"alertname": name, "severity": "critical"}, "startsAt": "2026-11-23T03:12:00Z"} for name in names
    ]
    return json.dumps({"version": "4", "status": "firing", "alerts": each}).encode()


def rows(house: House, incident: str) -> tuple[DeliveryRow, ...]:
    """What the record says of the deliveries."""
    with house.engine.record.read() as connection:
        return delivery_rows.of_incident(connection, incident)


def made(house: House) -> list[str]:
    """The calls that were made, as the action and to whom."""
    return [f"{request.action} {request.argument('to')}" for request in house.world.requests]


def refuses(*uses: str, by: type[Refused] = Refused) -> Callable[[Request], Done]:
    """A world that refuses these actions."""

    def answer(request: Request) -> Done:
        if request.use in uses:
            raise by("the pager answered 401")
        return Done({}, "an-id")

    return answer


# --- one that hangs ---------------------------------------------------------------------


def test_a_contact_that_hangs_delays_no_other_and_none_leaves_twice(house: House) -> None:
    """
    The call hangs for a minute: the mail leaves at its five seconds, once, and so does the next level's page in its time.
    """

    async def tell(house: House) -> None:
        house.world.hangs = lambda request: request.argument("to") == "ana-phone"
        await house.engine.receive("alertmanager", "alertmanager", alerts())
        await house.waits_for(lambda: len(house.world.requests) == 1)
        house.time += timedelta(seconds=4)
        await house.works_on()
        before = made(house)
        house.time += timedelta(seconds=1)
        await house.waits_for(lambda: len(house.world.requests) == 2)
        for _ in range(10):
            house.time += timedelta(seconds=6)
            await house.works_on()

        assert before == ["page ana-phone"]
        assert made(house) == ["page ana-phone", "send ana@example.com"]
        house.time += timedelta(minutes=9)
        await house.waits_for(lambda: len(house.world.requests) == 3)
        assert made(house)[2] == "page bo-phone"

    story(house, tell)


def test_no_page_waits_for_the_hung_calls_of_others(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A gateway hangs, and 48 incidents open at once: every page leaves, because none waits long for a place among the calls in hand.
    """
    monkeypatch.setattr(caller, "URGENT_WAITS", 0.01)

    async def tell(house: House) -> None:
        house.world.hangs = lambda request: request.use == "phone.page"
        await house.engine.receive("alertmanager", "alertmanager", alerts(f"Down{number}" for number in range(48)))
        await house.waits_for(lambda: len(house.world.requests) == 48)
        house.time += timedelta(seconds=5)
        await house.waits_for(lambda: len(house.world.requests) == 96)

        assert made(house).count("page ana-phone") == made(house).count("send ana@example.com") == 48

    story(house, tell)


def test_a_person_whose_first_contact_comes_later_is_called_at_that_time(house: House) -> None:
    """
    All of a person's contacts are to be used some time after the page: the row of the page waits for the first of them.
    """
    ana = house.policies.people["ana"]
    later = replace(ana, contacts=tuple(replace(each, after=each.after + timedelta(seconds=20)) for each in ana.contacts))
    house.policies = replace(house.policies, people={**house.policies.people, "ana": later})

    async def tell(house: House) -> None:
        await house.receive(alerts())
        with house.engine.record.read() as connection:
            due = steps.next_due(connection, house.time)
        await house.passes(timedelta(seconds=19))
        before = made(house)
        await house.passes(timedelta(seconds=1))

        assert due == NIGHT + timedelta(seconds=20)
        assert (before, made(house)) == ([], ["page ana-phone"])

    story(house, tell)


# --- refused ----------------------------------------------------------------------------


def test_a_refused_contact_brings_the_next_one_at_once(house: House) -> None:
    """
    The pager answers 401: the mail leaves at the same second, and the record says what became of each.
    """

    async def tell(house: House) -> None:
        house.world.answer = refuses("phone.page")
        incident = await house.receive(alerts())

        assert made(house) == ["page ana-phone", "send ana@example.com"]
        assert [(row.person, row.connector, row.result, row.error) for row in rows(house, incident)] == [
            ("ana", "phone", "refused", "the pager answered 401"),
            ("ana", "mail", "sent", ""),
        ]
        assert rows(house, incident)[1].effect == "an-id"

    story(house, tell)


def test_a_level_whose_contacts_are_all_refused_is_passed_without_a_second_lost(house: House) -> None:
    """
    Neither the pager nor the mail takes anything for ana: bo is paged at the same second.
    """

    async def tell(house: House) -> None:
        answer = refuses("phone.page", "mail.send")
        house.world.answer = lambda request: Done() if request.argument("to") == "bo-phone" else answer(request)
        await house.receive(alerts())

        assert made(house) == ["page ana-phone", "send ana@example.com", "page bo-phone"]

    story(house, tell)


def test_what_cannot_be_sent_at_all_is_a_trouble_after_the_first(house: House) -> None:
    """
    One page by a connector whose credentials are refused is enough: the engine is in trouble until something leaves by it.
    """

    async def tell(house: House) -> None:
        house.world.answer = refuses("phone.page", by=Unable)
        await house.receive(alerts())
        (trouble,) = house.engine.troubles()
        house.world.answer = lambda request: Done()
        await house.receive(alerts(["Other"]))

        assert trouble.kind == "outbound"
        assert trouble.sentence == "nothing can be sent by phone (phone: the pager answered 401)"
        assert house.engine.troubles() == ()

    story(house, tell)


def test_a_no_to_one_page_is_no_trouble(house: House) -> None:
    """
    The other side said no to this number: it can be reached, so nothing is wrong with the engine.
    """

    async def tell(house: House) -> None:
        house.world.answer = refuses("phone.page")
        await house.receive(alerts())

        assert house.engine.troubles() == ()

    story(house, tell)


# --- tried again ------------------------------------------------------------------------


def test_a_page_does_not_wait_for_as_long_as_the_other_side_asks(house: House) -> None:
    """
    The pager asks for an hour: the page is tried again after its own back-off, a few seconds.
    """

    async def tell(house: House) -> None:
        left = [Transient("429", timedelta(hours=1))]
        house.world.answer = lambda request: (_ for _ in ()).throw(left.pop()) if left and request.use == "phone.page" else Done()
        incident = await house.receive(alerts())
        await house.passes(timedelta(seconds=4), timedelta(seconds=1))

        assert made(house) == ["page ana-phone", "page ana-phone"]
        assert [(row.attempt, row.result) for row in rows(house, incident)] == [(1, "waiting"), (2, "sent")]

    story(house, tell)


def test_the_shortest_wait_of_several_contacts_counts_for_itself(house: House) -> None:
    """
    One contact is tried again in a second though another one is to wait for long: each has its own time.
    """

    async def tell(house: House) -> None:
        house.world.answer = lambda request: (_ for _ in ()).throw(
            Transient("busy", timedelta(seconds=1)) if request.use == "mail.send" and request.attempt == 1 else Transient("503")
        )
        await house.receive(alerts())
        await house.passes(timedelta(seconds=8), timedelta(seconds=1))
        mails = house.world.uses("mail.send")

        assert [request.attempt for request in mails][:2] == [1, 2]
        assert (mails[1].now - mails[0].now) <= timedelta(seconds=2)

    story(house, tell)


def test_only_what_may_have_left_is_marked_as_possibly_repeated(house: House) -> None:
    """
    No answer came back from the pager: the second attempt says that it may be a repeat. What certainly did not leave says nothing.
    """

    async def tell(house: House) -> None:
        failures = {"phone.page": [Unknown("no answer")], "mail.send": [Transient("busy")]}
        house.world.answer = lambda request: (_ for _ in ()).throw(failures[request.use].pop()) if failures[request.use] else Done()
        await house.receive(alerts())
        await house.passes(timedelta(seconds=15), timedelta(seconds=1))

        assert [request.is_repeat for request in house.world.uses("phone.page")] == [False, True]
        assert [request.is_repeat for request in house.world.uses("mail.send")] == [False, False]
        marked = [("possibly repeated" in each.text.casefold(), "possibly repeated" in each.subject) for each in house.world.requests]
        assert marked == [(each.is_repeat, each.is_repeat) for each in house.world.requests]

    story(house, tell)


# --- shadow, answered, reported ---------------------------------------------------------


def test_a_page_by_a_connector_in_shadow_has_not_left_and_keeps_its_wait(tmp_path: Path) -> None:
    """
    Nothing is sent by the connector in shadow, and that is recorded; the level keeps its ten minutes.
    """

    async def tell(house: House) -> None:
        incident = await house.receive(alerts())
        await house.passes(timedelta(minutes=9))

        assert made(house) == ["send ana@example.com"]
        assert [(row.connector, row.result) for row in rows(house, incident)] == [("phone", "shadow"), ("mail", "sent")]
        assert house.engine.troubles() == ()

    story(a_house(tmp_path, "shadow"), tell)


def test_contacts_of_a_page_that_was_answered_and_given_back_do_not_leave(house: House) -> None:
    """
    Taken after two seconds, snoozed, and given back: the mail of the first page never leaves, the second page begins anew.
    """

    async def tell(house: House) -> None:
        incident = await house.receive(alerts())
        house.time += timedelta(seconds=2)
        await house.engine.tell(incident, Acknowledged("ana"), "ana")
        await house.engine.tell(incident, Snoozed("ana", house.time + timedelta(minutes=1)), "ana")
        await house.engine.tell(incident, Unacknowledged("ana"), "ana")
        await house.engine.settled()
        before = made(house)
        await house.passes(timedelta(seconds=4), timedelta(seconds=1))

        assert before == made(house) == ["page ana-phone", "page ana-phone"]
        await house.passes(timedelta(seconds=1))
        assert made(house)[2:] == ["send ana@example.com"]

    story(house, tell)


def test_a_page_that_is_leaving_when_it_is_answered_comes_to_its_end(house: House) -> None:
    """
    The call is being made when ana takes the incident: what became of it is recorded, and nothing more leaves.
    """

    async def tell(house: House) -> None:
        house.world.gate = asyncio.Event()
        async with house.engine.subscribed() as notices:
            await house.engine.receive("alertmanager", "alertmanager", alerts())
            incident = (await notices.get()).incident
        await house.waits_for(lambda: len(house.world.requests) == 1)
        await house.engine.tell(incident, Acknowledged("ana"), "ana")
        house.world.gate.set()
        await house.passes(timedelta(seconds=10))

        assert made(house) == ["page ana-phone"]
        assert [row.result for row in rows(house, incident)] == ["sent"]

    story(house, tell)


def test_what_the_other_side_reports_later_amends_what_is_known(house: House) -> None:
    """
    The mail was taken and bounces a minute later: the page says so, and the row of its last attempt too.
    """

    async def tell(house: House) -> None:
        refuse = refuses("phone.page")
        house.world.answer = lambda request: Done() if request.argument("to") == "bo-phone" else refuse(request)
        incident = await house.receive(alerts())
        await house.passes(timedelta(minutes=1))
        page = f"{incident}/page/everything/0/0"
        await house.engine.report(incident, DeliveryReported(page, 1, "bounced", "no such mailbox"))
        await house.engine.settled()
        with house.engine.record.read() as connection:
            found = incidents.load(connection, incident)

        assert found is not None
        assert [each.result for each in found.steps[page].deliveries] == ["refused", "bounced"]
        assert [(row.result, row.error) for row in rows(house, incident)][1] == ("bounced", "no such mailbox")
        assert made(house)[-1] == "page bo-phone"

    story(house, tell)


# --- another life -----------------------------------------------------------------------


def test_a_contact_that_was_leaving_when_the_engine_died_leaves_again_and_says_so(house: House) -> None:
    """
    Killed in the middle of a call: the next life makes it again, marked; the mail that was not due by then is not marked.
    """

    async def first(house: House) -> None:
        house.world.hangs = lambda request: True
        await house.engine.receive("alertmanager", "alertmanager", alerts())
        await house.waits_for(lambda: len(house.world.requests) == 1)

    async def second(house: House) -> None:
        house.world.hangs = lambda request: False
        await house.engine.settled()
        await house.passes(timedelta(seconds=6), timedelta(seconds=1))

    async def lives() -> None:
        async with house.running(Options(stop_within=timedelta(0))):
            await first(house)
        async with house.running():
            await second(house)

    asyncio.run(lives())

    assert made(house) == ["page ana-phone", "page ana-phone", "send ana@example.com"]
    assert [request.is_repeat for request in house.world.requests] == [False, True, False]


def test_of_several_contacts_that_were_leaving_each_leaves_again_and_says_so(house: House) -> None:
    """
    Two people were being called when the engine died: both calls are made again, both marked, and the record keeps both first attempts.
    """
    everything = house.policies.escalations["everything"]
    first, second = everything.levels
    both = replace(everything, levels=(replace(first, page=(*first.page, *second.page)),))
    house.policies = replace(house.policies, escalations={"everything": both})
    found: list[DeliveryRow] = []

    async def lives() -> None:
        house.world.hangs = lambda request: True
        async with house.running(Options(stop_within=timedelta(0))):
            await house.engine.receive("alertmanager", "alertmanager", alerts())
            await house.waits_for(lambda: len(house.world.requests) == 2)
        house.world.hangs = lambda request: False
        async with house.running() as engine:
            await engine.settled()
            with engine.record.read() as connection:
                (listed,) = incidents.listing(connection)
                found.extend(delivery_rows.of_incident(connection, listed.id))

    asyncio.run(lives())

    assert [request.is_repeat for request in house.world.requests] == [False, False, True, True]
    assert sorted((row.person, row.attempt, row.result) for row in found) == [
        ("ana", 1, "unknown"),
        ("ana", 2, "sent"),
        ("bo", 1, "unknown"),
        ("bo", 2, "sent"),
    ]


def test_what_had_not_begun_when_the_engine_died_is_simply_due(house: House) -> None:
    """
    The mail fell due while the engine was down, and the call waited for its next attempt: both are made, neither is a repeat.
    """
    found: list[DeliveryRow] = []

    def busy(request: Request) -> Done:
        raise Transient("503 Service Unavailable")

    async def lives() -> None:
        house.world.answer = busy
        async with house.running(Options(stop_within=timedelta(0))):
            await house.receive(alerts())
        house.time += timedelta(minutes=1)
        house.world.answer = lambda request: Done()
        async with house.running() as engine:
            await engine.settled()
            with engine.record.read() as connection:
                (listed,) = incidents.listing(connection)
                found.extend(delivery_rows.of_incident(connection, listed.id))

    asyncio.run(lives())

    assert made(house) == ["page ana-phone", "page ana-phone", "send ana@example.com"]
    assert [request.is_repeat for request in house.world.requests] == [False, False, False]
    assert [(row.connector, row.attempt, row.result) for row in found] == [
        ("phone", 1, "waiting"),
        ("phone", 2, "sent"),
        ("mail", 1, "sent"),
    ]


def test_a_level_that_is_dead_after_a_restart_is_passed_at_once(house: House) -> None:
    """
    All contacts fell due while the engine was down, and all are refused when it is back: nobody waits for an answer to what never began.
    """

    async def lives() -> None:
        house.world.answer = lambda request: (_ for _ in ()).throw(Transient("503"))
        async with house.running(Options(stop_within=timedelta(0))):
            await house.receive(alerts())
        house.time += timedelta(minutes=1)
        refuse = refuses("phone.page", "mail.send")
        house.world.answer = lambda request: Done() if request.argument("to") == "bo-phone" else refuse(request)
        async with house.running() as engine:
            await engine.settled()

    asyncio.run(lives())

    assert made(house)[1:] == ["page ana-phone", "send ana@example.com", "page bo-phone"]


def test_when_a_call_began_is_known_after_the_engine_died(house: House) -> None:
    """
    The row of a call stands in the record before it leaves, so that it says when it did, however long the engine was down.
    """
    found: list[DeliveryRow] = []

    async def lives() -> None:
        house.world.hangs = lambda request: True
        async with house.running(Options(stop_within=timedelta(0))) as engine:
            await house.engine.receive("alertmanager", "alertmanager", alerts())
            await house.waits_for(lambda: len(house.world.requests) == 1)
            with engine.record.read() as connection:
                found.extend(delivery_rows.under_way(connection))
        house.time += timedelta(hours=1)
        house.world.hangs = lambda request: False
        async with house.running() as engine:
            await engine.settled()
            with engine.record.read() as connection:
                found.extend(delivery_rows.of_incident(connection, found[0].incident))
                assert delivery_rows.under_way(connection) == ()

    asyncio.run(lives())
    before, first, *_ = found

    assert (before.result, before.begun_at, before.settled_at) == ("waiting", NIGHT, None)
    assert (first.result, first.begun_at, first.settled_at) == ("unknown", NIGHT, NIGHT + timedelta(hours=1))


# --- places, overtaking, bugs -----------------------------------------------------------


def test_a_contact_that_waits_for_a_place_is_not_called_after_an_answer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    One call of the pager hangs and there is no second place: who waits for one is not called once the page is answered.
    """
    monkeypatch.setattr(caller, "AT_ONCE", 1)
    monkeypatch.setattr(caller, "URGENT_WAITS", 3600.0)
    everything = house.policies.escalations["everything"]
    both = replace(everything, levels=(replace(everything.levels[0], page=(*everything.levels[0].page, *everything.levels[1].page)),))
    house.policies = replace(house.policies, escalations={"everything": both})

    async def tell(house: House) -> None:
        house.world.gate = asyncio.Event()
        async with house.engine.subscribed() as notices:
            await house.engine.receive("alertmanager", "alertmanager", alerts())
            incident = (await notices.get()).incident
        await house.waits_for(lambda: len(house.world.requests) == 1)
        await house.engine.tell(incident, Acknowledged("ana"), "ana")
        await house.works_on()
        under_way = [row.person for row in rows(house, incident) if row.settled_at is None]
        house.world.gate.set()
        await house.passes(timedelta(seconds=10))

        assert under_way == ["ana"]
        assert made(house) == ["page ana-phone"]
        assert [(row.person, row.result) for row in rows(house, incident)] == [("ana", "sent")]

    story(house, tell)


def test_a_report_that_overtakes_our_own_answer_is_kept(house: House) -> None:
    """
    The gateway says that the page was delivered before it has answered the call: that stands, and the attempt is one.
    """

    async def tell(house: House) -> None:
        house.world.gate, house.world.answer = asyncio.Event(), lambda request: Done({}, "an-id")
        async with house.engine.subscribed() as notices:
            await house.engine.receive("alertmanager", "alertmanager", alerts())
            incident = (await notices.get()).incident
        await house.waits_for(lambda: len(house.world.requests) == 1)
        page = f"{incident}/page/everything/0/0"
        await house.engine.report(incident, DeliveryReported(page, 0, "delivered"))
        house.world.gate.set()
        await house.engine.settled()
        (row,) = rows(house, incident)
        with house.engine.record.read() as connection:
            found = incidents.load(connection, incident)

        assert (row.result, row.effect, row.attempt) == ("delivered", "an-id", 1)
        assert row.reported_at is not None
        assert row.settled_at is not None
        assert found is not None
        assert [(each.result, each.attempt) for each in found.steps[page].deliveries] == [("delivered", 1), ("waiting", 0)]

    story(house, tell)


def test_where_nothing_can_be_decided_nobody_is_called_again_and_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A bug of ours keeps an outcome from being decided on: the log says so, the contact is called every few minutes, others at their time.
    """
    decide = deciding.decide

    def broken(bill: Bill, snapshot: Snapshot, event: Event, now: datetime) -> Decision:
        if isinstance(event, DeliveryReported) and event.number == 0 and now < NIGHT + timedelta(minutes=5):
            raise ZeroDivisionError("a bug")
        return decide(bill, snapshot, event, now)

    async def tell(house: House) -> None:
        monkeypatch.setattr(deciding, "decide", broken)
        await house.receive(alerts())
        await house.passes(timedelta(minutes=4), timedelta(seconds=1))
        before = made(house)
        await house.passes(timedelta(minutes=2))

        assert before == ["page ana-phone", "send ana@example.com"]
        assert made(house) == [*before, "page ana-phone"]
        assert [event for level, event, _ in house.said if level == "error"] == ["delivery_not_decided"]

    story(house, tell)


# --- what a person wants again ----------------------------------------------------------


def test_what_a_person_wants_again_has_all_its_attempts_anew(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A page that was given up after all its attempts is tried as often again at a person's wish, and each attempt keeps a row of its own.
    """
    monkeypatch.setitem(ATTEMPTS, "page", 3)

    async def tell(house: House) -> None:
        house.world.answer = busy_for("ana-phone", "ana@example.com")
        incident = await house.receive(alerts())
        await house.passes(timedelta(minutes=1), timedelta(seconds=1))
        page = f"{incident}/page/everything/0/0"
        first = attempts(house, incident, page)
        await house.engine.tell(incident, Retried(page, "ana"), "ana")
        await house.passes(timedelta(minutes=1), timedelta(seconds=1))

        assert first == [1, 2, 3]
        assert attempts(house, incident, page) == [1, 2, 3, 4, 5, 6]

    story(house, tell)


def busy_for(*addresses: str) -> Callable[[Request], Done]:
    """A world that cannot take what goes to these addresses now."""

    def answer(request: Request) -> Done:
        if request.argument("to") in addresses:
            raise Transient("503 Service Unavailable")
        return Done()

    return answer


def attempts(house: House, incident: str, page: str) -> list[int]:
    """The attempts at the first contact of a *page* that the record knows."""
    return [row.attempt for row in rows(house, incident) if (row.step, row.number) == (page, 0)]
