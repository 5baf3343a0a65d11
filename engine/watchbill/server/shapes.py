"""Incidents, steps and decisions as the API writes them. Names are the glossary's; times are RFC 3339 in UTC; what is absent is null."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from watchbill.decide.retrying import may_be_retried
from watchbill.model.alert import ClaimedAlert
from watchbill.model.change import Muting
from watchbill.model.event import DeliveryReported, Event
from watchbill.model.flapping import Flapping
from watchbill.model.incident import EscalationRun, Incident
from watchbill.model.plan import Call, Delivery, Done, Duty, Outcome, Reason, Retry, Stalled, Step
from watchbill.model.question import Question, question_of
from watchbill.model.references import Json
from watchbill.model.timeline import Happening
from watchbill.report.plan_json import place_json, reason_json, ref_json
from watchbill.server.access import split_recorded
from watchbill.store import effects, incidents, steps, switches
from watchbill.store.decisions import Recorded
from watchbill.store.delivery_rows import DeliveryRow

Document = dict[str, Any]
UrlOf = Callable[[str], str]


def listed(row: incidents.Listed, silenced: int, url_of: UrlOf) -> Document:
    """An incident as a list shows it; *alerts* counts those that fire, *silenced* those of them that a silence holds back."""
    return {
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "severity": row.severity,
        "service": row.service,
        "team": row.team,
        "opened_at": row.opened_at,
        "status_at": row.status_at,
        "acknowledged_by": row.acknowledged_by or None,
        "acknowledged_until": row.acknowledged_until if row.status == "acknowledged" else None,
        "unanswered": row.is_unanswered,
        "alerts": row.alerts,
        "silenced": silenced,
        "revision": row.revision,
        "number": row.number,
        "url": url_of(row.id) or None,
    }


def incident(
    found: Incident, number: int, rows: Iterable[steps.Row], attempts: Iterable[DeliveryRow], url_of: UrlOf, seen: Mapping[str, Json]
) -> Document:
    """All that is known of an incident as it stands after its decision of this *number*.

    *rows* are its steps in the queue, and *attempts* those at its deliveries. *seen* is what its checks
    saw last, by step.
    """
    queued = {row.id: row for row in rows}
    leaving = {(each.step, each.number): each.begun_at for each in attempts if each.settled_at is None}
    told = [step(found, each, queued.get(each.id), leaving, seen.get(each.id)) for each in found.steps.values()]
    return {
        "id": found.id,
        "name": found.lead.alert.name,
        "status": found.status,
        "severity": found.severity,
        "service": found.service,
        "team": found.team,
        "tier": found.tier,
        "opened_at": found.opened_at,
        "status_at": found.status_at,
        "acknowledged_by": found.acknowledged_by or None,
        "unanswered": found.is_unanswered,
        "unanswered_since": found.unanswered_since,
        "acknowledged_until": found.acknowledged_until if found.status == "acknowledged" else None,
        "snoozed_until": found.snoozed_until,
        "reopen_count": found.reopen_count,
        "flapping": flapping(found.flapping) if found.flapping is not None else None,
        "revision": found.revision,
        "number": number,
        "url": url_of(found.id) or None,
        "alerts": [alert(each, found.muted.get(fingerprint)) for fingerprint, each in found.alerts.items()],
        "escalations": [escalation(run) for run in found.escalations],
        "steps": told,
        "evidence": [evidence(row) for row in queued.values() if row.kind == "collect"],
    }


def flapping(found: Flapping) -> Document:
    """Since when an incident comes and goes, and when it is resolved unless an alert fires again; null while one does."""
    return {"since": found.since, "quiet_since": found.quiet_since, "ends_at": found.ends_at}


def alert(claimed: ClaimedAlert, muting: Muting | None) -> Document:
    """An alert as it was received, and who took it; *muted* says why it is not acted on."""
    its = claimed.alert
    muted = None
    if muting is not None:
        muted = {"policy": ref_json(muting.policy), "why": muting.why, "silenced": muting.is_silenced, "by": muting.source or None}
    return {
        "fingerprint": its.fingerprint,
        "name": its.name,
        "status": its.status,
        "severity": claimed.severity,
        "service": claimed.service,
        "team": claimed.team,
        "labels": its.labels,
        "annotations": its.annotations,
        "starts_at": its.starts_at,
        "ends_at": its.ends_at,
        "generator_url": its.generator_url or None,
        "source": its.source,
        "muted": muted,
    }


def escalation(run: EscalationRun) -> Document:
    """An escalation at work, or over."""
    return {
        "policy": ref_json(run.policy),
        "begun_at": run.begun_at,
        "held_until": run.held_until,
        "beside": run.proceeds,
        "over": run.is_over,
    }


def step(incident: Incident, its: Step, row: steps.Row | None, leaving: Mapping[tuple[str, int], datetime], saw: Json = None) -> Document:
    """A step of an *incident*, how far it has come, and what people *can* say to it. Addresses of people are left out.

    *leaving* says since when which deliveries are leaving, by step and number; *saw* is what a check saw when it last looked.
    """
    return {
        "id": its.id,
        "kind": its.kind,
        "state": its.state,
        "policy": ref_json(its.because),
        "place": place_json(its.place),
        "slot": its.slot,
        "round": its.round,
        "due_at": its.due_at,
        "started_at": its.started_at,
        "answer_by": its.answer_by,
        "retry_at": its.retry_at,
        "people": [duty(each) for each in its.people],
        "calls": [call(each) for each in its.calls],
        "deliveries": [delivery(each, leaving.get((its.id, number))) for number, each in enumerate(its.deliveries)],
        "subject": its.subject or None,
        "text": its.text or None,
        "note": its.note or None,
        "error": its.error or None,
        "attempt": row.attempt if row is not None else 0,
        "possibly_repeated": _is_repeated(its, row),
        "outcome": outcome(row.outcome) if row is not None else None,
        "saw": saw,
        "can": list(can(its, incident)),
        "question": question(question_of(its, incident.revision)),
    }


def question(its: Question | None) -> Document | None:
    """What somebody is asked to approve, down to the digest that the answer names; null where nothing is asked."""
    if its is None:
        return None
    return {
        "action": its.action,
        "arguments": its.arguments,
        "target": its.target,
        "asked_by": its.asked_by or None,
        "until": its.until,
        "revision": its.revision,
        "digest": its.digest,
    }


def _is_repeated(its: Step, row: steps.Row | None) -> bool:
    found = (its.possibly_repeated, row is not None and row.possibly_repeated, *(each.possibly_repeated for each in its.deliveries))
    return any(found)


def delivery(its: Delivery, leaving_since: datetime | None = None) -> Document:
    """One contact of one person, what became of it, and since when it is leaving, if it is. The address is left out."""
    return {
        "person": its.person,
        "connector": its.connector,
        "use": its.use,
        "at": its.at,
        "result": its.result,
        "error": its.error or None,
        "attempt": its.attempt,
        "settled_at": its.settled_at,
        "retry_at": its.retry_at,
        "possibly_repeated": its.possibly_repeated,
        "leaving_since": leaving_since,
    }


def can(its: Step, incident: Incident) -> tuple[str, ...]:
    """What people can say to this step of an *incident* as it stands: ``approve`` and ``deny``, ``run``, ``retry``."""
    if its.state == "waiting":
        return ("run", "deny") if its.kind == "offer" else ("approve", "deny")
    return ("retry",) if may_be_retried(incident, its) else ()


def duty(its: Duty) -> Document:
    """Somebody whom a step concerns, and which way led to them."""
    return {"person": its.person, "duty": its.duty, "why": its.why}


def call(its: Call) -> Document:
    """An action with its arguments."""
    return {"use": f"{its.connector}.{its.action}", "arguments": its.arguments}


def evidence(row: steps.Row) -> Document:
    """What a collector gave, or why it gave nothing."""
    return {
        "step": row.id,
        "triage": row.step.because.name,
        "collector": row.step.slot,
        "state": row.state,
        "at": row.settled_at,
        "outcome": outcome(row.outcome),
    }


def outcome(its: Outcome | None) -> Document | None:
    """How something ended: ``done``, ``retry`` or ``stalled``; null while nobody knows."""
    match its:
        case None:
            return None
        case Done(result, effect):
            return {"kind": "done", "result": result, "effect": effect or None}
        case Retry(at, error):
            return {"kind": "retry", "at": at, "error": error}
        case Stalled(error):
            return {"kind": "stalled", "error": error}


def effect(its: effects.Effect) -> Document:
    """One call that was made outside."""
    return {
        "step": its.step,
        "call": its.call,
        "attempt": its.attempt,
        "key": its.key,
        "begun_at": its.begun_at,
        "settled_at": its.settled_at,
        "outcome": outcome(its.outcome),
    }


def delivery_attempt(its: DeliveryRow) -> Document:
    """One attempt at a delivery. The address is left out; *effect* is what the other side calls it."""
    return {
        "step": its.step,
        "number": its.number,
        "attempt": its.attempt,
        "person": its.person,
        "connector": its.connector,
        "use": f"{its.connector}.{its.action}",
        "result": its.result,
        "error": its.error or None,
        "effect": its.effect or None,
        "begun_at": its.begun_at,
        "settled_at": its.settled_at,
        "reported_at": its.reported_at,
    }


def switch(its: switches.Switch) -> Document:
    """Somebody's stop of unattended work."""
    by, proof = split_recorded(its.by)
    return {
        "id": its.id,
        "kind": its.kind,
        "scope": its.scope,
        "name": its.name or None,
        "by": by,
        "proof": proof or None,
        "reason": its.reason,
        "at": its.at,
        "until": its.until,
        "lifted_at": its.lifted_at,
        "lifted_by": split_recorded(its.lifted_by)[0] or None,
    }


# --- decisions --------------------------------------------------------------------------

_WORDS: Final[Mapping[str, str]] = {
    "AlertsReceived": "alerts",
    "Woken": "clock",
    "StepFinished": "step-finished",
    "DeliveryReported": "delivery-reported",
    "Observed": "observed",
    "Acknowledged": "acknowledge",
    "Unacknowledged": "unacknowledge",
    "Mitigated": "mitigate",
    "Resolved": "resolve",
    "Approved": "approve",
    "Denied": "deny",
    "Requested": "run",
    "Retried": "retry",
    "Escalated": "escalate",
    "Snoozed": "snooze",
    "Extended": "extend",
    "Noted": "note",
}
"""Events by their classes, as the API calls them."""


def event(its: Event) -> Document:
    """What was decided on, in short: its word, and the step, the delivery or the alerts that it is about."""
    found: Document = {"kind": _WORDS[type(its).__name__]}
    alerts = getattr(its, "alerts", None)
    if alerts is not None:
        found["alerts"] = [each.fingerprint for each in alerts]
    for name in ("step", "text", "until", "digest"):
        value = getattr(its, name, None)
        if value is not None and (value or name != "digest"):
            found[name] = value
    if isinstance(its, DeliveryReported):
        found |= {"delivery": its.number, "result": its.result, "error": its.error or None}
    return found


def decision(its: Recorded, status: str, happenings: Iterable[Document]) -> Document:
    """A recorded decision: on what, by whom, what followed, and the reasons. *status* is the incident's after it."""
    by, proof = split_recorded(its.by)
    return {
        "id": its.id,
        "incident": its.incident,
        "number": its.number,
        "at": its.at,
        "by": by or None,
        "proof": proof or None,
        "event": event(its.event),
        "status": status,
        "happenings": list(happenings),
        "reasons": [reason(each) for each in its.reasons],
        "wake_at": its.wake_at,
        "revision": its.revision,
        "tzdata": its.tzdata,
        "facts": its.facts,
    }


def happening(its: Happening) -> Document:
    """One line of a timeline."""
    return {
        "at": its.at,
        "what": its.what,
        "text": its.text,
        "people": list(its.people),
        "because": its.because or None,
        "place": place_json(its.place) if its.place is not None else None,
        "note": its.note or None,
    }


def reason(its: Reason) -> Document:
    """A policy that was looked at, and what came of it."""
    return reason_json(its)
