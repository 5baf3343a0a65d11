"""A timeline for a terminal: readable on a phone, forty columns wide, without colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
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
    before: Happening | None = None
    told: set[tuple[str, Place | None]] = set()
    for happening in timeline.happenings:
        source = (happening.because, happening.place)
        # Said once is enough: on a phone every line counts.
        shown = replace(happening, because="", place=None) if source in told else happening
        told.add(source)
        lines += _happening(timeline, shown, before, width)
        before = happening
    lines.append(())
    lasting = format_duration(timeline.until - timeline.at)
    return lines + wrap(line(Span(f"after {lasting}: {timeline.status}", "strong")), width)


def _happening(timeline: Timeline, happening: Happening, before: Happening | None, width: int) -> list[Line]:
    """One line: the time once for all that happens then, the word, the sentence, and below it why and where."""
    clock = _clock(happening.at, timeline.at)
    after = format_duration(happening.at - timeline.at) if width >= ROOMY else ""
    stamp = clock + (f"  +{after}".ljust(9) if after else "")
    if before is not None and before.at == happening.at:
        stamp = " " * columns(stamp)
    indent = columns(stamp) + 2
    word = Span(happening.what, _STYLES.get(happening.what, "name"))
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


def _clock(at: datetime, start: datetime) -> str:
    text = words.clock(at, start)
    return text + (f":{at:%S}" if at.second else "")
