"""Whatever reaches the one door: alerts, the clock, people's words, finished steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from watchbill.model.alert import ClaimedAlert
from watchbill.model.plan import DeliveryResult, Outcome
from watchbill.model.references import Json


@dataclass(frozen=True, slots=True)
class AlertsReceived:
    """All alerts of one correlation key that came in one batch."""

    key: str
    alerts: tuple[ClaimedAlert, ...]


@dataclass(frozen=True, slots=True)
class Woken:
    """It is time to look again: something may have fallen due."""


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step that was handed out came to an end."""

    step: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class DeliveryReported:
    """What became of one delivery of a step: how an attempt ended, or what the other side reported later of what it had taken.

    *number* is its place among the step's deliveries, from 0. *retry_at* is when it may be tried again, None where that is not so.
    *attempt* is the attempt that has ended, None for what is not known of a single one.
    """

    step: str
    number: int
    result: DeliveryResult
    error: str = ""
    retry_at: datetime | None = None
    attempt: int | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """A verification that goes on looked once more, and this is what it saw."""

    step: str
    result: Json


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A person takes the incident."""

    by: str


@dataclass(frozen=True, slots=True)
class Unacknowledged:
    """The person who had taken it gives it back."""

    by: str


@dataclass(frozen=True, slots=True)
class Mitigated:
    """A person says that users are no longer affected."""

    by: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """A person says that it is over."""

    by: str


@dataclass(frozen=True, slots=True)
class Approved:
    """A person says yes to a step that waits: an update in review, or a remediation.

    *digest* names what they were shown; with another one it is no yes. Without one it is a yes to whatever waits.
    """

    step: str
    by: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Denied:
    """A person says no to a step that waits."""

    step: str
    by: str


@dataclass(frozen=True, slots=True)
class Requested:
    """A person starts a remediation that is offered: *step* is its offer."""

    step: str
    by: str


@dataclass(frozen=True, slots=True)
class Retried:
    """A person wants a step to be tried again that failed, was stopped, or waits for its next attempt."""

    step: str
    by: str


@dataclass(frozen=True, slots=True)
class Escalated:
    """A person wants more people at once: the next level, or level one where no escalation is at work."""

    by: str


@dataclass(frozen=True, slots=True)
class Snoozed:
    """A person takes the incident, and wants it to page again at *until* unless it is resolved by then."""

    by: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Extended:
    """Whoever has the incident keeps it until *until*; None: for as long as an acknowledgement holds."""

    by: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """A person writes something on the timeline."""

    by: str
    text: str


Answered: TypeAlias = (
    Acknowledged | Unacknowledged | Extended | Mitigated | Resolved | Approved | Denied | Requested | Retried | Escalated | Snoozed | Noted
)
"""What people say. Each leaves exactly one reason of the kind ``answer``, which says what came of it, or why nothing did."""

Event: TypeAlias = AlertsReceived | Woken | StepFinished | DeliveryReported | Observed | Answered
