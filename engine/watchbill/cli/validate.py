"""``watchbill validate``: everything that is wrong in a policy repository, at once."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Final

import click

from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import Moment, common, formats, now, policies
from watchbill.cli.output import json_text, wants_colour, width_of

if TYPE_CHECKING:
    from watchbill.report.findings import Checked

EXAMPLES: Final = """\b
Examples:
  watchbill validate
  watchbill validate ../policies --format json
  watchbill validate --at 2026-12-24T00:00:00Z
  watchbill validate --format sarif > watchbill.sarif
"""


@click.command("validate", short_help="Check a policy repository: every finding, with what to do next.", epilog=EXAMPLES)
@click.argument("path", required=False, type=click.Path(), metavar="[PATH]")
@formats("validate", "text", "json", "github", "sarif", "junit")
@policies("validate")
@click.option(
    "--at", type=Moment(), metavar="TIME", help="When it is, for findings that depend on it, as 2026-11-23T03:12:00Z; by default now."
)
@click.option("--no-cache", is_flag=True, help="Read every file again, and keep nothing for the next time.")
@common
@click.pass_obj
def command(session: Session, path: str | None, form: str, policies: str | None, at: datetime | None, no_cache: bool) -> Answer:
    """Check a policy repository, and print every finding at once.

    PATH is a folder in the repository, by default the current one. The nearest watchbill.yaml at or above it counts, and
    everything in the folders that it names is read. Nothing in it is executed.

    --format github annotates a pull request, sarif is for code scanning, junit for CI systems that know tests.

    A document with an error is left out until it is mended, and the rest is checked without it. Exits with 1 where there
    are errors; warnings alone exit with 0.

    Schedules are looked at for times without anybody on call in the next 90 days, and documents for dates that are over. With
    --at the answer is the same on every day.

    What was found is kept in .watchbill/cache, so that an unchanged repository is answered at once.
    """
    from watchbill.cli.checking import as_seen_from_here, checked
    from watchbill.cli.repository import is_same, root_of

    if path is not None and policies is not None and not is_same(path, policies):
        source = click.get_current_context().get_parameter_source("policies")
        if source is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError("Name the repository once: as PATH, or with --policies.")
    root = root_of(path if path is not None else policies)
    found = checked(root, at or now(), cached=not no_cache)
    shown = as_seen_from_here(found, root)
    text = _shown(shown, form, wants_colour(session.color, sys.stdout))
    return Answer(text, code=1 if found.has_errors else 0)


def _shown(found: Checked, form: str, colour: bool) -> str:
    """What was *found*, in this form; each has a module of its own, and only that one is loaded."""
    if form == "json":
        from watchbill.report.findings_json import findings_json

        return json_text(findings_json(found), sys.stdout)
    if form == "sarif":
        from watchbill.report.findings_sarif import findings_sarif

        return json_text(findings_sarif(found), sys.stdout)
    if form == "junit":
        from watchbill.report.findings_junit import findings_junit

        return findings_junit(found)
    if form == "github":
        from watchbill.report.findings_github import findings_github

        return findings_github(found)
    from watchbill.report.findings import findings_text

    return findings_text(found, width=width_of(sys.stdout), colour=colour)
