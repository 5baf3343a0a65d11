"""What is known of the types in a condition, and how it is said to people."""

from __future__ import annotations

from typing import Final

from watchbill.expressions.conditions.functions import Signature
from watchbill.expressions.conditions.unparse import unparse
from watchbill.expressions.context import (
    Anything,
    Array,
    Boolean,
    Null,
    Number,
    Object,
    String,
    Type,
    described,
    members_of,
    optional,
    union,
    without_null,
)
from watchbill.expressions.problems import code
from watchbill.model.references import Json, Node

_NAMES: Final = {String: "string", Number: "number", Boolean: "boolean", Null: "null", Object: "object", Array: "array"}


def kinds_of(type: Type) -> tuple[str, ...]:
    """JMESPath's words for what a value of this *type* may be; none where anything may be."""
    found = [_NAMES.get(member.__class__, "") for member in members_of(type)]
    return tuple(dict.fromkeys(found)) if all(found) else ()


def type_of(value: Json) -> Type:
    """The type of a literal."""
    match value:
        case None:
            return Null()
        case bool():
            return Boolean()
        case int() | float():
            return Number()
        case str():
            return String((value,))
        case list() | tuple():
            return Array(union(*(type_of(part) for part in value)) if value else Anything())
        case dict():
            return Object({name: type_of(part) for name, part in value.items()})
        case _:
            return Anything()


def values_of(type: Type) -> Type:
    """The type of the values of an object's fields."""
    found: list[Type] = []
    for member in members_of(type):
        if isinstance(member, Object):
            found += [*member.fields.values(), *([member.open] if member.open is not None else [])]
        elif isinstance(member, Anything):
            return member
    return union(*found) if found else Anything()


def flattened(of: Type) -> Type:
    """The type of the elements of an array once its own arrays are taken apart."""
    return union(*(member.of if isinstance(member, Array) else member for member in members_of(of)))


def narrowed(name: str, gives: Type, arguments: list[Type]) -> Type:
    """What a function *gives* for *arguments* of these types, where that is more than its signature says."""
    arrays = [member for type in arguments for member in members_of(type) if isinstance(member, Array)]
    match name:
        case "max_by" | "min_by" if arrays:
            return optional(arrays[0].of)
        case "max" | "min" if arrays and kinds_of(arrays[0].of):
            return optional(arrays[0].of)
        case "sort" | "sort_by" | "reverse" if arrays:
            return arrays[0]
        case "reverse" if len(arguments) == 1 and kinds_of(arguments[0]) == ("string",):
            return String()
        case "not_null":
            return union(*(without_null(type) for type in arguments if not isinstance(type, Null)), Null()) if arguments else gives
        case "values" if len(arguments) == 1:
            return Array(values_of(arguments[0]))
        case "to_array" if arrays and len(members_of(arguments[0])) == 1:
            return arrays[0]
        case _:
            return gives


# --- in words ---------------------------------------------------------------------------------


def an(noun: str) -> str:
    """This *noun* with its article; null has none."""
    if noun.startswith("null"):
        return noun
    return ("an " if noun[:1] in "aeiou" else "a ") + noun


def noun_of(type: Type) -> str:
    """What a value of this *type* is, with its article, nulls apart."""
    return an(described(without_null(type)))


def arguments_of(signature: Signature) -> str:
    """How many arguments a function takes."""
    most = len(signature.takes)
    least = most - signature.optional
    if signature.repeats:
        return f"at least {least} argument{'s' if least > 1 else ''}"
    if least != most:
        return f"{least} or {most} arguments"
    return "one argument" if most == 1 else f"{most} arguments"


def conversion_help(node: Node, types: tuple[Type, Type]) -> str:
    """How two values of different types are to be compared."""
    for place in (0, 1):
        mine, other = node.children[place], node.children[1 - place]
        kind = set(kinds_of(types[1 - place])) - {"null"}
        if mine.type != "literal":
            continue
        if isinstance(mine.value, str):
            if kind == {"number"} and _is_number(mine.value):
                return f"write a number in backticks: `` `{mine.value}` ``"
            if kind == {"boolean"} and mine.value.lower() in ("true", "false"):
                return f"write `` `{mine.value.lower()}` `` in backticks"
            if kind == {"array"}:
                return "write " + code(f"contains({unparse(other)}, {unparse(mine)})")
        elif kind == {"string"}:
            return f"write a text in single quotes: '{str(mine.value).lower()}'; or compare " + code(f"to_number({unparse(other)})")
        elif kind == {"array"}:
            return "write " + code(f"contains({unparse(other)}, {unparse(mine)})")
    if {"string", "number"} <= {kind for type in types for kind in kinds_of(type)}:
        text = node.children[0 if "string" in kinds_of(types[0]) else 1]
        return "compare " + code(f"to_number({unparse(text)})")
    return "compare values of one type"


def number_help(node: Node, type: Type) -> str:
    """How a value that is no number is put in an order."""
    text = unparse(node)
    if node.type == "literal" and isinstance(node.value, str) and _is_number(node.value):
        return f"write a number in backticks: `` `{node.value}` ``"
    if text == "now" or text.endswith("_at"):
        return "times are texts: ask `in_interval('…')`, `hour(now)`, `weekday(now)` or `incident.age_seconds`"
    if text.rpartition(".")[2] == "severity" or text == "severity":
        return "severities have no order here: write `severity == 'critical'`"
    if "string" in kinds_of(type):
        return "write " + code(f"to_number({text})")
    if "array" in kinds_of(type) or "object" in kinds_of(type):
        return "write " + code(f"length({text})")
    return "order numbers only"


def argument_help(function: str, text: str, kinds: set[str]) -> str:
    """How an argument of the wrong type is mended."""
    if kinds == {"string"}:
        return "write " + code(f"to_string({text})")
    if kinds == {"number"}:
        return "write " + code(f"to_number({text})")
    if function == "contains":
        return "the list, or the longer text, comes first: " + code(f"contains(['a', 'b'], {text})")
    return f"give `{function}()` what it takes"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
