"""An incident's timeline as people read it: what happened when, to whom, and because of which policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from watchbill.errors import Place


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of an incident's timeline: when, what sort of thing, what, and because of which policy.

    *what* is one word (``page``, ``alert``, ``repair``), *text* the rest of the sentence, *people* those it concerns.
    """

    at: datetime
    what: str
    text: str
    people: tuple[str, ...] = ()
    because: str = ""
    place: Place | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that happens to one incident from *at* until *until*."""

    incident: str
    title: str
    at: datetime
    until: datetime
    status: str
    happenings: tuple[Happening, ...]
