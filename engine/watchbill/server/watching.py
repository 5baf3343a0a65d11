"""What happens, as it happens: Server-Sent Events, one for each recorded decision.

A watcher that lost the connection names the last decision it saw, and gets what it missed from the record. Nothing is kept for one that
does not read: it is let go, and comes back.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from watchbill.execute.engine import Notice
from watchbill.server import shapes, telling
from watchbill.server.answers import Problem
from watchbill.server.bodies import too_busy
from watchbill.server.house import House, house_of
from watchbill.server.incidents import called
from watchbill.store import incidents
from watchbill.store.decisions import Recorded
from watchbill.store.encoding import encode_json

if TYPE_CHECKING:
    from sqlalchemy import Connection

AT_ONCE: Final = 200
"""How many decisions are read and sent in one go."""

_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


async def events(request: Request) -> Response:
    """A stream of decisions, from the one after `Last-Event-ID` (or `after`) on, or from now on."""
    house = house_of(request)
    caller = await house.access.allowed(request.headers, "read")
    text = request.headers.get("last-event-id") or request.query_params.get("after")
    if text is not None and not (text.isascii() and text.isdigit() and len(text) < 17):
        raise Problem(400, f"`{text[:40]}` is no decision's id", "send the `id` of the last event that you saw", rule="bad-request")
    only = request.query_params.get("incident")
    if house.watchers >= house.bounds.watchers:
        raise too_busy("too many are watching already")
    if caller.token and house.watching[caller.token] >= house.bounds.watchers_of_one:
        raise too_busy(f"too many are watching with the token `{caller.token}` already")

    def job(connection: Connection) -> tuple[int, str]:
        after = incidents.last_decision(connection) if text is None else int(text)
        return after, called(connection, only) if only else ""

    after, incident = await house.read(job)
    return _Stream(house, caller.token, after, incident)


class _Stream(Response):
    """One watcher's stream."""

    def __init__(self, house: House, token: str, after: int, incident: str) -> None:
        super().__init__()
        self._house, self._token, self._after, self._incident = house, token, after, incident
        self._teller = telling.Teller(house.engine.policies.bill)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the watcher goes, does not read, or the server stops."""
        self._house.watching[self._token] += 1
        try:
            async with self._house.engine.subscribed() as queue:
                await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
                going = asyncio.ensure_future(_gone(receive))
                stopping = asyncio.ensure_future(self._house.stopping.wait())
                try:
                    await self._pump(send, queue, (going, stopping))
                    # A stream that ends in order says so; one that is cut off is for the watcher to see.
                    if not going.done():
                        await send({"type": "http.response.body", "body": b"", "more_body": False})
                finally:
                    going.cancel()
                    stopping.cancel()
        except TimeoutError:
            self._house.say("info", "watcher_dropped", after=self._after)
            # Closing would wait for it to take what is on its way.
            abort = scope.get("state", {}).get("abort")
            if abort is not None:
                abort()
        finally:
            self._house.watching[self._token] -= 1
            self._house.watching += Counter()  # those that are at nothing go

    async def _pump(self, send: Send, queue: asyncio.Queue[Notice], ends: Sequence[asyncio.Future[Any]]) -> None:
        house = self._house
        # The id says where it began: who loses the connection before anything happened comes back with it.
        await self._write(send, f"id: {self._after}\n: watchbill\nretry: 2000\n\n".encode())
        while not any(each.done() for each in ends):
            # What is in the queue only says that there is something; what it is, the record says.
            while not queue.empty():
                queue.get_nowait()
            found = await house.read(self._next)
            for text in found:
                await self._write(send, text.encode())
            if found:
                continue
            waiting: asyncio.Future[Any] = asyncio.ensure_future(queue.get())
            await asyncio.wait([waiting, *ends], timeout=house.bounds.beat, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                if not any(each.done() for each in ends):
                    await self._write(send, b": here\n\n")

    async def _write(self, send: Send, body: bytes) -> None:
        """Send this; raises TimeoutError for a watcher that does not take it."""
        async with asyncio.timeout(self._house.bounds.patience):
            await send({"type": "http.response.body", "body": body, "more_body": True})

    def _next(self, connection: Connection) -> list[str]:
        """What comes next for this watcher, as it is sent."""
        found: list[str] = []
        while not found:
            decisions = incidents.since(connection, self._after, AT_ONCE)
            if not decisions:
                break
            wanted = [each for each in decisions if self._incident in ("", each.incident)]
            found = [self._said(connection, each) for each in wanted]
            self._after = decisions[-1].id
        return found

    def _said(self, connection: Connection, decision: Recorded) -> str:
        """One decision as an event."""
        last = self._teller.told(decision, lambda: incidents.timeline(connection, decision.incident))
        document = shapes.decision(decision, last.incident.status, [shapes.happening(each) for each in last.happenings])
        listed = {"name": last.incident.lead.alert.name, "service": last.incident.service, "team": last.incident.team}
        text = encode_json({**document, **listed, "severity": last.incident.severity, "unanswered": last.incident.is_unanswered})
        return f"id: {decision.id}\nevent: decision\ndata: {text}\n\n"


async def _gone(receive: Receive) -> None:
    """Wait until the watcher has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
