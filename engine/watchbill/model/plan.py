"""What follows from an event: steps, reasons, and the decision that carries both.

A step's id is made of incident, kind, policy, round and slot; never of a person, a text or a
time, so that deciding again finds the step that is already there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from watchbill.errors import Place
from watchbill.model.references import Json, Ref

StepKind = Literal[
    "page", "notify", "hub", "bridge", "collect", "remind", "review", "update", "offer", "repair", "verify", "rollback", "alarm"
]
"""What a step is for. ``offer`` shows a remediation to those who may run it; ``alarm`` is the engine's own last word."""

StepState = Literal["planned", "waiting", "started", "done", "failed", "withdrawn"]
"""``waiting`` is for a person's yes; ``started`` has been handed out; the last three are final."""

FINAL: tuple[StepState, ...] = ("done", "failed", "withdrawn")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One contact of one person that a page uses, and when."""

    person: str
    connector: str
    action: str
    address: str
    at: datetime


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
    was `Retry`. *note* says in words what a reader should know (who was
    skipped, what it waits for).
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

    @property
    def is_pending(self) -> bool:
        """Whether something of it is still to come: it has not begun, or is to be tried again."""
        return self.state in ("planned", "waiting") or (self.state == "started" and self.retry_at is not None)


def step_id(incident: str, kind: StepKind, policy: str, slot: str, round: int = 0) -> str:
    """The identity of a step; deterministic, so that planning again is harmless.

    The slot comes last because it may hold anything, slashes too: a target is called what an alert's label says.
    """
    return f"{incident}/{kind}/{policy}/{round}/{slot}"


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
    """It may be tried again at *at*."""

    at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Stalled:
    """A person must act before it can go on."""

    error: str


Outcome: TypeAlias = Done | Retry | Stalled
