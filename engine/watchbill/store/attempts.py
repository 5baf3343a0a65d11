"""What the engine may have died over: requests, looks at incidents, and steps, by name, and how often.

Nothing stands here as long as the engine ends in good order. After a death, what had not been done by then stands here, and a row says
that it is in hand while it is being tried. What was in hand when the engine died a second time is set aside; from then on the row says
that it is in hand until somebody was told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from watchbill.store.statements import Statement, instant, micros, upserting
from watchbill.store.tables import ATTEMPT

ENOUGH: Final = 2
"""After so many deaths it is set aside."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the engine may have died over: *name* is ``request/…``, ``incident/…`` or ``step/…``, *at* when a death was last counted."""

    name: str
    deaths: int
    in_hand: bool
    at: datetime

    @property
    def is_set_aside(self) -> bool:
        """Whether it is not tried any more by itself."""
        return self.deaths >= ENOUGH

    @property
    def why(self) -> str:
        """Why it is set aside, in a sentence without a stop."""
        return f"the engine died {self.deaths} times while this waited or was in hand"


_PUT: Final = upserting(ATTEMPT, "name", "deaths", "in_hand", "at")
_ALL: Final = Statement(select(ATTEMPT).order_by(ATTEMPT.c.name))
_TAKE: Final = Statement(update(ATTEMPT).where(ATTEMPT.c.name == bindparam("which")).values(in_hand=True), "which")
_SAID: Final = Statement(update(ATTEMPT).where(ATTEMPT.c.name == bindparam("which")).values(in_hand=False), "which")
_LET_GO: Final = Statement(delete(ATTEMPT).where(ATTEMPT.c.name == bindparam("which")), "which")


def after_a_death(connection: Connection, waiting: Iterable[str], at: datetime) -> tuple[Attempt, ...]:
    """Count a death: of what was in hand, and once of each that was *waiting* and did not stand here yet. All that stands here then.

    What does not wait any more, and is not set aside, is forgotten.
    """
    names = dict.fromkeys(waiting)
    known = {each.name: each for each in listing(connection)}
    for name, each in known.items():
        if name not in names and not each.is_set_aside:
            let_go(connection, name)
        elif each.in_hand and not each.is_set_aside:
            _PUT.run(connection, name, each.deaths + 1, each.deaths + 1 >= ENOUGH, micros(at))
    for name in names:
        if name not in known:
            _PUT.run(connection, name, 1, False, micros(at))
    return listing(connection)


def take(connection: Connection, name: str) -> None:
    """It is in hand from the commit of this on."""
    _TAKE.run(connection, name)


def said(connection: Connection, name: str) -> None:
    """Somebody was told that it is set aside."""
    _SAID.run(connection, name)


def let_go(connection: Connection, name: str) -> None:
    """It is done, and the engine lives; or a person wishes that it is tried again."""
    _LET_GO.run(connection, name)


def listing(connection: Connection) -> tuple[Attempt, ...]:
    """All that the engine may have died over."""
    return tuple([Attempt(name, deaths, bool(in_hand), instant(at)) for name, deaths, in_hand, at in _ALL.all(connection)])


def set_aside(connection: Connection) -> tuple[Attempt, ...]:
    """What is not tried any more by itself, other than requests, which stand in the inbox."""
    return tuple([each for each in listing(connection) if each.is_set_aside and not each.name.startswith("request/")])
