"""What is known of an incident that comes and goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

RETURNS_KEPT: Final = 100
"""How many of its latest returns an incident knows the time of."""


@dataclass(frozen=True, slots=True)
class Flapping:
    """An incident that comes and goes: *since* when, for how long it must be *quiet* to be resolved, and since when no alert fires."""

    since: datetime
    quiet: timedelta
    quiet_since: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When it is resolved unless an alert fires again; None while one does."""
        return self.quiet_since + self.quiet if self.quiet_since is not None else None
