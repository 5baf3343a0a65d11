"""What teams want to happen (`policies/`), compiled from documents, not yet from closures.

A policy applies where its selector holds. Whom it may apply to at all (its *scope*) follows
from its team: services of that team and of teams below it, unless `Settings.grants` widens it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from watchbill.errors import Place
from watchbill.model.incident import Status
from watchbill.model.labels import Matcher
from watchbill.model.references import Condition, Ref, Target, Template, Use
from watchbill.model.times import Recurrence, Span, Zone

Phase = Literal["opportunity", "human-initiated", "oversight", "fallback"]
PHASES: tuple[Phase, ...] = ("opportunity", "human-initiated", "oversight", "fallback")
"""In order of trust: each may do more by itself than the one before."""


@dataclass(frozen=True, slots=True)
class Selector:
    """When a policy applies: all of *match*, and *when* if there is one.

    *priority* decides before anything else between policies that compete; the default is 0
    and a higher one wins.
    """

    match: tuple[Matcher, ...] = ()
    when: Condition | None = None
    priority: int = 0


# --- people ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Level:
    """One rung: whom to page, and how long they have to answer. *notify* posts and never waits."""

    page: tuple[Target, ...]
    wait: timedelta
    place: Place
    notify: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class Hub:
    """Where responders talk: a channel, perhaps a bridge, and who is asked in besides those paged."""

    channel: Use | None
    bridge: Use | None
    invite: tuple[Target, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Escalation:
    """Ordered levels of whom to page. *repeat* is how many further rounds follow the first.

    With *proceed* (``continue: true``) it neither competes nor ties: it applies besides the one
    that wins, and reaches its own team only. *text* is what a page says.
    """

    ref: Ref
    selector: Selector
    levels: tuple[Level, ...]
    repeat: int = 0
    hub: Hub | None = None
    proceed: bool = False
    own_ack: bool = False
    text: Template | None = None


# --- evidence -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Collector:
    """One piece of evidence: an action that only reads, with its own time budget."""

    name: str
    title: str
    use: Use
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class Triage:
    """What any responder would collect first. All collectors run in parallel, within *budget*."""

    ref: Ref
    selector: Selector
    collectors: tuple[Collector, ...]
    budget: timedelta


# --- updates --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears, through which *channels*, and who (*liaison*) answers for what they hear."""

    ref: Ref
    title: str
    channels: tuple[Use, ...]
    liaison: Target | None
    language: str
    zone: Zone
    quiet_hours: Recurrence | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """Somebody reads an update before it leaves. After *wait* without an answer it follows *then*."""

    by: Target
    wait: timedelta
    then: Literal["send", "hold"]


@dataclass(frozen=True, slots=True)
class Message:
    """What an update says at one status (or, for ``unchanged``, when nothing new is known)."""

    status: Status | Literal["unchanged"]
    subject: Template | None
    body: Template


@dataclass(frozen=True, slots=True)
class Comms:
    """An obligation to keep an audience informed.

    The first update is due *first* after the incident opens, the next ones every *cadence*; with no
    cadence there is one for each change of status only. A review delays what is sent, never what is due.
    *remind* is how long before an update is due its liaison is reminded.
    """

    ref: Ref
    selector: Selector
    audience: str
    first: timedelta
    cadence: timedelta | None
    messages: tuple[Message, ...]
    review: Review | None = None
    remind: timedelta | None = None


# --- repair ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RepairStep:
    """One action that changes the system. It is begun at most once unless a person says otherwise."""

    name: str
    use: Use
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class Verification:
    """How a repair is seen to have worked: *expect* holds unbroken for *hold_for*, inside *within*."""

    use: Use
    expect: Condition
    hold_for: timedelta
    within: timedelta


@dataclass(frozen=True, slots=True)
class Rollback:
    """How a repair is undone: *steps*, or in *none* the reason why there is nothing to undo."""

    steps: tuple[RepairStep, ...] = ()
    none: str | None = None


Per = Literal["target", "service", "team", "repository"]


@dataclass(frozen=True, slots=True)
class Rate:
    """At most *limit* runs in any span of *within*, counted *per* what."""

    limit: int
    within: timedelta
    per: Per


@dataclass(frozen=True, slots=True)
class Concurrency:
    """At most *limit* runs at the same time, counted *per* what."""

    limit: int
    per: Per


@dataclass(frozen=True, slots=True)
class Guards:
    """The limits that a remediation sets itself."""

    rate: Rate | None = None
    cooldown: timedelta | None = None
    concurrency: Concurrency | None = None


@dataclass(frozen=True, slots=True)
class Remediation:
    """Steps that change the system, how far they are trusted, and what stops them.

    *hold* is how long a page may wait for it to work (phase fallback only). *target* is rendered for
    each firing alert it matches; it runs once per target of an incident.
    """

    ref: Ref
    selector: Selector
    phase: Phase
    target: Template
    steps: tuple[RepairStep, ...]
    verification: Verification | None
    rollback: Rollback | None
    guards: Guards
    hold: timedelta
    approvals: int
    may_run: tuple[Target, ...]
    may_approve: tuple[Target, ...]
    approval_expires: timedelta
    precondition: Condition | None = None
    runbook: str | None = None
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class Freeze:
    """When nothing runs unattended (or, with *human_too*, at all): a *span*, recurring hours, or for good."""

    span: Span | None
    during: Recurrence | None
    human_too: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Guardrail:
    """What nothing in its scope may exceed. Guardrails compose, and the strictest wins."""

    ref: Ref
    selector: Selector
    ceiling: Phase | None = None
    freeze: Freeze | None = None
    approvals: int | None = None
    hold: timedelta | None = None
    rate: Rate | None = None
    concurrency: Concurrency | None = None
    reason: str = ""


# --- outside --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connector:
    """A named outside system: its *type* from the catalogue, plain *settings*, and references to *secrets*."""

    ref: Ref
    type: str
    settings: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    shadow: bool = False


Policy: TypeAlias = Escalation | Triage | Comms | Remediation | Guardrail
"""What competes or composes for an alert: each has a `ref` and a `selector`."""
