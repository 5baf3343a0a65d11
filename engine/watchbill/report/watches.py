"""What `oncall` found out, before it is shown: watches at one instant, turns over a span."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbill.model.schedule import Shift
from watchbill.model.times import Span


@dataclass(frozen=True, slots=True)
class WatchPerson:
    """Somebody on call: until when (None where no end is in sight), what time it is where they are, and why it is they.

    *duty* is the role they have, where a team or a service was asked for.
    """

    name: str
    full_name: str
    until: datetime | None
    local_at: datetime
    zone: str
    why: str
    duty: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is on call for *what*: a schedule, a team, a service or a role, as ``schedule/payments-primary``.

    *until* is when a gap ends, where there is one. *notes* say who was passed over, and why. Where it is not *is_known*, a document
    that would say who it is was left out: that is no gap.
    """

    what: str
    people: tuple[WatchPerson, ...]
    notes: tuple[str, ...] = ()
    until: datetime | None = None
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of one *schedule* over a span, those of nobody included. *gaps_allowed* is why a gap is meant.

    *left_out* names the documents of people who have a turn and cannot be reached in it, for they were left out.
    """

    schedule: str
    span: Span
    shifts: tuple[Shift, ...]
    gaps_allowed: str | None = None
    left_out: tuple[str, ...] = ()

    @property
    def gap(self) -> timedelta:
        """For how much of the span nobody is on call."""
        return sum((shift.span.end - shift.span.start for shift in self.shifts if shift.person is None), timedelta(0))
