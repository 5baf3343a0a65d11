"""Who may ask the server for what: tokens, of which the record keeps a hash and never the secret."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, bindparam, or_, select, update

from watchbill.errors import UserError
from watchbill.store.encoding import decode_json, encode_json
from watchbill.store.statements import Statement, adding, instant, instant_or_none, micros, micros_or_none
from watchbill.store.tables import TOKEN

BEGINS: Final = "wb_"
"""What every secret begins with, so that whoever looks for leaked secrets knows one."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token by its *name*: for *who* it speaks, and what it may (*scopes*). *last_used_at* is a day."""

    name: str
    who: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


_CREATE: Final = adding(TOKEN, "name", "who", "sha256", "scopes", "created_at", "expires_at")
_COLUMNS: Final = tuple(TOKEN.c[name] for name in Token.__dataclass_fields__)
_FIND: Final = Statement(
    select(*_COLUMNS)
    .where(TOKEN.c.sha256 == bindparam("hash"), TOKEN.c.revoked_at.is_(None))
    .where(or_(TOKEN.c.expires_at.is_(None), TOKEN.c.expires_at > bindparam("now"))),
    *("hash", "now"),
)
_REVOKE: Final = Statement(
    update(TOKEN).where(TOKEN.c.name == bindparam("which"), TOKEN.c.revoked_at.is_(None)).values(revoked_at=bindparam("new_revoked_at")),
    *("new_revoked_at", "which"),
)
_USED: Final = Statement(
    update(TOKEN)
    .where(TOKEN.c.name == bindparam("which"), or_(TOKEN.c.last_used_at.is_(None), TOKEN.c.last_used_at < bindparam("day")))
    .values(last_used_at=bindparam("new_last_used_at")),
    *("new_last_used_at", "which", "day"),
)
_ALL: Final = Statement(select(*_COLUMNS).order_by(TOKEN.c.created_at, TOKEN.c.name))
_ANY: Final = Statement(
    select(TOKEN.c.name)
    .where(TOKEN.c.revoked_at.is_(None), or_(TOKEN.c.expires_at.is_(None), TOKEN.c.expires_at > bindparam("now")))
    .limit(1),
    "now",
)


def create(
    connection: Connection, *, name: str, who: str, scopes: tuple[str, ...], now: datetime, expires_at: datetime | None = None
) -> tuple[Token, str]:
    """A new token, and its secret, which is shown this once. Raises UserError where the *name* is taken."""
    secret = BEGINS + secrets.token_urlsafe(32)
    row = (name, who, _hash(secret), encode_json(scopes), micros(now), micros_or_none(expires_at))
    if _CREATE.count(connection, *row) != 1:
        raise UserError(
            f"there is a token called `{name}` already, or there was one",
            "choose another name: what a token did is told by its name",
            rule="token-taken",
        )
    return Token(name, who, scopes, now, expires_at), secret


def find(connection: Connection, secret: str, *, now: datetime) -> Token | None:
    """The token of this *secret*, if it is in force."""
    # The hash is looked up: how long that takes tells nothing about the secret itself.
    found = _FIND.one(connection, _hash(secret), micros(now))
    return None if found is None else _token(found)


def used(connection: Connection, name: str, *, now: datetime) -> bool:
    """Note the day on which this token was used; whether that was not noted yet."""
    day = micros(now.replace(hour=0, minute=0, second=0, microsecond=0))
    return _USED.count(connection, day, name, day) == 1


def revoke(connection: Connection, name: str, *, at: datetime) -> bool:
    """Let this token count for nothing any more; whether it did until now."""
    return _REVOKE.count(connection, micros(at), name) == 1


def listing(connection: Connection) -> tuple[Token, ...]:
    """All tokens there ever were, the oldest first."""
    return tuple([_token(row) for row in _ALL.all(connection)])


def any(connection: Connection, *, now: datetime) -> bool:
    """Whether any token is in force."""
    return _ANY.one(connection, micros(now)) is not None


def _hash(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _token(row: tuple[Any, ...]) -> Token:
    name, who, scopes, created_at, expires_at, last_used_at, revoked_at = row
    times = (instant(created_at), instant_or_none(expires_at), instant_or_none(last_used_at), instant_or_none(revoked_at))
    return Token(name, who, tuple(decode_json(scopes)), *times)
