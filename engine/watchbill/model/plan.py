"""What follows from an event: steps, reasons, and the decision that carries both.

A step's id is made of incident, kind, policy, round and slot; never of a person, a text or a
time, so that deciding again finds the step that is already there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from watchbill.errors import Place
from watchbill.model.references import Json, Ref

StepKind = Literal[
    "page", "notify", "hub", "bridge", "collect", "remind", "review", "update", "offer", "repair", "verify", "rollback", "alarm", "tell"
]
"""What a step is for. ``offer`` shows a remediation to those who may run it; ``alarm`` is the engine's own last word.
``tell`` says something to persons that wakes nobody."""

StepState = Literal["planned", "waiting", "started", "done", "failed", "withdrawn"]
"""``waiting`` is for a person's yes; ``started`` has been handed out; the last three are final."""

FINAL: tuple[StepState, ...] = ("done", "failed", "withdrawn")


DeliveryResult = Literal[
    "waiting", "sent", "refused", "unable", "failed", "unknown", "shadow", "withdrawn", "delivered", "bounced", "answered"
]
"""What became of one delivery.

``waiting`` has not left. ``sent`` left: the other side took it. ``refused``: the other side said no to this one. ``unable``: nothing can
be sent this way at all (credentials, a secret, a permission or the connector is missing). ``failed``: it could not be sent, however often
it was tried. ``unknown``: nobody knows. ``shadow``: the connector is in shadow, so nothing was sent. ``withdrawn``: it was not wanted any
more. ``delivered``, ``bounced`` and ``answered`` are what the other side reports later of what it took.
"""

LOST: Final[tuple[DeliveryResult, ...]] = ("refused", "unable", "failed", "bounced")
"""The results of a delivery that has failed for good."""

LEFT: Final[tuple[DeliveryResult, ...]] = ("sent", "delivered", "answered")
"""The results of a delivery that has left, and has not come back: only of these it is said that somebody was paged."""

REPORTED_LATER: Final[tuple[DeliveryResult, ...]] = ("delivered", "bounced", "answered")
"""The results that the other side reports of what it has taken."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One contact of one person that a page uses, when, and what became of it.

    *at* is when it is to leave. *attempt* counts the attempts that have ended, *settled_at* is when the last one did or when the other
    side last reported, and *error* what it said. *retry_at* is when it is tried again, None for never. *possibly_repeated* says that an
    attempt was made after one of which nobody knows whether it had left. *earlier* counts the attempts before a person wanted it again.
    """

    person: str
    connector: str
    action: str
    address: str
    at: datetime
    result: DeliveryResult = "waiting"
    error: str = ""
    attempt: int = 0
    settled_at: datetime | None = None
    retry_at: datetime | None = None
    possibly_repeated: bool = False
    earlier: int = 0

    @property
    def use(self) -> str:
        """The action as policies name it: ``phone.page``."""
        return f"{self.connector}.{self.action}"

    @property
    def leaves_at(self) -> datetime | None:
        """When it is to leave, for the first time or again; None where it is not to leave any more."""
        return self.retry_at or (self.at if self.result == "waiting" else None)


def failures_of(deliveries: Iterable[Delivery]) -> str:
    """Which of these *deliveries* have failed for good, and why, in words."""
    lost = (each for each in deliveries if each.result in LOST)
    return "; ".join(f"{each.person}: {each.use} {each.result}" + (f" ({each.error})" if each.error else "") for each in lost)


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody whom a step concerns: the target that led to them (``role/primary``), and by which way."""

    person: str
    duty: str
    why: str


@dataclass(frozen=True, slots=True)
class Call:
    """An action with all its arguments filled in: what a connector is asked to perform."""

    connector: str
    action: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to be done for an incident, and because of what.

    *slot* tells steps of one policy apart: a level, a collector, a target. *people*, *calls* and *deliveries* are known
    once the step has fallen due; *due_at* is when that is. *place* is the very line it comes from.
    *subject* and *text* are what it says to people. *about* is the fingerprint of the alert it is about, empty for the
    lead. *answer_by* is until when it waits for a person. *retry_at* is when it is handed out again, for one whose outcome
    was `Retry`, *error* what its last attempt said, and *retried* how often that was so since it began, or since a person wanted it
    again; it is *possibly_repeated* once an attempt follows one of which nobody knows whether it had its effect. One of a repair
    *may_have_acted* if an attempt had its effect, or nobody knows that it had none, and it was not undone since. *note* says in words
    what a reader should know (who was skipped, what it waits for). What became of its deliveries stands with these.
    """

    id: str
    kind: StepKind
    because: Ref
    place: Place
    slot: str
    round: int
    due_at: datetime
    state: StepState = "planned"
    people: tuple[Duty, ...] = ()
    calls: tuple[Call, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    timeout: timedelta | None = None
    started_at: datetime | None = None
    answer_by: datetime | None = None
    retry_at: datetime | None = None
    subject: str = ""
    text: str = ""
    about: str = ""
    note: str = ""
    error: str = ""
    retried: int = 0
    possibly_repeated: bool = False
    may_have_acted: bool = False

    @property
    def is_pending(self) -> bool:
        """Whether something of it is still to come: it has not begun, or is to be tried again."""
        return self.state in ("planned", "waiting") or (self.state == "started" and self.retry_at is not None)

    @property
    def leaves_at(self) -> datetime | None:
        """When the next of its deliveries is to leave; None where none is."""
        return min((at for each in self.deliveries if (at := each.leaves_at) is not None), default=None)

    @property
    def problem(self) -> str:
        """What went wrong with it, in words: which deliveries have failed, or what its last attempt said; else its note."""
        return failures_of(self.deliveries) or self.error or self.note


def step_id(incident: str, kind: StepKind, policy: str, slot: str, round: int = 0) -> str:
    """The identity of a step; deterministic, so that planning again is harmless.

    The slot comes last because it may have slashes. It may be what an alert's label says, which never stands raw in what is typed, logged
    and asked for by address: other than plain characters are replaced, and a digest of the whole tells slots apart.
    """
    return f"{incident}/{kind}/{policy}/{round}/{_plain_slot(slot)}"


_PLAIN: Final = re.compile(r"[A-Za-z0-9._:/-]{0,100}")
_OTHER: Final = re.compile(r"[^A-Za-z0-9._:/-]")


def _plain_slot(slot: str) -> str:
    if _PLAIN.fullmatch(slot):
        return slot
    digest = hashlib.sha256(slot.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{_OTHER.sub('_', slot[:60])}~{digest}"


# --- why ------------------------------------------------------------------------------


ReasonKind = Literal["scope", "matcher", "when", "rival", "precondition", "guard", "answer", "other"]
"""What decided: whether its team has a say here, one of its matchers, its `when`, another policy that won, a remediation's
precondition, a guard or guardrail, what a person said (and what came of it), or something else."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One policy looked at, and what came of it.

    *applied* says whether it takes part. Where it does not, *failed* is the first condition that did not
    hold, as it was written, and *saw* the value it met. *note* says the rest in words, and *kind* what sort of
    rule was looked at.
    """

    policy: Ref
    applied: bool
    note: str
    failed: str = ""
    saw: str = ""
    kind: ReasonKind = "other"


# --- outcomes -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """It was carried out. *result* is bounded, redacted JSON; *effect* is the other side's name for what changed."""

    result: Json = None
    effect: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """It may be tried again at *at*. It *is_unknown* whether it had its effect; otherwise it had none."""

    at: datetime
    error: str
    is_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Stalled:
    """A person must act before it can go on. One that *is_refused* had no effect: it was refused before it began."""

    error: str
    is_refused: bool = False


Outcome: TypeAlias = Done | Retry | Stalled
