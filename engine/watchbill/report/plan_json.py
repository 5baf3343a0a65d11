"""A plan as JSON for other programs: the shape that `schemas/v1/plan.json` describes.

Keys are snake_case, but for `apiVersion`, which is written as in every document. Times are RFC 3339 in UTC with a ``Z``;
a person's own time (`local_at`) keeps the offset of where they are. Durations are texts as policies write them (``1h30m``).
What a reader must know before it exists is never left out: an absent value is null, an empty list is a list.
Within v1 fields may be added; none changes its meaning or goes away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any, TypeAlias

from watchbill.errors import Place
from watchbill.expressions.durations import format_duration
from watchbill.model.alert import ClaimedAlert
from watchbill.model.forecast import (
    Forecast,
    Plan,
    PlannedEscalation,
    PlannedEvidence,
    PlannedHub,
    PlannedPage,
    PlannedPerson,
    PlannedPost,
    PlannedQuestion,
    PlannedRepair,
    PlannedTelling,
    PlannedUpdate,
)
from watchbill.model.plan import Call, Reason
from watchbill.model.references import Json, Ref
from watchbill.report import API_VERSION

Document: TypeAlias = dict[str, Any]


def plan_json(plan: Plan) -> Document:
    """The *plan* as a document of kind Plan."""
    alerts = plan.alerts if any(each.fingerprint == plan.lead.fingerprint for each in plan.alerts) else (plan.lead, *plan.alerts)
    return {
        "apiVersion": API_VERSION,
        "kind": "Plan",
        "at": time_json(plan.at),
        "revision": plan.revision,
        "tzdata": plan.tzdata,
        "incident": plan.incident,
        "key": plan.key,
        "title": plan.title,
        "severity": plan.severity,
        "service": None if plan.service is None else ref_json(plan.service),
        "tier": plan.tier,
        "team": plan.team,
        "claim": reason_json(plan.claim),
        "lead": plan.lead.fingerprint,
        "alerts": [_alert(each) for each in alerts],
        "escalations": [_escalation(each) for each in plan.escalations],
        "posts": [_post(each) for each in plan.posts],
        "hub": None if plan.hub is None else _hub(plan.hub),
        "evidence": [_evidence(each) for each in plan.evidence],
        "evidence_budget": format_duration(plan.evidence_budget),
        "updates": [_update(each) for each in plan.updates],
        "repairs": [_repair(each) for each in plan.repairs],
        "refused": [reason_json(each) for each in plan.refused],
        "reasons": [reason_json(each) for each in plan.reasons],
        "notes": list(plan.notes),
        "quarantined": list(plan.quarantined),
    }


def plans_json(plans: Sequence[Plan]) -> Document:
    """The *plans* as one document of kind PlanList; an empty list is a list too."""
    return {"apiVersion": API_VERSION, "kind": "PlanList", "items": [plan_json(plan) for plan in plans]}


# --- values that stand in many places ---------------------------------------------------


def time_json(moment: datetime) -> str:
    """An instant in UTC; fractions of a second only where there are some."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def ref_json(ref: Ref) -> Document:
    """A document's kind, name, team (null for one of the whole repository) and place."""
    return {"kind": ref.kind, "name": ref.name, "team": ref.team or None, "place": place_json(ref.place)}


def place_json(place: Place) -> Document:
    """File, line and column; line 0 is the whole file, column 0 the whole line."""
    return {"file": place.file, "line": place.line, "column": place.column}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else time_json(moment)


def _length(length: timedelta | None) -> str | None:
    return None if length is None else format_duration(length)


def reason_json(reason: Reason) -> Document:
    """A policy, whether it takes part, and the first condition that failed."""
    return {
        "policy": ref_json(reason.policy),
        "applied": reason.applied,
        "note": reason.note,
        "failed": reason.failed or None,
        "saw": reason.saw if reason.failed else None,
        "kind": reason.kind,
    }


def _call(call: Call) -> Document:
    return {
        "connector": call.connector,
        "action": call.action,
        "arguments": {name: _value(value) for name, value in call.arguments.items()},
    }


def _value(value: Json) -> Any:
    if isinstance(value, Mapping):
        return {key: _value(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_value(inner) for inner in value]
    return value


def _alert(claimed: ClaimedAlert) -> Document:
    alert = claimed.alert
    return {
        "fingerprint": alert.fingerprint,
        "name": alert.name,
        "status": alert.status,
        "severity": claimed.severity,
        "unknown_severity": claimed.unknown_severity,
        "service": claimed.service,
        "team": claimed.team,
        "labels": dict(claimed.labels),
        "received": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "starts_at": time_json(alert.starts_at),
        "ends_at": _moment(alert.ends_at),
        "generator_url": alert.generator_url,
        "source": alert.source,
    }


# --- the sections -----------------------------------------------------------------------


def _person(person: PlannedPerson) -> Document:
    return {
        "name": person.name,
        "full_name": person.full_name,
        "duty": person.duty,
        "why": person.why,
        "local_at": person.local_at.isoformat(),
        "zone": person.zone,
        "contacts": [
            {"use": way.use, "after": format_duration(way.after), "rings": way.rings, "mark": way.mark} for way in person.contacts
        ],
    }


def _escalation(escalation: PlannedEscalation) -> Document:
    return {
        "policy": ref_json(escalation.policy),
        "why": escalation.why,
        "proceeds": escalation.proceeds,
        "held_until": _moment(escalation.held_until),
        "held_for": list(escalation.held_for),
        "pages": [page_json(page) for page in escalation.pages],
        "repeat": escalation.repeat,
        "after": escalation.after,
        "acknowledged_for": format_duration(escalation.acknowledged_for),
        "reminded_before": format_duration(escalation.reminded_before),
        "joined": escalation.joined,
    }


def page_json(page: PlannedPage) -> Document:
    """A level of a round, and whom it reaches."""
    return {
        "at": time_json(page.at),
        "round": page.round,
        "level": page.level,
        "targets": list(page.targets),
        "people": [_person(person) for person in page.people],
        "note": page.note,
        "because": ref_json(page.because),
        "place": place_json(page.place),
    }


def _post(post: PlannedPost) -> Document:
    return {
        "at": time_json(post.at),
        "kind": post.kind,
        "call": _call(post.call),
        "mark": post.mark,
        "error": post.error or None,
        "because": ref_json(post.because),
        "place": place_json(post.place),
    }


def _hub(hub: PlannedHub) -> Document:
    return {
        "channel": hub.channel,
        "bridge": hub.bridge,
        "channel_mark": hub.channel_mark,
        "bridge_mark": hub.bridge_mark,
        "invited": [{"name": name, "duty": duty} for name, duty in hub.invited],
        "because": ref_json(hub.because),
        "place": place_json(hub.place),
    }


def _evidence(evidence: PlannedEvidence) -> Document:
    return {
        "name": evidence.name,
        "title": evidence.title,
        "call": _call(evidence.call),
        "timeout": format_duration(evidence.timeout),
        "error": evidence.error or None,
        "mark": evidence.mark,
        "because": ref_json(evidence.because),
        "place": place_json(evidence.place),
    }


def _update(update: PlannedUpdate) -> Document:
    return {
        "audience": update.audience,
        "title": update.title,
        "due_at": time_json(update.due_at),
        "channels": list(update.channels),
        "marks": [found for _, found in zip_longest(update.channels, update.marks)],
        "subject": update.subject,
        "body": update.body,
        "reviewer": None if update.reviewer is None else _person(update.reviewer),
        "review": update.review,
        "sent_at": _moment(update.sent_at),
        "every": _length(update.every),
        "liaison": update.liaison or None,
        "calls": [_telling(each) for each in update.calls],
        "because": ref_json(update.because),
        "place": place_json(update.place),
    }


def _telling(telling: PlannedTelling) -> Document:
    return {"use": telling.use, "call": None if telling.call is None else _call(telling.call), "error": telling.error or None}


def _forecast(forecast: Forecast) -> Document:
    return {"text": forecast.text, "passes": forecast.passes, "kind": forecast.kind, "because": ref_json(forecast.because)}


def _question(question: PlannedQuestion) -> Document:
    return {
        "people": list(question.people),
        "until": time_json(question.until) if question.until is not None else None,
        "lasts": format_duration(question.lasts),
        "digest": question.digest,
        "unanswered": question.unanswered,
    }


def _repair(repair: PlannedRepair) -> Document:
    return {
        "name": repair.name,
        "at": time_json(repair.at),
        "phase": repair.phase,
        "declared": repair.declared,
        "target": repair.target,
        "runs": repair.runs,
        "steps": [_call(call) for call in repair.steps],
        "marks": [found for _, found in zip_longest(repair.steps, repair.marks)],
        "forecasts": [_forecast(each) for each in repair.forecasts],
        "verification": repair.verification,
        "rollback": repair.rollback,
        "approvals": repair.approvals,
        "approvers": list(repair.approvers),
        "question": _question(repair.question) if repair.question is not None else None,
        "offered_to": list(repair.offered_to),
        "runbook": repair.runbook or None,
        "note": repair.note,
        "error": repair.error or None,
        "because": ref_json(repair.because),
        "place": place_json(repair.place),
    }
