"""A timeline for a terminal: readable on a phone, forty columns wide, without colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from watchbill.errors import Place
from watchbill.expressions.durations import format_duration
from watchbill.model.timeline import Happening, Timeline
from watchbill.report import words
from watchbill.report.layout import MEASURE, placed, wrap
from watchbill.report.paint import Line, Span, Style, line, paint_all
from watchbill.report.plain import columns, plain
from watchbill.report.sections import where

ROOMY: Final = 60
"""From this width on each line also says how long after the beginning it is."""

_WORD: Final = 10
"""The width of the word that says what sort of thing happens, where there is room for a column of them."""

_STYLES: Final[dict[str, Style]] = {"page": "critical", "fails": "critical", "status": "strong", "alert": "warning", "done": "good"}


def timelines_text(timelines: Sequence[Timeline], *, width: int = 80, colour: bool = False) -> str:
    """The *timelines* one after another, each with a line on top and one that says how it stands at the end."""
    measure = min(width, MEASURE)
    lines: list[Line] = []
    for number, timeline in enumerate(timelines):
        lines += [(), line(Span("─" * measure, "aside")), ()] if number else []
        lines += _timeline(timeline, measure)
    return paint_all(lines, colour)


def _timeline(timeline: Timeline, width: int) -> list[Line]:
    head = wrap(line(Span(plain(timeline.title), "strong")), width)
    lines = placed(head, line(Span(words.instant(timeline.at), "aside")), width, 0)
    lines.append(())
    following = Following(timeline.at, width, is_to_the_second=timeline.at.microsecond > 0)
    for happening in timeline.happenings:
        lines += following.told(happening)
    lines.append(())
    return lines + ended(timeline.until - timeline.at, timeline.status, width)


class Following:
    """Tells what happens to an incident that began at *start*, one happening after another; what was said with one is not said again.

    Seconds are shown where there are some, and *is_to_the_second* everywhere: what really happens keeps to no minute.
    """

    def __init__(self, start: datetime, width: int, *, is_to_the_second: bool) -> None:
        self.start, self.width, self.is_to_the_second = start, width, is_to_the_second
        self._before: Happening | None = None
        self._told: set[tuple[str, Place | None]] = set()

    def told(self, happening: Happening) -> list[Line]:
        """The lines of the next *happening*."""
        source = (happening.because, happening.place)
        # Said once is enough: on a phone every line counts.
        shown = replace(happening, because="", place=None) if source in self._told else happening
        self._told.add(source)
        lines = self._lines(shown)
        self._before = happening
        return lines

    def _lines(self, happening: Happening) -> list[Line]:
        """One line: the time once for all that happens then, the word, the sentence, and below it why and where."""
        width = self.width
        stamp = self._stamp(happening.at)
        if self._before is not None and self._stamp(self._before.at) == stamp:
            stamp = " " * columns(stamp)
        indent = columns(stamp) + 2
        word = Span(plain(happening.what), _STYLES.get(happening.what, "name"))
        hanging = indent + (_WORD if width >= ROOMY else 2)
        if width >= ROOMY:
            rows = wrap(line(plain(happening.text)), width, hanging) or [()]
            rows[0] = line(Span(stamp, "time"), "  ", word, " " * (_WORD - len(word.text)), *rows[0][1:])
        else:
            rows = wrap(line(word, " ", plain(happening.text)), width, indent, hanging)
            rows[0] = line(Span(stamp, "time"), "  ", *rows[0][1:])
        because = "" if happening.because in happening.text else plain(happening.because)
        aside = ": ".join(part for part in (because, plain(happening.note)) if part)
        if aside:
            rows += wrap(line(Span(aside, "aside")), width, hanging)
        return placed(rows, where(happening.place), width, hanging) if happening.place is not None else rows

    def _stamp(self, at: datetime) -> str:
        after = f"  +{span_of(at - self.start)}".ljust(9) if self.width >= ROOMY else ""
        return words.clock(at, self.start) + (f":{at:%S}" if at.second or self.is_to_the_second else "") + after


def ended(after: timedelta, status: str, width: int) -> list[Line]:
    """The last line: how long it took, and how it stands."""
    return wrap(line(Span(f"after {span_of(after)}: {plain(status)}", "strong")), width)


def span_of(span: timedelta) -> str:
    """A *span* for people: to the second, and never below nothing, for clocks differ."""
    return format_duration(max(timedelta(seconds=int(span.total_seconds())), timedelta(0)))
