from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.expressions.context import (
    CONTEXT,
    FIELDS,
    Anything,
    Array,
    Boolean,
    Null,
    Number,
    Object,
    String,
    Type,
    described,
    field_names,
    field_type,
    from_json_schema,
    optional,
    union,
    without_null,
)
from watchbill.model.severity import RANK


def test_every_field_has_one_sentence() -> None:
    """
    The reference says one or two whole sentences of each field, and no field stands twice.
    """
    assert all(field.doc.endswith(".") and field.doc[0].isupper() for field in FIELDS)
    assert len({field.path for field in FIELDS}) == len(FIELDS)


@pytest.mark.parametrize("row", FIELDS, ids=lambda row: row.path)
def test_the_context_has_every_field_of_the_table(row: Any) -> None:
    """
    What the table shows is what conditions are checked against.
    """
    type: Type = CONTEXT
    for name in row.path.split("."):
        found = field_type(type, "anything" if name == "*" else name)
        assert found is not None
        type = found

    assert without_null(type) == without_null(row.type)


def test_labels_are_open_and_the_rest_is_not() -> None:
    """
    Any label may be asked for and may be null; a field that is not in the table does not exist.
    """
    labels = field_type(CONTEXT, "alert")
    assert labels is not None

    assert field_type(field_type(labels, "labels") or Null(), "my_label") == optional(String())
    assert field_type(labels, "lables") is None
    assert field_type(CONTEXT, "nope") is None
    assert {"alert", "service", "env"} <= set(field_names(CONTEXT))


def test_the_severities_are_those_of_the_model() -> None:
    """
    The words for severities are the model's.
    """
    severity = field_type(CONTEXT, "severity")

    assert isinstance(severity, String)
    assert set(severity.choices) == set(RANK)


def test_a_service_may_be_null_and_so_may_its_fields() -> None:
    """
    An alert that no service claims has no service, so that all its fields may be null.
    """
    service = field_type(CONTEXT, "service")
    assert service is not None

    assert field_type(service, "name") == optional(String())


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ((String(), Null(), String()), "string or null"),
        ((Number(),), "number"),
        ((String(("a",)), String(("b",))), "string"),
        ((Array(Number()), Boolean()), "array of number or boolean"),
        ((Array(Anything()),), "array"),
        ((Object(), Null()), "object or null"),
        ((String(), Anything()), "anything"),
    ],
)
def test_unions_are_flat_and_read_well(types: tuple[Type, ...], expected: str) -> None:
    """
    A union names each type once, and says nothing where one of its types says nothing.
    """
    assert described(union(*types)) == expected


def test_texts_with_choices_are_put_together() -> None:
    """
    The choices of two texts are the choices of either; a text without choices may be any.
    """
    assert union(String(("a",)), String(("b", "a"))) == String(("a", "b"))
    assert union(String(("a",)), String()) == String()


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "string"),
        ({"type": "integer"}, "number"),
        ({"type": ["number", "null"]}, "number or null"),
        ({"type": "array", "items": {"type": "boolean"}}, "array of boolean"),
        ({"enum": ["a", 1, None]}, "string or number or null"),
        ({"enum": [[1]]}, "anything"),
        ({"const": True}, "boolean"),
        ({"anyOf": [{"type": "string"}, {"type": "number"}]}, "string or number"),
        ({"allOf": [{"type": "string"}]}, "string"),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"type": "number"}}}, "number"),
        ({"$ref": "#/$defs/nope"}, "anything"),
        ({"$ref": "https://example.com/schema"}, "anything"),
        ({"$ref": "#"}, "anything"),
        ({"type": "odd"}, "anything"),
        ({}, "anything"),
        ({"properties": {}}, "object"),
    ],
)
def test_a_json_schema_becomes_a_type(schema: dict[str, Any], expected: str) -> None:
    """
    What a schema says is kept as far as types go, and what it does not say is anything.
    """
    assert described(from_json_schema(schema)) == expected


def test_what_a_schema_does_not_name_is_not_there() -> None:
    """
    An object that names its properties has no others unless it says so; what is not required may be null.
    """
    closed = from_json_schema({"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a"]})
    opened = from_json_schema({"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "string"}})

    assert field_type(closed, "a") == Number()
    assert field_type(closed, "b") == optional(Number())
    assert field_type(closed, "c") is None
    assert field_type(opened, "c") == optional(String())
    assert field_type(from_json_schema({"type": "object"}), "c") == Anything()


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=4),
        lambda b: (
            st.lists(b, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "enum", "items", "properties", "anyOf", "$ref", "const", "required", "additionalProperties", "allOf"]
                ),
                b,
                max_size=4,
            )
        ),
    )
)
def test_no_schema_breaks_the_reading(schema: Any) -> None:
    """
    For all JSON in the place of a schema there is a type.
    """
    assert described(from_json_schema(schema if isinstance(schema, dict) else {"anyOf": [schema]}))
