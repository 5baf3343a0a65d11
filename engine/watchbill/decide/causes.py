"""Which alert a page speaks of: the one for which paging began, as long as it fires and nothing worse does."""

from __future__ import annotations

from watchbill.decide.draft import Draft
from watchbill.model.alert import ClaimedAlert
from watchbill.model.change import AlertsTaken
from watchbill.model.fold import Fold
from watchbill.model.incident import Incident, lead_of
from watchbill.model.plan import Step
from watchbill.model.severity import RANK


def begins(incident: Incident, alert: ClaimedAlert) -> bool:
    """Whether this *alert* begins to fire, rather than saying again, in other words, that it still does.

    What began after the status last changed begins too: that it had ended in between was not heard.
    """
    known = incident.alerts.get(alert.fingerprint)
    since = incident.status_at or incident.opened_at
    return alert.is_firing and (known is None or not known.is_firing or alert.alert.starts_at > max(since, known.alert.starts_at))


def cause(draft: Draft) -> str:
    """The fingerprint of the alert for which paging begins with this decision; empty for the lead alert.

    It is the lead of those that began to fire just now, or that became more severe.
    """
    before = draft.snapshot.incident
    if before is None:
        return ""
    taken = (alert for change in draft.changes if isinstance(change, AlertsTaken) for alert in change.alerts)
    called = {alert.fingerprint for alert in draft.fold.calling}
    fresh = tuple(each for each in taken if each.fingerprint in called and (begins(before, each) or _is_worse(before, each)))
    return lead_of(fresh).fingerprint if fresh else ""


def _is_worse(before: Incident, alert: ClaimedAlert) -> bool:
    known = before.alerts.get(alert.fingerprint)
    return known is not None and RANK[alert.severity] > RANK[known.severity]


def spoken_of(incident: Incident | Fold, step: Step) -> ClaimedAlert:
    """The alert that a message of this *step* speaks of: the one it is about, unless that is over or hidden, or a worse one fires."""
    lead, alert = incident.lead, incident.alerts.get(step.about)
    if alert is None or not alert.is_firing or alert.fingerprint in incident.muted or RANK[lead.severity] > RANK[alert.severity]:
        return lead
    return alert
