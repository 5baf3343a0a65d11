"""What is written in `policies/` about alerts among each other: which make one incident, and which hide which."""

from __future__ import annotations

from typing import Literal

from watchbill.policy.documents.section import Document, Duration, Maybe, Name, Narrowing, OwnedMetadata, Section, Selecting, key

# --- groupings ------------------------------------------------------------------------


class FlappingSection(Section):
    """When an incident counts as coming and going, and how long it must be quiet before it is resolved."""

    returns: int = key("How many times it must have come back; 0 for never.", 3, default=3, ge=0, le=100)
    in_: Duration = key("In how short a time.", "15m", default="15m", alias="in")
    quiet: Duration = key("How long no alert may fire before it is resolved.", "15m", default="15m")


class GroupingSpec(Selecting):
    """Which alerts of a service make one incident."""

    by: list[str] = key(
        "Labels that are equal within an incident; none for the service as a whole.", ["region", "alertname"], default_factory=list
    )
    wait: Duration = key("How long paging waits for further alerts; at most 30s.", "10s", default="0s")
    reopen: Duration = key("How long after the resolution an alert that comes back reopens its incident; 0 for never.", "1h", default="1h")
    flapping: Maybe[FlappingSection] = key(
        "When its incidents count as coming and going: they stay open then, with whoever has them, and page for a higher severity only.",
        {"returns": 3, "in": "15m", "quiet": "15m"},
        default=None,
    )


class Grouping(Document):
    """Which alerts of a service make one incident; how long paging waits for more; how long it may be reopened."""

    kind: Literal["Grouping"] = key("The kind of document.", "Grouping")
    metadata: OwnedMetadata = key("Its name, its team, and what you say of it.", {"name": "per-region", "team": "payments"})
    spec: GroupingSpec = key("What is declared.", {"by": ["region"]})


# --- inhibitions ----------------------------------------------------------------------


class Side(Narrowing):
    """Alerts that an inhibition is about."""


class InhibitionSpec(Section):
    """Which alerts hide which others."""

    source: Side = key("The alerts that hide others.", {"match": ['alertname="DatabaseDown"']})
    target: Side = key("The alerts that are hidden by them.", {"match": ['severity=~"warning|info"']})
    equal: list[str] = key("Labels that must be equal on both.", ["cluster"], default_factory=list)
    depends_on: bool = key("Whether the target's service must depend on the source's, directly or through others.", True, default=False)
    during: Maybe[Name] = key("A TimeInterval in which it holds; always where left out.", "business-hours", default=None)


class Inhibition(Document):
    """Which alerts hide which others, because they explain them. No alert hides itself."""

    kind: Literal["Inhibition"] = key("The kind of document.", "Inhibition")
    metadata: OwnedMetadata = key("Its name, its team, and what you say of it.", {"name": "db-hides-dependants", "team": "data"})
    spec: InhibitionSpec = key("What is declared.", {"source": {"match": []}, "target": {"match": []}, "depends_on": True})
