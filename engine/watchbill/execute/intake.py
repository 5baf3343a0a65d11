"""What comes in: into the inbox for good, and from there, the most urgent first, into decisions.

A request whose alerts cannot be decided on stays in the inbox, and is said: nobody else will page for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from watchbill.decide.claiming import claim
from watchbill.errors import WatchbillError
from watchbill.execute import ingesting
from watchbill.execute.deciding import Decided
from watchbill.execute.ingesting import Arrived, Kind
from watchbill.execute.standing import Standing, StandingAlerts
from watchbill.ingest.payload import Payload
from watchbill.model.alert import Alert
from watchbill.store import alerts, inbox, incidents

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from watchbill.execute.engine import Engine

TOGETHER: Final = 64
"""How many requests are decided on in one go."""

ALERTS_TOGETHER: Final = 400
"""How many alerts of several requests: whoever is paged for the first waits until the last is decided on."""


@dataclass(frozen=True, slots=True, order=False)
class _Batch:
    """One request that is in the inbox."""

    number: int
    kind: str
    source: str
    payload: Payload
    received_at: datetime
    ahead: timedelta = timedelta(0)
    is_suspect: bool = False

    @property
    def attempt(self) -> str:
        """What it is called among the attempts."""
        return f"request/{self.number}"


LAST: Final = 10
"""How far behind all others a request is that the engine may have died over."""


class Intake:
    """The requests that are in the inbox and not decided on, and the alerts that stand."""

    def __init__(self, house: Engine) -> None:
        self._house = house
        self.standing = StandingAlerts()
        self._backlog: asyncio.PriorityQueue[tuple[int, int, _Batch]] = asyncio.PriorityQueue()
        self._deciding = 0

    @property
    def backlog(self) -> int:
        """How many requests are in the inbox and not decided on yet."""
        return self._backlog.qsize() + self._deciding

    async def receive(self, kind: Kind, source: str, body: bytes, received_at: datetime) -> Payload:
        """Put one request into the inbox; it is there for good when this returns."""
        house = self._house
        payload = ingesting.read(house.policies, kind, source, body, received_at)
        urgency = ingesting.urgency_of(house.policies, payload)
        if payload.alerts:
            number = await house.write(
                lambda connection: inbox.put(connection, source=source, kind=kind, body=body, received_at=received_at, urgency=urgency)
            )
            house.counts.add("alerts", len(payload.alerts))
            self._put((-urgency, number, _Batch(number, kind, source, payload, received_at, house.clock.ahead)))
        return payload

    async def declare(self, alert: Alert, by: str) -> list[Decided]:
        """Decide on an *alert* that a person says, in one transaction: it needs no inbox, since the person waits for what comes of it."""
        house = self._house
        arrived = Arrived(Payload((alert,), alert.source), "custom", house.now())

        def job(connection: Connection) -> list[Decided]:
            return ingesting.take_in(connection, house.policies, self.standing, (arrived,), house.now(), by=by)

        try:
            return await house.write(job)
        except BaseException:
            # What stands may have been changed before it failed.
            with suppress(WatchbillError):
                await self._read_standing()
            raise

    async def take_up(self) -> None:
        """Go on with the alerts and the inbox of an earlier life."""
        house = self._house
        await self._read_standing(grace=True)
        for entry in await house.write(lambda connection: inbox.waiting(connection, 1_000_000)):
            name = f"request/{entry.id}"
            why = house.attempts.why_aside(name)
            if why:
                await self._set_aside(entry.id, why)
                house.attempts.let_go(name)
                continue
            try:
                payload = ingesting.read(house.policies, entry.kind, entry.source, entry.body, entry.received_at)
            except WatchbillError as error:
                await self._set_aside(entry.id, error.message)
                continue
            is_suspect = house.attempts.is_suspect(name)
            batch = _Batch(entry.id, entry.kind, entry.source, payload, entry.received_at, house.clock.ahead, is_suspect)
            self._put((-entry.urgency + (LAST if is_suspect else 0), entry.id, batch))

    async def _read_standing(self, *, grace: bool = False) -> None:
        def job(connection: Connection) -> tuple[tuple[alerts.Known, ...], dict[str, str]]:
            if grace:
                alerts.grace(connection, self._house.now() + self._house.options.resolve_timeout)
            return alerts.active(connection), incidents.unresolved(connection)

        rows, keys = await self._house.write(job)
        claimed = ((row, claim(self._house.policies.bill, alerts.as_alert(row))[0]) for row in rows)
        self.standing = StandingAlerts(
            Standing(
                alert,
                row.incident,
                keys.get(row.incident, ""),
                row.expires_at,
                row.incident in keys,
                dict(row.senders),
                dict(row.senders),
            )
            for row, alert in claimed
        )

    def _put(self, entry: tuple[int, int, _Batch]) -> None:
        self._house.vitals.came_in(entry[1])
        self._backlog.put_nowait(entry)

    async def go_on(self) -> None:
        """Decide on what has come in, the most urgent first, for as long as the engine lives."""
        while True:
            batches = [(await self._backlog.get())[2]]
            count = len(batches[0].payload.alerts)
            # No more than is decided on in one go: what comes in meanwhile may be more urgent than what waits behind.
            while len(batches) < TOGETHER and not self._backlog.empty() and not batches[-1].is_suspect:
                entry = self._backlog.get_nowait()
                count += len(entry[2].payload.alerts)
                if count > ALERTS_TOGETHER:
                    self._backlog.put_nowait(entry)
                    break
                batches.append(entry[2])
            self._deciding = len(batches)
            try:
                await self._decide(batches)
            except Exception as failure:
                self._house.say("error", "drain_failed", error=f"{type(failure).__name__}: {failure}")
            self._deciding = 0

    async def empty(self) -> None:
        """Decide on what is left, before the engine ends."""
        while not self._backlog.empty() and self._house.record.writer.is_alive:
            _, _, batch = self._backlog.get_nowait()
            await self._decide((batch,))

    async def _decide(self, batches: Sequence[_Batch]) -> None:
        """Decide on the alerts of these requests, and take them out of the inbox in the same transaction."""
        if len(batches) > 1 and batches[-1].is_suspect:  # it is decided on alone
            await self._decide(batches[:-1])
            return await self._decide(batches[-1:])
        try:
            if batches[-1].is_suspect:
                await self._house.attempts.take(batches[-1].attempt)
            decisions = await self._house.write(lambda connection: self._taken_in(connection, batches))
        except WatchbillError as error:
            # The record cannot take it now. It stays in the inbox, and is tried again when the record can be written.
            self._house.say("error", "record_failed", error=error.message)
            self._house.counts.add("record_failures")
            if not self._house.is_stopping:
                await self._standing_again()
                for batch in batches:
                    self._put((-3, batch.number, batch))
            return
        except Exception as error:
            await self._read_standing()
            if len(batches) == 1:
                await self._set_aside(batches[0].number, f"{type(error).__name__}: {error}")
            else:
                # One that nothing can be decided on takes no other with it.
                for batch in batches:
                    await self._decide((batch,))
            return
        now = self._house.now()
        for batch in batches:
            self._house.took("decision", (now - batch.received_at - batch.ahead).total_seconds())
            self._house.vitals.dealt_with(batch.number)
            if batch.is_suspect:
                self._house.attempts.let_go(batch.attempt)
        for decided in decisions:
            self._house.decided(decided)

    def _taken_in(self, connection: Connection, batches: Sequence[_Batch]) -> list[Decided]:
        house = self._house
        arrived = [
            Arrived(batch.payload, ingesting.sender_of(house.policies, batch.kind, batch.source), batch.received_at, batch.ahead)
            for batch in batches
        ]
        found = ingesting.take_in(connection, house.policies, self.standing, arrived, house.now(), house.options.resolve_timeout)
        for batch in batches:
            inbox.done(connection, batch.number)
        return found

    async def _standing_again(self) -> None:
        """Read what stands from the record, once that can be read again."""
        while self._house.record.writer.is_alive and not self._house.is_stopping:
            await asyncio.sleep(1)
            try:
                return await self._read_standing()
            except WatchbillError as error:
                self._house.say("error", "record_failed", error=error.message)

    async def _set_aside(self, number: int, error: str) -> None:
        """A request that nothing could be decided on is kept, and said: nobody else will page for it."""
        self._house.counts.add("set_aside")
        await self._house.write(lambda connection: inbox.failed(connection, number, error))
        self._house.vitals.dealt_with(number)
        subject = "watchbill could not decide on alerts that it took in"
        text = f"Request {number} of the inbox is kept and was not acted on: {error}. Look at it, and page by hand if it matters."
        await self._house.alarm(subject, text, f"watchbill/inbox/{number}")
