"""All policies of one revision, and the catalogue of what connectors offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

from watchbill.errors import Place
from watchbill.model.ownership import Acknowledge, Person, Service, Team
from watchbill.model.plan import Call, StepKind
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
    nothing is filled into it, for there may be no incident. *fallback_wait* is how long the fallback team has to answer before the
    engine raises its own alarm, which is repeated every *alarm_every* until somebody answers. *acknowledge* is how long an
    acknowledgement holds where neither escalation nor team says it.
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
    fallback_wait: timedelta = timedelta(minutes=15)
    alarm_every: timedelta = timedelta(minutes=15)
    acknowledge: Acknowledge | None = None


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Every document of one *revision* that compiled, by kind and name, in order of file and line.

    *revision* is the commit (short) or a hash of the contents; *quarantined* names what did not
    compile (``Kind/name``), so that a plan can say what it does not know of. *tzdata* is the version
    of the time zone rules that the zones were resolved with. *former* are people who are declared no more, and are known here only
    because the definitions that an open incident goes by name them.
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
    former: frozenset[str] = frozenset()

    def is_declared(self, person: str) -> bool:
        """Whether this *person* is declared now; one whose document is left out for a mistake is."""
        return (person in self.people and person not in self.former) or f"Person/{person}" in self.quarantined

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


ActionKind = Literal["reads", "tells", "reaches", "opens", "changes"]
"""What an action does: it only looks; it says something where somebody reads it; it gets to a person; it opens a place to talk in, or
asks people into it; or it changes a system."""

ACTION_KINDS: Final[tuple[ActionKind, ...]] = ("reads", "tells", "reaches", "opens", "changes")
"""In the order of how much they do."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a connector can do, as data.

    *does* is its kind; what says nothing changes a system. *idempotent* may be repeated without harm. A *generic* action
    changes a system unless the `Connector` document says `tells: true`, for only who writes that knows what is at the other end. One
    that *rings* wakes the person it reaches. *arguments* is a JSON Schema of an object. *escaping* names, for an argument,
    how text that is filled in is escaped: ``promql``, ``html``, ``mrkdwn``, ``header``, ``url``, ``argv`` or ``none``.
    *result* is a JSON Schema of what comes back, against which `expect` is typed. *carried_out* says whether this version
    can perform it at all, and does not only plan with it.
    """

    name: str
    summary: str
    arguments: Mapping[str, Json]
    does: ActionKind = "changes"
    idempotent: bool = False
    generic: bool = False
    rings: bool = False
    escaping: tuple[tuple[str, str], ...] = ()
    result: Mapping[str, Json] = field(default_factory=dict)
    carried_out: bool = True

    @property
    def reads(self) -> bool:
        """Whether it only reads."""
        return self.does == "reads"

    @property
    def reaches(self) -> bool:
        """Whether it gets to a person."""
        return self.does == "reaches"

    @property
    def may_repeat(self) -> bool:
        """Whether doing it twice harms nobody, or less than not doing it: a page too many is the smaller mistake."""
        return self.reads or self.idempotent or self.reaches


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


# --- which actions may stand where ----------------------------------------------------


UsePlace = Literal[
    "collect",
    "verify",
    "probe",
    "notify",
    "channels",
    "last_resort",
    "contacts",
    "synthetic_page",
    "hub.channel",
    "hub.bridge",
    "steps",
]
"""Where documents call an action, by the key that it stands under. `steps` are those of a remediation and of its rollback."""

TAKES: Final[Mapping[UsePlace, tuple[ActionKind, ...]]] = {
    "collect": ("reads",),
    "verify": ("reads",),
    "probe": ("reads",),
    "notify": ("tells", "reaches"),
    "channels": ("tells", "reaches"),
    "last_resort": ("tells", "reaches"),
    "contacts": ("reaches",),
    "synthetic_page": ("reaches",),
    "hub.channel": ("opens", "tells"),
    "hub.bridge": ("opens", "tells"),
    "steps": ("changes", "tells", "reads"),
}
"""The kinds of actions that each place takes. What changes a system happens in a remediation, and nowhere else: there are the
guards, the guardrails, the freeze, the approvals and the kill switch."""

PLACE_OF_STEP: Final[Mapping[StepKind, UsePlace]] = {
    "page": "contacts",
    "notify": "notify",
    "hub": "hub.channel",
    "bridge": "hub.bridge",
    "collect": "collect",
    "remind": "contacts",
    "review": "contacts",
    "update": "channels",
    "offer": "contacts",
    "repair": "steps",
    "verify": "verify",
    "rollback": "steps",
    "alarm": "last_resort",
    "tell": "contacts",
}
"""Where the calls of a step were written."""

_DOES: Final[Mapping[ActionKind, str]] = {
    "reads": "only reads",
    "tells": "tells somebody",
    "reaches": "reaches a person",
    "opens": "opens a place to talk in",
    "changes": "changes a system",
}

_MAY: Final[Mapping[UsePlace, str]] = {
    "collect": "a collector only reads",
    "verify": "a verification only reads",
    "probe": "a probe only reads",
    "notify": "a post only tells somebody or reaches a person",
    "channels": "a channel only tells somebody or reaches a person",
    "last_resort": "a last resort tells somebody or reaches a person",
    "contacts": "a contact reaches a person",
    "synthetic_page": "a synthetic page reaches a person",
    "hub.channel": "a hub only opens a place to talk in or tells somebody",
    "hub.bridge": "a hub only opens a place to talk in or tells somebody",
    "steps": "a step of a remediation reaches nobody and opens nothing",
}


def kind_of(action: Action, connector: Connector) -> ActionKind:
    """What this *action* does by this *connector*: a generic one tells where the connector says `tells: true`."""
    return "tells" if action.generic and connector.tells else action.does


def unfit(use: str, kind: ActionKind, place: UsePlace) -> str:
    """Why the action *use*, which is of this *kind*, may not stand at this *place*; empty where it may."""
    return "" if kind in TAKES[place] else f"{use} {_DOES[kind]}, and {_MAY[place]}"
