"""Whether the server lives, and whether it is ready; and what it says of itself.

Alive means that it answers. Ready means that it takes alerts in and carries out what follows; where it is not, the answer says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from watchbill import __version__
from watchbill.server.answers import json
from watchbill.server.house import House, house_of
from watchbill.store import asking, inbox

if TYPE_CHECKING:
    from sqlalchemy import Connection


async def alive(request: Request) -> Response:
    """That it answers."""
    return PlainTextResponse("alive\n")


async def ready(request: Request) -> Response:
    """Whether it is ready; 503 with the reason where it is not."""
    why = why_not_ready(house_of(request))
    return PlainTextResponse(f"not ready: {why}\n", 503) if why else PlainTextResponse("ready\n")


async def status(request: Request) -> Response:
    """What runs here, since when, by which policies, and how much of what waits."""
    house = house_of(request)
    caller = await house.access.allowed(request.headers, "read")

    def job(connection: Connection) -> tuple[dict[str, int], dict[str, int], int, list[dict[str, Any]]]:
        failures = [
            {"id": each.id, "source": each.source, "at": each.received_at, "error": each.error} for each in inbox.failures(connection)
        ]
        return asking.waiting(connection), asking.open_by_status(connection), asking.unanswered(connection), failures

    waiting, incidents, unanswered, failures = await house.read(job)
    policies = house.engine.policies.current.policies
    why = why_not_ready(house)
    return json(
        {
            "version": __version__,
            "access": "open" if house.access.is_open else "tokens",
            "you": {"name": caller.name or None, "token": caller.token or None, "scopes": sorted(caller.scopes)},
            "ready": not why,
            "trouble": why or None,
            "troubles": [{"kind": each.kind, "text": each.sentence, "help": each.advice} for each in house.engine.troubles()],
            "started_at": house.started_at,
            "now": house.engine.now(),
            "revision": policies.revision,
            "quarantined": list(policies.quarantined),
            "incidents": incidents,
            "unanswered": unanswered,
            "alerts": len(house.engine.standing),
            "waiting": waiting,
            "set_aside": failures,
            "watchers": house.watchers,
        }
    )


async def metrics(request: Request) -> Response:
    """What Prometheus scrapes."""
    house = house_of(request)
    await house.access.allowed(request.headers, "read")
    text, kind = await house.apart(house.metrics.text)
    return Response(text, headers={"Content-Type": kind})


def why_not_ready(house: House) -> str:
    """Why the engine is not ready; empty where it is."""
    if house.stopping.is_set():
        return "it is about to end"
    trouble = house.engine.trouble()
    if trouble:
        return trouble
    return "" if house.engine.is_ready else "it takes up what was left when it ended last"
