"""Explanations in sentences, as a colleague would say them; the same for people and for programs."""

from __future__ import annotations

from datetime import date, datetime

from watchbill.model.explanation import Explanation, LastChange, LookedAt, PersonExplained, Rung, Standing
from watchbill.model.forecast import PlannedPage, PlannedPerson
from watchbill.model.references import Ref
from watchbill.report import words
from watchbill.report.counts import listing
from watchbill.report.plain import plain

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def reason(looked_at: LookedAt) -> str:
    """Why a policy takes part, or the first condition that failed and what it met."""
    if looked_at.applied:
        return plain(looked_at.reason.note) or "takes part"
    return words.refusal(looked_at.reason)


def changed(change: LastChange) -> str:
    """Who last changed a line: ``changed 2026-11-02 by Ana Sousa in 4f2c1d9``."""
    if change.at is None:
        return "changed since the last commit"
    return f"changed {change.at:%Y-%m-%d} by {plain(change.author) or 'nobody known'} in {plain(change.revision)}"


# --- people ---------------------------------------------------------------------------


def person_answer(explanation: Explanation, who: PersonExplained) -> list[str]:
    """Whether somebody is paged, when and why; or why not, and when they would be."""
    name = plain(who.person.name)
    sentences = _paged(explanation, who) if who.pages else _not_paged(explanation, who)
    sentences += [f"{name} {plain(way)}." for way in who.besides]
    return sentences


def _paged(explanation: Explanation, who: PersonExplained) -> list[str]:
    plan, first = explanation.plan, who.pages[0]
    person = next(each for each in first.people if each.name == who.person.name)
    before = [page for escalation in plan.escalations for page in escalation.pages if page.at < first.at and page.people]
    unless = ", unless somebody acknowledges before" if before else ""
    name, when = plain(who.person.name), words.clock(first.at, plan.at)
    sentences = [f"{name} is paged at {when}{unless}. {plain(first.because.name)} calls {_as(person)}."]
    held = next((escalation for escalation in plan.escalations if escalation.policy == first.because), None)
    if held is not None and held.held_until is not None and first.at == held.held_until:
        sentences.append(f"The page is {words.held(plan, held)}.")
    later = [words.clock(page.at, plan.at) for page in who.pages[1:]]
    if later:
        sentences.append(f"If nobody acknowledges, it comes again at {listing(later)}.")
    return sentences


def _as(person: PlannedPerson) -> str:
    """The duty in which somebody is called, and how it came to them."""
    if person.duty.startswith("person/"):
        return f"{plain(person.name)} by name"
    return f"{words.duty(person.duty)}, and that is {plain(person.name)} ({plain(person.why)})"


def _not_paged(explanation: Explanation, who: PersonExplained) -> list[str]:
    plan, name = explanation.plan, plain(who.person.name)
    sentences = [f"{name} is not paged."]
    if not who.rungs:
        return [*sentences, "Nobody is: no escalation takes part." if plan.lead.is_firing else "Nobody is: the alerts have ended."]
    sentences += _calls(explanation, who)
    if who.away_until is not None:
        sentences.append(f"{name} is on leave until {_day(who.away_until)}.")
    elif not who.has_contacts:
        sentences.append(f"{name} has no contact, so no page could reach {name}.")
    said = [standing_said(each, name, plan.at) for rung in who.rungs for each in rung.standings if each.is_listed]
    sentences += [
        f"{sentence[0].upper()}{sentence[1:]}." if not sentence.startswith(name) else f"{sentence}." for sentence in dict.fromkeys(said)
    ]
    if not said and not any(rung.is_named for rung in who.rungs):
        sentences.append(f"None of them leads to {name}.")
    return sentences + _next(who)


def _next(who: PersonExplained) -> list[str]:
    """When somebody next has a watch by which these levels would call them."""
    turns = [each for rung in who.rungs for each in rung.standings if each.next_at is not None]
    first = min(turns, key=lambda each: (each.next_at is None, each.next_at), default=None)
    if first is None or first.next_at is None:
        return []
    return [f"{plain(who.person.name)} has the watch next on {plain(first.schedule.name)}, from {words.weekday(first.next_at)} UTC."]


def _calls(explanation: Explanation, who: PersonExplained) -> list[str]:
    """Whom the levels call instead, as in ``payments-critical calls primary (mei) and lead (cy)``."""
    sentences: list[str] = []
    for escalation in explanation.plan.escalations:
        pages = [rung.page for rung in who.rungs if rung.page.because == escalation.policy]
        own = [_called(page) for page in pages if page.round <= escalation.repeat]
        last = [_called(page) for page in pages if page.round > escalation.repeat]
        in_the_end = f", and in the end {listing(last)}" if last else ""
        if own or last:
            sentences.append(f"{plain(escalation.policy.name)} calls {listing(own) or 'nobody'}{in_the_end}.")
    return sentences


def _called(page: PlannedPage) -> str:
    whom = words.whom(page.targets)
    people = listing([plain(person.name) for person in page.people]) or "nobody"
    return whom if [whom] == [person.name for person in page.people] else f"{whom} ({people})"


def standing_said(standing: Standing, name: str, at: datetime) -> str:
    """Why somebody who takes turns on a schedule has not got the watch, without a stop; and that they have it, where they do."""
    schedule = plain(standing.schedule.name)
    if standing.holder == name:
        return f"{name} has the watch on {schedule}"
    holder, until = plain(standing.holder or "nobody"), f" until {words.clock(standing.until, at)}" if standing.until else ""
    layers = [plain(seat.layer) for seat in standing.seats if seat.person == name]
    if standing.override is not None:
        whose = f"it is {name}'s turn on {schedule}, and " if standing.layer in layers else f"on {schedule} "
        return f"{whose}the override {plain(standing.override.name)} gives {holder} the watch{until}"
    if layers and standing.layer is not None:
        above = f"the layer {plain(standing.layer)} stands above it and gives {holder} the watch{until}"
        return f"it is {name}'s turn in the layer {layers[-1]} of {schedule}, and {above}"
    return f"it is not {name}'s turn on {schedule}: {holder} has the watch{until}, by {plain(standing.because)}"


def next_turn(standing: Standing, name: str) -> str:
    """When somebody next has the watch on a schedule, as far as that is in sight."""
    schedule = plain(standing.schedule.name)
    if not standing.is_listed:
        return f"{name} takes no turns on {schedule}"
    if standing.next_at is None:
        return f"{name} has no turn on {schedule} in the next three months"
    until = f" to {words.weekday(standing.next_until)}" if standing.next_until else ""
    return f"{name}'s next turn on {schedule}: {words.weekday(standing.next_at)}{until} UTC"


def rung_said(rung: Rung, name: str) -> str:
    """What one level means for somebody."""
    if rung.is_paged:
        return f"that is {name}"
    if rung.is_named:
        return plain(rung.note) or f"it means {name}, who is not reached"
    return plain(rung.note)


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}"


# --- policies ---------------------------------------------------------------------------


def unasked(explanation: Explanation, about: Ref) -> str:
    """Why a policy was not looked at."""
    if not explanation.plan.lead.is_firing:
        return f"{plain(about.name)} was not asked: the alerts have ended."
    if about.kind == "Guardrail":
        return f"{plain(about.name)} was not asked: it limits remediations, and none applies."
    return f"{plain(about.name)} was not asked."


def policy_answer(looked_at: LookedAt) -> str:
    """Whether a policy takes part, and why, in one sentence."""
    name = plain(looked_at.policy.name)
    if looked_at.applied:
        return f"{name} takes part ({reason(looked_at)})."
    return f"{name} takes no part: {reason(looked_at)}."


def service_answer(looked_at: LookedAt) -> str:
    """Whether a service claims the alerts, and why, in one sentence."""
    name = plain(looked_at.policy.name)
    note = plain(looked_at.reason.note)
    if looked_at.applied and note.startswith("claimed by "):
        return f"{name} claims it: {note.removeprefix('claimed by ')}."
    if looked_at.applied:
        return f"{note}."
    if looked_at.reason.kind == "rival":
        return f"{name} does not claim it: its claim holds, and is {note}."
    return f"{name} does not claim it: a claim {words.refusal(looked_at.reason)}."


def audience_answer(explanation: Explanation, audience: str, looked_at: tuple[LookedAt, ...]) -> str:
    """Whether an audience is told, by when and through which policy, in one sentence."""
    plan = explanation.plan
    update = next((each for each in plan.updates if each.audience == audience), None)
    if update is not None:
        due = f"by {words.clock(update.due_at, plan.at)}"
        return f"{plain(audience)} is told {due}, as {plain(update.because.name)} says: {words.how_told(plan, update)}."
    if not looked_at:
        return f"{plain(audience)} is not told: no Comms is for it."
    return f"{plain(audience)} is not told: none of {len(looked_at)} Comms for it takes part."
