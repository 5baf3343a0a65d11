"""What is written in `policies/` about alerts among each other: which make one incident, and which hide which."""

from __future__ import annotations

from typing import Literal

from watchbill.policy.documents.section import Document, Duration, Maybe, Name, Narrowing, OwnedMetadata, Section, Selecting, key

# --- groupings ------------------------------------------------------------------------


class GroupingSpec(Selecting):
    """Which alerts of a service make one incident."""

    by: list[str] = key(
        "Labels that are equal within an incident; none for the service as a whole.", ["region", "alertname"], default_factory=list
    )
    wait: Duration = key("How long paging waits for further alerts; at most 30s.", "10s", default="0s")
    reopen: Duration = key("How long after the resolution an alert that comes back reopens its incident; 0 for never.", "1h", default="1h")


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
