"""What every endpoint is given: the engine, the record to read, who may come in, and the bounds."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from starlette.requests import Request

from watchbill.errors import Finding
from watchbill.execute.engine import Engine
from watchbill.ingest.limits import BODY_BYTES
from watchbill.server.protocol import HeadBounds

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from watchbill.server.access import Access
    from watchbill.server.metrics import Metrics

T = TypeVar("T")

READERS: Final = 6
"""How many requests read the record at the same time; the others wait for their turn."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is taken. *waiting* counts requests that are recorded and not decided; times are seconds.

    *head* bounds connections and the heads of requests. *held_bytes* are of all bodies that are being
    read at the same time. A watcher is sent a sign of life every *beat*, and one that takes nothing for *patience* is let go; of all
    *watchers* no more than *watchers_of_one* have one token.
    """

    head: HeadBounds = field(default_factory=HeadBounds)
    body_bytes: int = BODY_BYTES
    body_within: float = 30.0
    held_bytes: int = 256 * 1024 * 1024
    waiting: int = 5_000
    beat: float = 15.0
    patience: float = 30.0
    watchers: int = 200
    watchers_of_one: int = 50


class House:
    """What every endpoint is given.

    *secrets* gives the values of the references of a `Source`, those that there are; *findings* what cannot be carried out of the policies.
    """

    def __init__(
        self,
        engine: Engine,
        access: Access,
        metrics: Metrics,
        secrets: Callable[[Sequence[str]], Awaitable[Sequence[str]]],
        elapsed: Callable[[], float],
        bounds: Bounds | None = None,
        findings: Callable[[], Sequence[Finding]] = tuple,
        *,
        has_access_log: bool = False,
    ) -> None:
        self.engine, self.access, self.metrics, self.secrets, self.elapsed = engine, access, metrics, secrets, elapsed
        self.bounds = bounds or Bounds()
        self.findings = findings
        self.has_access_log = has_access_log
        self.started_at: datetime = engine.now()
        self.stopping = asyncio.Event()
        self.held = 0
        self.watching: Counter[str] = Counter()
        access.read = self.read
        self._threads = ThreadPoolExecutor(READERS, "watchbill-read")

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return self.watching.total()

    async def read(self, job: Callable[[Connection], T]) -> T:
        """What this *job* finds in the record as it stands now; it runs in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, job)

    async def apart(self, work: Callable[[], T]) -> T:
        """What this *work* gives, done in a thread because it takes a while."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def say(self, level: str, event: str, **fields: object) -> None:
        """Write to the log."""
        self.engine.say(level, event, **fields)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _read(self, job: Callable[[Connection], T]) -> T:
        with self.engine.record.read() as connection:
            return job(connection)


def house_of(request: Request) -> House:
    """The house that this *request* came to."""
    house: House = request.app.state.house
    return house
