"""What people and programs read: incidents, their timelines, and why things went as they did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from watchbill.model.severity import RANK
from watchbill.report.plan_json import ref_json
from watchbill.report.timeline_json import timelines_json
from watchbill.report.timeline_text import timelines_text
from watchbill.server import shapes, telling
from watchbill.server.answers import Problem, json
from watchbill.server.house import House, house_of
from watchbill.server.incident_document import load_document
from watchbill.store import asking, delivery_rows, effects, switches
from watchbill.store import incidents as rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")

MOST: Final = 1_000
"""How many incidents one answer lists."""

_SHOWN_UNANSWERED: Final = ":unanswered"

STATUSES: Final = ("triggered", "acknowledged", "mitigated", "resolved")
_OPEN: Final = STATUSES[:3]


async def listing(request: Request) -> Response:
    """Incidents, those that nobody answers first, and then those opened last first."""
    house = house_of(request)
    await house.access.allowed(request.headers, "read")
    status = _one_of("status", _several(request, "status"), (*STATUSES, "open"))
    severity = _one_of("severity", _several(request, "severity"), tuple(RANK))
    limit = _number(request, "limit", 100, MOST)
    before = request.query_params.get("before")
    asked = {"team": _several(request, "team"), "service": _several(request, "service"), "severity": severity}
    statuses = tuple(dict.fromkeys(each for name in status for each in (_OPEN if name == "open" else (name,))))

    now = house.engine.now()

    def job(connection: Connection) -> tuple[tuple[rows.Listed, ...], dict[str, int], tuple[switches.Switch, ...]]:
        last = None if before is None else _place(connection, before)
        listed = rows.listing(connection, status=statuses, **asked, limit=limit + 1, before=last)
        silenced = asking.silenced(connection, [each.id for each in listed if each.status != "resolved"])
        return listed, silenced, switches.holding(connection, now)

    found, silenced, stops = await house.read(job)
    shown = [shapes.listed(each, silenced.get(each.id, 0), house.engine.url_of) for each in found[:limit]]
    following = _next(found[limit - 1]) if len(found) > limit else None
    return json({"incidents": shown, "stops": [shapes.switch(each) for each in stops], "next": following})


def _next(last: rows.Listed) -> str:
    """What a list goes on with behind its *last* one: its id, and that nobody had answered it when it was shown, where that is so."""
    return f"{last.id}{_SHOWN_UNANSWERED}" if last.is_unanswered else last.id


def _place(connection: Connection, text: str) -> rows.Behind:
    """The place in the list that this *text* means. One that says only which incident means its place as it is now."""
    name, was_unanswered = text.removesuffix(_SHOWN_UNANSWERED), text.endswith(_SHOWN_UNANSWERED)
    found = called(connection, name)
    return rows.Behind(found, was_unanswered or rows.is_unanswered(connection, found))


async def one(request: Request) -> Response:
    """One incident with its alerts, its steps and its evidence."""
    house = house_of(request)
    await house.access.allowed(request.headers, "read")

    def job(connection: Connection, incident: str) -> shapes.Document:
        return load_document(connection, house, incident, house.engine.url_of)

    return json(await of_incident(request, house, job))


async def timeline(request: Request) -> Response:
    """What happened, as JSON or as text."""
    house = house_of(request)
    await house.access.allowed(request.headers, "read")
    after = _number(request, "after", 0, 2**53, least=0)
    width = _number(request, "width", 80, 1_000, least=20)
    is_text = _wants_text(request)
    bill, now = house.engine.policies.bill, house.engine.now()

    def job(connection: Connection, incident: str) -> Response:
        said = tuple(telling.tell(bill, rows.timeline(connection, incident)))
        calls, attempts = effects.of_incident(connection, incident), delivery_rows.of_incident(connection, incident)
        whole = telling.timeline(said, calls, now)
        if is_text:
            return PlainTextResponse(timelines_text((whole,), width=width))
        (document,) = timelines_json((whole,))["items"]
        decisions = [
            shapes.decision(each.recorded, each.incident.status, [shapes.happening(one) for one in each.happenings])
            for each in said
            if each.recorded.number > after
        ]
        made = {"effects": [shapes.effect(each) for each in calls], "deliveries": [shapes.delivery_attempt(each) for each in attempts]}
        return json({**document, "decisions": decisions, **made})

    return await of_incident(request, house, job)


async def explain(request: Request) -> Response:
    """Who was paged and why, and who was not, from the recorded reasons; as JSON or as text."""
    house = house_of(request)
    await house.access.allowed(request.headers, "read")
    person, is_text = request.query_params.get("person", ""), _wants_text(request)

    def job(connection: Connection, incident: str) -> Response:
        explained = telling.explain(rows.timeline(connection, incident))
        lines = telling.sentences(explained, person)
        if is_text:
            return PlainTextResponse("".join(f"{line}\n" for line in lines))
        return json(
            {
                "incident": incident,
                "status": explained.incident.status,
                "sentences": lines,
                "paged": [
                    {
                        "person": each.person,
                        "duty": each.duty,
                        "why": each.why,
                        "step": each.step.id,
                        "state": each.step.state,
                        "at": each.step.started_at or each.step.due_at,
                        "policy": ref_json(each.step.because),
                        "note": each.step.note or None,
                        "left": each.has_left,
                        "deliveries": [shapes.delivery(one) for one in each.deliveries],
                    }
                    for each in explained.paged
                    if person in ("", each.person)
                ],
                "applied": [shapes.reason(each) for each in explained.applied],
                "refused": [shapes.reason(each) for each in explained.refused],
                "answers": [{"at": at, **shapes.reason(each)} for at, each in explained.answers],
            }
        )

    return await of_incident(request, house, job)


async def all_switches(request: Request) -> Response:
    """The stops that hold now; with `all=true` those that were lifted too."""
    house = house_of(request)
    await house.access.allowed(request.headers, "read")
    is_all, now = request.query_params.get("all", "") in ("true", "1"), house.engine.now()
    found = await house.read(lambda connection: switches.latest(connection) if is_all else switches.holding(connection, now))
    return json({"switches": [shapes.switch(each) for each in found]})


# --- which incident ---------------------------------------------------------------------


async def of_incident(request: Request, house: House, job: Callable[[Connection, str], T]) -> T:
    """What this *job* finds for the incident that the request's path names."""
    text = request.path_params["incident"]
    return await house.read(lambda connection: job(connection, called(connection, text)))


def called(connection: Connection, text: str) -> str:
    """The id of the one incident that this *text* may mean. Raises `Problem` where there is none, or there are several."""
    found = asking.incidents_called(connection, text)
    if not found:
        raise Problem(404, f"no incident is called `{text[:80]}`", "`watchbill incidents` lists them", rule="unknown-incident")
    if len(found) > 1:
        raise Problem(
            409,
            f"several incidents begin with `{text[:80]}`",
            f"write more of its name: {', '.join(found)}",
            rule="ambiguous-name",
            more={"candidates": list(found)},
        )
    return found[0]


# --- what was asked for -----------------------------------------------------------------


def _several(request: Request, name: str) -> tuple[str, ...]:
    """The values of a parameter that may be given again, or hold several with commas between them."""
    return tuple(part for text in request.query_params.getlist(name) for part in text.split(",") if part)


def _one_of(name: str, given: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    for each in given:
        if each not in known:
            raise Problem(400, f"`{each[:40]}` is no {name}", f"it is one of {', '.join(known)}", rule="bad-request")
    return tuple(given)


def _number(request: Request, name: str, default: int, most: int, *, least: int = 1) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 17) or not least <= int(text) <= most:
        raise Problem(400, f"`{name}` is `{text[:40]}`", f"write a number from {least} to {most}", rule="bad-request")
    return int(text)


def _wants_text(request: Request) -> bool:
    form = request.query_params.get("format")
    if form is None:
        return request.headers.get("accept", "").startswith("text/plain")
    if form not in ("text", "json"):
        raise Problem(400, f"`format` is `{form[:40]}`", "it is text or json", rule="bad-request")
    return form == "text"
