"""What the engine refuses though policies say it: an action at a place where what it does does not belong."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.execute.conftest import NIGHT
from tests.execute.house import House
from tests.language.makers import RESTART, TELL, Written, policies
from tests.makers import a_use
from watchbill.connectors.performing import Request
from watchbill.execute.policies import Edition
from watchbill.model.ownership import Contact
from watchbill.model.plan import Call, Step
from watchbill.model.policies import Hub
from watchbill.model.policyset import PLACE_OF_STEP, TAKES, ActionKind, PolicySet, SyntheticPage, UsePlace
from watchbill.model.references import Use
from watchbill.store import incidents

EVERYWHERE: tuple[Written, ...] = (
    ("Connector", "mail", "{type: email, with: {url: 'smtp://mail.example.com', from: watchbill@example.com}}", ""),
    ("Connector", "room", "{type: bridge, with: {url: 'https://meet.example.com/{room}'}}", ""),
    ("Connector", "hook", "{type: webhook, with: {url: https://hooks.example.com}, tells: true}", ""),
    (
        "Escalation",
        "all",
        "{levels: [{page: role/primary, notify: [{use: chat.post, with: {channel: x}}]}], hub: {bridge: {use: room.open}}}",
    ),
    ("Triage", "look", "{collect: [{name: up, use: metrics.query, with: {query: up}}]}"),
    ("Comms", "tell", TELL.replace("first: 15m", "first: 1m")),
    (
        "Remediation",
        "restart",
        RESTART.replace("phase: fallback\nhold: 6m", "phase: oversight").replace("alert.labels.instance", "service.name"),
    ),
)
"""A document for each place that calls actions."""

USES: dict[ActionKind, Use] = {
    "reads": a_use("metrics.query", query="up"),
    "tells": a_use("chat.post", channel="#x"),
    "reaches": a_use("mail.send", to="ops@example.com"),
    "opens": a_use("room.open"),
    "changes": a_use("cluster.rollout-restart", deployment="x"),
}

LABELS = {"alertname": "Slow", "service": "checkout", "severity": "critical"}
ALERT = json.dumps(
    {"version": "4", "status": "firing", "alerts": [{"status": "firing", "labels": LABELS, "startsAt": "2026-11-23T03:12:00Z"}]}
).encode()


def everywhere(found: PolicySet, use: Use) -> PolicySet:
    """These policies with this one call at every place, as no compiler would let it stand."""
    call = Call(use.connector, use.action, {"to": "ops@example.com"} if use.connector == "mail" else {})
    contact = Contact(use.connector, use.action, "ops@example.com")
    escalation, triage, remediation = found.escalations["all"], found.triages["look"], found.remediations["restart"]
    level, (collector,), (step,) = escalation.levels[0], triage.collectors, remediation.steps
    assert escalation.hub is not None
    assert remediation.verification is not None
    return replace(
        found,
        settings=replace(found.settings, last_resort=call, synthetic_page=SyntheticPage(call, timedelta(days=1))),
        people={name: replace(person, contacts=(contact,)) for name, person in found.people.items()},
        escalations={
            "all": replace(
                escalation, levels=(replace(level, notify=(use,)),), hub=Hub(use, use, escalation.hub.invite, escalation.hub.place)
            )
        },
        triages={"look": replace(triage, collectors=(replace(collector, use=use),))},
        audiences={name: replace(audience, channels=(use,)) for name, audience in found.audiences.items()},
        remediations={
            "restart": replace(remediation, steps=(replace(step, use=use),), verification=replace(remediation.verification, use=use))
        },
    )


def place_of(request: Request) -> UsePlace:
    """Where the call that made this request was written."""
    if request.key.startswith("watchbill/synthetic/"):
        return "synthetic_page" if request.subject.startswith("watchbill: this is only a test") else "last_resort"
    found = re.search(rf"/({'|'.join(PLACE_OF_STEP)})/", request.key)
    assert found is not None, request.key
    return next(place for kind, place in PLACE_OF_STEP.items() if kind == found[1])


def lived(house: House) -> tuple[Step, ...]:
    """An hour of the engine with one alert that nobody answers; the steps of its incident."""
    steps: list[Step] = []

    async def life() -> None:
        async with house.running() as engine:
            incident = await house.receive(ALERT)
            await house.passes(timedelta(hours=1))
            found = await engine.write(lambda connection: incidents.load(connection, incident))
            assert found is not None
            steps.extend(found.steps.values())

    asyncio.run(life())
    return tuple(steps)


@pytest.mark.parametrize("kind", USES)
def test_no_place_runs_what_does_not_belong_there(tmp_path: Path, kind: ActionKind):
    """
    Whatever the policies in force say, an action leaves from those places only that take what it does.
    """
    house = House(tmp_path, now=NIGHT)
    house.policies = everywhere(policies(*EVERYWHERE), USES[kind])
    lived(house)
    left = {place_of(request) for request in house.world.requests}

    assert left == {place for place, kinds in TAKES.items() if kind in kinds} - {"probe"}


def test_a_refused_call_says_why(tmp_path: Path):
    """
    A step whose action does not belong there fails, with what the action does and what may stand in its place.
    """
    house = House(tmp_path, now=NIGHT)
    house.policies = everywhere(policies(*EVERYWHERE), USES["changes"])
    failed = {step.kind: step.problem for step in lived(house) if step.state == "failed"}

    assert failed["notify"] == "cluster.rollout-restart changes a system, and a post only tells somebody or reaches a person"
    assert failed["hub"] == "cluster.rollout-restart changes a system, and a hub only opens a place to talk in or tells somebody"
    assert failed["page"].endswith("(cluster.rollout-restart changes a system, and a contact reaches a person)")
    assert ("critical", "last_resort_failed") in [(level, event) for level, event, _ in house.said]
    assert [fields["error"] for _, event, fields in house.said if event == "synthetic_page"] == [
        "cluster.rollout-restart changes a system, and a synthetic page reaches a person"
    ]


def test_a_connector_that_tells_no_more(tmp_path: Path):
    """
    An incident keeps the escalation that it was opened by; where its connector has ceased to say `tells: true`, nothing is posted.
    """
    post = "{levels: [{page: role/primary, wait: 5m}, {page: role/secondary, notify: [{use: hook.post, with: {text: it}}]}]}"
    house = House(tmp_path, now=NIGHT)
    house.policies = policies(EVERYWHERE[2], ("Escalation", "all", post))
    silent = replace(house.policies.connectors["hook"], tells=False)
    later = replace(house.policies, revision="later", connectors={**house.policies.connectors, "hook": silent})

    async def life() -> None:
        async with house.running() as engine:
            await house.receive(ALERT)
            await engine.replace(Edition(later, {}))
            await house.passes(timedelta(minutes=10))

    asyncio.run(life())

    assert house.world.uses("phone.call") != []
    assert house.world.uses("hook.post") == []
