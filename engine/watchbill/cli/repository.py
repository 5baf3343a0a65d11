"""Finding the policy repository, and loading what it holds."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING, Final

from watchbill.cli.files import content
from watchbill.errors import OutsideError, UserError
from watchbill.report.counts import count, listing

if TYPE_CHECKING:
    from watchbill.model.policyset import PolicySet
    from watchbill.policy import Compiled

SETTINGS: Final = "watchbill.yaml"

MOST_NAMES: Final = 5
"""How many documents that are left out a remark names."""


def root_of(path: str | None) -> Path:
    """The root of the policy repository that *path* (by default the current folder) lies in.

    That is the nearest folder, at or above it, with a `watchbill.yaml`. The answer is as short as the *path* allows, so
    that places can be shown the way they were asked for. Raises UserError `no-settings` where there is none.
    """
    asked = Path(path or ".")
    if not asked.exists():
        raise UserError(f"there is no folder `{asked}`", "name a folder in your policy repository", rule="no-settings")
    start = asked if asked.is_dir() else asked.parent
    if os.path.lexists(start / SETTINGS):
        return start
    for folder in _resolved(start).parents:
        if os.path.lexists(folder / SETTINGS):
            return Path(os.path.relpath(folder))
    raise UserError(
        f"there is no `{SETTINGS}` in `{asked}`, nor in any folder above it",
        "change to your policy repository, or name it with `--policies`",
        rule="no-settings",
    )


def _resolved(start: Path) -> Path:
    try:
        return start.resolve()
    except FileNotFoundError as error:
        raise OutsideError("the current folder is not there any more", "change to one that is", rule="outside-failed") from error


def is_same(one: str, other: str) -> bool:
    """Whether both paths lead to the same folder."""
    return Path(one).resolve() == Path(other).resolve()


def load_policies(root: Path) -> tuple[PolicySet, str]:
    """The policies of the repository at this *root* at its revision, and a remark where not everything in it is well.

    Raises UserError `no-policies` where the settings are broken, so that nothing could be loaded.
    """
    from watchbill.cli.revision import revision_of
    from watchbill.connectors.capability import findings
    from watchbill.connectors.catalogue import catalogue
    from watchbill.policy import load

    types = catalogue()
    compiled = load(root, types, revision_of(root, folders_of(root)), lambda policies: findings(policies, types))
    if compiled.policies is None:
        raise UserError(
            f"no policies could be loaded: `{SETTINGS}` has {_said(compiled) or 'no findings'}",
            f"run `watchbill validate {root}` to see what to mend",
            rule="no-policies",
        )
    return compiled.policies, remark_on(compiled, root)


def folders_of(root: Path) -> tuple[str, ...]:
    """The folders that the settings at this *root* name, or the usual ones where they name none; those outside are left out."""
    from watchbill.policy.loading import load_text
    from watchbill.policy.loading.reading import FOLDERS

    try:
        documents = load_text(content(root / SETTINGS), SETTINGS).documents
    except OSError:
        return FOLDERS
    spec = next((each.data.get("spec") for each in documents if each.data.get("kind") == "Settings"), None)
    named = spec.get("folders") if isinstance(spec, dict) else None
    if not isinstance(named, list):
        return FOLDERS
    folders = (posixpath.normpath(name) for name in named if isinstance(name, str) and name)
    return tuple(folder for folder in dict.fromkeys(folders) if not posixpath.isabs(folder) and folder.split("/")[0] != "..")


def _said(compiled: Compiled) -> str:
    """How much is wrong. A warning that something is not carried out is left to the plan, which marks the very lines."""
    listed = sum(finding.level == "error" for finding in compiled.findings)
    errors = listed + sum(each.errors for each in compiled.unlisted)
    marked = sum(finding.level == "warning" for finding in compiled.beyond)
    warnings = max(0, len(compiled.findings) - listed + sum(each.warnings for each in compiled.unlisted) - marked)
    parts = ([count(errors, "error")] if errors else []) + ([count(warnings, "warning")] if warnings else [])
    return " and ".join(parts)


def remark_on(compiled: Compiled, root: Path) -> str:
    """What to say of policies that are not all in force, or that validate has more to say of; empty where there is nothing."""
    said = _said(compiled)
    where = "" if str(root) == "." else f" {root}"
    return f"the policies have {said}{_left_out(compiled)}; `watchbill validate{where}` shows them\n" if said else ""


def _left_out(compiled: Compiled) -> str:
    """What goes on without: the documents that are quarantined, the first of them by name."""
    if not compiled.quarantined:
        return ""
    more = len(compiled.quarantined) - MOST_NAMES
    names = [*compiled.quarantined[:MOST_NAMES], *([f"{more:,} more"] if more > 0 else [])]
    return f", and {listing(names)} {'is' if len(compiled.quarantined) == 1 else 'are'} left out"
