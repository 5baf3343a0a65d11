"""The first look at a document: its version, its kind, its keys and types.

What pydantic finds is said in our own words and at the exact place. One mistake gives one finding: an unknown key that is
close to a missing one is reported once, as the unknown key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Final, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError

from watchbill.model.references import Kind
from watchbill.policy.compile.draft import At, Draft
from watchbill.policy.documents import API_VERSION, KINDS
from watchbill.policy.documents.section import NAME_PATTERN
from watchbill.policy.loading.placed import RawDocument
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, help_for_type, listed, noun, quoted

_NAME: Final = re.compile(NAME_PATTERN)
_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_TAGS: Final[Mapping[str, str]] = {"text": "text", "list": "a list", "mapping": "a mapping"}

Loc = tuple[str | int, ...]


def read(raw: RawDocument) -> Draft:
    """This document as a draft, with findings for all that is wrong with its keys and types."""
    draft = Draft(raw)
    if not _identify(draft):
        return draft
    assert draft.kind is not None
    model = KINDS[draft.kind]
    try:
        draft.document = model.model_validate(raw.data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        if _explain(draft, errors):
            draft.document = model.model_validate(_without(raw.data, [each["loc"] for each in errors]))
    return draft


# --- who it is ------------------------------------------------------------------------


def _identify(draft: Draft) -> bool:
    """Find out name, team and kind. False where there is nothing more to say of a document, for want of a kind."""
    raw = draft.raw
    metadata = raw.data.get("metadata")
    if isinstance(metadata, dict):
        name, team = metadata.get("name"), metadata.get("team")
        draft.name = name if isinstance(name, str) else None
        draft.team = team if isinstance(team, str) else ""
    kind = raw.data.get("kind")
    if kind is None:
        draft.report("no-kind", raw.place(), "this document does not say what it is", f"add `kind: …`: {listed(KINDS)}")
        return False
    if kind not in KINDS:
        meant = nearest(kind, KINDS) if isinstance(kind, str) else None
        # A draft has the kind that was probably meant, so that references to it are no second finding.
        draft.kind = cast(Kind, meant) if meant else None
        draft.report("unknown-kind", raw.place("kind"), f"no kind is called {quoted(str(kind))}", choice(meant, list(KINDS), "kinds"))
        return False
    draft.kind = cast(Kind, kind)
    version = raw.data.get("apiVersion")
    if version not in (None, API_VERSION):
        said = f"this engine knows no version {quoted(str(version))}"
        draft.report("unknown-version", raw.place("apiVersion"), said, f"write `apiVersion: {API_VERSION}`")
    if draft.name is not None:
        check_name(draft.top / "metadata" / "name", draft.name)
    if draft.kind == "Team" and draft.name:
        if draft.team not in ("", draft.name):
            draft.report("bad-value", raw.place("metadata", "team"), "a team's own team is itself", "take the key away")
        draft.team = draft.name
    return True


def check_name(at: At, name: str, *, is_key: bool = False) -> None:
    """Report a *name* that cannot be one; *is_key* tells that it is the key of the value at *at*."""
    if _NAME.fullmatch(name):
        return
    place = at.key_place if is_key else at.place
    if len(name) > 63:
        at.draft.report("bad-name", place, f"{quoted(name)} is longer than 63 characters", "shorten it")
        return
    better = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    help = f"write it as `{better}`" if better else "take other characters"
    at.draft.report("bad-name", place, f"{quoted(name)} cannot be a name", f"{help}: a-z, 0-9 and hyphens inside")


# --- what is wrong with its keys ------------------------------------------------------


def _explain(draft: Draft, errors: Sequence[Any]) -> bool:
    """Say these *errors* of pydantic in our words. True where the document can be read on without the keys they are about."""
    missing = {error["loc"] for error in errors if error["type"] == "missing"}
    is_readable = True
    explained: set[Loc] = set()
    for error in errors:
        if error["type"] != "extra_forbidden":
            continue
        loc: Loc = error["loc"]
        owner, key = loc[:-1], str(loc[-1])
        section = _section_at(draft, owner)
        meant = nearest(key, (other[-1] for other in missing if other[:-1] == owner)) or nearest(key, section)
        if meant:
            explained.add((*owner, meant))
            is_readable = False
        message = f"unknown key {quoted(key)} {_in(draft, owner)}"
        draft.report("unknown-key", draft.raw.key_place(*loc), message, _help_for_key(draft, owner, key, meant, section))
    for error in errors:
        if error["type"] == "extra_forbidden":
            continue
        is_readable = False
        if error["type"] == "missing" and error["loc"] not in explained:
            _explain_missing(draft, error["loc"])
        elif error["type"] != "missing" and error["loc"] != ("apiVersion",):
            _explain_value(draft, error)
    return is_readable


def _in(draft: Draft, owner: Loc) -> str:
    """Where a key stands, in words: ``in a Triage``, ``in `levels```."""
    keys = [part for part in owner if isinstance(part, str) and part not in _TAGS]
    if keys and keys != ["spec"]:
        return f"in `{keys[-1]}`"
    assert draft.kind is not None
    return f"in {'an' if draft.kind[0] in 'AEIOU' else 'a'} {draft.kind}"


def _help_for_key(draft: Draft, owner: Loc, key: str, meant: str | None, section: Mapping[str, Any]) -> str:
    if meant:
        return f"did you mean `{meant}`?"
    for other in ("spec", "metadata"):
        if owner != (other,) and key in _section_at(draft, (other,)):
            return f"`{key}` stands under `{other}`"
    return choice(None, list(section), "keys here")


def _explain_missing(draft: Draft, loc: Loc) -> None:
    owner, key = loc[:-1], str(loc[-1])
    field = _section_at(draft, owner).get(key)
    example = field.examples[0] if field is not None and field.examples else None
    help = "add it"
    if isinstance(example, str | int):
        help = f"add it, as in `{key}: {example}`"
    elif field is not None and field.description:
        help = f"add it: {field.description[0].lower()}{field.description[1:].rstrip('.')}"
    draft.report("missing-key", draft.raw.key_place(*owner), f"missing key `{key}` {_in(draft, owner)}", help)


def _explain_value(draft: Draft, error: Any) -> None:
    """Say one error about a value."""
    loc: Loc = error["loc"]
    kind: str = error["type"]
    value, context = error["input"], error.get("ctx", {})
    place = draft.raw.place(*loc)
    name = next((part for part in reversed(loc) if isinstance(part, str) and part not in _TAGS), draft.kind)
    subject = f"an item of `{name}`" if loc and isinstance(loc[-1], int) else f"`{name}`"
    expected = _EXPECTED.get(kind)
    if kind == "union_tag_invalid":
        tags = re.findall(r"'(\w+)'", context["expected_tags"])
        expected = " or ".join(_TAGS[tag] for tag in tags)
    if expected is not None:
        draft.report("wrong-type", place, f"{subject} should be {expected}, not {noun(value)}", help_for_type(expected, value))
    elif kind == "literal_error":
        words = re.findall(r"'([^']*)'", context["expected"])
        meant = nearest(value, words) if isinstance(value, str) else None
        said = quoted(value) if isinstance(value, str) else noun(value)
        draft.report("bad-value", place, f"{subject} cannot be {said}", choice(meant, words, "words it knows"))
    elif kind == "too_short":
        draft.report("bad-value", place, f"`{name}` is empty", "give it at least one item")
    elif kind in ("greater_than_equal", "less_than_equal"):
        bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
        draft.report("bad-value", place, f"{subject} is {value}", f"it is {bound}")
    else:
        draft.report("bad-value", place, f"{subject} cannot be used: {error['msg'].lower()}", "look it up in the reference of its kind")


# --- which keys are known where -------------------------------------------------------


def _section_at(draft: Draft, owner: Loc) -> Mapping[str, Any]:
    """The known keys of the section at this path, with pydantic's description of each."""
    assert draft.kind is not None
    options: list[Any] = [KINDS[draft.kind]]
    for part in owner:
        # A part that leads nowhere is the name that pydantic gives to a variant.
        options = [inner for option in options for inner in _inside(option, part)] or options
    sections = [option for option in options if _is_section(option)]
    return _keys(sections[0]) if sections else {}


def _keys(section: type[BaseModel]) -> Mapping[str, Any]:
    return {field.alias or name: field for name, field in section.model_fields.items()}


def _is_section(option: Any) -> bool:
    return isinstance(option, type) and issubclass(option, BaseModel)


def _inside(option: Any, part: str | int) -> list[Any]:
    """The types that may stand at *part* of a value of this type."""
    if _is_section(option):
        field = _keys(option).get(str(part))
        return _variants(field.annotation) if field is not None else []
    arguments = get_args(option)
    if get_origin(option) is list and isinstance(part, int):
        return _variants(arguments[0])
    if get_origin(option) is dict and isinstance(part, str):
        return _variants(arguments[1])
    return []


def _variants(annotation: Any) -> list[Any]:
    """The types that an *annotation* stands for, without its notes."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _variants(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [variant for option in get_args(annotation) for variant in _variants(option)]
    return [annotation]


def _without(node: Any, locs: Sequence[Loc]) -> Any:
    """A copy of *node* without the keys at these paths."""
    if isinstance(node, dict):
        dropped = {loc[0] for loc in locs if len(loc) == 1}
        return {key: _without(value, _below(locs, key)) for key, value in node.items() if key not in dropped}
    if isinstance(node, list):
        return [_without(value, _below(locs, index)) for index, value in enumerate(node)]
    return node


def _below(locs: Sequence[Loc], part: str | int) -> list[Loc]:
    below = [loc[1:] for loc in locs if len(loc) > 1 and loc[0] == part]
    # The names of variants are in pydantic's paths and not in the data.
    return [loc[1:] if len(loc) > 1 and loc[0] in _TAGS else loc for loc in below]
