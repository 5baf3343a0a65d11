"""Zones, spans and recurring hours. The clock itself is never read here.

Instants are aware datetimes in UTC. Delays are elapsed time. Local times that do
not exist move forward; those that come twice mean the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

HORIZON: Final = timedelta(days=5 * 366)
"""How far ahead a recurring time is looked for. What does not come in five years does not come."""

_DAY: Final = timedelta(days=1)


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


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time that comes again: *hours*, on those days that the rest allows.

    What stands empty allows every day. Both ends of a range are included; a day of the month below zero counts from the
    month's end, so that -1 is its last. Whether a window comes is asked of the day on which it begins, so that one across
    midnight or into another year is whole.
    """

    hours: Hours
    days_of_month: tuple[tuple[int, int], ...] = ()
    months: tuple[int, ...] = ()
    years: tuple[tuple[int, int], ...] = ()

    def begins_on(self, day: date) -> bool:
        """Whether it begins on this local *day*."""
        if day.isoweekday() not in self.hours.days or (self.months and day.month not in self.months):
            return False
        if self.years and not any(first <= day.year <= last for first, last in self.years):
            return False
        return not self.days_of_month or self._is_among_days(day)

    def _is_among_days(self, day: date) -> bool:
        in_next_month = day.replace(day=28) + 4 * _DAY
        length = (in_next_month - in_next_month.day * _DAY).day

        def counted(number: int) -> int:
            return number if number > 0 else length + 1 + number

        return any(counted(first) <= day.day <= counted(last) for first, last in self.days_of_month)

    def span_on(self, day: date, zone: Zone) -> Span:
        """From when to when it lasts if it begins on this *day*; empty where the clocks skip all of it."""
        midnight, hours = datetime.combine(day, time()), self.hours
        end = hours.end if hours.start < hours.end else hours.end + 24 * 60
        return Span(zone.instant(midnight + timedelta(minutes=hours.start)), zone.instant(midnight + timedelta(minutes=end)))


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A recurring time: any of its *windows*, in its *zone*. *name* is the interval's, empty where it is written out."""

    zone: Zone
    windows: tuple[Window, ...]
    name: str = ""

    def __contains__(self, instant: datetime) -> bool:
        local = self.zone.local(instant)
        # Where no change of the clocks is near, on almost every day, the wall clock tells. No zone has ever changed and
        # changed back within four days.
        if not local.utcoffset() == (local - 2 * _DAY).utcoffset() == (local + 2 * _DAY).utcoffset():
            return any(instant in span for span in self._around(instant))
        today, minute = local.date(), local.hour * 60 + local.minute
        for window in self.windows:
            start, end = window.hours.start, window.hours.end
            if start < end:
                if start <= minute < end and window.begins_on(today):
                    return True
            elif (minute >= start and window.begins_on(today)) or (minute < end and window.begins_on(today - _DAY)):
                return True
        return False

    def next_opening(self, after: datetime) -> datetime | None:
        """The first instant, not before *after*, that lies inside; None where none does within `HORIZON`."""
        today = self.zone.local(after).date()
        found: datetime | None = None
        last = HORIZON.days
        number = -2
        while number <= last:
            day = today + number * _DAY
            for window in self.windows:
                if window.begins_on(day):
                    span = window.span_on(day, self.zone)
                    opening = max(span.start, after)
                    if opening < span.end and (found is None or opening < found):
                        found = opening
                        # A change of the clocks, a whole day at most, may bring a later window forward.
                        last = min(last, number + 2)
            number += 1
        return found

    def next_closing(self, after: datetime) -> datetime | None:
        """The first instant, not before *after*, that lies outside; None where none does within `HORIZON`."""
        instant = after
        while instant - after < HORIZON:
            end = max((span.end for span in self._around(instant) if instant in span), default=None)
            if end is None:
                return instant
            instant = end
        return None

    def _around(self, instant: datetime) -> Iterator[Span]:
        """The spans that might hold this *instant*."""
        local = self.zone.local(instant)
        today = local.date()
        # The end of a window may be moved forward by a change of the clocks, over a midnight that no longer was its own.
        days = [today, today - _DAY, today - 2 * _DAY]
        if local.fold:
            # The clocks went back over midnight: tomorrow had begun already.
            days.append(today + _DAY)
        for window in self.windows:
            for day in days:
                if window.begins_on(day):
                    yield window.span_on(day, self.zone)


@dataclass(frozen=True, slots=True)
class Days:
    """Local calendar days, first and last included: leave, or a holiday."""

    first: date
    last: date
    reason: str = ""

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last
