"""Live silences, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from watchbill.report import words
from watchbill.report.counts import count
from watchbill.report.incidents import Silenced
from watchbill.report.layout import MEASURE, wrap
from watchbill.report.paint import Line, Span, line, paint_all
from watchbill.report.plain import plain
from watchbill.report.timeline_text import span_of

SHORT: Final = 8
"""Letters of an id that are shown where they mean one silence only."""


def silences_text(silences: Sequence[Silenced], at: datetime, *, width: int = 80, colour: bool = False) -> str:
    """These *silences* one after another: whose, why, of what, by whom, until when, and how to end those that hold."""
    measure = min(width, MEASURE)
    lines: list[Line] = [] if silences else [line("no live silence holds")]
    for each in silences:
        is_alone = sum(other.id.startswith(each.id[:SHORT]) for other in silences) == 1
        lines += _silence(each, each.id[:SHORT] if is_alone else each.id, at, measure)
    return paint_all(lines, colour)


def _silence(its: Silenced, name: str, at: datetime, width: int) -> list[Line]:
    is_over = its.state == "expired"
    head = line(Span(f"silence {plain(name)}", "aside" if is_over else "warning"), f" of team {plain(its.team)}: {plain(its.reason)}")
    lines = wrap(head, width, 0, 2)
    for matcher in its.match:
        lines += wrap(line(plain(matcher)), width, 4, 6)
    lines += wrap(line(Span(f"by {plain(its.by)}, at {words.instant(its.at.replace(microsecond=0))}", "aside")), width, 2, 4)
    return lines + wrap(line(_ends(its, name, at)), width, 2, 4)


def _ends(its: Silenced, name: str, at: datetime) -> str:
    if its.expired_at is not None:
        return f"ended by {plain(its.expired_by or 'nobody')}, at {words.instant(its.expired_at.replace(microsecond=0))}"
    if its.state == "expired":
        return f"over since {words.instant(its.ends_at.replace(microsecond=0))}"
    ends = words.instant(its.ends_at.replace(microsecond=0))
    until = f"until {ends}, in {span_of(its.ends_at - at)}; sooner with `watchbill unsilence {name}`"
    if its.state == "pending":
        return f"begins {words.instant(its.starts_at.replace(microsecond=0))}; {until}"
    return f"holds back {count(its.alerts, 'alert')} now, {until}"
