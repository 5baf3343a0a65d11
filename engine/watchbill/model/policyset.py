"""All policies of one revision, and the catalogue of what connectors offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from watchbill.errors import Place
from watchbill.model.ownership import Person, Service, Team
from watchbill.model.plan import Call
from watchbill.model.policies import (
    Audience,
    Comms,
    Connector,
    Escalation,
    Grouping,
    Guardrail,
    Inhibition,
    Remediation,
    Silence,
    TimeInterval,
    Triage,
)
from watchbill.model.references import Json, Kind
from watchbill.model.schedule import Override, Schedule
from watchbill.model.severity import Severity
from watchbill.model.sources import Probe, Source
from watchbill.model.testing import PolicyTest
from watchbill.model.times import Zone


@dataclass(frozen=True, slots=True)
class Grant:
    """What a team may use beyond its own: *connectors* to act with, *services_of* other teams to apply policies to.

    A ``*`` stands for all.
    """

    team: str
    connectors: tuple[str, ...] = ()
    services_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SyntheticPage:
    """A page that proves, *every* so often, that watchbill can still reach people. Nothing is filled into its *call*."""

    call: Call
    every: timedelta


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for the whole repository (`watchbill.yaml`).

    *labels* are the declared label names, None where the repository declares none.
    *severities* maps further words to severities, in lower case. *last_resort* is how the engine says that it is itself in trouble;
    nothing is filled into it, for there may be no incident.
    """

    place: Place
    fallback_team: str
    zone: Zone
    labels: tuple[str, ...] | None = None
    severities: Mapping[str, Severity] = field(default_factory=dict)
    grants: tuple[Grant, ...] = ()
    escalation: str | None = None
    last_resort: Call | None = None
    synthetic_page: SyntheticPage | None = None


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Every document of one *revision* that compiled, by kind and name, in order of file and line.

    *revision* is the commit (short) or a hash of the contents; *quarantined* names what did not
    compile (``Kind/name``), so that a plan can say what it does not know of. *tzdata* is the version
    of the time zone rules that the zones were resolved with.
    """

    settings: Settings
    revision: str
    tzdata: str
    people: Mapping[str, Person]
    teams: Mapping[str, Team]
    services: Mapping[str, Service]
    schedules: Mapping[str, Schedule]
    overrides: tuple[Override, ...]
    escalations: Mapping[str, Escalation]
    triages: Mapping[str, Triage]
    audiences: Mapping[str, Audience]
    comms: Mapping[str, Comms]
    remediations: Mapping[str, Remediation]
    guardrails: Mapping[str, Guardrail]
    connectors: Mapping[str, Connector]
    quarantined: tuple[str, ...] = ()
    groupings: Mapping[str, Grouping] = field(default_factory=dict)
    inhibitions: Mapping[str, Inhibition] = field(default_factory=dict)
    silences: Mapping[str, Silence] = field(default_factory=dict)
    time_intervals: Mapping[str, TimeInterval] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    probes: Mapping[str, Probe] = field(default_factory=dict)
    tests: Mapping[str, PolicyTest] = field(default_factory=dict)

    def line_of(self, team: str) -> tuple[str, ...]:
        """This *team* and its ancestors, from the inside outwards."""
        line: list[str] = []
        name: str | None = team
        while name is not None and name in self.teams and name not in line:
            line.append(name)
            name = self.teams[name].parent
        return tuple(line)


# --- the catalogue --------------------------------------------------------------------

PLANNED_ONLY: Final[Mapping[Kind, str]] = {"Probe": "`plan` and `test` know this kind, and `serve` runs none"}
"""Kinds of documents that this version describes and does not carry out, and what it does with them instead."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a connector can do, as data.

    *reads* only reads (it may be a collector); *idempotent* may be repeated without harm;
    *reaches* gets to a person. *arguments* is a JSON Schema of an object. *escaping* names, for an argument,
    how text that is filled in is escaped: ``promql``, ``html``, ``mrkdwn``, ``header``, ``url``, ``argv`` or ``none``.
    *result* is a JSON Schema of what comes back, against which `expect` is typed. *carried_out* says whether this version
    can perform it at all, and does not only plan with it.
    """

    name: str
    summary: str
    arguments: Mapping[str, Json]
    reads: bool = False
    idempotent: bool = False
    reaches: bool = False
    escaping: tuple[tuple[str, str], ...] = ()
    result: Mapping[str, Json] = field(default_factory=dict)
    carried_out: bool = True


@dataclass(frozen=True, slots=True)
class ConnectorType:
    """A kind of outside system: its *settings* (a JSON Schema of an object), secrets and actions.

    What an installation needs for it: *extra* is the extra of watchbill that brings its libraries, *programs* are names or paths
    of programs that it runs. *addresses* are the settings that hold a URL which watchbill's own client connects to.
    """

    name: str
    summary: str
    settings: Mapping[str, Json]
    secrets: tuple[str, ...]
    actions: tuple[Action, ...]
    extra: str = ""
    programs: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    @property
    def is_carried_out(self) -> bool:
        """Whether this version can perform any of its actions."""
        return any(action.carried_out for action in self.actions)

    def action(self, name: str) -> Action | None:
        """The action of this *name*, or None."""
        return next((action for action in self.actions if action.name == name), None)


Catalogue = Mapping[str, ConnectorType]
"""What connectors offer, by type. It is data that `cli` passes down; `policy` never imports a connector."""
