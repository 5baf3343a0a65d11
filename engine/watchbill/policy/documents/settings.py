"""What is written in `watchbill.yaml`."""

from __future__ import annotations

from typing import Any, Literal

from watchbill.policy.documents.section import Acknowledge, Document, Duration, Maybe, Name, Section, Text, Use, key


class Grant(Section):
    """What a team may use beyond its own."""

    to: str = key("The team, as `team/NAME`.", "team/payments", json_schema_extra={"pattern": r"^team/[a-z0-9][a-z0-9-]*$"})
    connectors: list[str] = key(
        "Connectors of other teams that its documents may act with; `*` for all.", ["cluster"], default_factory=list
    )
    services_of: list[str] = key("Other teams to whose services its policies apply as well; `*` for all.", ["*"], default_factory=list)


class PlainUse(Use):
    """One call of a connector's action that watchbill makes for itself."""

    with_: dict[str, Any] = key(
        "The action's arguments, as they stand: nothing is filled in, for there is no incident.",
        {"to": "oncall@example.com"},
        alias="with",
        default_factory=dict,
    )


class SyntheticPage(PlainUse):
    """A page that proves that watchbill can still reach people."""

    every: Duration = key("How often it leaves; at least `1m`.", "1d", default="1d")


class SettingsSpec(Section):
    """What holds for the whole repository."""

    folders: list[Text] = key(
        "The folders in which documents stand, relative to this file.",
        ["ownership", "policies"],
        default=["ownership", "policies"],
        min_length=1,
    )
    fallback_team: Name = key("The team that gets whatever nobody else takes.", "platform")
    fallback_wait: Duration = key(
        "How long the fallback team has to answer before the engine raises its own alarm; longer than zero.", "15m", default="15m"
    )
    alarm_every: Duration = key("How often the engine's own alarm is repeated until somebody answers; at least `1m`.", "15m", default="15m")
    acknowledge: Maybe[Acknowledge] = key(
        "How long an acknowledgement holds where neither the escalation nor the team says it.",
        {"expires": "4h", "remind": "15m"},
        default=None,
    )
    zone: str = key("The time zone where a document names none.", "Europe/Lisbon", default="UTC")
    labels: Maybe[list[Text]] = key(
        "The label names that matchers may use, besides service, team, tier and severity. Left out, all may be used.",
        ["alertname", "service", "instance"],
        default=None,
    )
    severities: dict[str, Literal["critical", "warning", "info"]] = key(
        "Further words that sources use for a severity.", {"blocker": "critical"}, default_factory=dict
    )
    escalation: Maybe[Name] = key("The escalation where neither service nor team has one.", "everybody-else", default=None)
    rules: dict[str, Literal["error", "warning", "off"]] = key(
        "How much findings of a rule count; mandatory rules stay errors.", {"undeclared-label": "warning"}, default_factory=dict
    )
    grants: list[Grant] = key(
        "What teams may use beyond their own.", [{"to": "team/payments", "connectors": ["cluster"]}], default_factory=list
    )
    last_resort: Maybe[PlainUse] = key(
        "Who hears that the engine itself is in trouble, or that nobody could be reached; an action that tells or reaches somebody.",
        {"use": "mail.send", "with": {"to": "oncall@example.com"}},
        default=None,
    )
    synthetic_page: Maybe[SyntheticPage] = key(
        "A page that leaves on a schedule to prove that watchbill can reach people; when it fails, the last resort says so.",
        {"use": "phone.page", "with": {"to": "+351 555 0199"}, "every": "1d"},
        default=None,
    )


class Settings(Document):
    """The settings of a repository: its folders, its fallback team, its known labels, its grants."""

    kind: Literal["Settings"] = key("The kind of document.", "Settings")
    spec: SettingsSpec = key("What is declared.", {"fallback_team": "platform"})
