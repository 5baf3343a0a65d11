"""Carrying steps out: who is asked for what, when, how often, and what it means for the step.

A step that reaches a person, and one that may be repeated, is tried again when its outcome is unknown. A step that changes a system
and may not be repeated is recorded as begun before it leaves, and is never begun twice unless a person says so.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeVar

from watchbill.connectors.performing import About, Performer, Refused, Request, Transient, Unknown
from watchbill.decide.bill import Bill
from watchbill.decide.retrying import is_pointless
from watchbill.decide.step_words import subject_of, text_of
from watchbill.errors import OutsideError, WatchbillError
from watchbill.execute.calls import TIMEOUT, PlannedCall, about_for, calls_of, declared, limit_of, next_due
from watchbill.execute.deciding import Decided, Handed, decide_event, settle
from watchbill.execute.policies import Policies
from watchbill.model.event import Observed
from watchbill.model.incident import Incident
from watchbill.model.plan import Done, Outcome, Retry, Stalled, Step
from watchbill.model.policies import Connector
from watchbill.model.policyset import Action
from watchbill.model.references import Json
from watchbill.store import effects, incidents, steps

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")

AT_ONCE: Final = 16
"""How many calls one connector has in hand at a time."""

FIRST_WAIT: Final = timedelta(seconds=2)
LONGEST_WAIT: Final = timedelta(minutes=5)

RECORDED_AGAIN_AFTER: Final = 1.0
"""Seconds until an outcome that the record could not take is written again."""

QUICKEST_LOOK: Final = timedelta(seconds=5)
SLOWEST_LOOK: Final = timedelta(seconds=30)
"""Between these lie two looks of a verification."""


class House(Protocol):
    """What carrying steps out needs of the engine."""

    policies: Policies

    def now(self) -> datetime:
        """The engine's time."""
        ...

    async def write(self, job: Callable[[Connection], T]) -> T:
        """What the *job* gives, once it is committed."""
        ...

    def decided(self, decided: Decided) -> None:
        """A decision was recorded: hand out its steps, and tell who listens."""
        ...

    async def alarm(
        self, subject: str, text: str, key: str, *, attempt: int = 1, is_repeat: bool = False, about: About | None = None
    ) -> Outcome:
        """Say this by the last resort."""
        ...

    def paged(self, by: str, error: str = "") -> None:
        """A page has left by this connector; with an *error*, it may not have."""
        ...

    def say(self, level: str, event: str, **fields: object) -> None:
        """Write to the log."""
        ...


@dataclass(frozen=True, slots=True)
class Ended:
    """How one call ended: carried out, to be tried again, or not without a person."""

    call: PlannedCall
    begun_at: datetime
    kind: Literal["done", "again", "failed"]
    result: Json = None
    effect: str = ""
    error: str = ""
    after: timedelta | None = None
    is_unknown: bool = False


class Performing:
    """Steps that are being carried out now, each in a task of its own."""

    def __init__(
        self,
        house: House,
        performers: Mapping[str, Performer],
        secrets: Callable[[Connector], Mapping[str, str]],
        url_of: Callable[[str], str] = lambda incident: "",
    ) -> None:
        self._house, self._performers, self._secrets, self._url_of = house, performers, secrets, url_of
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._room: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))

    def __contains__(self, step: object) -> bool:
        return step in self._tasks

    def __len__(self) -> int:
        return len(self._tasks)

    def begin(self, handed: Handed, incident: Incident) -> None:
        """Carry this step out, unless that is being done already."""
        identity = handed.step.id
        if identity not in self._tasks:
            task = asyncio.create_task(self._guarded(handed, incident), name=f"step {identity}")
            self._tasks[identity] = task
            task.add_done_callback(lambda _: self._tasks.pop(identity, None))

    def stop(self, step: str) -> None:
        """End what is being done for this *step*: it was taken back."""
        task = self._tasks.get(step)
        if task is not None:
            task.cancel()

    async def close(self, within: timedelta) -> None:
        """Let what is being done come to an end, and end what has not *within* that time; it is taken up after the next start."""
        tasks = tuple(self._tasks.values())
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
        is_over = handed.carried_out if step.kind != "verify" else frozenset[int]()  # it looks again and again
        waiting = [call for call in calls_of(step, house.now()) if call.number not in is_over]
        if handed.is_later and is_pointless(bill, incident, step, house.now()):
            await self._settle(handed, incident, Done({"note": "not needed any more"}), ())
            return
        due = [call for call in waiting if call.at <= house.now()]
        if due and not await self._may_begin(bill, handed, due):
            return
        ended = await asyncio.gather(*(self._call(bill, handed, incident, call) for call in due))
        for each in ended if step.kind == "page" else ():
            # One that was refused has got there, or never set out; only what tells of the way there counts.
            if each.kind == "again" or (each.kind == "done" and not each.error):
                house.paged(each.call.connector, each.error)
        if step.kind == "verify":
            await self._observe(bill, handed, incident, ended)
        else:
            later = [call for call in waiting if call not in due]
            await self._conclude(handed, incident, ended, later)

    async def _alarm(self, handed: Handed, incident: Incident) -> Outcome:
        """Have the last resort say that nobody could be reached; how that went."""
        step, is_repeat = handed.step, handed.possibly_repeated or handed.attempt > 1
        subject, text = subject_of(incident, step), text_of(incident, step, self._url_of(incident.id))
        about = about_for(incident, step, self._url_of(incident.id))
        outcome = await self._house.alarm(subject, text, step.id, attempt=handed.attempt, is_repeat=is_repeat, about=about)
        return Stalled(outcome.error) if isinstance(outcome, Retry) and handed.attempt >= limit_of(step.kind) else outcome

    async def _may_begin(self, bill: Bill, handed: Handed, due: list[PlannedCall]) -> bool:
        """Record that it begins, where it may not be repeated; False where somebody has begun it already."""
        actions = (declared(bill, call.connector, call.action).action for call in due)
        if all(action is None or may_repeat(action) for action in actions):
            return True
        return await self._house.write(lambda connection: steps.begin(connection, handed.step.id, handed.attempt, at=self._house.now()))

    async def _call(self, bill: Bill, handed: Handed, incident: Incident, call: PlannedCall) -> Ended:
        there, now = declared(bill, call.connector, call.action), self._house.now()
        if there.connector is None or there.type is None or there.action is None:
            missing = "connector" if there.connector is None else "type" if there.type is None else "action"
            return Ended(call, now, "failed", error=f"{call.connector}.{call.action}: there is no such {missing} any more")
        if there.connector.shadow:
            return Ended(call, now, "done", {"shadow": True}, error="the connector is in shadow: nothing was touched")
        performer = self._performers.get(there.type.name)
        if performer is None:
            return Ended(call, now, "failed", error=f"{call.connector}.{call.action}: connectors of type {there.type.name} cannot act here")
        step = handed.step
        try:
            request = Request(
                connector=call.connector,
                type=there.type.name,
                action=call.action,
                arguments=call.arguments,
                key=call.key(step.id),
                now=now,
                timeout=step.timeout or TIMEOUT,
                settings=dict(there.connector.settings),
                secrets=self._secrets(there.connector),
                attempt=handed.attempt,
                is_repeat=handed.possibly_repeated,
                subject=subject_of(incident, step),
                text=text_of(incident, step, self._url_of(incident.id)),
                about=about_for(incident, step, self._url_of(incident.id)),
            )
            async with self._room[call.connector]:
                done = await performer.perform(request)
        except Transient as failure:
            return Ended(call, now, "again", error=failure.error, after=failure.after)
        except Unknown as failure:
            if may_repeat(there.action):
                return Ended(call, now, "again", error=failure.error, is_unknown=True)
            return Ended(call, now, "failed", error=f"nobody knows whether it was done: {failure.error}; look, then `watchbill retry` it")
        except Refused as failure:
            return Ended(call, now, "failed", error=failure.error)
        except WatchbillError as failure:
            return Ended(call, now, "failed", error=failure.message)
        return Ended(call, now, "done", done.result, done.effect)

    # --- what came of it ----------------------------------------------------------------

    async def _conclude(self, handed: Handed, incident: Incident, ended: list[Ended], later: list[PlannedCall]) -> None:
        again = [each for each in ended if each.kind == "again"]
        if again and handed.attempt < limit_of(handed.step.kind):
            after = min(each.after or backoff(handed.step.id, handed.attempt) for each in again)
            at = min(self._house.now() + after, next_due(later) or datetime.max.replace(tzinfo=self._house.now().tzinfo))
            await self._settle(handed, incident, Retry(at, "; ".join(each.error for each in again)), ended)
        elif later:
            await self._postpone(handed, incident, ended, next_due(later) or self._house.now())
        else:
            await self._settle(handed, incident, _outcome(handed, ended), ended)

    async def _settle(self, handed: Handed, incident: Incident, outcome: Outcome, ended: list[Ended] | tuple[Ended, ...]) -> None:
        house = self._house

        def job(connection: Connection) -> Decided | None:
            now = house.now()
            _record(connection, handed, ended, now)
            if handed.step.kind == "alarm" and isinstance(outcome, Retry):
                steps.mark_repeated(connection, handed.step.id)  # the last resort does not tell what was lost from what never left
            return settle(connection, house.policies, incident.id, handed.step.id, handed.attempt, outcome, now)

        decided = await self._kept(handed, job)
        self._tasks.pop(handed.step.id, None)
        if decided is not None:
            house.decided(decided)

    async def _kept(self, handed: Handed, job: Callable[[Connection], T]) -> T:
        """What the *job* gives, once it is committed. What has been done is not done again because its outcome cannot be written now."""
        is_said = False
        while True:
            try:
                return await self._house.write(job)
            except OutsideError as error:
                if error.rule in ("record-closed", "record-lost"):
                    raise
                if not is_said:
                    self._house.say("error", "step_not_recorded", step=handed.step.id, error=error.message)
                is_said = True
                await asyncio.sleep(RECORDED_AGAIN_AFTER)

    async def _postpone(self, handed: Handed, incident: Incident, ended: list[Ended], until: datetime) -> None:
        """Some contacts come later: the step stays handed out, and its row says when to go on."""
        house = self._house

        def job(connection: Connection) -> None:
            _record(connection, handed, ended, house.now())
            steps.postpone(connection, handed.step.id, until)

        await self._kept(handed, job)

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
                decided = decide_event(connection, house.policies, incident.id, Observed(handed.step.id, seen.result), now)
            current = incidents.load(connection, incident.id)
            step = current.steps.get(handed.step.id) if current is not None else None
            if step is not None and step.state == "started":
                steps.postpone(connection, handed.step.id, now + look_every(bill, handed.step))
            else:
                steps.settle(connection, handed.step.id, handed.attempt, Done(seen.result if seen is not None else None), at=now)
            return decided

        decided = await self._kept(handed, job)
        self._tasks.pop(handed.step.id, None)
        if decided is not None:
            house.decided(decided)


def may_repeat(action: Action) -> bool:
    """Whether doing this *action* twice harms nobody, or less than not doing it: a page too many is the smaller mistake."""
    return action.reads or action.idempotent or action.reaches


def backoff(key: str, attempt: int) -> timedelta:
    """How long to wait after this *attempt*: twice as long each time, and somewhat different for each *key*."""
    spread = int.from_bytes(hashlib.sha256(f"{key}\0{attempt}".encode()).digest()[:2], "big") / 65_535
    return min(FIRST_WAIT * 2.0 ** min(attempt - 1, 12), LONGEST_WAIT) * (0.75 + spread / 2)


def look_every(bill: Bill, step: Step) -> timedelta:
    """How long between two looks of the verification that this *step* is."""
    remediation = bill.policies.remediations.get(step.because.name)
    hold = remediation.verification.hold_for if remediation is not None and remediation.verification is not None else SLOWEST_LOOK
    return min(max(hold / 4, QUICKEST_LOOK), SLOWEST_LOOK)


def _outcome(handed: Handed, ended: list[Ended]) -> Outcome:
    """How a step of these calls ended: one that reached anybody is done."""
    done = [each for each in ended if each.kind == "done"]
    failed = [each.error for each in ended if each.kind != "done"]
    if done or handed.carried_out or not ended:
        result: Json = done[0].result if len(ended) == 1 and done else {"failed": list(failed)} if failed else None
        return Done(result, next((each.effect for each in done if each.effect), ""))
    return Stalled("; ".join(failed))


def _record(connection: Connection, handed: Handed, ended: list[Ended] | tuple[Ended, ...], now: datetime) -> None:
    if any(each.is_unknown for each in ended):
        steps.mark_repeated(connection, handed.step.id)
    for each in ended:
        outcome: Outcome = Stalled(each.error)
        if each.kind == "done":
            outcome = Done(each.result, each.effect)
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
