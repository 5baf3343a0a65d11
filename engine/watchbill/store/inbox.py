"""What came in and is not decided yet: raw bodies, as they were received.

A body is here before its sender hears that it was taken. What is done is deleted, since the decisions tell the rest; what could not be read
stays, with the reason, for people to see.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, select, update

from watchbill.store.statements import Statement, instant, micros, numbering
from watchbill.store.tables import INBOX


@dataclass(frozen=True, slots=True)
class Entry:
    """One body. *kind* says how it is read, *urgency* how soon (a higher one is sooner). *error* is why it could not be read."""

    id: int
    source: str
    kind: str
    body: bytes
    received_at: datetime
    urgency: int
    error: str | None = None


_PUT: Final = numbering(INBOX, "source", "kind", "body", "received_at", "urgency")
_WAITING: Final = Statement(
    select(INBOX).where(INBOX.c.error.is_(None)).order_by(INBOX.c.urgency.desc(), INBOX.c.id).limit(bindparam("most")), "most"
)
_FAILURES: Final = Statement(select(INBOX).where(INBOX.c.error.is_not(None)).order_by(INBOX.c.id.desc()).limit(bindparam("most")), "most")
_DONE: Final = Statement(delete(INBOX).where(INBOX.c.id == bindparam("entry")), "entry")
_FAILED: Final = Statement(
    update(INBOX).where(INBOX.c.id == bindparam("entry")).values(error=bindparam("new_error")), *("new_error", "entry")
)
_NUMBERS: Final = Statement(select(INBOX.c.id).where(INBOX.c.error.is_(None)))
_COUNT: Final = Statement(select(func.count()).select_from(INBOX).where(INBOX.c.error.is_(None)))


def put(connection: Connection, *, source: str, kind: str, body: bytes, received_at: datetime, urgency: int) -> int:
    """Keep this *body*; its number, which is never given twice."""
    return _PUT.new_id(connection, source, kind, body, micros(received_at), urgency)


def waiting(connection: Connection, limit: int) -> tuple[Entry, ...]:
    """What waits to be decided: the most urgent first, then in the order in which it came; at most *limit*."""
    return tuple([_entry(row) for row in _WAITING.all(connection, limit)])


def numbers(connection: Connection) -> tuple[int, ...]:
    """The numbers of all that waits."""
    return tuple([int(row[0]) for row in _NUMBERS.all(connection)])


def done(connection: Connection, entry: int) -> None:
    """It is decided: forget the body."""
    _DONE.run(connection, entry)


def failed(connection: Connection, entry: int, error: str) -> None:
    """It cannot be decided, because of this *error*: keep it, and do not try again."""
    _FAILED.run(connection, error, entry)


def failures(connection: Connection, limit: int = 100) -> tuple[Entry, ...]:
    """What could not be decided, the newest first; at most *limit*."""
    return tuple([_entry(row) for row in _FAILURES.all(connection, limit)])


def count(connection: Connection) -> int:
    """How many wait."""
    found = _COUNT.one(connection)
    return int(found[0]) if found is not None else 0


def _entry(row: tuple[Any, ...]) -> Entry:
    id, source, kind, body, received_at, urgency, error = row
    return Entry(id, source, kind, bytes(body), instant(received_at), urgency, error)
