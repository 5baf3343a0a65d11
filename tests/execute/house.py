"""An engine on a real record. Time, and the world outside, are what the test says."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.makers import NOON
from watchbill.connectors.catalogue import catalogue
from watchbill.connectors.performing import Performer, Request
from watchbill.execute.engine import Engine, Options
from watchbill.execute.heartbeat import Beat
from watchbill.execute.policies import Edition, Policies
from watchbill.model.plan import Done
from watchbill.policy import load
from watchbill.store.record import Record

REFERENCE = Path(__file__).resolve().parents[2]

Answer = Callable[[Request], Done]
"""What the world does with a request: it is done, or it raises."""


class World(Mapping[str, Performer]):
    """Everything outside: whatever type of connector is asked, it is this that answers, and it keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answer: Answer = lambda request: Done({})
        self.gate: asyncio.Event | None = None
        self.hangs: Callable[[Request], bool] = lambda request: False

    async def perform(self, request: Request) -> Done:
        """Keep the request, wait for the gate if there is one, and answer."""
        self.requests.append(request)
        if self.gate is not None:
            await self.gate.wait()
        if self.hangs(request):
            await asyncio.Event().wait()
        return self.answer(request)

    def uses(self, use: str) -> list[Request]:
        """The requests of one action, as `phone.page`."""
        return [request for request in self.requests if request.use == use]

    def __getitem__(self, type: str) -> Performer:
        return self

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class House:
    """One life after another of the engine, on one file."""

    def __init__(self, folder: Path, policies: Path = REFERENCE, now: datetime = NOON) -> None:
        self.folder, self.time = folder, now
        self.was_set = timedelta(0)
        self.beat: Beat | None = None
        self.world = World()
        self.said: list[tuple[str, str, dict[str, Any]]] = []
        compiled = load(policies, catalogue(), "r1")
        assert compiled.policies is not None
        self.policies = compiled.policies
        self.editions: dict[str, Edition] = {}
        self.engine: Engine
        self._lives = itertools.count(1)

    def now(self) -> datetime:
        """The time that the test says it is."""
        return self.time

    def elapsed(self) -> float:
        """Seconds that have gone by, however the clock was set meanwhile."""
        return (self.time - self.was_set).timestamp()

    def is_set(self, jump: timedelta) -> None:
        """Somebody sets the machine's clock."""
        self.time += jump
        self.was_set += jump

    @asynccontextmanager
    async def running(self, options: Options | None = None) -> AsyncIterator[Engine]:
        """The engine at work, for one life."""
        record = Record.open(str(self.folder / "watchbill.db"), now=self.time, holder=f"life {next(self._lives)}")
        try:
            policies = Policies(Edition(self.policies, {}), catalogue(), lambda revision: self.editions.get(revision))
            self.engine = Engine(record, policies, self.world, lambda connector: {}, self.now, self.elapsed, self._log, options, self.beat)
            async with self.engine.running():
                yield self.engine
        finally:
            record.close()

    async def passes(self, span: timedelta, step: timedelta = timedelta(seconds=30)) -> None:
        """Let time pass, and everything happen that falls due in it."""
        until = self.time + span
        while self.time < until:
            self.time = min(self.time + step, until)
            await self.engine.settled()

    async def waits_for(self, seen: Callable[[], bool]) -> None:
        """Let the engine work, while the clock stands still, until this is *seen*; other work may hang meanwhile."""
        async with asyncio.timeout(20):
            while not seen():
                self.engine.look_by(self.time)
                await asyncio.sleep(0)

    async def works_on(self) -> None:
        """Let the engine look twice at what has fallen due, whatever hangs meanwhile."""
        looks = self.engine.looks
        await self.waits_for(lambda: self.engine.looks >= looks + 2)

    async def receive(self, body: bytes, kind: Any = "alertmanager", source: str = "alertmanager") -> str:
        """Take a request in, and see it through; the incident that was decided on."""
        async with self.engine.subscribed() as notices:
            await self.engine.receive(kind, source, body)
            await self.engine.settled()
            return notices.get_nowait().incident if not notices.empty() else ""

    def _log(self, level: str, event: str, **fields: Any) -> None:
        self.said.append((level, event, fields))
