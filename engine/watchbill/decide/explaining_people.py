"""Why somebody is paged, or is not: every level that could mean them, and where they stand on the schedules behind it.

Rule: who is reached and who has the watch is asked of `decide.oncall`, as every page asks it. What one layer says is asked of a
schedule that has this layer only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from watchbill.decide.bill import Bill
from watchbill.decide.oncall import is_among, last_day_of_leave, next_change, on_call, schedules_behind, shifts
from watchbill.model.explanation import Explanation, LookedAt, PersonExplained, Rung, Seat, Standing
from watchbill.model.forecast import PlannedEscalation, PlannedPage
from watchbill.model.ownership import Person
from watchbill.model.policies import Escalation
from watchbill.model.policyset import PolicySet
from watchbill.model.references import Target
from watchbill.model.schedule import Layer, Schedule
from watchbill.model.times import Span

AHEAD: Final = timedelta(days=92)
"""How far somebody's next turn is looked for."""


def explain_person(bill: Bill, explanation: Explanation, name: str) -> PersonExplained:
    """Why the person of this *name* is paged, or is not, in what is explained."""
    policies, plan = bill.policies, explanation.plan
    person = policies.people[name]
    pages = sorted(
        (page for escalation in plan.escalations for page in escalation.pages if any(each.name == name for each in page.people)),
        key=lambda page: page.at,
    )
    rungs = [_rung(policies, escalation, page, plan.team, name) for escalation in plan.escalations for page in _first_round(escalation)]
    taking_part = {escalation.policy for escalation in plan.escalations}
    others = (
        each
        for each in explanation.policies
        if each.policy.kind == "Escalation" and each.policy not in taking_part and bill.reaches(each.policy.team, plan.team)
    )
    return PersonExplained(
        person=person.ref,
        full_name=person.full_name,
        local_at=person.zone.local(plan.at),
        zone=person.zone.name,
        has_contacts=bool(person.contacts),
        pages=tuple(pages),
        rungs=tuple(rungs),
        others=tuple(each for each in others if _would_mean(policies, each, plan.team, name, plan.at)),
        besides=tuple(_besides(explanation, person)),
        away_until=last_day_of_leave(person, plan.at),
    )


def _first_round(escalation: PlannedEscalation) -> Iterator[PlannedPage]:
    """The first page of each level, the fallback team's among them."""
    seen: set[tuple[int, tuple[str, ...]]] = set()
    for page in escalation.pages:
        if (page.level, page.targets) not in seen:
            seen.add((page.level, page.targets))
            yield page


# --- levels -----------------------------------------------------------------------------


def _rung(policies: PolicySet, escalation: PlannedEscalation, page: PlannedPage, owner: str, name: str) -> Rung:
    asked_of = escalation.policy.team if escalation.proceeds else owner
    targets = _targets(policies, page)
    is_named = any(_means(policies, target, asked_of, name, page.at) for target in targets)
    is_paged = any(each.name == name for each in page.people)
    schedules = schedules_behind(policies, targets, asked_of, page.at)
    standings = tuple(_standing(policies, policies.schedules[schedule], name, page.at) for schedule in schedules)
    return Rung(page, is_named, is_paged, standings, page.note if not page.people or is_named else "")


def _targets(policies: PolicySet, page: PlannedPage) -> tuple[Target, ...]:
    """What a page was for, as it is declared; behind the last level comes the fallback team."""
    declared = policies.escalations.get(page.because.name) if page.because.kind == "Escalation" else None
    if declared is None or page.level >= len(declared.levels):
        return (Target("team", policies.settings.fallback_team),)
    return declared.levels[page.level].page


def _means(policies: PolicySet, target: Target, owner: str, name: str, at: datetime) -> bool:
    """Whether this *target* leads to the person, reachable or not. To page a team is to page its primary."""
    asked = Target("role", "primary", target.name) if target.kind == "team" else target
    return is_among(policies, (asked,), owner, name, at)


def _would_mean(policies: PolicySet, looked_at: LookedAt, owner: str, name: str, at: datetime) -> bool:
    """Whether an escalation that takes no part would lead to the person, at one of its levels, right now."""
    declared: Escalation | None = policies.escalations.get(looked_at.policy.name)
    asked_of = looked_at.policy.team if declared is not None and declared.proceed else owner
    levels = declared.levels if declared is not None else ()
    return any(_means(policies, target, asked_of, name, at) for level in levels for target in level.page)


# --- schedules --------------------------------------------------------------------------


def _standing(policies: PolicySet, schedule: Schedule, name: str, at: datetime) -> Standing:
    found = on_call(policies, schedule.name, at)
    overrides = [each for each in policies.overrides if each.schedule == schedule.name]
    standing_in = any(each.person == name and each.span.end > at for each in overrides)
    listed = any(name in layer.participants for layer in schedule.layers) or standing_in
    upcoming = (
        shift.span for shift in shifts(policies, schedule.name, Span(at, at + AHEAD)) if shift.person == name and shift.span.start > at
    )
    turn = next(upcoming, None) if listed else None
    return Standing(
        schedule=schedule.ref,
        at=at,
        holder=found.person,
        because=found.because,
        place=found.place,
        until=next_change(policies, schedule.name, at, at + AHEAD),
        seats=tuple(_seat(policies, schedule, layer, at) for layer in schedule.layers),
        is_listed=listed,
        layer=found.layer,
        override=found.override,
        next_at=turn.start if turn else None,
        next_until=turn.end if turn and turn.end < at + AHEAD else None,
    )


def _seat(policies: PolicySet, schedule: Schedule, layer: Layer, at: datetime) -> Seat:
    """What a *layer* says by itself: of a schedule with nothing else in it, and nothing above it."""
    alone = replace(policies, schedules={schedule.name: replace(schedule, layers=(layer,))}, overrides=())
    found = on_call(alone, schedule.name, at)
    return Seat(layer.name, found.person, found.because, layer.place)


# --- other ways -------------------------------------------------------------------------


def _besides(explanation: Explanation, person: Person) -> Iterable[str]:
    """How else this incident asks for somebody, in words."""
    plan, name = explanation.plan, person.name
    if plan.hub is not None:
        for invited, duty in plan.hub.invited:
            if invited == name:
                yield f"is asked into {plan.hub.channel or 'the hub'} ({duty.partition('/')[2] or duty})"
    for update in plan.updates:
        if update.reviewer is not None and update.reviewer.name == name:
            yield f"reads the update for {update.title} before it leaves"
