"""``watchbill doctor``: what this installation cannot carry out of its policies, and what to do about it."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from watchbill.cli.answer import Answer, Session
from watchbill.cli.engine_options import database, engine
from watchbill.cli.options import common, formats, policies
from watchbill.cli.output import json_text, wants_colour, width_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from watchbill.errors import Finding
    from watchbill.policy import Compiled
    from watchbill.report.findings import Checked

EXAMPLES: Final = """\b
Examples:
  watchbill doctor
  watchbill doctor --secret-prefix SHOP_ --allow-private 10.0.0.0/8
  watchbill doctor --secrets-dir /run/secrets --format json
"""


@click.command("doctor", short_help="Say what this installation cannot carry out, and what to do.", epilog=EXAMPLES)
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="As for `serve`, and not looked at.")
@click.option("--port", type=click.IntRange(0, 65535), default=9494, help="As for `serve`, and not looked at.")
@database("doctor", "serve")
@policies("doctor")
@engine("doctor", "serve")
@formats("doctor", "text", "json")
@common
@click.pass_obj
def command(session: Session, /, host: str, port: int, database: str | None, policies: str | None, form: str, **rest: Any) -> Answer:
    """Say what of the policies this installation cannot carry out, with the flag, the variable or the command that mends it.

    It takes the flags of `watchbill serve`, and its variables too, so that it answers for the process that they start: change the verb and
    nothing else. What is looked at: which actions this version carries out, secrets and the leave to use them, private networks and the
    leave to connect there, programs, libraries, and whether the record can be written. Nothing is sent and no connector is called.

    Exits with 1 where a person or a service would not be reached, or the engine could not work; warnings alone exit with 0.
    """
    from watchbill.cli.checking import as_seen_from_here
    from watchbill.cli.repository import remark_on, root_of
    from watchbill.report.findings import Checked

    root = root_of(policies)
    compiled = _examined(root, rest)
    found = sorted((*compiled.beyond, *_of_the_engine(root, database)), key=lambda finding: finding.order)
    checked = Checked(tuple(found), compiled.documents, compiled.files, compiled.quarantined)
    text = _shown(as_seen_from_here(checked, root), form, wants_colour(session.color, sys.stdout))
    own = tuple(finding for finding in compiled.findings if finding not in compiled.beyond)
    return Answer(text, int(checked.has_errors), remark_on(replace(compiled, findings=own, beyond=()), root))


def _examined(root: Path, given: Mapping[str, Any]) -> Compiled:
    """The policies at this *root*, held against the process that what is *given* describes."""
    from watchbill.cli.survey import judge_of
    from watchbill.connectors.catalogue import catalogue
    from watchbill.connectors.processes import Processes
    from watchbill.connectors.programs import programs
    from watchbill.connectors.reaching import Reach
    from watchbill.connectors.secrets import Roots
    from watchbill.errors import UserError
    from watchbill.policy import load

    types = catalogue(*(each.type for each in programs(given["connector_program"], Processes())))
    roots = Roots(given["secret_prefix"], tuple(given["secrets_dir"]), os.environ)
    compiled = load(root, types, "", judge_of(types, roots, Reach.of(given["allow_private"])))
    if compiled.policies is None:
        help = f"run `watchbill validate {root}` to see what to mend"
        raise UserError("no policies could be loaded: the settings have errors", help, rule="no-policies")
    return compiled


def _of_the_engine(root: Path, database: str | None) -> Iterator[Finding]:
    """What keeps an engine from working here, whatever the policies say."""
    from watchbill.cli.survey import missing_libraries
    from watchbill.errors import Finding, Place

    missing = missing_libraries("serve")
    if missing:
        said = f"`watchbill serve` needs {', '.join(missing)}, which the base installation does not bring"
        yield Finding("missing-extra", Place("watchbill.yaml"), said, "run `pip install 'watchbill[serve]'`")
    yield from _of_the_record(root, database)


def _of_the_record(root: Path, database: str | None) -> Iterator[Finding]:
    """What keeps the record from being opened: what is no address of one, a place that cannot be written, or a file that is no record."""
    from watchbill.errors import Finding, Place, UserError
    from watchbill.store.location import file_of

    place = Place("watchbill.yaml")
    try:
        path = file_of(database) if database else root / ".watchbill" / "watchbill.db"
    except UserError as error:
        yield Finding(error.rule, place, error.message, error.help)
        return
    problem = _unwritable(path)
    if problem:
        help = "give the user that watchbill runs as the right to write there, or name another place with `--database`"
        yield Finding("record-unwritable", place, f"the record at {path} cannot be written: {problem}", help)
    elif path.exists():
        tables = _tables(path)
        help = "put the last backup in its place, or name another place with `--database`"
        if tables is None:
            yield Finding("record-corrupt", place, f"the record at {path} is damaged, or is no SQLite database", help)
        elif tables and "alembic_version" not in tables:
            yield Finding("record-foreign", place, f"{path} is the database of something else", "name another file with `--database`")


def _unwritable(path: Path) -> str:
    """Why a record at this *path* could not be written, in words; empty where it could. It leaves nothing behind."""
    import tempfile

    try:
        if path.exists():
            if not path.is_file():
                return "it is no file"
            os.close(os.open(path, os.O_RDWR))
        # SQLite writes files beside the record, so the folder has to be writable as well.
        folder = next((each for each in path.parents if each.exists()), path)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as failure:
        return failure.strerror or str(failure)


def _tables(path: Path) -> list[str] | None:
    """The tables of the SQLite database at this *path*; None where it is none that could be read."""
    import sqlite3
    from contextlib import closing
    from urllib.parse import quote

    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)) as connection:
            return [str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    except sqlite3.OperationalError:
        return []  # an engine may have it open: what is wrong then is said by that
    except sqlite3.DatabaseError:
        return None


def _shown(found: Checked, form: str, colour: bool) -> str:
    if form == "json":
        from watchbill.report.findings_json import findings_json

        return json_text(findings_json(found), sys.stdout)
    from watchbill.report.findings import findings_text

    return findings_text(found, width=width_of(sys.stdout), colour=colour)
