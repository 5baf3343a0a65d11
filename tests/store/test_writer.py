"""The one that writes: jobs that share a commit, jobs that fail alone, disks that are full, leases that are lost."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from tests.makers import NOON
from watchbill.errors import OutsideError
from watchbill.store import inbox, lease, observations
from watchbill.store.record import Record


def noting(name: str) -> Callable[[Connection], str]:
    """A job that notes this name."""

    def job(connection: Connection) -> str:
        observations.put(connection, name, NOON)
        return name

    return job


def breaking(connection: Connection) -> None:
    """A job that writes something, and has a mistake."""
    observations.put(connection, "broken", NOON)
    raise LookupError("a mistake")


def noted(record: Record) -> list[str]:
    """The names that were noted."""
    with record.read() as connection:
        return [each.name for each in observations.all_under(connection)]


def together(record: Record, *jobs: Callable[[Connection], object]) -> list[Future[object]]:
    """Hand these jobs in so that all are waiting when the writer comes to the first of them."""
    holds = threading.Event()
    first = record.writer.submit(lambda connection: holds.wait(10))
    futures = [record.writer.submit(job) for job in jobs]
    holds.set()
    wait([first], 10)
    return futures


def test_a_job_that_fails_fails_alone(record: Record) -> None:
    """
    Of jobs that share a commit, one that raises takes back what it wrote itself; its neighbours are committed.
    """
    first, second, third = together(record, noting("a"), breaking, noting("b"))

    assert (first.result(10), third.result(10)) == ("a", "b")
    with pytest.raises(LookupError, match="a mistake"):
        second.result(10)
    assert noted(record) == ["a", "b"]
    assert record.writer.trouble is None


def test_jobs_are_carried_out_in_order(record: Record) -> None:
    """
    What is handed in first is carried out first, and each job sees what those before it wrote.
    """
    seen: list[int] = []
    futures = together(record, *(lambda c, n=n: seen.append(len(observations.all_under(c))) or noting(f"{n:03}")(c) for n in range(50)))  # type: ignore[misc]
    for future in futures:
        future.result(10)

    assert seen == list(range(50))


def test_what_arrives_together_is_committed_together(record: Record) -> None:
    """
    Whoever listens hears of a commit once, however many jobs it had, and not of one in which every job failed.
    """
    heard: list[int] = []
    record.write(noting("before"))
    record.writer.on_commit(lambda: heard.append(1))
    for future in together(record, *(noting(str(number)) for number in range(20))):
        future.result(10)
    commits = len(heard)
    with pytest.raises(LookupError):
        record.write(breaking)

    assert 1 <= commits < 20
    record.write(noting("after"))
    assert len(heard) == commits + 1


def test_a_future_is_resolved_after_the_commit(record: Record) -> None:
    """
    When a job's result is there, everybody who reads sees what it wrote.
    """
    for number in range(20):
        record.write(noting(str(number)))
        assert len(noted(record)) == number + 1


def test_a_job_that_was_called_off_is_not_carried_out(record: Record) -> None:
    """
    A job whose future was cancelled while it waited leaves no trace, and the others go on.
    """
    holds = threading.Event()
    record.writer.submit(lambda connection: holds.wait(10))
    second, third = record.writer.submit(noting("a")), record.writer.submit(noting("b"))
    assert second.cancel()
    holds.set()

    assert third.result(10) == "b"
    assert noted(record) == ["b"]


def test_a_listener_that_fails_stops_nothing(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Whoever listens and fails is told on the way that failures of threads are told, and the writer goes on.
    """
    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_type))
    record.writer.on_commit(lambda: [][0])

    assert record.write(noting("a")) == "a"
    assert record.write(noting("b")) == "b"
    assert record.writer.is_alive
    record.close()
    assert told == [IndexError, IndexError]


def fill(connection: Connection) -> int:
    """Leave room for a few pages more."""
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar() or 0
    return int(connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 3}").scalar() or 0)


def test_a_full_disk_is_said_and_survived(record: Record) -> None:
    """
    When there is no room left, a job fails with what is wrong and what to do; nothing of it is there, and what needs no room goes on. When
    there is room again, so does the rest.
    """

    def putting(size: int) -> Callable[[Connection], int]:
        return lambda c: inbox.put(c, source="am", kind="am", body=b"x" * size, received_at=NOON, urgency=0)

    record.write(fill)
    with pytest.raises(OutsideError, match=r"watchbill\.db: there is no room left on its disk.* \[record-full\]") as caught:
        record.write(putting(1_000_000))
    assert "make room" in caught.value.help
    assert record.writer.trouble is caught.value
    with record.read() as connection:
        assert inbox.count(connection) == 0
    assert record.writer.is_alive
    assert record.write(putting(10)) == 1
    assert record.writer.trouble is None
    futures = together(record, putting(20), putting(1_000_000), putting(30))
    results = [future.exception(10) for future in futures]
    assert isinstance(results[1], OutsideError)
    stored = sum(each is None for each in results)
    with record.read() as connection:
        assert inbox.count(connection) == 1 + stored
    record.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1000000"))

    assert record.write(putting(1_000_000)) > 1
    assert record.writer.trouble is None


def test_a_transaction_that_is_lost_fails_all_who_shared_it(record: Record) -> None:
    """
    If the database gives up the whole transaction, every job in it fails, nothing of it is there, and the next one succeeds.
    """

    def losing(connection: Connection) -> None:
        connection.connection.cursor().execute("ROLLBACK")
        raise sqlite3.OperationalError("lost")

    futures = together(record, noting("a"), losing, noting("b"))
    failed = [future.exception(10) is not None for future in futures]

    assert failed[:2] == [True, True]
    assert ("a" in noted(record), "b" in noted(record)) == (False, not failed[2])
    assert record.write(noting("c")) == "c"


def test_what_is_handed_in_before_the_end_is_written(reopen: Callable[..., Record]) -> None:
    """
    Closing carries out what was handed in; what comes later is refused, and closing twice is harmless.
    """
    record = reopen()
    futures = [record.writer.submit(noting(str(number))) for number in range(30)]
    record.close()
    record.close()

    assert [future.result(0) for future in futures] == [str(number) for number in range(30)]
    with pytest.raises(OutsideError, match=r"the record is closed.*\[record-closed\]"):
        record.write(noting("late"))
    assert not record.writer.is_alive
    assert len(noted(reopen())) == 30


# --- the lease ------------------------------------------------------------------------


def test_the_lease_is_renewed_while_the_writer_lives(reopen: Callable[..., Record]) -> None:
    """
    The lease holds on by itself, with nothing to write and with work to do.
    """
    record = reopen(lasts=timedelta(seconds=30), renewed_every=timedelta(0))

    def until(connection: Connection) -> int:
        return int(connection.exec_driver_sql("SELECT until FROM lease").scalar() or 0)

    first = record.write(until)
    while record.write(until) == first:
        pass  # the database's clock has milliseconds

    assert record.writer.is_alive


def test_a_writer_that_lost_its_lease_writes_no_more(reopen: Callable[..., Record]) -> None:
    """
    Once another engine has taken over, whatever is handed in fails and says so, what waits included, and nothing is written.
    """
    record = reopen(renewed_every=timedelta(0))
    with closing(sqlite3.connect(record.path)) as other, other:
        other.execute("UPDATE lease SET holder = 'another'")
    futures = [record.writer.submit(noting(name)) for name in "ab"]

    for future in futures:
        with pytest.raises(OutsideError, match=r"another engine has taken over this record.*\[record-lost\]"):
            future.result(10)
    with pytest.raises(OutsideError, match="record-lost"):
        record.write(noting("c"))
    assert noted(record) == []
    assert not record.writer.is_alive
    assert record.writer.trouble is not None
    record.close()
    with closing(sqlite3.connect(record.path)) as other:
        assert other.execute("SELECT holder FROM lease").fetchall() == [("another",)]


def test_a_lease_is_taken_held_and_let_go(record: Record) -> None:
    """
    The lease is its holder's until it runs out by the database's clock; nobody else renews or releases it.
    """

    def job(connection: Connection) -> None:
        lease.release(connection, "the tests")
        lease.take(connection, "a", NOON, record="r", lasts=timedelta(hours=1))
        lease.take(connection, "a", NOON, record="r")
        with pytest.raises(OutsideError, match="another engine has this record: a until"):
            lease.take(connection, "b", NOON, record="r")
        assert not lease.renew(connection, "b")
        lease.release(connection, "b")
        assert lease.renew(connection, "a", lasts=timedelta(0))
        lease.take(connection, "b", NOON, record="r", machine="m")
        with pytest.raises(OutsideError, match="record-held"):
            lease.take(connection, "c", NOON, record="r", machine="m")
        with pytest.raises(OutsideError, match="record-held"):
            lease.take(connection, "c", NOON, record="r", machine="n", is_alone=True)
        lease.take(connection, "c", NOON, record="r", machine="m", is_alone=True)
        lease.release(connection, "c")
        lease.take(connection, "the tests", NOON, record="r")

    record.write(job)
