"""How the engine says that it is itself in trouble.

The last resort needs nothing of the engine but a connector: no database, no event loop, no policies that may have become
unreadable. A thread of its own watches for signs of life, and speaks through an event loop of its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from watchbill.connectors.performing import GRACE, About, NotDone, Performer, Refused, Request, Transient
from watchbill.decide.bill import Bill
from watchbill.errors import WatchbillError
from watchbill.execute.calls import declared, wait_after
from watchbill.execute.vitals import Kind, Trouble
from watchbill.model.plan import Call, Done, Outcome, Retry, Stalled
from watchbill.model.policies import Connector
from watchbill.model.policyset import UsePlace, kind_of, unfit
from watchbill.model.references import Json

TIMEOUT: Final = timedelta(seconds=20)
"""How long one attempt to say something may take."""

SAID_AGAIN_AFTER: Final = timedelta(minutes=15).total_seconds()
"""Trouble that goes on is said again after so many seconds."""

TRIED_AGAIN_AFTER: Final = timedelta(minutes=1).total_seconds()
"""What could not be said is tried again after so many seconds."""

WELL_AFTER: Final = timedelta(minutes=1).total_seconds()
"""For so many seconds there must be no sign of a trouble before it counts as over: what flickers is said once."""

SEEN: Final = 2
"""How many looks in a row have to see a trouble before it is said: nobody is called for a single moment."""

LAST_ATTEMPT: Final = 5
"""How often it is tried to say that a trouble is over."""

LOOKED_EVERY: Final = 1.0


@dataclass(frozen=True, slots=True)
class Way:
    """One ready way out: the connector, its action, and the arguments that name whom it reaches.

    *wrong* says why it is not taken: what the action does has no place there.
    """

    connector: Connector
    action: str
    arguments: Mapping[str, Json]
    wrong: str = ""

    @property
    def name(self) -> str:
        """As policies write it: ``pager.page``."""
        return f"{self.connector.ref.name}.{self.action}"


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be said. *key* is the same at every attempt, of which this is the one with that number."""

    subject: str
    text: str
    key: str
    attempt: int = 1
    is_repeat: bool = False
    about: About = field(default_factory=About)


def way_of(bill: Bill, call: Call | None, place: UsePlace) -> Way | None:
    """The way that a *call* of the settings names; None where they name none, or one whose connector did not compile."""
    there = declared(bill, call.connector, call.action) if call is not None else None
    if call is None or there is None or there.connector is None:
        return None
    wrong = unfit(f"{call.connector}.{call.action}", kind_of(there.action, there.connector), place) if there.action is not None else ""
    return Way(there.connector, call.action, call.arguments, wrong)


def last_resort_of(bill: Bill) -> Way | None:
    """The way that the settings name for the engine's own alarms; None where they name none."""
    return way_of(bill, bill.policies.settings.last_resort, "last_resort")


class Voice:
    """Says things by a way out, without an incident's step behind them.

    *apart* makes performers for a thread with an event loop of its own, which must not wait for anything that the engine's holds;
    without it, the *performers* serve there too.
    """

    def __init__(
        self,
        performers: Mapping[str, Performer],
        secrets: Callable[[Connector], Mapping[str, str]],
        now: Callable[[], datetime],
        apart: Callable[[], Mapping[str, Performer]] | None = None,
        within: timedelta = TIMEOUT,
        grace: timedelta = GRACE,
    ) -> None:
        self._performers, self._secrets, self._now, self._apart = performers, secrets, now, apart
        self._within, self._grace = within, grace

    async def say(self, way: Way, message: Message) -> Outcome:
        """Say it now; how that went. It never raises, and ends in its time."""
        return await self._say(self._performers, way, message)

    def say_from_thread(self, way: Way, message: Message) -> Outcome:
        """The same, for a thread that has no event loop, because the engine's may be what stalls."""
        performers = self._apart() if self._apart is not None else self._performers
        return asyncio.run(self._say(performers, way, message))

    async def _say(self, performers: Mapping[str, Performer], way: Way, message: Message) -> Outcome:
        if way.wrong:
            return Stalled(way.wrong)
        try:
            request = self._request(way, message)
            performer = performers.get(way.connector.type)
            if performer is None:
                return Stalled(f"connectors of type {way.connector.type} cannot act here")
            async with asyncio.timeout((self._within + self._grace).total_seconds()):
                return await performer.perform(request)
        except (TimeoutError, NotDone) as failure:
            error = failure.error if isinstance(failure, NotDone) else f"{way.name} did not end within {self._within.total_seconds():g}s"
            if isinstance(failure, Refused):
                return Stalled(error)
            never_left = isinstance(failure, Transient)
            after = failure.after if isinstance(failure, Transient) else None
            return Retry(self._now() + wait_after(message.key, message.attempt, after), error, is_unknown=not never_left)
        except WatchbillError as failure:
            return Stalled(failure.message)
        except Exception as failure:
            return Stalled(f"this is a bug of watchbill: {type(failure).__name__}: {failure}")

    def _request(self, way: Way, message: Message) -> Request:
        connector = way.connector
        return Request(
            connector=connector.ref.name,
            type=connector.type,
            action=way.action,
            arguments={**way.arguments},
            key=message.key,
            now=self._now(),
            timeout=self._within,
            settings=dict(connector.settings),
            secrets=self._secrets(connector),
            step=message.key,
            attempt=message.attempt,
            is_repeat=message.is_repeat,
            subject=message.subject,
            text=message.text,
            about=message.about,
        )


class LastResort:
    """Speaks by the configured *way*, from whatever thread; without one, by the log, as loudly as that can.

    *went* is told of each attempt by a way: its name, and what went wrong, empty where it left.
    """

    def __init__(
        self,
        voice: Voice,
        log: Callable[..., None],
        count: Callable[[str], object],
        went: Callable[[str, str], None] = lambda way, error: None,
    ) -> None:
        self._voice, self._log, self._count, self._went = voice, log, count, went
        self.way: Way | None = None

    async def say(self, message: Message) -> Outcome:
        """Say this now; how that went. It never raises."""
        way = self._announced(message)
        return self._noted(message, way, await self._voice.say(worded(way, message), message)) if way is not None else Done({"by": "log"})

    def say_from_thread(self, message: Message) -> Outcome:
        """The same, for a thread that has no event loop."""
        way = self._announced(message)
        return (
            self._noted(message, way, self._voice.say_from_thread(worded(way, message), message))
            if way is not None
            else Done({"by": "log"})
        )

    def _announced(self, message: Message) -> Way | None:
        """The way it is said by, once it stands in the log: that is there whatever becomes of the rest."""
        way = self.way if self.way is not None and not self.way.connector.shadow else None
        by = way.name if way is not None else "log"
        self._count("alarms")
        self._log("critical", "last_resort", subject=message.subject, text=message.text, by=by, attempt=message.attempt)
        return way

    def _noted(self, message: Message, way: Way, outcome: Outcome) -> Outcome:
        self._went(way.name, "" if isinstance(outcome, Done) else outcome.error)
        if not isinstance(outcome, Done):
            self._count("alarms_failed")
            self._log("critical", "last_resort_failed", subject=message.subject, by=way.name, error=outcome.error)
        return outcome


def worded(way: Way, message: Message) -> Way:
    """The *way* whose own subject and text are followed by those of the *message*, and do not hide them."""
    said = {
        name: f"{own}{between}{words}"
        for name, between, words in (("subject", ": ", message.subject), ("text", "\n", message.text))
        if isinstance(own := way.arguments.get(name), str)
    }
    return replace(way, arguments={**way.arguments, **said})


@dataclass(slots=True)
class _Told:
    """What was said of one kind of trouble: when, how often, and whether anybody has heard it."""

    trouble: Trouble
    began_at: datetime
    number: int = 0
    attempt: int = 0
    tried_at: float = 0.0
    is_heard: bool = False
    may_have_left: bool = False
    gone_at: float | None = None
    is_ending: bool = False
    seen: int = 0

    def next(self) -> None:
        """What is said from here on is something else, with a key of its own."""
        self.number, self.attempt, self.is_heard, self.may_have_left = self.number + 1, 0, False, False


class Watchdog:
    """Looks, from a thread of its own, whether the engine shows signs of life, and says so by the last resort where it does not.

    *troubles* gives what is wrong. It is asked every second. Each trouble is said once, and again every quarter of an hour; what
    nobody could be told is tried again every minute; and once there has been no sign of it for a minute, that is said too.
    """

    def __init__(
        self,
        troubles: Callable[[], Iterable[Trouble]],
        say: Callable[[Message], Outcome],
        elapsed: Callable[[], float],
        now: Callable[[], datetime],
        log: Callable[..., None],
        where: str = "",
        every: float = LOOKED_EVERY,
    ) -> None:
        self._troubles, self._say, self._elapsed, self._now, self._log, self._where = troubles, say, elapsed, now, log, where
        self._every, self._over = every, threading.Event()
        self._told: dict[Kind, _Told] = {}
        self._thread = threading.Thread(target=self._watch, name="watchbill-watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more; what is being said is said to its end."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(timeout=(TIMEOUT + GRACE).total_seconds() + 5)

    def look(self) -> None:
        """Look once, and say what is to be said."""
        found = {trouble.kind: trouble for trouble in self._troubles()}
        now = self._elapsed()
        for trouble in found.values():
            self._goes_on(trouble, now)
        for kind in tuple(self._told):
            if kind not in found:
                self._is_gone(kind, now)

    def _goes_on(self, trouble: Trouble, now: float) -> None:
        told = self._told.get(trouble.kind)
        if told is None:
            told = self._told[trouble.kind] = _Told(trouble, self._now())
        told.trouble, told.gone_at = trouble, None
        if told.is_ending:
            told.is_ending = False
            told.next()
        told.seen += 1
        if told.seen < SEEN:
            return
        if told.attempt and now - told.tried_at < (SAID_AGAIN_AFTER if told.is_heard else TRIED_AGAIN_AFTER):
            return
        if told.is_heard:
            told.next()
        subject = "watchbill is still in trouble" if told.number else "watchbill is in trouble"
        self._tell(told, subject, f"{_sentence(trouble.sentence)}. {trouble.advice}.", now)

    def _is_gone(self, kind: Kind, now: float) -> None:
        told = self._told[kind]
        if told.seen < SEEN:
            del self._told[kind]
            return
        if told.gone_at is None:
            told.gone_at = now
        if now - told.gone_at < WELL_AFTER:
            return
        if not told.is_ending:
            told.is_ending = True
            told.next()
        elif now - told.tried_at < TRIED_AGAIN_AFTER:
            return
        others = any(other is not told and other.gone_at is None for other in self._told.values())
        subject = "watchbill is partly well again" if others else "watchbill is well again"
        self._tell(told, subject, f"There is no sign of this any more: {told.trouble.sentence}.", now)
        if told.is_heard or told.attempt >= LAST_ATTEMPT:
            del self._told[kind]

    def _tell(self, told: _Told, subject: str, text: str, now: float) -> None:
        told.attempt, told.tried_at = told.attempt + 1, now
        key = f"watchbill/trouble/{told.trouble.kind}/{told.began_at.isoformat()}/{told.number}"
        whole = f"{text}\n{self._where}" if self._where else text
        outcome = self._say(Message(subject, whole, key, told.attempt, told.may_have_left))
        told.is_heard = isinstance(outcome, Done)
        told.may_have_left = told.may_have_left or (isinstance(outcome, Retry) and outcome.is_unknown)

    def _watch(self) -> None:
        while not self._over.wait(self._every):
            try:
                self.look()
            except Exception as failure:
                # Whatever is wrong here, nobody else looks.
                self._log("critical", "watchdog_failed", error=f"{type(failure).__name__}: {failure}")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
