"""Who is on call when, as it was declared. The arithmetic stands in `watchbill.decide.oncall`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from watchbill.errors import Place
from watchbill.model.references import Ref
from watchbill.model.times import Hours, Span, Zone


@dataclass(frozen=True, slots=True)
class Rotation:
    """The order of people, and when it passes to the next.

    *start* is the naive local time of the first handoff: participant 0 begins there.
    In ``days`` each shift lasts *length* calendar days and ends at the same wall-clock time; in
    ``hours`` it lasts that much elapsed time, whatever the clocks do.
    """

    start: datetime
    unit: Literal["hours", "days"]
    length: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One rotation with its hours. Nobody is on call by it before its rotation starts, or outside its *hours*.

    No *hours* means always. *until* is the naive local time at which the layer ends.
    *holidays* are local days on which the layer is empty.
    """

    name: str
    zone: Zone
    participants: tuple[str, ...]
    rotation: Rotation
    place: Place
    hours: tuple[Hours, ...] = ()
    until: datetime | None = None
    holidays: frozenset[date] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Layers, of which later ones overrule earlier ones wherever they name somebody.

    *gaps_allowed* is the reason why nobody on call is meant; None means gaps are a mistake.
    """

    ref: Ref
    zone: Zone
    layers: tuple[Layer, ...]
    gaps_allowed: str | None = None

    @property
    def name(self) -> str:
        """The schedule's name."""
        return self.ref.name


@dataclass(frozen=True, slots=True)
class Override:
    """One person for another on a schedule, for a time; above all layers.

    Without *instead_of* it stands in for whoever is on call. Of several, the one that
    begins last applies.
    """

    ref: Ref
    schedule: str
    person: str
    span: Span
    instead_of: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who has the watch on a schedule at an instant, and why.

    *layer* is the layer that gave the person, *override* the override that replaced them.
    *skipped* are people whose turn it was and who were on leave.
    """

    schedule: str
    person: str | None
    because: str
    place: Place
    layer: str | None = None
    override: Ref | None = None
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """One unbroken turn of one person (or of nobody) on a schedule."""

    schedule: str
    person: str | None
    span: Span
    because: str
