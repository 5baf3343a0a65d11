"""Silences that people made on the running server.

A row says what was wished and is never changed but for when somebody ended it sooner. Rows stay when they are over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, update

from watchbill.errors import Place
from watchbill.model.labels import Matcher
from watchbill.model.policies import Selector, Silence
from watchbill.model.references import Ref
from watchbill.store.encoding import Coding, encode_json
from watchbill.store.statements import Statement, inserting, instant, instant_or_none, micros
from watchbill.store.tables import SILENCE

MOST: Final = 500
"""How many silences there may be at a time that are not over: every decision looks at them."""

PLACE: Final = Place("the record")
"""Where a live silence stands."""


@dataclass(frozen=True, slots=True)
class LiveSilence:
    """Somebody's silence: what it matches, for which *team*, from when to when.

    *author* is the person whose wish it is, *created_by* what whoever sent it called them, and *by* how they proved it. It was made *at*
    that time, and *expired_by* somebody ended it sooner than at *ends_at*.
    """

    id: str
    team: str
    matchers: tuple[Matcher, ...]
    author: str
    created_by: str
    reason: str
    by: str
    at: datetime
    starts_at: datetime
    ends_at: datetime
    expired_at: datetime | None = None
    expired_by: str = ""

    @property
    def over_at(self) -> datetime:
        """When it ends, or has ended."""
        return self.ends_at if self.expired_at is None else min(self.ends_at, self.expired_at)

    @property
    def silence(self) -> Silence:
        """It, as decisions see it."""
        ref = Ref("Silence", self.id, self.team, PLACE)
        return Silence(ref, Selector(self.matchers), self.author, self.reason, self.ends_at, self.starts_at, is_live=True)


_NAMES: Final = tuple(each.name for each in SILENCE.c)
_MATCHERS: Final[Coding[tuple[Matcher, ...]]] = Coding(tuple[Matcher, ...])
_PUT: Final = inserting(SILENCE, *_NAMES)
_EXPIRE: Final = Statement(
    update(SILENCE)
    .where(SILENCE.c.id == bindparam("which"), SILENCE.c.expired_at.is_(None), SILENCE.c.ends_at > bindparam("now"))
    .values(expired_at=bindparam("new_expired_at"), expired_by=bindparam("new_expired_by")),
    *("new_expired_at", "new_expired_by", "which", "now"),
)
_STANDING: Final = Statement(
    select(SILENCE).where(SILENCE.c.ends_at > bindparam("now"), SILENCE.c.expired_at.is_(None)).order_by(SILENCE.c.at, SILENCE.c.id), "now"
)
_COUNT: Final = Statement(
    select(func.count()).select_from(SILENCE).where(SILENCE.c.ends_at > bindparam("now"), SILENCE.c.expired_at.is_(None)), "now"
)
_SINCE: Final = Statement(
    select(SILENCE).where(SILENCE.c.ends_at > bindparam("since")).order_by(SILENCE.c.at.desc(), SILENCE.c.id).limit(bindparam("most")),
    *("since", "most"),
)
_ONE: Final = Statement(select(SILENCE).where(SILENCE.c.id == bindparam("which")), "which")
_BEGINNING: Final = Statement(
    select(SILENCE)
    .where(SILENCE.c.id >= bindparam("least"), SILENCE.c.id < bindparam("beyond"))
    .order_by(SILENCE.c.at.desc(), SILENCE.c.id)
    .limit(10),
    *("least", "beyond"),
)


def put(connection: Connection, silence: LiveSilence) -> None:
    """Write this *silence* down."""
    its = silence
    times = (micros(its.at), micros(its.starts_at), micros(its.ends_at))
    _PUT.run(connection, its.id, its.team, encode_json(its.matchers), its.author, its.created_by, its.reason, its.by, *times, None, "")


def put_for(connection: Connection, silence: LiveSilence, replaced: str) -> str | None:
    """Write this *silence* down in the place of the one called *replaced*, if any; why it cannot be, None where it is."""
    if replaced:
        expire(connection, replaced, by=silence.by, at=silence.at)
    if count(connection, silence.at) >= MOST:
        return f"there are {MOST} live silences already"
    put(connection, silence)
    return None


def expire(connection: Connection, silence: str, *, by: str, at: datetime) -> bool:
    """End this *silence* now; whether it was there and not over."""
    moment = micros(at)
    return _EXPIRE.count(connection, moment, by, silence, moment) == 1


def standing(connection: Connection, now: datetime) -> tuple[Silence, ...]:
    """The silences that are not over at *now*, as decisions see them; the oldest first."""
    return tuple([_decided(row) for row in _STANDING.all(connection, micros(now))])


def count(connection: Connection, now: datetime) -> int:
    """How many silences are not over at *now*."""
    found = _COUNT.one(connection, micros(now))
    return int(found[0]) if found is not None else 0


def since(connection: Connection, since: datetime, limit: int = 1_000) -> tuple[LiveSilence, ...]:
    """The silences that were to end after *since*, the newest first; at most *limit*."""
    return tuple([_live(row) for row in _SINCE.all(connection, micros(since), limit)])


def get(connection: Connection, silence: str) -> LiveSilence | None:
    """The silence of this id; None if there is none."""
    row = _ONE.one(connection, silence)
    return _live(row) if row is not None else None


def called(connection: Connection, text: str) -> tuple[LiveSilence, ...]:
    """The silences whose ids begin with this *text*, the newest first; at most 10."""
    return tuple([_live(row) for row in _BEGINNING.all(connection, text, f"{text}\U0010ffff")])


@lru_cache(maxsize=2_048)
def _decided(row: tuple[Any, ...]) -> Silence:
    """The silence of this row as decisions see it; the same one each time, because every decision asks for all that stand."""
    return _live(row).silence


def _live(row: tuple[Any, ...]) -> LiveSilence:
    id, team, matchers, author, created_by, reason, by, at, starts_at, ends_at, expired_at, expired_by = row
    times = (instant(at), instant(starts_at), instant(ends_at), instant_or_none(expired_at))
    return LiveSilence(id, team, _MATCHERS.decode(matchers), author, created_by, reason, by, *times, expired_by)
