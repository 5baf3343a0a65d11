"""The part of Alertmanager's API v2 that other tools read: its alerts, their groups, its receivers and status.

The words are Alertmanager's. A receiver is the team that an alert belongs to, a group is an incident.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from watchbill import __version__
from watchbill.expressions.matchers import compile_matchers, parse_matchers
from watchbill.expressions.patterns import compile_pattern
from watchbill.expressions.problems import ExpressionError
from watchbill.model.change import Muting
from watchbill.model.labels import Matcher
from watchbill.server.answers import Problem, json
from watchbill.server.house import House, house_of
from watchbill.store import alerts, asking
from watchbill.store.encoding import encode_json

_Page: TypeAlias = list[tuple[alerts.Known, Muting | None]]

AT_ONCE: Final = 500
"""How many alerts are read, and held, at a time."""

_BOOLEANS: Final = {"true": True, "false": False, "1": True, "0": False}


async def alerts_v2(request: Request) -> Response:
    """The alerts that fire, as `GET /api/v2/alerts` of Alertmanager lists them: however many there are, a few are held at a time."""
    house = house_of(request)
    await house.access.allowed(request.headers, "read")
    pages = _pages(request, house)
    first = await anext(pages)  # what is wrong with the request is said before anything is sent

    async def parts() -> AsyncIterator[str]:
        between = "["
        page: _Page | None = first
        while page is not None:
            for each, why in page:
                yield between + encode_json(_listed(each, why, house))
                between = ","
            page = await anext(pages, None)
        yield "]" if between == "," else "[]"

    return StreamingResponse(parts(), media_type="application/json")


async def groups(request: Request) -> Response:
    """The same alerts, by their incidents."""
    house = house_of(request)
    await house.access.allowed(request.headers, "read")
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for each, why in [one async for page in _pages(request, house) for one in page]:
        found.setdefault((each.incident, each.team, each.service or ""), []).append(_listed(each, why, house))
    return json(
        [
            {"labels": {"incident": incident, "service": service}, "receiver": {"name": team}, "alerts": members}
            for (incident, team, service), members in found.items()
        ]
    )


async def receivers(request: Request) -> Response:
    """The teams."""
    house = house_of(request)
    await house.access.allowed(request.headers, "read")
    return json([{"name": team} for team in house.engine.policies.current.policies.teams])


async def status(request: Request) -> Response:
    """Version and uptime, in Alertmanager's form."""
    house = house_of(request)
    await house.access.allowed(request.headers, "read")
    version = {"version": __version__, "revision": house.engine.policies.current.revision, "branch": "", "buildUser": ""}
    return json(
        {
            "cluster": {"status": "disabled", "peers": []},
            "versionInfo": {**version, "buildDate": "", "goVersion": ""},
            "config": {"original": "# watchbill is configured by the documents of its policy repository\n"},
            "uptime": house.started_at,
        }
    )


async def _pages(request: Request, house: House) -> AsyncIterator[_Page]:
    """The alerts that the request's parameters ask for, and why those are held back that are: some at a time, one page at least."""
    query = request.query_params
    wants = {name: _boolean(name, query.get(name)) for name in ("active", "silenced", "inhibited", "unprocessed")}
    matches = _matching(query.getlist("filter"))
    is_receiver = _receiving(query.get("receiver"))
    muted = await house.read(asking.muted)
    last: alerts.Known | None = None
    while True:
        found = await house.read(partial(alerts.active, limit=AT_ONCE, behind=last))
        chosen = []
        for each in found:
            why = muted.get(each.fingerprint)
            state = "active" if why is None else "silenced" if why.is_silenced else "inhibited"
            if wants[state] and is_receiver(each.team) and matches(each.labels) is None:
                chosen.append((each, why))
        yield chosen
        if len(found) < AT_ONCE:
            return
        last = found[-1]


def _boolean(name: str, text: str | None) -> bool:
    if text is None or text == "":
        return True
    if text.lower() not in _BOOLEANS:
        raise Problem(400, f"`{name}` is `{text[:40]}`", "write true or false", rule="bad-request")
    return _BOOLEANS[text.lower()]


def _matching(texts: Sequence[str]) -> Callable[[Mapping[str, str]], Matcher | None]:
    try:
        return compile_matchers(tuple(matcher for text in texts for matcher in parse_matchers(text)))
    except ExpressionError as error:
        raise Problem(
            400, f"`filter` is no matcher: {error.message}", 'write it as filter=service="checkout"', rule="bad-request"
        ) from None


def _receiving(text: str | None) -> Callable[[str], bool]:
    if not text:
        return lambda team: True
    try:
        return compile_pattern(text)
    except ExpressionError as error:
        raise Problem(400, f"`receiver` is no pattern: {error.message}", "write the name of a team", rule="bad-request") from None


def _listed(known: alerts.Known, why: Muting | None, house: House) -> dict[str, Any]:
    silenced = [why.policy.name] if why is not None and why.is_silenced else []
    inhibited = [why.source or why.policy.name] if why is not None and not why.is_silenced else []
    return {
        "labels": known.labels,
        "annotations": known.annotations,
        "startsAt": known.starts_at,
        "endsAt": _ends_at(known, house.engine.now(), house.engine.options.resolve_timeout),
        "updatedAt": known.updated_at,
        "fingerprint": known.fingerprint,
        "generatorURL": known.generator_url,
        "receivers": [{"name": known.team}],
        "status": {
            "state": "active" if why is None else "suppressed",
            "silencedBy": silenced,
            "inhibitedBy": inhibited,
            "mutedBy": [],
        },
        "incident": known.incident,
        "service": known.service,
        "team": known.team,
        "severity": known.severity,
    }


def _ends_at(known: alerts.Known, now: datetime, resolve_timeout: timedelta) -> datetime:
    """When it is over unless it is heard of again. Where its sender will say so, that is always some time ahead."""
    return known.expires_at or max(known.ends_at or now, now + resolve_timeout)
