"""Remediations: what runs by itself, what is offered, what waits for a yes, and what follows a failure.

A remediation runs once per target of an incident, and unattended ones run one at a time, by priority. Whatever goes
wrong with one that pages wait for starts the escalation at once, at level one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from watchbill.decide.collecting import about
from watchbill.decide.draft import Draft
from watchbill.decide.guarding import Permission, permission
from watchbill.decide.oncall import is_among
from watchbill.decide.paging import release
from watchbill.decide.selecting import matching
from watchbill.expressions.conditions import explain_condition
from watchbill.expressions.problems import ExpressionError
from watchbill.model.alert import ClaimedAlert
from watchbill.model.incident import RepairObserved
from watchbill.model.plan import Duty, Reason, Step, StepKind, step_id
from watchbill.model.policies import Remediation, RepairStep
from watchbill.model.references import Json, Use

UNATTENDED = ("oversight", "fallback")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A remediation that applies to one target. *error* says why the target cannot be named, empty otherwise."""

    remediation: Remediation
    alert: ClaimedAlert
    target: str
    permission: Permission
    error: str = ""


def candidates(draft: Draft) -> list[Candidate]:
    """Every remediation that any firing alert matches, once per target, in the order in which they would run."""
    found: dict[tuple[str, str], Candidate] = {}
    for alert in draft.fold.firing:
        for remediation in matching(draft.bill, draft.bill.remediations, alert, partial(draft.context, alert), draft.reasons):
            error = ""
            try:
                target = draft.bill.render(remediation.target, draft.context(alert), "none", "refuse")
            except ExpressionError as problem:
                target, error = "", problem.message
            key = (remediation.ref.name, target)
            if key not in found:
                found[key] = Candidate(remediation, alert, target, permission(draft, remediation, alert, target), error)
    return sorted(found.values(), key=lambda each: (-each.remediation.selector.priority, each.remediation.ref.name, each.target))


def withheld_until(draft: Draft, applying: list[Candidate]) -> tuple[datetime | None, tuple[str, ...]]:
    """Until when pages may wait, and for which remediations; None where they may not.

    They wait only if every firing alert is matched by a fallback that may run at once without anybody's yes, and then
    no longer than the shortest hold, or than the service's deadline to reach a person.
    """
    holding = [
        each
        for each in applying
        if each.permission.phase == "fallback"
        and each.permission.runs_unattended
        and not each.error
        and each.permission.approvals == 0
        and not each.remediation.shadow
        and _precondition(draft, each)
    ]
    covered = {each.alert.fingerprint for each in holding}
    covered |= {alert.fingerprint for each in holding for alert in _matched_by(draft, each.remediation)}
    if not holding or any(alert.fingerprint not in covered for alert in draft.fold.firing):
        return None, ()
    hold = min(each.permission.hold for each in holding)
    service = draft.service
    if service is not None and service.deadline is not None:
        hold = min(hold, service.deadline)
    return draft.now + hold, tuple(dict.fromkeys(each.remediation.ref.name for each in holding))


def _matched_by(draft: Draft, remediation: Remediation) -> list[ClaimedAlert]:
    found = []
    for alert in draft.fold.firing:
        matched = matching(draft.bill, draft.bill.remediations, alert, partial(draft.context, alert), [])
        if remediation in matched:
            found.append(alert)
    return found


def _precondition(draft: Draft, candidate: Candidate) -> bool:
    condition = candidate.remediation.precondition
    return condition is None or draft.bill.holds(condition, draft.context(candidate.alert))


def plan_repairs(draft: Draft, applying: list[Candidate]) -> None:
    """Plan the first step of each remediation that may run, and offer the others to those who may run them."""
    for each in applying:
        remediation = each.remediation
        if each.error:
            draft.reasons.append(Reason(remediation.ref, False, f"its target cannot be named: {each.error}"))
        elif remediation.phase == "opportunity":
            draft.reasons.append(Reason(remediation.ref, False, "an opportunity: not automated, only counted"))
        elif not _precondition(draft, each):
            condition = remediation.precondition
            failed, saw = ("", "") if condition is None else explain_condition(condition, draft.context(each.alert))[1:]
            draft.reasons.append(Reason(remediation.ref, False, "its precondition does not hold", failed, saw, "precondition"))
        elif each.permission.runs_unattended:
            draft.reasons.append(Reason(remediation.ref, True, f"runs by itself ({each.permission.phase})"))
            _plan(draft, each, "repair", f"{each.target}/{remediation.steps[0].name}")
        else:
            stopped = each.permission.stopped_by
            why = stopped.text if stopped else f"{each.permission.phase}: offered to those who may run it"
            draft.reasons.append(Reason(remediation.ref, stopped is None, why, kind="guard" if stopped else "other"))
            _plan(draft, each, "offer", each.target, state="waiting", note=why)


def _plan(draft: Draft, candidate: Candidate, kind: StepKind, slot: str, **fields: Any) -> None:
    ref = candidate.remediation.ref
    again = draft.fold.reopen_count
    step = Step(step_id(draft.fold.id, kind, ref.name, slot, again), kind, ref, ref.place, slot, again, draft.now, **fields)
    draft.add(replace(step, about=candidate.alert.fingerprint))


def busy(draft: Draft, step: Step) -> bool:
    """Whether another unattended remediation of this incident is still at it."""
    at_work = draft.steps("repair", "verify", "rollback")
    return any(other.state in ("started", "waiting") and other.id != step.id and not _same_run(other, step) for other in at_work)


def _same_run(one: Step, other: Step) -> bool:
    return one.because.name == other.because.name and _target(one) == _target(other)


def _target(step: Step) -> str:
    return step.slot.rsplit("/", 1)[0]


def _declared(draft: Draft, step: Step) -> Remediation | None:
    return draft.bill.policies.remediations.get(step.because.name)


def start_repair(draft: Draft, step: Step) -> None:
    """A step of a remediation falls due: ask the guards once more, wait for a yes if one is needed, then begin."""
    remediation = _declared(draft, step)
    action = _action_of(remediation, step) if remediation is not None else None
    if remediation is None or action is None:
        draft.withdraw((step,), "it is declared no more")
        return
    use, timeout = action
    alert = about(draft, step)
    is_first = step.kind == "repair" and _name(step) == remediation.steps[0].name
    try:
        calls = (draft.fill(use, alert, target=_target(step)),)
    except ExpressionError as problem:
        fail(draft, step, problem.message)
        return
    if is_first and step.state == "planned":
        allowed = permission(draft, remediation, alert, _target(step))
        if not allowed.runs_unattended:
            fail(draft, step, allowed.stopped_by.text if allowed.stopped_by else "a guardrail wants a person to start it")
            return
        if allowed.approvals:
            note = f"waits for {allowed.approvals} to approve"
            draft.change(step, state="waiting", calls=calls, timeout=timeout, answer_by=draft.now + remediation.approval_expires, note=note)
            release(draft, f"{remediation.ref.name} waits for approval")
            return
    draft.start(step, calls=calls, timeout=timeout, answer_by=None, note="shadow" if remediation.shadow else "")


def _action_of(remediation: Remediation, step: Step) -> tuple[Use, timedelta] | None:
    """What this *step* does, and how long it may take; None if it is declared no more."""
    if step.kind == "verify":
        verification = remediation.verification
        return (verification.use, verification.within) if verification else None
    name = _name(step)
    return next(((each.use, each.timeout) for each in _sequence(remediation, step) if each.name == name), None)


def _sequence(remediation: Remediation, step: Step) -> tuple[RepairStep, ...]:
    if step.kind == "repair":
        return remediation.steps
    return remediation.rollback.steps if remediation.rollback else ()


def _name(step: Step) -> str:
    return step.slot.rsplit("/", 1)[1]


def finished(draft: Draft, step: Step) -> None:
    """A step of a remediation was carried out: go on to the next, then to the verification."""
    remediation = _declared(draft, step)
    if remediation is None or step.kind == "verify":
        return
    names = [each.name for each in _sequence(remediation, step)]
    position = names.index(_name(step)) + 1 if _name(step) in names else len(names)
    if position < len(names):
        _follow(draft, step, step.kind, names[position])
    elif step.kind == "repair" and remediation.verification is not None:
        _follow(draft, step, "verify", "verify")


def _follow(draft: Draft, step: Step, kind: StepKind, name: str) -> None:
    slot = f"{_target(step)}/{name}"
    identity = step_id(draft.fold.id, kind, step.because.name, slot, step.round)
    draft.add(Step(identity, kind, step.because, step.place, slot, step.round, draft.now, about=step.about))


def observed(draft: Draft, step: Step, result: Json) -> bool:
    """Whether a verification that looked, and saw this *result*, has now succeeded.

    *expect* must hold unbroken for as long as it says; an empty answer is no.
    """
    remediation = _declared(draft, step)
    if remediation is None or remediation.verification is None or step.state != "started":
        return False
    verification = remediation.verification
    holds = isinstance(result, dict) and bool(result) and draft.bill.holds(verification.expect, result)
    since = draft.fold.held_since.get(step.id)
    if not holds:
        if since is not None:
            draft.record(RepairObserved(step.id, None))
        return False
    if since is None:
        since = draft.now
        draft.record(RepairObserved(step.id, since))
    if draft.now - since < verification.hold_for:
        return False
    draft.change(step, state="done", note="it held")
    return draft.fold.may("mitigate")


def approved(draft: Draft, step: Step, by: str) -> None:
    """One more person said yes; with the last one it begins. Nobody counts twice, and only those asked count."""
    remediation = _declared(draft, step)
    if remediation is None:
        draft.withdraw((step,), "it is declared no more")
        return
    if not is_among(draft.bill.policies, remediation.may_approve, draft.fold.team, by, draft.now):
        draft.reasons.append(Reason(remediation.ref, False, f"{by} is not among those who may approve"))
        return
    names = tuple(dict.fromkeys((*(duty.person for duty in step.people), by)))
    people = tuple(Duty(name, "approval", f"approved {remediation.ref.name}") for name in names)
    allowed = permission(draft, remediation, about(draft, step), _target(step))
    if allowed.stopped_by is not None:
        fail(draft, step, allowed.stopped_by.text)
    elif len(names) < allowed.approvals:
        draft.change(step, people=people, note=f"{len(names)} of {allowed.approvals} approved")
    else:
        note = f"approved by {', '.join(names)}"
        draft.start(step, people=people, answer_by=None, note=note)


def denied(draft: Draft, step: Step, by: str) -> None:
    """One of those asked said no, and one no is enough."""
    remediation = _declared(draft, step)
    if remediation is not None and is_among(draft.bill.policies, remediation.may_approve, draft.fold.team, by, draft.now):
        fail(draft, step, f"{by} said no")


def fail(draft: Draft, step: Step, why: str) -> None:
    """A remediation did not work: undo it where that is declared, and let pages wait no longer."""
    draft.change(step, state="failed", note=why)
    release(draft, f"{step.because.name} did not work: {why}")
    remediation = _declared(draft, step)
    if remediation is not None and remediation.rollback is not None and step.kind != "rollback" and step.started_at is not None:
        for first in remediation.rollback.steps[:1]:
            _follow(draft, step, "rollback", first.name)
