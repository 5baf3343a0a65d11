"""The record: opened once by the engine, which then has it to itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine

from watchbill.errors import WatchbillError
from watchbill.store import lease, queue
from watchbill.store.failing import in_words
from watchbill.store.location import file_of
from watchbill.store.migrating import bring_up_to_date
from watchbill.store.opening import Alone, Present, make_file, put_mark, reading_engine, this_machine, writing_engine
from watchbill.store.queue import RowQueue
from watchbill.store.remembering import ROOM, Remembered, remember
from watchbill.store.writer import Writer

T = TypeVar("T")


class Record:
    """An open record. Everything is written through *writer*; *queue* tells when there is something to do."""

    def __init__(self, path: Path, writer: Writer, readers: Engine, queue: RowQueue, alone: Alone, present: Present) -> None:
        self.path = path
        self.writer = writer
        self.queue = queue
        self._readers = readers
        self._alone = alone
        self._present = present

    @classmethod
    def open(
        cls,
        url: str,
        *,
        now: datetime,
        holder: str,
        lasts: timedelta = lease.LASTS,
        renewed_every: timedelta = lease.RENEWED_EVERY,
        room: int = ROOM,
    ) -> Record:
        """Open the record at this *url* for this *holder*, whose name is shown to another engine that wants it too.

        It is made where there is none, and brought to the newest version. *lasts* is how long the lease holds without being
        renewed, *room* how many alerts and steps are kept in memory. Raises UserError for a url or a file that cannot be a record of
        this version, OutsideError where the file cannot be used or another engine has it.
        """
        path = file_of(url)
        make_file(path)
        alone = Alone(path)
        try:
            return cls._opened(path, alone, now, holder, lasts, renewed_every, room)
        except BaseException as failure:
            alone.release()
            said = in_words(failure, str(path))
            if said is None or said is failure:
                raise
            raise said from failure

    @classmethod
    def _opened(cls, path: Path, alone: Alone, now: datetime, holder: str, lasts: timedelta, renewed_every: timedelta, room: int) -> Record:
        connection = writing_engine(path).connect()
        try:
            machine = this_machine() if alone.is_held else ""
            with connection.begin():
                bring_up_to_date(connection, str(path))
                lease.take(connection, holder, now, record=str(path), machine=machine, is_alone=alone.is_held, lasts=lasts)
            remembered, jobs = Remembered(room), RowQueue()
            remember(connection, remembered)
            queue.serve(connection, jobs)
        except BaseException:
            connection.close()
            raise
        present = Present(path, alone.file, put_mark(connection))
        writer = Writer(connection, str(path), holder, remembered, jobs, present.check, lasts=lasts, renewed_every=renewed_every)
        writer.start()
        return cls(path, writer, reading_engine(path), jobs, alone, present)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that reads the record as it stands now, and sees no later change. Any thread may ask for one."""
        self._present.check()  # a new connection would make a new file
        try:
            with self._readers.connect() as connection, connection.begin():
                yield connection
        except WatchbillError:
            raise
        except Exception as failure:
            said = in_words(failure, str(self.path))
            if said is None:
                raise
            raise said from failure

    def write(self, job: Callable[[Connection], T]) -> T:
        """What this *job* gives, once it is committed. For whoever may wait: never from an event loop, nor from within a job."""
        return self.writer.submit(job).result()

    def close(self) -> None:
        """Carry out what was handed in, let go of the lease, and close."""
        self.writer.close()
        self._readers.dispose()
        self._alone.release()
