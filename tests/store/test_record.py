"""Opening the record: what is made, what is refused, and what is said."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from tests.makers import NOON
from watchbill.errors import OutsideError, UserError, WatchbillError
from watchbill.store import inbox, observations
from watchbill.store.failing import in_words
from watchbill.store.location import file_of
from watchbill.store.opening import Alone
from watchbill.store.record import Record


def opened(url: object, **more: object) -> Record:
    """A record that is open."""
    return Record.open(str(url), now=NOON, holder="ana's laptop, process 7", **more)  # type: ignore[arg-type]


def refused(url: object) -> WatchbillError:
    """Why this record cannot be opened."""
    with pytest.raises(WatchbillError) as caught:
        opened(url)
    return caught.value


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///a/b.db", "a/b.db"),
        ("sqlite:////var/lib/b.db", "/var/lib/b.db"),
        ("a/b.db", "a/b.db"),
        ("/b.db", "/b.db"),
        ("c:b", "c:b"),
    ],
)
def test_a_url_names_a_file(url: str, path: str) -> None:
    """
    A record is named by a url of SQLite, or by a path alone.
    """
    assert file_of(url) == Path(path)


@pytest.mark.parametrize(
    "url", ["sqlite:///", "sqlite:///:memory:", ":memory:", "", "mysql://ana:secret@db.example.com/x", "sqlite://x.db"]
)
def test_what_is_no_record_is_refused(url: str) -> None:
    """
    What is no file, or no database that this version knows, is refused with what to write, and without the password.
    """
    failure = refused(url)

    assert isinstance(failure, UserError)
    assert failure.rule == "record-url"
    assert "secret" not in str(failure)


def test_a_record_is_made_with_its_folder_for_nobody_else(tmp_path: Path) -> None:
    """
    Where there is no record one is made, and nobody else may read it.
    """
    path = tmp_path / "deep" / "er" / "watchbill.db"
    opened(path).close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_writer_waits_for_the_disk(tmp_path: Path) -> None:
    """
    A commit returns when the disk has it, foreign keys are held, and readers cannot write.
    """
    with closing(opened(tmp_path / "x.db")) as record:
        assert record.write(lambda c: c.exec_driver_sql("PRAGMA synchronous").scalar()) == 2
        assert record.write(lambda c: c.exec_driver_sql("PRAGMA foreign_keys").scalar()) == 1
        with pytest.raises(OutsideError, match="record-unwritable"), record.read() as connection:
            observations.put(connection, "a", NOON)


def test_a_reader_sees_one_moment(tmp_path: Path) -> None:
    """
    Whoever reads sees the record as it stood at the beginning, whatever is written meanwhile.
    """
    with closing(opened(tmp_path / "x.db")) as record:
        with record.read() as before:
            assert observations.all_under(before) == ()
            record.write(lambda c: observations.put(c, "a", NOON))
            assert observations.all_under(before) == ()
        with record.read() as after:
            assert len(observations.all_under(after)) == 1
        with pytest.raises(ZeroDivisionError), record.read():
            raise ZeroDivisionError
        with pytest.raises(OperationalError, match="no such table"), record.read() as connection:
            connection.exec_driver_sql("SELECT * FROM somewhere")


# --- one engine -----------------------------------------------------------------------


def test_a_second_engine_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    """
    Another engine hears who has the record, and what to do; once that one has ended it is let in.
    """
    path = tmp_path / "x.db"
    first = opened(path)
    with pytest.raises(OutsideError, match=r"x\.db: another engine has this record: ana's laptop, process 7.*\[record-held\]") as caught:
        Record.open(str(path), now=NOON, holder="another")
    assert "--database" in caught.value.help
    first.close()

    Record.open(str(path), now=NOON, holder="another").close()


def test_a_lease_that_has_run_out_lets_another_in(tmp_path: Path) -> None:
    """
    An engine that was not heard of for too long is taken over from, even while its process hangs, and then writes no more itself.
    """
    path = tmp_path / "x.db"
    hanging = opened(path, lasts=timedelta(0), renewed_every=timedelta(hours=1))
    with closing(Record.open(str(path), now=NOON, holder="another")) as record:
        record.write(lambda c: observations.put(c, "a", NOON))
        hanging.writer._renew_at = 0
        with pytest.raises(OutsideError, match="record-lost"):
            hanging.write(lambda c: observations.put(c, "b", NOON))
        hanging.close()
        with record.read() as connection:
            assert [each.name for each in observations.all_under(connection)] == ["a"]


def test_a_lease_of_another_machine_is_waited_for(tmp_path: Path) -> None:
    """
    The lease of an engine that was killed here is taken over at once; one that was taken elsewhere, or by a hanging process, is not.
    """
    path = tmp_path / "x.db"
    opened(path).close()

    def leave_behind(machine: str) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM lease")
            connection.execute("INSERT INTO lease VALUES ('engine', 'the dead', ?, 0, 9000000000000000)", [machine])

    with closing(opened(path)) as record, record.read() as connection:
        here = str(connection.exec_driver_sql("SELECT machine FROM lease").scalar())
    for machine in ("elsewhere", ""):
        leave_behind(machine)
        assert refused(path).rule == "record-held"
    leave_behind(here)
    opened(path).close()

    leave_behind(here)
    taken = Alone(path)
    assert taken.is_held
    assert refused(path).rule == "record-held"
    taken.release()


def test_a_file_of_several_names_is_refused(tmp_path: Path) -> None:
    """
    A hard link to a record is no way to it: what is written under one name is not seen under the other.
    """
    path, other = tmp_path / "x.db", tmp_path / "y.db"
    opened(path).close()
    other.hardlink_to(path)

    assert [refused(each).rule for each in (path, other)] == ["record-url", "record-url"]
    other.unlink()
    opened(path).close()


HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_file_that_is_open_under_another_name_is_refused(tmp_path: Path) -> None:
    """
    Where another process has the very file, and no log of its stands beside this name (a bind mount), there is no second engine.
    """
    path = tmp_path / "x.db"
    opened(path).close()
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        failure = refused(path)
        other.communicate(b"")

    assert failure.rule == "record-held"
    assert "under another name" in failure.message
    opened(path).close()


def test_a_file_that_is_overwritten_is_noticed(tmp_path: Path) -> None:
    """
    A backup that is copied over the file of a running engine keeps its name and number; nothing more is written to it.
    """
    path, backup = tmp_path / "x.db", tmp_path / "backup.db"
    opened(path).close()
    shutil.copy(path, backup)
    with closing(opened(path)) as record:
        record.write(lambda c: observations.put(c, "a", NOON))
        before = path.read_bytes()
        path.write_bytes(backup.read_bytes())
        with pytest.raises(OutsideError, match="record-gone"):
            record.write(lambda c: observations.put(c, "b", NOON))
        path.write_bytes(before)
        record.write(lambda c: observations.put(c, "c", NOON))


# --- files that are wrong -------------------------------------------------------------


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    """
    A file that is something else is left as it is, and said to be no record.
    """
    path = tmp_path / "x.db"
    path.write_bytes(b"to whom it may concern\n" * 500)
    failure = refused(path)

    assert isinstance(failure, OutsideError)
    assert (failure.rule, failure.place and failure.place.file) == ("record-corrupt", str(path))
    assert path.read_bytes() == b"to whom it may concern\n" * 500


def test_a_damaged_record_is_said(tmp_path: Path) -> None:
    """
    A record whose pages are damaged fails what reads or writes them with what is wrong, and not with a traceback of the driver's.
    """
    path = tmp_path / "x.db"
    with closing(opened(path)) as record:
        record.write(lambda c: [inbox.put(c, source="a", kind="a", body=b"x" * 3_000, received_at=NOON, urgency=0) for _ in range(200)])
    data = bytearray(path.read_bytes())
    data[4096 * 40 :] = os.urandom(len(data) - 4096 * 40)
    path.write_bytes(data)
    with pytest.raises(OutsideError, match="record-corrupt"), closing(opened(path)) as record:
        record.write(lambda c: inbox.waiting(c, 1_000))


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    """
    A database that has tables and no record is somebody else's, and is not touched.
    """
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE customers (name)")
    failure = refused(path)

    assert (failure.rule, failure.exit_code) == ("record-foreign", 2)
    assert "`customers`" in failure.message
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("customers",)]


def test_a_record_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """
    A record that a newer watchbill has written is refused, and left as it is.
    """
    path = tmp_path / "x.db"
    opened(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9000'")
    failure = refused(path)

    assert isinstance(failure, UserError)
    assert failure.rule == "record-newer"
    assert "version 9000" in failure.message
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9000",)]
        assert connection.execute("SELECT * FROM lease").fetchall() == []


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    """
    A place where no file can be made is said with its path.
    """
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "x.db", tmp_path):
        failure = refused(path)
        assert (failure.rule, failure.place and failure.place.file) == ("record-unwritable", str(path))


def test_a_record_that_another_program_holds_is_said(tmp_path: Path) -> None:
    """
    A program that holds the file locked is named as what it is, after a while and not for ever.
    """
    with closing(opened(tmp_path / "x.db", renewed_every=timedelta(hours=1))) as record:
        record.write(lambda c: c.exec_driver_sql("PRAGMA busy_timeout = 1"))
        with closing(sqlite3.connect(record.path, isolation_level=None)) as shell:
            shell.execute("BEGIN IMMEDIATE")
            with pytest.raises(OutsideError, match=r"another program holds the record.*\[record-busy\]"):
                record.write(lambda c: observations.put(c, "a", NOON))
            shell.execute("ROLLBACK")
        record.write(lambda c: observations.put(c, "a", NOON))


def failing_with(code: int) -> sqlite3.OperationalError:
    """What SQLite raises with this code."""
    failure = sqlite3.OperationalError("disk I/O error")
    failure.sqlite_errorcode, failure.sqlite_errorname = code, "SQLITE_IOERR_READ"
    return failure


def test_other_failures_of_the_disk_are_said() -> None:
    """
    What the system fails at is said in SQLite's words; a mistake in our own SQL stays what it is, a bug.
    """
    said = in_words(failing_with(sqlite3.SQLITE_IOERR | (1 << 8)), "x.db")

    assert said is not None
    assert said.rule == "record-failed"
    assert "disk I/O error (SQLITE_IOERR_READ)" in said.message
    assert in_words(failing_with(sqlite3.SQLITE_ERROR), "x.db") is None
    assert in_words(sqlite3.OperationalError("no code"), "x.db") is None
    assert in_words(sqlite3.IntegrityError("twice"), "x.db") is None
    assert in_words(ValueError(), "x.db") is None


def test_two_incidents_cannot_be_the_newest_of_one_key(tmp_path: Path) -> None:
    """
    The database itself refuses a second open incident of one correlation key, so that two processes cannot open it twice.
    """

    def opening(connection: Connection, id: str) -> None:
        row = f"('{id}', 'k', 1, '', 'triggered', 'info', NULL, '', 0, NULL, NULL, '', '', 1, 0, NULL)"
        connection.exec_driver_sql(f"INSERT INTO incident VALUES {row}")

    with closing(opened(tmp_path / "x.db")) as record:
        record.write(lambda c: opening(c, "a"))
        with pytest.raises(Exception, match="UNIQUE constraint failed"):
            record.write(lambda c: opening(c, "b"))
