"""How many findings are told at once."""

from __future__ import annotations

from pathlib import Path

from tests.policy.makers import CATALOGUE, SETTINGS
from watchbill.errors import Finding, Place, Unlisted
from watchbill.policy import load
from watchbill.policy.bounding import MOST_IN_A_FILE, MOST_IN_ALL, bounded
from watchbill.policy.loading import reading


def found(file: str, line: int, level: str = "error") -> Finding:
    return Finding("no-effect", Place(file, line, 1), "this limits nothing", "remove it", level)  # type: ignore[arg-type]


def test_what_can_be_read_is_listed_whole():
    """
    As many findings as one file may have are all listed, in order of place.
    """
    findings = [found("a.yaml", line) for line in range(MOST_IN_A_FILE, 0, -1)]

    assert bounded(findings) == (tuple(reversed(findings)), ())


def test_of_too_many_in_a_file_the_rest_is_counted():
    """
    Of one file the first findings are listed, and the others are counted; another file loses none of its own.
    """
    many = [found("a.yaml", line) for line in range(1, MOST_IN_A_FILE + 51)]
    listed, unlisted = bounded([*many, found("b.yaml", 1)])

    assert listed == (*many[:MOST_IN_A_FILE], found("b.yaml", 1))
    assert unlisted == (Unlisted("a.yaml", errors=50),)


def test_errors_come_before_warnings():
    """
    No warning takes the place of an error, however early it stands; what is listed is in order of place all the same.
    """
    warnings = [found("a.yaml", line, "warning") for line in range(1, MOST_IN_A_FILE + 1)]
    listed, unlisted = bounded([*warnings, found("a.yaml", 900), found("a.yaml", 901)])

    assert [finding.place.line for finding in listed[-2:]] == [900, 901]
    assert len(listed) == MOST_IN_A_FILE
    assert unlisted == (Unlisted("a.yaml", warnings=2),)


def test_of_too_many_in_all_files_the_rest_is_counted():
    """
    There is a bound for all files together too; each file whose findings are not all listed says how many are not.
    """
    files = [f"{number:03}.yaml" for number in range(MOST_IN_ALL // MOST_IN_A_FILE + 2)]
    listed, unlisted = bounded(found(file, line) for file in files for line in range(1, MOST_IN_A_FILE + 1))

    assert len(listed) == MOST_IN_ALL
    assert unlisted == tuple(Unlisted(file, errors=MOST_IN_A_FILE) for file in files[-2:])


def a_repository(root: Path, text: str) -> Path:
    (root / "policies").mkdir()
    (root / "watchbill.yaml").write_text(SETTINGS, encoding="utf-8")
    (root / "policies" / "many.yaml").write_text(text, encoding="utf-8")
    return root


def test_a_file_of_empty_documents_gives_few_findings_and_a_count(tmp_path: Path):
    """
    Two thousand documents that say nothing but their kind are two hundred findings, and the number of the others.
    """
    compiled = load(a_repository(tmp_path, "kind: Team\n---\n" * 2000), CATALOGUE)
    of_file = [finding for finding in compiled.findings if finding.place.file == "policies/many.yaml"]

    assert len(of_file) == MOST_IN_A_FILE
    assert compiled.unlisted == (Unlisted("policies/many.yaml", errors=3 * 2000 - MOST_IN_A_FILE),)


def test_a_repository_of_too_many_documents_is_not_read(tmp_path: Path, monkeypatch):
    """
    More documents than any repository has are one finding.
    """
    monkeypatch.setattr(reading, "MOST_DOCUMENTS", 10)
    compiled = load(a_repository(tmp_path, "kind: Team\n---\n" * 11), CATALOGUE)

    assert [(finding.rule, finding.message) for finding in compiled.findings] == [
        ("yaml-size", "this repository has more than 10 documents, and was not read")
    ]
    assert compiled.policies is None
