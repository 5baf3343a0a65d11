"""How things are named: documents, targets, connector actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from watchbill.errors import Place
from watchbill.model.times import Recurrence

Json: TypeAlias = "None | bool | int | float | str | Sequence[Json] | Mapping[str, Json]"
"""A value as JSON knows it."""

Kind = Literal[
    "Settings",
    "Person",
    "Team",
    "Service",
    "Schedule",
    "Override",
    "Escalation",
    "Triage",
    "Audience",
    "Comms",
    "Remediation",
    "Grouping",
    "Inhibition",
    "Silence",
    "TimeInterval",
    "Guardrail",
    "Connector",
    "Source",
    "Probe",
    "PolicyTest",
]


@dataclass(frozen=True, slots=True)
class Ref:
    """A document by kind and name, with the team it belongs to and the place it stands at.

    This is what every step and every reason points back to. *team* is empty for a
    document of the whole repository.
    """

    kind: Kind
    name: str
    team: str
    place: Place

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


TargetKind = Literal["person", "schedule", "team", "role"]


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to reach: ``person/ana``, ``schedule/payments-primary``, ``team/payments``, ``role/lead@security``.

    *team* is set for a role of a named team only; without it a role is looked up on
    the owner of the incident's service, then on the owner's ancestors.
    """

    kind: TargetKind
    name: str
    team: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}" + (f"@{self.team}" if self.team else "")


@dataclass(frozen=True, slots=True)
class Condition:
    """A `when:` or `expect:` as it was written: the text, and its JMESPath syntax tree.

    *intervals* are those that it asks for by their names with `in_interval()`, resolved when the policies were compiled.
    """

    text: str
    tree: Node
    place: Place
    intervals: tuple[Recurrence, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a JMESPath syntax tree: its type, its value where it has one, and what stands below it."""

    type: str
    value: Json = None
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A Jinja2 text, checked when the policies were compiled.

    *is_plain* means that there is nothing in it to fill in.
    """

    text: str
    place: Place
    is_plain: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """One call of a connector's action: ``use: metrics.query`` with its arguments.

    Texts inside *arguments* may be templates; they are rendered when the step falls due.
    """

    connector: str
    action: str
    arguments: tuple[tuple[str, Argument], ...]
    place: Place

    def __str__(self) -> str:
        return f"{self.connector}.{self.action}"


Argument: TypeAlias = "Template | None | bool | int | float | tuple[Argument, ...] | tuple[tuple[str, Argument], ...]"
"""An argument of an action: a template for every text, JSON's other values as they are; a mapping is a tuple of pairs."""
