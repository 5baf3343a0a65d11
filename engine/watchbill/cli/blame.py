"""Who last changed a line, as git knows it.

Only what is committed is asked about: git would send a file of the working tree through filters that a repository's own
configuration names. Where the file differs from its commit, the lines are matched up here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from difflib import SequenceMatcher
from pathlib import Path
from time import monotonic
from typing import Final

from watchbill.cli.files import content
from watchbill.cli.revision import git
from watchbill.errors import Place
from watchbill.model.explanation import LastChange

MOST_FILES: Final = 40
"""In how many files lines are looked up: each asks git twice, and an explanation must not take long."""

MOST_SECONDS: Final = 10
"""How long all of it may take; what is not known by then is left out."""

_LARGEST_DIFFERENCE: Final = 5_000
"""Lines. Matching up two versions of a longer file takes longer than the answer is worth."""

_HEAD: Final = re.compile(rb"(?P<commit>[0-9a-f]{40,64}) \d+ (?P<line>\d+)(?: \d+)?")
_CHANGED_HERE: Final = LastChange("", "", None, "")


def last_changes(root: Path, places: Iterable[Place]) -> dict[Place, LastChange]:
    """Who last changed each of these *places*, as far as it is known; nothing where there is no repository."""
    by_file: dict[str, list[Place]] = {}
    for place in dict.fromkeys(places):
        if place.line:
            by_file.setdefault(place.file, []).append(place)
    if not by_file or git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}") is None:
        return {}
    found: dict[Place, LastChange] = {}
    started = monotonic()
    for file in sorted(by_file)[:MOST_FILES]:
        if monotonic() - started > MOST_SECONDS:
            break
        found.update(_in_file(root, file, by_file[file]))
    return found


def _in_file(root: Path, file: str, places: list[Place]) -> dict[Place, LastChange]:
    lines = _committed_lines(root, file)
    if lines is None:
        return {}
    asked = {place: lines.get(place.line) for place in places}
    ranges = [f"-L{number},{number}" for number in sorted({number for number in asked.values() if number})]
    # Without --no-textconv git would run a program that the repository names.
    told = git(root, "blame", "--line-porcelain", "--no-textconv", *ranges, "HEAD", "--", f"./{file}") if ranges else b""
    if told is None:
        return {}
    known = parse_porcelain(told)
    changes = {place: _CHANGED_HERE if number is None else known.get(number) for place, number in asked.items()}
    return {place: change for place, change in changes.items() if change is not None}


def _committed_lines(root: Path, file: str) -> dict[int, int] | None:
    """For each line of the *file* that is as it was committed, its number there. None for a file that is not committed."""
    committed = git(root, "cat-file", "blob", f"HEAD:./{file}")
    if committed is None:
        return None
    try:
        present = content(root / file)
    except OSError:
        return None
    # A checkout on Windows may have changed the ends of lines, which changes nothing.
    before, now = committed.splitlines(), present.splitlines()
    if before == now:
        return {number: number for number in range(1, len(now) + 1)}
    if max(len(before), len(now)) > _LARGEST_DIFFERENCE:
        return None
    matched: dict[int, int] = {}
    for block in SequenceMatcher(None, before, now).get_matching_blocks():
        matched.update((block.b + offset + 1, block.a + offset + 1) for offset in range(block.size))
    return matched


def parse_porcelain(told: bytes) -> Mapping[int, LastChange]:
    """The changes by line that ``git blame --line-porcelain`` has *told* of. What it does not say like that is passed over."""
    found: dict[int, LastChange] = {}
    commit, number, fields = "", 0, dict[str, str]()
    for line in told.split(b"\n"):
        if line.startswith(b"\t"):
            if commit:
                found[number] = _change(commit, fields)
            commit, fields = "", {}
        elif not commit and (head := _HEAD.fullmatch(line)):
            commit, number = head["commit"].decode("ascii"), int(head["line"])
        elif commit:
            name, _, value = line.decode("utf-8", "replace").partition(" ")
            fields[name] = value
    return found


def _change(commit: str, fields: Mapping[str, str]) -> LastChange:
    try:
        at = datetime.fromtimestamp(int(fields.get("author-time", "")), UTC)
    except (ValueError, OverflowError, OSError):
        at = None
    return LastChange(commit[:7], fields.get("author", ""), at, fields.get("summary", ""))
