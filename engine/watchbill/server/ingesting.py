"""Where alerts come in, and what gateways report of pages. An answer of 2xx says that the request is in the record for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from watchbill.errors import OutsideError
from watchbill.execute.ingesting import Kind
from watchbill.ingest.payload import Payload
from watchbill.ingest.proof import doubt
from watchbill.model.event import DeliveryReported
from watchbill.model.plan import REPORTED_LATER
from watchbill.model.sources import Source
from watchbill.server.answers import Problem, json
from watchbill.server.bodies import read_body, read_object, too_busy
from watchbill.server.house import House, house_of
from watchbill.store import steps

LONGEST_ERROR: Final = 500


async def alerts_v2(request: Request) -> Response:
    """What Prometheus posts to Alertmanager; the answer is empty, as Alertmanager's is."""
    house = house_of(request)
    await house.access.allowed(request.headers, "ingest")
    await _received(request, house, "alerts-v2", "prometheus")
    return Response(status_code=200)


async def source(request: Request) -> Response:
    """What a declared `Source` posts, proven as it says; or Alertmanager's webhook, for which none has to be declared."""
    house, name = house_of(request), request.path_params["source"]
    declared = house.engine.policies.current.policies.sources.get(name)
    if declared is None and name != "alertmanager":
        # Who may not send alerts at all is not told which sources there are.
        await house.access.allowed(request.headers, "ingest")
        raise Problem(404, f"no source is called `{name[:60]}`", "declare a `Source` of this name", rule="unknown-name")
    if request.method == "OPTIONS":
        return _agreed(request, declared)
    if declared is None or declared.auth is None:
        await house.access.allowed(request.headers, "ingest")
    kind: Kind = "source" if declared is not None else "alertmanager"
    payload = await _received(request, house, kind, name, declared)
    return json(_told(payload))


async def delivery(request: Request) -> Response:
    """What the other side reports of a delivery that it took: that it was delivered, that it bounced, that it was answered."""
    house = house_of(request)
    caller = await house.access.allowed(request.headers, "report")
    asked = await read_object(request, house)
    result, error, key = asked.get("result"), asked.get("error", ""), asked.get("key")
    if not isinstance(error, str):
        raise Problem(400, "`error` is no text", 'send a text, as `{"error": "the mailbox is full"}`, or leave it out', rule="bad-request")
    if not isinstance(key, str) or not key:
        raise Problem(
            400, "`key` is missing", 'send the key that the page came with, as `{"key": "…", "result": "bounced"}`', rule="bad-request"
        )
    if result not in REPORTED_LATER:
        known = ", ".join(f"`{each}`" for each in REPORTED_LATER)
        raise Problem(400, f"`{str(result)[:40]}` is no result that is reported", f"the results are: {known}", rule="bad-request")
    name, number = _delivery_of(key)
    row = await house.read(lambda connection: steps.get(connection, name))
    if row is None or number >= len(row.step.deliveries):
        raise Problem(404, "no delivery has this key", "send the key as it came with the page", rule="unknown-step")
    report = DeliveryReported(name, number, result, error[:LONGEST_ERROR])
    told = await house.engine.report(row.incident, report, caller.recorded)
    house.say("info", "delivery_reported", incident=row.incident, step=name, number=number, result=result, by=caller.recorded)
    return json({"incident": row.incident, "status": told.status if told is not None else None})


def _delivery_of(key: str) -> tuple[str, int]:
    """The step, and the number of its delivery, that an idempotency *key* stands for."""
    name, mark, number = key.rpartition("#")
    if mark and number.isascii() and number.isdigit() and len(number) < 6 and int(number) > 1:
        return name, int(number) - 1
    return key, 0


async def _received(request: Request, house: House, kind: Kind, name: str, declared: Source | None = None) -> Payload:
    begun = house.elapsed()
    if house.engine.backlog > house.bounds.waiting:
        raise too_busy("more requests wait to be decided than the engine should be given")
    body = await read_body(request, house)
    if declared is not None and declared.auth is not None:
        await _prove(house, declared, request.headers, body)
    try:
        payload = await house.engine.receive(kind, name, body)
    except OutsideError as error:
        house.say("error", "not_recorded", source=name, error=error.message, place=str(error.place or ""))
        raise
    house.metrics.took_in(name if declared is not None else kind, house.elapsed() - begun)
    for notice in payload.notices:
        level = "warning" if notice.kind == "confirm" else "info"
        house.say(level, "notice", source=name, text=notice.text, help=notice.help, link=notice.link)
    return payload


async def _prove(house: House, declared: Source, headers: Mapping[str, str], body: bytes) -> None:
    """Raises `Problem` unless the request is its source's."""
    auth = declared.auth
    secrets = await house.secrets(auth.secrets) if auth is not None else ()
    why = doubt(auth, declared.type, secrets, dict(headers), body, house.engine.now())
    if why is None:
        return
    name = declared.ref.name
    house.metrics.refused_source(name)
    house.say("warning", "source_refused", source=name, error=why.reason, help=why.help)
    if not secrets:
        raise Problem(503, f"the source `{name}` cannot be proven: {why.reason}", why.help, rule="secret-missing")
    raise Problem(401, f"the request is not taken for one of `{name}`: {why.reason}", why.help, rule="bad-credentials")


def _agreed(request: Request, declared: Source | None) -> Response:
    """The answer to a sender of CloudEvents that asks first whether it may deliver here."""
    origin = request.headers.get("webhook-request-origin", "")
    if declared is None or declared.type != "cloudevents" or not origin:
        return Response(status_code=204, headers={"Allow": "POST, OPTIONS"})
    return Response(status_code=200, headers={"Allow": "POST, OPTIONS", "WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"})


def _told(payload: Payload) -> dict[str, Any]:
    notices = [{"kind": each.kind, "text": each.text, "help": each.help} for each in payload.notices]
    return {"alerts": len(payload.alerts), "truncated": payload.truncated, "notices": notices}
