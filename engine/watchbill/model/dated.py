"""What only the clock decides of a repository, as data: the facts from which findings follow once the time is known.

Rule 1: nothing here depends on the time. The same documents give the same value, whenever they are looked at.
Rule 2: nothing here needs the documents. What is kept of it from an earlier run is as good as new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watchbill.errors import Finding, Level, Place
from watchbill.model.ownership import Person
from watchbill.model.schedule import Override, Schedule


@dataclass(frozen=True, slots=True)
class Ending:
    """A *finding* that is one from an instant on (*at*): then something has no effect any more."""

    finding: Finding
    at: datetime


@dataclass(frozen=True, slots=True)
class SetAside:
    """A comment, at *place*, that sets a *rule* aside for the findings of one line of its file."""

    rule: str
    place: Place
    line: int


@dataclass(frozen=True, slots=True)
class Dated:
    """Everything that the clock is asked about.

    *schedules* are those on which somebody should always be on call, with the *overrides* on them and the *people* who have
    the watch. *levels* and *aside* are what the settings and comments say of the findings that may come of it.
    """

    endings: tuple[Ending, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    overrides: tuple[Override, ...] = ()
    people: tuple[Person, ...] = ()
    levels: Mapping[str, Level | None] = field(default_factory=dict)
    aside: tuple[SetAside, ...] = ()
