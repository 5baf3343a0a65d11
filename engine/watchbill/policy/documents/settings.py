"""What is written in `watchbill.yaml`."""

from __future__ import annotations

from typing import Literal

from watchbill.policy.documents.section import Document, Maybe, Name, Section, key


class Grant(Section):
    """What a team may use beyond its own."""

    to: str = key("The team, as `team/NAME`.", "team/payments", json_schema_extra={"pattern": r"^team/[a-z0-9][a-z0-9-]*$"})
    connectors: list[str] = key(
        "Connectors of other teams that its documents may act with; `*` for all.", ["cluster"], default_factory=list
    )
    services_of: list[str] = key("Other teams to whose services its policies apply as well; `*` for all.", ["*"], default_factory=list)


class SettingsSpec(Section):
    """What holds for the whole repository."""

    folders: list[str] = key(
        "The folders in which documents stand, relative to this file.", ["ownership", "policies"], default=["ownership", "policies"]
    )
    fallback_team: Name = key("The team that gets whatever nobody else takes.", "platform")
    zone: str = key("The time zone where a document names none.", "Europe/Lisbon", default="UTC")
    labels: Maybe[list[str]] = key(
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


class Settings(Document):
    """The settings of a repository: its folders, its fallback team, its known labels, its grants."""

    kind: Literal["Settings"] = key("The kind of document.", "Settings")
    spec: SettingsSpec = key("What is declared.", {"fallback_team": "platform"})
