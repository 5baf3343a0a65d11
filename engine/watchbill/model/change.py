"""Every way an incident may change: the records that it is the fold of.

Rule: a change says what is so now, never what it was decided from; it can be read back in any later version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from watchbill.model.alert import ClaimedAlert
from watchbill.model.plan import Step
from watchbill.model.references import Ref
from watchbill.model.severity import Severity

Status = Literal["triggered", "acknowledged", "mitigated", "resolved"]
Trigger = Literal[
    "acknowledge",
    "unacknowledge",
    "acknowledgement-end",
    "holder-gone",
    "escalate",
    "snooze-end",
    "severity-rise",
    "mitigate",
    "relapse",
    "resolve",
    "reopen",
]


@dataclass(frozen=True, slots=True)
class Muting:
    """Why a firing alert is not acted on: a silence, or an inhibition and the alert (*source*) that hides it.

    A silenced alert brings nothing at all; a hidden one evidence and updates only.
    """

    policy: Ref
    why: str
    is_silenced: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """An incident begins."""

    id: str
    key: str
    service: str | None
    team: str
    tier: int | None
    severity: Severity
    at: datetime
    revision: str


@dataclass(frozen=True, slots=True)
class AlertsTaken:
    """Alerts joined, or changed; each replaces the one of the same fingerprint."""

    alerts: tuple[ClaimedAlert, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """A row of TRANSITIONS was taken. *by* is the person, or empty for watchbill itself."""

    trigger: Trigger
    at: datetime
    by: str = ""


@dataclass(frozen=True, slots=True)
class SeverityRaised:
    """It is worse than it was; an incident's severity is the highest so far."""

    severity: Severity


@dataclass(frozen=True, slots=True)
class EscalationBegun:
    """An escalation took the incident (or takes part in it, for one with ``continue``).

    *held_until* is until when its first page waits for a remediation to work. *first_round* numbers its first round:
    above 0 when it begins anew on an incident that it has paged for before.
    """

    policy: Ref
    at: datetime
    proceeds: bool = False
    first_round: int = 0
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class EscalationReleased:
    """Pages of this escalation wait no longer than *until*; for nothing any more where it is None."""

    policy: str
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class EscalationEnded:
    """This escalation pages no more: another one took over, or it went through all its rounds."""

    policy: str
    why: str


@dataclass(frozen=True, slots=True)
class StepAdded:
    """Something is to be done."""

    step: Step


@dataclass(frozen=True, slots=True)
class StepChanged:
    """A step went on to another state; *step* is as it is now."""

    step: Step


@dataclass(frozen=True, slots=True)
class RepairObserved:
    """A verification looked, and *expect* held or not. *held_since* is since when it has held unbroken."""

    step: str
    held_since: datetime | None


@dataclass(frozen=True, slots=True)
class AlertsMuted:
    """Which firing alerts are not acted on has changed; *muted* are all that are so now, by fingerprint."""

    muted: Mapping[str, Muting]


@dataclass(frozen=True, slots=True)
class PagingSnoozed:
    """Nobody is paged before *until*; then the incident is triggered again, unless its status has changed by then."""

    by: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class AcknowledgedUntil:
    """Whoever has the incident has it *until* then. *by* is who extended it; empty where watchbill itself set it.

    Of a mitigated incident it is by when they are reminded once more.
    """

    until: datetime
    at: datetime
    by: str = ""


@dataclass(frozen=True, slots=True)
class FlappingBegun:
    """It has come back so often, *returns* times *within* so short a time, that it is resolved only once no alert has fired for *quiet*."""

    at: datetime
    returns: int
    within: timedelta
    quiet: timedelta


@dataclass(frozen=True, slots=True)
class NoteTaken:
    """A person wrote this *text* on the timeline. It changes nothing else, and is kept in the record only."""

    by: str
    at: datetime
    text: str


Change: TypeAlias = (
    Opened
    | AlertsTaken
    | StatusChanged
    | SeverityRaised
    | EscalationBegun
    | EscalationReleased
    | EscalationEnded
    | StepAdded
    | StepChanged
    | RepairObserved
    | AlertsMuted
    | PagingSnoozed
    | AcknowledgedUntil
    | FlappingBegun
    | NoteTaken
)
