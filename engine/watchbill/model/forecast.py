"""A plan as people read it: what would happen from an alert on, if nobody answers.

It is gathered from the play-forward of the very decisions the engine would make, in the order a
reader asks: who is paged, where to talk, what is collected, who is told, what is repaired, what is not.
Whatever depends on something not known yet says so in its `known_after`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from watchbill.errors import Place
from watchbill.model.alert import ClaimedAlert
from watchbill.model.plan import Call, Reason
from watchbill.model.policies import Joined, Phase
from watchbill.model.references import Ref
from watchbill.model.severity import Severity

Mark = Literal["not-carried-out", "shadow"]
"""Why something planned comes to nothing: this version does not carry its action out, or what is done with it touches nothing."""


@dataclass(frozen=True, slots=True)
class PlannedContact:
    """One way a person is tried: the connector's action, how long after the page, and whether it rings.

    With a *mark* nobody is reached by it.
    """

    use: str
    after: timedelta
    rings: bool = False
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class PlannedPerson:
    """Who is reached, what time it is where they are, and why it is they.

    *duty* is the target that led to them (``role/primary``), *why* says how (``payments-primary, layer base``).
    """

    name: str
    full_name: str
    duty: str
    why: str
    local_at: datetime
    zone: str
    contacts: tuple[PlannedContact, ...]


@dataclass(frozen=True, slots=True)
class PlannedPage:
    """One level of one round falling due. *people* is empty where nobody can be reached; *note* then says why."""

    at: datetime
    round: int
    level: int
    targets: tuple[str, ...]
    people: tuple[PlannedPerson, ...]
    because: Ref
    place: Place
    note: str = ""


@dataclass(frozen=True, slots=True)
class PlannedEscalation:
    """An escalation that takes part: why it was chosen, until when it is held and for what, and its pages.

    *proceeds* marks one with ``continue``. *after* says in words what follows the last page. An acknowledgement holds for
    *acknowledged_for*, and whoever has the incident is reminded *reminded_before* that is over; *joined* is what an alert of a new name
    does that joins it then. Of one with ``continue`` it is what the escalation says that wins.
    """

    policy: Ref
    why: str
    pages: tuple[PlannedPage, ...]
    repeat: int
    after: str
    proceeds: bool = False
    held_until: datetime | None = None
    held_for: tuple[str, ...] = ()
    acknowledged_for: timedelta = timedelta(0)
    reminded_before: timedelta = timedelta(0)
    joined: Joined = "tell"


@dataclass(frozen=True, slots=True)
class PlannedPost:
    """A call that is made at a time: a channel post, the opening of a channel or a bridge.

    With a *mark* nobody reads it. *error* says why it cannot be made.
    """

    at: datetime
    kind: str
    call: Call
    because: Ref
    place: Place
    mark: Mark | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class PlannedHub:
    """Where responders talk. *channel* is its name once filled in, *invited* are people by name with their duty.

    What has a mark is not opened.
    """

    channel: str
    bridge: bool
    invited: tuple[tuple[str, str], ...]
    because: Ref
    place: Place
    channel_mark: Mark | None = None
    bridge_mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class PlannedEvidence:
    """One collector that runs. *error* says why its arguments could not be filled in, empty otherwise. With a *mark* it brings nothing."""

    name: str
    title: str
    call: Call
    timeout: timedelta
    because: Ref
    place: Place
    error: str = ""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class PlannedTelling:
    """One channel of an update: *use* as its audience names it, and all that it is called with, the step's own words among it.

    There is no *call* where its arguments do not fit; *error* then says why.
    """

    use: str
    call: Call | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class PlannedUpdate:
    """An update that is due to an audience.

    *due_at* is the obligation. *reviewer* is who reads it first, and *sent_at* when it leaves if they do not answer
    (None: it is held until somebody does). *every* is the cadence that follows. *calls* are all that leaves, channel by channel; *marks*
    stand beside the *channels*.
    """

    audience: str
    title: str
    due_at: datetime
    channels: tuple[str, ...]
    subject: str
    body: str
    because: Ref
    place: Place
    reviewer: PlannedPerson | None = None
    review: str = ""
    sent_at: datetime | None = None
    every: timedelta | None = None
    liaison: str = ""
    marks: tuple[Mark | None, ...] = ()
    calls: tuple[PlannedTelling, ...] = ()


ForecastKind = Literal["ceiling", "freeze", "rate", "cooldown", "concurrency"]
"""What sort of limit was asked."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a guard or guardrail says now; it is asked again when the step starts. *text* is ``0 of 2 in 1d``."""

    text: str
    passes: bool
    because: Ref
    kind: ForecastKind


@dataclass(frozen=True, slots=True)
class PlannedQuestion:
    """What is asked before a remediation begins: of whom, and until when; not known yet (None) for one that a person has to start.

    *digest* is of its first action with its arguments, its target and the revision. *unanswered* says in words what follows if nobody
    answers.
    """

    people: tuple[str, ...]
    until: datetime | None
    lasts: timedelta
    digest: str
    unanswered: str


@dataclass(frozen=True, slots=True)
class PlannedRepair:
    """A remediation that applies, and what it may do.

    *phase* is what it may do after guardrails; *declared* what its document says. *runs* tells whether it would begin by
    itself, at *at*. *offered_to* are those who may start it; *approvals* how many must say yes, by *approvers*, who are asked the
    *question*. *marks* stand beside the *steps*.
    """

    name: str
    at: datetime
    phase: Phase
    declared: Phase
    target: str
    runs: bool
    steps: tuple[Call, ...]
    forecasts: tuple[Forecast, ...]
    verification: str
    rollback: str
    approvals: int
    approvers: tuple[str, ...]
    offered_to: tuple[str, ...]
    because: Ref
    place: Place
    runbook: str = ""
    note: str = ""
    error: str = ""
    marks: tuple[Mark | None, ...] = ()
    question: PlannedQuestion | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything one incident would bring, from *at* on.

    *service* is None where nobody claims the alerts. *refused* are policies a reader might expect and that do not
    take part, each with its first failed condition. *quarantined* are documents that did not compile and are not in it.
    """

    at: datetime
    revision: str
    tzdata: str
    incident: str
    key: str
    title: str
    lead: ClaimedAlert
    alerts: tuple[ClaimedAlert, ...]
    severity: Severity
    service: Ref | None
    tier: int | None
    team: str
    claim: Reason
    escalations: tuple[PlannedEscalation, ...]
    posts: tuple[PlannedPost, ...]
    hub: PlannedHub | None
    evidence: tuple[PlannedEvidence, ...]
    evidence_budget: timedelta
    updates: tuple[PlannedUpdate, ...]
    repairs: tuple[PlannedRepair, ...]
    refused: tuple[Reason, ...]
    reasons: tuple[Reason, ...]
    notes: tuple[str, ...] = ()
    quarantined: tuple[str, ...] = ()
