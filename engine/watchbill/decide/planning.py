"""The plan of an alert: the play-forward with nobody answering, gathered in the order in which people read it.

Nothing is worked out here. Whom a page reaches, why, and what a step carries stand in the steps that the decisions
started; this only sorts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from watchbill.decide import questions, repairing
from watchbill.decide.bill import Bill
from watchbill.decide.correlating import correlate
from watchbill.decide.draft import Draft
from watchbill.decide.holding import terms_of
from watchbill.decide.paging import FALLBACK, is_joined
from watchbill.decide.planned_updates import unsent, what_is_told
from watchbill.decide.playing import HORIZON, Moment, play
from watchbill.expressions.durations import format_duration
from watchbill.expressions.problems import ExpressionError
from watchbill.model.alert import Alert
from watchbill.model.change import EscalationBegun, StepAdded, StepChanged
from watchbill.model.decision import Correlation, Snapshot
from watchbill.model.event import AlertsReceived
from watchbill.model.forecast import (
    Plan,
    PlannedContact,
    PlannedEscalation,
    PlannedEvidence,
    PlannedHub,
    PlannedPage,
    PlannedPerson,
    PlannedPost,
    PlannedRepair,
    PlannedUpdate,
)
from watchbill.model.incident import Incident, lead_of
from watchbill.model.plan import Call, Duty, Reason, Step
from watchbill.model.policies import Remediation, Triage
from watchbill.model.question import target_of
from watchbill.model.references import Ref, Use
from watchbill.model.severity import worst


def plan(bill: Bill, alerts: Sequence[Alert], at: datetime, snapshot: Snapshot | None = None) -> tuple[Plan, ...]:
    """What these *alerts* would bring if they arrived at *at* and nobody answered: one plan for each incident."""
    correlations = correlate(bill, alerts, at)
    snapshot = beside(correlations, snapshot or Snapshot())
    return tuple(_plan(bill, each, at, snapshot) for each in correlations)


def beside(correlations: Sequence[Correlation], snapshot: Snapshot) -> Snapshot:
    """The *snapshot* for each of several *correlations* that came together: the others' alerts fire beside it.

    Its own are among them, since ten thousand incidents that leave out their own would be ten thousand lists; an alert
    that fires in the incident and beside it says nothing new.
    """
    if len(correlations) < 2:
        return snapshot
    firing = (alert for each in correlations for alert in each.alerts if alert.is_firing)
    return replace(snapshot, active=(*snapshot.active, *firing))


def _plan(bill: Bill, correlation: Correlation, at: datetime, snapshot: Snapshot) -> Plan:
    event = AlertsReceived(correlation.key, correlation.alerts)
    moments = play(bill, snapshot, [(at, event)], at + HORIZON)
    repairs = _repairs(bill, replace(snapshot, incident=moments[0].decision.incident), at)
    service = bill.policies.services.get(correlation.service) if correlation.service else None
    updates = tuple(_updates(bill, moments, snapshot, dict(service.bindings) if service else {}))
    return _gather(bill, correlation, at, moments, repairs, updates)


def _gather(
    bill: Bill,
    correlation: Correlation,
    at: datetime,
    moments: tuple[Moment, ...],
    repairs: tuple[PlannedRepair, ...],
    updates: tuple[PlannedUpdate, ...],
) -> Plan:
    incident, reasons = moments[0].decision.incident, moments[0].decision.reasons
    alerts = correlation.alerts
    lead = incident.lead if incident is not None else lead_of(alerts)
    service = bill.policies.services.get(correlation.service) if correlation.service else None
    steps = _ended_up(moments)
    subject = service.name if service else f"no known service ({lead.team})"
    shown = tuple(repair.because for repair in repairs)
    return Plan(
        at=at,
        revision=bill.policies.revision,
        tzdata=bill.policies.tzdata,
        incident=incident.id if incident else "",
        key=correlation.key,
        title=f"{lead.alert.name} on {subject}",
        lead=lead,
        alerts=alerts,
        severity=worst(tuple(alert.severity for alert in alerts if alert.is_firing)) if incident else lead.severity,
        service=service.ref if service else None,
        tier=service.tier if service else None,
        team=lead.team,
        claim=correlation.reasons[0],
        escalations=tuple(_escalations(bill, moments, steps, reasons)),
        posts=tuple(_posts(bill, steps)),
        hub=_hub(bill, steps),
        evidence=tuple(_evidence(bill, steps)),
        evidence_budget=max((each.budget for each in _triages(bill, steps)), default=timedelta(0)),
        updates=updates,
        repairs=repairs,
        refused=_refused(reasons, shown),
        reasons=tuple(dict.fromkeys((*correlation.reasons, *reasons))),
        notes=(*_notes(lead.is_firing, alerts, reasons), *unsent(bill, steps)),
        quarantined=bill.policies.quarantined,
    )


def _refused(reasons: Iterable[Reason], shown: tuple[Ref, ...]) -> tuple[Reason, ...]:
    """One reason for each policy that has a say here and takes no part for any of the alerts.

    That another one won says more than that a matcher failed for one alert of several, so it is the reason that stays.
    """
    reasons = tuple(reasons)
    taking_part = (*shown, *(reason.policy for reason in reasons if reason.applied))
    found: dict[Ref, Reason] = {}
    for reason in reasons:
        if not reason.applied and reason.kind != "scope" and reason.policy not in taking_part:
            before = found.get(reason.policy)
            if before is None or (before.failed and not reason.failed):
                found[reason.policy] = reason
    return tuple(found.values())


def _notes(is_firing: bool, alerts: Sequence[object], reasons: Iterable[Reason]) -> tuple[str, ...]:
    notes = [reason.note for reason in reasons if "counts as critical" in reason.note or reason.policy.kind in ("Silence", "Inhibition")]
    if not is_firing:
        notes.append("these alerts have ended: with no incident open, nothing would be done")
    return tuple(dict.fromkeys(notes))


def _ended_up(moments: tuple[Moment, ...]) -> tuple[Step, ...]:
    """Every step as the play left it, in the order in which they were planned."""
    steps: dict[str, Step] = {}
    for moment in moments:
        for change in moment.decision.changes:
            if isinstance(change, StepAdded | StepChanged):
                steps[change.step.id] = change.step
    return tuple(steps.values())


def _people(bill: Bill, duties: Iterable[Duty], at: datetime) -> tuple[PlannedPerson, ...]:
    """These people, as far as they are (still) declared."""
    return tuple(_person(bill, duty, at) for duty in duties if duty.person in bill.policies.people)


def _person(bill: Bill, duty: Duty, at: datetime) -> PlannedPerson:
    person = bill.policies.people[duty.person]
    contacts = tuple(
        PlannedContact(str(contact), contact.after, contact.rings, bill.mark(contact.connector, contact.action))
        for contact in person.contacts
    )
    return PlannedPerson(person.name, person.full_name, duty.duty, duty.why, person.zone.local(at), person.zone.name, contacts)


def _escalations(
    bill: Bill, moments: tuple[Moment, ...], steps: tuple[Step, ...], reasons: tuple[Reason, ...]
) -> Iterable[PlannedEscalation]:
    begun = [change for moment in moments for change in moment.decision.changes if isinstance(change, EscalationBegun)]
    incident = moments[0].decision.incident
    winner = next((bill.policies.escalations.get(each.policy.name) for each in begun if not each.proceeds), None)
    team, severity = (incident.team, incident.severity) if incident is not None else ("", worst(()))
    terms = terms_of(bill, winner, team, severity)
    for change in begun:
        declared = bill.policies.escalations.get(change.policy.name)
        own = (step for step in steps if step.kind == "page" and step.because == change.policy and not is_joined(step))
        pages = tuple(_page(bill, step) for step in own if step.state != "planned")
        why = next((reason.note for reason in reasons if reason.policy == change.policy and reason.applied), "")
        after = "" if change.proceeds else "then the engine's own alarm"
        held_for = tuple(
            dict.fromkeys(
                step.because.name for step in steps if step.kind == "repair" and _phase(bill, step) == "fallback" and change.held_until
            )
        )
        repeat = declared.repeat if declared is not None else 0
        yield PlannedEscalation(
            change.policy,
            why,
            pages,
            repeat,
            after,
            change.proceeds,
            change.held_until,
            held_for,
            terms.expires,
            terms.remind,
            winner.joined if winner is not None else "tell",
        )


def _phase(bill: Bill, step: Step) -> str:
    remediation = bill.policies.remediations.get(step.because.name)
    return remediation.phase if remediation else ""


def _page(bill: Bill, step: Step) -> PlannedPage:
    at = step.started_at or step.due_at
    people = _people(bill, step.people, at)
    declared = bill.policies.escalations.get(step.because.name)
    if step.slot == FALLBACK or declared is None:
        targets: tuple[str, ...] = (f"team/{bill.policies.settings.fallback_team}",)
        level = len(declared.levels) if declared else 0
    else:
        level = int(step.slot)
        targets = tuple(str(target) for each in declared.levels[level : level + 1] for target in each.page)
    return PlannedPage(at, step.round, level, targets, people, step.because, step.place, step.note)


def _posts(bill: Bill, steps: tuple[Step, ...]) -> Iterable[PlannedPost]:
    """What is posted, and what cannot be; a place to talk that cannot be opened is among it."""
    for step in steps:
        if step.kind == "notify" and step.round == 0 and step.started_at is not None:
            for call in step.calls:
                yield PlannedPost(step.started_at, step.kind, call, step.because, step.place, bill.mark(call.connector, call.action))
        elif step.kind in ("notify", "hub", "bridge") and step.round == 0 and step.state == "failed":
            use = _use_of(bill, step)
            if use is not None:
                call = Call(use.connector, use.action, {})
                yield PlannedPost(step.due_at, step.kind, call, step.because, use.place, error=step.note)


def _use_of(bill: Bill, step: Step) -> Use | None:
    """What this step of an escalation would have called."""
    escalation = bill.policies.escalations.get(step.because.name)
    if escalation is None:
        return None
    if step.kind == "notify":
        level, number = (int(part) for part in step.slot.split("."))
        return next(iter(escalation.levels[level].notify[number:]), None) if level < len(escalation.levels) else None
    return None if escalation.hub is None else escalation.hub.channel if step.kind == "hub" else escalation.hub.bridge


def _hub(bill: Bill, steps: tuple[Step, ...]) -> PlannedHub | None:
    opened = [step for step in steps if step.kind in ("hub", "bridge") and step.calls]
    if not opened:
        return None
    channel = next((_first_text(step.calls[0]) for step in opened if step.kind == "hub"), "")
    paged = [duty for step in steps if step.kind == "page" and step.started_at == opened[0].started_at for duty in step.people]
    invited = dict.fromkeys((duty.person, duty.duty) for duty in (*paged, *opened[0].people))
    has_bridge = any(step.kind == "bridge" for step in opened)
    marks = {step.kind: bill.mark(step.calls[0].connector, step.calls[0].action) for step in reversed(opened)}
    first = opened[0]
    return PlannedHub(channel, has_bridge, tuple(invited), first.because, first.place, marks.get("hub"), marks.get("bridge"))


def _first_text(call: Call) -> str:
    """What a channel is called: its ``name``, else the first text among the arguments."""
    named = call.arguments.get("name")
    texts = (value for value in call.arguments.values() if isinstance(value, str))
    return named if isinstance(named, str) else next(texts, str(call.action))


def _triages(bill: Bill, steps: tuple[Step, ...]) -> Iterable[Triage]:
    return (bill.policies.triages[s.because.name] for s in steps if s.kind == "collect" and s.because.name in bill.policies.triages)


def _evidence(bill: Bill, steps: tuple[Step, ...]) -> Iterable[PlannedEvidence]:
    for step in steps:
        triage = bill.policies.triages.get(step.because.name) if step.kind == "collect" else None
        for collector in (each for each in (triage.collectors if triage else ()) if each.name == step.slot):
            call = step.calls[0] if step.calls else Call(collector.use.connector, collector.use.action, {})
            error = step.note if step.state == "failed" else ""
            mark = bill.mark(call.connector, call.action)
            timeout = step.timeout or collector.timeout
            yield PlannedEvidence(collector.name, collector.title, call, timeout, step.because, step.place, error, mark)


def _updates(bill: Bill, moments: tuple[Moment, ...], snapshot: Snapshot, bound: Mapping[str, str]) -> Iterable[PlannedUpdate]:
    steps = _ended_up(moments)
    for step in steps:
        if step.kind != "update" or step.round != 0:
            continue
        comms = bill.policies.comms.get(step.because.name)
        audience = bill.policies.audiences.get(comms.audience) if comms is not None else None
        if comms is None or audience is None:
            continue
        review = next((s for s in steps if s.kind == "review" and s.because == step.because and s.round == step.round), None)
        reviewers = _people(bill, review.people, step.due_at) if review is not None else ()
        subject, body, calls = what_is_told(bill, moments, snapshot, step, comms, audience)
        yield PlannedUpdate(
            audience=audience.ref.name,
            title=audience.title,
            due_at=step.due_at,
            channels=tuple(str(use) for use in audience.channels),
            subject=subject,
            body=body,
            because=step.because,
            place=step.place,
            reviewer=reviewers[0] if reviewers else None,
            review=step.note,
            sent_at=step.started_at,
            every=comms.cadence,
            liaison=str(audience.liaison or ""),
            marks=tuple(bill.mark(bound.get(use.connector, use.connector), use.action) for use in audience.channels),
            calls=calls,
        )


def _repairs(bill: Bill, snapshot: Snapshot, at: datetime) -> tuple[PlannedRepair, ...]:
    if snapshot.incident is None:
        return ()
    draft = Draft(bill, snapshot, at)
    repairs = [_repair(draft, candidate, snapshot.incident) for candidate in repairing.candidates(draft)]
    return tuple(sorted(repairs, key=lambda repair: not repair.runs))


def _repair(draft: Draft, candidate: repairing.Candidate, incident: Incident) -> PlannedRepair:
    remediation, allowed = candidate.remediation, candidate.permission
    own = [step for step in incident.steps.values() if step.kind == "repair" and step.because.name == remediation.ref.name]
    begun = next((step for step in own if target_of(step) == candidate.target and step.state != "withdrawn"), None)
    calls: tuple[Call, ...] = ()
    error = candidate.error
    if not error:
        try:
            calls = tuple(draft.fill(step.use, candidate.alert, target=candidate.target) for step in remediation.steps)
        except ExpressionError as problem:
            error = problem.message
    return PlannedRepair(
        name=remediation.ref.name,
        at=begun.due_at if begun is not None else draft.now,
        phase=allowed.phase,
        declared=remediation.phase,
        target=candidate.target,
        runs=begun is not None and not error,
        steps=calls,
        forecasts=allowed.forecasts,
        verification=_verification(remediation),
        rollback=_rollback(remediation),
        approvals=allowed.approvals,
        approvers=tuple(str(target) for target in remediation.may_approve),
        offered_to=tuple(str(target) for target in remediation.may_run),
        because=remediation.ref,
        place=remediation.ref.place,
        runbook=remediation.runbook or "",
        note=begun.note if begun is not None else "",
        error=error,
        marks=tuple(
            "shadow" if repairing.is_shadow(draft, remediation) else draft.bill.mark(call.connector, call.action) for call in calls
        ),
        question=questions.forecast(draft, remediation, allowed, candidate.target, calls, begun)
        if allowed.approvals and calls and not repairing.is_shadow(draft, remediation)
        else None,
    )


def _verification(remediation: Remediation) -> str:
    """How the repair is seen to have worked, in words."""
    verification = remediation.verification
    if verification is None:
        return ""
    unbroken = f" for {format_duration(verification.hold_for)}" if verification.hold_for else ""
    return f"{verification.expect.text}{unbroken}, within {format_duration(verification.within)}"


def _rollback(remediation: Remediation) -> str:
    if remediation.rollback is None:
        return ""
    return remediation.rollback.none or ", ".join(step.name for step in remediation.rollback.steps)
