"""Calls that block, in threads."""

from __future__ import annotations

import asyncio
import threading

import pytest

from watchbill.connectors.threads import Threads

pytestmark = pytest.mark.anyio


async def test_what_it_gives_and_raises():
    """
    A call gives what the function gives, and raises what it raises.
    """
    threads = Threads("test")

    assert await threads.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await threads.run(divmod, 7, 0)


async def test_one_that_was_given_up_keeps_its_place_until_it_ends():
    """
    A call that was cancelled counts among those that run until its thread has ended.
    """
    threads, may_end = Threads("test", most=1), threading.Event()
    given_up = asyncio.ensure_future(threads.run(may_end.wait))
    await asyncio.sleep(0)
    given_up.cancel()
    waiting = asyncio.ensure_future(threads.run(int))
    done, _ = await asyncio.wait({waiting}, timeout=0.05)
    may_end.set()

    assert done == set()
    assert await waiting == 0


def test_a_loop_that_was_closed_is_told_nothing():
    """
    A thread that outlives the loop ends quietly.
    """
    may_end, threads = threading.Event(), Threads("closed")

    async def begin() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await threads.run(may_end.wait)

    asyncio.run(begin())
    mine = [each for each in threading.enumerate() if each.name == "watchbill-closed"]
    may_end.set()
    for each in mine:
        each.join(5)

    assert len(mine) == 1
    assert not mine[0].is_alive()
