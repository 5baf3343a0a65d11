"""The deliveries of steps: each contact of each person is called in a task of its own, at its own time.

Rule 1: a contact that hangs delays no other, and none is called twice while its call lasts: a task is known by its step and its number.
Rule 2: what is to leave, and when, says the record: `decide` moves contacts forward and withdraws them, and here they are only begun.
Rule 3: how a call ended is recorded, and decided on, in one transaction, for each contact by itself.
Rule 4: that a call begins stands in the record before it leaves: whoever hands a step out writes that down of what is due by then.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from watchbill.errors import WatchbillError
from watchbill.execute.caller import Caller, Ended
from watchbill.execute.calls import LONGEST_WAIT, call_for, limit_of, wait_after
from watchbill.execute.deciding import Decided, end_attempt
from watchbill.execute.ports import House, recorded
from watchbill.model.event import DeliveryReported
from watchbill.model.incident import Incident
from watchbill.model.plan import Delivery, Step
from watchbill.store import delivery_rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

Key: TypeAlias = tuple[str, int, int]
"""A call under way: its step, the number of the delivery, and the attempt. One that a person wants again waits for no older call."""


class DeliveryTasks:
    """The calls of contacts that are under way now."""

    def __init__(self, house: House, caller: Caller) -> None:
        self._house, self._caller = house, caller
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._calling: set[Key] = set()
        self._at_work: Counter[str] = Counter()
        self._later: dict[str, datetime] = {}
        self._undecided: dict[tuple[str, int], datetime] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def __contains__(self, step: str) -> bool:
        return self._at_work[step] > 0

    @property
    def tasks(self) -> tuple[asyncio.Task[None], ...]:
        """The tasks that are under way."""
        return tuple(self._tasks.values())

    def wants(self, step: str, now: datetime) -> bool:
        """Whether a *step* that has fallen due is to be begun: none of its contacts is being called, or another one is due by *now*."""
        if not self._at_work[step]:
            return True
        later = self._later.get(step)
        return later is not None and later <= now

    def next_at(self) -> datetime | None:
        """When the next contact of a step is due of which another one is being called; None where none is. The record knows the others."""
        return min(self._later.values(), default=None)

    def begin(self, step: Step, incident: Incident, now: datetime) -> None:
        """Call the contacts of this *step* that are due *now* and not being called, and remember when the next one is due."""
        step = incident.steps.get(step.id, step)
        later: datetime | None = None
        for number, delivery in enumerate(step.deliveries):
            leaves_at = self._leaves_at(step.id, number, delivery)
            if leaves_at is None or (step.id, number, delivery.attempt + 1) in self._tasks:
                continue
            if leaves_at <= now:
                self._start(incident, step, number, delivery)
            elif later is None or leaves_at < later:
                later = leaves_at
        if later is not None and self._at_work[step.id]:
            self._later[step.id] = later
            self._house.look_by(later)
        else:
            self._later.pop(step.id, None)

    def stop(self, step: str) -> None:
        """End those calls of this *step* that have not left yet. One that is leaving comes to its end, so that its outcome is known."""
        self._later.pop(step, None)
        ended = []
        for key, task in tuple(self._tasks.items()) if self._at_work[step] else ():
            if key[0] == step and key not in self._calling:
                task.cancel()
                ended.append(key[1:])
        if ended:
            self._house.write_later(lambda connection: delivery_rows.forget(connection, step, ended))

    def _leaves_at(self, step: str, number: int, delivery: Delivery) -> datetime | None:
        """When this delivery is to leave; later where nothing could be decided on how its last attempt ended."""
        leaves_at, not_before = delivery.leaves_at, self._undecided.get((step, number))
        return leaves_at if leaves_at is None or not_before is None else max(leaves_at, not_before)

    def _start(self, incident: Incident, step: Step, number: int, delivery: Delivery) -> None:
        key = (step.id, number, delivery.attempt + 1)
        task = asyncio.create_task(self._guarded(incident, step, number, delivery), name=f"step {step.id}#{number + 1}")
        self._tasks[key] = task
        self._at_work[step.id] += 1
        task.add_done_callback(lambda task: self._forget(key, task))

    def _forget(self, key: Key, task: asyncio.Task[None]) -> None:
        """The *task* is over. A newer one for the same contact stays."""
        if self._tasks.get(key) is not task:
            return
        del self._tasks[key]
        self._calling.discard(key)
        self._at_work[key[0]] -= 1
        if not self._at_work[key[0]]:
            del self._at_work[key[0]]
            self._later.pop(key[0], None)

    async def _guarded(self, incident: Incident, step: Step, number: int, delivery: Delivery) -> None:
        try:
            await self._deliver(incident, step, number, delivery)
        except asyncio.CancelledError:
            raise
        except WatchbillError as error:
            # The record could not take it. The row says that it is not settled, so that it is looked for again.
            self._house.say("error", "step_not_recorded", incident=incident.id, step=step.id, error=error.message)
        except Exception as error:
            said = f"this is a bug of watchbill: {type(error).__name__}: {error}"
            self._house.say("error", "step_failed", incident=incident.id, step=step.id, error=said)
            report = DeliveryReported(step.id, number, "failed", said, attempt=delivery.attempt + 1)
            await self._report(incident, Ended(call_for(step, number), self._house.now(), "failed", "failed"), delivery.attempt + 1, report)

    async def _deliver(self, incident: Incident, step: Step, number: int, delivery: Delivery) -> None:
        house, attempt = self._house, delivery.attempt + 1
        ended = await self._caller.call(
            house.policies.bill_of(incident.revision),
            incident,
            step,
            call_for(step, number),
            attempt=attempt,
            is_repeat=delivery.result == "unknown",
            begins=lambda: self._calling.add((step.id, number, attempt)),
        )
        if ended.result != "shadow":
            house.sent(delivery.connector, ended.result, ended.error)
        await self._report(incident, ended, attempt, self._meant(step, number, delivery, ended))

    def _meant(self, step: Step, number: int, delivery: Delivery, ended: Ended) -> DeliveryReported:
        """What is reported of a call that has *ended*, and when it may be made again."""
        attempt, tried = delivery.attempt + 1, delivery.attempt + 1 - delivery.earlier
        if ended.kind != "again" or tried >= limit_of(step.kind):
            return DeliveryReported(step.id, number, ended.result, ended.error, attempt=attempt)
        wait = wait_after(f"{step.id}#{number}", tried, ended.after)
        return DeliveryReported(step.id, number, ended.result, ended.error, self._house.now() + wait, attempt)

    async def _report(self, incident: Incident, ended: Ended, attempt: int, report: DeliveryReported) -> None:
        house, effect = self._house, ended.effect
        contact, key = (report.step, report.number), (report.step, report.number, attempt)

        def job(connection: Connection) -> Decided | None:
            return end_attempt(connection, house.policies, incident.id, attempt, report, house.now(), effect=effect)

        try:
            decided = await recorded(house, report.step, job)
        except WatchbillError:
            raise
        except Exception as error:
            # It is not made again at every look for that: whom it reached would be called every second.
            said = f"this is a bug of watchbill: {type(error).__name__}: {error}"
            house.say("error", "delivery_not_decided", incident=incident.id, step=report.step, result=report.result, error=said)
            self._undecided[contact] = house.now() + LONGEST_WAIT
            return
        self._undecided.pop(contact, None)
        task = asyncio.current_task()
        if task is not None:
            self._forget(key, task)
        if decided is not None:
            house.decided(decided)
