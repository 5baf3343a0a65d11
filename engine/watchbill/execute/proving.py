"""The synthetic page: it leaves on a schedule, so that it is known that a real one would.

Rule 1: that it is about to leave is in the record before it does, and what came of it afterwards. So a restart neither repeats one
that has left nor leaves one out; one that was cut off is repeated with its key, marked as a repeat.
Rule 2: a way that was never tried is tried at once.
Rule 3: one that fails is tried again a few times, and then the last resort says so: the next page of an incident would fail as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from watchbill.errors import WatchbillError
from watchbill.execute.last_resort import Message, Voice, Way, way_of
from watchbill.execute.ports import House
from watchbill.model.plan import Done, Outcome, Retry, Stalled
from watchbill.model.policyset import SyntheticPage
from watchbill.model.references import Json
from watchbill.store import observations

if TYPE_CHECKING:
    pass

NAME: Final = "synthetic-page"
"""What its observation is called in the record."""

TRIES: Final = 3
"""How often one page is tried before it has failed."""

PUT_OFF: Final = timedelta(minutes=1)
"""For how long it is put off where the record cannot be written."""

SUBJECT: Final = "watchbill: this is only a test"

State: TypeAlias = Literal["leaving", "again", "done", "failed", "shadow"]


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of the last synthetic page: when it fell due, by which way, how far it got, and when it is tried again."""

    at: datetime
    by: str
    state: State
    attempt: int = 1
    error: str = ""
    again_at: datetime | None = None
    possibly_repeated: bool = False

    @property
    def key(self) -> str:
        """The same for every attempt of one page, and never for two pages."""
        return f"watchbill/synthetic/{self.at.isoformat()}"


class Proving:
    """Lets the synthetic page leave when it is due, in a task of its own."""

    def __init__(self, house: House, voice: Voice, count: Callable[[str], object]) -> None:
        self._house, self._voice, self._count = house, voice, count
        self._last: Proof | None = None
        self._task: asyncio.Task[None] | None = None
        self._not_before: datetime | None = None

    @property
    def last(self) -> Proof | None:
        """What is known of the last one."""
        return self._last

    @property
    def is_at_work(self) -> bool:
        """Whether one is leaving now."""
        return self._task is not None

    async def take_up(self) -> None:
        """Go on where an earlier life ended."""
        found = await self._house.write(lambda connection: observations.get(connection, NAME))
        self._last = _read(found) if found is not None else None

    def look(self, now: datetime) -> None:
        """Let it leave if it is due."""
        page = self._house.policies.current.policies.settings.synthetic_page
        if page is None or self.is_at_work or (self._not_before is not None and now < self._not_before):
            return
        way = way_of(self._house.policies.bill, page.call, "synthetic_page")
        proof = self._due(page, way, now) if way is not None else None
        if way is not None and proof is not None:
            self._task = asyncio.create_task(self._guarded(page, way, proof), name="synthetic page")
            self._task.add_done_callback(self._ended)

    async def close(self) -> None:
        """End what is being done; it is taken up after the next start."""
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.wait({task}, timeout=5)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = None

    def _due(self, page: SyntheticPage, way: Way, now: datetime) -> Proof | None:
        """The page that is due by *now*, as it is to be tried; None where none is."""
        last = self._last
        if last is None or last.by != way.name or last.at > now:
            # A time that is yet to come was set by a clock that was wrong.
            return Proof(now, way.name, "leaving")
        if last.state == "leaving":
            return replace(last, attempt=last.attempt + 1, error="it was cut off", possibly_repeated=True)
        if last.state == "again":
            return replace(last, state="leaving", attempt=last.attempt + 1) if last.again_at is None or now >= last.again_at else None
        return Proof(now, way.name, "leaving") if now >= last.at + page.every else None

    async def _guarded(self, page: SyntheticPage, way: Way, proof: Proof) -> None:
        try:
            await self._leave(page, way, proof)
        except WatchbillError as failure:
            self._not_before = self._house.now() + PUT_OFF
            self._house.say("error", "synthetic_page_not_recorded", error=failure.message)
        except Exception as failure:
            self._not_before = self._house.now() + PUT_OFF
            self._house.say("error", "synthetic_page_failed", error=f"this is a bug of watchbill: {type(failure).__name__}: {failure}")

    async def _leave(self, page: SyntheticPage, way: Way, proof: Proof) -> None:
        house = self._house
        if way.connector.shadow:
            await self._note(replace(proof, state="shadow"))
            house.say("warning", "synthetic_page", by=way.name, outcome="shadow")
            return
        await self._note(proof)
        outcome = await self._voice.say(way, Message(SUBJECT, _text(page, proof), proof.key, proof.attempt, proof.possibly_repeated))
        if not isinstance(outcome, Stalled):
            if isinstance(outcome, Retry):
                house.sent(way.connector.ref.name, "waiting", outcome.error)
            else:
                house.sent(way.connector.ref.name, "sent")
        after = _after(proof, outcome)
        # Known here even where the record cannot take it, so that it does not leave a second time in this life.
        self._last = after
        house.say("info" if after.state == "done" else "error", "synthetic_page", by=way.name, outcome=after.state, error=after.error)
        self._count(f"synthetic_pages_{after.state}")
        if after.state == "failed":
            await self._alarm(way, after)
        await self._note(after)

    async def _alarm(self, way: Way, proof: Proof) -> None:
        text = (
            f"The synthetic page by {way.name} did not leave: {proof.error}. A page of an incident would fail as well. "
            f"Look at the connector {way.connector.ref.name}, and page by hand until it is well."
        )
        await self._house.alarm("watchbill may not be able to page", text, f"{proof.key}/failed")

    async def _note(self, proof: Proof) -> None:
        self._last = proof
        await self._house.write(lambda connection: observations.put(connection, NAME, proof.at, _written(proof)))


def _after(proof: Proof, outcome: Outcome) -> Proof:
    if isinstance(outcome, Done):
        return replace(proof, state="done", error="")
    if isinstance(outcome, Retry) and proof.attempt < TRIES:
        repeated = proof.possibly_repeated or outcome.is_unknown
        return replace(proof, state="again", error=outcome.error, again_at=outcome.at, possibly_repeated=repeated)
    return replace(proof, state="failed", error=outcome.error)


def _text(page: SyntheticPage, proof: Proof) -> str:
    return (
        "This page proves that watchbill can reach you. Nothing is wrong, and there is nothing to do. "
        f"The next one leaves at {proof.at + page.every:%Y-%m-%d %H:%M} UTC."
    )


def _written(proof: Proof) -> Json:
    again = proof.again_at.isoformat() if proof.again_at is not None else None
    return {
        "by": proof.by,
        "state": proof.state,
        "attempt": proof.attempt,
        "error": proof.error,
        "again_at": again,
        "possibly_repeated": proof.possibly_repeated,
    }


def _read(seen: observations.Observation) -> Proof | None:
    """The proof that was written; None for what cannot be read, so that one leaves at once."""
    value: Any = seen.value
    if not isinstance(value, Mapping):
        return None
    try:
        again = datetime.fromisoformat(value["again_at"]) if value["again_at"] is not None else None
        repeated = bool(value.get("possibly_repeated", False))
        return Proof(seen.at, str(value["by"]), value["state"], int(value["attempt"]), str(value["error"]), again, repeated)
    except (KeyError, TypeError, ValueError):
        return None
