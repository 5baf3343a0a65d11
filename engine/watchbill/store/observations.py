"""What watchbill has last seen of itself: synthetic pages, heartbeats, the last resort. Small values, by name, with their times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from watchbill.model.references import Json
from watchbill.store.encoding import decode_json, encode_json
from watchbill.store.statements import Statement, instant, micros, upserting
from watchbill.store.tables import DECISION, OBSERVATION


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen under this *name* when it was last looked at."""

    name: str
    at: datetime
    value: Json


_PUT: Final = upserting(OBSERVATION, "name", "at", "value")
_GET: Final = Statement(select(OBSERVATION).where(OBSERVATION.c.name == bindparam("which")), "which")
_ALL: Final = Statement(select(OBSERVATION).order_by(OBSERVATION.c.name))
_LAST: Final = Statement(select(DECISION.c.at).order_by(DECISION.c.id.desc()).limit(1))
_FORGET: Final = Statement(delete(OBSERVATION).where(OBSERVATION.c.name == bindparam("which")), "which")


def put(connection: Connection, name: str, at: datetime, value: Json = None) -> None:
    """Note what was seen *at* that time, in the place of what was known under this *name*."""
    _PUT.run(connection, name, micros(at), encode_json(value))


def get(connection: Connection, name: str) -> Observation | None:
    """What was last seen under this *name*."""
    found = _GET.one(connection, name)
    return None if found is None else Observation(found[0], instant(found[1]), decode_json(found[2]))


def all_under(connection: Connection, beginning: str = "") -> tuple[Observation, ...]:
    """What was last seen under every name with this *beginning*."""
    rows = _ALL.all(connection)
    return tuple([Observation(name, instant(at), decode_json(value)) for name, at, value in rows if name.startswith(beginning)])


def forget(connection: Connection, name: str) -> None:
    """Forget what was seen under this *name*."""
    _FORGET.run(connection, name)


def last_decided_at(connection: Connection) -> datetime | None:
    """When the last decision was made, by the time that the engine went by then; None where there is none."""
    found = _LAST.one(connection)
    return instant(found[0]) if found is not None else None
