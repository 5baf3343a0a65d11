"""The reference page of connectors, made from the catalogue: every type, its settings, secrets, actions and arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

from tests.kind_pages import ROOT, cell, code, kind_of
from watchbill.connectors.catalogue import catalogue
from watchbill.model.policyset import TAKES, Action, ConnectorType, UsePlace

PAGE: Final = ROOT / "docs" / "reference" / "connectors.md"

HEAD: Final = """<!-- made by `python -m tests.pages`: change the descriptions in engine/watchbill/connectors instead -->
# Connectors

A `Connector` document names an outside system: its `type` is one of these, `with` holds its settings, `secrets` refer to what is
secret (`env/NAME` or `file/NAME`). Policies call an action as `NAME.ACTION`, where NAME is the document's name.

An action does one of five things, and each place of the language takes some of them only. One that **reads** may be a collector or a
probe, or verify a repair. One that **tells** says something where somebody reads it; one that **reaches** gets to a person, and one that
**rings** wakes them. One that **opens** gives responders a place to talk in. One that **changes** a system may stand in a remediation,
and nowhere else. Where only you know what is at the other end, the action changes a system unless its `Connector` says `tells: true`.

| place | takes what |
| --- | --- |
{places}
An action that is **idempotent** may be repeated without harm. Texts that are filled into an argument are escaped as it says.

What is **not carried out** by this version is checked, planned and tested as all else, and refused when it falls due: `watchbill validate`
says who relies on it ([`not-carried-out`](../errors.md#not-carried-out)), and `watchbill plan` marks the line. An extra is what
brings the libraries that a type needs; `watchbill doctor` says where it is missing.
"""

PLACES: Final[Mapping[UsePlace, str]] = {
    "collect": "`collect` of a Triage",
    "verify": "`verify` of a Remediation",
    "probe": "`use` of a Probe",
    "notify": "`notify` of an Escalation",
    "channels": "`channels` of an Audience",
    "last_resort": "`last_resort` of the Settings",
    "contacts": "`contacts` of a Person",
    "synthetic_page": "`synthetic_page` of the Settings",
    "hub.channel": "`hub.channel` of an Escalation",
    "hub.bridge": "`hub.bridge` of an Escalation",
    "steps": "`steps` and `rollback.steps` of a Remediation",
}
"""Where in a document each place is."""


def page() -> tuple[Path, str]:
    """The page, and its text as the catalogue says now."""
    return PAGE, "\n".join((HEAD.format(places=places()), overview(), *(part for kind in catalogue().values() for part in about(kind))))


def places() -> str:
    """A row for every place of the language that calls actions."""
    return "".join(f"| {PLACES[place]} | {', '.join(kinds)} |\n" for place, kinds in TAKES.items())


def overview() -> str:
    """Every type with its actions, and which of them this version carries out."""
    rows = []
    for kind in catalogue().values():
        idle = [action.name for action in kind.actions if not action.carried_out]
        carried_out = "yes" if not idle else "no" if not kind.is_carried_out else f"all but {', '.join(f'`{name}`' for name in idle)}"
        actions = ", ".join(f"`{action.name}`" for action in kind.actions)
        rows.append(f"| [{kind.name}](#{kind.name}) | {actions} | {carried_out} | {f'`{kind.extra}`' if kind.extra else ''} |\n")
    return f"| type | actions | carried out | extra |\n| --- | --- | --- | --- |\n{''.join(rows)}"


def about(kind: ConnectorType) -> Iterator[str]:
    """One type: what it is, its settings, its actions."""
    yield f"## {kind.name}\n\n{kind.summary}\n"
    rows = [*keys(cast("Mapping[str, Any]", kind.settings), {}), *(f"| `{name}` | secret | Under `secrets`. |\n" for name in kind.secrets)]
    if rows:
        yield f"| setting | type | what it says |\n| --- | --- | --- |\n{''.join(rows)}"
    for action in kind.actions:
        traits = [
            f"{action.does}, or tells with `tells: true`" if action.generic else action.does,
            *(["rings"] if action.rings else []),
            *(["idempotent"] if action.idempotent and not action.reads else []),
            *(["not carried out"] if not action.carried_out else []),
        ]
        yield f"### {kind.name}: {action.name}\n\n{action.summary} *{', '.join(traits)}*\n"
        rows = keys(cast("Mapping[str, Any]", action.arguments), dict(action.escaping))
        if rows:
            yield f"| argument | type | what it says |\n| --- | --- | --- |\n{''.join(rows)}"
        given = returned(action)
        if given:
            yield f"Gives {given}.\n"


def keys(schema: Mapping[str, Any], escaping: Mapping[str, str]) -> list[str]:
    """A row for every key of an object."""
    rows = []
    for name, value in schema.get("properties", {}).items():
        said = [str(value.get("description", ""))]
        if name in schema.get("required", ()):
            said.append("**Needed.**")
        if "default" in value:
            said.append(f"Default: {code(value['default'])}.")
        if escaping.get(name, "none") != "none":
            said.append(f"Escaped as {escaping[name]}.")
        if value.get("examples"):
            said.append(f"Example: {code(value['examples'][0])}")
        rows.append(f"| `{name}` | {kind_of(value, {})} | {cell(' '.join(said))} |\n")
    return rows


def returned(action: Action) -> str:
    """What an action gives back, as `expect` may speak of it."""
    fields = cast("Mapping[str, Any]", action.result).get("properties", {})
    return ", ".join(f"`{name}` ({kind_of(value, {})})" for name, value in fields.items())
