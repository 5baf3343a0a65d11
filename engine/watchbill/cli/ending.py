"""The end of a process that was asked to end: whatever does not come back, it ends.

A signal is taken where Python itself takes it, so that it is heard even where the event loop does not come round. Whoever ends so
loses nothing: what was answered is in the record, and the next start takes up the rest, as after a machine that failed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

A_LITTLE: Final = 5.0
"""Seconds over the time that was given, before it is asked whether the end still comes."""

AT_MOST: Final = 30.0
"""Seconds over thrice the time that was given, after which it ends in any case."""

LOOKED_EVERY: Final = 1.0

FORCED: Final = 3
"""The exit code of a process that was ended so: what it stands on has failed."""


class Ending:
    """Ends this process some time after `begin`, unless it ends by itself.

    *turns* gives a number that is another with each transaction, odd while one is under way: one that stays odd has not come back.
    """

    def __init__(
        self, within: timedelta, turns: Callable[[], int], say: Callable[[str], None], end: Callable[[int], Any] = os._exit
    ) -> None:
        self._within, self._turns, self._say, self._end = within.total_seconds(), turns, say, end
        self._begun = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchbill-ending", daemon=True)

    def listen(self, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
        """Have *stop* set, and the time counted, when a signal asks for the end. Called in the main thread."""

        def asked(number: int, frame: object) -> None:
            self._begun.set()
            loop.call_soon_threadsafe(stop.set)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, asked)
        self._thread.start()

    def close(self) -> None:
        """It has ended by itself."""
        self._over.set()
        self._begun.set()

    def _watch(self) -> None:
        self._begun.wait()
        if self._over.wait(self._within + A_LITTLE):
            return
        before = self._turns()
        waited = self._within + A_LITTLE
        while not self._over.wait(LOOKED_EVERY):
            waited += LOOKED_EVERY
            now = self._turns()
            if (now == before and now % 2) or waited > 3 * self._within + AT_MOST:
                why = "its writer does not come back" if now == before and now % 2 else "something in it does not come back"
                self._say(why)
                self._end(FORCED)
                return
            before = now
