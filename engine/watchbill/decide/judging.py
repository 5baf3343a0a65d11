"""The one door: every change of an incident is an event through `decide`.

`decide` is pure. It reads no clock, touches nothing outside, and given the same bill, snapshot, event and time it comes to the
same decision. The dry run, the tests, the explanation and the engine all go through it; there is no second way.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from watchbill.decide import collecting, paging, repairing, talking, updating
from watchbill.decide.bill import Bill
from watchbill.decide.draft import Draft
from watchbill.model.alert import ClaimedAlert
from watchbill.model.decision import Decision, Snapshot
from watchbill.model.event import (
    Acknowledged,
    AlertsReceived,
    Approved,
    Denied,
    Event,
    Mitigated,
    Observed,
    Resolved,
    StepFinished,
    Unacknowledged,
    Woken,
)
from watchbill.model.incident import AlertsTaken, Opened, SeverityRaised, StatusChanged, Trigger
from watchbill.model.plan import Done, Reason, Retry, Step
from watchbill.model.severity import RANK, worst


def decide(bill: Bill, snapshot: Snapshot, event: Event, now: datetime) -> Decision:
    """All that follows from this *event* at *now*, given what the *snapshot* knows.

    The decision carries what changed, the steps that are to be carried out now, when to look again, and why.
    """
    draft = Draft(bill, snapshot, now)
    if snapshot.incident is not None or isinstance(event, AlertsReceived):
        _DOOR[type(event)](draft, event)
    if snapshot.incident is None and not draft.changes:
        return draft.decision(None)
    _start_due(draft)
    return draft.decision(_wake_at(draft))


# --- alerts ---------------------------------------------------------------------------


def _alerts(draft: Draft, event: AlertsReceived) -> None:
    before = draft.snapshot.incident
    if before is None:
        if not any(alert.is_firing for alert in event.alerts):
            return
        _open(draft, event)
        _plan(draft, anew=True)
        return
    known = before.alerts
    fresh = tuple(alert for alert in event.alerts if _is_news(known.get(alert.fingerprint), alert))
    if not fresh:
        return
    draft.record(AlertsTaken(fresh, draft.now))
    _tell_unknown_severities(draft, fresh)
    _join(draft, fresh)


def _is_news(known: ClaimedAlert | None, alert: ClaimedAlert) -> bool:
    """Whether this *alert* says more than that what is *known* still holds. One that ended before it was known does not."""
    if known is None:
        return alert.is_firing
    if known.alert is alert.alert:
        return False
    old, new = known.alert, alert.alert
    same = old.status == new.status and old.starts_at == new.starts_at and known.labels == alert.labels
    return not (same and old.annotations == new.annotations)


def _open(draft: Draft, event: AlertsReceived) -> None:
    lead = event.alerts[0]
    firing = tuple(alert for alert in event.alerts if alert.is_firing)
    service = draft.bill.policies.services.get(lead.service) if lead.service is not None else None
    severity = worst(tuple(alert.severity for alert in firing))
    revision = draft.bill.policies.revision
    identity = incident_id(lead.service or lead.alert.name, event.key, draft.now)
    tier = service.tier if service else None
    draft.record(Opened(identity, event.key, lead.service, lead.team, tier, severity, draft.now, revision))
    draft.record(AlertsTaken(firing, draft.now))
    _tell_unknown_severities(draft, firing)


def incident_id(name: str, key: str, opened_at: datetime) -> str:
    """A name that people can say, and a tail that tells it from every other: ``checkout-7f3a2k``."""
    digest = hashlib.sha256(f"{key}\0{opened_at.isoformat()}".encode()).digest()
    tail = b32encode(digest)[:6].decode().lower()
    spoken = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower()).strip("-")
    return f"{spoken[:40] or 'incident'}-{tail}"


def _join(draft: Draft, fresh: tuple[ClaimedAlert, ...]) -> None:
    """What alerts that are news do to an incident that is there."""
    firing = draft.fold.firing
    newly_firing = any(alert.is_firing for alert in fresh)
    if draft.fold.status == "resolved":
        if newly_firing:
            _change_status(draft, "reopen")
            draft.record(SeverityRaised(worst(tuple(alert.severity for alert in firing))))
            _plan(draft, anew=True)
        return
    if not firing:
        _resolve(draft, "")
        return
    highest = worst(tuple(alert.severity for alert in firing))
    anew = False
    if RANK[highest] > RANK[draft.fold.severity]:
        draft.record(SeverityRaised(highest))
        if draft.fold.may("severity-rise"):
            _change_status(draft, "severity-rise")
            anew = True
    if draft.fold.status == "mitigated" and newly_firing:
        _change_status(draft, "relapse")
        anew = True
    _withdraw_unfounded(draft)
    _plan(draft, anew=anew)


def _withdraw_unfounded(draft: Draft) -> None:
    """What was planned for an alert that has ended, and has not begun, is wanted no more."""
    ended = {alert.fingerprint for alert in draft.fold.alerts.values() if not alert.is_firing}
    steps = draft.steps("repair", "offer")
    draft.withdraw(tuple(step for step in steps if step.about in ended and step.state in ("planned", "waiting")), "its alert has ended")


def _tell_unknown_severities(draft: Draft, alerts: tuple[ClaimedAlert, ...]) -> None:
    for alert in alerts:
        if alert.unknown_severity is not None:
            service = draft.bill.policies.services.get(alert.service) if alert.service is not None else None
            team = draft.bill.policies.teams.get(alert.team)
            ref = service.ref if service else team.ref if team else None
            if ref is not None:
                note = f"the severity `{alert.unknown_severity}` is not known and counts as critical"
                draft.reasons.append(Reason(ref, True, note))


def _plan(draft: Draft, *, anew: bool) -> None:
    """Plan everything the incident brings. Steps that are there already stay as they are; their ids tell."""
    applying = repairing.candidates(draft)
    held_until, _ = repairing.withheld_until(draft, applying)
    if draft.fold.status == "triggered":
        chosen = paging.choose(draft)
        paging.begin(draft, chosen, held_until, anew=anew)
        if held_until is None:
            paging.release(draft, "an alert that no remediation covers")
        talking.plan_hub(draft, chosen.escalation, held_until or draft.now)
    collecting.plan_evidence(draft)
    updating.plan_updates(draft)
    repairing.plan_repairs(draft, applying)


# --- people ---------------------------------------------------------------------------


def _change_status(draft: Draft, trigger: Trigger, by: str = "") -> None:
    draft.record(StatusChanged(trigger, draft.now, by))
    updating.status_changed(draft)


def _acknowledged(draft: Draft, event: Acknowledged) -> None:
    if draft.fold.may("acknowledge"):
        _change_status(draft, "acknowledge", event.by)
    if draft.fold.status == "acknowledged":
        paging.end_all(draft, f"acknowledged by {event.by}", acknowledged_by=event.by)


def _unacknowledged(draft: Draft, event: Unacknowledged) -> None:
    if draft.fold.may("unacknowledge"):
        _change_status(draft, "unacknowledge", event.by)
        _plan(draft, anew=True)


def _mitigated(draft: Draft, event: Mitigated) -> None:
    if draft.fold.may("mitigate"):
        _change_status(draft, "mitigate", event.by)
        paging.end_all(draft, f"mitigated by {event.by}")


def _resolved(draft: Draft, event: Resolved) -> None:
    _resolve(draft, event.by)


def _resolve(draft: Draft, by: str) -> None:
    if not draft.fold.may("resolve"):
        return
    _change_status(draft, "resolve", by)
    why = f"resolved by {by}" if by else "all its alerts have ended"
    paging.end_all(draft, why)
    others = tuple(
        step for step in draft.fold.steps.values() if step.kind not in ("update", "remind") and step.state in ("planned", "waiting")
    )
    draft.withdraw(others, why)


def _approved(draft: Draft, event: Approved) -> None:
    step = draft.fold.steps.get(event.step)
    if step is None or step.state != "waiting":
        return
    if step.kind == "update":
        updating.reviewed(draft, step, event.by)
    elif step.kind == "repair":
        repairing.approved(draft, step, event.by)


def _denied(draft: Draft, event: Denied) -> None:
    step = draft.fold.steps.get(event.step)
    if step is None or step.state != "waiting":
        return
    if step.kind == "repair":
        repairing.denied(draft, step, event.by)
    elif step.kind == "update":
        updating.refused(draft, step, event.by)
    else:
        draft.withdraw((step,), f"{event.by} said no")


# --- steps and the clock --------------------------------------------------------------


def _finished(draft: Draft, event: StepFinished) -> None:
    step = draft.fold.steps.get(event.step)
    if step is None or step.state != "started":
        return
    if isinstance(event.outcome, Done):
        draft.change(step, state="done")
        repairing.finished(draft, step)
    elif isinstance(event.outcome, Retry):
        draft.change(step, note=event.outcome.error)
    elif step.kind in ("repair", "verify", "rollback"):
        repairing.fail(draft, step, event.outcome.error)
    else:
        draft.change(step, state="failed", note=event.outcome.error)


def _observed(draft: Draft, event: Observed) -> None:
    step = draft.fold.steps.get(event.step)
    if step is not None and step.kind == "verify" and repairing.observed(draft, step, event.result):
        _change_status(draft, "mitigate")
        paging.end_all(draft, f"{step.because.name} worked")


def _woken(draft: Draft, event: Woken) -> None:
    """Nothing of its own: what has fallen due is started after every event."""


def _alarm(draft: Draft, step: Step) -> None:
    draft.start(step)
    run = draft.fold.run_of(step.because.name)
    if run is not None:
        paging.end(draft, run, "it went through all its rounds")


_START: Final[Mapping[str, Callable[[Draft, Step], None]]] = {
    "page": paging.start_page,
    "notify": paging.start_notify,
    "alarm": _alarm,
    "hub": talking.start_hub,
    "bridge": talking.start_hub,
    "collect": collecting.start_collect,
    "remind": updating.start_reminder,
    "update": updating.start_update,
    "repair": repairing.start_repair,
    "verify": repairing.start_repair,
    "rollback": repairing.start_repair,
}


def _start_due(draft: Draft) -> None:
    """Start what has fallen due, and what that brings, until nothing is due. Earlier steps come first."""
    while True:
        due = [step for step in draft.fold.steps.values() if _is_due(draft, step)]
        if not due:
            return
        for step in sorted(due, key=lambda step: step.due_at):
            if draft.fold.steps[step.id] is step and _is_due(draft, step):
                _expire(draft, step) if step.state != "planned" else _START[step.kind](draft, step)


def _is_due(draft: Draft, step: Step) -> bool:
    at = _looked_at(draft, step)
    return at is not None and at <= draft.now


def _looked_at(draft: Draft, step: Step) -> datetime | None:
    """When the clock next matters to this *step*; None if it waits for something else, or for nothing."""
    if step.state == "planned":
        if step.kind == "repair" and repairing.busy(draft, step):
            return None
        return step.due_at
    if step.state == "waiting":
        return step.answer_by
    if step.state == "started" and step.kind == "verify" and step.started_at is not None and step.timeout is not None:
        return step.started_at + step.timeout
    return None


def _expire(draft: Draft, step: Step) -> None:
    """The time for an answer is over."""
    if step.kind == "update":
        updating.unanswered(draft, step)
    elif step.kind == "verify":
        repairing.fail(draft, step, "it was not seen to work in time")
    else:
        repairing.fail(draft, step, "nobody approved in time")


def _wake_at(draft: Draft) -> datetime | None:
    moments = (_looked_at(draft, step) for step in draft.fold.steps.values())
    return min((moment for moment in moments if moment is not None), default=None)


_DOOR: Final[Mapping[type, Callable[[Draft, Any], None]]] = {
    AlertsReceived: _alerts,
    Woken: _woken,
    StepFinished: _finished,
    Observed: _observed,
    Acknowledged: _acknowledged,
    Unacknowledged: _unacknowledged,
    Mitigated: _mitigated,
    Resolved: _resolved,
    Approved: _approved,
    Denied: _denied,
}
