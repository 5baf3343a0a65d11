"""How a database is opened: where it is, with which settings, and that nobody else on this machine has it.

SQLite runs with a write-ahead log that is on the disk before a commit returns, foreign keys held, and transactions that either read, or
write from their first moment on, so that none has to give up half-way.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event

from watchbill.errors import OutsideError, Place

READERS: Final = 8
"""How many connections may read at the same time."""

_SETTINGS: Final = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
)
_WRITING: Final = ("PRAGMA page_size = 8192", "PRAGMA cache_size = -4096", "PRAGMA journal_size_limit = 67108864")
_READING: Final = ("PRAGMA query_only = ON",)


def make_file(path: Path) -> None:
    """Make the file and its folder, where they are not there; what a record holds is nobody else's to read."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as failure:
        raise OutsideError(
            f"the record cannot be opened for writing: {failure.strerror or failure}",
            "give the user that watchbill runs as the right to write the file and its folder, or name another with `--database`",
            rule="record-unwritable",
            place=Place(str(path)),
        ) from failure


def writing_engine(path: Path) -> Engine:
    """An engine for the one connection that writes."""
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, poolclass=NullPool, connect_args={"check_same_thread": False, "timeout": 5})
    _prepare(engine, "BEGIN IMMEDIATE", (*_SETTINGS, *_WRITING), record=str(path), is_writing=True)
    return engine


def reading_engine(path: Path) -> Engine:
    """An engine for connections that read, each transaction the record as it stood when it began to."""
    url = URL.create("sqlite", database=str(path))
    pool = {"poolclass": QueuePool, "pool_size": 2, "max_overflow": READERS - 2, "pool_timeout": 10}
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 5}, **pool)
    _prepare(engine, "BEGIN", (*_SETTINGS, *_READING), record=str(path), is_writing=False)
    return engine


def _prepare(engine: Engine, begin: str, settings: Sequence[str], *, record: str, is_writing: bool) -> None:
    def connected(dbapi_connection: Any, _: object) -> None:
        # Python's own idea of when a transaction begins is switched off: it would begin one without IMMEDIATE.
        dbapi_connection.isolation_level = None
        for setting in settings:
            dbapi_connection.execute(setting)
        if is_writing and dbapi_connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise OutsideError(
                "the file system under the record knows no shared memory, which SQLite's write-ahead log needs",
                "keep the record on a local disk",
                rule="record-unwritable",
                place=Place(record),
            )

    def begins(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begins)


class Present:
    """Tells whether the file that was opened is still the one at its path.

    A file that is deleted while it is open can be written to its last byte, and nobody will ever read that again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._was = self._is()

    def check(self) -> None:
        """Raises OutsideError where the file is gone, or another one stands in its place."""
        if self._was is not None and self._is() != self._was:
            raise OutsideError(
                "the record's file is not there any more, or another one stands in its place: what is written now would be lost",
                "put the file back where it was, and all goes on; or stop this engine, and start it on the last backup",
                rule="record-gone",
                place=Place(str(self._path)),
            )

    def _is(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_dev, found.st_ino


# --- alone on this machine ------------------------------------------------------------


class Alone:
    """A lock on a file beside the record, which the system gives back when its holder dies, however it dies.

    *is_held* tells whether it was to be had. Where the system knows no such locks it never is, and the lease alone decides.
    """

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] | None = None
        try:
            import fcntl
        except ImportError:
            return
        file = os.fdopen(os.open(f"{path}-lease", os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
        else:
            self._file = file

    @property
    def is_held(self) -> bool:
        """Whether no other process of this machine has the record."""
        return self._file is not None

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            self._file.close()
            self._file = None


def this_machine() -> str:
    """A name for the system that runs here, since it was started: no other machine has it, nor this one after the next start."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return platform.node()
