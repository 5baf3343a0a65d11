"""What every connector type promises, checked over all of them."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import watchbill.connectors
from watchbill.connectors.catalogue import catalogue
from watchbill.connectors.schemas import DURATION
from watchbill.model.policyset import Action, ConnectorType

CATALOGUE = catalogue()
TYPES = list(CATALOGUE.values())
ACTIONS = [(each, action) for each in TYPES for action in each.actions]
ESCAPINGS = {"promql", "html", "mrkdwn", "header", "url", "argv", "none"}
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

every_type = pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
every_action = pytest.mark.parametrize(("kind", "action"), ACTIONS, ids=[f"{kind.name}.{action.name}" for kind, action in ACTIONS])


def all_schemas(kind: ConnectorType) -> Iterator[Mapping[str, Any]]:
    yield kind.settings
    for action in kind.actions:
        yield action.arguments
        yield action.result


def inside(schema: Any) -> Iterator[Mapping[str, Any]]:
    """This *schema* and every schema that stands in it."""
    yield schema
    for name in ("properties", "patternProperties"):
        for each in schema.get(name, {}).values():
            yield from inside(each)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), Mapping):
            yield from inside(schema[name])


def fits(type_name: str, action_name: str, arguments: Mapping[str, Any]) -> bool:
    action = CATALOGUE[type_name].action(action_name)
    assert action is not None
    return Draft202012Validator(action.arguments).is_valid(arguments)


def test_catalogue_is_in_the_order_of_names():
    """
    The catalogue lists its types by name, each under its own.
    """
    assert list(CATALOGUE) == sorted(CATALOGUE)
    assert [kind.name for kind in TYPES] == list(CATALOGUE)


def test_no_type_is_forgotten():
    """
    Every module that exports a TYPE is in the catalogue, under the name of its file.
    """
    modules = [module.name for module in pkgutil.iter_modules(watchbill.connectors.__path__)]
    with_type = [name for name in modules if hasattr(import_module(f"watchbill.connectors.{name}"), "TYPE")]

    assert sorted(with_type) == list(CATALOGUE)


def test_an_unknown_action_is_none():
    """
    Asking a type for an action it does not have gives nothing.
    """
    assert CATALOGUE["slack"].action("fax") is None


@every_type
def test_names_are_kebab_case(kind: ConnectorType):
    """
    Types and actions are named in kebab case, and no type has two actions of one name.
    """
    names = [kind.name, *(action.name for action in kind.actions)]

    assert [name for name in names if not KEBAB.fullmatch(name)] == []
    assert len(set(names[1:])) == len(kind.actions) > 0


@every_type
def test_summaries_are_sentences(kind: ConnectorType):
    """
    What a type or an action does is said in one sentence, from its capital letter to its stop.
    """
    summaries = [kind.summary, *(action.summary for action in kind.actions)]

    assert [each for each in summaries if not re.fullmatch(r"[A-Z][^.\n]{7,}\.", each)] == []


@every_type
def test_schemas_are_valid(kind: ConnectorType):
    """
    Settings, arguments and results are valid JSON Schemas of 2020-12, and so are their examples and defaults by their own words.
    """
    for schema in all_schemas(kind):
        Draft202012Validator.check_schema(schema)
        for each in inside(schema):
            for value in (*each.get("examples", ()), *([each["default"]] if "default" in each else ())):
                assert Draft202012Validator(each).is_valid(value), (kind.name, value)


@every_type
def test_every_object_is_closed_or_free_on_purpose(kind: ConnectorType):
    """
    An object says what may stand in it besides the properties it names: nothing, values of one kind, or anything.
    """
    for schema in all_schemas(kind):
        for each in inside(schema):
            if "object" in each.get("type", ""):
                assert "additionalProperties" in each, (kind.name, each)


@every_type
def test_every_property_is_described(kind: ConnectorType):
    """
    Each setting and each argument says in a sentence what it is, so that an editor can show it.
    """
    schemas: list[Any] = [kind.settings, *(action.arguments for action in kind.actions)]
    for schema in schemas:
        for name, each in schema["properties"].items():
            assert re.match(r"[A-Z].*\.$", each.get("description", ""), re.DOTALL), (kind.name, name)


@every_type
def test_settings_are_texts_and_hold_no_secret(kind: ConnectorType):
    """
    Every setting is a text, and none goes by the name of a secret: those are only ever referred to.
    """
    settings: Any = kind.settings

    assert {each["type"] for each in settings["properties"].values()} <= {"string"}
    assert set(settings["properties"]).isdisjoint(kind.secrets)
    assert set(settings["properties"]).isdisjoint({"password", "token", "secret", "key", "api_key"})


@every_action
def test_arguments_are_a_closed_object(kind: ConnectorType, action: Action):
    """
    An argument that the action does not have is refused.
    """
    arguments: Any = action.arguments

    assert arguments["type"] == "object"
    assert arguments["additionalProperties"] is False
    assert set(arguments.get("required", ())) <= set(arguments["properties"])


@every_action
def test_escaping_names_arguments_and_known_ways(kind: ConnectorType, action: Action):
    """
    Escaping is declared once for an argument that exists, in a way that templates know.
    """
    arguments: Any = action.arguments
    names = [name for name, _ in action.escaping]

    assert set(names) <= set(arguments["properties"])
    assert len(set(names)) == len(names)
    assert {way for _, way in action.escaping} <= ESCAPINGS


@every_action
def test_every_argument_that_can_hold_text_says_how_it_is_escaped(kind: ConnectorType, action: Action):
    """
    No argument into which an alert's words may be filled is left without a word on escaping, not even `none`.
    """
    arguments: Any = action.arguments
    declared = {name for name, _ in action.escaping}
    texts = {
        name
        for name, schema in arguments["properties"].items()
        if any({"string", "object"} & {*each.get("type", ())} or each.get("type") in ("string", "object") for each in inside(schema))
    }

    assert texts == declared


@every_action
def test_what_only_reads_reaches_nobody_and_may_be_repeated(kind: ConnectorType, action: Action):
    """
    A collector's action gets to no person, and asking twice harms nothing.
    """
    if action.reads:
        assert not action.reaches
        assert action.idempotent


@every_action
def test_what_reaches_a_person_takes_an_address_and_a_text(kind: ConnectorType, action: Action):
    """
    An action that reaches a person needs `to` and nothing else, takes `text`, and is never repeatable without a second ring.
    """
    if action.reaches:
        arguments: Any = action.arguments
        assert arguments["required"] == ["to"]
        assert arguments["properties"]["text"]["type"] == "string"
        assert not action.idempotent


@every_action
def test_results_say_what_is_always_there(kind: ConnectorType, action: Action):
    """
    A result is a closed object whose properties are all there, so that a condition on it can be typed.
    """
    schema: Any = action.result

    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert schema["required"] == list(schema["properties"]) != []


def test_who_reaches_a_person():
    """
    Only calls, text messages, direct messages, mail and pages of a webhook reach a person; a post in a channel does not.
    """
    assert {f"{kind.name}.{action.name}" for kind, action in ACTIONS if action.reaches} == {
        "email.send",
        "slack.direct",
        "twilio.call",
        "twilio.sms",
        "webhook.page",
    }


def test_what_tells_opens_and_rings():
    """
    A post or an entry of a log tells, a room of a chat or a bridge is opened; a call and a webhook's page ring, and of a webhook's post
    nobody but its connector knows what it does.
    """

    def those(found: Callable[[Action], bool]) -> set[str]:
        return {f"{kind.name}.{action.name}" for kind, action in ACTIONS if found(action)}

    assert those(lambda action: action.does == "tells") == {"log.write", "slack.post", "statuspage.post"}
    assert those(lambda action: action.does == "opens") == {"bridge.open", "slack.invite", "slack.open-channel", "slack.set-topic"}
    assert those(lambda action: action.rings) == {"twilio.call", "webhook.page"}
    assert those(lambda action: action.generic) == {"webhook.post"}


def test_what_does_more_than_read_and_may_be_repeated():
    """
    Of the actions that do more than read, exactly these may be repeated: each sets a state, or finds what is there.
    """
    assert {f"{kind.name}.{action.name}" for kind, action in ACTIONS if action.idempotent and not action.reads} == {
        "bridge.open",
        "kubernetes.cordon",
        "kubernetes.rollout-restart",
        "kubernetes.scale",
        "kubernetes.uncordon",
        "log.write",
        "slack.invite",
        "slack.open-channel",
        "slack.set-topic",
    }


def test_query_languages_and_commands_are_escaped():
    """
    What reaches a query language, a command line, a header or a path is never filled in as it is.
    """
    ways = {(kind.name, action.name, name): way for kind, action in ACTIONS for name, way in action.escaping}

    assert {ways[name] for name in ways if name[0] in ("prometheus", "loki") and name[2] == "query"} == {"promql"}
    assert {ways[name] for name in ways if name[2] in ("argv", "host")} == {"argv"}
    assert {ways[name] for name in ways if name[2] in ("path", "room", "namespace", "selector")} == {"url"}
    assert {ways[name] for name in ways if name[2] == "headers" or (name[0] == "email" and name[2] != "text")} == {"header"}
    assert {ways[name] for name in ways if name[0] == "slack" and name[2] == "text"} == {"mrkdwn"}


@pytest.mark.parametrize("good", ["1h30m", "90s", "2w", "500ms", "1d"])
def test_durations_as_prometheus_writes_them(good: str):
    """
    Durations have units in falling order, each once.
    """
    assert re.match(DURATION, good)


@pytest.mark.parametrize("bad", ["", "90", "30m1h", "1.5h", "1h1h", "h"])
def test_other_durations_are_refused(bad: str):
    """
    A number without a unit, a fraction or units out of order is no duration.
    """
    assert not re.match(DURATION, bad)


@pytest.mark.parametrize(
    ("use", "arguments"),
    [
        (("kubernetes", "rollout-restart"), {"deployment": "checkout", "namespace": "shop"}),
        (("kubernetes", "scale"), {"statefulset": "order-events-consumer", "replicas": 6}),
        (("prometheus", "query-range"), {"query": "up", "range": "1h", "against": "1d"}),
        (("slack", "post"), {"channel": "#payments", "text": "hello"}),
        (("slack", "open-channel"), {"name": "inc-checkout-7f3a"}),
        (("statuspage", "post"), {"components": {"kd81x": "partial_outage"}}),
        (("twilio", "call"), {"to": "+351 555 0100"}),
        (("postgres", "query"), {"query": "select 1 where $1 = 'x'", "parameters": ["x"]}),
        (("exec", "read"), {"argv": ["df", "-h"]}),
    ],
)
def test_arguments_that_fit(use: tuple[str, str], arguments: dict[str, Any]):
    """
    What an operator would write is taken.
    """
    assert fits(*use, arguments)


@pytest.mark.parametrize(
    ("use", "arguments"),
    [
        (("kubernetes", "rollout-restart"), {"namespace": "shop"}),
        (("kubernetes", "rollout-restart"), {"deployment": "a", "statefulset": "b"}),
        (("kubernetes", "scale"), {"daemonset": "node-exporter", "replicas": 1}),
        (("kubernetes", "scale"), {"deployment": "checkout", "replicas": "six"}),
        (("prometheus", "query"), {"expression": "up"}),
        (("prometheus", "query-range"), {"query": "up", "range": "an hour"}),
        (("slack", "open-channel"), {"name": "Inc Checkout"}),
        (("statuspage", "post"), {"components": {"kd81x": "broken"}}),
        (("twilio", "call"), {"to": "555 0100"}),
        (("postgres", "query"), {"query": "select '{{ alert.labels.service }}'"}),
        (("exec", "run"), {"argv": "rm -rf /tmp/cache"}),
        (("exec", "run"), {"argv": []}),
    ],
)
def test_arguments_that_do_not_fit(use: tuple[str, str], arguments: dict[str, Any]):
    """
    Missing, misspelt, mistyped and contradictory arguments are refused.
    """
    assert not fits(*use, arguments)
