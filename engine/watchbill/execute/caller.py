"""One call of one step: what a performer is asked, and what its outcome means.

A call that reads, that may be repeated or that reaches a person is made again when its outcome is unknown: a page too many is the
smaller mistake. Any other is not, unless a person says so.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from watchbill.connectors.performing import Failed, Performer, Refused, Request, Transient, Unable, Unknown
from watchbill.decide.bill import Bill
from watchbill.decide.step_words import subject_of, text_of
from watchbill.errors import WatchbillError
from watchbill.execute.calls import TIMEOUT, PlannedCall, about_for, declared
from watchbill.model.incident import Incident
from watchbill.model.plan import DeliveryResult, Step
from watchbill.model.policies import Connector
from watchbill.model.policyset import PLACE_OF_STEP, kind_of, unfit
from watchbill.model.references import Json

AT_ONCE: Final = 16
"""How many calls one connector has in hand at a time."""

URGENT_WAITS: Final = 1.0
"""Seconds that a call which reaches a person waits for one of these at the most; then it is made all the same."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one call ended. *kind* says what follows: it was carried out, is to be made again, or is not without a person.

    *after* is how long the other side asks to wait before the next attempt. One that *is_refused* was so before it began.
    """

    call: PlannedCall
    begun_at: datetime
    result: DeliveryResult
    kind: Literal["done", "again", "failed"]
    value: Json = None
    effect: str = ""
    error: str = ""
    after: timedelta | None = None
    is_refused: bool = False

    @property
    def is_unknown(self) -> bool:
        """Whether nobody knows whether it was carried out."""
        return self.result == "unknown"


class Caller:
    """Makes the calls of steps by the performers of this process."""

    def __init__(
        self,
        performers: Mapping[str, Performer],
        secrets: Callable[[Connector], Mapping[str, str]],
        now: Callable[[], datetime],
        url_of: Callable[[str, str], str],
    ) -> None:
        self._performers, self._secrets, self._now, self._url_of = performers, secrets, now, url_of
        self._room: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))

    async def call(
        self,
        bill: Bill,
        incident: Incident,
        step: Step,
        call: PlannedCall,
        *,
        attempt: int,
        is_repeat: bool,
        begins: Callable[[], None] = lambda: None,
    ) -> Ended:
        """Make this *call* of a *step*; *begins* is told when it is about to leave, which may be later than now."""
        there, now = declared(bill, call.connector, call.action), self._now()
        name = f"{call.connector}.{call.action}"
        if there.connector is None or there.type is None or there.action is None:
            missing = "connector" if there.connector is None else "type" if there.type is None else "action"
            return Ended(call, now, "unable", "failed", error=f"{name}: there is no such {missing} any more", is_refused=True)
        wrong = unfit(name, kind_of(there.action, there.connector), PLACE_OF_STEP[step.kind])
        if wrong:
            return Ended(call, now, "unable", "failed", error=wrong, is_refused=True)
        if there.connector.shadow:
            begins()
            return Ended(call, now, "shadow", "done", {"shadow": True}, error="the connector is in shadow: nothing was touched")
        performer = self._performers.get(there.type.name)
        if performer is None:
            error = f"{name}: connectors of type {there.type.name} cannot act here"
            return Ended(call, now, "unable", "failed", error=error, is_refused=True)
        try:
            request = self._request(bill, incident, step, call, there.connector, attempt=attempt, is_repeat=is_repeat)
            async with self._slot(call.connector, is_urgent=there.action.reaches):
                begins()
                done = await performer.perform(request)
        except Transient as failure:
            return Ended(call, now, "waiting", "again", error=failure.error, after=failure.after)
        except Unknown as failure:
            if there.action.may_repeat:
                return Ended(call, now, "unknown", "again", error=failure.error)
            error = f"nobody knows whether it was done: {failure.error}; look, then `watchbill retry` it"
            return Ended(call, now, "unknown", "failed", error=error)
        except Refused as failure:
            result: DeliveryResult = "unable" if isinstance(failure, Unable) else "refused"
            return Ended(call, now, result, "failed", error=failure.error, is_refused=not isinstance(failure, Failed))
        except WatchbillError as failure:
            return Ended(call, now, "unable", "failed", error=failure.message, is_refused=True)
        return Ended(call, now, "sent", "done", done.result, done.effect)

    def _request(
        self, bill: Bill, incident: Incident, step: Step, call: PlannedCall, connector: Connector, *, attempt: int, is_repeat: bool
    ) -> Request:
        """What the performer of this *connector* is asked. Raises `WatchbillError` where a secret cannot be had."""
        # Who gets it may read it on the spot: the link is theirs. What goes to a channel or a list is nobody's.
        person = step.deliveries[call.number].person if call.number < len(step.deliveries) else ""
        url = self._url_of(incident.id, person)
        return Request(
            connector=call.connector,
            type=connector.type,
            action=call.action,
            arguments=call.arguments,
            key=call.key(step.id),
            now=self._now(),
            timeout=step.timeout or TIMEOUT,
            settings=dict(connector.settings),
            secrets=self._secrets(connector),
            attempt=attempt,
            is_repeat=is_repeat,
            subject=subject_of(incident, step, is_repeat=is_repeat),
            text=text_of(incident, step, url, bill=bill, is_repeat=is_repeat),
            about=about_for(incident, step, url),
        )

    @asynccontextmanager
    async def _slot(self, connector: str, *, is_urgent: bool) -> AsyncIterator[None]:
        """A place among the calls that this *connector* has in hand. One that is urgent is made without a place rather than late."""
        room, has_place = self._room[connector], False
        with suppress(TimeoutError):
            async with asyncio.timeout(URGENT_WAITS if is_urgent else None):
                await room.acquire()
                has_place = True
        try:
            yield
        finally:
            if has_place:
                room.release()
