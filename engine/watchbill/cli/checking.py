"""Checking a repository, from what was kept where nothing has changed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from watchbill.cli import cache
from watchbill.errors import Finding, Place
from watchbill.report.findings import Checked


def checked(root: Path, *, cached: bool) -> Checked:
    """Everything that is wrong in the repository at this *root*; *cached* uses what was kept, and keeps what is found."""
    return (cache.remembered(root) if cached else None) or _check(root, keep=cached)


def _check(root: Path, *, keep: bool) -> Checked:
    from watchbill.cli.repository import folders_of
    from watchbill.connectors.catalogue import catalogue
    from watchbill.policy import load

    folders = folders_of(root)
    before = cache.state_of(root, folders) if keep else ""
    compiled = load(root, catalogue(), "")
    found = Checked(compiled.findings, compiled.documents, compiled.files, compiled.quarantined, compiled.ignored)
    if keep:
        cache.remember(root, folders, before, found)
    return found


def as_seen_from_here(found: Checked, root: Path) -> Checked:
    """The same, with files named as they are found from the current folder, so that an editor can open them."""
    prefix = os.path.normpath(root)
    if prefix == os.curdir:
        return found
    return replace(found, findings=tuple(_moved(finding, prefix) for finding in found.findings))


def _moved(finding: Finding, prefix: str) -> Finding:
    place = finding.place
    return replace(finding, place=Place(os.path.join(prefix, place.file), place.line, place.column))
