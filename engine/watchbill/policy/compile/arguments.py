"""Whether arguments and settings fit the JSON Schema that a connector declares, in our own words.

A text that holds a template counts as any text, number or boolean: what it becomes is known when the step falls due.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from watchbill.policy.compile.draft import At
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, listed, quoted, wrong_type

_TYPES: Final[Mapping[str, str]] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_SCALARS: Final = frozenset(("string", "integer", "number", "boolean"))


def validator_of(schema: Mapping[str, Any]) -> Any:
    """A validator of this *schema*, ready to be used many times."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(dict(schema))


def check_arguments(at: At, values: Mapping[str, Any], validator: Any, owner: str, noun_of: str = "argument") -> None:
    """Report what does not fit. *owner* is whose arguments they are, ``cluster.rollout-restart``."""
    for error in _errors(validator.iter_errors(values)):
        _report(at, error, owner, noun_of)


def check_settings(at: At, values: Mapping[str, Any], validator: Any, owner: str) -> None:
    """Report settings that do not fit, and templates among them: settings are not filled in, for they are there before any alert."""
    known = len(at.draft.findings)
    for spot, text in texts_in(at, values):
        if is_template(text):
            spot.report(
                "bad-argument", f"`{spot.key}` holds a template, and settings are not filled in", "write what it is, without `{{` and `{%`"
            )
    if len(at.draft.findings) == known:
        for error in validator.iter_errors(values):
            _report(at, error, owner, "setting")


def fault_of(text: str, key: str, validator: Any, owner: str) -> tuple[str, str] | None:
    """What is wrong with an argument once its template has become this *text*, and what to do; None where it fits."""
    wanted = validator.schema.get("type", "string")
    kinds = [wanted] if isinstance(wanted, str) else list(wanted)
    value = text if "string" in kinds else _converted(text, kinds)
    error = next(iter(validator.iter_errors(value)), None)
    return None if error is None else _wrong(key, error, owner)


def _converted(text: str, kinds: list[str]) -> Any:
    """The number or the boolean that this *text* is, where one is wanted; else the text itself."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    is_wanted = isinstance(value, bool) if "boolean" in kinds else isinstance(value, int | float)
    return value if is_wanted else text


def texts_in(at: At, value: Any) -> Iterator[tuple[At, str]]:
    """Every text inside this *value*, and where it stands."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts_in(at / key, inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts_in(at / index, inner)
    elif isinstance(value, str):
        yield at, value


def is_template(value: object) -> bool:
    """Whether this *value* is a text that is filled in later."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def _errors(errors: Iterable[Any]) -> Iterator[Any]:
    """The *errors* without those that only a template's text causes."""
    for error in errors:
        if is_template(error.instance):
            wanted = error.schema.get("type", "string") if isinstance(error.schema, Mapping) else "string"
            if not _SCALARS.isdisjoint([wanted] if isinstance(wanted, str) else wanted):
                continue
        if error.validator in ("anyOf", "oneOf") and error.context:
            branches = {sub.schema_path[0] for sub in error.context}
            wrong = {sub.schema_path[0] for sub in _errors(error.context)}
            if branches - wrong:
                continue
        yield error


def _report(at: At, error: Any, owner: str, noun_of: str) -> None:
    spot = at
    for part in error.absolute_path:
        spot = spot / part
    value, rule = error.instance, error.validator
    if rule == "additionalProperties" and isinstance(value, Mapping):
        _report_unknown(spot, error, owner, noun_of)
    elif rule == "required":
        _report_missing(spot, error, owner, noun_of)
    else:
        message, help = _wrong(spot.key, error, owner)
        spot.report("bad-argument", message, help)


def _report_unknown(spot: At, error: Any, owner: str, noun_of: str) -> None:
    known = list(error.schema.get("properties", ()))
    for name in error.instance:
        if name not in known:
            place = (spot / name).key_place
            message = f"{owner} takes no {noun_of} {quoted(str(name))}"
            spot.draft.report("bad-argument", place, message, choice(nearest(str(name), known), known, f"{noun_of}s"))


def _report_missing(spot: At, error: Any, owner: str, noun_of: str) -> None:
    missing = error.message.split("'")[1]
    unknown = [name for name in error.instance if name not in error.schema.get("properties", ())]
    # It may also stand beside `with`, where it was reported as a key that nobody knows.
    if nearest(missing, unknown) or (*spot.path[:-1], missing) in spot.draft.unknown:
        return
    described = error.schema.get("properties", {}).get(missing, {})
    help = f"add it: {described['description']}" if "description" in described else "add it"
    place = spot.key_place
    spot.draft.report("bad-argument", place, f"{owner} needs the {noun_of} `{missing}`", help.rstrip("."))


def _wrong(key: str, error: Any, owner: str) -> tuple[str, str]:
    """What is wrong with one value, and what to do."""
    value, wanted, schema = error.instance, error.validator_value, error.schema
    subject = f"`{key}` of {owner}" if key not in ("with", "") else owner
    example = next(iter(schema.get("examples", ())), None)
    about = f"write it as in `{example}`" if example is not None else schema.get("description", "see what the connector takes").rstrip(".")
    match error.validator:
        case "type":
            names = [wanted] if isinstance(wanted, str) else wanted
            expected = " or ".join(_TYPES.get(name, name) for name in names)
            return wrong_type(subject, expected, value)
        case "enum":
            words = [str(word) for word in wanted]
            return f"{subject} cannot be {quoted(str(value))}", choice(nearest(str(value), words), words, "words it knows")
        case "pattern":
            return f"{subject} cannot be {quoted(str(value))}", about
        case "minLength" | "minItems":
            return f"{subject} is empty" if not value else f"{subject} is too short", about
        case "maxLength" | "maxItems":
            return f"{subject} is too long", f"at most {wanted}"
        case "minimum" | "exclusiveMinimum":
            return f"{subject} is {value}", f"it is at least {wanted}" if error.validator == "minimum" else f"it is more than {wanted}"
        case "maximum" | "exclusiveMaximum":
            return f"{subject} is {value}", f"it is at most {wanted}" if error.validator == "maximum" else f"it is less than {wanted}"
        case "oneOf" | "anyOf" if all(set(branch) == {"required"} for branch in wanted):
            names = [name for branch in wanted for name in branch["required"]]
            which = "exactly one" if error.validator == "oneOf" else "at least one"
            return f"{subject} needs {which} of {listed(names, 'and')}", "name one, and only one" if which == "exactly one" else "name one"
        case _:
            return f"{subject} does not fit what it takes ({error.validator})", about
