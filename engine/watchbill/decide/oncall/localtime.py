"""Wall clocks and instants as whole seconds, so that days and hours are plain integers.

A *wall* is what a clock on the wall shows, in seconds since its own 1 January 1970; *now* is the same of UTC.
On almost every day a zone is *calm*: its offset does not change for two days either way, and then wall and instant
differ by one constant. Only around a change of the clocks is the zone itself asked.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from watchbill.model.times import Hours, Zone

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86400

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WALL_EPOCH: Final = datetime(1970, 1, 1)
_EPOCH_ORDINAL: Final = _EPOCH.toordinal()
_SECOND: Final = timedelta(seconds=1)


def seconds(instant: datetime) -> int:
    """The whole seconds of an *instant*. Every boundary lies on a whole second, so nothing is lost by it."""
    return (instant - _EPOCH) // _SECOND


def instant(now: int) -> datetime:
    """The UTC instant of these seconds."""
    return _EPOCH + timedelta(seconds=now)


def wall_of(local: datetime) -> int:
    """The wall of a naive *local* time."""
    return (local - _WALL_EPOCH) // _SECOND


def day_of(day: date) -> int:
    """The number of a calendar *day*, counted from 1 January 1970."""
    return day.toordinal() - _EPOCH_ORDINAL


def date_of(day: int) -> date:
    """The calendar day of this number."""
    return date.fromordinal(day + _EPOCH_ORDINAL)


@lru_cache(maxsize=4096)
def instant_of(rules: tzinfo, wall: int) -> int:
    """The one instant that a *wall* means: a skipped one moves forward, a repeated one is the first."""
    local = _WALL_EPOCH + timedelta(seconds=wall)
    return seconds(local.replace(tzinfo=rules, fold=0))


@lru_cache(maxsize=4096)
def _calm_offset(rules: tzinfo, utc_day: int) -> int | None:
    """The offset of this day in UTC, or None where it is not the same from two days before to two days after."""
    start = instant(utc_day * DAY)
    offsets = {(start + timedelta(hours=hours)).astimezone(rules).utcoffset() for hours in range(-48, 73, 12)}
    if len(offsets) > 1:
        return None
    offset = offsets.pop()
    return None if offset is None else offset // _SECOND


class LocalTime(NamedTuple):
    """One instant as the clocks of one zone show it, and the way back from walls near it.

    *calm* is the zone's offset where no change is near. It may then be used for walls far away too, as long as
    what comes out is only compared with *now*: a change moves a wall by a day at most, and far is more than two.
    """

    rules: tzinfo
    now: int
    wall: int
    calm: int | None

    def instant(self, wall: int) -> int:
        """The instant that a *wall* means."""
        return instant_of(self.rules, wall) if self.calm is None else wall - self.calm

    def day(self) -> int:
        """The number of the local day; a day begins at the one instant that its midnight means."""
        day = self.wall // DAY
        if self.calm is None:
            if self.instant((day + 1) * DAY) <= self.now:
                return day + 1
            if self.instant(day * DAY) > self.now:
                return day - 1
        return day

    def is_within(self, window: Hours) -> bool:
        """Whether a daily *window* is open: from the instant its start means to the one its end means."""
        today = self.wall // DAY
        start, end = window.start * MINUTE, window.end * MINUTE
        if end <= start:
            end += DAY
        # Where clocks change at midnight, a window of tomorrow may be open already, or one from two days ago be open still.
        days = (today, today - 1) if self.calm is not None else (today + 1, today, today - 1, today - 2)
        return any(
            iso_weekday(day) in window.days and self.instant(day * DAY + start) <= self.now < self.instant(day * DAY + end) for day in days
        )


def local_time(zone: Zone, now: int) -> LocalTime:
    """What the clocks of this *zone* show at *now*."""
    calm = _calm_offset(zone.rules, now // DAY)
    if calm is not None:
        return LocalTime(zone.rules, now, now + calm, calm)
    return LocalTime(zone.rules, now, wall_of(zone.local(instant(now)).replace(tzinfo=None)), None)


def iso_weekday(day: int) -> int:
    """The weekday of a numbered day; Monday is 1, and 1 January 1970 was a Thursday."""
    return (day + 3) % 7 + 1
