"""Why and why not, for a terminal: the answer first, then what it rests on, line by line with its place and its last change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from watchbill.errors import Place
from watchbill.model.explanation import Asked, Explanation, LastChange, LookedAt, PersonExplained, Rung, Standing
from watchbill.model.references import Ref
from watchbill.report import explain_words, plan_text_page, plan_text_work, words
from watchbill.report.counts import count
from watchbill.report.layout import MEASURE, entry, placed, sizes_of, wrap
from watchbill.report.paint import Line, Span, line, paint_all
from watchbill.report.plain import plain
from watchbill.report.plan_text import header, notes, warnings
from watchbill.report.sections import DETAIL, place_text, where

_DEEP = DETAIL + 2


@dataclass(frozen=True, slots=True)
class Answer:
    """One explanation, and what of it was asked for.

    *about* is the policy, person, audience or service in question, None for everything. *looked_at* is what was looked at for
    it, *who* the person, and *changes* who last changed which line.
    """

    explanation: Explanation
    about: Ref | None
    looked_at: tuple[LookedAt, ...]
    who: PersonExplained | None = None
    changes: Mapping[Place, LastChange] = field(default_factory=dict)

    @property
    def sentences(self) -> list[str]:
        """The answer in words; none where nothing was asked for by name."""
        if self.about is None:
            return []
        if self.who is not None:
            return explain_words.person_answer(self.explanation, self.who)
        if not self.looked_at and (self.about.kind != "Audience" or not self.explanation.plan.lead.is_firing):
            return [explain_words.unasked(self.explanation, self.about)]
        if self.about.kind == "Audience":
            return [explain_words.audience_answer(self.explanation, self.about.name, self.looked_at)]
        if self.about.kind == "Service":
            return [explain_words.service_answer(each) for each in self.looked_at]
        return [explain_words.policy_answer(each) for each in self.looked_at]


def answers_text(answers: Sequence[Answer], *, width: int = 80, colour: bool = False) -> str:
    """The *answers* one after another, with a rule between them."""
    measure = min(width, MEASURE)
    lines: list[Line] = warnings(answers[0].explanation.plan, measure, "explanation") if answers else []
    for number, answer in enumerate(answers):
        lines += [(), line(Span("─" * measure, "aside")), ()] if number else []
        lines += _answer(answer, measure)
    return paint_all(lines, colour)


def _answer(answer: Answer, width: int) -> list[Line]:
    lines = header(answer.explanation.plan, width)
    if answer.sentences:
        lines += [(), *wrap(line(" ".join(answer.sentences)), width)]
    if answer.about is None:
        return lines + _everything(answer, width) + _notes(answer, width)
    if answer.who is not None:
        return lines + _person(answer, answer.who, width)
    lines += _asked(answer, width)
    return lines + _what_it_does(answer, width)


# --- everything -------------------------------------------------------------------------


def _everything(answer: Answer, width: int) -> list[Line]:
    """What was looked at, kind by kind: what takes part first, then the first condition of each other that failed."""
    lines: list[Line] = []
    for kind, group in groupby(answer.looked_at, key=lambda each: "Service" if each in answer.explanation.services else each.policy.kind):
        members = list(group)
        lines += [(), *_heading(kind.upper(), members)]
        rows = [_row(each) for each in members]
        for row, each in zip(rows, members, strict=True):
            lines += entry(row, sizes_of(rows), width)
            lines += _source(answer, each.place, width, DETAIL)
    return lines


def _notes(answer: Answer, width: int) -> list[Line]:
    noted = notes(answer.explanation.plan, width)
    return [(), *noted] if noted else []


def _heading(name: str, members: Sequence[LookedAt]) -> list[Line]:
    # What no service claims goes to a team, and a team claims nothing.
    members = [each for each in members if name != "SERVICE" or each.policy.kind == "Service"]
    taking = sum(each.applied for each in members)
    verb = "claim" if name == "SERVICE" else "take"
    said = f"{taking} of {len(members)} {verb}{'s' if taking == 1 else ''} {'it' if name == 'SERVICE' else 'part'}"
    return [line(Span(name, "section"), "  ", Span(said, "aside"))]


def _row(looked_at: LookedAt) -> list[Line]:
    mark = Span("yes", "good") if looked_at.applied else Span("no")
    return [line(mark), line(Span(plain(looked_at.policy.name), "name")), line(explain_words.reason(looked_at))]


def _source(answer: Answer, place: Place, width: int, indent: int, *, shown: Place | None = None) -> list[Line]:
    """Where something stands, unless that is *shown* already, and who last changed that line."""
    change = answer.changes.get(place)
    is_shown = shown is not None and (shown.file, shown.line) == (place.file, place.line)
    parts = ([] if is_shown else [place_text(place)]) + ([explain_words.changed(change)] if change is not None else [])
    return wrap(line(Span(", ".join(parts), "aside")), width, indent, indent + 2) if parts else []


# --- one thing --------------------------------------------------------------------------


def _asked(answer: Answer, width: int) -> list[Line]:
    """What each policy in question said to each alert, and who last changed the line that decided."""
    lines: list[Line] = []
    for each in answer.looked_at:
        is_service = each.policy.kind == "Service"
        yes, no = ("claims it", "does not claim it") if is_service else ("takes part", "takes no part")
        name = line(Span(plain(str(each.policy)), "section"), "  ", Span(yes if each.applied else no, "aside"))
        lines += [(), *placed(wrap(name, width, 0, 2), where(each.policy.place), width)]
        # What a policy does is shown below in full, and what it asked for matters where it asked in vain.
        if each.reason.kind not in ("matcher", "when"):
            lines += wrap(line(explain_words.reason(each)), width, 2, 4)
            lines += _source(answer, each.place, width, 4, shown=each.policy.place)
        lines += _by_alert(answer, each, width)
    return lines


def _by_alert(answer: Answer, looked_at: LookedAt, width: int) -> list[Line]:
    rows = [[line(Span(plain(asked.alert), "name")), line(_said(asked))] for asked in looked_at.asked]
    lines: list[Line] = []
    for number, (row, asked) in enumerate(zip(rows, looked_at.asked, strict=True)):
        again = number and looked_at.asked[number - 1].fingerprint == asked.fingerprint
        lines += entry([line(" " * sizes_of(rows)[0]) if again else row[0], row[1]], sizes_of(rows), width)
        if asked.refusal is not None:
            lines += _source(answer, asked.place, width, 4)
    return lines


def _said(asked: Asked) -> str:
    return "all that it asks for holds" if asked.refusal is None else words.refusal(asked.refusal)


def _what_it_does(answer: Answer, width: int) -> list[Line]:
    """What the policies in question would do, as a plan shows it."""
    plan = answer.explanation.plan
    refs = {each.policy for each in answer.looked_at if each.applied}
    only = replace(
        plan,
        escalations=tuple(each for each in plan.escalations if each.policy in refs),
        evidence=tuple(each for each in plan.evidence if each.because in refs),
        updates=tuple(each for each in plan.updates if each.because in refs),
        repairs=tuple(each for each in plan.repairs if each.because in {every.policy for every in answer.looked_at}),
    )
    sections = (
        plan_text_page.page(only, width) if only.escalations else [],
        plan_text_work.collect(only, width),
        plan_text_work.tell(only, width),
        plan_text_work.repair(only, width),
    )
    blank: Line = ()
    return [each for section in sections if section for each in (blank, *section)]


# --- people ---------------------------------------------------------------------------


def _person(answer: Answer, who: PersonExplained, width: int) -> list[Line]:
    plan, name = answer.explanation.plan, plain(who.person.name)
    local = words.local_clock(who.local_at, who.zone)
    about = line(Span(name, "section"), f"  {plain(who.full_name)}", f" · {local}" if local else "")
    lines: list[Line] = [(), *placed(wrap(about, width, 0, 2), where(who.person.place), width)]
    if who.away_until is not None:
        lines += wrap(line(Span(f"on leave until {who.away_until:%Y-%m-%d}", "warning")), width, 2)
    if not who.has_contacts:
        lines += wrap(line(Span("no contact", "critical")), width, 2)
    for policy, group in groupby(who.rungs, key=lambda rung: rung.page.because):
        escalation = next((each for each in plan.escalations if each.policy == policy), None)
        why = f": {plain(escalation.why)}" if escalation is not None and escalation.why else ""
        head = line(Span("LEVELS", "section"), "  ", Span(plain(policy.name), "name"), why)
        lines += [(), *placed(wrap(head, width, 0, 8), where(policy.place), width)]
        for rung in group:
            lines += _rung(answer, who, rung, width)
    return lines + _others(answer, who, width)


def _rung(answer: Answer, who: PersonExplained, rung: Rung, width: int) -> list[Line]:
    """One level: when it falls due, whom it means, and where the person stands on the schedules behind it."""
    plan, page, name = answer.explanation.plan, rung.page, plain(who.person.name)
    people = [line(Span(plain(each.name), "name"), f" ({plain(each.why)})") for each in page.people]
    said = line(Span(words.clock(page.at, plan.at), "time"), "  ", words.whom(page.targets), ": ")
    for number, each in enumerate(people):
        said = line(said, ", " if number else "", each)
    if not people:
        said = line(said, Span("nobody", "critical"))
    lines = placed(wrap(said, width, 2, DETAIL), where(page.place), width)
    remark = explain_words.rung_said(rung, name)
    if remark:
        lines += wrap(line(Span(remark, "strong" if rung.is_paged else "warning")), width, DETAIL, _DEEP)
    for standing in rung.standings:
        lines += _standing(answer, standing, name, width)
    return lines


def _standing(answer: Answer, standing: Standing, name: str, width: int) -> list[Line]:
    if not standing.is_listed:
        return wrap(line(Span(explain_words.next_turn(standing, name), "aside")), width, DETAIL, _DEEP)
    lines: list[Line] = []
    if standing.holder != name:
        at = answer.explanation.plan.at
        lines += wrap(line(explain_words.standing_said(standing, name, at)), width, DETAIL, _DEEP)
        lines += _source(answer, standing.place, width, _DEEP)
    lines += wrap(line(explain_words.next_turn(standing, name)), width, DETAIL, _DEEP)
    return lines


def _others(answer: Answer, who: PersonExplained, width: int) -> list[Line]:
    """Escalations that would lead to the person and take no part; of no interest where another one does."""
    if not who.others or who.pages:
        return []
    number = count(len(who.others), "escalation")
    verb = "leads" if len(who.others) == 1 else "lead"
    said = f"{number} that {verb} to {plain(who.person.name)} and {'takes' if len(who.others) == 1 else 'take'} no part"
    lines: list[Line] = [(), *wrap(line(Span("NOT", "section"), "  ", Span(said, "aside")), width, 0, 5)]
    rows = [[line(Span(plain(each.policy.name), "name")), line(words.refusal(each.reason))] for each in who.others]
    for row, each in zip(rows, who.others, strict=True):
        lines += entry(row, sizes_of(rows), width)
        lines += _source(answer, each.place, width, DETAIL)
    return lines
