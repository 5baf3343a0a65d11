"""The one thread that writes, on the one connection that may.

Jobs that arrive together share a transaction and its one wait for the disk; each has a savepoint, so that one that fails takes nothing
with it. A job's future is resolved after the commit and never before, and a commit that fails fails all of its jobs. The thread itself
does not fail: when the disk has room again, it goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from datetime import timedelta
from queue import Empty, SimpleQueue
from time import perf_counter  # spans only: what time it is, nobody asks here
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from watchbill.errors import OutsideError, Place, WatchbillError
from watchbill.store import lease
from watchbill.store.failing import in_words
from watchbill.store.queue import Queue
from watchbill.store.remembering import Remembered

T = TypeVar("T")

GATHERED_FOR: Final = 0.002
"""For how many seconds a transaction takes in further jobs, while there are any."""

_Job = tuple[Callable[[Connection], Any], "Future[Any]"]


class Writer:
    """What is handed in with `submit` is carried out here, in order, in transactions that several jobs may share."""

    def __init__(
        self,
        connection: Connection,
        record: str,
        holder: str,
        remembered: Remembered,
        queue: Queue,
        check: Callable[[], None],
        *,
        lasts: timedelta = lease.LASTS,
        renewed_every: timedelta = lease.RENEWED_EVERY,
    ) -> None:
        self._connection = connection
        self._record = record
        self._holder = holder
        self._remembered = remembered
        self._queue = queue
        self._check = check
        self._lasts = lasts
        self._renewed_every = renewed_every.total_seconds()
        self._renew_at = perf_counter() + self._renewed_every
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._listeners: list[Callable[[], None]] = []
        self._door = threading.Lock()
        self._is_closed = False
        self._trouble: WatchbillError | None = None
        self._lost: WatchbillError | None = None
        self._turns = 0  # odd while a transaction is under way
        self._thread = threading.Thread(target=self._work, name="watchbill-writer", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def submit(self, job: Callable[[Connection], T]) -> Future[T]:
        """Have this *job* carried out; the future has what it gives, or raises, once that is committed."""
        future: Future[T] = Future()
        with self._door:
            if self._is_closed or self._lost is not None:
                future.set_exception(self._lost or _closed(self._record))
            else:
                self._jobs.put((job, future))
        return future

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Have *listener* called, in the writer's thread, after each commit in which a job has succeeded."""
        self._listeners.append(listener)

    @property
    def trouble(self) -> WatchbillError | None:
        """Why the last transaction failed; None where it did not."""
        return self._lost or self._trouble

    @property
    def is_alive(self) -> bool:
        """Whether it is at work, and the lease is still its own."""
        return self._thread.is_alive() and self._lost is None

    @property
    def turns(self) -> int:
        """A number that is another with each transaction that begins or ends, and odd while one is under way."""
        return self._turns

    @property
    def waiting(self) -> int:
        """About how many jobs wait."""
        return self._jobs.qsize()

    def close(self) -> None:
        """Carry out what was handed in, then let go of the lease and end."""
        with self._door:
            if self._is_closed:
                return
            self._is_closed = True
            self._jobs.put(None)
        self._thread.join()

    # --- in the thread ----------------------------------------------------------------

    def _work(self) -> None:
        is_over = False
        while not is_over:
            try:
                job = self._jobs.get(timeout=max(0.0, self._renew_at - perf_counter()))
            except Empty:
                self._transaction(None)
            else:
                is_over = job is None or self._transaction(job)
        self._let_go()

    def _transaction(self, job: _Job | None) -> bool:
        """Carry out this *job*, and what arrives with it, in one transaction; whether the end was asked for with them."""
        gathered: list[tuple[Future[Any], Any]] = []
        is_over = False
        self._turns += 1
        try:
            with self._connection.begin():
                self._renew()
                until = perf_counter() + GATHERED_FOR
                while job is not None:
                    self._carry_out(job, gathered)
                    job = None
                    if perf_counter() < until and not self._jobs.empty():
                        job = self._jobs.get_nowait()
                        is_over = job is None
                self._check()
        except BaseException as failure:
            self._failed(failure, job, gathered)
        else:
            self._succeeded(gathered)
        finally:
            self._turns += 1
        return is_over

    def _carry_out(self, job: _Job, gathered: list[tuple[Future[Any], Any]]) -> None:
        work, future = job
        if not future.set_running_or_notify_cancel():
            return
        cursor = self._connection.connection.cursor()
        cursor.execute("SAVEPOINT job")
        self._remembered.begin()
        mark = self._queue.mark()
        try:
            result = work(self._connection)
        except BaseException as failure:
            self._remembered.take_back()
            self._queue.take_back(mark)
            said = in_words(failure, self._record)
            try:
                cursor.execute("ROLLBACK TO job")
            except Exception:
                # A full disk may end the transaction as a whole; then all who share it have to know why.
                raise (said or failure) from failure
            cursor.execute("RELEASE job")
            self._trouble = said or self._trouble
            future.set_exception(said or failure)
        else:
            cursor.execute("RELEASE job")
            gathered.append((future, result))

    def _succeeded(self, gathered: list[tuple[Future[Any], Any]]) -> None:
        if gathered:
            self._trouble = None
        for future, result in gathered:
            future.set_result(result)
        for tell in (self._queue.committed, *(self._listeners if gathered else ())):
            try:
                tell()
            except Exception as failure:
                # Whoever listens may be wrong; that must not end what everybody writes through.
                threading.excepthook(threading.ExceptHookArgs((type(failure), failure, failure.__traceback__, self._thread)))

    def _failed(self, failure: BaseException, job: _Job | None, gathered: list[tuple[Future[Any], Any]]) -> None:
        """Nothing of the transaction is there, and everybody who shared it is told."""
        self._remembered.clear()
        self._queue.take_back(0)
        said = in_words(failure, self._record)
        self._trouble = said or self._trouble
        self._renew_at = max(self._renew_at, perf_counter() + 1)
        waiting = [future for future, _ in gathered]
        if job is not None:
            waiting.append(job[1])
        for future in waiting:
            with suppress(InvalidStateError):  # it was called off before it began
                future.set_exception(said or failure)

    def _renew(self) -> None:
        """Renew the lease if it is time to. Raises OutsideError once another engine has it."""
        if self._lost is not None:
            raise self._lost
        if perf_counter() < self._renew_at:
            return
        if not lease.renew(self._connection, self._holder, lasts=self._lasts):
            self._lost = OutsideError(
                "another engine has taken over this record, because this one was not heard of for too long",
                "see what held this process up, and start it again when the other has ended",
                rule="record-lost",
                place=Place(self._record),
            )
            raise self._lost
        self._renew_at = perf_counter() + self._renewed_every

    def _let_go(self) -> None:
        try:
            with self._connection.begin():
                lease.release(self._connection, self._holder)
        except Exception as failure:
            # It runs out by itself. What cannot be written now was told to whoever wanted it written.
            self._trouble = in_words(failure, self._record) or self._trouble
        finally:
            self._connection.close()


def _closed(record: str) -> OutsideError:
    return OutsideError(
        "the record is closed: the engine is about to end",
        "send it again when the engine is back",
        rule="record-closed",
        place=Place(record),
    )
