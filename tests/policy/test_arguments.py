"""What is said of arguments that do not fit the schema that an action declares."""

from __future__ import annotations

from typing import Any

import pytest

from watchbill.policy.compile.arguments import check_arguments, is_template, validator_of
from watchbill.policy.compile.draft import Draft
from watchbill.policy.loading import load_text

SCHEMA = {
    "type": "object",
    "properties": {
        "pod": {"type": "string", "description": "The pod's name.", "minLength": 2, "maxLength": 5, "pattern": "^[a-z]+$"},
        "selector": {"type": "string"},
        "lines": {"type": "integer", "minimum": 1, "maximum": 9},
        "share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "people": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "either": {"anyOf": [{"type": "integer"}, {"enum": ["all"]}]},
        "even": {"multipleOf": 2},
    },
    "additionalProperties": False,
    "oneOf": [{"required": ["pod"]}, {"required": ["selector"]}],
}


def said(arguments: str, schema: Any = SCHEMA) -> list[str]:
    """What is said of these *arguments*, written below `with` in line 2."""
    (document,) = load_text(f"kind: Triage\nwith: {arguments}\n".encode(), "x").documents
    draft = Draft(document)
    check_arguments(draft.top / "with", document.data["with"], validator_of(schema), "cluster.logs")
    return [f"{finding.place}: {finding.message}; {finding.help}" for finding in draft.findings]


CASES = {
    "{pod: shop, lines: 0}": "x:2:26: `lines` of cluster.logs is 0; it is at least 1",
    "{pod: shop, lines: 10}": "x:2:26: `lines` of cluster.logs is 10; it is at most 9",
    "{pod: shop, lines: '3'}": "x:2:26: `lines` of cluster.logs should be a whole number, not text; write it without quotes",
    "{pod: shop, share: 0}": "x:2:26: `share` of cluster.logs is 0; it is more than 0",
    "{pod: shop, share: 1}": "x:2:26: `share` of cluster.logs is 1; it is less than 1",
    "{pod: a}": "x:2:13: `pod` of cluster.logs is too short; The pod's name",
    "{pod: checkout}": "x:2:13: `pod` of cluster.logs is too long; at most 5",
    "{pod: Shop}": "x:2:13: `pod` of cluster.logs cannot be `Shop`; The pod's name",
    "{pod: shop, people: []}": "x:2:27: `people` of cluster.logs is empty; see what the connector takes",
    "{pod: shop, people: [5]}": "x:2:28: `people` of cluster.logs should be text, not a number; put it in quotes",
    "{pod: shop, people: ana}": "x:2:27: `people` of cluster.logs should be a list, not text; "
    "write it as a list: each item on its own line after `- `, or all in `[…]`",
    "{pod: shop, labels: {a: {}}}": "x:2:31: `a` of cluster.logs should be text, not a mapping; write text",
    "{pod: shop, labels: app}": "x:2:27: `labels` of cluster.logs should be a mapping, not text; write keys and values: `key: value`",
    "{pod: shop, either: some}": "x:2:27: `either` of cluster.logs does not fit what it takes (anyOf); see what the connector takes",
    "{pod: shop, even: 3}": "x:2:25: `even` of cluster.logs does not fit what it takes (multipleOf); see what the connector takes",
    "{pod: shop, line: 3}": "x:2:19: cluster.logs takes no argument `line`; did you mean `lines`?",
    "{pod: shop, selector: app=a}": "x:2:7: cluster.logs needs exactly one of `pod` and `selector`; name one, and only one",
    "{lines: 3}": "x:2:7: cluster.logs needs exactly one of `pod` and `selector`; name one, and only one",
}


@pytest.mark.parametrize("arguments", CASES)
def test_what_does_not_fit_is_said_in_words(arguments: str):
    """
    Each of these arguments breaks the schema in one way, which is said at its place.
    """
    assert said(arguments) == [CASES[arguments]]


@pytest.mark.parametrize(
    "arguments",
    [
        '{pod: "{{ x }}"}',
        '{pod: shop, lines: "{{ tier }}"}',
        '{pod: shop, share: "{% if a %}1{% endif %}"}',
        '{pod: shop, people: ["{{ x }}"]}',
        '{pod: shop, either: "{{ x }}"}',
    ],
)
def test_a_template_fits_where_a_scalar_does(arguments: str):
    """
    A text that is filled in later may become any text or number.
    """
    assert said(arguments) == []


def test_a_template_is_no_list():
    """
    What is filled in is a text, so it never becomes a list or a mapping.
    """
    assert len(said('{pod: shop, people: "{{ x }}"}')) == 1
    assert is_template("{{ x }}")
    assert not is_template(5)


def test_one_of_several_may_be_enough():
    """
    Where at least one of several arguments is needed, that is what is said.
    """
    schema = {"anyOf": [{"required": ["pod"]}, {"required": ["selector"]}]}

    assert said("{lines: 3}", schema) == ["x:2:7: cluster.logs needs at least one of `pod` and `selector`; name one"]


def test_a_misspelt_argument_that_is_needed_is_one_finding():
    """
    An unknown argument close to a missing one is reported once.
    """
    schema = {"properties": {"query": {}}, "required": ["query"], "additionalProperties": False}

    assert said("{qurey: up}", schema) == ["x:2:8: cluster.logs takes no argument `qurey`; did you mean `query`?"]
    assert said("{}", schema) == ["x:2:1: cluster.logs needs the argument `query`; add it"]


def test_a_template_may_be_what_one_of_several_ways_needs():
    """
    One of several ways fits if only a template's text is against it.
    """
    schema = {"anyOf": [{"properties": {"lines": {"type": "integer"}}}, {"required": ["pod"]}]}

    assert said('{lines: "{{ tier }}"}', schema) == []
    assert len(said("{lines: many}", schema)) == 1
