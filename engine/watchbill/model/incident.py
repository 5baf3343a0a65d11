"""What an incident is, and the ways its status may take.

Rule 1: each change of status is a row of TRANSITIONS; nothing else sets it.
Rule 2: this file knows no policy. It says what may happen, never what should.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Final

from watchbill.model.alert import ClaimedAlert
from watchbill.model.change import Muting, Status, Trigger
from watchbill.model.flapping import Flapping
from watchbill.model.plan import Step, StepState
from watchbill.model.references import Ref
from watchbill.model.severity import Severity, worst

TRANSITIONS: Final[Mapping[tuple[Status, Trigger], Status]] = {
    ("triggered", "acknowledge"): "acknowledged",
    ("triggered", "mitigate"): "mitigated",
    ("triggered", "resolve"): "resolved",
    ("acknowledged", "unacknowledge"): "triggered",
    ("acknowledged", "acknowledgement-end"): "triggered",
    ("acknowledged", "holder-gone"): "triggered",
    ("acknowledged", "escalate"): "triggered",
    ("acknowledged", "snooze-end"): "triggered",
    ("acknowledged", "severity-rise"): "triggered",
    ("acknowledged", "mitigate"): "mitigated",
    ("acknowledged", "resolve"): "resolved",
    ("mitigated", "relapse"): "triggered",
    ("mitigated", "escalate"): "triggered",
    ("mitigated", "severity-rise"): "triggered",
    ("mitigated", "resolve"): "resolved",
    ("resolved", "reopen"): "triggered",
}
"""From a status, by a trigger, to a status. What is not here cannot happen. Opening makes ``triggered``."""


# --- the incident ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EscalationRun:
    """An escalation at work on an incident."""

    policy: Ref
    begun_at: datetime
    proceeds: bool
    first_round: int = 0
    held_until: datetime | None = None
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """One disturbance of one service, from its first alert to its resolution.

    *service* is None where nobody claimed the alerts. *alerts* and *steps* are by fingerprint and by step id, in
    the order in which they came. *acknowledged_by* has it: who acknowledged it, or mitigated what nobody had. *acknowledged_until* is when
    an acknowledgement ends, and of a mitigated incident by when whoever has it is reminded again. *snoozed_until* is when it is triggered
    again, for one that somebody put off. *returns* are when it last came back, and *flapping* tells that it
    did so too often; it says nothing of the status, and ends with the resolution.
    """

    id: str
    key: str
    service: str | None
    team: str
    tier: int | None
    opened_at: datetime
    revision: str
    severity: Severity
    status: Status = "triggered"
    status_at: datetime | None = None
    acknowledged_by: str = ""
    reopen_count: int = 0
    alerts: Mapping[str, ClaimedAlert] = field(default_factory=dict)
    steps: Mapping[str, Step] = field(default_factory=dict)
    escalations: tuple[EscalationRun, ...] = ()
    held_since: Mapping[str, datetime] = field(default_factory=dict)
    muted: Mapping[str, Muting] = field(default_factory=dict)
    snoozed_until: datetime | None = None
    acknowledged_until: datetime | None = None
    returns: tuple[datetime, ...] = ()
    flapping: Flapping | None = None

    @property
    def lead(self) -> ClaimedAlert:
        """The alert that selects the escalation: most severe firing, then oldest, then by fingerprint.

        Muted ones count only where there is no other.
        """
        calling = tuple(alert for alert in self.firing if alert.fingerprint not in self.muted)
        return lead_of(calling or tuple(self.alerts.values()))

    @property
    def firing(self) -> tuple[ClaimedAlert, ...]:
        """The alerts that still hold."""
        return tuple(alert for alert in self.alerts.values() if alert.is_firing)

    @property
    def is_unanswered(self) -> bool:
        """Whether every round went unanswered: the engine has raised its own alarm since paging last began, and nobody has taken it."""
        return self.unanswered_since is not None

    @property
    def unanswered_since(self) -> datetime | None:
        """Since when the engine raises its own alarm because every round went unanswered; None where that is not so."""
        if self.status != "triggered":
            return None
        begun_at = max((run.begun_at for run in self.escalations if not run.proceeds), default=self.opened_at)
        alarms = (step.started_at for step in self.steps.values() if step.kind == "alarm")
        return min((at for at in alarms if at is not None and at >= begun_at), default=None)

    def in_state(self, *states: StepState) -> tuple[Step, ...]:
        """The steps in any of these *states*."""
        return tuple(step for step in self.steps.values() if step.state in states)


_BY_AGE: Final = attrgetter("alert.starts_at", "alert.fingerprint")


def lead_of(alerts: tuple[ClaimedAlert, ...]) -> ClaimedAlert:
    """The lead of these *alerts*; resolved ones count only where none fires."""
    foremost = [alert for alert in alerts if alert.alert.status == "firing"] or alerts
    highest = worst(tuple({alert.severity for alert in foremost}))
    return min([alert for alert in foremost if alert.severity == highest], key=_BY_AGE)
