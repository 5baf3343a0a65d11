"""Carrying steps out: who is asked for what, when, how often, and what it means for the step.

A step that reaches a person, and one that may be repeated, is tried again when its outcome is unknown. A step that changes a system
and may not be repeated is recorded as begun before it leaves, and is never begun twice unless a person says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from watchbill.connectors.performing import Performer
from watchbill.decide.bill import Bill
from watchbill.decide.retrying import is_pointless
from watchbill.decide.step_words import subject_of, text_of
from watchbill.errors import WatchbillError
from watchbill.execute.caller import Caller, Ended
from watchbill.execute.calls import LONGEST_WAIT, PlannedCall, about_for, backoff, calls_of, declared, limit_of
from watchbill.execute.deciding import Decided, Handed, decide_event, settle
from watchbill.execute.delivery_tasks import DeliveryTasks
from watchbill.execute.ports import House, recorded
from watchbill.model.event import Observed
from watchbill.model.incident import Incident
from watchbill.model.plan import Done, Outcome, Retry, Stalled, Step, StepKind
from watchbill.model.policies import Connector
from watchbill.model.references import Json
from watchbill.store import effects, incidents, steps

if TYPE_CHECKING:
    from sqlalchemy import Connection

TELLING: Final[tuple[StepKind, ...]] = ("notify", "update")
"""The steps that tell somebody something, besides those that are delivered to persons."""

QUICKEST_LOOK: Final = timedelta(seconds=5)
SLOWEST_LOOK: Final = timedelta(seconds=30)
"""Between these lie two looks of a verification."""


class Performing:
    """Steps that are being carried out now, each in a task of its own."""

    def __init__(
        self,
        house: House,
        performers: Mapping[str, Performer],
        secrets: Callable[[Connector], Mapping[str, str]],
        url_of: Callable[[str, str], str] = lambda incident, person: "",
    ) -> None:
        self._house, self._url_of = house, url_of
        self._caller = Caller(performers, secrets, house.now, url_of)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._deliveries = DeliveryTasks(house, self._caller)

    def __len__(self) -> int:
        return len(self._tasks) + len(self._deliveries)

    def __contains__(self, step: str) -> bool:
        return step in self._tasks or step in self._deliveries

    def wants(self, step: str, now: datetime) -> bool:
        """Whether this *step*, which has fallen due, is to be taken up: nobody is at work on it, or more of it is to leave by *now*."""
        return step not in self._tasks and self._deliveries.wants(step, now)

    def next_at(self) -> datetime | None:
        """When more of a step is to leave that is being carried out; None where nothing is."""
        return self._deliveries.next_at()

    def begin(self, handed: Handed, incident: Incident, now: datetime) -> None:
        """Carry this step out, which was handed out *now*, unless that is being done already."""
        identity = handed.step.id
        if handed.step.deliveries:
            self._deliveries.begin(handed.step, incident, now)
        elif identity not in self._tasks:
            task = asyncio.create_task(self._guarded(handed, incident), name=f"step {identity}")
            self._tasks[identity] = task
            task.add_done_callback(lambda task: self._forget(identity, task))

    def _forget(self, step: str, task: asyncio.Task[None]) -> None:
        """The *task* has ended; a newer one for the same step stays."""
        if self._tasks.get(step) is task:
            del self._tasks[step]

    def stop(self, step: str) -> None:
        """End what is being done for this *step*: it was taken back."""
        self._deliveries.stop(step)
        task = self._tasks.get(step)
        if task is not None:
            task.cancel()

    async def close(self, within: timedelta) -> None:
        """Let what is being done come to an end, and end what has not *within* that time; it is taken up after the next start."""
        tasks = (*self._tasks.values(), *self._deliveries.tasks)
        if not tasks:
            return
        _, left = await asyncio.wait(tasks, timeout=within.total_seconds())
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=10)

    # --- one step -----------------------------------------------------------------------

    async def _guarded(self, handed: Handed, incident: Incident) -> None:
        try:
            await self._carry_out(handed, incident)
        except asyncio.CancelledError:
            raise
        except WatchbillError as error:
            # The record could not take it. The row says that it is not settled, so that it is looked for again.
            self._house.say("error", "step_not_recorded", incident=incident.id, step=handed.step.id, error=error.message)
        except Exception as error:
            self._house.say("error", "step_failed", incident=incident.id, step=handed.step.id, error=f"{type(error).__name__}: {error}")
            await self._settle(handed, incident, Stalled(f"this is a bug of watchbill: {type(error).__name__}: {error}"), ())

    async def _carry_out(self, handed: Handed, incident: Incident) -> None:
        house, step = self._house, handed.step
        bill = house.policies.bill_of(incident.revision)
        if step.kind == "alarm":
            await self._settle(handed, incident, await self._alarm(handed, incident), ())
            return
        if handed.is_later and is_pointless(bill, incident, step, house.now()):
            await self._settle(handed, incident, Done({"note": "not needed any more"}), ())
            return
        is_over = handed.carried_out if step.kind != "verify" else frozenset[int]()  # it looks again and again
        due = [call for call in calls_of(step) if call.number not in is_over]
        if due and not await self._may_begin(bill, handed, due):
            return
        repeated = handed.possibly_repeated
        ended = await asyncio.gather(
            *(self._caller.call(bill, incident, step, call, attempt=handed.attempt, is_repeat=repeated) for call in due)
        )
        for each in ended if step.kind in TELLING else ():
            if each.result in ("sent", "unable"):
                house.sent(each.call.connector, each.result, each.error)
        if step.kind == "verify":
            await self._observe(bill, handed, incident, ended)
        else:
            await self._conclude(handed, incident, ended)

    async def _alarm(self, handed: Handed, incident: Incident) -> Outcome:
        """Have the last resort say that nobody could be reached; how that went."""
        step, is_repeat = handed.step, handed.possibly_repeated or handed.step.possibly_repeated
        bill, url = self._house.policies.bill_of(incident.revision), self._url_of(incident.id, "")
        subject = subject_of(incident, step, is_repeat=is_repeat)
        text = text_of(incident, step, url, bill=bill, is_repeat=is_repeat)
        about = about_for(incident, step, url)
        outcome = await self._house.alarm(subject, text, step.id, attempt=handed.attempt, is_repeat=is_repeat, about=about)
        return Stalled(outcome.error) if isinstance(outcome, Retry) and not _may_try_again(step) else outcome

    async def _may_begin(self, bill: Bill, handed: Handed, due: list[PlannedCall]) -> bool:
        """Record that it begins, where it may not be repeated; False where somebody has begun it already."""
        actions = (declared(bill, call.connector, call.action).action for call in due)
        if all(action is None or action.may_repeat for action in actions):
            return True
        return await self._house.write(lambda connection: steps.begin(connection, handed.step.id, handed.attempt, at=self._house.now()))

    # --- what came of it ----------------------------------------------------------------

    async def _conclude(self, handed: Handed, incident: Incident, ended: list[Ended]) -> None:
        again = [each for each in ended if each.kind == "again"]
        if again and _may_try_again(handed.step):
            wait = backoff(handed.step.id, handed.step.retried + 1)
            after = min(min(each.after, LONGEST_WAIT) if each.after else wait for each in again)
            is_unknown = any(each.is_unknown for each in again)
            outcome: Outcome = Retry(self._house.now() + after, "; ".join(each.error for each in again), is_unknown)
        else:
            outcome = _outcome(handed, ended)
        await self._settle(handed, incident, outcome, ended)

    async def _settle(self, handed: Handed, incident: Incident, outcome: Outcome, ended: list[Ended] | tuple[Ended, ...]) -> None:
        house = self._house

        def job(connection: Connection) -> Decided | None:
            now = house.now()
            _record(connection, handed, ended, now)
            if isinstance(outcome, Retry) and outcome.is_unknown:
                steps.mark_repeated(connection, handed.step.id)
            return settle(connection, house.policies, incident.id, handed.step.id, handed.attempt, outcome, now)

        decided = await recorded(house, handed.step.id, job)
        self._tasks.pop(handed.step.id, None)
        if decided is not None:
            house.decided(decided)

    async def _observe(self, bill: Bill, handed: Handed, incident: Incident, ended: list[Ended]) -> None:
        """Give what a verification saw to the judgement, and look again later unless that ends it."""
        house, seen = self._house, ended[0] if ended else None
        if seen is not None and seen.kind == "failed":
            await self._settle(handed, incident, Stalled(seen.error), ended)
            return

        def job(connection: Connection) -> Decided | None:
            now = house.now()
            _record(connection, handed, ended, now)
            decided = None
            if seen is not None and seen.kind == "done":
                decided = decide_event(connection, house.policies, incident.id, Observed(handed.step.id, seen.value), now)
            current = incidents.load(connection, incident.id)
            step = current.steps.get(handed.step.id) if current is not None else None
            if step is not None and step.state == "started":
                steps.postpone(connection, handed.step.id, now + look_every(bill, handed.step))
            else:
                steps.settle(connection, handed.step.id, handed.attempt, Done(seen.value if seen is not None else None), at=now)
            return decided

        decided = await recorded(house, handed.step.id, job)
        self._tasks.pop(handed.step.id, None)
        if decided is not None:
            house.decided(decided)


def look_every(bill: Bill, step: Step) -> timedelta:
    """How long between two looks of the verification that this *step* is."""
    remediation = bill.policies.remediations.get(step.because.name)
    hold = remediation.verification.hold_for if remediation is not None and remediation.verification is not None else SLOWEST_LOOK
    return min(max(hold / 4, QUICKEST_LOOK), SLOWEST_LOOK)


def _may_try_again(step: Step) -> bool:
    """Whether a *step* that could not be carried out now is tried once more by itself; a person's wish begins the count anew."""
    return step.retried + 1 < limit_of(step.kind)


def _outcome(handed: Handed, ended: list[Ended]) -> Outcome:
    """How a step of these calls ended: one that reached anybody is done."""
    done = [each for each in ended if each.kind == "done"]
    failed = [each.error for each in ended if each.kind != "done"]
    if done or handed.carried_out or not ended:
        result: Json = done[0].value if len(ended) == 1 and done else {"failed": list(failed)} if failed else None
        return Done(result, next((each.effect for each in done if each.effect), ""))
    # What an earlier attempt may have done, this one cannot take back.
    is_refused = not handed.possibly_repeated and all(each.is_refused for each in ended)
    return Stalled("; ".join(failed), is_refused)


def _record(connection: Connection, handed: Handed, ended: list[Ended] | tuple[Ended, ...], now: datetime) -> None:
    if any(each.is_unknown for each in ended):
        steps.mark_repeated(connection, handed.step.id)
    for each in ended:
        outcome: Outcome = Stalled(each.error)
        if each.kind == "done":
            outcome = Done(each.value, each.effect)
        elif each.kind == "again":
            outcome = Retry(now, each.error)
        effects.record(
            connection,
            step=handed.step.id,
            call=each.call.number,
            attempt=handed.attempt,
            key=each.call.key(handed.step.id),
            begun_at=each.begun_at,
            outcome=outcome,
            at=now,
        )
