"""The heartbeat: a request to a dead man's switch outside, for as long as nothing is wrong here.

What can stop the whole process, or the machine it is on, cannot be said from inside. So somebody outside expects to be asked now and
then, and calls people when nobody asks any more. Whoever is in trouble stays silent on purpose.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from watchbill.execute.vitals import Trouble

if TYPE_CHECKING:
    from watchbill.connectors.outbound import Outbound

WITHIN: Final = 10.0
"""Seconds that the switch has to answer."""

Beat: TypeAlias = Callable[[], Awaitable[None]]
"""Feeds the switch once; raises where that did not arrive."""


def heart(http: Outbound, url: str, method: Literal["GET", "POST"] = "GET") -> Beat:
    """Feeds the dead man's switch at this *url*, by the one client for all that goes out."""

    async def beat() -> None:
        from watchbill.connectors.outbound import Letter
        from watchbill.connectors.performing import Refused

        answer = await http.send(Letter(method, url, {}, repeatable=True), WITHIN)
        if not 200 <= answer.status < 300:
            # Neither the address nor the answer is repeated: whoever knows the address can feed the switch.
            raise Refused(f"{answer.host} answered {answer.status}")

    return beat


class Heartbeat:
    """Beats *every* so often while there are no *troubles*. A beat that fails is logged and counted, and harms nobody here."""

    def __init__(
        self,
        beat: Beat,
        every: timedelta,
        troubles: Callable[[], Sequence[Trouble]],
        count: Callable[[str], object],
        log: Callable[..., None],
    ) -> None:
        self._beat, self._every, self._troubles, self._count, self._log = beat, every, troubles, count, log
        self._is_withheld = False

    async def once(self) -> bool:
        """Whether the switch was fed. It never raises."""
        troubles = self._troubles()
        if troubles:
            self._count("heartbeats_withheld")
            if not self._is_withheld:
                self._log("warning", "heartbeat_withheld", because=troubles[0].sentence)
            self._is_withheld = True
            return False
        self._is_withheld = False
        try:
            await self._beat()
        except Exception as failure:
            self._count("heartbeats_failed")
            self._log("warning", "heartbeat_failed", error=getattr(failure, "error", "") or f"{type(failure).__name__}: {failure}")
            return False
        self._count("heartbeats")
        return True

    async def go_on(self) -> None:
        """Beat until this is cancelled."""
        while True:
            await self.once()
            await asyncio.sleep(self._every.total_seconds())
