"""What an alert of a new name does that joins an incident which somebody has: `joined` on the escalation says it.

`tell` tells whoever has the incident by the contact that tells. `page` pages the first level that is open and reaches somebody, once;
the incident stays whose it is, and no further level follows. `nothing` does nothing. What joins an incident that is mitigated brings it
back, and pages as any relapse does.
"""

from __future__ import annotations

from watchbill.decide import holding, messages, paging
from watchbill.decide.deliveries import has_failed
from watchbill.decide.draft import Draft
from watchbill.decide.oncall import resolve
from watchbill.model.alert import ClaimedAlert
from watchbill.model.change import AlertsMuted, AlertsTaken
from watchbill.model.incident import Incident
from watchbill.model.plan import Reason, Step, step_id
from watchbill.model.policies import Escalation


def look(draft: Draft, before: Incident | None) -> None:
    """See what has joined an incident that somebody had *before*, and has still."""
    if before is None or before.status != "acknowledged" or draft.fold.status != "acknowledged":
        return
    if not any(isinstance(change, AlertsTaken | AlertsMuted) for change in draft.changes):
        return
    known = {alert.alert.name for fingerprint, alert in before.alerts.items() if fingerprint not in before.muted}
    joining = {alert.alert.name: alert for alert in reversed(draft.fold.calling) if alert.alert.name not in known}
    for alert in reversed(joining.values()):
        _joined(draft, alert)


def page_failed(draft: Draft, step: Step) -> None:
    """This page of what joined reached nobody: page the level behind it, and tell whoever has the incident where there is none."""
    escalation = draft.bill.policies.escalations.get(step.because.name)
    alert = draft.fold.alerts.get(step.about)
    if escalation is not None and alert is not None and draft.fold.status == "acknowledged" and has_failed(step):
        _page(draft, escalation, alert, paging.joined_level(step) + 1)


def _joined(draft: Draft, alert: ClaimedAlert) -> None:
    escalation = holding.escalation_at_work(draft)
    joined = escalation.joined if escalation is not None else "tell"
    by = draft.fold.acknowledged_by
    note = {
        "tell": f"{by} is told of {alert.alert.name}, which joins what they have",
        "page": f"{alert.alert.name} joins what {by} has, and is paged (`joined: page`)",
        "nothing": f"{alert.alert.name} joins what {by} has, and nobody hears of it (`joined: nothing`)",
    }[joined]
    draft.reasons.append(Reason(holding.because(draft), True, note))
    if joined == "page" and escalation is not None:
        _page(draft, escalation, alert, 0)
    elif joined == "tell":
        _tell(draft, alert)


def _tell(draft: Draft, alert: ClaimedAlert) -> None:
    ref = holding.because(draft)
    slot = f"{paging.JOINED}/{alert.alert.name}"
    text = f"{_text(draft, alert)} joins {draft.fold.id}, which you have."
    messages.tell(draft, ref, ref.place, slot, (holding.holder(draft),), text, round=draft.fold.reopen_count, about=alert.fingerprint)


def _page(draft: Draft, escalation: Escalation, alert: ClaimedAlert, first: int) -> None:
    """Page the first level from this one on that is open and reaches somebody."""
    for number, level in enumerate(escalation.levels[first:], first):
        if level.during is not None and draft.now not in level.during:
            continue
        resolution = resolve(draft.bill.policies, level.page, draft.fold.team, draft.now)
        if not resolution.people:
            continue
        slot = f"{paging.JOINED}/{number}/{alert.alert.name}"
        identity = step_id(draft.fold.id, "page", escalation.ref.name, slot, draft.fold.reopen_count)
        if identity in draft.fold.steps:
            return
        step = Step(identity, "page", escalation.ref, level.place, slot, draft.fold.reopen_count, draft.now, about=alert.fingerprint)
        draft.add(step)
        by = draft.fold.acknowledged_by
        text = f"{_text(draft, alert)} joins {draft.fold.id}, which {by} has."
        people = resolution.people
        note = "; ".join((f"{alert.alert.name} joins what {by} has", *resolution.skipped))
        made = paging.deliveries_of(step, people, draft.now)
        draft.start(step, people=paging.duties(people), deliveries=made, note=note, text=text)
        return
    _tell(draft, alert)


def _text(draft: Draft, alert: ClaimedAlert) -> str:
    return f"{alert.severity}: {alert.alert.name} on {draft.fold.service or 'no known service'}"
