"""The one check of filled-in arguments: it says what jsonschema says, and what is wrong in words."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from watchbill.connectors.catalogue import catalogue
from watchbill.expressions.argument_check import compile_arguments, compile_schema, converted
from watchbill.model.policyset import Action

ACTIONS: dict[str, Action] = {f"{name}.{action.name}": action for name, kind in catalogue().items() for action in kind.actions}

WORDS = st.sampled_from(
    ["", "a", "b", "ab", "#status", "3", "3.5", "-1", "true", "a\n", "a b", "x" * 300, "/path", "1h", "checkout-7c9d", "ü"]
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 300), st.sampled_from([0.0, 1.0, 2.5, -1.0, 1e9]), WORDS)
NAMES = st.sampled_from(["a", "b", "c", "to"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)), max_leaves=6
)
TYPES = st.sampled_from(["string", "integer", "number", "boolean", "array", "object", "null"])


def schemas() -> st.SearchStrategy[Any]:
    """Schemas of the keywords that are compiled, in any mixture, however little sense it makes."""
    counts = st.integers(0, 3)

    def of(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        several = st.lists(inner, min_size=1, max_size=3)
        keywords = {
            "type": st.one_of(TYPES, st.lists(TYPES, min_size=1, max_size=3, unique=True)),
            "enum": st.lists(VALUES, min_size=1, max_size=4),
            "const": VALUES,
            "minLength": counts,
            "maxLength": counts,
            "pattern": st.sampled_from(["^a", "b$", "^[a-z]+$", "^/", "^(a|b){1,2}$"]),
            "minimum": st.integers(-2, 3),
            "maximum": st.one_of(st.integers(-2, 3), st.just(2.5)),
            "required": st.lists(NAMES, max_size=2, unique=True),
            "properties": st.dictionaries(NAMES, inner, max_size=3),
            "additionalProperties": st.one_of(st.booleans(), inner),
            "items": inner,
            "minItems": counts,
            "maxItems": counts,
            "oneOf": several,
            "anyOf": several,
            "allOf": several,
            "not": inner,
            "description": st.just("What it says."),
        }
        return st.lists(st.sampled_from(sorted(keywords)), max_size=4, unique=True).flatmap(
            lambda names: st.fixed_dictionaries({name: keywords[name] for name in names})
        )

    return st.recursive(st.one_of(st.booleans(), of(st.just(True))), of, max_leaves=8)


@given(schemas(), VALUES)
def test_it_says_what_jsonschema_says(schema: Any, value: Any) -> None:
    """
    For every schema of the keywords that are compiled, a value fits if and only if jsonschema finds nothing wrong with it.
    """
    assert (compile_schema(schema)(value) is None) == Draft202012Validator(schema).is_valid(value)


@given(st.data())
def test_it_says_so_for_every_action_of_the_catalogue(data: st.DataObject) -> None:
    """
    The arguments of every action that comes with watchbill are judged as jsonschema judges them, whatever is given to them.
    """
    action = ACTIONS[data.draw(st.sampled_from(sorted(ACTIONS)))]
    schema = json.loads(json.dumps(action.arguments))
    properties = schema.get("properties", {})
    names = st.sampled_from([*properties, "nothing-like-it"])
    fitting = {name: st.one_of(VALUES, _like(each)) for name, each in properties.items()}
    given = {name: data.draw(fitting.get(name, VALUES)) for name in data.draw(st.lists(names, unique=True))}

    assert (compile_schema(schema)(given) is None) == Draft202012Validator(schema).is_valid(given)


def _like(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that have a chance to fit: the schema's own words and examples."""
    own = [*schema.get("enum", ()), *schema.get("examples", ()), *([schema["default"]] if "default" in schema else [])]
    if schema.get("type") == "array":
        return st.lists(st.one_of(SCALARS, _like(schema.get("items", {}))), max_size=3)
    return st.sampled_from(own) if own else SCALARS


def test_only_a_schema_of_others_needs_jsonschema() -> None:
    """
    No action that comes with watchbill needs jsonschema, whose import takes longer than a plan.
    """
    program = (
        "import sys\n"
        "from watchbill.connectors.catalogue import catalogue\n"
        "from watchbill.expressions.argument_check import compile_arguments\n"
        "for kind in catalogue().values():\n"
        "    for action in kind.actions:\n"
        "        compile_arguments(action.arguments)({'to': 'ana', 'nothing-like-it': 1})\n"
        "print('jsonschema' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize(
    ("schema", "fits", "fails"),
    [
        ({"type": "object", "patternProperties": {"^x-": {"type": "integer"}}}, {"x-a": 1}, {"x-a": "1"}),
        ({"$defs": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/n"}}}, {"a": 1}, {"a": "one"}),
        ({"properties": {"a": {"multipleOf": 2}}}, {"a": 4}, {"a": 3}),
        ({"properties": {"a": {"uniqueItems": True}}}, {"a": (1, 2)}, {"a": (1, 1)}),
    ],
)
def test_other_keywords_are_left_to_jsonschema(schema: Any, fits: Any, fails: Any) -> None:
    """
    A connector of somebody else's may use any keyword of JSON Schema: what is not compiled is judged by jsonschema itself.
    """
    check = compile_schema(schema)

    assert check(fits) is None
    assert check(fails) is not None


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "to": {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^[a-z]+$"},
        "level": {"enum": ["info", "error"]},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "people": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1, "maxItems": 2},
        "headers": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
    },
    "required": ["to"],
    "oneOf": [{"required": ["level"]}, {"required": ["count"]}],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"to": ""}, "`to` of chat.post is empty"),
        ({"to": "abcdef"}, "`to` of chat.post is longer than 5 characters"),
        ({"to": "ANA"}, "`to` of chat.post is not of the shape `^[a-z]+$`"),
        ({"to": "ana\n", "count": 1}, "`to` of chat.post holds a line break"),
        ({"to": 3}, "`to` of chat.post is not text"),
        ({"to": "ana", "level": "hidden"}, "`level` of chat.post is none of `info` and `error`"),
        ({"to": "ana", "count": 0}, "`count` of chat.post is less than 1"),
        ({"to": "ana", "count": 10}, "`count` of chat.post is more than 9"),
        ({"to": "ana", "count": True}, "`count` of chat.post is not a whole number"),
        ({"to": "ana", "people": []}, "`people` of chat.post is empty"),
        ({"to": "ana", "people": ["a", ""]}, "`people.1` of chat.post is empty"),
        ({"to": "ana", "people": ["a", "b", "c"]}, "`people` of chat.post has more than 2 entries"),
        ({"to": "ana", "headers": {"x": 1}}, "`headers.x` of chat.post is not text or nothing"),
        ({"to": "ana", "volume": 11}, "`volume` of chat.post is not among what it takes"),
        ({"count": 1}, "chat.post needs `to`"),
        ({"to": "ana"}, "chat.post needs exactly one of `level` and `count`"),
    ],
)
def test_what_is_wrong_is_said_without_the_content(given: Any, says: str) -> None:
    """
    A misfit names the argument, of what, and what is wrong with it.
    """
    misfit = compile_arguments(SCHEMA)(given)

    assert misfit is not None
    assert misfit.sentence("chat.post") == f"{says}, now that it is filled in"


@given(st.dictionaries(st.sampled_from(["to", "level", "count", "people", "headers"]), st.text("01xyz", min_size=7, max_size=9)))
def test_it_never_repeats_what_was_filled_in(given: dict[str, str]) -> None:
    """
    Whatever an alert brought does not come back in the message about it, which may be read by anybody.
    """
    misfit = compile_arguments(SCHEMA)(given)

    assert misfit is None or not any(value in misfit.sentence("chat.post") for value in given.values())


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "integer"}, "3", 3),
        ({"type": "integer"}, "-3", -3),
        ({"type": "integer"}, "007", "007"),
        ({"type": "integer"}, "three", "three"),
        ({"type": "number"}, "3.5", 3.5),
        ({"type": ["boolean", "null"]}, "true", True),
        ({"type": "boolean"}, "yes", "yes"),
        ({"type": ["string", "number"]}, "3", "3"),
        ({}, "3", "3"),
    ],
)
def test_a_text_becomes_the_number_that_is_wanted(schema: Any, text: str, value: Any) -> None:
    """
    A template gives a text; where a number or a boolean is wanted and the text is one, that is what the action gets.
    """
    whole = {"properties": {"n": schema, "several": {"items": schema}, "more": {"additionalProperties": schema}}}

    assert converted({"n": text, "several": [text], "more": {"x": text}}, whole) == {"n": value, "several": [value], "more": {"x": value}}
