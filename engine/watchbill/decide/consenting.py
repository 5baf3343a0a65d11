"""What people say of remediations: start what is offered, try again what failed, yes or no to what waits for approval.

Rule 1: whoever says it is checked at that moment against `allow.run` or `allow.approve` of the policies in force; nobody approves what
they started.
Rule 2: guards and guardrails are asked as for what runs by itself, except that a freeze may let people through.
Rule 3: whatever is refused changes nothing, and says why.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from watchbill.decide import questions
from watchbill.decide.collecting import about
from watchbill.decide.draft import Answer, Draft
from watchbill.decide.guarding import Permission, permission
from watchbill.decide.repairing import (
    action_of,
    declared,
    fail,
    is_shadow,
    name_of,
    precondition_holds,
    run_of,
    started_by,
)
from watchbill.expressions.conditions import explain_condition
from watchbill.expressions.problems import ExpressionError
from watchbill.model.change import RepairObserved
from watchbill.model.plan import Call, Duty, Step, step_id
from watchbill.model.policies import Remediation
from watchbill.model.question import STARTED_BY, target_of

APPROVAL = "approval"
"""The duty of whoever approved a step of a remediation, in its people."""


# --- start and try again --------------------------------------------------------------


def request(draft: Draft, offer: Step, by: str) -> Answer:
    """Start the remediation of this *offer*, because *by* says so."""
    remediation = declared(draft, offer)
    if remediation is None or not remediation.steps:
        return False, f"{offer.because.name} is declared no more"
    slot = f"{offer.slot}/{remediation.steps[0].name}"
    identity = step_id(draft.fold.id, "repair", offer.because.name, slot, offer.round)
    # One that was stopped by hand is there already, and is begun again as the step that it is.
    first = draft.fold.steps.get(identity) or Step(
        identity, "repair", offer.because, offer.place, slot, offer.round, draft.now, about=offer.about
    )
    said = _begin(draft, first, by, f"started by {by}")
    if said[0]:
        draft.change(offer, state="done", note=f"started by {by}")
    return said


def retry(draft: Draft, step: Step, by: str) -> Answer:
    """Try this *step* of a remediation again, because *by* says so; it is still the same step."""
    if any(each.state in ("planned", "started") and run_of(each) == run_of(step) for each in draft.steps("rollback")):
        return False, f"{step.because.name} is being undone"
    # A person's wish begins the count of its attempts anew.
    said = _begin(draft, replace(step, retried=0, error=""), by, f"tried again by {by}")
    if said[0] and step.id in draft.fold.held_since:
        draft.record(RepairObserved(step.id, None))
    return said


def _begin(draft: Draft, step: Step, by: str, note: str) -> Answer:
    """Begin this *step*, or let it wait for a yes, unless something forbids it."""
    remediation = declared(draft, step)
    action = action_of(remediation, step) if remediation is not None else None
    if remediation is None or action is None:
        return False, f"{step.because.name} is declared no more"
    is_first = step.kind == "repair" and name_of(step) == remediation.steps[0].name
    if not questions.is_allowed(draft, questions.runners(draft, remediation, begins=is_first), by):
        return False, f"{by} is not among those who may run it"
    allowed = permission(draft, remediation, about(draft, step), target_of(step), by_person=True, begun_at=step.started_at)
    forbidden = _forbidden(draft, remediation, step, allowed, is_first=is_first)
    if forbidden:
        return False, forbidden
    use, timeout = action
    try:
        calls = (draft.fill(use, about(draft, step), target=target_of(step)),)
    except ExpressionError as problem:
        return False, problem.message
    draft.add(step)
    people = (Duty(by, STARTED_BY, note),)
    if is_first and allowed.approvals and not is_shadow(draft, remediation):
        return _ask(draft, remediation, step, allowed, calls, timeout=timeout, due_at=draft.now, people=people, note=note)
    if is_shadow(draft, remediation):
        note = f"shadow; {note}"
    draft.start(step, calls=calls, timeout=timeout, due_at=draft.now, people=people, answer_by=None, retry_at=None, note=note)
    return True, note


def _forbidden(draft: Draft, remediation: Remediation, step: Step, allowed: Permission, *, is_first: bool) -> str:
    """Why this *step* may not begin now, though a person asks for it; empty where it may."""
    # What goes on with a run that has begun was counted when that began. A freeze that holds for people holds for it too.
    stopped = [each for each in allowed.forecasts if not each.passes and (is_first or each.kind == "freeze")]
    if allowed.phase == "opportunity":
        return "an opportunity: nobody may start it"
    if stopped:
        return stopped[0].text
    if is_first and not precondition_holds(draft, remediation, about(draft, step)):
        condition = remediation.precondition
        failed, saw = ("", "") if condition is None else explain_condition(condition, draft.context(about(draft, step)))[1:]
        return f"its precondition does not hold: {failed}" + (f", saw {saw}" if saw else "")
    return ""


def _ask(draft: Draft, remediation: Remediation, step: Step, allowed: Permission, calls: tuple[Call, ...], **fields: Any) -> Answer:
    note = f"{fields.pop('note')}; waits for {allowed.approvals} to approve"
    answer_by = draft.now + remediation.approval_expires
    asked = draft.change(step, state="waiting", calls=calls, answer_by=answer_by, retry_at=None, note=note, **fields)
    questions.ask(draft, asked, remediation)
    return True, note


# --- yes and no -----------------------------------------------------------------------


def approve(draft: Draft, step: Step, by: str) -> Answer:
    """One more person said yes; with the last one it begins. Nobody counts twice, and only those asked count."""
    remediation = declared(draft, step)
    if remediation is None:
        draft.withdraw((step,), "it is declared no more")
        return False, f"{step.because.name} is declared no more"
    if step.answer_by is not None and step.answer_by <= draft.now:
        # The clock had come first, only its event has not: a late yes is no yes.
        return False, f"too late: it waited until {step.answer_by:%H:%M} UTC"
    targets = questions.approvers(draft, remediation)
    if not questions.is_allowed(draft, targets, by):
        return False, f"{by} is not among those who may approve"
    requested = started_by(step)
    if by in requested:
        return False, f"{by} asked for it, and somebody else has to approve it"
    before = tuple(duty.person for duty in step.people if duty.duty == APPROVAL)
    if by in before:
        return False, f"{by} has approved it already"
    # Whoever may approve no more does not count any more either.
    names = (*(each for each in before if questions.is_allowed(draft, targets, each)), by)
    people = (*step.people, Duty(by, APPROVAL, f"approved {remediation.ref.name}"))
    allowed = permission(draft, remediation, about(draft, step), target_of(step), by_person=bool(requested), begun_at=step.started_at)
    if allowed.stopped_by is not None:
        fail(draft, step, allowed.stopped_by.text)
        return False, allowed.stopped_by.text
    by_whom = "".join(f"started by {name}, " for name in requested)
    if len(names) < allowed.approvals:
        note = f"{len(names)} of {allowed.approvals} approved"
        draft.change(step, people=people, note=by_whom + note)
    else:
        note = f"approved by {', '.join(names)}"
        draft.start(step, people=people, answer_by=None, note=by_whom + note)
    return True, note


def deny(draft: Draft, step: Step, by: str) -> Answer:
    """One of those asked said no, and one no is enough. Whoever asked for it may take that back."""
    remediation = declared(draft, step)
    if remediation is None:
        draft.withdraw((step,), "it is declared no more")
        return False, f"{step.because.name} is declared no more"
    may = questions.is_allowed(draft, questions.approvers(draft, remediation), by)
    if not may and by not in started_by(step):
        return False, f"{by} is not among those who may approve"
    fail(draft, step, f"{by} said no")
    return True, f"{by} said no"
