"""What somebody is asked to approve, as they read it before they answer: the action, its arguments, the target, and the digest."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from watchbill.model.question import in_words
from watchbill.model.references import Json
from watchbill.report import words
from watchbill.report.incidents import QuestionShown
from watchbill.report.layout import wrap
from watchbill.report.paint import Line, Span, line
from watchbill.report.plain import plain


def question_lines(asked: QuestionShown, start: datetime, width: int, indent: int) -> list[Line]:
    """All that a yes to this would mean, down to its digest; times are told from *start* on."""
    on = f" on {plain(asked.target)}" if asked.target else ""
    lines = wrap(line(Span(plain(asked.action), "strong"), on), width, indent, indent + 2)
    for name, value in asked.arguments.items():
        lines += wrap(line(f"{plain(name)}: {plain(in_words(cast('Json', value)))}"), width, indent + 2, indent + 4)
    until = f", until {words.clock(asked.until, start)} UTC, unanswered it is a no" if asked.until is not None else ""
    lines += wrap(line(f"asked by {plain(asked.asked_by) or 'watchbill'}{until}"), width, indent, indent + 2)
    revision = f", of revision {plain(asked.revision)}" if asked.revision else ""
    return lines + wrap(line("digest ", Span(plain(asked.digest), "name"), revision), width, indent, indent + 2)
