"""The section of a plan about people: who is paged, when, how, and why it is they."""

from __future__ import annotations

from collections.abc import Sequence

from watchbill.expressions.durations import format_duration
from watchbill.model.forecast import Plan, PlannedEscalation, PlannedPage, PlannedPerson
from watchbill.report import words
from watchbill.report.layout import annotated, wrap
from watchbill.report.paint import Line, Span, line
from watchbill.report.plain import plain
from watchbill.report.rounds import again, blocks, fallback
from watchbill.report.sections import DETAIL, headed


def page(plan: Plan, width: int) -> list[Line]:
    """Every escalation that takes part: why, what it waits for, its first round person by person, and then what follows."""
    if not plan.escalations:
        return headed("PAGE", line(Span(f"nobody: {words.nobody(plan)}", "critical")), width)
    lines: list[Line] = []
    for number, escalation in enumerate(plan.escalations):
        besides = Span("besides, ") if escalation.proceeds else ""
        said = line(besides, Span(plain(escalation.policy.name), "name"), f": {plain(escalation.why)}")
        lines += headed("" if number else "PAGE", said, width, escalation.policy.place)
        lines += _held(plan, escalation, width)
        lines += _rounds(plan, escalation, width)
    return lines


def _held(plan: Plan, escalation: PlannedEscalation, width: int) -> list[Line]:
    if escalation.held_until is None:
        return []
    said = words.held(plan, escalation)
    return wrap(line(Span(said, "strong")), width, 2, 4)


# --- rounds -----------------------------------------------------------------------------


def _rounds(plan: Plan, escalation: PlannedEscalation, width: int) -> list[Line]:
    """The first round in full; a further one only where others would be paged than in the one before."""
    if not escalation.pages:
        return wrap(line(Span("nobody is paged", "critical")), width, 2)
    lines: list[Line] = []
    for block in blocks(escalation):
        if block.number > 1:
            lines += wrap(line("then, with others on call"), width, 2, 4)
        unless = (
            f"unless somebody acknowledges, which holds for {format_duration(escalation.acknowledged_for)}" if block.number == 1 else ""
        )
        lines += _pages(plan, block.first, width, unless)
        lines += wrap(line(again(plan, block)), width, 2, 4)
    last = fallback(escalation)
    if last:
        lines += wrap(line("then the fallback team"), width, 2, 4)
        lines += _pages(plan, last, width)
    return lines + wrap(line(words.afterwards(escalation)), width, 2, 4)


# --- people -----------------------------------------------------------------------------


def _pages(plan: Plan, pages: Sequence[PlannedPage], width: int, unless: str = "") -> list[Line]:
    """A row for each person, in columns common to all levels; why it is they beside it, or below where it is narrow."""
    rows = [_row(plan, page, person) for page in pages for person in page.people]
    drawn = iter(annotated(rows, width, DETAIL, keep=3))
    lines: list[Line] = []
    paged = False
    for page in pages:
        if paged and unless:
            lines += wrap(line(Span(unless, "aside")), width, 2, 4)
            unless = ""
        for person in page.people:
            lines += next(drawn)
            idle = words.marked_contacts(person.contacts)
            lines += wrap(line(Span(idle, "warning")), width, DETAIL, DETAIL + 2) if idle else []
        lines += _nobody(plan, page, width)
        paged = paged or bool(page.people)
    return lines


def _row(plan: Plan, page: PlannedPage, person: PlannedPerson) -> list[Line]:
    time = words.clock(page.at, plan.at)
    reached = words.contacts(person.contacts)
    return [
        line(Span(time, "time")) if person is page.people[0] else line(" " * len(time)),
        line(Span(plain(person.name), "name")),
        line(words.duty(person.duty)),
        line(reached) if reached else line(Span("no contact", "critical")),
        line(words.local_of(person)),
        line(Span(_why(person), "aside")),
    ]


def _why(person: PlannedPerson) -> str:
    """Why it is they, unless the duty has said it already."""
    why = plain(person.why)
    return "" if why == words.duty(person.duty) else why


def _nobody(plan: Plan, page: PlannedPage, width: int) -> list[Line]:
    note = plain(page.note)
    if page.people:
        return wrap(line(Span(note, "warning")), width, DETAIL) if note else []
    time = Span(words.clock(page.at, plan.at), "time")
    said = line(time, "  ", Span(f"nobody for {words.whom(page.targets)}", "critical"), f": {note}" if note else "")
    return wrap(said, width, 2, DETAIL)
