"""Silences that people make on the running server, in Alertmanager's words for its tools (`/api/v2`) and in our own (`/v1`).

Rule 1: whoever makes one needs a token that may act, and the silence is their team's.
Rule 2: what Alertmanager's tools are refused is a text, because that is what they show; `/v1` refuses as everywhere else.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from watchbill.decide import live_silence
from watchbill.errors import UserError
from watchbill.expressions.matchers import compile_matchers, parse_matcher, parse_matchers
from watchbill.expressions.patterns import compile_pattern
from watchbill.expressions.problems import ExpressionError
from watchbill.model.labels import Matcher, Operator
from watchbill.server.access import NAME, Caller, split_recorded
from watchbill.server.acting import end_of, person, text_of
from watchbill.server.answers import Problem, json
from watchbill.server.bodies import read_object
from watchbill.server.house import House, house_of
from watchbill.store import asking, silences
from watchbill.store.silences import LiveSilence

if TYPE_CHECKING:
    from sqlalchemy import Connection

SHOWN_FOR: Final = timedelta(days=5)
"""How long one is listed that is over, as in Alertmanager unless it is told otherwise."""

SOMEBODY: Final = "somebody"
"""Who ended a silence on an open server with a tool that does not say so."""

_OPERATORS: Final[Mapping[tuple[bool, bool], Operator]] = {
    (False, True): "=",
    (False, False): "!=",
    (True, True): "=~",
    (True, False): "!~",
}
"""By whether it is a pattern, and whether it asks for equality."""

_PARTS: Final = {operator: parts for parts, operator in _OPERATORS.items()}


# --- as Alertmanager has them -----------------------------------------------------------


async def listed_v2(request: Request) -> Response:
    """The silences that hold, are to come, or were over lately, as `GET /api/v2/silences` of Alertmanager lists them."""
    house = house_of(request)
    await house.access.allowed(request.headers, "read")
    try:
        wanted = tuple(each for text in request.query_params.getlist("filter") for each in parse_matchers(text))
    except ExpressionError as error:
        return _bad(f"`filter` is no matcher: {error.message}; {error.help}")
    matches = compile_matchers(wanted)
    now = house.engine.now()
    found = await house.read(lambda connection: silences.since(connection, now - SHOWN_FOR))
    shown = (each for each in found if now - each.over_at < SHOWN_FOR)
    return json([_v2(each, now) for each in shown if matches({one.name: one.value for one in each.matchers}) is None])


async def one_v2(request: Request) -> Response:
    """One silence, as `GET /api/v2/silence/ID` of Alertmanager gives it."""
    house, identity = house_of(request), request.path_params["silence"]
    await house.access.allowed(request.headers, "read")
    found = await house.read(lambda connection: silences.get(connection, identity))
    return json(_v2(found, house.engine.now())) if found is not None else _unknown(identity)


async def made_v2(request: Request) -> Response:
    """Make a silence as `POST /api/v2/silences` of Alertmanager does. One with an *id* takes that silence's place."""
    house = house_of(request)
    caller = await house.access.allowed(request.headers, "act")
    try:
        asked = await read_object(request, house)
        replaced, team = text_of(asked, "id"), text_of(asked, "team")
        created_by, reason = text_of(asked, "createdBy"), text_of(asked, "comment")
        matchers = _matchers(asked.get("matchers"))
        now = house.engine.now()
        starts_at = max(_instant(asked, "startsAt") or now, now)
        ends_at = _instant(asked, "endsAt")
        if ends_at is None:
            raise Problem(400, "`endsAt` is missing", "say when it ends, as `2026-11-23T08:00:00Z`", rule="bad-request")
        who = _named(caller, created_by)
        if replaced and await house.read(lambda connection: silences.get(connection, replaced)) is None:
            return _unknown(replaced)
        made = await _make(house, who, matchers, reason, starts_at, ends_at, team, created_by, replaced)
    except UserError as error:
        return _bad(f"{error.message}; {error.help}")
    except Problem as problem:
        if problem.status != 400:
            raise
        return _bad(f"{problem.message}; {problem.help}")
    return json({"silenceID": made.id})


async def expired_v2(request: Request) -> Response:
    """End a silence, as `DELETE /api/v2/silence/ID` of Alertmanager does."""
    house, identity = house_of(request), request.path_params["silence"]
    caller = await house.access.allowed(request.headers, "act")
    # Alertmanager's tools say nowhere who ends one. On a server without tokens nothing proves it anyway.
    who = caller if NAME.fullmatch(caller.name) else Caller(SOMEBODY, caller.token, caller.scopes)
    return Response(status_code=200) if await _expire(house, identity, who) else _unknown(identity)


def _named(caller: Caller, created_by: str) -> Caller:
    """Whose wish it is: a token says it by itself, and where there is none, whoever sends it."""
    name = caller.name if caller.token or caller.name else created_by.strip()
    if not NAME.fullmatch(name):
        raise Problem(
            400,
            "it is not said who silences" if not name else f"`{name[:60]}` is no person's name",
            "send your name, as policies write it, as `createdBy` (amtool: `--author`)",
            rule="no-name",
        )
    return Caller(name, caller.token, caller.scopes)


def _matchers(value: object) -> tuple[Matcher, ...]:
    """The matchers of a silence, in Alertmanager's form."""
    if not isinstance(value, list):
        raise Problem(400, "`matchers` is no list", 'send `{"name": "service", "value": "checkout", "isRegex": false}`', rule="bad-request")
    return tuple(_matcher(each) for each in value)


def _matcher(value: object) -> Matcher:
    its = value if isinstance(value, dict) else {}
    name, text, is_regex, is_equal = its.get("name"), its.get("value"), its.get("isRegex", False), its.get("isEqual", True)
    if not (isinstance(name, str) and name and isinstance(text, str) and isinstance(is_regex, bool) and isinstance(is_equal, bool)):
        help = 'a matcher is `{"name": "service", "value": "checkout", "isRegex": false, "isEqual": true}`'
        raise Problem(400, f"`{str(value)[:80]}` is no matcher", help, rule="bad-request")
    if is_regex:
        _check_pattern(text)
    return Matcher(name, _OPERATORS[is_regex, is_equal], text)


def _check_pattern(text: str) -> None:
    try:
        compile_pattern(text)
    except ExpressionError as error:
        raise Problem(400, error.message, error.help, rule="bad-request") from None


def _instant(asked: Mapping[str, Any], name: str) -> datetime | None:
    text = text_of(asked, name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Problem(
            400, f"`{name}` is no time: `{text[:60]}`", "write it with its offset, as `2026-11-23T08:00:00Z`", rule="bad-request"
        ) from None


def _v2(its: LiveSilence, now: datetime) -> dict[str, Any]:
    matchers = [
        {"name": each.name, "value": each.value, "isRegex": _PARTS[each.operator][0], "isEqual": _PARTS[each.operator][1]}
        for each in its.matchers
    ]
    return {
        "id": its.id,
        "status": {"state": _state(its, now)},
        "updatedAt": its.expired_at or its.at,
        "comment": its.reason,
        "createdBy": its.created_by,
        "startsAt": its.starts_at,
        "endsAt": its.over_at,
        "matchers": matchers,
        "team": its.team,
        "by": its.author,
    }


def _state(its: LiveSilence, now: datetime) -> str:
    if its.over_at <= now:
        return "expired"
    return "active" if its.starts_at <= now else "pending"


def _bad(text: str) -> Response:
    """A refusal as Alertmanager's tools read it."""
    return json(text, 400)


def _unknown(identity: str) -> Response:
    return json(f"no silence is called `{identity[:60]}`, or it is over", 404)


# --- as we have them --------------------------------------------------------------------


async def listed(request: Request) -> Response:
    """The silences that hold or are to come; with `all`, also those that were over lately."""
    house = house_of(request)
    await house.access.allowed(request.headers, "read")
    now, is_all = house.engine.now(), request.query_params.get("all") in ("true", "1")

    def job(connection: Connection) -> list[dict[str, Any]]:
        found = silences.since(connection, now - SHOWN_FOR if is_all else now)
        return _shown(connection, [each for each in found if is_all or each.over_at > now], now)

    return json({"silences": await house.read(job)})


async def made(request: Request) -> Response:
    """Make a silence of what these matchers select."""
    house = house_of(request)
    caller = await person(request, house)
    asked = await read_object(request, house)
    matchers = _written(asked.get("match"))
    now = house.engine.now()
    ends_at = end_of(asked, now)
    if ends_at is None:
        raise Problem(400, "until when is missing", 'send `{"for": "2h"}`, or `{"until": "2026-11-23T08:00:00Z"}`', rule="bad-request")
    reason = text_of(asked, "reason", needed=True)
    its = await _make(house, caller, matchers, reason, now, ends_at, text_of(asked, "team"), caller.name)
    return json({"silence": (await house.read(lambda connection: _shown(connection, [its], house.engine.now())))[0]}, 201)


async def expired(request: Request) -> Response:
    """End a silence now; it may be called by the beginning of its id."""
    house, text = house_of(request), request.path_params["silence"]
    caller = await person(request, house)
    its = await house.read(lambda connection: _called(connection, text))
    if not await _expire(house, its.id, caller):
        raise Problem(
            409, f"it was over already, at {its.over_at:%Y-%m-%d %H:%M} UTC", "`GET /v1/silences` lists those that hold", rule="not-done"
        )
    found = await house.read(lambda connection: _shown(connection, [_called(connection, its.id)], house.engine.now()))
    return json({"silence": found[0]})


def _called(connection: Connection, text: str) -> LiveSilence:
    found = silences.called(connection, text) if text else ()
    if len(found) == 1:
        return found[0]
    if found:
        more = {"candidates": [each.id for each in found]}
        raise Problem(
            409,
            f"`{text[:60]}` could mean several silences",
            f"it may be: {', '.join(more['candidates'])}",
            rule="ambiguous-name",
            more=more,
        )
    raise Problem(404, f"no silence is called `{text[:60]}`", "`GET /v1/silences` lists those that hold", rule="unknown-silence")


def _written(value: object) -> tuple[Matcher, ...]:
    """The matchers of a silence, as policies write them."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Problem(400, "`match` is no list of matchers", 'send `{"match": ["service=\\"checkout\\""]}`', rule="bad-request")
    try:
        return tuple(parse_matcher(each) for each in value)
    except ExpressionError as error:
        raise Problem(400, f"`match` holds no matcher: {error.message}", error.help, rule="bad-request") from None


def _shown(connection: Connection, found: Sequence[LiveSilence], now: datetime) -> list[dict[str, Any]]:
    held = asking.muted(connection) if any(_state(each, now) == "active" for each in found) else {}
    by_silence: dict[str, int] = {}
    for why in held.values():
        if why.is_silenced:
            by_silence[why.policy.name] = by_silence.get(why.policy.name, 0) + 1
    return [_ours(each, by_silence.get(each.id, 0), now) for each in found]


def _ours(its: LiveSilence, alerts: int, now: datetime) -> dict[str, Any]:
    by, proof = split_recorded(its.by)
    return {
        "id": its.id,
        "state": _state(its, now),
        "team": its.team,
        "match": [str(each) for each in its.matchers],
        "by": by,
        "proof": proof or None,
        "reason": its.reason,
        "at": its.at,
        "starts_at": its.starts_at,
        "ends_at": its.ends_at,
        "expired_at": its.expired_at,
        "expired_by": split_recorded(its.expired_by)[0] or None,
        "alerts": alerts,
    }


# --- what both do -----------------------------------------------------------------------


async def _make(
    house: House,
    caller: Caller,
    matchers: tuple[Matcher, ...],
    reason: str,
    starts_at: datetime,
    ends_at: datetime,
    team: str,
    created_by: str,
    replaced: str = "",
) -> LiveSilence:
    """Make it, at once. Raises UserError for one that may not be, and `Problem` where there are too many."""
    engine = house.engine
    bill, now = engine.policies.bill, engine.now()
    live_silence.check(matchers, reason, starts_at, ends_at, now)
    owner = live_silence.owner_of(bill.policies, caller.name, matchers, team)
    meant = live_silence.normalised(bill, matchers)
    created = created_by.strip()[:200] or caller.name
    its = LiveSilence(str(uuid.uuid4()), owner, meant, caller.name, created, reason, caller.recorded, now, starts_at, ends_at)
    refused = await engine.silence(its, replaced)
    if refused is not None:
        raise Problem(400, refused, "end some of them: `watchbill silences` lists them", rule="too-many-silences")
    said = [str(each) for each in its.matchers]
    house.say("warning", "silenced", silence=its.id, team=owner, match=said, by=caller.recorded, reason=reason, until=ends_at.isoformat())
    return its


async def _expire(house: House, identity: str, caller: Caller) -> bool:
    done = await house.engine.expire_silence(identity, caller.recorded)
    if done:
        house.say("warning", "silence_expired", silence=identity, by=caller.recorded)
    return done
