"""Zones, spans and recurring hours. The clock itself is never read here.

Instants are aware datetimes in UTC. Delays are elapsed time. Local times that do
not exist move forward; those that come twice mean the first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo


@dataclass(frozen=True, slots=True)
class Zone:
    """A named time zone with its rules, resolved when the policies were compiled."""

    name: str
    rules: tzinfo = field(compare=False, repr=False)

    def local(self, instant: datetime) -> datetime:
        """The wall-clock time of this *instant* here."""
        return instant.astimezone(self.rules)

    def instant(self, wall: datetime) -> datetime:
        """The UTC instant of a naive *wall* time here.

        PEP 495: ``fold=0`` reads a skipped time with the offset before the change, which
        moves it forward, and a repeated one as the first of the two.
        """
        return wall.replace(tzinfo=self.rules, fold=0).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant, included, to another, excluded."""

    start: datetime
    end: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end


@dataclass(frozen=True, slots=True)
class Hours:
    """A daily window on some weekdays, in local time.

    *days* are ISO weekdays (Monday is 1) on which the window begins; *start* and *end* are
    minutes after midnight. An *end* at or before *start* is on the next day.
    """

    days: tuple[int, ...]
    start: int
    end: int

    def covers(self, local: datetime) -> bool:
        """Whether this *local* wall-clock time lies inside."""
        minute = local.hour * 60 + local.minute
        today, yesterday = local.isoweekday(), (local.isoweekday() - 2) % 7 + 1
        if self.start < self.end:
            return today in self.days and self.start <= minute < self.end
        return (today in self.days and minute >= self.start) or (yesterday in self.days and minute < self.end)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A named or written-out recurring time: any of *hours*, in its *zone*."""

    zone: Zone
    hours: tuple[Hours, ...]

    def __contains__(self, instant: datetime) -> bool:
        local = self.zone.local(instant)
        return any(window.covers(local) for window in self.hours)


@dataclass(frozen=True, slots=True)
class Days:
    """Local calendar days, first and last included: leave, or a holiday."""

    first: date
    last: date
    reason: str = ""

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last
