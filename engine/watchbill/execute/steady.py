"""The time that the engine goes by: the wall clock, kept from going back.

Delays are elapsed time. A wall clock that is set back would make every page that waits late by as much, and the on-call
engineer would never know; so the engine's time never goes back. It runs on slowly until the wall clock has caught up. A clock that
is set forward is followed at once: pages that are early are the smaller mistake.

Rule: any thread may ask, and none is told an earlier time than any other was told before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

PACE: Final = 0.9
"""How fast the engine's time runs, against elapsed time, while the wall clock is behind it."""

JUMP: Final = timedelta(seconds=5)
"""A difference that no clock gains by itself between two looks."""


class SteadyClock:
    """Gives the engine's time. *wall* is the machine's clock, *elapsed* counts seconds and cannot be set.

    *jumped* is told how far the wall clock was set, forward or back, once each time that it was. It is told by whoever asked for
    the time just then, in that thread, and before that one gets an answer.
    """

    def __init__(self, wall: Callable[[], datetime], elapsed: Callable[[], float], jumped: Callable[[timedelta], None]) -> None:
        self._wall, self._elapsed, self._jumped = wall, elapsed, jumped
        self._door = threading.Lock()
        self._time = self._seen = wall()
        self._at = elapsed()

    def __call__(self) -> datetime:
        """The time now, never before a time that was given already."""
        with self._door:
            # Asked for inside, since two threads that read first and come in the other way round would see a clock go back.
            wall, at = self._wall(), self._elapsed()
            passed = timedelta(seconds=max(0.0, at - self._at))
            jump = wall - (self._seen + passed)
            self._seen, self._at = wall, at
            if wall < self._time + passed:
                wall = max(wall, self._time + passed * PACE)
            time = self._time = wall
        if abs(jump) > JUMP:
            self._jumped(jump)
        return time

    @property
    def ahead(self) -> timedelta:
        """How far the engine's time is ahead of the wall clock, because that was set back."""
        with self._door:
            return max(timedelta(0), self._time - self._seen)

    def go_on_from(self, moment: datetime) -> None:
        """Give no time before this *moment*: an earlier life has got as far as that."""
        with self._door:
            self._time = max(self._time, moment)
