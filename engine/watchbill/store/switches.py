"""What people have stopped by hand: a freeze of unattended work, or a kill of everything that changes a system.

A switch holds for everything, for a team and the teams below it, or for a service; until it is lifted, or its time is over. Lifting
keeps the row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, bindparam, or_, select, update

from watchbill.store.statements import Statement, instant, instant_or_none, micros, micros_or_none, numbering
from watchbill.store.tables import SWITCH

SwitchKind = Literal["freeze", "kill"]
Scope = Literal["all", "team", "service"]


@dataclass(frozen=True, slots=True)
class Switch:
    """Somebody has stopped something. *name* is the team's or the service's, empty for everything; *until* may be open."""

    id: int
    kind: SwitchKind
    scope: Scope
    name: str
    by: str
    reason: str
    at: datetime
    until: datetime | None
    lifted_at: datetime | None = None
    lifted_by: str = ""

    def covers(self, service: str | None, teams: Iterable[str]) -> bool:
        """Whether it stops what belongs to this *service*, or to any of these *teams* (the owner and its ancestors)."""
        return self.scope == "all" or (self.name == service if self.scope == "service" else self.name in teams)


_PUT: Final = numbering(SWITCH, "kind", "scope", "name", "by", "reason", "at", "until", "lifted_by")
_LIFT: Final = Statement(
    update(SWITCH)
    .where(SWITCH.c.id == bindparam("switch_id"), SWITCH.c.lifted_at.is_(None))
    .values(lifted_at=bindparam("new_lifted_at"), lifted_by=bindparam("new_lifted_by")),
    *("new_lifted_at", "new_lifted_by", "switch_id"),
)
_HOLDING: Final = Statement(
    select(SWITCH)
    .where(SWITCH.c.lifted_at.is_(None), SWITCH.c.at <= bindparam("now"))
    .where(or_(SWITCH.c.until.is_(None), SWITCH.c.until > bindparam("at_now")))
    .order_by(SWITCH.c.id),
    *("now", "at_now"),
)
_ALL: Final = Statement(select(SWITCH).order_by(SWITCH.c.id.desc()).limit(bindparam("most")), "most")


def put(
    connection: Connection, *, kind: SwitchKind, scope: Scope, name: str, by: str, reason: str, at: datetime, until: datetime | None = None
) -> int:
    """Stop something from *at* on; the switch's id."""
    return _PUT.new_id(connection, kind, scope, name, by, reason, micros(at), micros_or_none(until), "")


def lift(connection: Connection, switch: int, *, by: str, at: datetime) -> bool:
    """Let it go on; whether this *switch* was there and not lifted yet."""
    return _LIFT.count(connection, micros(at), by, switch) == 1


def holding(connection: Connection, now: datetime) -> tuple[Switch, ...]:
    """The switches that hold *now*, the oldest first."""
    moment = micros(now)
    return tuple([_switch(row) for row in _HOLDING.all(connection, moment, moment)])


def latest(connection: Connection, limit: int = 100) -> tuple[Switch, ...]:
    """The switches that were put last, lifted ones too; the newest first."""
    return tuple([_switch(row) for row in _ALL.all(connection, limit)])


def _switch(row: tuple[Any, ...]) -> Switch:
    id, kind, scope, name, by, reason, at, until, lifted_at, lifted_by = row
    return Switch(id, kind, scope, name, by, reason, instant(at), instant_or_none(until), instant_or_none(lifted_at), lifted_by)
