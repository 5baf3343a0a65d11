"""``watchbill fmt``: policy files in canonical form."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import common, formats, policies
from watchbill.cli.output import json_text, wants_colour

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from watchbill.errors import Finding

State = Literal["fresh", "reformatted", "stale", "refused"]

STANDARD_INPUT: Final = "standard input"

EXAMPLES: Final = """\b
Examples:
  watchbill fmt
  watchbill fmt --check --diff
  watchbill fmt policies/payments ownership/payments.yaml
  watchbill fmt - < policies/payments/escalation.yaml
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be formatted: what it is called from here, where it lies (nowhere for standard input), and its bytes."""

    name: str
    path: Path | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a file: its canonical form, or the findings for which it was refused."""

    source: Source
    form: bytes
    state: State
    findings: tuple[Finding, ...] = ()


@click.command("fmt", short_help="Put policy files into canonical form; comments are kept.", epilog=EXAMPLES)
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where a file is not in canonical form, and name it.")
@click.option("--diff", "shows_diff", is_flag=True, help="Write nothing; print what would change, as a unified diff.")
@formats("fmt", "text", "json")
@policies("fmt")
@common
@click.pass_obj
def command(session: Session, paths: tuple[str, ...], check: bool, shows_diff: bool, form: str, policies: str | None) -> Answer:
    """Put policy files into canonical form.

    PATH is a file, or a folder in a policy repository: its policy files are meant, and no others. By default it is the
    whole repository. With - a text is read from standard input and its form printed.

    Keys are put in the order of the language, indentation is two spaces, and brackets that do not fit into 140 columns
    are opened. What a file means stays the same, and so do its comments, quotes and paragraphs. A file that cannot be
    read as YAML is left as it is, with what is wrong in it; then the exit code is 1.
    """
    _refuse_contradictions(paths, shows_diff, form)
    is_filter = "-" in paths and not check and not shows_diff
    writes = not check and not shows_diff and not is_filter
    sources = _sources(paths, policies)
    unread = tuple(finding for each in sources if isinstance(each, tuple) for finding in each)
    results = [_formatted(each, writes) for each in sources if isinstance(each, Source)]
    if writes:
        for result in results:
            _write(result)
    code = 1 if unread or any(each.findings or (check and each.state == "stale") for each in results) else 0
    findings = (*unread, *(finding for each in results for finding in each.findings))
    if form == "json":
        return Answer(_as_json(results, findings), code)
    if is_filter or shows_diff:
        colour = wants_colour(session.color, sys.stdout)
        text = _filtered(results[0]) if is_filter else "".join(_diff(each, colour) for each in results)
        return Answer(text, code, _said(findings, wants_colour(session.color, sys.stderr)))
    return Answer(_said(findings, wants_colour(session.color, sys.stdout)) + _summary(results, unread, check), code)


def _refuse_contradictions(paths: tuple[str, ...], shows_diff: bool, form: str) -> None:
    if "-" in paths and len(paths) > 1:
        raise click.UsageError("- is standard input, and is formatted alone.")
    if form == "json" and (shows_diff or "-" in paths):
        raise click.UsageError("--format json names files; a diff and standard input have text only.")


# --- which files ------------------------------------------------------------------------


def _sources(paths: Sequence[str], policies: str | None) -> list[Source | tuple[Finding, ...]]:
    """The files that are meant, each once; and findings of those that could not be read."""
    if "-" in paths:
        from watchbill.cli.files import LARGEST_FILE

        return [Source(STANDARD_INPUT, None, sys.stdin.buffer.read(LARGEST_FILE + 1))]
    found: dict[str, Source] = {}
    unread: list[tuple[Finding, ...]] = []
    for path in paths or (policies or ".",):
        if os.path.isdir(path) or not paths:
            sources, findings = _below(path, is_whole=not paths)
            unread.append(findings)
        else:
            sources = [_file(path)]
        for source in sources:
            found.setdefault(os.path.realpath(source.path or ""), source)
    return [*filter(None, unread), *found.values()]


def _below(path: str, is_whole: bool) -> tuple[list[Source], tuple[Finding, ...]]:
    """The policy files of the repository that this *path* lies in: those below it, or, where the *whole* is meant, all."""
    from watchbill.cli.checking import as_seen_from_here
    from watchbill.cli.repository import root_of
    from watchbill.policy.loading import read_policy_files
    from watchbill.report.findings import Checked

    root = root_of(path)
    files = read_policy_files(root)
    folder = os.path.realpath(path)
    is_whole = is_whole or folder == os.path.realpath(root)
    inside = {file: content for file, content in files.items() if is_whole or _is_inside(_own_place(root / file), folder)}
    refused = [each for each in files.findings if is_whole or _is_inside(_own_place(root / each.place.file), folder)]
    if not inside and not refused:
        raise click.UsageError(f"{path!r} holds no policy file. `watchbill.yaml` names the folders that do.")
    seen = as_seen_from_here(Checked(tuple(refused), 0, 0), root)
    return [Source(os.path.normpath(root / file), root / file, content) for file, content in inside.items()], seen.findings


def _file(path: str) -> Source:
    """One file, wherever it lies. A link is followed inside the repository, or else inside the link's folder."""
    from watchbill.cli.files import content
    from watchbill.cli.repository import root_of
    from watchbill.errors import UserError

    folder = os.path.dirname(path) or "."
    try:
        tree = os.path.realpath(root_of(folder))
    except UserError:
        tree = os.path.realpath(folder)
    if os.path.islink(path) and not _is_inside(os.path.realpath(path), tree):
        raise click.UsageError(f"{path!r} is a link that leads out of {tree!r}. Name the file itself.")
    return Source(os.path.normpath(path), Path(path), content(Path(path)))


def _own_place(path: Path) -> str:
    """Where a file or a link lies itself, whatever it leads to."""
    return os.path.join(os.path.realpath(path.parent), path.name)


def _is_inside(real: str, folder: str) -> bool:
    return real.startswith(folder.rstrip(os.sep) + os.sep)


# --- what becomes of them ---------------------------------------------------------------


def _formatted(source: Source, writes: bool) -> Result:
    from watchbill.policy.formatting import format_text

    done = format_text(source.content, source.name)
    if done.findings:
        return Result(source, source.content, "refused", done.findings)
    if done.content == source.content:
        return Result(source, done.content, "fresh")
    return Result(source, done.content, "reformatted" if writes else "stale")


def _write(result: Result) -> None:
    """Put the form in the place of the file, which keeps its mode; a link stays one."""
    if result.state != "reformatted" or result.source.path is None:
        return
    from watchbill.cli.writing import write_whole

    real = result.source.path.resolve()
    write_whole(real, result.form, real.stat().st_mode & 0o7777)


# --- what is said -----------------------------------------------------------------------


def _said(findings: Iterable[Finding], colour: bool) -> str:
    from watchbill.report.findings import finding_lines
    from watchbill.report.paint import paint_all

    return paint_all((line for finding in sorted(findings, key=lambda each: each.order) for line in finding_lines(finding)), colour)


def _summary(results: Sequence[Result], unread: Sequence[Finding], check: bool) -> str:
    """Each file that was or would be changed, and a line that sums up."""
    from watchbill.report.counts import count
    from watchbill.report.plain import plain

    changed = [plain(each.source.name) for each in results if each.state in ("reformatted", "stale")]
    if check and changed:
        return "".join(f"{name}: not in canonical form\n" for name in changed) + "run `watchbill fmt` to write them\n"
    files = len(results) + len(unread)
    refused = len(unread) + sum(each.state == "refused" for each in results)
    parts = [f"{len(changed) or 'none'} reformatted"] if not check else ["all in canonical form"] if not refused else []
    parts += [f"{refused} refused"] if refused else []
    return "".join(f"{name}: reformatted\n" for name in changed) + f"{count(files, 'file')}: {', '.join(parts)}\n"


def _as_json(results: Sequence[Result], findings: Sequence[Finding]) -> str:
    from watchbill.report.findings_json import finding_json

    return json_text(
        {
            "apiVersion": "watchbill/v1",
            "kind": "Formatting",
            "files": {each.source.name: each.state for each in results},
            "findings": [finding_json(finding) for finding in sorted(findings, key=lambda each: each.order)],
        },
        sys.stdout,
    )


def _filtered(result: Result) -> str:
    """The form of what came from standard input; nothing where it was refused."""
    if result.findings:
        return ""
    text = result.form.decode()
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError as error:
        from watchbill.errors import OutsideError

        message = f"standard output cannot carry all of its letters, being {sys.stdout.encoding}"
        raise OutsideError(message, "set PYTHONIOENCODING=utf-8", rule="outside-failed") from error
    return text


def _diff(result: Result, colour: bool) -> str:
    from difflib import unified_diff

    from watchbill.report.paint import Span, Style, paint

    if result.state != "stale":
        return ""
    before, after = (text.decode().splitlines(keepends=True) for text in (result.source.content, result.form))
    styles: dict[str, Style] = {"+": "good", "-": "critical", "@": "time"}

    def shown() -> Iterator[str]:
        for number, line in enumerate(unified_diff(before, after, result.source.name, result.source.name)):
            text = line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            style: Style = "strong" if number < 2 else styles.get(line[0], "none")
            yield "".join(f"{paint((Span(each, style),), colour=True)}\n" for each in text.splitlines()) if colour else text

    return "".join(shown())
