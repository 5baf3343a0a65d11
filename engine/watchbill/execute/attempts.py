"""After a death: what the engine may have died over is tried after the others, one at a time, and no more after the second.

Rule 1: as long as the engine ends in good order, nothing here costs anything. A life that did not is known by its successor.
Rule 2: what may have been the reason is in hand, in the record, before it is tried again.
Rule 3: what was in hand at the second death is set aside and said. A request waits for people; an incident for its next event; a step for
whoever has it retried.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from watchbill.store import attempts, inbox, incidents, observations, steps

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from watchbill.execute.deciding import Decided
    from watchbill.execute.engine import Engine

LIFE: Final = "life"
"""What the observation is called that says whether the engine has ended in good order."""

IN_HAND_FOR: Final = 5.0
"""Seconds. A step that has been carried out for so long without the engine's end is not what it would end by."""

MOST_SAID: Final = 20


class Attempts:
    """What this life is careful with."""

    def __init__(self, house: Engine) -> None:
        self._house = house
        self._known: dict[str, attempts.Attempt] = {}
        self._step: tuple[str, float] | None = None
        self._aside_before: set[str] = set()
        self._is_at_work = False

    async def begin(self, now: datetime) -> None:
        """A life begins: it learns how the last one ended, and what may have been the reason."""

        def job(connection: Connection) -> tuple[attempts.Attempt, ...]:
            self._aside_before = {each.name for each in attempts.listing(connection) if each.is_set_aside}
            last = observations.get(connection, LIFE)
            observations.put(connection, LIFE, now, {"ended": False})
            if last is None or last.value == {"ended": True}:
                return attempts.listing(connection)
            return attempts.after_a_death(connection, _waiting(connection, now), now)

        self._known = {each.name: each for each in await self._house.write(job)}
        if self._known:
            self._house.say("warning", "careful", number=len(self._known), help="the engine died before; these are tried one at a time")

    async def end(self) -> None:
        """The life ends in good order."""
        now = self._house.now()
        await self._house.write(lambda connection: observations.put(connection, LIFE, now, {"ended": True}))

    def is_suspect(self, name: str) -> bool:
        """Whether the engine may have died over this, and it is tried all the same."""
        found = self._known.get(name)
        return found is not None and not found.is_set_aside

    def why_aside(self, name: str) -> str:
        """Why this is not tried any more; empty where it is."""
        found = self._known.get(name)
        return found.why if found is not None and found.is_set_aside else ""

    async def take(self, name: str) -> None:
        """It is in hand, for good, when this returns."""
        await self._house.write(lambda connection: attempts.take(connection, name))

    def let_go(self, name: str) -> None:
        """It is done, or is to be tried again."""
        if self._known.pop(name, None) is not None:
            self._house.write_later(lambda connection: attempts.let_go(connection, name))

    def heard(self, decided: Decided) -> None:
        """A decision was recorded: an incident that was set aside has heard of something, and a step is handed out anew."""
        if not self._known or not self._is_at_work:
            return
        if decided.incident is not None and self.why_aside(f"incident/{decided.incident.id}"):
            self.let_go(f"incident/{decided.incident.id}")
        for handed in decided.handed:
            self.let_go(f"step/{handed.step.id}")

    # --- steps ------------------------------------------------------------------------------

    def may_begin(self, step: str) -> bool:
        """Whether a *step* that the engine may have died over may begin now: no other one is in hand."""
        if self._step is None:
            return True
        name, since = self._step
        if name in self._house.performing and self._house.elapsed() - since < IN_HAND_FOR:
            return False
        self.let_go(f"step/{name}")
        self._step = None
        return True

    def begun(self, step: str) -> None:
        """This *step* is in hand."""
        self._step = (step, self._house.elapsed())

    def waits(self) -> bool:
        """Whether a step waits for another one, so that it is looked for soon."""
        return self._step is not None

    # --- what is set aside ------------------------------------------------------------------

    async def say_aside(self) -> None:
        """Say what is set aside and was not said yet, other than requests, which are said where they are read."""
        self._is_at_work = True
        aside = [each for each in self._known.values() if each.is_set_aside and not each.name.startswith("request/")]
        new = [each for each in aside if each.in_hand]
        for each in new[:MOST_SAID]:
            kind, _, name = each.name.partition("/")
            then = "`watchbill retry` it" if kind == "step" else "it is looked at again when it hears of anything: `watchbill ack` it"
            subject = f"watchbill has set aside {'a step' if kind == 'step' else 'an incident'} that it died over"
            text = f"{name} is not carried on by itself: {each.why}. Look at it, and {then}."
            key = f"watchbill/aside/{each.name}/{each.at.isoformat()}"
            await self._house.alarm(subject, text, key, is_repeat=each.name in self._aside_before)
            await self._house.write(partial(attempts.said, name=each.name))
            self._house.counts.add("set_aside")


def _waiting(connection: Connection, now: datetime) -> list[str]:
    """All that may have been in hand when the engine died: what had come in, and what had fallen due."""
    found = [f"request/{entry}" for entry in inbox.numbers(connection)]
    found += [f"incident/{incident}" for incident in incidents.due(connection, now, 1_000_000)]
    found += [f"step/{step}" for step in steps.due(connection, now, 1_000_000)]
    return found
