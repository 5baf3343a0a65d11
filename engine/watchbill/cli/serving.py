"""Serving: the engine at work, a server over it, and the signals that end it or have it look at its policies anew."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from watchbill.cli.ending import Ending
from watchbill.cli.options import stopwatch
from watchbill.cli.output import write
from watchbill.errors import OutsideError

if TYPE_CHECKING:
    from socket import socket

    from starlette.types import ASGIApp

    from watchbill.cli.wiring import AtWork, Setup
    from watchbill.server.access import Door
    from watchbill.server.house import Bounds, House
    from watchbill.server.logs import Log
    from watchbill.store.record import Record

LOOKS_EVERY: Final = 1.0
"""Seconds between two looks at whether what serves is still there."""


def serve(setup: Setup, log: Log, listening: socket, host: str, *, has_access_log: bool) -> None:
    """Serve on this socket, which was asked for by this *host*, until a signal asks for the end."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(setup, log, listening, host, has_access_log))


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where it is there."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(setup: Setup, log: Log, listening: socket, host: str, has_access_log: bool) -> None:
    """Serve until a signal asks for the end."""
    from watchbill.cli.systemd import Notifying
    from watchbill.cli.wiring import at_work
    from watchbill.server.logs import taking_over
    from watchbill.server.serving import address_of, serving

    notifying = Notifying(os.environ)
    doors: list[Door] = []
    endings: list[Ending] = []

    def before(record: Record, now: Callable[[], datetime]) -> None:
        doors.append(door_of(record, host, setup.public_url, now()))

    try:
        with taking_over(log):
            async with at_work(setup, log, log.sink, before=before) as room:
                app, house = furnished(room, doors[0], log, has_access_log=has_access_log)
                stop = _signals(room)
                ending = Ending(setup.stop_within, lambda: room.engine.record.writer.turns, lambda why: log("critical", "ended", why=why))
                endings.append(ending)
                ending.listen(asyncio.get_running_loop(), stop)
                async with serving(app, house, listening, setup.stop_within) as http:
                    address = address_of(listening)
                    access = "open" if house.access.is_open else "tokens"
                    log("info", "serving", address=address, database=setup.database, access=access, version=_version())
                    if house.access.is_open:
                        help = "`watchbill token create NAME --for PERSON` makes the first token, and closes it"
                        log("warning", "open", text="no token exists: whoever is on this machine may do everything", help=help)
                    _leave_what_stays_alone()
                    write(sys.stdout, f"listening on {address}\n")
                    notifying.ready(f"listening on {address}")
                    await _until(stop, http, room, notifying)
                    notifying.stopping()
                    log("info", "stopping", within=setup.stop_within.total_seconds())
            log("info", "stopped")
    finally:
        for each in endings:
            each.close()
        listening.close()


def _leave_what_stays_alone() -> None:
    """Have the garbage collector pass over the policies, which stay, and look seldom: the alerts of a storm are no garbage either.

    It took a sixth of the time that an alert costs, and stopped everything while it went through thousands of policies.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def _until(stop: asyncio.Event, http: asyncio.Task[None], room: AtWork, notifying: Any) -> None:
    """Wait for the end. Raises OutsideError where what serves has ended by itself, or another engine has the record."""
    writer = room.engine.record.writer
    stopped = asyncio.ensure_future(stop.wait())
    try:
        while not stop.is_set():
            await asyncio.wait((stopped, http), timeout=LOOKS_EVERY, return_when=asyncio.FIRST_COMPLETED)
            notifying.alive()
            if stop.is_set():
                return
            if http.done():
                help = "look at what its log says, and start it again"
                raise OutsideError("the server has ended by itself", help, rule="outside-failed") from http.exception()
            if not writer.is_alive:
                help = "look at what its log says, and start it again"
                raise writer.trouble or OutsideError("the record is not written any more", help, rule="record-lost")
    finally:
        stopped.cancel()


def _signals(room: AtWork) -> asyncio.Event:
    """What is set when the end is asked for; SIGHUP has the policies loaded anew."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    reloading: set[asyncio.Task[bool]] = set()

    def reload() -> None:
        if reloading:
            room.say("info", "reloading_already")
            return
        task = loop.create_task(room.reload(), name="reload")
        reloading.add(task)
        task.add_done_callback(reloading.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    return stop


def door_of(record: Record, host: str, public_url: str, now: datetime) -> Door:
    """Who may come in through this *host*, by the tokens of the record. Raises UserError where it would be everybody."""
    from urllib.parse import urlsplit

    from watchbill.server.access import Door
    from watchbill.store import tokens

    with record.read() as connection:
        there = tokens.listing(connection)
    return Door(host, (urlsplit(public_url).hostname or "",), there, now)


def furnished(room: AtWork, door: Door, log: Log, *, bounds: Bounds | None = None, has_access_log: bool = False) -> tuple[ASGIApp, House]:
    """The application over an engine at work, and the house that it serves; what the engine does is logged and counted from now on."""
    from watchbill.server.access import Access
    from watchbill.server.app import application
    from watchbill.server.house import House
    from watchbill.server.metrics import Metrics
    from watchbill.store import tokens

    engine = room.engine
    metrics = Metrics(engine, lambda: room.beat_at, lambda: room.findings)
    engine.listeners += [metrics.decided, log.decided]
    engine.took = metrics.took

    def used(name: str, now: datetime) -> None:
        engine.record.writer.submit(lambda connection: tokens.used(connection, name, now=now))

    access = Access(door, engine.now, stopwatch, used)
    house = House(engine, access, metrics, room.secrets, stopwatch, bounds, lambda: room.findings, has_access_log=has_access_log)
    return application(house), house


def _version() -> str:
    from watchbill import __version__

    return __version__
