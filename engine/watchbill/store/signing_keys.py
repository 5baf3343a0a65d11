"""The keys by which the engine signs what it hands out: each made once, when it is first needed, and kept with the record."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select

from watchbill.store.statements import Statement, adding, micros
from watchbill.store.tables import SIGNING_KEY

_ADD: Final = adding(SIGNING_KEY, "name", "secret", "made_at")
_GET: Final = Statement(select(SIGNING_KEY.c.secret).where(SIGNING_KEY.c.name == bindparam("which")), "which")


def get_or_make(connection: Connection, name: str, at: datetime) -> bytes:
    """The key of this *name*: 32 random bytes, made now where there was none."""
    found = _GET.one(connection, name)
    if found is None:
        _ADD.count(connection, name, secrets.token_hex(32), micros(at))
        found = _GET.one(connection, name)
    assert found is not None, name
    return bytes.fromhex(found[0])
