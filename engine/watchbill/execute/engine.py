"""The engine: one event loop, one writer, and whatever is being carried out.

Rule 1: what has been answered is in the record; nothing here that matters is only in memory.
Rule 2: every decision is one job of the writer; the loop only says when, and carries out what was decided.
Rule 3: what an earlier life left behind is taken up at the start, before anybody is told that the engine is ready.
Rule 4: no part of it ends in silence: what fails is logged, counted, and where nobody would be paged, said by the last resort.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from watchbill.connectors.performing import About, Performer
from watchbill.decide.holding import has_it, ways_to
from watchbill.errors import OutsideError, WatchbillError
from watchbill.execute import ingesting, recovering
from watchbill.execute.attempts import Attempts
from watchbill.execute.deciding import Decided, Handed, amend, decide_event
from watchbill.execute.heartbeat import Beat, Heartbeat
from watchbill.execute.ingesting import Kind
from watchbill.execute.intake import Intake
from watchbill.execute.landing import Landing
from watchbill.execute.last_resort import LastResort, Message, Voice, Watchdog, last_resort_of
from watchbill.execute.links import KEY, Links
from watchbill.execute.looking import LONGEST_SLEEP, Looking
from watchbill.execute.performing import Performing
from watchbill.execute.policies import Edition, Policies
from watchbill.execute.proving import Proving
from watchbill.execute.saying import Counts, Notice, Options, Told
from watchbill.execute.standing import StandingAlerts
from watchbill.execute.steady import SteadyClock
from watchbill.execute.vitals import Trouble, Vitals
from watchbill.ingest.payload import Payload
from watchbill.model.alert import Alert
from watchbill.model.event import DeliveryReported, Event
from watchbill.model.plan import DeliveryResult, Outcome
from watchbill.model.policies import Connector
from watchbill.store import alerts, incidents, observations, revisions, signing_keys, silences, switches
from watchbill.store.record import Record
from watchbill.store.silences import LiveSilence

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["Counts", "Engine", "Notice", "Options", "Told"]

T = TypeVar("T")

FURTHEST: Final = timedelta(days=1)
"""A record that is further ahead of the clock than this was written by a clock that was wrong."""

SUBSCRIBER_ROOM: Final = 1_000


class Engine:
    """Takes alerts in, decides, carries out. Made once a process, and run with `running`.

    *now* is the machine's clock, which may be set; *elapsed* counts seconds and is never set. *log* takes a level, an event's name,
    and fields. *beat* feeds a dead man's switch outside. *apart* makes performers for the thread that watches it.
    """

    def __init__(
        self,
        record: Record,
        policies: Policies,
        performers: Mapping[str, Performer],
        secrets: Callable[[Connector], Mapping[str, str]],
        now: Callable[[], datetime],
        elapsed: Callable[[], float],
        log: Callable[..., None],
        options: Options | None = None,
        beat: Beat | None = None,
        apart: Callable[[], Mapping[str, Performer]] | None = None,
    ) -> None:
        self.record, self.policies, self.options = record, policies, options or Options()
        self.elapsed, self.attempts = elapsed, Attempts(self)
        self._log, self.clock = log, SteadyClock(now, elapsed, self._clock_was_set)
        self.counts = Counts()
        self.listeners: list[Callable[[Decided], None]] = []
        self.took: Callable[[str, float], None] = lambda what, seconds: None
        self.intake = Intake(self)
        self.links = Links(self.options.public_url)
        self.performing = Performing(self, performers, secrets, self.url_of)
        self.vitals = Vitals(record.writer, elapsed)
        voice = Voice(performers, secrets, self.now, apart)
        self.last_resort = LastResort(voice, log, self.counts.add, self.vitals.alarmed)
        where = self.options.public_url
        self.watchdog = Watchdog(self.vitals.sayable, self.last_resort.say_from_thread, elapsed, self.now, log, where)
        self.proving = Proving(self, voice, self.counts.add)
        beating = (beat, self.options.heartbeat_every) if beat is not None else None
        self.heartbeat = Heartbeat(*beating, self.vitals.own_troubles, self.counts.add, log) if beating is not None else None
        self._landing = Landing()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._subscribers: set[asyncio.Queue[Notice]] = set()
        self._looking = Looking(self)
        self._is_ready = self.is_stopping = self._was_set_forward = False

    # --- for those who speak to it ----------------------------------------------------------

    def now(self) -> datetime:
        """The engine's time."""
        return self.clock()

    def url_of(self, incident: str, person: str = "") -> str:
        """Where people see this *incident*, with what lets this *person* read it; empty where the engine knows no address of its own."""
        return self.links.signed(incident, person)

    async def receive(self, kind: Kind, source: str, body: bytes) -> Payload:
        """Take in one request. It returns when the body is in the record for good; what follows from it is decided afterwards.

        Raises `UserError` for a body that is not as it should be, and `OutsideError` where the record cannot take it.
        """
        # Senders go by clocks that are right, so what they say is held against the wall clock, even where the engine's is ahead of it.
        received_at = self.now() - self.clock.ahead
        payload = await self.intake.receive(kind, source, body, received_at)
        self.counts.add("requests")
        return payload

    async def declare(self, alert: Alert, by: str) -> Decided:
        """Take an *alert* that a person says, and decide on it before this returns: the incident that it opened or joined."""
        decided = await self.intake.declare(alert, by)
        for each in decided:
            self.decided(each)
        self.counts.add("alerts")
        return next(each for each in decided if each.incident is not None and alert.fingerprint in each.incident.alerts)

    async def tell(self, incident: str, event: Event, by: str) -> Told | None:
        """Take what a person says about an *incident* through the one door; what came of it, or None where there is no such incident."""

        def job(connection: Connection) -> tuple[Decided | None, tuple[str, ...]]:
            decided = decide_event(connection, self.policies, incident, event, self.now(), by)
            return decided, ingesting.end_declared(connection, decided) if decided is not None else ()

        decided, ended = await self.write(job)
        if decided is None or decided.incident is None:
            return None
        for fingerprint in ended:
            self.standing.drop(fingerprint)
        self.decided(decided)
        answer = next((reason for reason in decided.decision.reasons if reason.kind == "answer"), None)
        return Told(incident, decided.number, decided.incident.status, answer)

    async def report(self, incident: str, report: DeliveryReported, by: str = "") -> Told | None:
        """Take down what the other side reports of a delivery that it took; None where there is no such *incident*."""
        decided = await self.write(lambda connection: amend(connection, self.policies, incident, report, self.now(), by))
        if decided is None or decided.incident is None:
            return None
        self.decided(decided)
        return Told(incident, decided.number, decided.incident.status, None)

    async def switch(
        self, kind: switches.SwitchKind, scope: switches.Scope, name: str, by: str, reason: str, until: datetime | None
    ) -> int:
        """Stop unattended work at once; the number of the switch, by which it is lifted."""
        put = await self.write(
            lambda connection: switches.put(connection, kind=kind, scope=scope, name=name, by=by, reason=reason, at=self.now(), until=until)
        )
        await self._looking.look_at_all()
        return put

    async def lift(self, switch: int, by: str) -> bool:
        """Let unattended work go on; whether this *switch* held."""
        lifted = await self.write(lambda connection: switches.lift(connection, switch, by=by, at=self.now()))
        await self._looking.look_at_all()
        return lifted

    async def silence(self, silence: LiveSilence, replaced: str = "") -> str | None:
        """Silence what it matches, at once, in the place of the silence called *replaced*; why it cannot be, None where it is."""
        refused = await self.write(lambda connection: silences.put_for(connection, silence, replaced))
        if refused is None:
            await self._looking.look_at_all()
        return refused

    async def expire_silence(self, silence: str, by: str) -> bool:
        """End a *silence* now; whether it was not over."""
        done = await self.write(lambda connection: silences.expire(connection, silence, by=by, at=self.now()))
        await self._looking.look_at_all()
        return done

    @asynccontextmanager
    async def subscribed(self) -> AsyncIterator[asyncio.Queue[Notice]]:
        """A queue that gets a `Notice` for everything that is recorded. One that is not emptied misses the rest."""
        queue: asyncio.Queue[Notice] = asyncio.Queue(SUBSCRIBER_ROOM)
        self._subscribers.add(queue)
        try:
            yield queue
        finally:
            self._subscribers.discard(queue)

    async def replace(self, edition: Edition) -> None:
        """Go by another edition of the policies from now on, and look at every open incident anew."""
        await self.write(lambda connection: revisions.put(connection, edition.revision, edition.files))
        self.policies.replace(edition)
        self.last_resort.way = last_resort_of(self.policies.bill)
        self.say("info", "policies_replaced", revision=edition.revision)
        await self._looking.look_at_all()
        await self._note_holders()

    @property
    def is_ready(self) -> bool:
        """Whether it takes alerts in and carries out what follows."""
        return self._is_ready and not self.is_stopping and not self.trouble()

    @property
    def backlog(self) -> int:
        """How many requests are in the inbox and not decided on yet."""
        return self.intake.backlog

    @property
    def standing(self) -> StandingAlerts:
        """The alerts that stand now."""
        return self.intake.standing

    @property
    def looks(self) -> int:
        """How often it has looked at what had fallen due."""
        return self._looking.looks

    @property
    def _is_at_work(self) -> bool:
        return len(self.performing) > 0 or self.proving.is_at_work

    async def settled(self) -> None:
        """Return when all that has come in and has fallen due by now is decided on and carried out."""
        quiet = 0
        while quiet < 2:
            looks = self._looking.looks
            self._looking.at_once()
            while self._looking.looks == looks or self.backlog or self._is_at_work:
                await asyncio.sleep(0)
                if self._looking.looks != looks and (self.backlog or self._is_at_work):
                    looks, quiet = self._looking.looks, 0
                    self._looking.at_once()
            quiet += 1

    def trouble(self) -> str:
        """Why it cannot take alerts in and decide on them, in a sentence without a stop; empty where it can. Any thread may ask."""
        return next((each.sentence for each in self.troubles() if each.kind in ("loop", "record", "clock")), "")

    def troubles(self) -> tuple[Trouble, ...]:
        """All that is wrong with the engine. Any thread may ask."""
        return self.vitals.troubles()

    # --- for those who work for it ----------------------------------------------------------

    async def write(self, job: Callable[[Connection], T]) -> T:
        """What the *job* gives, once it is committed."""
        try:
            return await self._landing.of(self.record.writer.submit(job))
        except OutsideError as failure:
            self.vitals.refused(failure.message)
            raise

    def write_later(self, job: Callable[[Connection], object]) -> None:
        """Have the *job* done; nobody waits for it, and what becomes of it matters to nobody."""
        self.record.writer.submit(job)

    def decided(self, decided: Decided) -> None:
        """A decision was recorded: hand out its steps, end what was stopped, and tell who listens."""
        for step in decided.stopped:
            self.performing.stop(step)
        self.attempts.heard(decided)
        self._looking.no_later_than(decided.decision.wake_at)
        if decided.incident is not None:
            self._note_holder(decided.incident.id, has_it(decided.incident))
        if decided.incident is None or not (decided.decision.changes or decided.number):
            return
        for handed in decided.handed:
            self.performing.begin(handed, decided.incident, decided.at)
        for going_on in decided.going_on:
            self.performing.begin(Handed(going_on), decided.incident, decided.at)
        if decided.number:
            self.counts.add("decisions")
            for listener in self.listeners:
                listener(decided)
            notice = Notice(decided.incident.id, decided.number)
            for queue in self._subscribers:
                if not queue.full():
                    queue.put_nowait(notice)

    def _note_holder(self, incident: str, by: str) -> None:
        """Note whose an *incident* is, and by which connectors they can be reached; nobody's where *by* is empty."""
        self.vitals.held(incident, by, ways_to(self.policies.bill, by))

    async def _note_holders(self) -> None:
        """Note whose each open incident is, and how they can be reached by the policies as they are now."""
        for incident, by in await self.write(incidents.held):
            self._note_holder(incident, by)

    async def alarm(
        self, subject: str, text: str, key: str, *, attempt: int = 1, is_repeat: bool = False, about: About | None = None
    ) -> Outcome:
        """Say this by the last resort. Where nobody can be told now, the outcome says when to try again."""
        return await self.last_resort.say(Message(subject, text, key, attempt, is_repeat, about or About()))

    def look_by(self, moment: datetime) -> None:
        """Look at what has fallen due when this *moment* has come, if not before."""
        self._looking.no_later_than(moment)

    def sent(self, by: str, result: DeliveryResult, error: str = "") -> None:
        """What became of something that was to be told by this connector."""
        self.vitals.sent(by, result, error)

    def say(self, level: str, event: str, **fields: object) -> None:
        """Write to the log."""
        self._log(level, event, **fields)

    # --- its life -----------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Engine]:
        """The engine at work: it has taken up what an earlier life left behind, and ends in good order."""
        self._loop = asyncio.get_running_loop()
        self.last_resort.way = last_resort_of(self.policies.bill)
        await self._take_up()
        if self.last_resort.way is None:
            self.say("warning", "no_last_resort", help="name one in watchbill.yaml: nobody but this log hears of trouble")
        self.vitals.begin()
        self.watchdog.start()
        works = [("pulse", self._pulse), ("drain", self.intake.go_on), ("clock", self._looking.go_on)]
        if self.heartbeat is not None:
            works.append(("heartbeat", self.heartbeat.go_on))
        tasks = [asyncio.create_task(work(), name=name) for name, work in works]
        self._is_ready = True
        try:
            yield self
        finally:
            self.is_stopping = True
            self.vitals.end()
            await asyncio.to_thread(self.watchdog.close)
            await self.intake.empty()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.proving.close()
            await self.performing.close(self.options.stop_within)
            with suppress(WatchbillError, TimeoutError):  # whoever cannot say that it has ended well is taken for one that has not
                if self.record.writer.is_alive:
                    async with asyncio.timeout(self.options.stop_within.total_seconds()):
                        await self.attempts.end()

    async def _take_up(self) -> None:
        """Go on where an earlier life ended: with its policies, its alerts, its inbox, and the steps that it had handed out."""
        edition = self.policies.current
        self._go_on_from(await self.write(observations.last_decided_at))
        now = self.now()
        await self.attempts.begin(now)
        self.links.take(await self.write(lambda connection: signing_keys.get_or_make(connection, KEY, now)))
        await self.proving.take_up()
        await self.write(lambda connection: revisions.put(connection, edition.revision, edition.files))
        await self.intake.take_up()
        await self._note_holders()
        aside = self.attempts.why_aside
        for decided in await self.write(lambda connection: recovering.recover(connection, self.policies, now, aside)):
            self.decided(decided)
        await self.attempts.say_aside()

    # --- the clock ------------------------------------------------------------------------------

    async def _pulse(self) -> None:
        """Show that the event loop comes round, whatever else it waits for."""
        while True:
            self.vitals.pulse()
            await asyncio.sleep(LONGEST_SLEEP)

    def _clock_was_set(self, jump: timedelta) -> None:
        """Say that the machine's clock was set; in whatever thread has seen it."""
        self.counts.add("clock_jumps")
        self.say("warning", "clock_was_set", seconds=jump.total_seconds())
        if jump > timedelta(0):
            self._was_set_forward = True

    async def give_time(self) -> None:
        """Give every alert one time-out to be said again, where the clock was set forward: no sender has fallen silent because of that."""
        if not self._was_set_forward:
            return

        def job(connection: Connection) -> None:
            until = self.now() + self.options.resolve_timeout
            alerts.grace(connection, until)
            self.standing.grace(until)

        await self.write(job)
        self._was_set_forward = False

    def _go_on_from(self, last: datetime | None) -> None:
        """Begin no earlier than an earlier life has got, whose clock may have been set back since: what waits was counted by that."""
        now = self.now()
        if last is not None and last > now:
            if last - now > FURTHEST:
                self.say("error", "record_is_ahead", last_decided_at=last.isoformat(), help="see whether this machine's clock is right")
            else:
                self.clock.go_on_from(last)
