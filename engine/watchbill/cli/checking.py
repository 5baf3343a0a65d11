"""Checking a repository, from what was kept where nothing has changed."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from watchbill.cli import cache
from watchbill.errors import Finding, Place
from watchbill.model.dated import Dated
from watchbill.report.findings import Checked
from watchbill.verify.passing import Passing, findings_at


def checked(root: Path, now: datetime, *, cached: bool) -> Checked:
    """Everything that is wrong in the repository at this *root* at *now*; *cached* uses what was kept, and keeps what is found.

    What is wrong because of the time is asked every time, and never kept.
    """
    found, dated = (cache.remembered(root) if cached else None) or _check(root, keep=cached)
    passing = findings_at(dated, now)
    return _with(found, passing) if passing.findings or passing.ignored else found


def _with(found: Checked, passing: Passing) -> Checked:
    """What was *found*, and what the clock has found besides; no more of both than anybody reads."""
    from watchbill.errors import Unlisted
    from watchbill.policy.bounding import bounded

    listed, unlisted = bounded((*found.findings, *passing.findings))
    by_file = {each.file: each for each in found.unlisted}
    for each in unlisted:
        known = by_file.get(each.file, Unlisted(each.file))
        by_file[each.file] = Unlisted(each.file, known.errors + each.errors, known.warnings + each.warnings)
    rest = tuple(by_file[file] for file in sorted(by_file))
    return replace(found, findings=listed, unlisted=rest, ignored=found.ignored + passing.ignored)


def _check(root: Path, *, keep: bool) -> tuple[Checked, Dated]:
    from watchbill.cli.repository import folders_of
    from watchbill.connectors.capability import findings
    from watchbill.connectors.catalogue import catalogue
    from watchbill.policy import load

    folders, types = folders_of(root), catalogue()
    before = cache.state_of(root, folders) if keep else ""
    compiled = load(root, types, "", lambda policies: findings(policies, types))
    found = Checked(
        compiled.findings, compiled.documents, compiled.files, compiled.quarantined, compiled.ignored, unlisted=compiled.unlisted
    )
    if keep:
        cache.remember(root, folders, before, found, compiled.dated)
    return found, compiled.dated


def as_seen_from_here(found: Checked, root: Path) -> Checked:
    """The same, with files named as they are found from the current folder, so that an editor can open them."""
    prefix = os.path.normpath(root)
    if prefix == os.curdir:
        return found
    return replace(
        found,
        findings=tuple(_moved(finding, prefix) for finding in found.findings),
        unlisted=tuple(replace(each, file=os.path.join(prefix, each.file)) for each in found.unlisted),
    )


def _moved(finding: Finding, prefix: str) -> Finding:
    place = finding.place
    return replace(finding, place=Place(os.path.join(prefix, place.file), place.line, place.column))
