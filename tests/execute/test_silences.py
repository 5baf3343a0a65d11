"""What people make on a running engine that has an end or has none: silences, and incidents that they declare; on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.execute.house import House
from tests.execute.test_engine import a_webhook, an_alert
from watchbill.model.alert import OWN_SOURCE, Alert
from watchbill.model.event import Resolved
from watchbill.model.labels import Matcher
from watchbill.store import alerts, incidents
from watchbill.store.silences import LiveSilence

NIGHT = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with the reference policies, at night."""
    return House(tmp_path, now=NIGHT)


def story(house: House, *lives: Callable[[House], Awaitable[None]]) -> None:
    """Run one life of the engine after another."""

    async def life(tell: Callable[[House], Awaitable[None]]) -> None:
        async with house.running():
            await tell(house)

    for tell in lives:
        asyncio.run(life(tell))


def a_live_silence(house: House, lasting: timedelta, name: str = "s1") -> LiveSilence:
    """A silence of what the alerts of these tests are about, from now on."""
    now = house.now()
    matchers = (Matcher("service", "=", "checkout"),)
    return LiveSilence(name, "payments", matchers, "ana", "ana", "the warehouse moves", "ana (unproven)", now, now, now + lasting)


def a_declaration(house: House) -> Alert:
    """What somebody declares of checkout."""
    labels = {"alertname": "IncidentDeclared", "service": "checkout", "severity": "critical"}
    return Alert("declared", labels, {"summary": "customers cannot pay"}, "firing", house.now(), source=OWN_SOURCE)


def pages(house: House) -> int:
    """How many pages have left."""
    return len(house.world.uses("phone.page"))


def test_a_silence_takes_effect_at_once_and_ends_at_its_time(house: House) -> None:
    """
    A silence stops the paging of an open incident at once; when its time has come paging begins again, by itself.
    """

    async def tell(house: House) -> None:
        await house.receive(a_webhook(an_alert("CertificateExpires")))
        await house.engine.silence(a_live_silence(house, timedelta(hours=2)))
        before = pages(house)
        await house.passes(timedelta(minutes=119), timedelta(minutes=1))
        during = pages(house)
        await house.passes(timedelta(minutes=2), timedelta(minutes=1))

        assert (before >= 1, during == before, pages(house) > during) == (True, True, True)

    story(house, tell)


def test_a_silence_holds_over_a_restart_and_ends_in_the_next_life(house: House) -> None:
    """
    A silence is in the record: the next life goes by it, and its end is seen there though it fell between the two.
    """
    counted: list[int] = []

    async def first(house: House) -> None:
        await house.engine.silence(a_live_silence(house, timedelta(hours=1)))
        await house.receive(a_webhook(an_alert("CertificateExpires")))
        await house.passes(timedelta(minutes=20), timedelta(minutes=5))
        counted.append(pages(house))

    async def second(house: House) -> None:
        await house.passes(timedelta(minutes=20), timedelta(minutes=5))
        counted.append(pages(house))

    async def third(house: House) -> None:
        await house.passes(timedelta(minutes=1))
        counted.append(pages(house))

    story(house, first, second)
    house.time += timedelta(hours=2)
    story(house, third)

    assert counted[:2] == [0, 0]
    assert counted[2] > 0


def test_a_silence_that_is_ended_sooner_is_over_at_once(house: House) -> None:
    """
    Whoever ends a silence has people paged at once; ending it twice does nothing.
    """

    async def tell(house: House) -> None:
        await house.engine.silence(a_live_silence(house, timedelta(hours=1)))
        await house.receive(a_webhook(an_alert("CertificateExpires")))
        before = pages(house)
        done = await house.engine.expire_silence("s1", "bo (unproven)")
        await house.engine.settled()
        again = await house.engine.expire_silence("s1", "bo (unproven)")

        assert (before, done, again, pages(house) > 0) == (0, True, False, True)

    story(house, tell)


def test_a_decision_records_how_many_silences_it_read(house: House) -> None:
    """
    With each decision stands how many live silences it was made with.
    """

    async def tell(house: House) -> None:
        await house.engine.silence(a_live_silence(house, timedelta(hours=1)))
        incident = await house.receive(a_webhook(an_alert("CertificateExpires")))
        with house.engine.record.read() as connection:
            (recorded,) = incidents.timeline(connection, incident)

        assert recorded.facts["silences"] == 1

    story(house, tell)


def test_no_timeout_ends_what_somebody_declared(house: House) -> None:
    """
    A declared incident is open for as long as nobody resolves it, over restarts too; whoever resolves it ends its alert.
    """
    opened: list[str] = []

    async def first(house: House) -> None:
        decided = await house.engine.declare(a_declaration(house), "ana (unproven)")
        assert decided.incident is not None
        opened.append(decided.incident.id)
        await house.passes(timedelta(hours=2), timedelta(minutes=5))

    async def second(house: House) -> None:
        await house.passes(timedelta(hours=6), timedelta(minutes=30))
        with house.engine.record.read() as connection:
            found = incidents.load(connection, opened[0])
        assert found is not None
        assert (found.status, len(house.engine.standing)) == ("triggered", 1)
        await house.engine.tell(opened[0], Resolved("ana"), "ana (unproven)")
        assert len(house.engine.standing) == 0

    async def third(house: House) -> None:
        with house.engine.record.read() as connection:
            found = incidents.load(connection, opened[0])
            assert found is not None
            assert (found.status, alerts.active(connection)) == ("resolved", ())

    story(house, first, second, third)


def test_what_could_not_be_recorded_was_not_declared(house: House) -> None:
    """
    Where the record takes no decision nothing is declared, whoever asked is told, and nothing stands in memory that the record has not.
    """

    async def tell(house: House) -> None:
        engine = house.engine
        refuse = "CREATE TRIGGER refuse BEFORE INSERT ON alert BEGIN SELECT RAISE(ABORT, 'no'); END"
        await engine.write(lambda connection: connection.execute(text(refuse)) and None)
        with pytest.raises(Exception, match="no"):
            await engine.declare(a_declaration(house), "ana (unproven)")
        before = len(engine.standing)
        await engine.write(lambda connection: connection.execute(text("DROP TRIGGER refuse")) and None)
        decided = await engine.declare(a_declaration(house), "ana (unproven)")

        assert (before, decided.number, len(engine.standing)) == (0, 1, 1)

    story(house, tell)
