"""A plan for a terminal: read at three in the morning, on a phone, perhaps without colours.

Each section answers one question, in the order in which a reader asks: who is paged, where do we talk, what is
collected, who is told, what is repaired, and what is not done and why. Sections with nothing to say are left out,
except PAGE: that nobody is paged must be said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from watchbill.errors import Place
from watchbill.model.forecast import Plan, PlannedEscalation, PlannedPage, PlannedPerson
from watchbill.model.plan import Reason
from watchbill.report import plan_text_work, words
from watchbill.report.counts import count, listing, number_word
from watchbill.report.layout import MEASURE, joined, placed, table, table_width, wrap
from watchbill.report.paint import Line, Span, Style, line, paint_all
from watchbill.report.plain import plain
from watchbill.report.plan_text_work import GUTTER, headed, where

_SEVERITY: dict[str, Style] = {"critical": "critical", "warning": "warning", "info": "info"}


def plan_text(plan: Plan, *, width: int = 80, colour: bool = False) -> str:
    """The *plan* as text of at most *width* columns, and never wider than reads well."""
    measure = min(width, MEASURE)
    sections = [
        _warnings(plan, measure),
        _header(plan, measure),
        _page(plan, measure),
        plan_text_work.talk(plan, measure),
        plan_text_work.collect(plan, measure),
        plan_text_work.tell(plan, measure),
        plan_text_work.repair(plan, measure),
        _refused(plan, measure),
        _notes(plan, measure),
    ]
    blank: Line = ()
    lines = [each for section in sections if section for each in (*section, blank)]
    return paint_all(lines[:-1], colour)


def plans_text(plans: Sequence[Plan], *, width: int = 80, colour: bool = False) -> str:
    """The *plans* one after another, with a rule between them and a count on top where there are several."""
    texts = [plan_text(plan, width=width, colour=colour) for plan in plans]
    if len(texts) < 2:
        return "".join(texts)
    rule = "─" * min(width, MEASURE)
    return f"{count(len(texts), 'incident')}\n\n" + f"\n{rule}\n\n".join(texts)


# --- the head ---------------------------------------------------------------------------


def _warnings(plan: Plan, width: int) -> list[Line]:
    if not plan.quarantined:
        return []
    number = len(plan.quarantined)
    said = f"{count(number, 'document')} did not compile and {'is' if number == 1 else 'are'} not in this plan: "
    return headed("WARNING", line(Span(said, "warning"), ", ".join(map(plain, plan.quarantined))), width, style="warning")


def _header(plan: Plan, width: int) -> list[Line]:
    name = f"{plain(plan.lead.alert.name)} on {plain(plan.service.name)}" if plan.service else plain(plan.lead.alert.name)
    facts = [line(Span(plan.severity, _SEVERITY.get(plan.severity, "none")))]
    if plan.tier is not None:
        facts.append(line(f"tier {plan.tier}"))
    facts.append(line(plain(plan.team)))
    revision = f"revision\u00a0{plain(plan.revision)}, {words.instant(plan.at)}".replace(" UTC", "\u00a0UTC")
    lines = placed(line(Span(name, "strong"), "  ", joined(facts)), line(Span(revision, "aside")), width)
    title = plain(plan.title)
    if title and title not in (name, plain(plan.lead.alert.name)):
        lines += wrap(line(title), width, 2)
    if len(plan.alerts) > 1:
        lines += wrap(_others(plan), width, 2, 4)
    return lines + _claim(plan, width)


def _others(plan: Plan) -> Line:
    others = [alert for alert in plan.alerts if alert.fingerprint != plan.lead.fingerprint]
    names: dict[str, int] = {}
    for alert in others:
        names[plain(alert.alert.name)] = names.get(plain(alert.alert.name), 0) + 1
    said = ", ".join(name if number == 1 else f"{name} ({number})" for name, number in names.items())
    return line(f"with {count(len(others), 'more alert', 'more alerts')}: {said}")


def _claim(plan: Plan, width: int) -> list[Line]:
    note = plain(plan.claim.note)
    if plan.service is None:
        said = line(Span("claimed by no service", "warning"), f": {note}" if note else f": it goes to {plain(plan.team)}")
        return wrap(said, width, 2, 4)
    lines = placed(line(f"claimed by service {plain(plan.service.name)}"), where(plan.service.place), width, 2, 4)
    if plan.lead.unknown_severity is not None:
        word = plain(plan.lead.unknown_severity)
        said = line(Span(f"severity {word} is a word nobody has explained, so it counts as {plan.severity}", "warning"))
        lines += wrap(said, width, 2, 4)
    return lines


# --- who is paged -----------------------------------------------------------------------


def _page(plan: Plan, width: int) -> list[Line]:
    if not plan.escalations:
        return headed("PAGE", line(Span("nobody: no escalation takes part", "critical")), width)
    lines: list[Line] = []
    for number, escalation in enumerate(plan.escalations):
        label = "" if number else "PAGE"
        besides = " (besides the others)" if escalation.proceeds else ""
        said = line("also " if number else "", Span(plain(escalation.policy.name), "name"), f": {plain(escalation.why)}{besides}")
        lines += headed(label, said, width, escalation.policy.place)
        lines += _held(plan, escalation, width)
        lines += _rounds(plan, escalation, width)
    return lines


def _held(plan: Plan, escalation: PlannedEscalation, width: int) -> list[Line]:
    if escalation.held_until is None:
        return []
    for_what = listing([plain(name) for name in escalation.held_for])
    length = words.span(escalation.held_until - plan.at)
    until = words.clock(escalation.held_until, plan.at)
    said = line(f"held up to {length}, until ", Span(until, "time"), f", for {for_what}" if for_what else "")
    return wrap(said, width, 2, 4)


def _rounds(plan: Plan, escalation: PlannedEscalation, width: int) -> list[Line]:
    rounds = [tuple(pages) for _, pages in groupby(escalation.pages, key=lambda page: page.round)]
    if not rounds:
        return wrap(line(Span("nobody is paged", "critical")), width, 2)
    lines = _pages(plan, rounds[0], width)
    usual = _people_of(rounds[0])
    same = [pages for pages in rounds[1:] if _people_of(pages) == usual]
    last: list[str] = []
    if same:
        starts = [words.clock(pages[0].at, plan.at) for pages in same]
        last.append(f"then {number_word(len(same))} more {'round' if len(same) == 1 else 'rounds'}, at {listing(starts)}")
    for number, pages in enumerate(rounds[1:], start=2):
        if _people_of(pages) != usual:
            lines += wrap(line(f"then round {number}, when others are on call"), width, 2, 4)
            lines += _pages(plan, pages, width, unless=False)
    after = plain(escalation.after)
    if after:
        last.append(after if after.startswith(("then ", "nobody")) else f"then {after}")
    return lines + (wrap(line("; ".join(last)), width, 2, 4) if last else [])


def _people_of(pages: Iterable[PlannedPage]) -> list[tuple[int, tuple[str, ...]]]:
    return [(page.level, tuple(person.name for person in page.people)) for page in pages]


def _pages(plan: Plan, pages: Sequence[PlannedPage], width: int, *, unless: bool = True) -> list[Line]:
    """One row for each person, in columns common to all levels; why it is they beside it, or below where it is narrow."""
    rows = [row for page in pages for row in _rows(plan, page)]
    fits = bool(rows) and 2 + table_width(rows) <= width
    shown = rows if fits else [row[:-1] for row in rows]
    in_columns = bool(rows) and 2 + table_width(shown) <= width
    drawn = iter(table(shown, width) if in_columns else [])
    lines: list[Line] = []
    for number, page in enumerate(pages):
        if number == 1 and unless:
            lines += wrap(line(Span("unless somebody acknowledges", "aside")), width, 2)
        for row in _rows(plan, page):
            if in_columns:
                lines.append(next(drawn))
            else:
                lines += table([row[:-1]], width)
            if not fits and row[-1]:
                lines += wrap(row[-1], width, GUTTER + 1)
        lines += _nobody(plan, page, width)
    return lines


def _rows(plan: Plan, page: PlannedPage) -> list[list[Line]]:
    time = words.clock(page.at, plan.at)
    return [
        _row(plan, person, time if number == 0 else " " * len(time)) for number, person in enumerate(page.people)
    ]


def _row(plan: Plan, person: PlannedPerson, time: str) -> list[Line]:
    reached = words.contacts(person.contacts)
    return [
        line(Span(time, "time")),
        line(Span(plain(person.name), "name")),
        line(words.duty(person.duty)),
        line(reached.replace(" ", "\u00a0")) if reached else line(Span("no contact", "critical")),
        line(words.local_of(person).replace(" ", "\u00a0")),
        line(Span(plain(person.why), "aside")),
    ]


def _nobody(plan: Plan, page: PlannedPage, width: int) -> list[Line]:
    note = plain(page.note)
    if page.people:
        return wrap(line(Span(note, "warning")), width, GUTTER + 1) if note else []
    time = Span(words.clock(page.at, plan.at), "time")
    targets = words.whom(page.targets)
    said = line(time, "  ", Span("nobody", "critical"), f" for {targets}" if targets else "", f": {note}" if note else "")
    return wrap(said, width, 2, GUTTER + 1)


# --- what is not done -------------------------------------------------------------------


def _refused(plan: Plan, width: int) -> list[Line]:
    if not plan.refused:
        return []
    lines: list[Line] = [line(Span("NOT", "section"))]
    for reason in plan.refused:
        said = line(Span(plain(reason.policy.name), "name"), "  ", refusal(reason))
        lines += placed(said, where(reason.policy.place), width, 2, 4)
    return lines


def refusal(reason: Reason) -> str:
    """Why a policy does not take part: the first condition that failed, and what it met."""
    note, failed, saw = plain(reason.note), plain(reason.failed), plain(reason.saw)
    if not failed:
        return note or "does not apply"
    said = f"needs {failed}, saw {saw or 'nothing'}"
    return f"{said} ({note})" if note else said


def _notes(plan: Plan, width: int) -> list[Line]:
    lines: list[Line] = []
    for number, note in enumerate(plan.notes):
        lines += headed("" if number else "NOTE", line(plain(note)), width)
    return lines


