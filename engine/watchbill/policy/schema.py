"""JSON Schemas (2020-12) of every kind of document, for editors and for CI without watchbill.

They say what the documents' models say: keys, types, fixed words, and the look of texts. What only the compiler knows
(names, conditions, templates) they leave open.
"""

from __future__ import annotations

import re
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from watchbill import SCHEMAS
from watchbill.model.references import Kind
from watchbill.policy.documents import API_VERSION, KINDS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Every schema by its file name: ``person.json`` and so on, and ``watchbill.json`` for a document of any kind.

    None of them refers to another file, so that an editor needs no network and no folder.
    """
    by_kind = {file_of(kind): _schema_of(kind) for kind in KINDS}
    return {**by_kind, "watchbill.json": _any_kind()}


def file_of(kind: str) -> str:
    """The name of the file with the schema of a *kind*: its words in lower case, as in ``policy-test.json``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind).lower() + ".json"


def _schema_of(kind: Kind) -> dict[str, Any]:
    written = KINDS[kind].model_json_schema(by_alias=True, mode="validation", schema_generator=_Generator)
    schema = _tidied(written)
    schema.pop("title", None)
    return {"$schema": DIALECT, "$id": f"{SCHEMAS}/{file_of(kind)}", "title": kind, **schema}


def _any_kind() -> dict[str, Any]:
    """A document of any kind. The kind decides which schema holds, so that an editor tells of that one only."""
    _, written = models_json_schema([(model, "validation") for model in KINDS.values()], by_alias=True, schema_generator=_Generator)
    return {
        "$schema": DIALECT,
        "$id": f"{SCHEMAS}/watchbill.json",
        "title": "watchbill",
        "description": "A document of a watchbill repository.",
        "type": "object",
        "properties": {
            "apiVersion": {"const": API_VERSION, "description": "The version of the language."},
            "kind": {"enum": list(KINDS), "description": "The kind of document."},
        },
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "allOf": [
            {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": {"$ref": f"#/$defs/{KINDS[kind].__name__}"}}
            for kind in KINDS
        ],
        **_tidied(written),
    }


class _Generator(GenerateJsonSchema):
    """pydantic's, without the names that it makes up for every key."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _tidied(node: Any) -> Any:
    """The same, without defaults that only say that a key may be left out."""
    if isinstance(node, dict):
        kept = {key: _tidied(value) for key, value in node.items() if not (key == "default" and value in (None, "", []))}
        if "const" in kept and "enum" not in kept:
            kept.pop("default", None)
        return kept
    return [_tidied(item) for item in node] if isinstance(node, list) else node
