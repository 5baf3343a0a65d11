"""``watchbill validate``: everything that is wrong in a policy repository, at once."""

from __future__ import annotations

import sys
from typing import Final

import click

from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import common, formats, policies
from watchbill.cli.output import wants_colour, width_of

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
    from watchbill.cli.checking import as_seen_from_here, checked
    from watchbill.cli.repository import is_same, root_of
    from watchbill.report.findings import findings_json, findings_text

    if path is not None and policies is not None and not is_same(path, policies):
        source = click.get_current_context().get_parameter_source("policies")
        if source is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError("Name the repository once: as PATH, or with --policies.")
    root = root_of(path if path is not None else policies)
    found = checked(root, cached=not no_cache)
    shown = as_seen_from_here(found, root)
    if form == "json":
        import json

        text = json.dumps(findings_json(shown), indent=2, ensure_ascii=False) + "\n"
    else:
        text = findings_text(shown, width=width_of(sys.stdout), colour=wants_colour(session.color, sys.stdout))
    return Answer(text, code=1 if found.has_errors else 0)
