"""Incidents that people declare by hand: each is an alert of the source `watchbill`, which goes the way of every other alert."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from watchbill.decide.claiming import severity_of
from watchbill.decide.planning import plan
from watchbill.execute.deciding import Decided
from watchbill.ingest import fingerprint
from watchbill.model.alert import DECLARED, OWN_SOURCE, Alert
from watchbill.model.decision import Snapshot
from watchbill.model.severity import RANK
from watchbill.report.plan_json import plans_json
from watchbill.report.plan_text import plans_text
from watchbill.server.acting import person, text_of
from watchbill.server.answers import Problem, json
from watchbill.server.bodies import read_object
from watchbill.server.house import House, house_of
from watchbill.store import silences

if TYPE_CHECKING:
    pass

SUMMARY_LENGTH: Final = 1_000


async def opened(request: Request) -> Response:
    """Declare an incident; with `dry_run` say what that would bring, and do nothing."""
    house = house_of(request)
    caller = await person(request, house)
    asked = await read_object(request, house)
    alert = _alert(asked, caller.name, house)
    if asked.get("dry_run", False) is True:
        return await _planned(house, alert, asked)
    decided = await house.engine.declare(alert, caller.recorded)
    incident = decided.incident
    assert incident is not None
    said = f"{_came_of_it(decided)}, declared by {caller.name}"
    house.say("warning", "declared", incident=incident.id, service=alert.labels["service"], by=caller.recorded, answer=said)
    stands = {"incident": incident.id, "number": decided.number, "status": incident.status, "by": caller.name}
    return json({**stands, "answer": said}, 201)


async def _planned(house: House, alert: Alert, asked: Mapping[str, Any]) -> Response:
    width = asked.get("width", 80)
    if not isinstance(width, int) or not 20 <= width <= 1_000:
        raise Problem(400, "`width` is no width", "send a number from 20 to 1000", rule="bad-request")
    now = house.engine.now()
    live = await house.read(lambda connection: silences.standing(connection, now))
    found = await house.apart(partial(plan, house.engine.policies.bill, (alert,), now, Snapshot(silences=live)))
    return json({"plans": plans_json(found), "text": plans_text(found, width=width)})


def _came_of_it(decided: Decided) -> str:
    if decided.before is None:
        return "opened"
    return "opened again" if decided.before.status == "resolved" else "joins what is open already"


def _alert(asked: Mapping[str, Any], by: str, house: House) -> Alert:
    """The alert that says what is *asked*. It is one of its own: whoever declares twice has seen two things."""
    bill, now = house.engine.policies.bill, house.engine.now()
    service, severity = text_of(asked, "service", needed=True), text_of(asked, "severity", needed=True)
    summary = text_of(asked, "summary", needed=True).strip()
    if service not in bill.policies.services:
        known = ", ".join(list(bill.policies.services)[:20])
        raise Problem(404, f"no service is called `{service[:60]}`", f"the services are: {known}", rule="unknown-name")
    if severity_of(bill, severity)[1] is not None:
        known = ", ".join(sorted(RANK, key=RANK.__getitem__, reverse=True))
        raise Problem(400, f"`{severity[:60]}` is no severity", f"say one of: {known}", rule="bad-request")
    if len(summary) > SUMMARY_LENGTH:
        raise Problem(400, f"the summary has {len(summary)} letters", f"{SUMMARY_LENGTH} are the most", rule="bad-request")
    labels = {"alertname": DECLARED, "service": service, "severity": severity}
    identity = fingerprint({**labels, "declaration": str(uuid.uuid4())})
    return Alert(identity, labels, {"summary": summary, "declared_by": by}, "firing", _second(now), source=OWN_SOURCE)


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
