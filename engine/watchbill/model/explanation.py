"""Why something happens, or does not: every policy that was looked at, and where each person stands.

Nothing here is worked out anew. It is gathered while the very decision is made, with every policy looked at instead of
the candidates alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from watchbill.errors import Place
from watchbill.model.forecast import Plan, PlannedPage
from watchbill.model.plan import Reason
from watchbill.model.references import Ref


@dataclass(frozen=True, slots=True)
class Asked:
    """What one policy answered about one alert: the first condition that failed, or None where all hold."""

    fingerprint: str
    alert: str
    refusal: Reason | None
    place: Place


@dataclass(frozen=True, slots=True)
class LookedAt:
    """One policy, and what came of it for the incident as a whole.

    *reason* is what decided, and *place* the line it stands in. *asked* are its answers, alert by alert; a service has one for
    each of its claims.
    """

    policy: Ref
    reason: Reason
    place: Place
    asked: tuple[Asked, ...] = ()

    @property
    def applied(self) -> bool:
        """Whether it takes part."""
        return self.reason.applied


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that was looked at for one incident. *services* are those that could have claimed its alerts."""

    plan: Plan
    services: tuple[LookedAt, ...]
    policies: tuple[LookedAt, ...]


# --- people ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seat:
    """Whom one layer of a schedule names at an instant, or in *because* why nobody."""

    layer: str
    person: str | None
    because: str
    place: Place


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands on a schedule at an instant.

    *holder* has the watch, until *until*, by *layer* and perhaps by an *override* above it. *seats* are the layers, the lowest
    first; *is_listed* tells whether the person takes turns in any, or stands in for somebody. *next_at* and *next_until* are
    their next turn, as far as one is in sight.
    """

    schedule: Ref
    at: datetime
    holder: str | None
    because: str
    place: Place
    until: datetime | None
    seats: tuple[Seat, ...]
    is_listed: bool
    layer: str | None = None
    override: Ref | None = None
    next_at: datetime | None = None
    next_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of an escalation as one person sees it.

    *is_named* tells whether the level means them at that time, and *is_paged* whether it reaches them. *note* says the rest.
    """

    page: PlannedPage
    is_named: bool
    is_paged: bool
    standings: tuple[Standing, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class PersonExplained:
    """Why a person is paged, or is not.

    *pages* reach them, in order. *rungs* are the levels of the first round of everything that takes part. *others* are
    escalations with a say here that take no part and would lead to them now. *besides* are further ways in which they are asked for.
    *away_until* is the last day of their leave.
    """

    person: Ref
    full_name: str
    local_at: datetime
    zone: str
    has_contacts: bool
    pages: tuple[PlannedPage, ...]
    rungs: tuple[Rung, ...]
    others: tuple[LookedAt, ...]
    besides: tuple[str, ...] = ()
    away_until: date | None = None


# --- what changed last ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LastChange:
    """Who last changed a line, and in which commit. *author* is empty for what is not committed yet."""

    revision: str
    author: str
    at: datetime | None
    summary: str
