"""What teams want to happen (`policies/`), compiled from documents, not yet from closures.

A policy applies where its selector holds. Whom it may apply to at all (its *scope*) follows
from its team: services of that team and of teams below it, unless `Settings.grants` widens it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from watchbill.errors import Place
from watchbill.model.change import Status
from watchbill.model.labels import Matcher
from watchbill.model.ownership import Acknowledge
from watchbill.model.references import Condition, Ref, Target, Template, Use
from watchbill.model.times import Recurrence, Span, Zone

Phase = Literal["opportunity", "human-initiated", "oversight", "fallback"]
PHASES: tuple[Phase, ...] = ("opportunity", "human-initiated", "oversight", "fallback")
"""In order of trust: each may do more by itself than the one before."""

Joined = Literal["tell", "page", "nothing"]
"""What an alert of a new name does that joins an incident which somebody has."""


@dataclass(frozen=True, slots=True)
class Selector:
    """When a policy applies: all of *match*, *when* if there is one, and *during* if there is one.

    *priority* decides before anything else between policies that compete; the default is 0
    and a higher one wins.
    """

    match: tuple[Matcher, ...] = ()
    when: Condition | None = None
    priority: int = 0
    during: Recurrence | None = None


@dataclass(frozen=True, slots=True)
class TimeInterval:
    """A named recurring time of the repository."""

    ref: Ref
    recurrence: Recurrence


# --- people ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Level:
    """One rung: whom to page, and how long they have to answer. *notify* posts and never waits.

    With *during* its page waits until the interval opens, and is made then if it is still wanted.
    """

    page: tuple[Target, ...]
    wait: timedelta
    place: Place
    notify: tuple[Use, ...] = ()
    during: Recurrence | None = None


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
    that wins, and reaches its own team only. *text* is what a page says. *acknowledge* is how long an acknowledgement holds,
    and *joined* what an alert of a new name does that joins an incident which somebody has.
    """

    ref: Ref
    selector: Selector
    levels: tuple[Level, ...]
    repeat: int = 0
    hub: Hub | None = None
    proceed: bool = False
    own_ack: bool = False
    text: Template | None = None
    acknowledge: Acknowledge | None = None
    joined: Joined = "tell"


# --- what becomes an incident ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Flaps:
    """When an incident comes and goes: with so many *returns* *within* that time. It is over once no alert fired for *quiet*.

    No returns means that none ever does.
    """

    returns: int = 3
    within: timedelta = timedelta(minutes=15)
    quiet: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which alerts of one service make one incident: those with equal values of the labels *by*, absent ones empty.

    No labels means the service as a whole. *wait* is how long paging waits for further alerts. An alert that comes back
    within *reopen* after the resolution reopens its incident; zero means never.
    """

    ref: Ref
    selector: Selector
    by: tuple[str, ...] = ()
    wait: timedelta = timedelta(0)
    reopen: timedelta = timedelta(hours=1)
    flapping: Flaps = Flaps()


@dataclass(frozen=True, slots=True)
class Inhibition:
    """Alerts that *source* selects hide those that *target* selects, if the labels *equal* have equal values on both.

    Absent labels are empty. With *depends_on* the target's service has to depend on the source's, directly or through
    others. An alert never hides itself. The selectors have no priority; *during* is when the inhibition holds at all.
    """

    ref: Ref
    source: Selector
    target: Selector
    equal: tuple[str, ...] = ()
    depends_on: bool = False
    during: Recurrence | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """A signed wish not to act on matching alerts, from *starts_at*, included, to *ends_at*, excluded.

    A recurring one holds whenever its selector's `during` is open. One without *starts_at* has held for ever. One that *is_live* was made
    on a running server and stands in no file.
    """

    ref: Ref
    selector: Selector
    author: str
    reason: str
    ends_at: datetime
    starts_at: datetime | None = None
    is_live: bool = False

    def is_in_force(self, now: datetime) -> bool:
        """Whether it asks for silence at *now*, for whatever it matches."""
        if now >= self.ends_at or (self.starts_at is not None and now < self.starts_at):
            return False
        return self.selector.during is None or now in self.selector.during


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
    """A named outside system: its *type* from the catalogue, plain *settings*, and references to *secrets*.

    *tells* says of its generic actions that what they send is read by somebody, and changes no system.
    """

    ref: Ref
    type: str
    settings: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    shadow: bool = False
    tells: bool = False


Policy: TypeAlias = Escalation | Triage | Comms | Remediation | Guardrail | Grouping | Silence
"""What competes or composes for an alert: each has a `ref` and a `selector`."""
