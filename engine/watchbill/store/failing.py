"""What a database says when it fails, in our words: the record it happened to, what is wrong, and the next thing to do."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import DBAPIError

from watchbill.errors import OutsideError, Place, WatchbillError


@dataclass(frozen=True, slots=True)
class _Said:
    message: str
    help: str
    rule: str


_FULL: Final = _Said(
    "there is no room left on its disk: nothing more can be recorded",
    "make room on the disk; what waits goes on by itself",
    rule="record-full",
)
_READ_ONLY: Final = _Said(
    "the record cannot be written",
    "give the user that watchbill runs as the right to write the file and its folder, or name another with `--database`",
    rule="record-unwritable",
)
_CORRUPT: Final = _Said(
    "the record is damaged, or is no SQLite database",
    "put the last backup in its place; `sqlite3 FILE .recover` may save what is left of this one",
    rule="record-corrupt",
)
_BUSY: Final = _Said(
    "another program holds the record and does not let go",
    "end the program that has the file open: a shell of sqlite3, a backup, another engine",
    rule="record-busy",
)

_SAID: Final = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_AUTH: _READ_ONLY,
    sqlite3.SQLITE_CORRUPT: _CORRUPT,
    sqlite3.SQLITE_NOTADB: _CORRUPT,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
}
"""By SQLite's primary result code."""


def in_words(failure: BaseException, record: str) -> WatchbillError | None:
    """What this *failure* of the database means to whoever runs watchbill; None if it is none of the database's own."""
    if isinstance(failure, WatchbillError):
        return failure
    if isinstance(failure, DBAPIError) and failure.orig is not None:
        failure = failure.orig
    if not isinstance(failure, sqlite3.Error) or isinstance(
        failure, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError
    ):
        return None
    code = getattr(failure, "sqlite_errorcode", None)
    if code is None or code & 0xFF == sqlite3.SQLITE_ERROR:
        return None  # a mistake in our SQL is a bug, and has to look like one
    said = _SAID.get(code & 0xFF)
    if said is not None:
        return OutsideError(said.message, said.help, rule=said.rule, place=Place(record))
    return OutsideError(
        f"the record failed: {failure} ({getattr(failure, 'sqlite_errorname', code)})",
        "see what the system says about the disk and the file system under it",
        rule="record-failed",
        place=Place(record),
    )
