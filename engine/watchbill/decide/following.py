"""What follows from how an incident stands: everything it brings is planned here, and taken back when it is over.

Planning again is harmless: a step that is there already stays as it is; its id tells.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from watchbill.decide import collecting, paging, repairing, talking, updating
from watchbill.decide.draft import Draft
from watchbill.decide.grouping import grouping_of
from watchbill.decide.selecting import Chosen
from watchbill.model.change import AlertsTaken, StatusChanged, Trigger
from watchbill.model.severity import RANK


def plan(draft: Draft, *, anew: bool, again: bool = False, note: str = "") -> None:
    """Plan everything the incident brings. With *anew* an escalation that was over may begin again.

    With *again* those begin that were at work last, whichever would win now; the first page of each says the *note* besides.
    """
    applying = repairing.candidates(draft)
    held_until = repairing.withheld_until(draft, applying)
    if not draft.fold.calling:
        _stand_down(draft)
    elif draft.fold.status == "triggered" and not _goes_on(draft, anew=anew) and not _has_eased(draft):
        chosen = _as_before(draft, paging.choose(draft)) if again else paging.choose(draft)
        first_at = max(held_until or draft.now, _gathered_at(draft))
        paging.begin(draft, chosen, held_until, first_at, anew=anew, note=note)
        talking.plan_hub(draft, chosen.escalation, first_at)
    if held_until is None:
        paging.release(draft, "not every alert waits for a remediation")
    collecting.plan_evidence(draft)
    updating.plan_updates(draft)
    repairing.plan_repairs(draft, applying)


def _as_before(draft: Draft, chosen: Chosen) -> Chosen:
    """What was *chosen*, with the escalation that was at work last in the place of the winner, and those that took part besides."""
    besides = {each.ref.name: each for each in chosen.besides}
    winner = chosen.escalation
    for run in draft.fold.escalations:
        escalation = paging.escalation_named(draft, run)
        if escalation is not None and run.proceeds:
            besides.setdefault(run.policy.name, escalation)
        elif escalation is not None:
            winner = escalation
    return replace(chosen, escalation=winner, besides=tuple(besides.values()))


def _stand_down(draft: Draft) -> None:
    """Call nobody and repair nothing: every alert that fires is silenced or hidden. With all silenced, nobody is told either."""
    why = "; ".join(dict.fromkeys(muting.why for muting in draft.fold.muted.values())) or "no alert fires"
    paging.end_all(draft, why)
    repairing.stand_down(draft, why)
    if not draft.fold.acting:
        draft.withdraw(tuple(step for step in draft.steps("update", "remind", "review", "offer") if step.is_pending), why)


def _gathered_at(draft: Draft) -> datetime:
    """Until when paging waits for further alerts of the same disturbance, as the `Grouping` of its lead says."""
    grouping = grouping_of(draft.bill, draft.fold.lead, draft.now, [])
    return draft.fold.opened_at + grouping.wait if grouping is not None else draft.fold.opened_at


def _goes_on(draft: Draft, *, anew: bool) -> bool:
    """Whether an incident that comes and goes goes on with the escalation that has called people for it before."""
    return draft.fold.flapping is not None and not anew and paging.resume(draft)


def _has_eased(draft: Draft) -> bool:
    """Whether the worst alert has ended while people are being called for it: a fall in severity withdraws nothing."""
    at_work = any(not run.proceeds and not run.is_over for run in draft.fold.escalations)
    return at_work and RANK[draft.fold.lead.severity] < RANK[draft.fold.severity]


def change_status(draft: Draft, trigger: Trigger, by: str = "") -> None:
    """Take this row of the transitions, and tell those who are to hear of it."""
    draft.record(StatusChanged(trigger, draft.now, by))
    updating.status_changed(draft)


def resolve(draft: Draft, by: str) -> bool:
    """End the incident, because *by* says so or (nobody) because its alerts have ended; whether it was not over already."""
    if not draft.fold.may("resolve"):
        return False
    _end_declared(draft)
    change_status(draft, "resolve", by)
    why = f"resolved by {by}" if by else "all its alerts have ended"
    paging.end_all(draft, why)
    # What is still verified worked, or is nobody's concern any more: its time must not run out and undo the repair.
    others = (step for step in draft.fold.steps.values() if step.kind not in ("update", "remind"))
    draft.withdraw(tuple(step for step in others if step.is_pending or step.kind == "verify"), why)
    return True


def _end_declared(draft: Draft) -> None:
    """End what people declared: nobody else will say that it is over."""
    declared = tuple(each for each in draft.fold.firing if each.alert.is_declared)
    if declared:
        ended = tuple(replace(each, alert=replace(each.alert, status="resolved", ends_at=draft.now)) for each in declared)
        draft.record(AlertsTaken(ended, draft.now))


def wake(draft: Draft) -> None:
    """An incident that somebody put off is triggered again once that time has come."""
    until = draft.fold.snoozed_until
    if until is not None and until <= draft.now and draft.fold.may("snooze-end"):
        change_status(draft, "snooze-end")
        plan(draft, anew=True)


def stop(draft: Draft) -> None:
    """A kill: what runs by itself stops, and is offered to people instead."""
    if repairing.stop_unattended(draft) and draft.fold.status != "resolved":
        plan(draft, anew=False)
