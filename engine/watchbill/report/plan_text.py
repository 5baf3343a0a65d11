"""A plan for a terminal: read at three in the morning, on a phone, perhaps without colours.

Each section answers one question, in the order in which a reader asks: who is paged, where do we talk, what is
collected, who is told, what is repaired, and what is not done and why. Sections with nothing to say are left out,
except PAGE: that nobody is paged must be said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from watchbill.model.forecast import Plan
from watchbill.report import plan_text_page, plan_text_work, words
from watchbill.report.counts import count
from watchbill.report.layout import MEASURE, entry, flow, placed, sizes_of, wrap
from watchbill.report.paint import Line, Span, Style, line, paint_all
from watchbill.report.plain import plain
from watchbill.report.sections import headed, where

_SEVERITY: Final[dict[str, Style]] = {"critical": "critical", "warning": "warning", "info": "info"}


def plan_text(plan: Plan, *, width: int = 80, colour: bool = False) -> str:
    """The *plan* as text of at most *width* columns, and never wider than reads well."""
    return paint_all(warnings(plan, min(width, MEASURE)) + _sections(plan, min(width, MEASURE)), colour)


def plans_text(plans: Sequence[Plan], *, width: int = 80, colour: bool = False) -> str:
    """The *plans* one after another, with a rule between them and a count on top where there are several."""
    if not plans:
        return ""
    measure = min(width, MEASURE)
    lines = warnings(plans[0], measure)
    if len(plans) > 1:
        lines += [line(f"these alerts make {count(len(plans), 'incident')}"), ()]
    for number, plan in enumerate(plans):
        lines += [(), line(Span("─" * measure, "aside")), ()] if number else []
        lines += _sections(plan, measure)
    return paint_all(lines, colour)


def _sections(plan: Plan, width: int) -> list[Line]:
    sections = (
        header(plan, width),
        plan_text_page.page(plan, width),
        plan_text_work.talk(plan, width),
        plan_text_work.collect(plan, width),
        plan_text_work.tell(plan, width),
        plan_text_work.repair(plan, width),
        _refused(plan, width),
        notes(plan, width),
    )
    blank: Line = ()
    return [each for section in sections if section for each in (*section, blank)][:-1]


# --- the head ---------------------------------------------------------------------------


def warnings(plan: Plan, width: int, name: str = "plan") -> list[Line]:
    """What is not in a plan, or in what has another *name*, because it did not compile; nothing where all did."""
    if not plan.quarantined:
        return []
    number = len(plan.quarantined)
    said = f"{count(number, 'document')} did not compile and {'is' if number == 1 else 'are'} not in this {name}: "
    return [*headed("WARNING", line(Span(said, "warning"), ", ".join(map(plain, plan.quarantined))), width, style="warning"), ()]


def header(plan: Plan, width: int) -> list[Line]:
    """What the incident is called, how bad it is, whose it is; by which revision, and for when."""
    facts = [line(Span(plan.severity, _SEVERITY.get(plan.severity, "none")))]
    if plan.tier is not None:
        facts.append(line(f"tier {plan.tier}"))
    facts.append(line(plain(plan.team)))
    name = line(Span(plain(plan.title), "strong"), "   ")
    rows = flow([line(name, facts[0]), *facts[1:]], width, 0, 2)
    revision = f"revision {plain(plan.revision)}, {words.instant(plan.at)}"
    lines = placed(rows, line(Span(revision, "aside")), width, 2)
    if len(plan.alerts) > 1:
        lines += wrap(_others(plan), width, 2, 4)
    return lines + _claim(plan, width)


def _others(plan: Plan) -> Line:
    """The alerts besides the lead, by name."""
    numbers: dict[str, int] = {}
    for alert in plan.alerts:
        if alert.fingerprint != plan.lead.fingerprint:
            name = plain(alert.alert.name) + ("" if alert.is_firing else ", resolved")
            numbers[name] = numbers.get(name, 0) + 1
    said = "; ".join(name if number == 1 else f"{name} ({number} times)" for name, number in numbers.items())
    return line(f"with {count(sum(numbers.values()), 'more alert')}: {said}")


def _claim(plan: Plan, width: int) -> list[Line]:
    note = plain(plan.claim.note)
    if plan.service is None:
        return wrap(line(Span(note or f"no service claims it: it goes to {plain(plan.team)}", "warning")), width, 2, 4)
    matchers = note.removeprefix("claimed by ")
    said = line(f"claimed by service {plain(plan.service.name)}", f": {matchers}" if matchers else "")
    return placed(wrap(said, width, 2, 4), where(plan.service.place), width)


# --- what is not done -------------------------------------------------------------------


def _refused(plan: Plan, width: int) -> list[Line]:
    if not plan.refused:
        return []
    rows = [[line(Span(plain(each.policy.name), "name")), line(words.refusal(each))] for each in plan.refused]
    lines: list[Line] = [line(Span("NOT", "section"))]
    for row, reason in zip(rows, plan.refused, strict=True):
        lines += placed(entry(row, sizes_of(rows), width), where(reason.policy.place), width)
    return lines


def notes(plan: Plan, width: int) -> list[Line]:
    """What else a reader should know."""
    lines: list[Line] = []
    for number, note in enumerate(plan.notes):
        lines += headed("" if number else "NOTE", line(plain(note)), width)
    return lines
