"""Lives of the real server, each in a process of its own, on one record and on a clock that the test turns.

`python -m tests.crash.life SOCKET` loads everything once and then listens on a Unix socket. Each connection is one life: the process
is forked for it, serves as `watchbill serve` does, and is told over the connection what time it is. It says over the same what it
logs, and where it is held. Nothing of the product knows of this: what is wrapped are its seams.

Rule 1: who is held at a point stays there, until the test kills the process.
Rule 2: time stands still unless the test says that it passes. Nothing sleeps.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from watchbill.cli import wiring
from watchbill.cli.serving import door_of, furnished
from watchbill.connectors import carrying, outbound
from watchbill.connectors import performers as performing_types
from watchbill.connectors.performing import NotDone, Performer, Request
from watchbill.execute import caller, deciding, delivery_tasks, ingesting, performing, recovering
from watchbill.execute import engine as engines
from watchbill.model.event import Acknowledged, Approved, Observed, Woken
from watchbill.model.plan import Done
from watchbill.server.logs import Log
from watchbill.server.serving import address_of, listen, serving
from watchbill.store import delivery_rows, incidents, steps

WORDS = {Acknowledged: "ack", Approved: "approval", Woken: "timer", Observed: "look"}
"""What the decisions on these events are called in the names of points."""

KINDS = {"webhook.page": "page", "webhook.post": "change", "http.get": "look", "board.set": "board"}
"""What the requests of these actions are called."""

LOADED = (
    *("alembic.command", "httpx", "idna", "jsonschema", "prometheus_client", "re2", "sqlalchemy.dialects.sqlite", "tests.crash.board"),
    *("uvicorn.protocols.http.httptools_impl", "watchbill.connectors.outbound", "watchbill.policy.compile.whole"),
    *("watchbill.policy.loading.reading", "watchbill.server.app", "watchbill.store.migrating", "yaml"),
)
"""What every life would load by and by, loaded once for all."""


class Line:
    """The connection to the test: JSON, line by line."""

    def __init__(self, connection: socket.socket) -> None:
        self._in = connection.makefile("r", encoding="utf-8", newline="\n")
        self._out = connection.makefile("w", encoding="utf-8", newline="\n")
        self._door = threading.Lock()

    def say(self, **what: Any) -> None:
        """Tell the test."""
        with self._door, suppress(OSError):
            self._out.write(json.dumps(what, default=str) + "\n")
            self._out.flush()

    def heard(self) -> Iterator[dict[str, Any]]:
        """What the test says, until it hangs up."""
        with suppress(OSError):
            for line in self._in:
                yield json.loads(line)


def everywhere(function: Callable[..., Any], instead: Callable[..., Any]) -> None:
    """Let every module of watchbill that knows this *function* by its name know the other *instead*."""
    for name, module in tuple(sys.modules.items()):
        if name.startswith("watchbill.") and getattr(module, function.__name__, None) is function:
            setattr(module, function.__name__, instead)


class Life:
    """One life: its time, and the point at which it is to be held, by its name and the time of passing it; any point, where it has no name.

    *set_by* is how far somebody has set the machine's clock. *patience* is for how many seconds a request may go without an answer.
    """

    def __init__(self, line: Line, wanted: Mapping[str, Any]) -> None:
        self.line, self.root, self.database = line, Path(wanted["root"]), wanted["database"]
        self.time = datetime.fromtimestamp(wanted["at"], UTC)
        self.name, self.left = wanted["hold"] or (None, 0)
        self.set_by, self.patience = timedelta(0), wanted["patience"]
        self._door = threading.Lock()

    def reach(self, name: str) -> None:
        """This point is reached: go on, or be held for ever."""
        if self.name is None or self.name not in ("", name):
            return
        with self._door:
            self.left -= 1
            is_here = self.left == 0
        if is_here:
            self.line.say(held=name)
            threading.Event().wait()

    def wrap(self, function: Callable[..., Any], before: str = "", after: str = "") -> None:
        """Make points of the beginning and the end of a *function*, wherever a module of ours knows it by its name."""

        def wrapped(*arguments: Any, **more: Any) -> Any:
            if before:
                self.reach(before)
            found = function(*arguments, **more)
            if after:
                self.reach(after)
            return found

        everywhere(function, wrapped)

    def wrap_all(self) -> None:
        """Make points of all seams."""
        self.wrap(ingesting.take_in, "deciding", "decided, not committed")
        self.wrap(ingesting.expire, after="expired, not committed")
        self.wrap(deciding.settle, "settling", "settled, not committed")
        self.wrap(recovering.recover, "recovering", "recovered, not committed")
        self.wrap(steps.begin, after="begun, not committed")
        self.wrap(steps.postpone, after="postponed, not committed")
        self.wrap(steps.go_on, after="going on, not committed")
        self.wrap(delivery_rows.end, after="delivered, not committed")
        self._wrap_events()
        self._wrap_engine()
        self._wrap_recording()
        if self.patience:
            caller.TIMEOUT = carrying.GRACE = timedelta(seconds=self.patience)  # type: ignore[misc]
        ready = performing_types.performers

        def watched(*arguments: Any) -> dict[str, Performer]:
            return {name: Watched(performer, self) for name, performer in ready(*arguments).items()}

        everywhere(ready, watched)

    def _wrap_events(self) -> None:
        inner = deciding.decide_event

        def decide_event(connection: Any, policies: Any, incident: str, event: Any, *more: Any) -> Any:
            found = inner(connection, policies, incident, event, *more)
            if type(event) in WORDS:
                self.reach(f"{WORDS[type(event)]} decided, not committed")
            return found

        everywhere(inner, decide_event)

    def _wrap_engine(self) -> None:
        kind: Any = engines.Engine
        receive, tell, decided, take_up = kind.receive, kind.tell, kind.decided, kind._take_up

        async def receiving(engine: Any, *arguments: Any) -> Any:
            found = await receive(engine, *arguments)
            self.reach("taken in, not answered")
            return found

        async def telling(engine: Any, incident: str, event: Any, by: str) -> Any:
            found = await tell(engine, incident, event, by)
            if type(event) in WORDS:
                self.reach(f"{WORDS[type(event)]} committed, not answered")
            return found

        def handing_out(engine: Any, what: Any) -> None:
            if what.handed:
                self.reach("committed, not handed out")
            decided(engine, what)

        async def taking_up(engine: Any) -> None:
            await take_up(engine)
            self.reach("taken up")

        kind.receive, kind.tell, kind.decided, kind._take_up = receiving, telling, handing_out, taking_up

    def _wrap_recording(self) -> None:
        steps_kind: Any = performing.Performing
        deliveries_kind: Any = delivery_tasks.DeliveryTasks
        settle, report = steps_kind._settle, deliveries_kind._report

        async def settling(its: Any, handed: Any, *arguments: Any) -> None:
            await settle(its, handed, *arguments)
            self.line.say(recorded=handed.step.id)

        async def reporting(its: Any, incident: Any, ended: Any, attempt: int, event: Any) -> None:
            await report(its, incident, ended, attempt, event)
            self.line.say(delivered=event.step if event.number == 0 else f"{event.step}#{event.number + 1}")

        steps_kind._settle = settling
        deliveries_kind._report = reporting

    # --- what it does ---------------------------------------------------------------------

    async def live(self) -> None:
        """Serve, until the test asks for the end."""
        began = self.time
        wiring.wall = lambda: self.time + self.set_by
        wiring.stopwatch = lambda: (self.time - began).total_seconds()
        setup = wiring.Setup(root=self.root, database=self.database, private=("127.0.0.1",))
        log = Log(self, "json", lambda: self.time)  # type: ignore[arg-type]
        doors: list[Any] = []

        def before(record: Any, now: Callable[[], datetime]) -> None:
            doors.append(door_of(record, "127.0.0.1", "", now()))

        listening = listen("127.0.0.1", 0)
        async with wiring.at_work(setup, log, log.sink, before=before) as room:
            app, house = furnished(room, doors[0], log)
            async with serving(app, house, listening, setup.stop_within):
                self.line.say(url=address_of(listening))
                await self._obey(room.engine)

    async def _obey(self, engine: engines.Engine) -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        orders: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

        def hear() -> None:
            for order in self.line.heard():
                loop.call_soon_threadsafe(orders.put_nowait, order)
            loop.call_soon_threadsafe(orders.put_nowait, {"do": "end"})

        threading.Thread(target=hear, daemon=True).start()
        while not over.is_set():
            order = await orders.get()
            if order["do"] == "end":
                over.set()
            elif order["do"] == "pass":
                self.time += timedelta(seconds=order["seconds"])
                await engine.settled()
                self.line.say(passed=self.time.timestamp())
            elif order["do"] == "turn":
                self.time += timedelta(seconds=order["seconds"])
                self.line.say(turned=self.time.timestamp())
            elif order["do"] == "set clock":
                self.set_by += timedelta(seconds=order["seconds"])
                await engine.settled()
                self.line.say(set=self.set_by.total_seconds())
            elif order["do"] == "compare":
                self.line.say(differ=await _differing(engine))

    def write(self, text: str) -> int:
        """Tell the test what was logged."""
        for line in text.splitlines():
            self.line.say(log=json.loads(line))
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


class Watched:
    """A performer whose requests are points, before they leave and when they have come back."""

    def __init__(self, inner: Performer, life: Life) -> None:
        self._inner, self._life = inner, life

    async def perform(self, request: Request) -> Done:
        """Have it carried out."""
        kind, say = KINDS.get(f"{request.type}.{request.action}", "other"), self._life.line.say
        say(asked=request.key, kind=kind, is_repeat=request.is_repeat)
        self._life.reach(f"{kind} about to leave")
        try:
            done = await self._inner.perform(request)
        except NotDone as failure:
            say(ended=request.key, how=type(failure).__name__.lower())
            raise
        say(ended=request.key, how="done")
        self._life.reach(f"{kind} carried out, not recorded")
        return done


async def _differing(engine: engines.Engine) -> list[str]:
    """The incidents that the engine remembers otherwise than the record's changes fold to."""

    def ids(connection: Any) -> list[str]:
        return [each.id for each in incidents.listing(connection, limit=10_000)]

    found = []
    for each in await engine.write(ids):
        remembered = await engine.write(lambda connection, its=each: incidents.load(connection, its))  # type: ignore[misc]
        with engine.record.read() as connection:
            if incidents.load(connection, each) != remembered:
                found.append(each)
    return found


def main(path: str) -> None:
    """Fork a process for each connection to the socket at this *path*."""
    for name in LOADED:
        import_module(name)
    outbound._tls_of = cache(outbound._tls_of)  # type: ignore[assignment]
    outbound._tls_of(None)  # reading the authorities of this machine takes longer than a life
    sys.setswitchinterval(0.0002)  # one thread waits for the other most of the time
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _be_born(connection)
        connection.close()


def _be_born(connection: socket.socket) -> None:
    line = Line(connection)
    line.say(pid=os.getpid())
    try:
        life = Life(line, next(line.heard()))
        life.wrap_all()
        asyncio.run(life.live())
    except BaseException as failure:
        line.say(failed=f"{type(failure).__name__}: {failure}")
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
