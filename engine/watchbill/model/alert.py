"""One firing or resolved condition, as a source reported it and as policies see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from watchbill.model.labels import Labels
from watchbill.model.severity import Severity

OWN_SOURCE: Final = "watchbill"
"""The source of what watchbill itself says: of an incident that a person declares. No `Source` may be called so."""

DECLARED: Final = "IncidentDeclared"
"""What the alert is called of an incident that a person declares."""

LONGEST_NAME: Final = 120
"""Characters of the labels by which an alert is called that has no name."""

SAID_BESIDE: Final = ("service", "severity", "team")
"""Labels that stand beside an alert's name wherever that is shown."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it came in.

    *labels* are as received. *fingerprint* is its identity, computed from them. *ends_at* is when
    the source says it stops (resolved) or expires (firing); None where it said nothing.
    """

    fingerprint: str
    labels: Labels
    annotations: Labels
    status: Literal["firing", "resolved"]
    starts_at: datetime
    ends_at: datetime | None = None
    generator_url: str = ""
    source: str = "alertmanager"

    @property
    def name(self) -> str:
        """What people call it: its ``alertname``, or its labels where it has none."""
        return self.labels.get("alertname") or self._described()

    def _described(self) -> str:
        """The labels in one bounded line, without those that are said beside every name."""
        told = [f"{name}={' '.join(value.split())}" for name, value in self.labels.items() if name not in SAID_BESIDE and value]
        said = ", ".join(told) or ", ".join(f"{name}={value}" for name, value in self.labels.items() if value) or "an alert without labels"
        return said if len(said) <= LONGEST_NAME else f"{said[: LONGEST_NAME - 1]}…"

    @property
    def is_declared(self) -> bool:
        """Whether a person said it and no system did: it fires until a person resolves its incident."""
        return self.source == OWN_SOURCE


@dataclass(frozen=True, slots=True)
class ClaimedAlert:
    """An alert after a service has claimed it (or nobody did: *service* is None).

    *labels* are what every matcher but a service's sees: those received, with `service`, `team`, `tier` and a
    normalised `severity` set. *unknown_severity* is a word the severity map does not know; it counts as critical.
    """

    alert: Alert
    service: str | None
    team: str
    labels: Labels
    severity: Severity
    unknown_severity: str | None = None

    @property
    def fingerprint(self) -> str:
        """The alert's identity."""
        return self.alert.fingerprint

    @property
    def is_firing(self) -> bool:
        """Whether the source says that it still holds."""
        return self.alert.status == "firing"
