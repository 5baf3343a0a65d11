"""How arguments, settings and results are described: small makers of JSON Schema 2020-12.

Every object is closed (`additionalProperties: false`), so that a misspelt argument is a finding and
not a silence; every property says in words what it is, for editors and for the generated pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from watchbill.model.references import Json

Schema: TypeAlias = "dict[str, Json]"

DURATION = r"^(?!$)([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
"""A duration as Prometheus writes it: ``1h30m``, ``90s``, ``2w``."""

_WEB_URL = r"^https?://[^\s/]+.*$"


def arguments(properties: Mapping[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    """A closed object of these *properties*; used for arguments and for settings."""
    schema: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    return schema


def result(properties: Mapping[str, Schema]) -> Schema:
    """What comes back: a closed object in which every one of the *properties* is there, if only as null."""
    return arguments(properties, tuple(properties))


def text(description: str, *, pattern: str | None = None, longest: int | None = None, example: str | None = None) -> Schema:
    """A text that is not empty. *pattern* is checked where nothing is filled in."""
    schema: Schema = {"type": "string", "description": description, "minLength": 1}
    if pattern is not None:
        schema["pattern"] = pattern
    if longest is not None:
        schema["maxLength"] = longest
    if example is not None:
        schema["examples"] = [example]
    return schema


def one_of(description: str, *words: str) -> Schema:
    """One of these *words*."""
    return {"type": "string", "description": description, "enum": list(words)}


def duration(description: str, default: str | None = None) -> Schema:
    """A duration as Prometheus writes it."""
    schema = text(description, pattern=DURATION, example="1h30m")
    if default is not None:
        schema["default"] = default
    return schema


def whole(description: str, *, least: int = 0, most: int | None = None, default: int | None = None) -> Schema:
    """A whole number from *least* on."""
    schema: Schema = {"type": "integer", "description": description, "minimum": least}
    if most is not None:
        schema["maximum"] = most
    if default is not None:
        schema["default"] = default
    return schema


def flag(description: str, *, default: bool = False) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description, "default": default}


def several(description: str, item: Schema, *, least: int = 0) -> Schema:
    """A list of *item*."""
    schema: Schema = {"type": "array", "description": description, "items": item}
    if least:
        schema["minItems"] = least
    return schema


def named(description: str, value: Schema) -> Schema:
    """An object whose keys are free and whose values are all like *value*."""
    return {"type": "object", "description": description, "additionalProperties": value}


def web_url(description: str) -> Schema:
    """The address of something that speaks HTTP."""
    return text(description, pattern=_WEB_URL, example="https://metrics.example.com")


def number(description: str) -> Schema:
    """A number of a result."""
    return {"type": "number", "description": description}


def maybe(schema: Schema) -> Schema:
    """The same, or null where there is nothing to say."""
    return {**schema, "type": [schema["type"], "null"]}
