"""The one port for how jobs are run, and the adapter for SQLite.

A decision is written together with the jobs that carry it on: «run this step», «look again at this incident». Here the rows themselves
are the queue (steps that are queued, incidents with a time to wake at), so that all an adapter adds is to tell the one process, once the
commit has succeeded, that there is something to do, and by when.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal, Protocol

from sqlalchemy import Connection

Job = Literal["run-step", "look-again"]
"""What is to be done: run the step, or look again at the incident, whose id is the job's key."""

_KEY: Final = "watchbill.queue"


class Queue(Protocol):
    """How jobs come to be run at their time, and come again if whoever ran them died."""

    def enqueue(self, connection: Connection, job: Job, key: str, due_at: datetime) -> None:
        """Have this *job* run not before *due_at*, if the transaction commits."""

    def mark(self) -> int:
        """A point to which what is enqueued from here on can be taken back."""

    def take_back(self, mark: int) -> None:
        """Forget what was enqueued since this *mark*; since the transaction began, for 0."""

    def committed(self) -> None:
        """What was enqueued has been committed."""


class RowQueue:
    """The adapter for SQLite: the rows are the queue, and a signal at commit says when the first of the new ones is due."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[datetime], None]] = []
        self._due: list[datetime] = []

    def listen(self, listener: Callable[[datetime], None]) -> None:
        """Have *listener* called, in the writer's thread, after each commit that brings something to do, with when it is due."""
        self._listeners.append(listener)

    def enqueue(self, connection: Connection, job: Job, key: str, due_at: datetime) -> None:
        """Note when this is due; its row has been written."""
        self._due.append(due_at)

    def mark(self) -> int:
        """How much was noted until now."""
        return len(self._due)

    def take_back(self, mark: int) -> None:
        """Forget what was noted since this *mark*."""
        del self._due[mark:]

    def committed(self) -> None:
        """Tell the listeners."""
        if self._due:
            soonest = min(self._due)
            self._due.clear()
            for listener in self._listeners:
                listener(soonest)


def serve(connection: Connection, queue: Queue) -> None:
    """Let jobs that are enqueued on this *connection* go to this *queue*."""
    connection.info[_KEY] = queue


def enqueue(connection: Connection, job: Job, key: str, due_at: datetime) -> None:
    """Have this *job* run not before *due_at*, by whatever runs the jobs of this *connection*."""
    queue: Queue | None = connection.info.get(_KEY)
    if queue is not None:
        queue.enqueue(connection, job, key, due_at)
