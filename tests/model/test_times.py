"""Recurring times: when they are open, and when they next open and close."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.makers import a_recurrence, a_silence, a_window, a_zone, at
from watchbill.model.times import Hours, Recurrence, Window

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

CLOCKS = {
    "Europe/Lisbon": "2026-03-29",
    "America/New_York": "2026-11-01",
    "Australia/Lord_Howe": "2026-04-05",
    "Africa/Cairo": "2026-04-24",
    "America/St_Johns": "2010-11-07",
    "Pacific/Apia": "2011-12-30",
    "UTC": "2028-02-29",
}
"""Zones, each with a day on which its clocks change: by an hour, by half of one, at midnight, just after it, by a day, never."""


# --- the slow way ---------------------------------------------------------------------


@cache
def clock(zone: str) -> dict[datetime, datetime]:
    """For each minute of the wall clock around the change the instant it means: the first, and for a skipped one what follows."""
    rules = a_zone(zone).rules
    first: dict[datetime, datetime] = {}
    for each in MINUTES:
        instant = middle(zone) + each * MINUTE
        first.setdefault(instant.astimezone(rules).replace(tzinfo=None), instant)
    wall, last = min(first), max(first)
    while wall < last:
        wall += MINUTE
        if wall not in first:
            first[wall] = first[wall - MINUTE] + MINUTE
    return first


MINUTES = range(-8 * 1440, 8 * 1440)
"""The minutes that are looked at, from the one on which the day of the change begins in UTC."""


def scanned(recurrence: Recurrence) -> bytearray:
    """For each of the `MINUTES`, whether any window is open, by going through all days."""
    zone = recurrence.zone.name
    minutes = clock(zone)
    found = bytearray(len(MINUTES))
    for day in sorted({wall.date() for wall in minutes})[1:-2]:
        midnight = datetime.combine(day, time())
        for window in recurrence.windows:
            start, end = window.hours.start, window.hours.end
            if comes(window, day):
                until = midnight + (DAY if end <= start else timedelta(0)) + end * MINUTE
                opens, closes = number(zone, minutes[midnight + start * MINUTE]), number(zone, minutes[until])
                found[opens:closes] = b"\1" * max(0, closes - opens)
    return found


def number(zone: str, instant: datetime) -> int:
    """Which of the `MINUTES` this is, from 0."""
    return (instant - middle(zone)) // MINUTE - MINUTES.start


def middle(zone: str) -> datetime:
    return datetime.fromisoformat(CLOCKS[zone]).replace(tzinfo=UTC)


def comes(window: Window, day: date) -> bool:
    """Whether the window begins on this day; the days of its month are counted from either end."""
    month = month_of(day)
    from_start, from_end = month.index(day) + 1, month.index(day) - len(month)
    numbers = [
        (from_start if first > 0 else from_end) >= first and (from_start if last > 0 else from_end) <= last
        for first, last in window.days_of_month
    ]
    in_year = not window.years or any(day.year in range(first, last + 1) for first, last in window.years)
    in_month = not window.months or day.month in window.months
    return in_year and in_month and day.isoweekday() in window.hours.days and (not numbers or any(numbers))


@cache
def month_of(day: date) -> list[date]:
    """All days of this day's month."""
    first = day.replace(day=1)
    return [each for number in range(31) if (each := first + number * DAY).month == day.month]


# --- the laws -------------------------------------------------------------------------

minutes_of_day = st.integers(0, 1439)
weekdays = st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days)))
ranges = st.sampled_from([(1, 7), (28, 31), (29, 29), (-7, -1), (-1, -1), (5, -1), (-31, 3), (30, -2)])


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Any window, often a whole day, an edge of the night hours, or one across midnight."""
    start = draw(st.one_of(minutes_of_day, st.sampled_from([0, 30, 60, 90, 120, 1439])))
    end = draw(st.one_of(st.integers(0, 1440), st.sampled_from([0, 1, 61, 90, 180, 1440])))
    return Window(
        Hours(draw(weekdays), start, end),
        tuple(draw(st.lists(ranges, max_size=2))),
        draw(st.sampled_from([(), (), (12, 1), (2, 3, 4), (11,)])),
        draw(st.sampled_from([(), (), ((2010, 2011),), ((2026, 2026), (2028, 2028))])),
    )


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    return Recurrence(a_zone(draw(st.sampled_from(list(CLOCKS)))), tuple(draw(st.lists(windows(), max_size=3))))


@st.composite
def moments(draw: st.DrawFn) -> tuple[Recurrence, datetime]:
    """A recurrence, and a minute near the change of its clocks."""
    recurrence = draw(recurrences())
    return recurrence, middle(recurrence.zone.name) + draw(st.integers(-3 * 1440, 3 * 1440)) * MINUTE


@settings(max_examples=300)
@given(moments())
def test_it_is_open_when_a_scan_of_the_wall_clock_says_so(moment: tuple[Recurrence, datetime]):
    """
    For all windows and zones, an instant is inside exactly if a minute-by-minute reading of the clock says so.
    """
    recurrence, instant = moment

    assert (instant in recurrence) == scanned(recurrence)[number(recurrence.zone.name, instant)]


@settings(max_examples=200)
@given(moments())
def test_the_next_opening_is_inside_and_nothing_before_it_is(moment: tuple[Recurrence, datetime]):
    """
    What opens next is the first minute that a scan finds inside, and where that finds none it is later or never.
    """
    recurrence, after = moment
    first = number(recurrence.zone.name, after)
    minutes = scanned(recurrence).find(1, first, first + 3 * 1440)

    found = recurrence.next_opening(after)

    if minutes >= 0:
        assert found == after + (minutes - first) * MINUTE
    else:
        assert found is None or (found >= after + 3 * DAY and found in recurrence)


@settings(max_examples=200)
@given(moments())
def test_the_next_closing_is_outside_and_nothing_before_it_is(moment: tuple[Recurrence, datetime]):
    """
    What closes next is the first minute that a scan finds outside, and where that finds none it is later or never.
    """
    recurrence, after = moment
    first = number(recurrence.zone.name, after)
    minutes = scanned(recurrence).find(0, first, first + 3 * 1440)

    found = recurrence.next_closing(after)

    if minutes >= 0:
        assert found == after + (minutes - first) * MINUTE
    else:
        assert found is None or (found >= after + 3 * DAY and found not in recurrence)


# --- examples -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instant", "is_inside"),
    [
        ("2026-10-25T00:29:59Z", False),
        ("2026-10-25T00:30:00Z", True),
        ("2026-10-25T00:44:59Z", True),
        ("2026-10-25T00:45:00Z", False),
        ("2026-10-25T01:30:00Z", False),
    ],
)
def test_a_repeated_time_means_the_first(instant: str, is_inside: bool):
    """
    A window inside the hour that comes twice is open the first time only, to the second.
    """
    assert (at(instant) in a_recurrence(a_window("01:30", "01:45"), zone="Europe/Lisbon")) == is_inside


def test_a_skipped_time_moves_forward():
    """
    A window inside the hour that is skipped opens as long after it as it would have begun after its start.
    """
    lisbon = a_recurrence(a_window("01:30", "01:45"), zone="Europe/Lisbon")

    assert lisbon.next_opening(at("2026-03-29T00:00Z")) == at("2026-03-29T01:30Z")
    assert lisbon.next_closing(at("2026-03-29T01:30Z")) == at("2026-03-29T01:45Z")


def test_a_window_across_midnight_belongs_to_the_day_on_which_it_begins():
    """
    Of Friday nights in December, the last ends in January, on a Saturday.
    """
    nights = a_recurrence(a_window("22:00", "06:00", "fri", months=[12]))

    assert at("2027-01-01T05:59Z") not in nights
    assert at("2022-12-31T05:59Z") in nights
    assert at("2021-12-31T22:00Z") in nights
    assert at("2022-01-01T05:59Z") in nights


def test_windows_that_touch_close_once():
    """
    Where one window ends another begins, and the time between the weekdays' first and last is one.
    """
    weekdays = a_recurrence(a_window("00:00", "12:00", "mon-fri"), a_window("12:00", "24:00", "mon-fri"))

    assert weekdays.next_closing(at("2026-11-23T00:00Z")) == at("2026-11-28T00:00Z")
    assert weekdays.next_opening(at("2026-11-28T00:00Z")) == at("2026-11-30T00:00Z")


def test_an_instant_inside_is_its_own_opening_and_one_outside_its_own_closing():
    """
    Looked for is the first instant not before the one that is asked.
    """
    office = a_recurrence()

    assert office.next_opening(at("2026-11-23T09:00Z")) == at("2026-11-23T09:00Z")
    assert office.next_closing(at("2026-11-23T18:00Z")) == at("2026-11-23T18:00Z")


def test_what_comes_once_in_four_years_is_found():
    """
    A leap day opens up to four years later.
    """
    leap = a_recurrence(a_window(days_of_month=[(29, 29)], months=[2]))

    assert leap.next_opening(at("2024-03-01T00:00Z")) == at("2028-02-29T00:00Z")


def test_what_never_comes_has_no_opening():
    """
    What lies in the past, or in no calendar, does not open.
    """
    past = a_recurrence(a_window(years=[(2020, 2021)]))
    never = a_recurrence(a_window(days_of_month=[(31, 31)], months=[4]))

    assert past.next_opening(at("2026-01-01T00:00Z")) is None
    assert never.next_opening(at("2026-01-01T00:00Z")) is None


def test_what_is_always_open_never_closes():
    """
    All days, all of the day: there is no closing.
    """
    assert a_recurrence(a_window()).next_closing(at("2026-11-23T12:00Z")) is None


def test_a_silence_is_in_force_from_its_start_to_its_end():
    """
    The start counts, the end does not; a recurring one counts in its interval only.
    """
    dated = a_silence(start="2026-11-23T10:00Z", end="2026-11-23T12:00Z")
    recurring = a_silence(start=None, end="2026-12-01T00:00Z", during=a_recurrence())

    assert [dated.is_in_force(at(f"2026-11-23T{hour}:00Z")) for hour in ("09", "10", "11", "12")] == [False, True, True, False]
    assert [recurring.is_in_force(at(f"2026-{day}T12:00Z")) for day in ("11-23", "11-28", "12-01")] == [True, False, False]
