"""How an incident comes of its recorded changes, one applied after another.

Rule: the fold decides nothing. Whoever reads a timeline back goes through the very same code as whoever decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from watchbill.model.alert import ClaimedAlert
from watchbill.model.change import (
    AcknowledgedUntil,
    AlertsMuted,
    AlertsTaken,
    Change,
    EscalationBegun,
    EscalationEnded,
    EscalationReleased,
    FlappingBegun,
    Muting,
    NoteTaken,
    Opened,
    PagingSnoozed,
    RepairObserved,
    SeverityRaised,
    Status,
    StatusChanged,
    StepAdded,
    StepChanged,
    Trigger,
)
from watchbill.model.flapping import RETURNS_KEPT, Flapping
from watchbill.model.incident import TRANSITIONS, EscalationRun, Incident, lead_of
from watchbill.model.plan import Step
from watchbill.model.severity import Severity


class Fold:
    """An incident while changes are applied to it: the only mutable thing here, and never kept.

    `decide` reads it while it decides; reading a timeline back goes through the very same code.
    """

    __slots__ = (*Incident.__dataclass_fields__, "_calling", "_firing", "_lead")

    id: str
    key: str
    service: str | None
    team: str
    tier: int | None
    opened_at: datetime
    revision: str
    severity: Severity
    status: Status
    status_at: datetime | None
    acknowledged_by: str
    reopen_count: int
    alerts: dict[str, ClaimedAlert]
    steps: dict[str, Step]
    escalations: tuple[EscalationRun, ...]
    held_since: dict[str, datetime]
    muted: Mapping[str, Muting]
    snoozed_until: datetime | None
    acknowledged_until: datetime | None
    returns: tuple[datetime, ...]
    flapping: Flapping | None

    def __init__(self, incident: Incident | None = None) -> None:
        self._firing: tuple[ClaimedAlert, ...] | None = None
        self._calling: tuple[ClaimedAlert, ...] | None = None
        self._lead: ClaimedAlert | None = None
        if incident is not None:
            # Written out: a loop over names took a third of the time of a decision that changes nothing.
            self.id, self.key, self.service, self.team = incident.id, incident.key, incident.service, incident.team
            self.tier, self.opened_at, self.revision = incident.tier, incident.opened_at, incident.revision
            self.severity, self.status, self.status_at = incident.severity, incident.status, incident.status_at
            self.acknowledged_by, self.reopen_count = incident.acknowledged_by, incident.reopen_count
            self.alerts, self.steps = dict(incident.alerts), dict(incident.steps)
            self.escalations, self.held_since = incident.escalations, dict(incident.held_since)
            self.muted, self.snoozed_until = incident.muted, incident.snoozed_until
            self.acknowledged_until = incident.acknowledged_until
            self.returns, self.flapping = incident.returns, incident.flapping

    def apply(self, change: Change) -> None:
        """Apply one recorded *change*. The first change of a new incident is `Opened`.

        Raises KeyError for a change of status that is no row of TRANSITIONS.
        """
        if isinstance(change, Opened | AlertsTaken | AlertsMuted):
            # Nothing else says which alerts fire, or for which of them people are called.
            self._firing = self._calling = self._lead = None
        _APPLY[type(change)](self, change)

    def incident(self) -> Incident:
        """The incident as it now stands, sharing nothing with what is applied later."""
        return Incident(
            self.id,
            self.key,
            self.service,
            self.team,
            self.tier,
            self.opened_at,
            self.revision,
            self.severity,
            self.status,
            self.status_at,
            self.acknowledged_by,
            self.reopen_count,
            dict(self.alerts),
            dict(self.steps),
            self.escalations,
            dict(self.held_since),
            self.muted,
            self.snoozed_until,
            self.acknowledged_until,
            self.returns,
            self.flapping,
        )

    @property
    def lead(self) -> ClaimedAlert:
        """The alert that selects the escalation; muted ones count only where there is no other."""
        if self._lead is None:
            self._lead = lead_of(self.calling or tuple(self.alerts.values()))
        return self._lead

    @property
    def firing(self) -> tuple[ClaimedAlert, ...]:
        """The alerts that still hold."""
        if self._firing is None:
            self._firing = tuple([alert for alert in self.alerts.values() if alert.alert.status == "firing"])
        return self._firing

    @property
    def acting(self) -> tuple[ClaimedAlert, ...]:
        """The firing alerts that are acted on at all: those that nobody has silenced."""
        muted = self.muted
        if not muted:
            return self.firing
        return tuple(alert for alert in self.firing if not (alert.fingerprint in muted and muted[alert.fingerprint].is_silenced))

    @property
    def calling(self) -> tuple[ClaimedAlert, ...]:
        """The firing alerts for which people are called and systems repaired: those that are neither silenced nor hidden."""
        if self._calling is None:
            muted = self.muted
            self._calling = tuple(alert for alert in self.firing if alert.fingerprint not in muted) if muted else self.firing
        return self._calling

    def may(self, trigger: Trigger) -> bool:
        """Whether there is a row for this *trigger* from where the incident stands."""
        return (self.status, trigger) in TRANSITIONS

    def run_of(self, policy: str) -> EscalationRun | None:
        """The escalation of this name that is at work here, or was."""
        return next((run for run in self.escalations if run.policy.name == policy), None)

    def _opened(self, change: Opened) -> None:
        self.id, self.key, self.service, self.team, self.tier = change.id, change.key, change.service, change.team, change.tier
        self.severity, self.revision = change.severity, change.revision
        self.opened_at = self.status_at = change.at
        self.status, self.acknowledged_by, self.reopen_count = "triggered", "", 0
        self.alerts, self.steps, self.escalations, self.held_since, self.muted = {}, {}, (), {}, {}
        self.snoozed_until = self.acknowledged_until = None
        self.returns, self.flapping = (), None

    def _alerts_taken(self, change: AlertsTaken) -> None:
        for alert in change.alerts:
            self.alerts[alert.fingerprint] = alert
        flapping = self.flapping
        if flapping is not None and (flapping.quiet_since is None) == (not self.firing):
            self.flapping = replace(flapping, quiet_since=None if self.firing else change.at)

    def _status_changed(self, change: StatusChanged) -> None:
        self.status = TRANSITIONS[self.status, change.trigger]
        self.status_at = change.at
        # What was put off, or taken for a time, was so as it stood; whatever happens to it since then counts more.
        self.snoozed_until = self.acknowledged_until = None
        if change.trigger == "acknowledge" or (change.trigger == "mitigate" and not self.acknowledged_by):
            self.acknowledged_by = change.by
        elif self.status == "triggered":
            self.acknowledged_by = ""
        if change.trigger == "reopen":
            self.reopen_count += 1
        if change.trigger in ("reopen", "relapse"):
            self.returns = (*self.returns, change.at)[-RETURNS_KEPT:]
        elif change.trigger == "resolve":
            if change.by or self.flapping is not None:
                # Whoever says that it is over, or that it was quiet for long enough, lets what came before count no more.
                self.returns = ()
            self.flapping = None

    def _severity_raised(self, change: SeverityRaised) -> None:
        self.severity = change.severity

    def _escalation_begun(self, change: EscalationBegun) -> None:
        run = EscalationRun(change.policy, change.at, change.proceeds, change.first_round, change.held_until)
        self.escalations = (*(each for each in self.escalations if each.policy.name != change.policy.name), run)

    def _escalation_released(self, change: EscalationReleased) -> None:
        name, until = change.policy, change.until
        self.escalations = tuple(replace(run, held_until=until) if run.policy.name == name else run for run in self.escalations)

    def _escalation_ended(self, change: EscalationEnded) -> None:
        self.escalations = tuple(replace(run, is_over=True) if run.policy.name == change.policy else run for run in self.escalations)

    def _step(self, change: StepAdded | StepChanged) -> None:
        self.steps[change.step.id] = change.step

    def _alerts_muted(self, change: AlertsMuted) -> None:
        self.muted = change.muted

    def _paging_snoozed(self, change: PagingSnoozed) -> None:
        self.snoozed_until, self.acknowledged_until = change.until, None

    def _acknowledged_until(self, change: AcknowledgedUntil) -> None:
        self.acknowledged_until = change.until

    def _flapping_begun(self, change: FlappingBegun) -> None:
        self.flapping = Flapping(change.at, change.quiet)

    def _note_taken(self, change: NoteTaken) -> None:
        """Nothing: a note is for those who read the timeline."""

    def _repair_observed(self, change: RepairObserved) -> None:
        if change.held_since is None:
            self.held_since.pop(change.step, None)
        else:
            self.held_since[change.step] = change.held_since


_APPLY: Final[Mapping[type, Callable[[Fold, Any], None]]] = {
    Opened: Fold._opened,
    AlertsTaken: Fold._alerts_taken,
    StatusChanged: Fold._status_changed,
    SeverityRaised: Fold._severity_raised,
    EscalationBegun: Fold._escalation_begun,
    EscalationReleased: Fold._escalation_released,
    EscalationEnded: Fold._escalation_ended,
    StepAdded: Fold._step,
    StepChanged: Fold._step,
    RepairObserved: Fold._repair_observed,
    AlertsMuted: Fold._alerts_muted,
    PagingSnoozed: Fold._paging_snoozed,
    AcknowledgedUntil: Fold._acknowledged_until,
    FlappingBegun: Fold._flapping_begun,
    NoteTaken: Fold._note_taken,
}


def fold(incident: Incident | None, changes: Iterable[Change]) -> Incident:
    """The incident after these recorded *changes*, applied in order."""
    folding = Fold(incident)
    for change in changes:
        folding.apply(change)
    return folding.incident()
