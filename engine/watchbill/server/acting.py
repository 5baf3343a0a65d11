"""What people do: they answer an incident, or one of its steps, and stop or free unattended work.

Every call is answered with what came of it: 200 where something did, 409 with the reason where nothing did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from watchbill.expressions.durations import parse_duration
from watchbill.expressions.problems import ExpressionError
from watchbill.model import event as events
from watchbill.model.event import Event
from watchbill.model.incident import Incident
from watchbill.model.plan import StepKind
from watchbill.model.question import brief, question_of
from watchbill.report.step_names import Named, meant
from watchbill.server import shapes
from watchbill.server.access import NAME, Caller
from watchbill.server.answers import Problem, json
from watchbill.server.bodies import read_object
from watchbill.server.house import House, house_of
from watchbill.server.incidents import called
from watchbill.store import incidents, switches

if TYPE_CHECKING:
    from sqlalchemy import Connection

Asked = Mapping[str, Any]
Make = Callable[[str, Asked, datetime], Event]

SHOWN: Final = 10


def _snoozed(by: str, asked: Asked, now: datetime) -> Event:
    until = end_of(asked, now)
    if until is None:
        raise Problem(400, "until when is missing", 'send `{"for": "2h"}`, or `{"until": "2026-11-23T08:00:00Z"}`', rule="bad-request")
    return events.Snoozed(by, until)


OF_INCIDENT: Final[Mapping[str, Make]] = {
    "ack": lambda by, asked, now: events.Acknowledged(by),
    "unack": lambda by, asked, now: events.Unacknowledged(by),
    "mitigate": lambda by, asked, now: events.Mitigated(by),
    "resolve": lambda by, asked, now: events.Resolved(by),
    "escalate": lambda by, asked, now: events.Escalated(by),
    "snooze": _snoozed,
    "extend": lambda by, asked, now: events.Extended(by, end_of(asked, now)),
    "note": lambda by, asked, now: events.Noted(by, text_of(asked, "text", needed=True)),
}
"""What people say of an incident."""

OF_STEP: Final[Mapping[str, Callable[[str, str, str], Event]]] = {
    "approve": lambda step, by, digest: events.Approved(step, by, digest),
    "deny": lambda step, by, digest: events.Denied(step, by),
    "run": lambda step, by, digest: events.Requested(step, by),
    "retry": lambda step, by, digest: events.Retried(step, by),
}
"""What people say of a step."""

_KINDS: Final[Mapping[str, tuple[StepKind, ...]]] = {
    "approve": ("repair", "update"),
    "deny": ("repair", "update", "offer"),
    "run": ("offer",),
    "retry": ("repair", "verify", "rollback", "update", "notify", "hub", "bridge", "collect", "page"),
}
"""The kinds of steps that this can be said of, in one state or another."""


async def on_incident(request: Request) -> Response:
    """Take what a person says of an incident."""
    house, word = house_of(request), request.path_params["word"]
    caller = await person(request, house)
    asked = await read_object(request, house)
    event = OF_INCIDENT[word](caller.name, asked, house.engine.now())
    incident = await house.read(lambda connection: called(connection, request.path_params["incident"]))
    return await _tell(house, incident, event, caller)


async def on_step(request: Request) -> Response:
    """Take what a person says of a step; the path or the body names it, and need not where only one can be meant."""
    house, word = house_of(request), request.path_params["word"]
    caller = await person(request, house)
    asked = await read_object(request, house)
    named, digest = request.path_params.get("step") or text_of(asked, "step"), text_of(asked, "digest").strip()

    def job(connection: Connection) -> tuple[Incident, str]:
        identity = called(connection, request.path_params["incident"])
        incident = incidents.load(connection, identity)
        assert incident is not None, identity
        return incident, _step(incident, named, word)

    incident, step = await house.read(job)
    if word == "approve" and not digest:
        question = question_of(incident.steps[step], incident.revision)
        if question is not None:
            raise Problem(
                409,
                f"it is not said to what: {brief(question)} waits, with the digest {question.digest}",
                'look at what waits, and name its digest, as `{"digest": "…"}`',
                rule="digest-needed",
                more={"incident": incident.id, "step": step, "status": incident.status, "question": shapes.question(question)},
            )
    return await _tell(house, incident.id, OF_STEP[word](step, caller.name, digest), caller)


async def _tell(house: House, incident: str, event: Event, caller: Caller) -> Response:
    told = await house.engine.tell(incident, event, caller.recorded)
    if told is None:
        raise Problem(404, f"no incident is called `{incident}`", "`watchbill incidents` lists them", rule="unknown-incident")
    answer = told.answer
    said = answer.note if answer is not None else ""
    word = shapes.event(event)["kind"]
    house.say("info", "said", incident=incident, what=word, by=caller.recorded, answer=said, done=answer is not None and answer.applied)
    stands: dict[str, Any] = {"incident": incident, "number": told.number, "status": told.status, "by": caller.name}
    if answer is not None and not answer.applied:
        if isinstance(event, events.Approved):
            stands["question"] = await _question(house, incident, event.step)
        raise Problem(409, said, f"`watchbill incidents show {incident}` says how it stands", rule="not-done", more=stands)
    return json({**stands, "answer": said})


async def _question(house: House, incident: str, step: str) -> shapes.Document | None:
    """What waits for a yes now at this *step*."""
    found = await house.read(lambda connection: incidents.load(connection, incident))
    its = found.steps.get(step) if found is not None else None
    return shapes.question(question_of(its, found.revision)) if found is not None and its is not None else None


def _step(incident: Incident, named: str, word: str) -> str:
    """The id of the step that is meant, or of the only one there is. Raises `Problem` where that is none, or may be several."""
    steps = incident.steps.values()
    found = meant((Named(step.id, step.because.name, word in shapes.can(step, incident)) for step in steps), incident.id, named)
    of_policy = [step for step in steps if step.because.name == named and step.kind in _KINDS[word]]
    if not found and len(of_policy) == 1:
        # It is asked all the same, so that the answer says in which state it is.
        found = [of_policy[0].id]
    if len(found) == 1:
        return found[0]
    more = {"candidates": (found or [step.id for step in steps if word in shapes.can(step, incident)])[:SHOWN]}
    help = f"it may be one of: {', '.join(more['candidates'])}" if more["candidates"] else f"`watchbill incidents show {incident.id}`"
    stands = {"incident": incident.id, "status": incident.status, **more}
    if found:
        raise Problem(409, f"`{word}` could mean several steps of {incident.id}", help, rule="ambiguous-name", more=more)
    if of_policy:
        states = ", ".join(f"{step.id.removeprefix(f'{incident.id}/')} is {step.state}" for step in of_policy[:SHOWN])
        raise Problem(409, f"no step of `{named[:120]}` can be answered with `{word}` now: {states}", help, rule="not-done", more=stands)
    if named:
        raise Problem(404, f"{incident.id} has no step `{named[:120]}`", help, rule="unknown-step", more=more)
    raise Problem(409, f"no step of {incident.id} can be answered with `{word}` now", help, rule="not-done", more=stands)


# --- freeze and kill --------------------------------------------------------------------


async def stop(request: Request) -> Response:
    """Stop unattended work: `freeze` lets nothing begin, `kill` also ends what has begun by itself."""
    house = house_of(request)
    kind: switches.SwitchKind = "kill" if request.url.path.endswith("/kill") else "freeze"
    caller = await person(request, house)
    asked = await read_object(request, house)
    scope, name = _scope(asked, house)
    until = end_of(asked, house.engine.now())
    reason = text_of(asked, "reason", needed=True)
    number = await house.engine.switch(kind, scope, name, caller.recorded, reason, until)
    house.say("warning", kind, switch=number, scope=scope, name=name, by=caller.recorded, reason=reason)
    held = await house.read(lambda connection: switches.latest(connection))
    return json({"switch": next(shapes.switch(each) for each in held if each.id == number)}, 201)


async def lift(request: Request) -> Response:
    """Let unattended work go on."""
    house, text = house_of(request), request.path_params["switch"]
    caller = await person(request, house)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 17 else 0
    there = await house.read(lambda connection: [each for each in switches.latest(connection, 10_000) if each.id == number])
    if not there:
        raise Problem(404, f"there is no switch `{text[:40]}`", "`GET /v1/switches` lists those that hold", rule="unknown-switch")
    if not await house.engine.lift(number, caller.recorded):
        by = shapes.switch(there[0])["lifted_by"]
        raise Problem(409, f"it was lifted already, by {by}", "`GET /v1/switches` lists those that hold", rule="not-done")
    house.say("warning", "lifted", switch=number, by=caller.recorded)
    found = await house.read(lambda connection: [each for each in switches.latest(connection, 10_000) if each.id == number])
    return json({"switch": shapes.switch(found[0])})


def _scope(asked: Asked, house: House) -> tuple[switches.Scope, str]:
    policies = house.engine.policies.current.policies
    team, service = text_of(asked, "team"), text_of(asked, "service")
    if team and service:
        raise Problem(400, "a team and a service are named", "name one of them, or neither to stop everything", rule="bad-request")
    if team and team not in policies.teams:
        raise Problem(404, f"no team is called `{team[:60]}`", f"the teams are: {', '.join(policies.teams)}", rule="unknown-name")
    if service and service not in policies.services:
        raise Problem(404, f"no service is called `{service[:60]}`", "a service's name stands in its document", rule="unknown-name")
    return ("team", team) if team else ("service", service) if service else ("all", "")


# --- who, and what they sent ------------------------------------------------------------


async def person(request: Request, house: House) -> Caller:
    """Who acts; raises `Problem` where nobody said who they are."""
    caller = await house.access.allowed(request.headers, "act")
    if not NAME.fullmatch(caller.name):
        raise Problem(
            400,
            "it is not said who acts" if not caller.name else f"`{caller.name[:60]}` is no person's name",
            "send your name, as policies write it, in the header `X-Watchbill-As`",
            rule="no-name",
        )
    return caller


def text_of(asked: Asked, name: str, *, needed: bool = False) -> str:
    """The text that a request has under this *name*; empty where it has none and none is *needed*."""
    value = asked.get(name, "")
    if not isinstance(value, str) or (needed and not value.strip()):
        what = "is missing" if name not in asked or value == "" else "is no text"
        raise Problem(400, f"`{name}` {what}", f'send a text, as `{{"{name}": "…"}}`', rule="bad-request")
    return value


def end_of(asked: Asked, now: datetime) -> datetime | None:
    """The end that a request asks for, by a time or a span; None where it names neither."""
    lasting, until = text_of(asked, "for"), text_of(asked, "until")
    if lasting and until:
        raise Problem(400, "both `for` and `until` are given", "send one of them", rule="bad-request")
    try:
        if lasting:
            span = parse_duration(lasting)
            if not timedelta(0) < span <= timedelta(days=366):
                raise ValueError
            return now + span
        if not until:
            return None
        moment = datetime.fromisoformat(until)
        if moment.tzinfo is None or not now < moment.astimezone(UTC) <= now + timedelta(days=366):
            raise ValueError
        return moment.astimezone(UTC)
    except (ExpressionError, ValueError, OverflowError):
        raise Problem(
            400,
            f"`{(lasting or until)[:60]}` is not a time to come, of this year",
            "write a span as `2h`, or a time with its offset, as `2026-11-23T08:00:00Z`",
            rule="bad-request",
        ) from None
