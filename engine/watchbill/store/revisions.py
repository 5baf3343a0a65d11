"""The source files of each revision that was in force, so that after a restart an incident goes on with those that opened it.

Files are kept by the hash of what they say, each once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from watchbill.store.statements import Statement, adding
from watchbill.store.tables import BLOB, INCIDENT, IS_OPEN, REVISION_FILE

_BLOB: Final = adding(BLOB, "hash", "body")
_FILE: Final = adding(REVISION_FILE, "revision", "path", "blob")
_GET: Final = Statement(
    select(REVISION_FILE.c.path, BLOB.c.body)
    .join_from(REVISION_FILE, BLOB)
    .where(REVISION_FILE.c.revision == bindparam("its_revision"))
    .order_by(REVISION_FILE.c.path),
    "its_revision",
)
_KNOWN: Final = Statement(select(REVISION_FILE.c.revision).distinct().order_by(REVISION_FILE.c.revision))
_IS_KNOWN: Final = Statement(
    select(REVISION_FILE.c.path).where(REVISION_FILE.c.revision == bindparam("its_revision")).limit(1), "its_revision"
)
_PINNED: Final = Statement(select(INCIDENT.c.revision).where(IS_OPEN).distinct())
_FORGET: Final = Statement(delete(REVISION_FILE).where(REVISION_FILE.c.revision == bindparam("its_revision")), "its_revision")
_UNUSED: Final = Statement(delete(BLOB).where(BLOB.c.hash.not_in(select(REVISION_FILE.c.blob))))


def put(connection: Connection, revision: str, files: Mapping[str, bytes]) -> None:
    """Keep these *files*, by their paths, as what this *revision* says. What is kept already is not written again."""
    if _IS_KNOWN.one(connection, revision) is not None:
        return
    hashes = {path: sha256(body).hexdigest() for path, body in files.items()}
    _BLOB.run_many(connection, [(hashes[path], body) for path, body in files.items()])
    _FILE.run_many(connection, [(revision, path, blob) for path, blob in hashes.items()])


def get(connection: Connection, revision: str) -> dict[str, bytes] | None:
    """The files of this *revision* by their paths; None if it is not kept."""
    rows = _GET.all(connection, revision)
    return {path: bytes(body) for path, body in rows} if rows else None


def known(connection: Connection) -> tuple[str, ...]:
    """The revisions that are kept."""
    return tuple([row[0] for row in _KNOWN.all(connection)])


def pinned(connection: Connection) -> tuple[str, ...]:
    """The revisions by which open incidents go."""
    return tuple(sorted(row[0] for row in _PINNED.all(connection)))


def keep_only(connection: Connection, revisions: Iterable[str]) -> None:
    """Forget the revisions by which no open incident goes, but for these."""
    kept = {*revisions, *pinned(connection)}
    unwanted = [(each,) for each in known(connection) if each not in kept]
    if unwanted:
        _FORGET.run_many(connection, unwanted)
        _UNUSED.run(connection)
