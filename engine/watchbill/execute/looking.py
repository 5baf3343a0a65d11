"""The clock: incidents are looked at again when their time has come, and steps go on that were put off until now.

It sleeps until the next moment that the record knows of. A decision that wants a look sooner wakes it; one that wants it later does not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from watchbill.errors import WatchbillError
from watchbill.execute import ingesting
from watchbill.execute.deciding import Handed, decide_event
from watchbill.model.event import Woken
from watchbill.model.incident import Incident
from watchbill.store import delivery_rows, effects, incidents, steps

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from watchbill.execute.engine import Engine

AT_MOST: Final = 200
"""How many incidents are looked at again, and steps taken up, in one go."""

LONGEST_SLEEP: Final = 1.0
"""Seconds. The wall clock may be set while the loop sleeps, so it looks up this often."""

SHORTEST_SLEEP: Final = 0.001

SOON: Final = timedelta(milliseconds=20)
"""When it is looked again for a step that waits until another one is carried out."""

FAR: Final = datetime.max.replace(tzinfo=UTC)
"""When there is nothing to look at."""


class Looking:
    """Looks at what has fallen due, again and again. *looks* counts how often it has."""

    def __init__(self, house: Engine) -> None:
        self._house = house
        self._wake = asyncio.Event()
        self._next_at = FAR
        self.looks = 0

    def no_later_than(self, moment: datetime | None) -> None:
        """Look again when this *moment* has come, if not before."""
        if moment is not None and moment < self._next_at:
            self._next_at = moment
            self._wake.set()

    def at_once(self) -> None:
        """Look again now."""
        self._wake.set()

    async def go_on(self) -> None:
        """Look at what has fallen due for as long as the engine lives."""
        house = self._house
        while True:
            self._next_at = FAR
            try:
                moment = await self._look()
            except Exception as error:
                said = f"{type(error).__name__}: {error}"
                house.say("error", "look_failed", error=said)
                house.vitals.looked(error.message if isinstance(error, WatchbillError) else said)
                moment = FAR
            else:
                house.vitals.looked()
            house.vitals.pulse()
            self.looks += 1
            # What was decided meanwhile may want a look before that.
            self._next_at = min(self._next_at, moment)
            self._wake.clear()
            pause = min(max((self._next_at - house.now()).total_seconds(), SHORTEST_SLEEP), LONGEST_SLEEP)
            # Not `wait_for`: in Python 3.11 that may swallow being cancelled, and then the clock never ends.
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _look(self) -> datetime:
        """Do what has fallen due; when the next will."""
        house, now = self._house, self._house.now()
        await house.give_time()
        house.proving.look(now)
        over = house.standing.expired(now)
        if over:
            for decided in await house.write(lambda connection: ingesting.expire(connection, house.policies, house.standing, over, now)):
                house.decided(decided)
        most = AT_MOST + len(house.performing)  # what is being carried out may be due all the while
        due = await house.write(lambda connection: _Due.find(connection, now, most))
        await self.look_at(due.incidents)
        for step in due.steps:
            await self._take_up(step, now)
        soon = now + SOON if house.attempts.waits() else None
        moments = (soon, now if due.is_not_all else None, due.next_at, house.standing.next_expiry(), house.performing.next_at())
        return min((moment for moment in moments if moment is not None), default=FAR)

    async def _take_up(self, step: str, now: datetime) -> None:
        """Hand out a *step* that was put off until now, or that is handed out and nobody is at work on."""
        house = self._house
        if not house.performing.wants(step, now):
            return
        is_suspect = house.attempts.is_suspect(f"step/{step}")
        if is_suspect and not house.attempts.may_begin(step):
            return
        found = await house.write(lambda connection: _again(connection, step, now))
        if found is not None:
            if is_suspect:
                await house.attempts.take(f"step/{step}")
                house.attempts.begun(step)
            handed, incident = found
            house.performing.begin(handed, incident, now)

    async def look_at_all(self) -> None:
        """Look at every open incident anew: something that concerns them all has changed."""
        await self.look_at(await self._house.write(incidents.unresolved))

    async def look_at(self, ids: Iterable[str]) -> None:
        """Look at these incidents: each in a job of its own, which share commits. One that fails holds no other up."""
        house = self._house

        async def woken(incident: str) -> None:
            decided = await house.write(lambda connection: decide_event(connection, house.policies, incident, Woken(), house.now()))
            if decided is not None:
                house.decided(decided)

        async def one_by_one(several: Iterable[str]) -> None:
            for incident in several:
                await house.attempts.take(f"incident/{incident}")
                await woken(incident)
                house.attempts.let_go(f"incident/{incident}")

        wanted = [incident for incident in ids if not house.attempts.why_aside(f"incident/{incident}")]
        suspects = [incident for incident in wanted if house.attempts.is_suspect(f"incident/{incident}")]
        others = [incident for incident in wanted if incident not in suspects] if suspects else wanted
        failures = await asyncio.gather(*(woken(incident) for incident in others), return_exceptions=True)
        if suspects:
            failures += await asyncio.gather(one_by_one(suspects), return_exceptions=True)
        for failure in failures:
            if isinstance(failure, Exception):
                house.say("error", "look_failed", error=f"{type(failure).__name__}: {failure}")
                house.counts.add("failed_looks")


@dataclass(frozen=True, slots=True)
class _Due:
    """What has fallen due, by id, and when the next will. Where it *is_not_all*, the rest has to wait for another look."""

    incidents: tuple[str, ...]
    steps: tuple[str, ...]
    next_at: datetime | None

    @classmethod
    def find(cls, connection: Connection, now: datetime, most: int) -> _Due:
        """What has fallen due by *now*; of steps at most so many."""
        later = (incidents.next_wake(connection, now), steps.next_due(connection, now))
        next_at = min((moment for moment in later if moment is not None), default=None)
        return cls(incidents.due(connection, now, AT_MOST), steps.due(connection, now, most), next_at)

    @property
    def is_not_all(self) -> bool:
        """Whether more incidents are due than are looked at in one go. Of steps most are in somebody's hands already."""
        return len(self.incidents) == AT_MOST


def _again(connection: Connection, step: str, now: datetime) -> tuple[Handed, Incident] | None:
    """This *step* with all that carrying it out needs; None where somebody has taken it up since it was looked for."""
    row = steps.get(connection, step)
    if row is None or row.state != "queued" or row.due_at > now:
        return None
    incident = incidents.load(connection, row.incident)
    if incident is None:
        return None
    step_now = incident.steps.get(row.id, row.step)
    delivery_rows.begin_due(connection, step_now, incident.id, now)
    return Handed(step_now, row.attempt, row.possibly_repeated, effects.carried_out(connection, row.id), is_later=True), incident
