"""The signs of life of an engine, and what their absence means.

Rule 1: any thread may note a sign, and any may ask; nobody waits for anybody here.
Rule 2: of a trouble and what only follows from it, the trouble is told.
Rule 3: a trouble is known by its kind. What its sentence says may change with every look.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, Protocol, TypeAlias

from watchbill.errors import WatchbillError
from watchbill.model.plan import DeliveryResult
from watchbill.report.counts import count

SILENT_FOR: Final = 20.0
"""Seconds without a sign of life of the event loop, or without a look at what has fallen due, before that is trouble."""

REFUSED_FOR: Final = 10.0
"""For so many seconds a record that refused to be written counts as one that does, whatever it took since: a full disk can be read."""

HOLDERS: Final = 5
"""How many of those who cannot be reached a sentence names."""

HUNG_FOR: Final = 120.0
"""For so many seconds the writer may be in one transaction; afterwards it does not come back by itself."""

WAITS_FOR: Final = 60.0
"""Seconds that a request may wait to be decided on."""

PAGES: Final = 5
FAILING_FOR: Final = 30.0
"""So many pages in a row that could not leave, over so many seconds, are no hiccup."""

FORGOTTEN_AFTER: Final = timedelta(hours=1).total_seconds()
"""Where no page was tried for so many seconds, nobody knows whether the way out is still closed."""

Kind: TypeAlias = Literal["loop", "record", "clock", "inbox", "outbound", "last-resort", "holder"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong with the engine: a *sentence* without a stop, and what a person should do."""

    kind: Kind
    sentence: str
    advice: str


class Writes(Protocol):
    """What has to be known of the record's writer."""

    @property
    def trouble(self) -> WatchbillError | None:
        """Why its last transaction failed; None where it did not."""
        ...

    @property
    def is_alive(self) -> bool:
        """Whether it is at work."""
        ...

    @property
    def turns(self) -> int:
        """A number that is another with each transaction that begins or ends, and odd while one is under way."""
        ...


_BY_HAND: Final = "page by hand until it is well"


class Vitals:
    """What one engine has shown of itself. *elapsed* counts seconds and cannot be set."""

    def __init__(self, writer: Writes, elapsed: Callable[[], float]) -> None:
        self._writer, self._elapsed = writer, elapsed
        self._door = threading.Lock()
        self._waiting: dict[int, float] = {}
        self._is_at_work = False
        self._pulse_at = self._looked_at = elapsed()
        self._turn = (elapsed(), 0)
        self._look_error = ""
        self._refusal: tuple[float, str] | None = None
        self._failed_pages = 0
        self._failing_since = self._failed_at = 0.0
        self._failed_by: dict[str, str] = {}
        self._unable: dict[str, tuple[float, str]] = {}
        self._unheard: tuple[float, str, str] | None = None
        self._holders: dict[str, tuple[str, tuple[str, ...]]] = {}

    # --- signs ----------------------------------------------------------------------------

    def begin(self) -> None:
        """The engine is at work from now on."""
        self._pulse_at = self._looked_at = self._elapsed()
        self._is_at_work = True

    def end(self) -> None:
        """The engine is about to end, so nothing is expected of it any more."""
        self._is_at_work = False

    def pulse(self) -> None:
        """The event loop has come round."""
        now = self._pulse_at = self._elapsed()
        if self._turn[1] != self._writer.turns:
            self._turn = now, self._writer.turns

    def looked(self, error: str = "") -> None:
        """What has fallen due was looked at; with an *error*, it could not be."""
        self._look_error = error
        if not error:
            self._looked_at = self._elapsed()

    def refused(self, error: str) -> None:
        """The record could not take what was to be written."""
        self._refusal = (self._elapsed(), error)

    def came_in(self, request: int) -> None:
        """A *request* waits to be decided on."""
        with self._door:
            self._waiting.setdefault(request, self._elapsed())

    def dealt_with(self, request: int) -> None:
        """It is decided on, or set aside for people."""
        with self._door:
            self._waiting.pop(request, None)

    def sent(self, by: str, result: DeliveryResult, error: str = "") -> None:
        """What became of something that was to be told *by* this connector."""
        with self._door:
            now = self._elapsed()
            if result == "unable":
                self._unable[by] = (now, error)
                return
            if result in ("sent", "refused"):
                # The other side has taken what it was sent, or said no to it: the way there is open.
                self._unable.pop(by, None)
                self._failed_pages = 0
                self._failed_by.clear()
                return
            self._failed_at = now
            if not self._failed_pages:
                self._failing_since = now
            self._failed_pages += 1
            self._failed_by[by] = error

    def alarmed(self, by: str, error: str) -> None:
        """The last resort was to say something by this way: with an *error*, nobody has heard it."""
        self._unheard = (self._elapsed(), by, error) if error else None

    def held(self, incident: str, by: str, ways: tuple[str, ...]) -> None:
        """This *incident* is somebody's who can be reached by these connectors; nobody's where *by* is empty."""
        with self._door:
            if by:
                self._holders[incident] = (by, ways)
            else:
                self._holders.pop(incident, None)

    def hung(self) -> str:
        """That the writer does not come back from a transaction, in a sentence without a stop; empty where it does. Only a new process
        ends that: it is asked also while the engine is about to end.
        """
        at, turn = self._turn
        span = self._elapsed() - at
        if not turn % 2 or turn != self._writer.turns or span <= HUNG_FOR:
            return ""
        return f"the record's writer has been in one transaction for {_seconds(span)}"

    # --- what they mean -------------------------------------------------------------------

    def sayable(self) -> tuple[Trouble, ...]:
        """What is wrong now that the last resort can say: that it cannot is not."""
        return tuple(each for each in self.troubles() if each.kind != "last-resort")

    def own_troubles(self) -> tuple[Trouble, ...]:
        """What is wrong with the engine itself: that one person cannot be reached is not, and the heartbeat goes on."""
        return tuple(each for each in self.troubles() if each.kind != "holder")

    def troubles(self) -> tuple[Trouble, ...]:
        """What is wrong now; nothing where all is well, or the engine is not at work."""
        if not self._is_at_work:
            return ()
        cause = self._loop() or self._record() or self._clock()
        rest = (cause or self._inbox(), self._outbound(), self._holder(), self._last_resort())
        return tuple(each for each in rest if each is not None)

    def _loop(self) -> Trouble | None:
        silent = self._elapsed() - self._pulse_at
        if silent <= SILENT_FOR:
            return None
        said = f"its event loop has shown no sign of life for {_seconds(silent)}"
        return Trouble("loop", said, f"Nothing is decided and no page leaves: look at its log, restart it, and {_BY_HAND}")

    def _record(self) -> Trouble | None:
        failure, refusal = self._writer.trouble, self._refusal
        if not self._writer.is_alive:
            why = f": {failure.message}" if failure is not None else ""
            said = f"nobody writes its record any more{why}"
            return Trouble("record", said, f"Nothing can be decided: look at its log, restart it, and {_BY_HAND}")
        error = failure.message if failure is not None else ""
        if not error and refusal is not None and self._elapsed() - refusal[0] < REFUSED_FOR:
            error = refusal[1]
        if not error:
            return None
        advice = f"Alerts are refused, so that their senders keep them, and nothing is decided: mend that, and {_BY_HAND}"
        return Trouble("record", f"its record cannot be written: {error}", advice)

    def _clock(self) -> Trouble | None:
        silent = self._elapsed() - self._looked_at
        if silent <= SILENT_FOR:
            return None
        why = f": {self._look_error}" if self._look_error else ", so its record hangs or is far behind"
        said = f"what falls due has not been looked at for {_seconds(silent)}{why}"
        return Trouble("clock", said, f"Escalations stand still: look at its log and at the disk of its record, and {_BY_HAND}")

    def _inbox(self) -> Trouble | None:
        with self._door:
            oldest = next(iter(self._waiting.values()), None)
            count = len(self._waiting)
        waited = self._elapsed() - oldest if oldest is not None else 0.0
        if waited <= WAITS_FOR:
            return None
        what = "a request with alerts waits" if count == 1 else f"{count} requests with alerts wait"
        said = f"{what} to be decided on, the oldest for {_seconds(waited)}"
        return Trouble("inbox", said, f"Whom they concern is not paged yet: look at its log, and {_BY_HAND}")

    def _outbound(self) -> Trouble | None:
        """Nothing can be sent by a connector, which is known after the first time; or nothing has left for a while."""
        with self._door:
            number, since, last, by = self._failed_pages, self._failing_since, self._failed_at, dict(self._failed_by)
            now = self._elapsed()
            unable = {name: error for name, (at, error) in self._unable.items() if now - at <= FORGOTTEN_AFTER}
        if unable:
            errors = "; ".join(f"{name}: {error}" for name, error in unable.items())
            said = f"nothing can be sent by {' and '.join(unable)} ({errors})"
            return Trouble("outbound", said, "Whom they reach is not reached: mend that, and page by hand until it is well")
        if number < PAGES or last - since < FAILING_FOR or now - last > FORGOTTEN_AFTER:
            return None
        errors = "; ".join(f"{name}: {error}" for name, error in by.items())
        said = f"none of the last {number} pages could leave, in {_seconds(last - since)} ({errors})"
        return Trouble("outbound", said, "They are tried again and again: look at the network and at those connectors, and page by hand")

    def _holder(self) -> Trouble | None:
        """Somebody has an incident, and nothing can leave by any of their contacts."""
        with self._door:
            now = self._elapsed()
            unable = {name for name, (at, _) in self._unable.items() if now - at <= FORGOTTEN_AFTER}
            cut_off = [(by, incident) for incident, (by, ways) in self._holders.items() if unable.issuperset(ways)]
        if not cut_off:
            return None
        shown = "; ".join(f"{by} has {incident}" for by, incident in cut_off[:HOLDERS])
        more = f"; and {len(cut_off) - HOLDERS} more" if len(cut_off) > HOLDERS else ""
        said = f"nothing can be sent by any contact of those who have {count(len(cut_off), 'incident')} ({shown}{more})"
        return Trouble("holder", said, "They are told nothing of it: reach them by hand, or have somebody else take it")

    def _last_resort(self) -> Trouble | None:
        unheard = self._unheard
        if unheard is None or self._elapsed() - unheard[0] > FORGOTTEN_AFTER:
            return None
        said = f"the last resort does not get out by {unheard[1]} ({unheard[2]})"
        return Trouble("last-resort", said, "Nobody hears the engine's own alarms: mend that, and look at `watchbill incidents` until then")


def _seconds(span: float) -> str:
    return f"{int(span)} seconds" if span < 120 else f"{int(span / 60)} minutes"
