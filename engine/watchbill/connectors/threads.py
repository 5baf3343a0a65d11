"""Calls that block, each in a thread of its own, so that the loop never waits for one.

Rule 1: there is a bound to how many run at once; who comes later waits, and may give up waiting.
Rule 2: a call that was given up keeps its thread until it ends by itself, and its place with it. The threads are daemons,
so that none of them keeps a process from ending.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


class Threads:
    """A bounded number of threads for one sort of call, named after it."""

    __slots__ = ("_free", "_name")

    def __init__(self, name: str, most: int = 16) -> None:
        self._name = f"watchbill-{name}"
        self._free = asyncio.Semaphore(most)

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """What *function* gives for these *arguments*, or raises.

        Whoever cancels this gives the call up; it is for the caller to see to it that it ends.
        """
        loop = asyncio.get_running_loop()
        await self._free.acquire()
        answer: asyncio.Future[T] = loop.create_future()

        def settle(result: T | None, problem: BaseException | None) -> None:
            self._free.release()
            if answer.done():
                return
            if problem is not None:
                answer.set_exception(problem)
            else:
                answer.set_result(result)  # type: ignore[arg-type]

        def work() -> None:
            result: T | None = None
            problem: BaseException | None = None
            try:
                result = function(*arguments)
            except BaseException as raised:
                problem = raised
            # A loop that was closed meanwhile has nobody who waits any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, result, problem)

        try:
            Thread(target=work, name=self._name, daemon=True).start()
        except RuntimeError:
            self._free.release()
            raise
        return await answer
