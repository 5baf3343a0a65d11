"""Who is on call, for a terminal: the person first, then until when and why; over a span, a table of turns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from watchbill.model.schedule import Shift
from watchbill.report import words
from watchbill.report.layout import MEASURE, annotated, wrap
from watchbill.report.paint import Line, Span, Style, line, paint_all
from watchbill.report.plain import plain
from watchbill.report.watches import Turns, Watch, WatchPerson

_BELOW = 6
"""Where a sentence about a row begins that has no room in it."""

_NOBODY: Final = {True: "nobody", False: "unknown"}
"""Who is on call where there is no person to show, by whether that is known."""


# --- at a moment ------------------------------------------------------------------------


def watches_text(watches: Sequence[Watch], at: datetime, *, width: int = 80, colour: bool = False) -> str:
    """Who is on call at this moment for each thing asked for: everybody by name, until when, and why.

    What has one person each stands in one table; a team or a service has a table of its roles.
    """
    measure = min(width, MEASURE)
    lines: list[Line] = [line(Span(f"on call at {words.instant(at)}", "strong"))]
    single = [watch for watch in watches if watch.what.startswith("schedule/")]
    if single:
        lines += [(), *_schedules(single, at, measure)]
    for watch in watches:
        if watch not in single:
            lines += [(), line(Span(plain(watch.what), "section")), *_roles(watch, at, measure)]
    return paint_all(lines, colour)


def _schedules(watches: Sequence[Watch], at: datetime, width: int) -> list[Line]:
    rows = [_row(plain(watch.what.partition("/")[2]), watch, at) for watch in watches]
    lines: list[Line] = []
    for drawn, watch in zip(annotated(rows, width, _BELOW), watches, strict=True):
        lines += drawn
        lines += _notes(watch, width)
    return lines


def _row(name: str, watch: Watch, at: datetime) -> list[Line]:
    if watch.people:
        return [line(name), *_person(watch.people[0], at)]
    until = f"until {words.clock(watch.until, at)}" if watch.until else ""
    return [line(name), line(Span(_NOBODY[watch.is_known], "critical")), line(Span(until, "time")), (), ()]


def _roles(watch: Watch, at: datetime, width: int) -> list[Line]:
    rows = [[line(plain(person.duty)), *_person(person, at)] for person in watch.people]
    lines = [each for drawn in annotated(rows, width, _BELOW) for each in drawn]
    if not rows:
        lines += wrap(line(Span(_NOBODY[watch.is_known], "critical")), width, 2)
    return lines + _notes(watch, width)


def _person(person: WatchPerson, at: datetime) -> list[Line]:
    until = f"until {words.clock(person.until, at)}" if person.until else "no end in sight"
    return [
        line(Span(plain(person.name), "name")),
        line(Span(until, "time")),
        line(words.local_clock(person.local_at, person.zone)),
        line(Span(plain(person.why), "aside")),
    ]


def _notes(watch: Watch, width: int) -> list[Line]:
    style: Style = "aside" if watch.people else "warning"
    return [each for note in watch.notes for each in wrap(line(Span(plain(note), style)), width, _BELOW, _BELOW + 2)]


# --- over a span ------------------------------------------------------------------------


def turns_text(turns: Sequence[Turns], *, width: int = 80, colour: bool = False) -> str:
    """The turns of each schedule over its span, one a row, in UTC; what nobody covers is said."""
    measure = min(width, MEASURE)
    lines: list[Line] = []
    for schedule in turns:
        if lines:
            lines.append(())
        span = f"{words.instant(schedule.span.start)} to {words.instant(schedule.span.end)}"
        lines += wrap(line(Span(plain(schedule.schedule), "section"), "  ", Span(span, "aside")), measure, 0, 2)
        rows = [_turn(shift) for shift in schedule.shifts]
        lines += [each for drawn in annotated(rows, measure, _BELOW) for each in drawn]
        lines += _gap(schedule, measure)
        for label in map(plain, schedule.left_out):
            said = f"{label.partition('/')[2]} cannot be reached in these turns: {label} is left out"
            lines += wrap(line(Span(said, "warning")), measure, 2, 4)
    return paint_all(lines, colour)


def _turn(shift: Shift) -> list[Line]:
    start, end = shift.span.start, shift.span.end
    same_day = words.clock(end, start) if words.is_same_day(start, end) else words.weekday(end)
    return [
        line(Span(words.weekday(start), "time")),
        line(Span(f"to {same_day}", "time")),
        line(Span(plain(shift.person), "name") if shift.person else Span("nobody", "critical")),
        line(words.span(end - start)),
        line(Span(plain(shift.because), "aside")),
    ]


def _gap(turns: Turns, width: int) -> list[Line]:
    if not turns.gap:
        return []
    meant = f"; that is meant: {plain(turns.gaps_allowed)}" if turns.gaps_allowed else ""
    said = f"nobody is on call for {words.span(turns.gap)} of this time{meant}"
    return wrap(line(Span(said, "aside" if meant else "warning")), width, 2, 4)
