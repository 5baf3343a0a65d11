"""An engine in the foreground: alerts go in, what follows is told as it happens, and the keys of a terminal answer it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from watchbill.cli.answer import Answer
from watchbill.cli.keys import pressed
from watchbill.cli.live import Gone, Live, json_line, put
from watchbill.cli.output import complain
from watchbill.cli.serving import loop_factory
from watchbill.cli.wiring import AtWork, Setup, at_work
from watchbill.errors import OutsideError
from watchbill.execute.engine import Engine
from watchbill.ingest.payload import Payload
from watchbill.model import event as events
from watchbill.model.event import Event
from watchbill.model.incident import Incident
from watchbill.report.counts import count
from watchbill.report.plain import plain
from watchbill.server import shapes
from watchbill.server.access import Caller
from watchbill.server.telling import Teller, Told
from watchbill.store import incidents
from watchbill.store.encoding import encode_json

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from watchbill.model.alert import Alert
    from watchbill.model.references import Json
    from watchbill.server.logs import Log

T = TypeVar("T")

LOOKS_EVERY: Final = 0.02
"""Seconds between two looks at whether what was handed in is decided on, or under way no more."""

KEYS: Final = "a acknowledge · e escalate · y yes, n no to what waits · s start what is offered · r resolve · q leave"

LEFT: Final = "goes on with the next `watchbill serve` or `watchbill run` on this record"


class Foreground(NamedTuple):
    """What is run: the *body* of the file of this *name*, as *payload* where it is of a known shape, otherwise as its *source* says.

    *who* answers with the keys. Without *live*, every decision is a line of JSON.
    """

    name: str
    body: bytes
    payload: Payload | None
    source: str
    who: str
    live: Live | None


def run(setup: Setup, log: Log, given: Foreground) -> Answer:
    """Run the engine until what was given is over, or somebody leaves; the exit code says how it ended."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_Run(given).run(setup, log))


class _Run:
    """One engine in the foreground, and the incidents that its alerts made."""

    def __init__(self, given: Foreground) -> None:
        self.given, self.live = given, given.live
        self.leaving = asyncio.Event()
        self.code = 0
        self._mine: dict[str, Told | None] = {}
        self._numbers: dict[str, int] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._teller: Teller
        self._engine: Engine

    async def run(self, setup: Setup, log: Log) -> Answer:
        """Take the alerts in, and tell what follows."""
        from watchbill.server.logs import taking_over

        with taking_over(log):
            return await self._run(setup, log)

    async def _run(self, setup: Setup, log: Log) -> Answer:
        async with at_work(setup, log, self._sink) as room:
            self._engine, self._teller = room.engine, Teller(room.engine.policies.bill)
            with self._signals(), suppress(Gone):
                async with room.engine.subscribed() as notices:
                    with pressed(sys.stdin, self._key) as is_listening:
                        if is_listening and self.live is not None:
                            self.live.remark(KEYS)
                        await self._take_in(room)
                        await self._follow(notices)
        return self._left(setup)

    # --- alerts in ------------------------------------------------------------------------

    async def _take_in(self, room: AtWork) -> None:
        """Hand the alerts in, and find the incidents that they belong to. Raises OutsideError where they belong to none."""
        engine, given = room.engine, self.given
        before, others = await self._read(lambda connection: (incidents.last_decision(connection), len(incidents.unresolved(connection))))
        if given.payload is None:
            payload = await engine.receive("source", given.source, given.body)
        else:
            payload = await engine.receive("alertmanager", given.payload.source, _as_webhook(given.payload))
        while engine.backlog:
            await asyncio.sleep(LOOKS_EVERY)
        standing = (engine.standing.get(alert.fingerprint) for alert in payload.alerts)
        found = list(dict.fromkeys(each.incident for each in standing if each is not None and each.incident))
        firing = [alert for alert in payload.alerts if alert.status == "firing"]
        if firing and not found:
            help = "what it says on standard error is why; the request is kept in the record's inbox"
            raise OutsideError(f"nothing could be decided on the alerts of {given.name}", help, rule="outside-failed")
        if not firing:
            complain(f"no alert of {plain(given.name)} fires\n")
        known = await self._read(lambda connection: {each: len(incidents.timeline(connection, each)) for each in found})
        for incident in found:
            await self._begin(incident, before)
        rest = others - sum(bool(self._numbers[each]) for each in known)
        if rest > 0:
            complain(f"{count(rest, 'other open incident')} of this record {'goes' if rest == 1 else 'go'} on meanwhile\n")

    async def _begin(self, incident: str, before: int) -> None:
        """Tell of this *incident* from the first decision on that came after *before*."""
        decisions = await self._read(lambda connection: incidents.timeline(connection, incident))
        self._mine[incident] = None
        self._numbers[incident] = sum(each.id <= before for each in decisions)
        if self.live is not None:
            self.live.begin(incident, decisions[0].at)
        if self._numbers[incident]:
            complain(f"{incident} is open already, since {decisions[0].at:%Y-%m-%d %H:%M} UTC\n")
        await self._tell(incident)

    # --- what follows ---------------------------------------------------------------------

    async def _follow(self, notices: asyncio.Queue[Any]) -> None:
        """Tell what happens until every incident of ours is resolved, or somebody leaves."""
        leaving = asyncio.ensure_future(self.leaving.wait())
        writer = self._engine.record.writer
        try:
            while not self.leaving.is_set() and not self._is_over():
                waiting = asyncio.ensure_future(notices.get())
                await asyncio.wait((waiting, leaving), timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
                if waiting.done() and waiting.result().incident in self._mine:
                    await self._tell(waiting.result().incident)
                waiting.cancel()
                if not writer.is_alive:
                    help = "look at what its log says, and start it again"
                    raise writer.trouble or OutsideError("the record is not written any more", help, rule="record-lost")
            if self._is_over():
                await self._come_to_rest()
        finally:
            leaving.cancel()

    def _is_over(self) -> bool:
        return all(told is not None and told.incident.status == "resolved" for told in self._mine.values())

    async def _come_to_rest(self) -> None:
        """Let what is under way come to its end, as the word that it is over, and tell of that too."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._engine.options.stop_within.total_seconds()):
                while len(self._engine.performing) and not self.leaving.is_set():
                    await asyncio.sleep(LOOKS_EVERY)
        for incident in self._mine:
            await self._tell(incident)

    async def _tell(self, incident: str) -> None:
        """Tell what was decided on this *incident* since it was told of last."""
        after = self._numbers[incident]
        decisions = await self._read(lambda connection: incidents.timeline(connection, incident, after_number=after))
        for recorded in decisions:
            if recorded.number != self._numbers[incident] + 1:
                continue
            earlier = await self._read(lambda connection: incidents.timeline(connection, incident)) if not self._mine[incident] else ()
            told = self._teller.told(recorded, lambda found=earlier: found)  # type: ignore[misc]
            self._mine[incident], self._numbers[incident] = told, recorded.number
            self._show(told)

    def _show(self, told: Told) -> None:
        incident = told.incident
        if self.live is None:
            document = shapes.decision(told.recorded, incident.status, [shapes.happening(each) for each in told.happenings])
            put(f"{encode_json(document)}\n")
        elif told.happenings:
            self.live.head(incident.id, f"{incident.lead.alert.name} on {incident.service or 'no known service'}, {incident.severity}")
            self.live.tell(incident.id, told.happenings)

    def _sink(self, level: str, said: str, fields: Mapping[str, Json]) -> None:
        """What a connector of the type `log` says stands between the lines: here this is what people look at."""
        if self.live is None:
            complain(json_line({"level": level, "said": said, **fields}))
            return
        text = fields.get("text")
        with suppress(Gone):
            self.live.remark(f"{fields.get('connector', 'log')} says: {said}{f' ({text})' if text and text != said else ''}")

    # --- answers --------------------------------------------------------------------------

    def _key(self, key: str) -> None:
        """Somebody pressed this *key*."""
        if key in ("q", "\x04"):
            self.leaving.set()
        elif key in _KEYS:
            task = asyncio.get_running_loop().create_task(self._answer(_KEYS[key]))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, meant: Meant) -> None:
        by = Caller(self.given.who, "", frozenset()).recorded
        for told in list(self._mine.values()):
            event = meant(told.incident, self.given.who) if told is not None and told.incident.status != "resolved" else None
            if told is not None and event is not None:
                try:
                    await self._engine.tell(told.incident.id, event, by)
                except OutsideError as error:
                    complain(f"{error.message}\n")

    # --- how it ends ------------------------------------------------------------------------

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Ctrl-C, and being asked to end, lets it end in good order."""
        loop = asyncio.get_running_loop()

        def left(number: int) -> None:
            self.code = 128 + number
            self.leaving.set()

        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, left, int(number))
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)

    def _left(self, setup: Setup) -> Answer:
        """What is left of it, and where."""
        remarks: list[str] = []
        for incident, told in self._mine.items():
            if told is None:
                continue
            status = told.incident.status
            if status != "resolved":
                remarks.append(f"{incident} stays {status}; it {LEFT}: {plain(setup.database)}\n")
            elif told.recorded.wake_at is not None:
                remarks.append(f"what is still planned for {incident} {LEFT}: {plain(setup.database)}\n")
            if status == "resolved" and self.live is not None:
                with suppress(Gone):
                    self.live.end(_lasted(told), status)
        return Answer("", self.code, "".join(remarks))

    async def _read(self, job: Callable[[Connection], T]) -> T:
        def work() -> T:
            with self._engine.record.read() as connection:
                return job(connection)

        return await asyncio.to_thread(work)


def _lasted(told: Told) -> timedelta:
    return (told.incident.status_at or told.recorded.at) - told.incident.opened_at


# --- what the keys mean ---------------------------------------------------------------------

Meant = Callable[[Incident, str], Event | None]


def _of_step(word: str, make: Callable[[str, str], Event]) -> Meant:
    """What is said of the first step of which this *word* can be said; nothing where there is none."""

    def meant(incident: Incident, who: str) -> Event | None:
        found = (step.id for step in incident.steps.values() if word in shapes.can(step, incident))
        step = next(found, None)
        return make(step, who) if step is not None else None

    return meant


_KEYS: Final[Mapping[str, Meant]] = {
    "a": lambda incident, who: events.Acknowledged(who),
    "e": lambda incident, who: events.Escalated(who),
    "r": lambda incident, who: events.Resolved(who),
    "y": _of_step("approve", events.Approved),
    "n": _of_step("approve", events.Denied),
    "s": _of_step("run", events.Requested),
}


def _as_webhook(payload: Payload) -> bytes:
    """The alerts as Alertmanager would post them: whoever wrote them into a file will not say again and again that they fire."""
    return encode_json(
        {"version": "4", "truncatedAlerts": payload.truncated, "alerts": [_as_posted(each) for each in payload.alerts]}
    ).encode()


def _as_posted(alert: Alert) -> dict[str, Any]:
    times = {name: moment for name, moment in (("startsAt", alert.starts_at), ("endsAt", alert.ends_at)) if moment is not None}
    named = {"labels": alert.labels, "annotations": alert.annotations, "generatorURL": alert.generator_url}
    return {"status": alert.status, **named, **times}
