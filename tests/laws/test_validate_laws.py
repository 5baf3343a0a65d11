"""Whatever stands in a repository, `validate` says what is wrong with it: places, reasons, an exit code; never a crash, never a wait."""

from __future__ import annotations

import io
import json
import re
import signal
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as XML

import pytest

from tests.laws.breaking import Breaker
from tests.makers import NOON
from tests.policy.makers import SETTINGS, SHOP
from watchbill.cli import main
from watchbill.cli.checking import checked
from watchbill.errors import Finding
from watchbill.policy.documents import KINDS
from watchbill.policy.rules import RULES
from watchbill.report.findings import Checked, findings_text
from watchbill.report.findings_github import findings_github
from watchbill.report.findings_json import findings_json
from watchbill.report.findings_junit import findings_junit
from watchbill.report.findings_sarif import findings_sarif

AT_ONCE: Final = 20
"""Broken documents in one repository, each in its own file beside a shop that is well."""

SECONDS: Final = 20.0
"""Of the processor's time, for one such repository. A tenth of a second is usual."""

BREAKER: Final = Breaker()


def test_every_kind_is_among_what_is_broken():
    """
    There are good documents of every kind of the language to begin with.
    """
    assert {tree["kind"] for tree in BREAKER.trees} == set(KINDS)


def test_the_same_seed_breaks_alike():
    """
    A document that fails the law can be made again from its seed.
    """
    again = Breaker()

    assert [BREAKER.broken(seed) for seed in range(50)] == [again.broken(seed) for seed in reversed(range(50))][::-1]


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_four_hundred_broken_documents(first: int, tmp_path: Path):
    """
    Each gives findings with places inside its file, in every form, and the exit code that was promised.
    """
    _try(range(first, first + 100), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("first", range(1000, 11_000, 500))
def test_ten_thousand_broken_documents(first: int, tmp_path: Path):
    """
    The same of ten thousand others.
    """
    _try(range(first, first + 500), tmp_path)


def _try(seeds: range, folder: Path) -> None:
    for start in range(seeds.start, seeds.stop, AT_ONCE):
        contents = {f"policies/broken-{seed}.yaml": BREAKER.broken(seed) for seed in range(start, min(start + AT_ONCE, seeds.stop))}
        root = folder / f"from-{start}"
        for name, content in {"watchbill.yaml": SETTINGS.encode(), "ownership/shop.yaml": SHOP.encode(), **contents}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        with _in_time(f"seeds {start} to {start + AT_ONCE - 1}"):
            found = checked(root, NOON, cached=False)
            for finding in found.findings:
                _check(finding, root)
            _check_forms(found)
            assert _exit_code(root) == (1 if found.has_errors else 0)


@contextmanager
def _in_time(what: str) -> Iterator[None]:
    """Fail where this takes more than `SECONDS` of the processor's time; how busy the machine is does not count."""

    def late(*_: object) -> None:
        raise AssertionError(f"too long: {what}")

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _check(finding: Finding, root: Path) -> None:
    """A finding is of a known rule, says what and what next, and stands inside its file."""
    assert finding.rule in RULES
    assert finding.message.strip(), finding
    assert finding.help.strip(), finding
    content = (root / finding.place.file).read_bytes()
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    lines = re.split(r"\r\n|\r|\n", content.decode(encoding, errors="replace"))
    assert 0 <= finding.place.line <= len(lines), finding
    if finding.place.line:
        assert 0 <= finding.place.column <= len(lines[finding.place.line - 1]) + 1, finding


def _check_forms(found: Checked) -> None:
    """Every form can be made, is what it says it is, and tells of every finding."""
    text = findings_text(found)
    assert not [sign for sign in text if unicodedata.category(sign) in ("Cc", "Cs") and sign != "\n"]
    assert text.count("\n  help: ") == len(found.findings)
    as_json: dict[str, Any] = json.loads(json.dumps(findings_json(found)))
    assert len(as_json["items"]) == len(found.findings)
    assert len(json.loads(json.dumps(findings_sarif(found)))["runs"][0]["results"]) == len(found.findings)
    assert sum(line.startswith("::") for line in re.split("[\r\n]", findings_github(found))) == len(found.findings) + len(found.unlisted)
    suites = XML.fromstring(findings_junit(found).encode(errors="surrogatepass"))
    assert len(suites.findall(".//testcase")) == max(1, len(found.findings) + len(found.unlisted))


def _exit_code(root: Path) -> int:
    with redirect_stdout(io.StringIO()):
        return main(["validate", str(root), "--no-cache"])


# --- files made to take long ------------------------------------------------------------

_HEAD: Final = "apiVersion: watchbill/v1\n"


def _people(number: int) -> str:
    return f"{_HEAD}kind: Person\nmetadata: {{name: p{number:06}}}\nspec: {{zone: zone-{number}}}\n---\n"


LARGE: Final[dict[str, str]] = {
    "documents that say only their kind": "kind: Team\n---\n" * 60_000,
    "unknown keys": "".join(f"kind: Team\nabcd{number}: 1\nefgh{number}: 1\n---\n" for number in range(25_000)),
    "unknown zones": "".join(map(_people, range(10_000))),
    "unknown members": "".join(map(_people, range(6_000)))
    + f"{_HEAD}kind: Team\nmetadata: {{name: all}}\nspec:\n  members: [{', '.join(f'q{number:06}' for number in range(50_000))}]\n",
    "teams above each other": "".join(
        f"{_HEAD}kind: Team\nmetadata: {{name: t{number}}}\nspec: {{parent: t{number + 1}}}\n---\n"
        f"{_HEAD}kind: Service\nmetadata: {{name: s{number}, team: t{number}}}\nspec: {{tier: 1}}\n---\n"
        for number in range(5_500)
    ),
    "roles that lead to each other": f"{_HEAD}kind: Team\nmetadata: {{name: a}}\nspec:\n  roles: {{"
    + ", ".join(f"r{number}: role/r{number + 1}@a" for number in range(15_000))
    + f"}}\n---\n{_HEAD}kind: Escalation\nmetadata: {{name: e, team: a}}\nspec:\n  levels: [{{page: ["
    + ", ".join(f"role/r{number}@a" for number in range(15_000))
    + "]}]\n",
    "services that need each other": "".join(
        f"{_HEAD}kind: Service\nmetadata: {{name: t{number}, team: platform}}\n"
        f"spec: {{tier: 1, depends_on: [t{(number + 1) % 8000}]}}\n---\n"
        for number in range(8_000)
    ),
    "times that never come": f"{_HEAD}kind: TimeInterval\nmetadata: {{name: never}}\nspec:\n  time_intervals:\n"
    + "".join(f'    - {{days_of_month: [30], months: [2], years: ["{number % 9000 + 1000}:9999"]}}\n' for number in range(13_000)),
    "one condition": f"{_HEAD}kind: Escalation\nmetadata: {{name: e, team: platform}}\n"
    f"spec: {{levels: [{{page: role/primary}}], when: '{'(' * 400_000}'}}\n",
    "one template": f"{_HEAD}kind: Escalation\nmetadata: {{name: e, team: platform}}\n"
    f"spec: {{levels: [{{page: role/primary}}], text: '{'{% if tier %}' * 60_000}'}}\n",
    "one pattern": f"{_HEAD}kind: Escalation\nmetadata: {{name: e, team: platform}}\n"
    f"spec: {{levels: [{{page: role/primary}}], match: ['a=~\"{'(a|b)*' * 100_000}\"']}}\n",
}


@pytest.mark.long
@pytest.mark.parametrize("name", LARGE)
def test_a_megabyte_that_was_made_to_take_long(name: str, tmp_path: Path):
    """
    The largest file that is read, full of what is dear to look at, takes seconds, and gives findings in every form.
    """
    (tmp_path / "policies").mkdir()
    (tmp_path / "ownership").mkdir()
    (tmp_path / "watchbill.yaml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "ownership" / "shop.yaml").write_text(SHOP, encoding="utf-8")
    (tmp_path / "policies" / "large.yaml").write_text(LARGE[name], encoding="utf-8")
    with _in_time(name):
        found = checked(tmp_path, NOON, cached=False)
        _check_forms(found)

    assert found.findings
    assert len(found.findings) < 500
    assert "yaml-size" not in {finding.rule for finding in found.findings}
