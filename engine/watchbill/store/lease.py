"""One engine at a time: a row that says who has the record, and until when by the database's own clock.

An engine renews its lease while it lives. One that was killed leaves its row behind; whoever comes next waits until it has run out, or
takes it over at once where it can tell that the holder is dead: on the same machine the system gives back a lock on a file when its
holder dies.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, bindparam, case, delete, select, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from watchbill.errors import OutsideError, Place
from watchbill.store.statements import Statement, instant, micros
from watchbill.store.tables import LEASE

LASTS: Final = timedelta(seconds=15)
"""How long a lease holds if it is not renewed."""

RENEWED_EVERY: Final = timedelta(seconds=5)

_NAME: Final = "engine"


class _TheirClock(FunctionElement[int]):
    """The database's own clock, in microseconds since 1970."""

    type = BigInteger()
    inherit_cache = True
    name = "their_clock"


@compiles(_TheirClock, "sqlite")
def _on_sqlite(element: _TheirClock, compiler: Any, **kw: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000"


@compiles(_TheirClock, "postgresql")
def _on_postgresql(element: _TheirClock, compiler: Any, **kw: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"


def _inserting() -> Any:
    return LEASE.insert().values(
        name=_NAME,
        holder=bindparam("holder"),
        machine=bindparam("machine"),
        since_at=bindparam("since_at"),
        until=_TheirClock() + bindparam("lasts", type_=BigInteger()),
    )


_LOOK: Final = Statement(select(LEASE.c.holder, LEASE.c.machine, LEASE.c.until, case((LEASE.c.until > _TheirClock(), 1), else_=0)))
_CLEAR: Final = Statement(delete(LEASE))
_PUT: Final = Statement(_inserting(), "holder", "machine", "since_at", "lasts")
_RENEW: Final = Statement(
    update(LEASE).where(LEASE.c.holder == bindparam("mine")).values(until=_TheirClock() + bindparam("lasts", type_=BigInteger())),
    "lasts",
    "mine",
)
_RELEASE: Final = Statement(delete(LEASE).where(LEASE.c.holder == bindparam("mine")), "mine")


def take(
    connection: Connection, holder: str, now: datetime, *, record: str, machine: str = "", is_alone: bool = False, lasts: timedelta = LASTS
) -> None:
    """Take the lease for this *holder*, or take it over from one that has run out.

    *machine* is where the holder runs, and *is_alone* says that no other process of it has the record: a lease that was taken there is
    then a dead one's. Raises OutsideError where another engine holds it.
    """
    there = _LOOK.one(connection)
    if there is not None:
        other, elsewhere, until, is_in_force = there
        is_dead = is_alone and machine != "" and elsewhere == machine
        if is_in_force and other != holder and not is_dead:
            raise held_by(other, instant(until), record)
    _CLEAR.run(connection)
    _PUT.run(connection, holder, machine, micros(now), lasts // timedelta(microseconds=1))


def held_by(other: str, until: datetime | None, record: str) -> OutsideError:
    """The refusal of a second engine."""
    rest = f" until {until:%H:%M:%S} UTC unless it renews" if until is not None else ""
    return OutsideError(
        f"another engine has this record: {other}{rest}",
        "stop that one, or give this one a record of its own with `--database`; one that was killed on another machine lets go by itself",
        rule="record-held",
        place=Place(record),
    )


def renew(connection: Connection, holder: str, *, lasts: timedelta = LASTS) -> bool:
    """Hold the lease for as long again; whether it is still this *holder*'s."""
    return _RENEW.count(connection, lasts // timedelta(microseconds=1), holder) == 1


def release(connection: Connection, holder: str) -> None:
    """Let go of the lease, if it is this *holder*'s."""
    _RELEASE.run(connection, holder)
