"""Who is on call, for a terminal: the person first, then until when and why; over a span, a table of turns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from watchbill.report import words
from watchbill.report.layout import MEASURE, table, wrap
from watchbill.report.paint import Line, Span, line, paint_all
from watchbill.report.plain import plain
from watchbill.report.watches import Turns, Watch, WatchPerson


def watches_text(watches: Sequence[Watch], at: datetime, *, width: int = 80, colour: bool = False) -> str:
    """Who is on call at this moment for each thing asked for: everybody by name, until when, and why."""
    measure = min(width, MEASURE)
    lines: list[Line] = [line(Span(f"on call at {words.instant(at)}", "strong"))]
    for watch in watches:
        lines += [(), *_watch(watch, at, measure)]
    return paint_all(lines, colour)


def _watch(watch: Watch, at: datetime, width: int) -> list[Line]:
    lines: list[Line] = [line(Span(plain(watch.what), "section"))]
    lines += table([_person(person, at) for person in watch.people], width)
    if not watch.people:
        until = f", until {words.clock(watch.until, at)}" if watch.until else ""
        lines += wrap(line(Span("nobody", "critical"), until), width, 2, 4)
    for note in watch.notes:
        lines += wrap(line(Span(plain(note), "aside" if watch.people else "warning")), width, 2, 4)
    return lines


def _person(person: WatchPerson, at: datetime) -> list[Line]:
    until = f"until {words.clock(person.until, at)}" if person.until else "until further notice"
    there = words.local_clock(person.local_at, person.zone)
    return [
        line(Span(plain(person.name), "name")),
        line(Span(until.replace(" ", "\u00a0"), "time")),
        line(there.replace(" ", "\u00a0")),
        line(Span(plain(person.why), "aside")),
    ]


def turns_text(turns: Sequence[Turns], *, width: int = 80, colour: bool = False) -> str:
    """The turns of each schedule over its span, one a row, in UTC; what nobody covers is said."""
    measure = min(width, MEASURE)
    lines: list[Line] = []
    for schedule in turns:
        if lines:
            lines.append(())
        span = f"{words.instant(schedule.span.start)} to {words.instant(schedule.span.end)}"
        lines += wrap(line(Span(plain(schedule.schedule), "section"), "  ", Span(span, "aside")), measure, 0, 2)
        lines += table(
            [
                [
                    line(Span(f"{_moment(shift.span.start)}\u00a0to\u00a0{_moment(shift.span.end)}", "time")),
                    line(Span(plain(shift.person), "name") if shift.person else Span("nobody", "critical")),
                    line(words.span(shift.span.end - shift.span.start)),
                    line(Span(plain(shift.because), "aside")),
                ]
                for shift in schedule.shifts
            ],
            measure,
        )
        if schedule.gap:
            meant = f"; that is meant: {plain(schedule.gaps_allowed)}" if schedule.gaps_allowed else ""
            said = f"nobody is on call for {words.span(schedule.gap)} of this time{meant}"
            lines += wrap(line(Span(said, "aside" if meant else "warning")), measure, 2, 4)
    return paint_all(lines, colour)


def _moment(moment: datetime) -> str:
    return words.weekday(moment).replace(" ", "\u00a0")
