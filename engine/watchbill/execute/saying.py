"""What goes between the engine and those who speak to it: how it is run, what it counts, and what it says of what happened."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from watchbill.ingest.lasting import RESOLVE_TIMEOUT
from watchbill.model.plan import Reason


@dataclass(frozen=True, slots=True)
class Notice:
    """Something was recorded of an incident: the decision of this *number*."""

    incident: str
    number: int


@dataclass(frozen=True, slots=True)
class Told:
    """What came of what a person said: the decision's *reasons*, the last of which answers, and the incident's *status*."""

    incident: str
    number: int
    status: str
    answer: Reason | None


@dataclass(slots=True)
class Counts:
    """What the engine has done since it was started, by name, for its metrics."""

    total: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, amount: int = 1) -> None:
        """Count *amount* more."""
        self.total[name] += amount


@dataclass(frozen=True, slots=True)
class Options:
    """How the engine is run, as its flags say."""

    resolve_timeout: timedelta = RESOLVE_TIMEOUT
    stop_within: timedelta = timedelta(seconds=10)
    public_url: str = ""
    heartbeat_every: timedelta = timedelta(seconds=60)
