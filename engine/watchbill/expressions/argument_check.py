"""Whether the arguments of a call, with everything filled in, fit the JSON Schema that its action declares.

This is the one check of filled-in arguments: what `plan` and the policy tests say of a call is what the engine does with it.

Rule 1: it says what jsonschema says, for every schema. The keywords that argument schemas use are compiled into closures, since
the import of jsonschema takes longer than a plan; a schema with any other keyword is handed to jsonschema.
Rule 2: a misfit names the argument and what is wrong with it, and never says what the argument holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from watchbill.expressions.problems import code, listed
from watchbill.model.references import Json


@dataclass(frozen=True, slots=True)
class Misfit:
    """One value that does not fit: where it stands, from the arguments inwards, and in words what is wrong with it."""

    path: tuple[str | int, ...]
    wrong: str

    def sentence(self, use: str) -> str:
        """What is wrong, said of the action that policies call *use*."""
        where = ".".join(str(part) for part in self.path)
        subject = f"`{where}` of {use}" if where else use
        return f"{subject} {self.wrong}, now that it is filled in"


Check: TypeAlias = "Callable[[Any], Misfit | None]"
"""The first thing that does not fit, or None."""


def compile_arguments(schema: Mapping[str, Json]) -> Check:
    """The check of arguments for an action that declares this *schema*.

    Besides what the schema says, an argument with a pattern is one line: the end of a pattern matches before a last line break too.
    """
    check = compile_schema(schema)
    properties = schema.get("properties")
    one_line = tuple(name for name, each in _items(properties) if isinstance(each, Mapping) and "pattern" in each)
    if not one_line:
        return check

    def checked(arguments: Any) -> Misfit | None:
        misfit = check(arguments)
        if misfit is None:
            for name in one_line:
                value = arguments.get(name)
                if isinstance(value, str) and ("\n" in value or "\r" in value or "\0" in value):
                    return Misfit((name,), "holds a line break")
        return misfit

    return checked


def compile_schema(schema: Json) -> Check:
    """The check of a value by this *schema* alone."""
    return _compiled(schema) if _is_known(schema) else _by_jsonschema(schema)


def converted(value: Json, schema: Json) -> Json:
    """This *value* in which a text that a template became is the number or the boolean that the *schema* wants in its place."""
    if not isinstance(schema, Mapping):
        return value
    if isinstance(value, str):
        return _scalar(value, schema)
    if isinstance(value, Mapping):
        properties, others = dict(_items(schema.get("properties"))), schema.get("additionalProperties")
        return {name: converted(each, properties.get(name, others)) for name, each in value.items()}
    if isinstance(value, Sequence):
        return [converted(each, schema.get("items")) for each in value]
    return value


_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")


def _scalar(text: str, schema: Mapping[str, Json]) -> Json:
    kinds = _kinds(schema.get("type", "string"))
    if "string" in kinds:
        return text
    if "boolean" in kinds and text in ("true", "false"):
        return text == "true"
    number = _NUMBER.fullmatch(text) if "integer" in kinds or "number" in kinds else None
    if number is None:
        return text
    return float(text) if number[1] else int(text)


# --- compiling ------------------------------------------------------------------------


_TELLING: Final = frozenset(("title", "description", "examples", "default", "deprecated", "$comment"))


def _is_known(schema: Json) -> bool:
    """Whether nothing stands in this *schema* but what is compiled here."""
    if not isinstance(schema, Mapping):
        return isinstance(schema, bool)
    is_plain = schema.keys() <= _TELLING | _MAKERS.keys() and _TYPES.keys() >= set(_kinds(schema.get("type", ())))
    return is_plain and all(_is_known(each) for each in _inside(schema))


def _inside(schema: Mapping[str, Json]) -> Iterator[Json]:
    """The schemas inside this one."""
    yield from (each for _, each in _items(schema.get("properties")))
    for keyword in ("additionalProperties", "items", "not"):
        if keyword in schema:
            yield schema[keyword]
    for keyword in ("oneOf", "anyOf", "allOf"):
        yield from _list(schema.get(keyword))


def _compiled(schema: Json) -> Check:
    """One closure for a *schema* of known keywords."""
    if not isinstance(schema, Mapping):
        return _nothing if schema else lambda value: Misfit((), "is not wanted")
    checks = tuple(make(schema[keyword], schema) for keyword, make in _MAKERS.items() if keyword in schema)
    if len(checks) == 1:
        return checks[0]

    def check(value: Any) -> Misfit | None:
        for each in checks:
            misfit = each(value)
            if misfit is not None:
                return misfit
        return None

    return check


def _nothing(value: Any) -> Misfit | None:
    return None


_TYPES: Final[Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    "string": ("text", lambda value: isinstance(value, str)),
    "integer": ("a whole number", lambda value: _is_whole(value)),
    "number": ("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "array": ("a list", lambda value: isinstance(value, list | tuple)),
    "object": ("a mapping", lambda value: isinstance(value, Mapping)),
    "null": ("nothing", lambda value: value is None),
}


def _is_whole(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def _type(wanted: Json, schema: Mapping[str, Json]) -> Check:
    kinds = _kinds(wanted)
    tests = tuple(_TYPES[kind][1] for kind in kinds)
    misfit = Misfit((), f"is not {' or '.join(_TYPES[kind][0] for kind in kinds)}")
    if kinds == ("string",):
        return lambda value: None if isinstance(value, str) else misfit
    return lambda value: None if any(test(value) for test in tests) else misfit


def _enum(words: Json, schema: Mapping[str, Json]) -> Check:
    allowed = _list(words)
    shown = [str(word) for word in allowed if isinstance(word, str)]
    misfit = Misfit((), f"is none of {listed(shown)}" if shown else "is none of the values that are allowed")
    return lambda value: None if any(_is_equal(value, each) for each in allowed) else misfit


def _const(wanted: Json, schema: Mapping[str, Json]) -> Check:
    misfit = Misfit((), "is not the one value that is allowed")
    return lambda value: None if _is_equal(value, wanted) else misfit


def _is_equal(one: Any, other: Any) -> bool:
    """Whether both are the same value of JSON: 1 is 1.0, and true is no number."""
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_is_equal(each, other[name]) for name, each in one.items())
    if isinstance(one, Sequence) and isinstance(other, Sequence):
        return len(one) == len(other) and all(map(_is_equal, one, other))
    return bool(one == other)


def _min_length(least: Any, schema: Mapping[str, Json]) -> Check:
    too_short, empty = Misfit((), f"is shorter than {least} characters"), Misfit((), "is empty")

    def check(value: Any) -> Misfit | None:
        if isinstance(value, str) and len(value) < least:
            return too_short if value else empty
        return None

    return check


def _max_length(most: Any, schema: Mapping[str, Json]) -> Check:
    misfit = Misfit((), f"is longer than {most} characters")
    return lambda value: misfit if isinstance(value, str) and len(value) > most else None


def _pattern(pattern: Any, schema: Mapping[str, Json]) -> Check:
    search = re.compile(pattern).search
    misfit = Misfit((), f"is not of the shape {code(pattern)}")
    return lambda value: misfit if isinstance(value, str) and search(value) is None else None


def _minimum(least: Any, schema: Mapping[str, Json]) -> Check:
    is_number, misfit = _TYPES["number"][1], Misfit((), f"is less than {least}")
    return lambda value: misfit if is_number(value) and value < least else None


def _maximum(most: Any, schema: Mapping[str, Json]) -> Check:
    is_number, misfit = _TYPES["number"][1], Misfit((), f"is more than {most}")
    return lambda value: misfit if is_number(value) and value > most else None


def _min_items(least: Any, schema: Mapping[str, Json]) -> Check:
    too_few, empty = Misfit((), f"has fewer than {least} entries"), Misfit((), "is empty")

    def check(value: Any) -> Misfit | None:
        if isinstance(value, list | tuple) and len(value) < least:
            return too_few if value else empty
        return None

    return check


def _max_items(most: Any, schema: Mapping[str, Json]) -> Check:
    misfit = Misfit((), f"has more than {most} entries")
    return lambda value: misfit if isinstance(value, list | tuple) and len(value) > most else None


def _array(items: Json, schema: Mapping[str, Json]) -> Check:
    check = _compiled(items)

    def checked(value: Any) -> Misfit | None:
        if isinstance(value, list | tuple):
            for index, each in enumerate(value):
                misfit = check(each)
                if misfit is not None:
                    return Misfit((index, *misfit.path), misfit.wrong)
        return None

    return checked


def _required(names: Any, schema: Mapping[str, Json]) -> Check:
    misfits = tuple((name, Misfit((), f"needs `{name}`")) for name in names)

    def check(value: Any) -> Misfit | None:
        if isinstance(value, Mapping):
            for name, misfit in misfits:
                if name not in value:
                    return misfit
        return None

    return check


def _properties(properties: Json, schema: Mapping[str, Json]) -> Check:
    checks = {name: _compiled(each) for name, each in _items(properties)}

    def check(value: Any) -> Misfit | None:
        if isinstance(value, Mapping):
            for name, each in value.items():
                misfit = checks.get(name, _nothing)(each)
                if misfit is not None:
                    return Misfit((name, *misfit.path), misfit.wrong)
        return None

    return check


def _others(others: Json, schema: Mapping[str, Json]) -> Check:
    known = frozenset(name for name, _ in _items(schema.get("properties")))
    check = _compiled(others)

    def checked(value: Any) -> Misfit | None:
        if isinstance(value, Mapping):
            for name, each in value.items():
                if name not in known:
                    misfit = check(each) if others is not False else Misfit((), "is not among what it takes")
                    if misfit is not None:
                        return Misfit((name, *misfit.path), misfit.wrong)
        return None

    return checked


def _one_of(branches: Any, schema: Mapping[str, Json]) -> Check:
    checks = tuple(map(_compiled, branches))
    misfit = _choice("exactly one", branches)
    return lambda value: None if sum(check(value) is None for check in checks) == 1 else misfit


def _any_of(branches: Any, schema: Mapping[str, Json]) -> Check:
    checks = tuple(map(_compiled, branches))
    misfit = _choice("at least one", branches)
    return lambda value: None if any(check(value) is None for check in checks) else misfit


def _choice(how_many: str, branches: Sequence[Json]) -> Misfit:
    """What is said where the number of branches that hold is wrong; in plain words where each only asks for names."""
    named = [each["required"] for each in branches if isinstance(each, Mapping) and each.keys() == {"required"}]
    if len(named) < len(branches):
        return Misfit((), f"fits not {how_many} of the forms that there are")
    return Misfit((), f"needs {how_many} of {listed([str(name) for names in named for name in _list(names)])}")


def _all_of(branches: Any, schema: Mapping[str, Json]) -> Check:
    checks = tuple(map(_compiled, branches))
    return lambda value: next((misfit for check in checks if (misfit := check(value)) is not None), None)


def _not(forbidden: Json, schema: Mapping[str, Json]) -> Check:
    check, misfit = _compiled(forbidden), Misfit((), "has a form that is excluded")
    return lambda value: misfit if check(value) is None else None


_MAKERS: Final[Mapping[str, Callable[[Json, Mapping[str, Json]], Check]]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minLength": _min_length,
    "maxLength": _max_length,
    "pattern": _pattern,
    "minimum": _minimum,
    "maximum": _maximum,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _others,
    "minItems": _min_items,
    "maxItems": _max_items,
    "items": _array,
    "oneOf": _one_of,
    "anyOf": _any_of,
    "allOf": _all_of,
    "not": _not,
}
"""What is made of each keyword, in the order in which they are asked."""


# --- by jsonschema --------------------------------------------------------------------


def _by_jsonschema(schema: Json) -> Check:
    """The same check made by jsonschema, which is imported when it is first needed."""
    validators: list[Any] = []

    def check(value: Any) -> Misfit | None:
        if not validators:
            from jsonschema import Draft202012Validator

            whole: Any = _plain(schema)
            validators.append(Draft202012Validator(whole))
        error = next(iter(validators[0].iter_errors(_plain(value))), None)
        return None if error is None else Misfit(tuple(error.absolute_path), f"does not fit what it takes ({error.validator})")

    return check


def _plain(value: Any) -> Any:
    """The *value* in the types that jsonschema knows."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


# --- parts of a schema ----------------------------------------------------------------


def _items(value: Json) -> tuple[tuple[str, Json], ...]:
    return tuple(value.items()) if isinstance(value, Mapping) else ()


def _list(value: Json) -> tuple[Json, ...]:
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _kinds(value: Json) -> tuple[str, ...]:
    """The types that a schema names: one, or several."""
    return (value,) if isinstance(value, str) else tuple(str(each) for each in _list(value))
