"""Remediations: what runs by itself, what is offered, what waits for a yes, and what follows a failure.

A remediation runs once per target of an incident, and unattended ones run one at a time, by priority. Whatever goes
wrong with one that pages wait for starts the escalation at once, at level one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from watchbill.decide import questions
from watchbill.decide.collecting import about
from watchbill.decide.draft import Draft
from watchbill.decide.guarding import Permission, permission, reasons_to_run
from watchbill.decide.paging import release
from watchbill.decide.selecting import matching
from watchbill.expressions.conditions import explain_condition
from watchbill.expressions.problems import ExpressionError
from watchbill.model.alert import ClaimedAlert
from watchbill.model.plan import FINAL, Reason, Step, StepKind, step_id
from watchbill.model.policies import Remediation, RepairStep
from watchbill.model.question import STARTED_BY, target_of
from watchbill.model.references import Use

AT_WORK: tuple[StepKind, ...] = ("repair", "verify", "rollback")
"""The kinds of steps that a run of a remediation is made of."""


Run: TypeAlias = tuple[str, str, int]
"""One run of a remediation in an incident: its name, its target, and how often the incident had been reopened."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A remediation that applies to one target of these *alerts*. *error* says why the target cannot be named, empty otherwise."""

    remediation: Remediation
    alerts: tuple[ClaimedAlert, ...]
    target: str
    permission: Permission
    error: str = ""

    @property
    def alert(self) -> ClaimedAlert:
        """The alert that its conditions and texts see."""
        return self.alerts[0]


def candidates(draft: Draft) -> list[Candidate]:
    """Every remediation that any firing alert matches, once per target, in the order in which they would run."""
    if not draft.bill.remediations.policies:
        return []
    found: dict[tuple[str, str], tuple[Remediation, str, list[ClaimedAlert]]] = {}
    for alert in draft.fold.calling:
        for remediation, target, error in wanted_by(draft, alert, draft.reasons):
            found.setdefault((remediation.ref.name, target), (remediation, error, []))[2].append(alert)
    if not found:
        return []
    applying = [
        Candidate(remediation, tuple(alerts), target, permission(draft, remediation, alerts[0], target), error)
        for (_, target), (remediation, error, alerts) in found.items()
    ]
    return sorted(applying, key=lambda each: (-each.remediation.selector.priority, each.remediation.ref.name, each.target))


def wanted_by(draft: Draft, alert: ClaimedAlert, reasons: list[Reason]) -> Iterator[tuple[Remediation, str, str]]:
    """Each remediation that this *alert* matches, with its target, or with why that cannot be named."""
    for remediation in matching(draft.bill, draft.bill.remediations, alert, partial(draft.context, alert), reasons):
        try:
            target = draft.bill.render(remediation.target, draft.context(alert), "none", "refuse")
        except ExpressionError as problem:
            yield remediation, "", problem.message
        else:
            yield remediation, target, "" if target.strip() else "it is empty"


def withheld_until(draft: Draft, applying: list[Candidate]) -> datetime | None:
    """Until when pages may wait; None where they may not.

    They wait only if every firing alert is covered by a fallback that is at work on its target, or may be at once without anybody's
    yes. They wait no longer than the shortest hold, counted from when that remediation was planned, or than the service's
    deadline to reach a person. What has failed, or has worked and did not last, is waited for no more.
    """
    holding = [(each, since) for each in applying if (since := _held_since(draft, each)) is not None]
    covered = {alert.fingerprint for each, _ in holding for alert in each.alerts}
    if not holding or any(alert.fingerprint not in covered for alert in draft.fold.calling):
        return None
    until = min(since + each.permission.hold for each, since in holding)
    service = draft.service
    if service is not None and service.deadline is not None:
        until = min(until, (draft.fold.status_at or draft.now) + service.deadline)
    return until if until > draft.now else None


def _held_since(draft: Draft, candidate: Candidate) -> datetime | None:
    """Since when pages may wait for this *candidate*; None where they may not."""
    allowed = candidate.permission
    if candidate.error or allowed.phase != "fallback" or allowed.approvals or is_shadow(draft, candidate.remediation):
        return None
    first = _begun(draft, candidate)
    if first is not None:
        return first.due_at if _is_at_work(draft, first) and not started_by(first) else None
    return draft.now if allowed.runs_unattended and precondition_holds(draft, candidate.remediation, candidate.alert) else None


def _begun(draft: Draft, candidate: Candidate) -> Step | None:
    """The first step of this *candidate*'s run, if it is planned or has begun."""
    first = draft.remember("first", lambda: _firsts(draft))
    return first.get((candidate.remediation.ref.name, candidate.target, draft.fold.reopen_count))


def _firsts(draft: Draft) -> dict[Run, Step]:
    found: dict[Run, Step] = {}
    for step in draft.steps("repair"):
        if step.state != "withdrawn":
            found.setdefault(run_of(step), step)
    return found


def _is_at_work(draft: Draft, first: Step) -> bool:
    states = [step.state for step in draft.steps(*AT_WORK) if run_of(step) == run_of(first)]
    return ("planned" in states or "started" in states) and "failed" not in states


def is_shadow(draft: Draft, remediation: Remediation) -> bool:
    """Whether it touches nothing: it says so itself, or a connector that it acts through does."""
    connectors = (draft.bill.policies.connectors.get(draft.connector_name(step.use)) for step in remediation.steps)
    return remediation.shadow or any(connector is not None and connector.shadow for connector in connectors)


def precondition_holds(draft: Draft, remediation: Remediation, alert: ClaimedAlert) -> bool:
    """Whether the precondition of this *remediation* holds for this *alert*, if it has one."""
    condition = remediation.precondition
    return condition is None or draft.bill.holds(condition, draft.context(alert))


def plan_repairs(draft: Draft, applying: list[Candidate]) -> None:
    """Plan the first step of each remediation that may run, offer the others to those who may run them, and take back the rest.

    Nothing begins by itself on an incident that is mitigated.
    """
    wanted = [step for each in applying if (step := _wanted(draft, each)) is not None]
    there = draft.steps("repair", "offer")
    if there:
        ids = frozenset(step.id for step in wanted)
        unwanted = tuple(step for step in there if step.state in ("planned", "waiting") and step.id not in ids)
        draft.withdraw(unwanted, "no firing alert asks for it any more")
    if draft.fold.status != "mitigated":
        for step in wanted:
            draft.add(step)


def _wanted(draft: Draft, candidate: Candidate) -> Step | None:
    """The step by which this *candidate* runs or is offered, with the reason; None where it takes no part."""
    remediation, allowed = candidate.remediation, candidate.permission
    begun = _begun(draft, candidate)
    if candidate.error:
        draft.reasons.append(Reason(remediation.ref, False, f"its target cannot be named: {candidate.error}"))
    elif begun is not None:
        draft.reasons.append(Reason(remediation.ref, True, f"it runs once for {candidate.target}, and that run is there"))
        return begun
    elif allowed.phase == "opportunity":
        draft.reasons.append(Reason(remediation.ref, False, "an opportunity: not automated, only counted"))
    elif not precondition_holds(draft, remediation, candidate.alert):
        condition = remediation.precondition
        failed, saw = ("", "") if condition is None else explain_condition(condition, draft.context(candidate.alert))[1:]
        draft.reasons.append(Reason(remediation.ref, False, "its precondition does not hold", failed, saw, "precondition"))
    elif (stopped_by_hand := _stopped(draft, candidate)) is not None:
        why = f"it had begun, and was stopped: {stopped_by_hand.note}"
        draft.reasons.append(Reason(remediation.ref, False, why, kind="guard"))
        return _step(draft, candidate, "offer", candidate.target, state="waiting", note=why)
    elif allowed.runs_unattended and remediation.steps:
        asks = allowed.approvals and not is_shadow(draft, remediation)
        how = questions.waits(draft, remediation, allowed) if asks else f"runs by itself ({allowed.phase})"
        draft.reasons.append(Reason(remediation.ref, True, how))
        draft.reasons.extend(reasons_to_run(remediation, allowed))
        return _step(draft, candidate, "repair", f"{candidate.target}/{remediation.steps[0].name}")
    else:
        stopped = allowed.stopped_by
        why = stopped.text if stopped else f"{allowed.phase}: offered to those who may run it"
        draft.reasons.append(Reason(remediation.ref, stopped is None, why, kind="guard" if stopped else "other"))
        return _step(draft, candidate, "offer", candidate.target, state="waiting", note=why)
    return None


def _stopped(draft: Draft, candidate: Candidate) -> Step | None:
    """The step with which a run of this *candidate* had begun that was stopped by hand. It begins anew only if a person says so."""
    this = (candidate.remediation.ref.name, candidate.target, draft.fold.reopen_count)
    own = (step for step in draft.steps(*AT_WORK) if run_of(step) == this)
    return next((step for step in own if step.state == "withdrawn" and step.started_at is not None), None)


def _step(draft: Draft, candidate: Candidate, kind: StepKind, slot: str, **fields: Any) -> Step:
    ref = candidate.remediation.ref
    again = draft.fold.reopen_count
    identity = step_id(draft.fold.id, kind, ref.name, slot, again)
    return Step(identity, kind, ref, ref.place, slot, again, draft.now, about=candidate.alert.fingerprint, **fields)


def busy(draft: Draft, step: Step) -> bool:
    """Whether another unattended remediation of this incident is still at it. What goes on with a run that has begun never waits."""
    if _is_shadowed(draft, step):
        return False
    begun, at_it = draft.remember("runs", lambda: _runs(draft))
    return run_of(step) not in begun and any(run != run_of(step) for run in at_it)


def _runs(draft: Draft) -> tuple[frozenset[Run], tuple[Run, ...]]:
    """The runs that have begun, and those that are still at it."""
    real = [step for step in draft.steps(*AT_WORK) if not _is_shadowed(draft, step)]
    begun = frozenset(run_of(step) for step in real if step.started_at is not None)
    at_it = (step for step in real if step.state in ("started", "waiting") or (step.state == "planned" and run_of(step) in begun))
    return begun, tuple(dict.fromkeys(run_of(step) for step in at_it))


def _is_shadowed(draft: Draft, step: Step) -> bool:
    remediation = declared(draft, step)
    return remediation is not None and is_shadow(draft, remediation)


def stand_down(draft: Draft, why: str) -> None:
    """Take back what has not begun: users are no longer affected, and nothing more is to be changed by itself."""
    draft.withdraw(tuple(step for step in draft.steps("repair") if step.state in ("planned", "waiting")), why)


def started_by(step: Step) -> tuple[str, ...]:
    """The people who had this *step* started, or tried again; nobody for one that began by itself."""
    return tuple(duty.person for duty in step.people if duty.duty == STARTED_BY)


def stop_unattended(draft: Draft) -> bool:
    """A kill: whatever began by itself stops, nothing else begins, and pages wait for none of it. Whether there was any such work."""
    why = "killed by hand: nothing runs unattended"
    at_work = draft.steps(*AT_WORK)
    attended = {run_of(step) for step in at_work if started_by(step)}
    unattended = tuple(step for step in at_work if run_of(step) not in attended and step.state not in FINAL)
    draft.withdraw(unattended, why)
    release(draft, why)
    return bool(unattended)


def run_of(step: Step) -> Run:
    """The run that this *step* belongs to."""
    return (step.because.name, target_of(step), step.round)


def declared(draft: Draft, step: Step) -> Remediation | None:
    """The remediation of this *step*; None if it is declared no more."""
    return draft.bill.policies.remediations.get(step.because.name)


def start_repair(draft: Draft, step: Step) -> None:
    """A step of a remediation falls due: ask the guards once more, wait for a yes if one is needed, then begin."""
    remediation = declared(draft, step)
    action = action_of(remediation, step) if remediation is not None else None
    if remediation is None or action is None:
        draft.withdraw((step,), "it is declared no more")
        release(draft, f"{step.because.name} is declared no more")
        return
    use, timeout = action
    alert = about(draft, step)
    is_first = step.kind == "repair" and name_of(step) == remediation.steps[0].name
    shadow = is_shadow(draft, remediation)
    try:
        calls = (draft.fill(use, alert, target=target_of(step)),)
    except ExpressionError as problem:
        fail(draft, step, problem.message)
        return
    if is_first and step.state == "planned":
        allowed = permission(draft, remediation, alert, target_of(step))
        if not allowed.runs_unattended:
            why = allowed.stopped_by.text if allowed.stopped_by else "a guardrail wants a person to start it"
            draft.reasons.append(Reason(remediation.ref, False, why, kind="guard"))
            fail(draft, step, why)
            return
        if not precondition_holds(draft, remediation, alert):
            fail(draft, step, "its precondition does not hold any more")
            return
        if allowed.approvals and not shadow:
            note = f"waits for {allowed.approvals} to approve"
            answer_by = draft.now + remediation.approval_expires
            asked = draft.change(step, state="waiting", calls=calls, timeout=timeout, answer_by=answer_by, note=note)
            release(draft, f"{remediation.ref.name} waits for approval")
            questions.ask(draft, asked, remediation)
            return
    draft.start(step, calls=calls, timeout=timeout, answer_by=None, note="shadow" if shadow else "")


def action_of(remediation: Remediation, step: Step) -> tuple[Use, timedelta] | None:
    """What this *step* does, and how long it may take; None if it is declared no more."""
    if step.kind == "verify":
        verification = remediation.verification
        return (verification.use, verification.within) if verification else None
    name = name_of(step)
    return next(((each.use, each.timeout) for each in _sequence(remediation, step) if each.name == name), None)


def _sequence(remediation: Remediation, step: Step) -> tuple[RepairStep, ...]:
    if step.kind == "repair":
        return remediation.steps
    return remediation.rollback.steps if remediation.rollback else ()


def name_of(step: Step) -> str:
    """What this *step* of a remediation is called in it."""
    return step.slot.rsplit("/", 1)[1]


def finished(draft: Draft, step: Step) -> None:
    """A step of a remediation was carried out: go on to the next, then to the verification. With its last step a rollback is through."""
    remediation = declared(draft, step)
    if step.kind == "rollback" and remediation is not None and name_of(step) == [each.name for each in _sequence(remediation, step)][-1]:
        for each in _acted(draft, step):
            draft.change(each, may_have_acted=False)
    if remediation is None or step.kind == "verify" or not _goes_on(draft, step):
        return
    names = [each.name for each in _sequence(remediation, step)]
    position = names.index(name_of(step)) + 1 if name_of(step) in names else len(names)
    if position < len(names):
        _follow(draft, step, step.kind, names[position])
    elif step.kind == "repair" and remediation.verification is not None:
        _follow(draft, step, "verify", "verify")


def _goes_on(draft: Draft, step: Step) -> bool:
    """Whether anything follows this *step*: nothing is begun for what is over, or was over in between."""
    return draft.fold.status != "resolved" and step.round == draft.fold.reopen_count


def _follow(draft: Draft, step: Step, kind: StepKind, name: str, *, once_more: bool = False) -> None:
    slot = f"{target_of(step)}/{name}"
    identity = step_id(draft.fold.id, kind, step.because.name, slot, step.round)
    there = draft.fold.steps.get(identity)
    if there is not None and (_is_older(there, step) or (once_more and there.state in FINAL)):
        # What it follows was tried again because a person said so, and so this comes again too.
        draft.change(there, state="planned", due_at=draft.now, started_at=None, retry_at=None, note="once more")
        return
    draft.add(Step(identity, kind, step.because, step.place, slot, step.round, draft.now, about=step.about))


def _is_older(there: Step, step: Step) -> bool:
    """Whether what is *there* came to its end before this *step* began."""
    return there.state in FINAL and there.started_at is not None and step.started_at is not None and there.started_at < step.started_at


def fail(draft: Draft, step: Step, why: str, *, has_acted: bool = False) -> None:
    """A remediation did not work: undo it where that is declared, and let pages wait no longer.

    *has_acted* says that what failed may have had its effect. Where no step of the run had or may have had its own, there is nothing
    to undo.
    """
    step = draft.change(step, state="failed", note=why, may_have_acted=step.may_have_acted or has_acted)
    remediation = declared(draft, step)
    if not _goes_on(draft, step):
        return
    if remediation is None or not is_shadow(draft, remediation):
        release(draft, f"{step.because.name} did not work: {why}")
    acted = _acted(draft, step)
    if remediation is not None and remediation.rollback is not None and step.kind != "rollback" and acted:
        for first in remediation.rollback.steps[:1]:
            _follow(draft, acted[-1], "rollback", first.name, once_more=True)


def _acted(draft: Draft, step: Step) -> list[Step]:
    """The steps of the same run as this *step* that had their effect, or may have had it, and were not undone since."""
    return [each for each in draft.steps("repair") if each.may_have_acted and run_of(each) == run_of(step)]
