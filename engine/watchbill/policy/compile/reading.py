"""The first look at a document: its version, its kind, its keys and types.

What pydantic finds is said in our own words and at the exact place. One mistake gives one finding: an unknown key that is
close to a missing one is reported once, as the unknown key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError

from watchbill.errors import Finding, Level
from watchbill.model.references import Kind
from watchbill.policy.compile.draft import At, Draft
from watchbill.policy.documents import API_VERSION, KINDS
from watchbill.policy.documents.section import NAME_PATTERN, SAYS_SOMETHING
from watchbill.policy.loading.placed import PlacedDict, PlacedList, RawDocument
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, listed, noun, quoted, wrong_type

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


def read(raw: RawDocument, weigh: Callable[[Finding], Level | None] | None = None) -> Draft:
    """This document as a draft, with findings for all that is wrong with its keys and types.

    A key that is not known is read as the one that was probably meant, or not at all, so that it hides nothing else.
    *weigh* says how much a finding counts.
    """
    draft = Draft(raw, weigh=weigh)
    if not _identify(draft):
        return draft
    assert draft.kind is not None
    model = KINDS[draft.kind]
    renamed: set[Loc] = set()
    while True:
        try:
            draft.document = model.model_validate(draft.raw.data)
            return draft
        except ValidationError as error:
            errors = error.errors(include_url=False)
        unknown = [_path(draft, each["loc"]) for each in errors if each["type"] == "extra_forbidden"]
        if not unknown:
            break
        renamed |= _explain_unknown(draft, unknown)
    for each in errors:
        loc = _path(draft, each["loc"])
        if each["type"] == "missing":
            _explain_missing(draft, loc, str(each["loc"][-1]))
        # What stands under a key that was only guessed may be meant for another one.
        elif loc not in renamed and loc != ("apiVersion",):
            _explain_value(draft, each, loc)
    return draft


def _path(draft: Draft, loc: Loc) -> Loc:
    """The parts of pydantic's path that the YAML has; the names of variants and a missing key are not among them."""
    node: Any = draft.raw.data
    path: list[Any] = []
    for part in cast(tuple[Any, ...], loc):
        is_there = part in node if isinstance(node, dict) else isinstance(node, list) and isinstance(part, int) and part < len(node)
        if is_there:
            node = node[part]
            path.append(part)
    return tuple(path)


# --- who it is ------------------------------------------------------------------------


def _identify(draft: Draft) -> bool:
    """Find out name, team and kind. False where there is nothing more to say of a document, for want of a kind."""
    raw = draft.raw
    metadata = raw.data.get("metadata")
    if isinstance(metadata, dict):
        name, team = metadata.get("name"), metadata.get("team")
        draft.name = name if isinstance(name, str) else None
        draft.team = team if isinstance(team, str) else ""
        if team == "":
            draft.report("bad-name", raw.place("metadata", "team"), "`team` is empty", "name the team whose document this is")
    kind = raw.data.get("kind")
    if kind is None:
        draft.report("no-kind", raw.place(), "this document does not say what it is", f"add `kind: …`: {listed(KINDS)}")
        return False
    if not isinstance(kind, str) or kind not in KINDS:
        meant = nearest(kind, KINDS) if isinstance(kind, str) else None
        # A draft has the kind that was probably meant, so that references to it are no second finding.
        draft.kind = cast(Kind, meant) if meant else None
        said = f"no kind is called {quoted(kind)}" if isinstance(kind, str) else f"`kind` should be text, not {noun(kind)}"
        draft.report("unknown-kind", raw.place("kind"), said, choice(meant, list(KINDS), "kinds"))
        return False
    draft.kind = cast(Kind, kind)
    version = raw.data.get("apiVersion", API_VERSION)
    if version != API_VERSION:
        said = f"this engine knows no version {quoted(version)}" if isinstance(version, str) else f"`apiVersion` is {noun(version)}"
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


def _explain_unknown(draft: Draft, unknown: Sequence[Loc]) -> set[Loc]:
    """Report these keys, and go on with a copy in which they have the names that were meant, or are not there."""
    names: dict[Loc, str | None] = {}
    for loc in unknown:
        owner, key = loc[:-1], str(loc[-1])
        section = _section_at(draft, owner)
        there = _value_at(draft, owner)
        free = [each for each in section if each not in there]
        required = [each for each in free if section[each].is_required()]
        meant = nearest(key, required) or nearest(key, free) or nearest(key, section)
        names[loc] = meant if meant in free and meant not in names.values() else None
        message = f"unknown key {quoted(key)} {_in(draft, owner)}"
        draft.report("unknown-key", draft.raw.key_place(*loc), message, _help_for_key(draft, owner, key, meant, section))
    draft.unknown |= {loc for loc, meant in names.items() if meant is None}
    draft.raw = replace(draft.raw, data=_mended(draft.raw.data, names))
    return {(*loc[:-1], meant) for loc, meant in names.items() if meant}


def _value_at(draft: Draft, path: Loc) -> Any:
    node: Any = draft.raw.data
    for part in path:
        node = node[part]
    return node


def _mended(node: Any, names: Mapping[Loc, str | None], path: Loc = ()) -> Any:
    """A copy of *node* in which keys have their new *names*; a key without one is not in it."""
    if isinstance(node, PlacedDict):
        mapping = PlacedDict(node.place)
        for key, value in node.items():
            loc = (*path, key)
            name = names.get(loc, key)
            if name is not None and name not in mapping:
                mapping[name] = _mended(value, names, loc)
                mapping.keys_at[name], mapping.values_at[name] = node.keys_at[key], node.values_at[key]
        return mapping
    if isinstance(node, PlacedList):
        items = PlacedList(node.place)
        items.extend(_mended(value, names, (*path, index)) for index, value in enumerate(node))
        items.values_at = node.values_at
        return items
    return node


def _in(draft: Draft, owner: Loc) -> str:
    """Where a key stands, in words: ``in a Triage``, ``in `levels```."""
    keys = [part for part in owner if isinstance(part, str)]
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
    if "with" in section:
        whose = "action" if "use" in section else "type"
        return f"what the {whose} takes stands under `with`; {choice(None, list(section), 'keys here')}"
    return choice(None, list(section), "keys here")


def _help_for_section(section: Mapping[str, Any]) -> str:
    """Which keys to write where something else stands."""
    others = [key for key, field in section.items() if not field.is_required()]
    if len(others) == len(section):
        return choice(None, others, "keys here")
    return f"write {_form_of(section)}" + (f"; besides, there may be {listed(others, 'and')}" if others else "")


def _form_of(section: Mapping[str, Any]) -> str:
    """What a section looks like that says no more than it must."""
    return "`{" + ", ".join(f"{key}: …" for key, field in section.items() if field.is_required()) + "}`"


def _explain_missing(draft: Draft, owner: Loc, key: str) -> None:
    field = _section_at(draft, owner).get(key)
    example = field.examples[0] if field is not None and field.examples else None
    help = "add it"
    words = [word for word in _variants(field.annotation) if isinstance(word, str)] if field is not None else []
    if words:
        help = f"add it: `{key}` is {listed(words)}"
    elif isinstance(example, str | int):
        help = f"add it, as in `{key}: {example}`"
    elif field is not None and field.description:
        help = f"add it: {field.description[0].lower()}{field.description[1:].rstrip('.')}"
    draft.report("missing-key", draft.raw.key_place(*owner), f"missing key `{key}` {_in(draft, owner)}", help)


def _explain_value(draft: Draft, error: Any, loc: Loc) -> None:
    """Say one error about a value."""
    kind: str = error["type"]
    value, context = error["input"], error.get("ctx", {})
    name = next((part for part in reversed(loc) if isinstance(part, str)), draft.kind)
    subject = f"an item of `{name}`" if loc and isinstance(loc[-1], int) else f"`{name}`"
    expected = _EXPECTED.get(kind)
    if kind == "union_tag_invalid":
        expected = " or ".join(_TAGS[tag] for tag in re.findall(r"'(\w+)'", context["expected_tags"]))
    rule = "bad-value"
    if expected is not None:
        rule, (message, help) = "wrong-type", wrong_type(subject, expected, value)
        section = _section_at(draft, loc) if value is not None and "a mapping" in expected else {}
        if section:
            help = _help_for_section(section) if expected == "a mapping" else help.replace("a mapping", _form_of(section))
    elif kind == "literal_error":
        words = re.findall(r"'([^']*)'", context["expected"])
        meant = nearest(value, words) if isinstance(value, str) else None
        message = f"{subject} cannot be {quoted(value) if isinstance(value, str) else noun(value)}"
        help = choice(meant, words, "words it knows")
    elif kind == "string_pattern_mismatch":
        message, help = _unfit(draft, loc, subject, value, context["pattern"])
    elif kind == "too_short":
        field = _section_at(draft, loc[:-1]).get(str(name))
        is_needed = field is None or field.is_required()
        message, help = f"`{name}` is empty", "give it at least one item" + ("" if is_needed else ", or take the key away")
    elif kind in ("greater_than_equal", "less_than_equal"):
        message, help = f"{subject} is {value}", f"it is at least {context['ge']}" if "ge" in context else f"it is at most {context['le']}"
    else:
        message, help = f"{subject} cannot be used: {error['msg'].lower()}", "look it up in the reference of its kind"
    draft.report(rule, draft.raw.place(*loc), message, help)


def _unfit(draft: Draft, loc: Loc, subject: str, value: str, pattern: str) -> tuple[str, str]:
    """What to say of a text that does not look as its key wants it."""
    field = _section_at(draft, loc[:-1]).get(str(loc[-1])) if loc else None
    example = field.examples[0] if field is not None and field.examples else None
    help = f"write it as in `{example}`" if isinstance(example, str) else "write a text"
    if pattern == SAYS_SOMETHING:
        is_needed = field is None or field.is_required()
        return f"{subject} is empty", help if is_needed else f"{help}, or take the key away"
    about = f"{field.description[0].lower()}{field.description[1:].rstrip('.')}" if field is not None and field.description else subject
    return f"{subject} cannot be {quoted(value)}", f"{help}: {about}"


# --- which keys are known where -------------------------------------------------------


def _section_at(draft: Draft, owner: Loc) -> Mapping[str, Any]:
    """The known keys of the section at this path, with pydantic's description of each."""
    assert draft.kind is not None
    options: list[Any] = [KINDS[draft.kind]]
    for part in owner:
        options = [inner for option in options for inner in _inside(option, part)]
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
    if get_origin(option) is list and isinstance(part, int):
        return _variants(get_args(option)[0])
    return []


def _variants(annotation: Any) -> list[Any]:
    """The types that an *annotation* stands for, without its notes; of fixed words, the words."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _variants(get_args(annotation)[0])
    if origin is Literal:
        return list(get_args(annotation))
    if origin in (Union, UnionType):
        return [variant for option in get_args(annotation) for variant in _variants(option)]
    return [annotation]
