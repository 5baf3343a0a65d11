"""Whether the server lives, and whether it is ready; and what it says of itself.

Alive means that it answers, and that a new process would not be better. Ready means that it takes alerts in and carries out what follows;
where it is not, the answer says why. Strictly ready is who besides has no trouble, and can reach everybody whom the policies name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from watchbill import __version__
from watchbill.errors import Finding, Place
from watchbill.report.counts import count
from watchbill.report.findings_json import finding_json
from watchbill.server.answers import json
from watchbill.server.house import House, house_of
from watchbill.store import asking, attempts, inbox, silences

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST_FINDINGS: Final = 200
"""How many findings the status lists."""


async def alive(request: Request) -> Response:
    """That it answers, and that what writes the record comes back; 503 with the reason where only a new process would help."""
    hung = house_of(request).engine.vitals.hung()
    if hung:
        return PlainTextResponse(f"not alive: {hung}\n", 503)
    return PlainTextResponse("alive\n")


async def ready(request: Request) -> Response:
    """Whether it is ready; 503 with the reason where it is not. Other trouble is named, and with `strict` it is a reason too."""
    house = house_of(request)
    why = why_not_ready(house)
    if why:
        return PlainTextResponse(f"not ready: {why}\n", 503)
    besides = "".join(f"{line}\n" for line in besides_of(house))
    is_strict = "strict" in request.query_params
    return PlainTextResponse(f"not ready, strictly\n{besides}", 503) if besides and is_strict else PlainTextResponse(f"ready\n{besides}")


async def status(request: Request) -> Response:
    """What runs here, since when, by which policies, and how much of what waits."""
    house = house_of(request)
    caller = await house.access.allowed(request.headers, "read")

    now = house.engine.now()

    def job(connection: Connection) -> tuple[dict[str, int], dict[str, int], int, int, list[dict[str, Any]]]:
        failures = [
            {"id": each.id, "source": each.source, "at": each.received_at, "error": each.error} for each in inbox.failures(connection)
        ]
        failures += [_set_aside(each) for each in attempts.set_aside(connection)]
        held = silences.count(connection, now)
        return asking.waiting(connection), asking.open_by_status(connection), asking.unanswered(connection), held, failures

    waiting, incidents, unanswered, silenced, failures = await house.read(job)
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
            "now": now,
            "revision": policies.revision,
            "quarantined": list(policies.quarantined),
            "incidents": incidents,
            "unanswered": unanswered,
            "silences": silenced,
            "alerts": len(house.engine.standing),
            "waiting": waiting,
            "set_aside": failures,
            "findings": [finding_json(each) for each in sorted(house.findings(), key=_worst_first)[:MOST_FINDINGS]],
            "watchers": house.watchers,
        }
    )


def _set_aside(attempt: attempts.Attempt) -> dict[str, Any]:
    """An incident or a step that is set aside."""
    kind, _, name = attempt.name.partition("/")
    return {kind: name, "at": attempt.at, "error": attempt.why}


async def metrics(request: Request) -> Response:
    """What Prometheus scrapes."""
    house = house_of(request)
    await house.access.allowed(request.headers, "read")
    text, kind = await house.apart(house.metrics.text)
    return Response(text, headers={"Content-Type": kind})


def besides_of(house: House) -> list[str]:
    """What is wrong though alerts are taken in, a line each. Who cannot be reached is not named: this is answered to everybody."""
    lines = [f"{each.kind}: {each.sentence}" for each in house.engine.troubles()]
    errors = sum(each.level == "error" for each in house.findings())
    if errors:
        lines.append(f"reach: {count(errors, 'error')} in what the policies ask for; `/v1/status` and `watchbill doctor` list all")
    return lines


def _worst_first(finding: Finding) -> tuple[bool, tuple[Place, str, str]]:
    return finding.level != "error", finding.order


def why_not_ready(house: House) -> str:
    """Why the engine is not ready; empty where it is."""
    if house.stopping.is_set():
        return "it is about to end"
    trouble = house.engine.trouble()
    if trouble:
        return trouble
    return "" if house.engine.is_ready else "it takes up what was left when it ended last"
