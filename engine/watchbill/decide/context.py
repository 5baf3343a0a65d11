"""What conditions and templates see of an alert and its incident.

The shape is declared, field by field, in `watchbill.expressions.context`; a test holds the two against each other.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from watchbill.decide.bill import Bill, Context
from watchbill.model.alert import ClaimedAlert
from watchbill.model.fold import Fold


def rfc3339(instant: datetime) -> str:
    """This *instant* in UTC, to the second, with a ``Z``."""
    return instant.astimezone(UTC).isoformat()[:19] + "Z"


def context_of(bill: Bill, alert: ClaimedAlert, incident: Fold, now: datetime, affected: tuple[str, ...] = ()) -> Context:
    """The context of this *alert* of this *incident* at *now*. *affected* are the services whose alerts it hides."""
    policies = bill.policies
    service = policies.services.get(alert.service) if alert.service is not None else None
    team = policies.teams.get(alert.team)
    labels = alert.labels
    raw = alert.alert
    environment = labels.get("env") or labels.get("environment") or (service.environment if service else "")
    seen: dict[str, Any] = {
        "alert": {
            "name": raw.name,
            "status": raw.status,
            "severity": alert.severity,
            "labels": labels,
            "annotations": raw.annotations,
            "received": raw.labels,
            "starts_at": rfc3339(raw.starts_at),
            "source": raw.source,
            "generator_url": raw.generator_url,
            "fingerprint": raw.fingerprint,
        },
        "service": None,
        "team": {"name": alert.team, "parent": team.parent if team else None},
        "incident": {
            "id": incident.id,
            "status": incident.status,
            "severity": incident.severity,
            "reopen_count": incident.reopen_count,
            "alert_count": len(incident.alerts),
            "opened_at": rfc3339(incident.opened_at),
            "age_seconds": int((now - incident.opened_at).total_seconds()),
            "is_acknowledged": incident.status == "acknowledged",
            "affected": list(affected),
        },
        "now": rfc3339(now),
        "severity": alert.severity,
        "tier": service.tier if service else None,
        "env": environment,
    }
    if service is not None:
        seen["service"] = {
            "name": service.name,
            "tier": service.tier,
            "owner": service.owner,
            "environment": service.environment,
        }
    return seen
