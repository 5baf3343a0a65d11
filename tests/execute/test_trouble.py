"""An engine in real trouble: what is said, what is not lost, and how it ends. And what it makes of a clock that is set."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.execute.conftest import NIGHT
from tests.execute.house import House
from watchbill.connectors.performing import Refused, Request, Transient
from watchbill.errors import OutsideError
from watchbill.execute.engine import Engine
from watchbill.execute.last_resort import SAID_AGAIN_AFTER, Message, Watchdog
from watchbill.model.plan import Done, Outcome
from watchbill.store import alerts, inbox, incidents

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Watch:
    """A second watchdog of the same engine, that looks when the test says so."""

    def __init__(self, house: House) -> None:
        self.heard: list[Message] = []
        engine = house.engine
        self.watchdog = Watchdog(engine.troubles, self.hear, house.elapsed, engine.now, lambda *said, **fields: None)

    def hear(self, message: Message) -> Outcome:
        """Take what is said."""
        self.heard.append(message)
        return Done()

    def looks(self) -> list[str]:
        """What is said when it looks twice, as often as it takes to see that it is no single moment."""
        before = len(self.heard)
        self.watchdog.look()
        self.watchdog.look()
        return [f"{message.subject}: {message.text}" for message in self.heard[before:]]


def story(house: House, tell: Callable[[Engine], Awaitable[None]]) -> None:
    """Run one life of the engine."""

    async def life() -> None:
        async with house.running() as engine:
            await engine.settled()
            await tell(engine)

    asyncio.run(life())


def an_alert(name: str = "CertificateExpires", **more: Any) -> dict[str, Any]:
    """One alert as Prometheus posts it."""
    labels = {"alertname": name, "service": "checkout", "severity": "critical"}
    return {"labels": labels, "startsAt": "2026-11-23T03:12:00Z", **more}


def posted(*alerts: dict[str, Any]) -> bytes:
    """The body that Prometheus posts."""
    return json.dumps(alerts).encode()


def webhook(*alerts: dict[str, Any]) -> bytes:
    """The body that Alertmanager posts."""
    return json.dumps({"version": "4", "status": "firing", "alerts": [{"status": "firing", **each} for each in alerts]}).encode()


def fails(*uses: str, problem: Exception) -> Callable[[Request], Done]:
    """A world in which these actions fail; all of them, where none is named."""

    def answer(request: Request) -> Done:
        if not uses or request.use in uses:
            raise problem
        return Done({})

    return answer


# --- the loop ---------------------------------------------------------------------------


def test_a_stalled_loop_is_said_from_another_thread(house: House):
    """
    While the event loop is blocked, the watchdog's thread says so by the last resort, in a loop of its own; and then that it is over.
    """
    blocked, free, seen = threading.Event(), threading.Event(), list[str]()

    async def tell(engine: Engine) -> None:
        def block() -> None:
            blocked.set()
            free.wait(20)

        asyncio.get_running_loop().call_soon(block)
        await asyncio.sleep(0)
        await engine.settled()
        seen.extend(trouble.kind for trouble in engine.troubles())

    thread = threading.Thread(target=story, args=(house, tell))
    thread.start()
    try:
        assert blocked.wait(10)
        engine = house.engine
        watchdog = Watchdog(engine.troubles, engine.last_resort.say_from_thread, house.elapsed, house.now, lambda *said, **fields: None)
        house.time += timedelta(seconds=21)
        watchdog.look()
        watchdog.look()
        said = [request.text for request in house.world.uses("mail.send")]
        assert not engine.is_ready
        assert engine.trouble() == "its event loop has shown no sign of life for 21 seconds"
    finally:
        free.set()
        thread.join(20)

    assert [text.partition(".")[0] for text in said] == ["Its event loop has shown no sign of life for 21 seconds"]
    assert seen == []


# --- the record -------------------------------------------------------------------------


async def has_room(engine: Engine) -> None:
    """Let the record grow again."""
    await engine.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1000000").scalar())


async def is_full(engine: Engine) -> None:
    """Leave no room for the record to grow."""

    def job(connection: Any) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}").scalar()

    await engine.write(job)


def test_a_full_disk_is_said_and_outlived(house: House):
    """
    On a full disk alerts are refused and that is said, though reading goes on; once there is room they are taken, and all is well.
    """
    large = webhook(*(an_alert(f"Alert{number}", annotations={"summary": "x" * 2000}) for number in range(60)))

    async def tell(engine: Engine) -> None:
        watch = Watch(house)
        await is_full(engine)
        with pytest.raises(OutsideError):
            await engine.receive("alertmanager", "alertmanager", large)
        await engine.settled()
        (said,) = watch.looks()
        assert said.startswith("watchbill is in trouble: Its record cannot be written: ")
        assert not engine.is_ready
        await has_room(engine)
        await house.receive(large)
        for _ in range(3):
            await house.passes(2 * MINUTE)
            watch.looks()
        assert [message.subject for message in watch.heard] == ["watchbill is in trouble", "watchbill is well again"]
        assert engine.is_ready
        with engine.record.read() as connection:
            assert len(alerts.active(connection)) == 60

    story(house, tell)


def test_what_was_taken_in_before_the_disk_was_full_is_decided_on_later(house: House):
    """
    Alerts that are in the inbox when the disk fills up wait there, and are decided on when there is room: none is lost.
    """
    large = webhook(*(an_alert(f"Alert{number}", annotations={"summary": "x" * 2000}) for number in range(60)))

    async def tell(engine: Engine) -> None:
        gate, entered = threading.Event(), threading.Event()
        hold = asyncio.create_task(engine.write(lambda connection: (entered.set(), gate.wait(20))))
        while not entered.is_set():
            await asyncio.sleep(0)
        taken = asyncio.create_task(engine.receive("alertmanager", "alertmanager", large))
        await asyncio.sleep(0)
        full = asyncio.create_task(is_full(engine))
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(hold, taken, full)
        while not engine.counts.total["record_failures"]:
            await asyncio.sleep(0)
        with engine.record.read() as connection:
            assert inbox.count(connection) == 1
            assert incidents.unresolved(connection) == {}
        await has_room(engine)
        await engine.settled()
        with engine.record.read() as connection:
            assert inbox.count(connection) == 0
            assert len(alerts.active(connection)) == 60
        assert [trouble.kind for trouble in engine.troubles() if trouble.kind == "inbox"] == []

    story(house, tell)


def test_a_record_that_hangs_is_said(house: House):
    """
    A record that does not answer is not taken for a loop that stalls, and is said as what it is.
    """

    async def tell(engine: Engine) -> None:
        watch, gate, entered = Watch(house), threading.Event(), threading.Event()
        held = asyncio.create_task(engine.write(lambda connection: (entered.set(), gate.wait(20))))
        try:
            while not entered.is_set():
                await asyncio.sleep(0)
            house.time += timedelta(seconds=30)
            engine.vitals.pulse()
            (said,) = watch.looks()
        finally:
            gate.set()
        await held
        assert said.startswith("watchbill is in trouble: What falls due has not been looked at for 30 seconds, so its record hangs")
        await engine.settled()
        assert engine.troubles() == ()

    story(house, tell)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_writer_that_died_is_said(house: House):
    """
    Where the thread that writes the record has died, that is said.
    """

    async def tell(engine: Engine) -> None:
        watch, writer = Watch(house), engine.record.writer
        writer._jobs.put(())  # type: ignore[arg-type]
        while writer.is_alive:
            await asyncio.sleep(0)
        (said,) = watch.looks()
        assert said.startswith("watchbill is in trouble: Nobody writes its record any more")
        assert not engine.is_ready

    story(house, tell)


# --- the way out ------------------------------------------------------------------------


def test_a_dead_way_out_is_said_and_the_engine_stays_ready(house: House):
    """
    Where page after page cannot leave, that is said, and alerts are taken in all the same; one page that leaves ends it.
    """
    house.world.answer = fails("phone.page", "chat.page", "mail.send", problem=Transient("it cannot be reached"))

    async def tell(engine: Engine) -> None:
        watch = Watch(house)
        await house.receive(webhook(an_alert()))
        await house.passes(3 * MINUTE, timedelta(seconds=5))
        (said,) = watch.looks()
        assert "pages could leave" in said
        assert "phone: it cannot be reached" in said
        assert engine.is_ready
        house.time += timedelta(seconds=SAID_AGAIN_AFTER)
        engine.vitals.pulse()
        assert [each.partition(":")[0] for each in watch.looks()][:1] == ["watchbill is still in trouble"]
        house.world.answer = lambda request: Done({})
        await house.passes(6 * MINUTE)
        assert engine.troubles() == ()

    story(house, tell)


def test_pages_that_are_refused_are_another_matter(house: House):
    """
    Pages that the other side refuses have got there, so the way out is not dead.
    """
    house.world.answer = fails("phone.page", "chat.page", problem=Refused("no such number"))

    async def tell(engine: Engine) -> None:
        await house.receive(webhook(an_alert()))
        await house.passes(20 * MINUTE)
        assert len(house.world.uses("phone.page")) >= 2
        assert engine.troubles() == ()

    story(house, tell)


def test_the_last_word_is_the_last_resorts(house: House):
    """
    When everybody was paged and nobody has answered, the last resort says so, with the incident; what could not leave is tried again, as
    no repeat.
    """

    async def tell(engine: Engine) -> None:
        await house.receive(webhook(an_alert()))
        for _ in range(48):
            await house.passes(30 * MINUTE, 5 * MINUTE)
            if alarms():
                break
        assert [alarm.attempt for alarm in alarms()] == [1]
        house.world.answer = lambda request: Done({})
        await house.passes(5 * MINUTE)

    def alarms() -> list[Request]:
        return [request for request in house.world.uses("mail.send") if "/alarm/" in request.key]

    def answer(request: Request) -> Done:
        if "/alarm/" in request.key:
            raise Transient("it cannot be reached", timedelta(seconds=45))
        return Done({})

    house.world.answer = answer
    story(house, tell)
    first, second = alarms()

    assert first.key == second.key
    assert (second.attempt, second.is_repeat) == (2, False)
    assert first.about.service == "checkout"
    assert first.arguments == {"to": "platform-urgent@example.com"}


def test_without_a_last_resort_the_log_says_so(house: House):
    """
    An engine without a last resort says at its start that nobody but the log will hear of trouble.
    """
    house.policies = replace(house.policies, settings=replace(house.policies.settings, last_resort=None))

    async def tell(engine: Engine) -> None:
        assert await engine.alarm("Look", "Now", "k") == Done({"by": "log"})

    story(house, tell)

    assert ("warning", "no_last_resort") in [(level, event) for level, event, _ in house.said]
    assert ("critical", "last_resort") in [(level, event) for level, event, _ in house.said]
    assert house.world.requests == []


# --- the clock --------------------------------------------------------------------------


def test_a_clock_set_forward_resolves_nothing(house: House):
    """
    When the clock is set forward by an hour, no alert counts as resolved for that: each is given its time-out again, and said again in it.
    """

    async def tell(engine: Engine) -> None:
        incident = await house.receive(posted(an_alert()), "alerts-v2", "prometheus")
        house.is_set(HOUR)
        await engine.settled()
        assert status_of(engine, incident) == "triggered"
        await house.passes(4 * MINUTE)
        assert status_of(engine, incident) == "triggered"
        await engine.receive("alerts-v2", "prometheus", posted(an_alert()))
        await house.passes(4 * MINUTE)
        assert status_of(engine, incident) == "triggered"
        await house.passes(2 * MINUTE)
        assert status_of(engine, incident) == "resolved"

    story(house, tell)

    assert ("warning", "clock_was_set", {"seconds": 3600.0}) in house.said


def status_of(engine: Engine, incident: str) -> str:
    """Where this incident stands."""
    with engine.record.read() as connection:
        found = incidents.load(connection, incident)
    assert found is not None
    return found.status


def test_a_clock_set_back_holds_no_page_up(house: House):
    """
    When the clock is set back by an hour, whoever is next is called at most a ninth of the wait later than promised.
    """
    callers: list[tuple[float, str]] = []

    def answer(request: Request) -> Done:
        if request.use == "phone.page":
            callers.append((house.elapsed(), request.key))
        return Done({})

    async def tell(engine: Engine) -> None:
        await house.receive(webhook(an_alert()))
        house.is_set(-HOUR)
        await house.passes(20 * MINUTE, timedelta(seconds=10))

    house.world.answer = answer
    unset = House(house.folder / "unset", now=NIGHT)
    unset.folder.mkdir()
    story(house, tell)
    first, second = callers[0][0], next(at for at, key in callers if key != callers[0][1])

    expected: list[tuple[float, str]] = []

    async def undisturbed(engine: Engine) -> None:
        await unset.receive(webhook(an_alert()))
        await unset.passes(20 * MINUTE, timedelta(seconds=10))

    def note(request: Request) -> Done:
        if request.use == "phone.page":
            expected.append((unset.elapsed(), request.key))
        return Done({})

    unset.world.answer = note
    story(unset, undisturbed)
    due = next(at for at, key in expected if key != expected[0][1]) - expected[0][0]

    assert due <= second - first <= due / 0.9 + 20


def test_after_a_clock_set_back_senders_are_understood(house: House):
    """
    After the clock was set back senders' times are held against the clock as it is: an alert that fires still fires, and ends at its time.
    """

    async def tell(engine: Engine) -> None:
        house.is_set(-HOUR)
        fires = an_alert(startsAt=(house.time - MINUTE).isoformat(), endsAt=(house.time + 4 * MINUTE).isoformat())
        incident = await house.receive(posted(fires), "alerts-v2", "prometheus")
        assert incident
        assert status_of(engine, incident) == "triggered"
        await house.passes(3 * MINUTE)
        assert status_of(engine, incident) == "triggered"
        await house.passes(3 * MINUTE)
        assert status_of(engine, incident) == "resolved"

    story(house, tell)


def test_after_a_clock_set_back_a_new_life_goes_on_where_the_old_one_was(house: House):
    """
    A life that begins after the clock was set back goes on from the last decision, so that what waits is not late by the hour.
    """
    lives: list[int] = []

    async def first(engine: Engine) -> None:
        await house.receive(webhook(an_alert()))
        lives.append(len(house.world.uses("phone.page")))

    async def second(engine: Engine) -> None:
        assert engine.now() >= NIGHT
        await house.passes(13 * MINUTE)
        assert len({request.key for request in house.world.uses("phone.page")}) > lives[0]

    story(house, first)
    house.is_set(-HOUR)
    story(house, second)


def test_a_record_from_a_wrong_future_is_said(house: House):
    """
    A record that is days ahead was written by a clock that was wrong; the engine goes by the clock as it is, and says so.
    """

    async def first(engine: Engine) -> None:
        await house.receive(webhook(an_alert()))

    async def second(engine: Engine) -> None:
        assert engine.now() == house.time

    story(house, first)
    house.is_set(-timedelta(days=3))
    story(house, second)

    assert ("error", "record_is_ahead") in [(level, event) for level, event, _ in house.said]
