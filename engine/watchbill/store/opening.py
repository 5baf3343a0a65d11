"""How a database is opened: where it is, with which settings, and that nobody else on this machine has it.

SQLite runs with a write-ahead log that is on the disk before a commit returns, foreign keys held, and transactions that either read, or
write from their first moment on, so that none has to give up half-way.
"""

from __future__ import annotations

import os
import platform
import secrets
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import IO, Any, Final

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event

from watchbill.errors import OutsideError, Place, UserError

READERS: Final = 8
"""How many connections may read at the same time."""

_TRIES: Final = 20
"""How often a lock is asked for that a passing command may have, a twentieth of a second apart."""

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
    """Tells whether the file that was opened is still the one at its path, with what this life of an engine has made of it.

    A file that is deleted while it is open can be written to its last byte, and nobody will ever read that again. One that is overwritten
    keeps its name and its number; that it is another shows in the mark that an engine puts into its header at the start.
    """

    def __init__(self, path: Path, file: IO[bytes] | None, mark: int) -> None:
        self._path, self._file = path, file
        self._was = self._is()
        # Until the mark is checkpointed, the header says what it said before.
        self._marks = {self._marked(), mark}

    def check(self) -> None:
        """Raises OutsideError where the file is gone, or another one stands in its place."""
        if (self._was is not None and self._is() != self._was) or self._marked() not in self._marks:
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

    def _marked(self) -> int | None:
        """SQLite's application id, as the header of the file has it; None where it cannot be read."""
        if self._file is None:
            return None
        try:
            return int.from_bytes(os.pread(self._file.fileno(), 4, 68), "big")
        except OSError:
            return None


def put_mark(connection: Connection) -> int:
    """Put a mark of this life into the header of the file, outside a transaction; the mark."""
    mark = 1 + secrets.randbelow(2**31 - 1)
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(f"PRAGMA application_id = {mark}")
    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return mark


# --- alone on this machine ------------------------------------------------------------

_MINE: Final[set[tuple[int, int]]] = set()
"""The files that this process has locked. They are never opened a second time: closing a file lets go of SQLite's own locks on it."""


class Alone:
    """A lock on the record's file itself, which the system gives back when its holder dies, however it dies.

    *is_held* tells whether it was to be had; where the system knows no such locks it never is, and the lease alone decides. Raises
    UserError for a file with several names, and OutsideError where another process of this machine has it open under another name: the log
    beside each name would be another, and what one engine has written the other would not see.
    """

    def __init__(self, path: Path) -> None:
        self.file: IO[bytes] | None = None
        self._key: tuple[int, int] | None = None
        try:
            import fcntl
        except ImportError:
            return
        there = os.stat(path)
        if there.st_nlink > 1:
            raise UserError(
                "the record's file has several names (hard links), and what is written under one is not seen under the others",
                "give it one name alone: remove the other links, or copy it to a file of its own",
                rule="record-url",
                place=Place(str(path)),
            )
        key = (there.st_dev, there.st_ino)
        if key in _MINE:
            return
        file = open(path, "r+b", buffering=0)  # noqa: SIM115
        for left in range(_TRIES, -1, -1):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                # An engine has its log beside it. Who has none there only asked for something, or has the file by another name.
                if Path(f"{path}-wal").exists():
                    file.close()
                    return
                if not left:
                    file.close()
                    raise OutsideError(
                        "another process of this machine has the record's file open under another name",
                        "stop that one, or give this one a record of its own with `--database`",
                        rule="record-held",
                        place=Place(str(path)),
                    ) from None
                Event().wait(0.05)
            else:
                break
        self.file, self._key = file, key
        _MINE.add(key)

    @property
    def is_held(self) -> bool:
        """Whether no other process of this machine has the record."""
        return self.file is not None

    def release(self) -> None:
        """Give the lock back, once SQLite has closed the file."""
        if self.file is not None and self._key is not None:
            self.file.close()
            self.file = None
            _MINE.discard(self._key)


def this_machine() -> str:
    """A name for the system that runs here, since it was started: no other machine has it, nor this one after the next start."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return platform.node()
