"""Connectors that others wrote: objects that an installed package names, and programs that this process was told of.

Rule 1: a type has one name. What comes with watchbill is never replaced.
Rule 2: what cannot be used is said at once, when a command begins, and not when somebody is to be paged.
Rule 3: nothing of a policy repository is looked at here. Who installs a package, or names a program, has decided to run it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from watchbill.connectors.performing import Outside, Performer
from watchbill.errors import UserError
from watchbill.model.policyset import ACTION_KINDS, ConnectorType

GROUP: Final = "watchbill.connectors"
"""The group of entry points that is looked through."""
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_WAYS: Final = frozenset(("promql", "html", "mrkdwn", "header", "url", "argv", "none"))


@dataclass(frozen=True, slots=True)
class Installed:
    """A connector of an installed package: its *type*, and the object or module that has `performer(outside)`."""

    type: ConnectorType
    module: Any

    def performer(self, outside: Outside) -> Performer:
        """What carries its actions out."""
        made: Performer = self.module.performer(outside)
        return made


@cache
def installed() -> tuple[Installed, ...]:
    """Every connector that an installed package offers, by name. Raises UserError for one that cannot be used."""
    from importlib.metadata import entry_points

    return tuple(_loaded(each) for each in sorted(entry_points(group=GROUP), key=lambda each: each.name))


def _loaded(entry: Any) -> Installed:
    whose = f"the connector `{entry.name}` of the package {entry.dist.name if entry.dist is not None else entry.value}"
    help = "mend the package, or uninstall it"
    try:
        module = entry.load()
    except Exception as problem:  # a stranger's module may fail with anything
        raise UserError(f"{whose} cannot be loaded: {type(problem).__name__}: {problem}", help, rule="broken-connector") from None
    kind = getattr(module, "TYPE", None)
    if not isinstance(kind, ConnectorType) or not callable(getattr(module, "performer", None)):
        raise UserError(f"{whose} has no `TYPE` and no `performer(outside)`", help, rule="broken-connector")
    wrong = flaw(kind) or ("" if kind.name == entry.name else f"its type is called `{kind.name}`, and its entry point is not")
    if wrong:
        raise UserError(f"{whose} cannot be used: {wrong}", help, rule="broken-connector")
    return Installed(kind, module)


def flaw(kind: ConnectorType) -> str:
    """What is wrong with a type as it describes itself; empty where it can be used."""
    names = [action.name for action in kind.actions]
    misnamed = next((name for name in (kind.name, *names) if not _NAME.fullmatch(str(name))), None)
    if misnamed is not None:
        return f"`{misnamed}` is not a name in small letters, digits and single dashes"
    if not names or len(set(names)) != len(names):
        return "it has no action, or two of one name"
    schemas = [kind.settings, *(schema for action in kind.actions for schema in (action.arguments, action.result))]
    if not all(_is_closed(schema) for schema in schemas):
        return "settings, arguments and results are JSON Schemas of objects with `additionalProperties: false`"
    for action in kind.actions:
        arguments: Any = action.arguments
        if (
            not {name for name, _ in action.escaping} <= set(arguments.get("properties", ()))
            or not {way for _, way in action.escaping} <= _WAYS
        ):
            return f"`escaping` of `{action.name}` names an argument, or a way, that there is not"
        if action.does not in ACTION_KINDS:
            return f"`does` of `{action.name}` is one of {', '.join(f'`{kind}`' for kind in ACTION_KINDS)}"
        if action.reads and not action.idempotent:
            return f"`{action.name}` only reads, so it may be repeated"
        if action.rings and not action.reaches:
            return f"`{action.name}` rings, so it reaches a person"
        if action.generic and action.does != "changes":
            return f"`{action.name}` is generic, so it says nothing of what it does"
        if action.reaches and not {"to", "text"} <= set(arguments.get("properties", ())):
            return f"`{action.name}` reaches a person, so it takes `to` and `text`"
    return ""


def _is_closed(schema: Mapping[str, Any]) -> bool:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError:
        return False
    return schema.get("type") == "object" and schema.get("additionalProperties") is False


def joined_types(ours: Iterable[ConnectorType], *others: Iterable[ConnectorType]) -> dict[str, ConnectorType]:
    """All types by name, in the order of names. Raises UserError where two have one name."""
    found: dict[str, ConnectorType] = {}
    for kind in (*ours, *(each for more in others for each in more)):
        if kind.name in found:
            help = "give it another name: a type that is there already is never replaced"
            raise UserError(f"there are two types of connectors called `{kind.name}`", help, rule="broken-connector")
        found[kind.name] = kind
    return dict(sorted(found.items()))
