"""Results of the writer's thread on their way to the event loop.

A commit resolves many jobs at once. Waking the loop for each costs more than a job does, so one wake-up brings all that have come in.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


class Landing:
    """Where results of other threads wait until the event loop takes them all."""

    def __init__(self) -> None:
        self._landed: deque[tuple[Future[Any], asyncio.Future[Any]]] = deque()
        self._is_called = False

    async def of(self, future: Future[T]) -> T:
        """What this *future* gives, or raises."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()

        def landed(done: Future[T]) -> None:
            self._landed.append((done, waiter))
            if not self._is_called:
                self._is_called = True
                with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                    loop.call_soon_threadsafe(self._take_all)

        future.add_done_callback(landed)
        return await waiter

    def _take_all(self) -> None:
        # First this, then the rest: what lands from here on calls again.
        self._is_called = False
        while self._landed:
            done, waiter = self._landed.popleft()
            if waiter.cancelled():
                continue
            failure = done.exception()
            if failure is not None:
                waiter.set_exception(failure)
            else:
                waiter.set_result(done.result())
