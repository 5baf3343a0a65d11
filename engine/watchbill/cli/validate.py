"""``watchbill validate``: everything that is wrong in a policy repository, at once."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from watchbill.cli import cache
from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import common, formats, policies
from watchbill.cli.output import wants_colour, width_of
from watchbill.cli.repository import SETTINGS, folders_of, root_of
from watchbill.errors import Finding, Place
from watchbill.report.findings import Checked, findings_json, findings_text

EXAMPLES: Final = """\b
Examples:
  watchbill validate
  watchbill validate ../policies --format json
"""


@click.command("validate", short_help="Check a policy repository: every finding, with what to do next.", epilog=EXAMPLES)
@click.argument("path", required=False, type=click.Path(), metavar="[PATH]")
@formats("validate", "text", "json")
@policies("validate")
@click.option("--no-cache", is_flag=True, help="Read every file again, and keep nothing for the next time.")
@common
@click.pass_obj
def command(session: Session, path: str | None, form: str, policies: str | None, no_cache: bool) -> Answer:
    """Check a policy repository, and print every finding at once.

    PATH is a folder in the repository, by default the current one. The nearest watchbill.yaml at or above it counts, and
    everything in the folders that it names is read. Nothing in it is executed.

    A document with an error is left out until it is mended, and the rest is checked without it. Exits with 1 where there
    are errors; warnings alone exit with 0.

    What was found is kept in .watchbill/cache, so that an unchanged repository is answered at once.
    """
    if path is not None and policies is not None and Path(path).resolve() != Path(policies).resolve():
        source = click.get_current_context().get_parameter_source("policies")
        if source is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError("Name the repository once: as PATH, or with --policies.")
    root = root_of(path if path is not None else policies)
    checked = (None if no_cache else cache.remembered(root)) or check(root, keep=not no_cache)
    shown = _from_here(checked, root)
    if form == "json":
        text = json.dumps(findings_json(shown), indent=2, ensure_ascii=False) + "\n"
    else:
        text = findings_text(shown, width=width_of(sys.stdout), colour=wants_colour(session.color, sys.stdout))
    return Answer(text, code=1 if checked.has_errors else 0)


def check(root: Path, *, keep: bool) -> Checked:
    """Read and compile the repository at this *root*, and *keep* what was found for the next time."""
    from watchbill.connectors.catalogue import catalogue
    from watchbill.policy import load
    from watchbill.policy.loading import read_policy_files

    folders = folders_of(root)
    before = cache.state_of(root, folders) if keep else ""
    compiled = load(root, catalogue(), "")
    checked = Checked(compiled.findings, compiled.documents, len(read_policy_files(root)), compiled.quarantined)
    if keep:
        cache.remember(root, folders, before, checked)
    return checked


def _from_here(checked: Checked, root: Path) -> Checked:
    """The same, with files named as they are found from the current folder, so that an editor can open them."""
    prefix = os.path.normpath(root)
    if prefix == os.curdir:
        return checked
    return replace(checked, findings=tuple(_moved(finding, prefix) for finding in checked.findings))


def _moved(finding: Finding, prefix: str) -> Finding:
    place = finding.place
    return replace(finding, place=Place(os.path.join(prefix, place.file or SETTINGS), place.line, place.column))
