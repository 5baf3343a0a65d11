"""Stops of unattended work, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from watchbill.report import words
from watchbill.report.incidents import Stop
from watchbill.report.layout import MEASURE, wrap
from watchbill.report.paint import Line, Span, line, paint_all
from watchbill.report.plain import plain
from watchbill.report.timeline_text import span_of

_MEANS: Final = {
    "freeze": "nothing begins by itself",
    "kill": "nothing begins by itself, and what had begun by itself is stopped",
}


def stops_text(stops: Sequence[Stop], at: datetime, *, width: int = 80, colour: bool = False) -> str:
    """These *stops* one after another: of what, by whom, why, until when, and how to lift those that hold."""
    measure = min(width, MEASURE)
    lines: list[Line] = [] if stops else [line("no freeze and no kill holds")]
    for each in stops:
        lines += stop_lines(each, at, measure)
    return paint_all(lines, colour)


def stop_lines(stop: Stop, at: datetime, width: int) -> list[Line]:
    """One *stop*: of what, why, by whom, until when, and how it is lifted."""
    is_over = stop.lifted_at is not None or (stop.until is not None and stop.until <= at)
    head = line(Span(f"{plain(stop.kind)} {stop.id}", "aside" if is_over else "warning"), f" of {_of(stop)}: {plain(stop.reason)}")
    lines = wrap(head, width, 0, 2)
    since = f"by {plain(stop.by)}, at {words.instant(stop.at.replace(microsecond=0))}"
    lines += wrap(line(Span(since, "aside")), width, 2, 4)
    if stop.lifted_at is not None:
        ends = f"lifted by {plain(stop.lifted_by or 'nobody')}, at {words.instant(stop.lifted_at)}"
    elif is_over and stop.until is not None:
        ends = f"over since {words.instant(stop.until)}"
    else:
        until = f"until {words.instant(stop.until)}, in {span_of(stop.until - at)}; sooner with" if stop.until is not None else "until"
        ends = f"{_MEANS.get(stop.kind, 'it holds')}, {until} `watchbill lift {stop.id}`"
    return lines + wrap(line(ends), width, 2, 4)


def _of(stop: Stop) -> str:
    return f"{plain(stop.scope)} {plain(stop.name)}" if stop.name else "everything"
