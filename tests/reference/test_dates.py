"""Nothing that the repository shows rots with the date: what ends is years away, but where it is shown what is said of that."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.makers import at
from tests.test_how_to import PAGES, lay_out
from watchbill.cli.app import run
from watchbill.connectors.catalogue import catalogue
from watchbill.model.dated import Ending
from watchbill.policy import load
from watchbill.verify.passing import findings_at

ROOT = Path(__file__).parents[2]
DATED = ROOT / "examples" / "dated"
SOUND_UNTIL = datetime(2032, 1, 1, tzinfo=UTC)
"""Before this no document of the reference ends."""

ASK_THE_DATE = ("plan", "simulate", "explain", "oncall", "validate")
"""Verbs whose answer may be another one tomorrow."""


def endings(root: Path) -> tuple[Ending, ...]:
    """What ends some day in the repository at this *root*."""
    return load(root, catalogue()).dated.endings


def ends_too_soon(root: Path) -> list[str]:
    """What ends in this repository before the reference may."""
    return [str(ending.finding) for ending in endings(root) if ending.at < SOUND_UNTIL]


@pytest.mark.parametrize("name", [".", "examples/mistakes", "examples/demo"])
def test_nothing_that_is_shown_ends_soon(name: str):
    """
    No document of the reference repository, of the planted mistakes and of the demonstration ends before 2032.
    """
    assert ends_too_soon(ROOT / name) == []


@pytest.mark.parametrize("page", ["", *PAGES])
def test_no_how_to_ends_soon(page: str, tmp_path: Path):
    """
    Nothing on a how-to page ends before 2032.
    """
    lay_out(tmp_path, *filter(None, [page]))

    assert ends_too_soon(tmp_path) == []


def test_what_init_lays_out_does_not_end(tmp_path: Path):
    """
    A repository that was just laid out holds nothing that ends.
    """
    assert run(["init", str(tmp_path / "new")]) == 0

    assert endings(tmp_path / "new") == ()


def test_the_reference_is_sound_at_any_time():
    """
    On the first day of each month until 2032, and when the clocks are changed, the reference has no finding of the time: no gap, nothing
    that is over.
    """
    dated = load(ROOT, catalogue()).dated
    months = [datetime(2026 + month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in range(11, 72)]

    for now in (*months, at("2028-02-29"), at("2031-10-26"), SOUND_UNTIL - timedelta(seconds=1)):
        assert [str(finding) for finding in findings_at(dated, now).findings] == [], now


# --- what has ended ---------------------------------------------------------------------

SAID = {
    "ownership/shop.yaml": [
        "the layer `while-bo-was-new` ended on 2025-03-31 09:00 (Europe/Lisbon)",
        "the list of holidays of the layer `stockholm-morning` had its last day on 2025-06-20",
        "this override ended on 2025-08-11 08:00 UTC",
    ],
    "policies/shop.yaml": [
        "this freeze ended on 2025-10-13 00:00 UTC",
        "this silence ended on 2025-05-10 18:00 UTC",
        "this silence ended on 2025-11-01 00:00 UTC",
        "this interval was open for the last time on 2025-12-31 04:00 UTC",
    ],
}


def test_each_sort_of_end_is_shown():
    """
    In January of 2026 the dated example has one `expired` warning for each sort of thing that ends, at the line where its end stands, and
    no other finding.
    """
    loaded = load(DATED, catalogue())
    found = findings_at(loaded.dated, at("2026-01-15T12:00Z")).findings
    said: dict[str, list[str]] = {}
    for finding in found:
        said.setdefault(finding.place.file, []).append(finding.message.removesuffix(", and has no effect any more"))

    assert [str(finding) for finding in loaded.findings] == []
    assert {(finding.rule, finding.level) for finding in found} == {("expired", "warning")}
    assert said == SAID


def test_before_its_time_nothing_is_over():
    """
    In the summer of 2024 the same example has no finding.
    """
    assert findings_at(load(DATED, catalogue()).dated, at("2024-06-01T12:00Z")).findings == ()


# --- what is written to be typed --------------------------------------------------------


def typed() -> Iterator[tuple[str, list[str]]]:
    """Each command of ours that a page gives at a prompt, or the demonstration runs, with where it stands."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for block in re.findall(r"^```console\n(.*?)^```", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL):
            for line in re.findall(r"^\$ (watchbill .+)$", block, re.MULTILINE):
                yield page.relative_to(ROOT).as_posix(), words(line)
    for line in re.findall(r"^run (watchbill .+)$", (ROOT / "examples" / "demo.sh").read_text("utf-8"), re.MULTILINE):
        yield "examples/demo.sh", words(line)


def words(line: str) -> list[str]:
    """The words of a command, without the comment behind it and what becomes of its status."""
    return shlex.split(line.partition(" #")[0].partition("||")[0])


def names_its_time(place: str, command: list[str]) -> bool:
    """Whether the answer to a *command* is the same on every day: it says the time, asks for nothing dated, or its test says the time."""
    verb, rest = command[1], command[2:]
    if verb not in ASK_THE_DATE or {word.partition("=")[0] for word in rest} & {"--at", "--from", "--test"}:
        return True
    # What the README and the how-tos lay out holds nothing that ends.
    return verb == "validate" and (place == "docs/how-to/README.md" or "../my-watch" in rest)


def test_what_is_typed_names_its_time():
    """
    Every command that the README, the docs and the demonstration give, and whose answer depends on the date, gives the date.
    """
    commands = list(typed())

    assert len([command for _, command in commands if command[1] in ASK_THE_DATE]) > 15
    assert [(place, shlex.join(command)) for place, command in commands if not names_its_time(place, command)] == []
