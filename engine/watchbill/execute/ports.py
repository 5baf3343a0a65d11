"""What those who carry steps out need of the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from watchbill.connectors.performing import About
from watchbill.errors import OutsideError
from watchbill.execute.deciding import Decided
from watchbill.execute.policies import Policies
from watchbill.model.plan import DeliveryResult, Outcome

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")

RECORDED_AGAIN_AFTER: Final = 1.0
"""Seconds until an outcome that the record could not take is written again."""


class House(Protocol):
    """What carrying steps out needs of the engine."""

    policies: Policies

    def now(self) -> datetime:
        """The engine's time."""
        ...

    async def write(self, job: Callable[[Connection], T]) -> T:
        """What the *job* gives, once it is committed."""
        ...

    def write_later(self, job: Callable[[Connection], object]) -> None:
        """Have the *job* done; nobody waits for it, and what becomes of it matters to nobody."""
        ...

    def decided(self, decided: Decided) -> None:
        """A decision was recorded: hand out its steps, and tell who listens."""
        ...

    async def alarm(
        self, subject: str, text: str, key: str, *, attempt: int = 1, is_repeat: bool = False, about: About | None = None
    ) -> Outcome:
        """Say this by the last resort."""
        ...

    def look_by(self, moment: datetime) -> None:
        """Look at what has fallen due when this *moment* has come, if not before."""
        ...

    def sent(self, by: str, result: DeliveryResult, error: str = "") -> None:
        """What became of something that was to be told by this connector."""
        ...

    def say(self, level: str, event: str, **fields: object) -> None:
        """Write to the log."""
        ...


async def recorded(house: House, step: str, job: Callable[[Connection], T]) -> T:
    """What the *job* gives, once it is committed. What has been done is not done again because its outcome cannot be written now."""
    is_said = False
    while True:
        try:
            return await house.write(job)
        except OutsideError as error:
            if error.rule in ("record-closed", "record-lost"):
                raise
            if not is_said:
                house.say("error", "step_not_recorded", step=step, error=error.message)
            is_said = True
            await asyncio.sleep(RECORDED_AGAIN_AFTER)
