"""What changes a system happens in a remediation, and nowhere else: every action there is, at every place there is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, get_args

import pytest

from tests.language.makers import SETTINGS, Written, compiled
from watchbill.connectors.catalogue import catalogue
from watchbill.connectors.programs import type_of
from watchbill.model.plan import StepKind
from watchbill.model.policies import Remediation
from watchbill.model.policyset import PLACE_OF_STEP, TAKES, Action, ConnectorType, UsePlace, kind_of
from watchbill.policy import Compiled
from watchbill.policy.compile.calls import RULES_OF_PLACES

TYPES = catalogue()
ACTIONS = tuple((kind, action) for kind in TYPES.values() for action in kind.actions)
RULES = frozenset(RULES_OF_PLACES.values())


def sample(schema: Mapping[str, Any]) -> Any:
    """A value that a schema takes: its example where it has one."""
    if "const" in schema:
        return schema["const"]
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("enum"):
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            choice = next(iter(schema.get("oneOf", ())), {}).get("required", ())
            return {name: sample(schema["properties"][name]) for name in (*schema.get("required", ()), *choice)}
        case "array":
            return [sample(schema["items"])]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return next(text for text in TEXTS if fits(schema, text))


TEXTS = (
    "x",
    "https://x.example.com",
    "1h",
    "ops@example.com",
    "+351 555 0100",
    "AC" + "0" * 32,
    "/x",
    "#x",
    "postgresql://x.example.com/x",
)


def fits(schema: Mapping[str, Any], text: str) -> bool:
    """Whether a schema takes this text."""
    from jsonschema import Draft202012Validator

    return bool(Draft202012Validator(schema).is_valid(text))


def a_connector(kind: ConnectorType, *, tells: bool) -> Written:
    """A connector of this type; what changes a system may say that it tells, and that must change nothing."""
    return ("Connector", name_of(kind, tells=tells), json.dumps({"type": kind.name, "with": sample(kind.settings), "tells": tells}), "")


def name_of(kind: ConnectorType, *, tells: bool) -> str:
    """What the connector of this type is called."""
    return f"{kind.name}-{'tells' if tells else 'plain'}"


def at_place(place: UsePlace, kind: ConnectorType, action: Action, *, tells: bool) -> tuple[str, str, str]:
    """A document of its own that calls this action at this place: its kind, its name, and what it says."""
    connector = name_of(kind, tells=tells)
    arguments: Any = sample(action.arguments)
    use = {"use": f"{connector}.{action.name}", "with": arguments}
    name = f"{connector}-{action.name}"
    matching = [f'alertname="{name}"']
    repair: dict[str, Any] = {
        "match": matching,
        "phase": "human-initiated",
        "target": "x",
        "steps": [{"name": "it", "use": "cluster.cordon", "with": {"node": "x"}}],
    }
    if place == "steps":
        repair |= {"steps": [{"name": "it", **use}], "rollback": {"steps": [{"name": "it", **use}]}}
    elif place == "verify":
        repair |= {"verify": {**use, "expect": "to_string(@) == 'x'", "for": "1m", "within": "5m"}}
    level = {"page": "role/primary", "notify": [use] if place == "notify" else []}
    hub = {"hub": {place.partition(".")[2]: use}} if place.startswith("hub.") else {}
    alert = {"name": "Down", "severity": "info"}
    said: dict[UsePlace, tuple[str, object]] = {
        "collect": ("Triage", {"match": matching, "collect": [{"name": "it", **use}]}),
        "verify": ("Remediation", repair),
        "probe": ("Probe", {"service": "checkout", "every": "1m", "expect": "to_string(@) == 'x'", "alert": alert, **use}),
        "notify": ("Escalation", {"match": matching, "levels": [level]}),
        "channels": ("Audience", {"channels": [use]}),
        "contacts": ("Person", {"contacts": [{"use": use["use"], "to": arguments.get("to", "x")}]}),
        "hub.channel": ("Escalation", {"match": matching, "levels": [level], **hub}),
        "hub.bridge": ("Escalation", {"match": matching, "levels": [level], **hub}),
        "steps": ("Remediation", repair),
    }
    document, spec = said[place]
    return document, name, json.dumps(spec)


@cache
def tried(place: UsePlace, tells: bool) -> Compiled:
    """All actions of all types at one place, each in a document of its own."""
    connectors = [a_connector(kind, tells=tells) for kind in TYPES.values()]
    return compiled(*connectors, *(at_place(place, kind, action, tells=tells) for kind, action in ACTIONS))


def calls_in(value: object) -> Iterator[tuple[str, str]]:
    """Every call that stands in a compiled value, wherever: whatever has a connector and an action."""
    if is_dataclass(value) and not isinstance(value, type):
        connector, action = getattr(value, "connector", None), getattr(value, "action", None)
        if isinstance(connector, str) and isinstance(action, str):
            yield connector, action
        for each in fields(value):
            yield from calls_in(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from calls_in(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from calls_in(inner)


IN_DOCUMENTS = [place for place in TAKES if place not in ("last_resort", "synthetic_page")]


@pytest.mark.parametrize("tells", [False, True])
@pytest.mark.parametrize("place", IN_DOCUMENTS)
def test_a_place_takes_what_belongs_there_and_nothing_else(place: UsePlace, tells: bool):
    """
    Of all actions exactly those are an error at a place, and are left out there, that do what does not belong there.
    """
    done = tried(place, tells)
    assert done.policies is not None
    connectors = done.policies.connectors
    found = {finding.document.partition("/")[2] for finding in done.findings if finding.rule in RULES}
    expected = {
        f"{name_of(kind, tells=tells)}-{action.name}"
        for kind, action in ACTIONS
        if kind_of(action, connectors[name_of(kind, tells=tells)]) not in TAKES[place]
    }

    assert found == expected
    assert {name.partition("/")[2] for name in done.quarantined} == expected
    assert {finding.rule for finding in done.findings if finding.rule in RULES} <= {RULES_OF_PLACES[place]}


@pytest.mark.parametrize("tells", [False, True])
@pytest.mark.parametrize(("kind", "action"), [pytest.param(*each, id=f"{each[0].name}.{each[1].name}") for each in ACTIONS])
def test_the_settings_take_what_belongs_there_and_nothing_else(kind: ConnectorType, action: Action, tells: bool):
    """
    The last resort tells or reaches, the synthetic page reaches; whatever else stands there is an error, and no call.
    """
    use = json.dumps({"use": f"{name_of(kind, tells=tells)}.{action.name}", "with": sample(action.arguments)})
    done = compiled(a_connector(kind, tells=tells), settings=f"{SETTINGS}  last_resort: {use}\n  synthetic_page: {use}\n")
    assert done.policies is not None
    does = kind_of(action, done.policies.connectors[name_of(kind, tells=tells)])
    settings = done.policies.settings

    assert (settings.last_resort is not None) == (does in TAKES["last_resort"])
    assert (settings.synthetic_page is not None) == (does in TAKES["synthetic_page"])


@pytest.mark.parametrize("tells", [False, True])
def test_what_changes_a_system_is_compiled_into_remediations_only(tells: bool):
    """
    In whatever compiles, only the steps of a remediation call an action that changes a system.
    """
    for place in IN_DOCUMENTS:
        found = tried(place, tells).policies
        assert found is not None
        outside = replace(found, remediations={name: without_steps(each) for name, each in found.remediations.items()}, tests={})
        for connector, name in calls_in(outside):
            action = TYPES[found.connectors[connector].type].action(name)
            assert action is not None
            assert kind_of(action, found.connectors[connector]) != "changes", (place, connector, name)


def without_steps(remediation: Remediation) -> Remediation:
    """The remediation without what may change a system."""
    return replace(remediation, steps=(), rollback=None)


def test_every_step_was_written_somewhere():
    """
    Each kind of step has the place where its calls were written, so that the engine can hold every call to it.
    """
    assert set(PLACE_OF_STEP) == set(get_args(StepKind))
    assert set(PLACE_OF_STEP.values()) <= set(TAKES)
    assert {kind for kind, place in PLACE_OF_STEP.items() if "changes" in TAKES[place]} == {"repair", "rollback"}


CLOSED: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("said", "does", "generic"),
    [
        ({}, "changes", True),
        ({"reads": False, "reaches": False}, "changes", True),
        ({"does": "changes"}, "changes", False),
        ({"does": "tells"}, "tells", False),
        ({"does": "opens"}, "opens", False),
        ({"reads": True}, "reads", False),
        ({"does": "reads", "reads": True}, "reads", False),
        ({"reaches": True}, "reaches", False),
        ({"does": "reaches", "reaches": True, "reads": False, "rings": True}, "reaches", False),
    ],
)
def test_what_a_program_says_of_an_action(said: dict[str, Any], does: str, generic: bool):
    """
    An action of a program does what it declares, in the words of today or in the older ones; one that declares nothing changes a system,
    unless its connector says that it tells.
    """
    described = {"name": "ring", "summary": "Rings.", "arguments": CLOSED, "result": CLOSED, **said}
    (action,) = type_of("bell", {"type": {"summary": "A bell.", "settings": CLOSED, "actions": [described]}}).actions

    assert (action.does, action.generic, action.rings) == (does, generic, said.get("rings", False))
