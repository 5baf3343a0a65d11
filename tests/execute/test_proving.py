"""The synthetic page: when it leaves, and what is said where it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.execute.conftest import NIGHT
from tests.execute.house import House
from watchbill.connectors.performing import Refused, Request, Transient
from watchbill.execute.engine import Engine
from watchbill.execute.proving import NAME, SUBJECT, TRIES
from watchbill.model.plan import Call, Done
from watchbill.model.policyset import SyntheticPage
from watchbill.store import observations

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
CALL = Call("phone", "page", {"to": "+351 555 0199"})
MAIL = Call("mail", "send", {"to": "ops@example.com"})


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house that proves once a day that it can call people."""
    house = House(tmp_path, now=NIGHT)
    proves(house, CALL)
    return house


def proves(house: House, call: Call, **changes: object) -> None:
    """Have the synthetic page leave by this call; *changes* are of its connector."""
    policies = house.policies
    connectors = {**policies.connectors, call.connector: replace(policies.connectors[call.connector], **changes)}  # type: ignore[arg-type]
    settings = replace(policies.settings, synthetic_page=SyntheticPage(call, DAY))
    house.policies = replace(policies, settings=settings, connectors=connectors)


def lives(house: House, *lives: Callable[[Engine], Awaitable[None]]) -> None:
    """Run one life after another."""

    async def life(tell: Callable[[Engine], Awaitable[None]]) -> None:
        async with house.running() as engine:
            await engine.settled()
            await tell(engine)

    for each in lives:
        asyncio.run(life(each))


async def nothing(engine: Engine) -> None:
    """Do nothing else."""


def pages(house: House) -> list[Request]:
    """The synthetic pages that left, or tried to."""
    return [request for request in house.world.requests if request.key.startswith("watchbill/synthetic/") and request.subject == SUBJECT]


def alarms(house: House) -> list[Request]:
    """What the last resort said."""
    return [request for request in house.world.uses("mail.send") if request.subject != SUBJECT]


def refuses(problem: Exception, use: str = "phone.page") -> Callable[[Request], Done]:
    """A world in which this action fails."""

    def answer(request: Request) -> Done:
        if request.use == use:
            raise problem
        return Done({})

    return answer


def test_it_leaves_at_the_first_start_and_each_day(house: House):
    """
    A way that was never tried is tried at the first start, and then once in every interval.
    """

    async def days(engine: Engine) -> None:
        assert len(pages(house)) == 1
        await house.passes(DAY - MINUTE, HOUR)
        assert len(pages(house)) == 1
        await house.passes(2 * DAY, HOUR)
        assert len(pages(house)) == 3
        assert engine.counts.total["synthetic_pages_done"] == 3

    lives(house, days)
    first = pages(house)[0]

    assert (first.use, first.arguments, first.is_repeat) == ("phone.page", {"to": "+351 555 0199"}, False)
    assert first.text.endswith("The next one leaves at 2026-11-24 03:12 UTC.")
    assert len({page.key for page in pages(house)}) == 3
    assert alarms(house) == []


def test_a_restart_neither_repeats_nor_skips_it(house: House):
    """
    Restarts change nothing of its schedule; one that fell due while nobody was there leaves at the start, once.
    """

    async def later(engine: Engine) -> None:
        assert len(pages(house)) == 1
        await house.passes(DAY - 2 * HOUR, HOUR)
        assert len(pages(house)) == 1
        await house.passes(2 * HOUR, HOUR)
        assert len(pages(house)) == 2

    async def after_the_holidays(engine: Engine) -> None:
        assert len(pages(house)) == 3
        await house.passes(DAY - HOUR, HOUR)
        assert len(pages(house)) == 3

    lives(house, nothing, nothing, later)
    house.time += 10 * DAY
    lives(house, after_the_holidays, nothing)

    assert len(pages(house)) == 3


def test_what_came_of_it_is_recorded(house: House):
    """
    What came of the last one is in the record, for whoever asks, and in the log.
    """

    async def look(engine: Engine) -> None:
        with engine.record.read() as connection:
            seen = observations.get(connection, NAME)
        assert seen is not None
        assert seen.at == NIGHT
        assert seen.value == {"by": "phone.page", "state": "done", "attempt": 1, "error": "", "again_at": None, "possibly_repeated": False}
        assert engine.proving.last is not None
        assert engine.proving.last.state == "done"

    lives(house, look)
    assert ("info", "synthetic_page", {"by": "phone.page", "outcome": "done", "error": ""}) in house.said


def test_one_that_was_cut_off_is_repeated_as_such(house: House):
    """
    One that was leaving when the engine ended is repeated at the next start: with its key, and marked as a repeat.
    """

    async def cut_off() -> None:
        async with house.running() as engine:
            house.world.gate = asyncio.Event()
            while not pages(house):
                await asyncio.sleep(0)
            assert engine.proving.is_at_work
        house.world.gate = None

    asyncio.run(cut_off())
    house.time += MINUTE
    lives(house, nothing, nothing)
    first, second = pages(house)

    assert first.key == second.key
    assert (first.attempt, first.is_repeat, second.attempt, second.is_repeat) == (1, False, 2, True)


def test_one_that_may_work_later_is_tried_again(house: House):
    """
    One that could not leave is tried again a little later with the same key, over restarts too; if it leaves then, nobody is alarmed.
    """
    house.world.answer = refuses(Transient("phone.example.com cannot be reached", timedelta(minutes=1)))

    async def then(engine: Engine) -> None:
        assert len(pages(house)) == 1
        house.world.answer = lambda request: Done({})
        await house.passes(2 * MINUTE)
        assert len(pages(house)) == 2
        await house.passes(DAY - HOUR, HOUR)

    lives(house, nothing, then)

    assert len({page.key for page in pages(house)}) == 1
    assert [page.attempt for page in pages(house)] == [1, 2]
    assert alarms(house) == []


@pytest.mark.parametrize(("problem", "tries"), [(Transient("it cannot be reached"), TRIES), (Refused("the key is wrong"), 1)])
def test_one_that_fails_is_said_by_the_last_resort(house: House, problem: Transient | Refused, tries: int):
    """
    One that fails, after a few tries where these may help, is said by the last resort; the next one leaves at its time.
    """
    house.world.answer = refuses(problem)

    async def hours(engine: Engine) -> None:
        await house.passes(10 * MINUTE)
        assert len(pages(house)) == tries
        assert len(alarms(house)) == 1
        assert engine.counts.total["synthetic_pages_failed"] == 1
        house.world.answer = lambda request: Done({})
        await house.passes(DAY, HOUR)
        assert len(pages(house)) == tries + 1

    lives(house, hours)
    (alarm,) = alarms(house)

    assert alarm.arguments == {"to": "platform-urgent@example.com"}
    assert alarm.subject == "watchbill may not be able to page"
    assert alarm.text.startswith(
        f"The synthetic page by phone.page did not leave: {problem.error}. A page of an incident would fail as well."
    )
    assert alarm.key == f"{pages(house)[0].key}/failed"


def test_another_way_is_tried_at_once(house: House):
    """
    Where the settings name another way, that was never tried, so it is tried at once.
    """
    lives(house, nothing)
    proves(house, MAIL)
    house.time += HOUR
    lives(house, nothing, nothing)

    assert [page.use for page in pages(house)] == ["phone.page", "mail.send"]


def test_in_shadow_nothing_leaves(house: House):
    """
    By a connector in shadow nothing leaves, and the log says that nothing was proved.
    """
    proves(house, CALL, shadow=True)
    lives(house, nothing)

    assert pages(house) == []
    assert ("warning", "synthetic_page", {"by": "phone.page", "outcome": "shadow"}) in house.said


def test_a_record_that_cannot_be_read_is_no_proof(house: House):
    """
    What the record holds of it and nobody can read counts as nothing, and so does a time that is yet to come: it leaves at once.
    """

    async def spoil(engine: Engine) -> None:
        await engine.write(lambda connection: observations.put(connection, NAME, house.time, {"by": 7}))

    async def ahead(engine: Engine) -> None:
        value = {"by": "phone.page", "state": "done", "attempt": 1, "error": "", "again_at": None}
        await engine.write(lambda connection: observations.put(connection, NAME, house.time + 300 * DAY, value))

    lives(house, spoil)
    lives(house, ahead)
    house.time += MINUTE
    lives(house, nothing)

    assert len(pages(house)) == 3


def test_without_one_nothing_leaves(house: House):
    """
    Settings without a synthetic page have none leave.
    """
    house.policies = replace(house.policies, settings=replace(house.policies.settings, synthetic_page=None))
    lives(house, nothing)

    assert house.world.requests == []
