"""Incidents as a server tells of them, and what else people see of its daily work.

The names are those of the server's answers, and of everything in them only what is shown; what else there is, is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, cast

from watchbill.model.plan import Delivery, DeliveryResult

Can: TypeAlias = Literal["approve", "deny", "run", "retry"]
"""What people can say of a step."""


def without_nulls(document: object) -> object:
    """The *document* without what is null: a type says what stands for what is absent. Arguments of actions stay as they are."""
    if isinstance(document, dict):
        present = {name: value for name, value in document.items() if value is not None}
        return {name: value if name == "arguments" else without_nulls(value) for name, value in present.items()}
    return [without_nulls(each) for each in document] if isinstance(document, list) else document


@dataclass(frozen=True, slots=True)
class Listed:
    """An incident in a list; *alerts* counts those that fire, and *unanswered* says that every round went by without an answer.

    *silenced* counts those of its alerts that a silence holds back.
    """

    id: str
    name: str
    status: str
    severity: str
    opened_at: datetime
    service: str = ""
    team: str = ""
    acknowledged_by: str | None = None
    alerts: int = 0
    unanswered: bool = False
    acknowledged_until: datetime | None = None
    silenced: int = 0


@dataclass(frozen=True, slots=True)
class Muted:
    """Why an alert is not acted on."""

    why: str


@dataclass(frozen=True, slots=True)
class AlertShown:
    """An alert of an incident."""

    name: str
    status: str
    severity: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    generator_url: str | None = None
    muted: Muted | None = None


@dataclass(frozen=True, slots=True)
class PolicyNamed:
    """The policy that a step comes from."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class PersonNamed:
    """Somebody whom a step concerns, and as what."""

    person: str
    duty: str


@dataclass(frozen=True, slots=True)
class DeliveryShown:
    """One contact of one person, and what became of it; the address is never shown."""

    person: str
    use: str
    at: datetime
    result: str = "waiting"
    error: str = ""
    attempt: int = 0
    settled_at: datetime | None = None
    retry_at: datetime | None = None
    possibly_repeated: bool = False
    leaving_since: datetime | None = None

    @property
    def known(self) -> Delivery:
        """The same as the engine has it, as far as it is shown; of what was called off while it was leaving, that it leaves."""
        connector, _, action = self.use.partition(".")
        if self.leaving_since is not None and self.result == "withdrawn":
            return Delivery(self.person, connector, action, "", self.leaving_since)
        ended = (self.attempt, self.settled_at, self.retry_at, self.possibly_repeated)
        return Delivery(self.person, connector, action, "", self.at, cast("DeliveryResult", self.result), self.error, *ended)


@dataclass(frozen=True, slots=True)
class QuestionShown:
    """What somebody is asked to approve; the answer names its *digest*. It began by itself where nobody asked for it."""

    action: str
    arguments: dict[str, object]
    target: str
    digest: str
    asked_by: str = ""
    until: datetime | None = None
    revision: str = ""


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step, how far it has come, and what people *can* say to it."""

    id: str
    kind: str
    state: str
    policy: PolicyNamed
    slot: str
    due_at: datetime | None = None
    started_at: datetime | None = None
    answer_by: datetime | None = None
    retry_at: datetime | None = None
    people: tuple[PersonNamed, ...] = ()
    note: str | None = None
    error: str | None = None
    saw: object = None
    can: tuple[str, ...] = ()
    possibly_repeated: bool = False
    deliveries: tuple[DeliveryShown, ...] = ()
    question: QuestionShown | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a step came to an end: *kind* is ``done``, ``retry`` or ``stalled``."""

    kind: str
    result: object = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a collector gave, or why it gave nothing."""

    triage: str
    collector: str
    state: str
    outcome: Ended | None = None


@dataclass(frozen=True, slots=True)
class FlappingShown:
    """That an incident comes and goes: *since* when, and when it is resolved unless an alert fires again; None while one does."""

    since: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LinkShown:
    """Where help is written."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop of unattended work: a freeze or a kill of everything, of a team, or of a service."""

    id: int
    kind: str
    scope: str
    by: str
    reason: str
    at: datetime
    name: str | None = None
    until: datetime | None = None
    lifted_at: datetime | None = None
    lifted_by: str | None = None


@dataclass(frozen=True, slots=True)
class IncidentShown:
    """All that is shown of one incident."""

    id: str
    name: str
    status: str
    severity: str
    opened_at: datetime
    status_at: datetime
    service: str = ""
    team: str = ""
    tier: int | None = None
    acknowledged_by: str | None = None
    acknowledged_until: datetime | None = None
    unanswered_since: datetime | None = None
    snoozed_until: datetime | None = None
    reopen_count: int = 0
    flapping: FlappingShown | None = None
    revision: str = ""
    url: str | None = None
    alerts: tuple[AlertShown, ...] = ()
    steps: tuple[StepShown, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    stops: tuple[Stop, ...] = ()
    links: tuple[LinkShown, ...] = ()


@dataclass(frozen=True, slots=True)
class Silenced:
    """A silence that somebody made on the server; *alerts* counts those that it holds back now."""

    id: str
    state: str
    team: str
    by: str
    reason: str
    at: datetime
    starts_at: datetime
    ends_at: datetime
    match: tuple[str, ...] = ()
    expired_at: datetime | None = None
    expired_by: str | None = None
    alerts: int = 0
