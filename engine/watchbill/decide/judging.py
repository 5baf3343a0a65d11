"""The one door: every change of an incident is an event through `decide`.

`decide` is pure. It reads no clock, touches nothing outside, and given the same bill, snapshot, event and time it comes to the
same decision. The dry run, the tests, the explanation and the engine all go through it; there is no second way.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from watchbill.decide import (
    answering,
    delivery_reports,
    flapping,
    following,
    holding,
    joining,
    paging,
    questions,
    repairing,
    retrying,
    stepping,
    updating,
    verifying,
)
from watchbill.decide.bill import Bill
from watchbill.decide.causes import begins
from watchbill.decide.draft import Draft
from watchbill.decide.grouping import REOPEN, grouping_of
from watchbill.decide.muting import mutings
from watchbill.model.alert import ClaimedAlert
from watchbill.model.change import AlertsMuted, AlertsTaken, Opened, SeverityRaised
from watchbill.model.decision import Decision, Snapshot
from watchbill.model.event import (
    Acknowledged,
    AlertsReceived,
    Answered,
    Approved,
    DeliveryReported,
    Denied,
    Escalated,
    Event,
    Extended,
    Mitigated,
    Noted,
    Observed,
    Requested,
    Resolved,
    Retried,
    Snoozed,
    StepFinished,
    Unacknowledged,
    Woken,
)
from watchbill.model.incident import Incident
from watchbill.model.plan import Done, Reason, Retry
from watchbill.model.severity import RANK, worst


def decide(bill: Bill, snapshot: Snapshot, event: Event, now: datetime) -> Decision:
    """All that follows from this *event* at *now*, given what the *snapshot* knows.

    The decision carries what changed, the steps that are to be carried out now, when to look again, and why.
    """
    if isinstance(event, AlertsReceived) and _is_past(bill, snapshot.incident, event, now):
        snapshot = replace(snapshot, incident=None)
    draft = Draft(bill, snapshot, now)
    if snapshot.incident is not None or isinstance(event, AlertsReceived | Answered):
        _DOOR[type(event)](draft, event)
    if snapshot.incident is None and not draft.changes:
        return draft.decision(None)
    if draft.fold.status != "resolved" and _look_at_mutings(draft):
        following.plan(draft, anew=False)
    flapping.end(draft)
    following.wake(draft)
    holding.look(draft)
    joining.look(draft, snapshot.incident)
    updating.withdraw_answered(draft)
    if snapshot.is_killed:
        following.stop(draft)
    due_at = stepping.start_due(draft)
    questions.withdraw_answered(draft)
    return draft.decision(stepping.wake_at(draft, due_at))


# --- alerts ---------------------------------------------------------------------------


def _is_past(bill: Bill, incident: Incident | None, event: AlertsReceived, now: datetime) -> bool:
    """Whether this *incident* was resolved too long ago for these alerts to reopen it; they open another one then."""
    if incident is None or incident.status != "resolved" or incident.status_at is None:
        return False
    if not any(alert.is_firing for alert in event.alerts):
        return False
    grouping = grouping_of(bill, event.alerts[0], now, [])
    return now - incident.status_at > (grouping.reopen if grouping is not None else REOPEN)


def _look_at_mutings(draft: Draft) -> bool:
    """Look again at which alerts are silenced or hidden; whether that has changed."""
    live = draft.snapshot.silences
    if not draft.bill.may_mute and not live and not draft.fold.muted:
        return False
    muted = mutings(draft.bill, draft.fold.firing, draft.snapshot.active, draft.context, draft.now, live)
    if muted == draft.fold.muted:
        return False
    draft.record(AlertsMuted(muted))
    draft.reasons.extend(Reason(muting.policy, True, muting.why) for muting in muted.values())
    return True


def _alerts(draft: Draft, event: AlertsReceived) -> None:
    before = draft.snapshot.incident
    fresh = _news(before.alerts if before is not None else {}, event.alerts)
    if before is None:
        firing = tuple(alert for alert in fresh if alert.is_firing)
        if firing:
            _open(draft, event.key, firing)
            _look_at_mutings(draft)
            following.plan(draft, anew=True)
    elif fresh:
        began = any(begins(before, alert) for alert in fresh)
        draft.record(AlertsTaken(fresh, draft.now))
        _tell_unknown_severities(draft, fresh)
        _join(draft, began)


def _news(known: Mapping[str, ClaimedAlert], alerts: tuple[ClaimedAlert, ...]) -> tuple[ClaimedAlert, ...]:
    """Those of these *alerts* that say more than what is *known*; of several for one fingerprint the last."""
    fresh: dict[str, ClaimedAlert] = {}
    for alert in alerts:
        if _is_news(fresh.get(alert.fingerprint) or known.get(alert.fingerprint), alert):
            fresh[alert.fingerprint] = alert
    return tuple(fresh.values())


def _is_news(known: ClaimedAlert | None, alert: ClaimedAlert) -> bool:
    """Whether this *alert* says more than that what is *known* still holds.

    One that ended before it was known does not, nor does one that ended before what is known began: it comes late.
    """
    if known is None:
        return alert.is_firing
    if known.alert is alert.alert:
        return False
    old, new = known.alert, alert.alert
    if new.status == "resolved" and old.status == "firing" and new.ends_at is not None and new.ends_at < old.starts_at:
        return False
    same = old.status == new.status and old.starts_at == new.starts_at and known.labels == alert.labels
    return not (same and old.annotations == new.annotations)


def _open(draft: Draft, key: str, firing: tuple[ClaimedAlert, ...]) -> None:
    lead = firing[0]
    service = draft.bill.policies.services.get(lead.service) if lead.service is not None else None
    severity = worst(tuple(alert.severity for alert in firing))
    revision = draft.bill.policies.revision
    identity = incident_id(lead.service or lead.alert.name, key, draft.now)
    tier = service.tier if service else None
    draft.record(Opened(identity, key, lead.service, lead.team, tier, severity, draft.now, revision))
    draft.record(AlertsTaken(firing, draft.now))
    _tell_unknown_severities(draft, firing)


def incident_id(name: str, key: str, opened_at: datetime) -> str:
    """A name that people can say, and a tail that tells it from every other: ``checkout-7f3a2k``."""
    digest = hashlib.sha256(f"{key}\0{opened_at.isoformat()}".encode()).digest()
    tail = b32encode(digest)[:6].decode().lower()
    spoken = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower()).strip("-")
    return f"{spoken[:40] or 'incident'}-{tail}"


def _join(draft: Draft, began: bool) -> None:
    """What alerts that are news do to an incident that is there. *began* tells whether any of them began to fire."""
    firing = draft.fold.firing
    if draft.fold.status == "resolved":
        if not began:
            return
        flapping.comes_back(draft, "reopen")
        if draft.fold.flapping is None:
            draft.record(SeverityRaised(worst(tuple(alert.severity for alert in firing))))
            following.plan(draft, anew=True)
            return
    if not firing:
        if not flapping.falls_quiet(draft):
            following.resolve(draft, "")
        return
    _look_at_mutings(draft)
    highest = worst(tuple({alert.severity for alert in draft.fold.calling}))
    anew = False
    if RANK[highest] > RANK[draft.fold.severity]:
        draft.record(SeverityRaised(highest))
        if draft.fold.may("severity-rise"):
            following.change_status(draft, "severity-rise")
            anew = True
        # A higher severity pages whoever has been called before, too.
        anew = anew or draft.fold.flapping is not None
    if draft.fold.status == "mitigated" and began:
        flapping.comes_back(draft, "relapse")
        anew = anew or draft.fold.flapping is None
    following.plan(draft, anew=anew)


def _tell_unknown_severities(draft: Draft, alerts: tuple[ClaimedAlert, ...]) -> None:
    for alert in alerts:
        if alert.unknown_severity is not None:
            service = draft.bill.policies.services.get(alert.service) if alert.service is not None else None
            team = draft.bill.policies.teams.get(alert.team)
            ref = service.ref if service else team.ref if team else None
            if ref is not None:
                note = f"the severity `{alert.unknown_severity}` is not known and counts as critical"
                draft.reasons.append(Reason(ref, True, note))


# --- steps and the clock --------------------------------------------------------------


def _finished(draft: Draft, event: StepFinished) -> None:
    step = draft.fold.steps.get(event.step)
    if step is None or step.state != "started":
        return
    if step.deliveries:
        delivery_reports.finished(draft, step, event)
    elif isinstance(event.outcome, Done) and step.kind == "verify":
        _observed(draft, Observed(step.id, event.outcome.result))
    elif isinstance(event.outcome, Done):
        done = draft.change(step, state="done", retry_at=None, error="", may_have_acted=step.kind == "repair")
        repairing.finished(draft, done)
    elif isinstance(event.outcome, Retry):
        retrying.retry(draft, step, event.outcome)
    elif step.kind in ("repair", "verify", "rollback"):
        repairing.fail(draft, step, event.outcome.error, has_acted=step.kind == "repair" and not event.outcome.is_refused)
    else:
        draft.change(step, state="failed", error=event.outcome.error)


def _observed(draft: Draft, event: Observed) -> None:
    step = draft.fold.steps.get(event.step)
    if step is not None and step.kind == "verify" and verifying.observed(draft, step, event.result):
        following.change_status(draft, "mitigate")
        paging.end_all(draft, f"{step.because.name} worked")


def _woken(draft: Draft, event: Woken) -> None:
    """Nothing of its own: what has fallen due is started after every event."""


_DOOR: Final[Mapping[type, Callable[[Draft, Any], None]]] = {
    AlertsReceived: _alerts,
    Woken: _woken,
    StepFinished: _finished,
    DeliveryReported: delivery_reports.reported,
    Observed: _observed,
    Acknowledged: answering.answered,
    Unacknowledged: answering.answered,
    Extended: answering.answered,
    Mitigated: answering.answered,
    Resolved: answering.answered,
    Approved: answering.answered,
    Denied: answering.answered,
    Requested: answering.answered,
    Retried: answering.answered,
    Escalated: answering.answered,
    Snoozed: answering.answered,
    Noted: answering.answered,
}
