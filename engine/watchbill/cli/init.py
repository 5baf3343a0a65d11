"""``watchbill init``: a policy repository to begin with.

Its files lie in `skeleton/`, which is a policy repository itself: `my-watch` and `my-team` in it stand for the names
that are asked for, ``==0.0.0`` for the version of watchbill, and ``dot-`` for the dot in front of a file's name.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import common, formats
from watchbill.cli.output import json_text, wants_colour

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

CI_FILES: Final = {"github": ".github/workflows/watchbill.yml", "gitlab": ".gitlab-ci.yml"}
SCHEMAS: Final = "schemas/v1"

LONGEST_TEAM: Final = 40
"""Names of documents begin with the team's, and have to fit into 63 letters."""

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9]+")
_STANDS_FOR: Final = re.compile(r"\bmy-(watch|team)\b|(?<===)0\.0\.0\b")

EXAMPLES: Final = """\b
Examples:
  watchbill init
  watchbill init my-watch --team payments --ci gitlab
"""


@click.command("init", short_help="Lay out a policy repository that validates, with its tests and CI.", epilog=EXAMPLES)
@click.argument("folder", required=False, default=".", type=click.Path(), metavar="[DIR]")
@click.option("--name", metavar="NAME", help="What the repository is called; by default as its folder.")
@click.option("--team", metavar="TEAM", default="platform", show_default=True, help="The first team, which also gets what nobody claims.")
@click.option(
    "--ci", type=click.Choice(["github", "gitlab", "none"]), default="github", show_default=True, help="Whose workflow checks each change."
)
@click.option("--force", is_flag=True, help="Overwrite files that are there already.")
@formats("init", "text", "json")
@common
@click.pass_obj
def command(session: Session, folder: str, name: str | None, team: str, ci: str, force: bool, form: str) -> Answer:
    """Lay out a policy repository that validates.

    In DIR, by default the current folder, it has a team with three people, a service, a schedule, escalations, triage,
    policy tests, an alert to try them with, the schemas for editors, and a workflow and a pre-commit file that check each
    change. All of it is explained where it stands, and meant to be changed.

    A file that is there and says something else is not overwritten: such files are named, nothing is written, and the
    exit code is 2.
    """
    root = Path(folder)
    name = _checked("--name", name, 63) if name is not None else _name_of(root)
    wanted = dict(_files(name, _checked("--team", team, LONGEST_TEAM), ci))
    states = {file: _state(root / file, content) for file, content in wanted.items()}
    taken = [file for file, state in states.items() if state == "taken"]
    if taken and not force:
        return Answer("", 2, _refusal(root, taken, wants_colour(session.color, sys.stderr)))
    _stay_inside(root, wanted)
    for file, state in states.items():
        if state != "fresh":
            _write(root / file, wanted[file])
    if form == "json":
        shown = {file: "fresh" if state == "fresh" else "written" for file, state in states.items()}
        data = {"apiVersion": "watchbill/v1", "kind": "Repository", "folder": folder, "name": name, "team": team, "files": shown}
        return Answer(json_text(data, sys.stdout))
    return Answer(_told(root, [file for file, state in states.items() if state != "fresh"]))


# --- names ------------------------------------------------------------------------------


def _checked(option: str, name: str, longest: int) -> str:
    if not _NAME.fullmatch(name) or len(name) > longest:
        raise click.UsageError(f"{option}: {name!r} is no name. Use up to {longest} of a to z, 0 to 9 and -, with no - at either end.")
    return name


def _name_of(root: Path) -> str:
    """A name made of what the folder is called."""
    return _NOT_IN_NAMES.sub("-", root.resolve().name.lower()).strip("-")[:63].strip("-") or "watch"


# --- files ------------------------------------------------------------------------------


def _files(name: str, team: str, ci: str) -> Iterator[tuple[str, bytes]]:
    """Every file by its path below the root, and what it is to hold."""
    from importlib.resources import files

    from watchbill import __version__
    from watchbill.cli.schemas import texts

    stands_for = {"watch": name, "team": team, None: __version__}
    unwanted = {path for system, path in CI_FILES.items() if system != ci}
    for path, text in sorted(_skeleton(files("watchbill.cli") / "skeleton")):
        path = _STANDS_FOR.sub(lambda found: stands_for[found[1]], path)
        if path not in unwanted:
            yield path, _STANDS_FOR.sub(lambda found: stands_for[found[1]], text).encode()
    for file, text in texts().items():
        yield f"{SCHEMAS}/{file}", text.encode()


def _skeleton(folder: Traversable, above: str = "") -> Iterator[tuple[str, str]]:
    for each in folder.iterdir():
        path = above + re.sub(r"^dot-", ".", each.name)
        if each.is_dir():
            yield from _skeleton(each, f"{path}/")
        else:
            yield path, each.read_text(encoding="utf-8")


def _state(path: Path, content: bytes) -> str:
    """Whether a file is ``missing``, ``fresh``, or ``taken`` by something else."""
    if not os.path.lexists(path):
        return "missing"
    try:
        return "fresh" if not path.is_symlink() and path.read_bytes() == content else "taken"
    except OSError:
        return "taken"


def _stay_inside(root: Path, wanted: dict[str, bytes]) -> None:
    """Refuse to follow a link in the folder to somewhere else."""
    real = os.path.realpath(root)
    for file in wanted:
        parent = os.path.realpath((root / file).parent)
        if parent != real and not parent.startswith(real.rstrip(os.sep) + os.sep):
            raise click.UsageError(f"{file!r} would be written through a link that leads out of {str(root)!r}.")


def _write(path: Path, content: bytes) -> None:
    from watchbill.cli.writing import write_whole

    path.parent.mkdir(parents=True, exist_ok=True)
    mask = os.umask(0)
    os.umask(mask)
    write_whole(path, content, 0o666 & ~mask)


# --- what is said -----------------------------------------------------------------------


def _refusal(root: Path, taken: list[str], colour: bool) -> str:
    from watchbill.report.counts import count
    from watchbill.report.findings import trouble_lines
    from watchbill.report.paint import line, paint_all
    from watchbill.report.plain import plain

    message = f"{count(len(taken), 'file')} to be written {'is' if len(taken) == 1 else 'are'} there already; nothing was written"
    help = "name another folder, or overwrite with `--force`"
    lines = trouble_lines("", message, rule="would-overwrite", help=help)
    return paint_all([*lines, *(line(f"  {plain(str(root / file))}") for file in taken)], colour)


def _told(root: Path, written: list[str]) -> str:
    """What was written, the schemas in one line, and what to do next."""
    from watchbill.report.counts import count
    from watchbill.report.plain import plain

    schemas = sum(file.startswith(SCHEMAS) for file in written)
    shown = [file for file in written if not file.startswith(SCHEMAS)] + ([f"{SCHEMAS}/ ({count(schemas, 'schema')})"] if schemas else [])
    there = plain(str(root))
    change = "" if there == "." else f"  cd {there}\n"
    return (
        "".join(f"{file}\n" for file in shown) + f"{there}: {count(len(written), 'file')} written\n\n"
        f"next:\n{change}  watchbill validate\n  watchbill test\n  watchbill plan examples/alert.json\n"
    )
