"""The pieces that schemas of what is printed are made of; each says what it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]


def object_of(description: str, **properties: Mapping[str, Any]) -> Schema:
    """An object with exactly these *properties*, none of which is ever left out."""
    return {
        "type": "object",
        "description": description,
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def text(description: str) -> Schema:
    """A text."""
    return {"type": "string", "description": description}


def texts(description: str) -> Schema:
    """A list of texts."""
    return {"type": "array", "items": {"type": "string"}, "description": description}


def strings(description: str) -> Schema:
    """Texts by name."""
    return {"type": "object", "additionalProperties": {"type": "string"}, "description": description}


def flag(description: str) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description}


def ref(name: str, description: str = "") -> Schema:
    """What is described elsewhere under this *name*."""
    return {"$ref": f"#/$defs/{name}"} | ({"description": description} if description else {})


def list_of(name: str, description: str = "") -> Schema:
    """A list of what is described elsewhere under this *name*."""
    return {"type": "array", "items": ref(name)} | ({"description": description} if description else {})


def nullable(schema: Schema, description: str) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}], "description": description}
