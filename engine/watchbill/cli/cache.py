"""What `validate` found last time, so that an unchanged repository is answered without reading it as YAML again.

Rule 1: an answer is kept under everything it depends on: names and bytes of the policy files, watchbill itself, and every
installed distribution (rules of time zones and connectors among them). What depends on the clock is never kept; what the
clock is to be asked about is, for that depends on the files alone.
Rule 2: JSON, never a pickle, and sealed with a secret of this user's. A repository may be a stranger's, and a cache that
comes with it must not be able to say that all is well.
Rule 3: nothing here ever fails. What cannot be read, checked or written is as if it were not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from watchbill.cli.dated_json import dated_json, dated_of
from watchbill.cli.files import DEEPEST_FOLDER, content
from watchbill.errors import Unlisted
from watchbill.model.dated import Dated
from watchbill.report.findings import Checked
from watchbill.report.findings_json import finding_json, finding_of

_FILE: Final = Path(".watchbill", "cache", "validate.json")
_SUFFIXES: Final = (".yaml", ".yml")
_LARGEST: Final = 64 * 1024 * 1024
"""Bytes, of the policies as of what is kept: what is larger is not a repository that answers are kept of."""


class _Unkept(Exception):
    """This repository is not one whose answers are kept: it has links, files that cannot be read, or far too much of all."""


def remembered(root: Path) -> tuple[Checked, Dated] | None:
    """What was found in exactly this state of the repository, and what is to be asked of the clock; or None."""
    try:
        kept = json.loads(content(root / _FILE, _LARGEST))
        sealed, folders = kept["sealed"], tuple(kept["folders"])
        if not all(isinstance(folder, str) for folder in folders) or kept["seal"] != _seal(sealed, make=False):
            return None
        found = json.loads(sealed)
        if found["state"] != state(root, folders):
            return None
        findings, quarantined = tuple(finding_of(each) for each in found["findings"]), tuple(found["quarantined"])
        unlisted = tuple(Unlisted(*each) for each in found["unlisted"])
        checked = Checked(findings, found["documents"], found["files"], quarantined, found["ignored"], unlisted=unlisted)
        return checked, dated_of(found["dated"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError, _Unkept):
        return None


def remember(root: Path, folders: tuple[str, ...], before: str, checked: Checked, dated: Dated) -> None:
    """Keep what was found and what is to be asked of the clock, unless the files have changed since *before*, or it cannot be kept."""
    try:
        if not before or state(root, folders) != before:
            return
        found = {
            "state": before,
            "findings": [finding_json(each) for each in checked.findings],
            "documents": checked.documents,
            "files": checked.files,
            "quarantined": list(checked.quarantined),
            "ignored": checked.ignored,
            "unlisted": [[each.file, each.errors, each.warnings] for each in checked.unlisted],
            "dated": dated_json(dated),
        }
        sealed = json.dumps(found)
        _write(root, json.dumps({"folders": list(folders), "seal": _seal(sealed, make=True), "sealed": sealed}))
    except (OSError, ValueError, _Unkept):
        return


def state_of(root: Path, folders: tuple[str, ...]) -> str:
    """The state of the repository at this *root*, or an empty text where its answers are not kept."""
    try:
        return state(root, folders)
    except (OSError, _Unkept):
        return ""


# --- what an answer depends on ----------------------------------------------------------


def state(root: Path, folders: tuple[str, ...]) -> str:
    """A digest of all that `validate` looks at: the policy files, the names beside them, and what is installed."""
    made, size = hashlib.sha256(), 0
    for part in (*_installed(), *_beside(root), *folders):
        made.update(b"%d:" % len(part) + part.encode(errors="surrogateescape"))
    for path in (root / "watchbill.yaml", *(file for folder in folders for file in _files(root / folder))):
        if path.is_symlink():
            raise _Unkept
        name, held = os.fsencode(path.relative_to(root)), content(path)
        made.update(b"%d:%d:" % (len(name), len(held)) + name + held)
        size += len(name) + len(held)
        if size > _LARGEST:
            raise _Unkept
    return made.hexdigest()


def _files(folder: Path, depth: int = 0) -> Iterator[Path]:
    """The policy files below this *folder*, in order. A link could lead anywhere, so no folder with links is kept."""
    if depth > DEEPEST_FOLDER:
        raise _Unkept
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            raise _Unkept
        if entry.is_dir():
            yield from _files(Path(entry.path), depth + 1)
        elif entry.name.lower().endswith(_SUFFIXES):
            yield Path(entry.path)


def _beside(root: Path) -> list[str]:
    """The folders beside the settings: a misspelt one is answered with the nearest of them."""
    return sorted(entry.name for entry in os.scandir(root) if not entry.name.startswith(".") and entry.is_dir())


def _installed() -> Iterator[str]:
    """What could judge differently: this Python, every installed distribution with its version, and our own files."""
    yield sys.version
    distributions: set[str] = set()
    for folder in sys.path:
        try:
            distributions.update(entry.name for entry in os.scandir(folder or ".") if entry.name.endswith((".dist-info", ".egg-info")))
        except OSError:
            continue
    yield from sorted(distributions)
    yield from _own(Path(__file__).resolve().parents[1])


def _own(folder: Path) -> Iterator[str]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _own(Path(entry.path))
        elif entry.name.endswith(".py"):
            about = entry.stat()
            yield f"{entry.path} {about.st_size} {about.st_mtime_ns}"


# --- keeping it -------------------------------------------------------------------------


def _seal(text: str, *, make: bool) -> str:
    """What only this user can have written beside this *text*."""
    return hashlib.blake2b(text.encode(), key=_secret(make)).hexdigest()


def _secret(make: bool) -> bytes:
    """This user's secret; made once. Raises OSError where there is none and none can be made."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    path = Path(home, "watchbill", "seal")
    if make and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and linked, so that two first runs at once agree on one secret.
        aside = path.with_name(f"seal.{os.getpid()}")
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(32))
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    secret = path.read_bytes()
    if len(secret) != 32:
        raise OSError("the seal is damaged")
    return secret


def _write(root: Path, text: str) -> None:
    own, folder = root / ".watchbill", (root / _FILE).parent
    for each in (own, folder):
        # A link that came with the repository could lead anywhere; nothing is written through one.
        if each.is_symlink():
            return
        each.mkdir(exist_ok=True)
    ignored = own / ".gitignore"
    if not os.path.lexists(ignored):
        ignored.write_text("# what watchbill keeps for itself\n*\n", encoding="utf-8")
    aside = folder / f"validate.{os.getpid()}"
    try:
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(aside, root / _FILE)
    finally:
        aside.unlink(missing_ok=True)
