"""Findings are read from top to bottom, and counted."""

from __future__ import annotations

import json

from watchbill.errors import Finding, Place, Unlisted
from watchbill.report.findings import Checked, findings_text
from watchbill.report.findings_json import finding_json, finding_of, findings_json

UNKNOWN = Finding("unknown-key", Place("policies/b.yaml", 14, 5), "unknown key `colect`", "did you mean `collect`?", document="Triage/http")
LATER = Finding("unknown-name", Place("policies/b.yaml", 102, 1), "no team is called `pay`", "`payments` is")
STALE = Finding("unused", Place("policies/a.yaml", 3), "nobody uses this", "remove it", "warning")


def test_findings_are_sorted_and_counted():
    """
    Findings stand in order of file and line, each with what to do next; a line at the end counts them.
    """
    text = findings_text(Checked((LATER, UNKNOWN, STALE), 21, 7, ("Triage/http",)))

    assert text.splitlines() == [
        "policies/a.yaml:3: warning: nobody uses this [unused]",
        "  help: remove it",
        "policies/b.yaml:14:5: unknown key `colect` [unknown-key]",
        "  help: did you mean `collect`?",
        "policies/b.yaml:102:1: no team is called `pay` [unknown-name]",
        "  help: `payments` is",
        "",
        "21 documents in 7 files: 2 errors and 1 warning in 2 files",
        "left out until mended, 1 document: Triage/http",
    ]


def test_no_findings_is_one_line():
    """
    Where all is well, one line says what was looked at.
    """
    assert findings_text(Checked((), 1132, 24)) == "1,132 documents in 24 files: no findings\n"


def test_a_name_in_a_file_cannot_act_on_the_terminal():
    """
    What a stranger wrote into a policy is shown, and does nothing.
    """
    evil = Finding("unknown-key", Place("a\x1b[1m.yaml", 1), "unknown key `\x1b]0;x\x07`", "\u202ehelp")

    assert not set(findings_text(Checked((evil,), 1, 1))) & {"\x1b", "\x07", "\u202e"}


def test_warnings_alone_are_no_errors():
    """
    Only errors make a repository one that is not well.
    """
    assert not Checked((STALE,), 1, 1).has_errors
    assert Checked((STALE, LATER), 1, 1).has_errors


def test_findings_as_data():
    """
    As JSON they carry the same, in the same order, and each can be read back.
    """
    document = json.loads(json.dumps(findings_json(Checked((LATER, UNKNOWN), 21, 7))))

    assert (document["kind"], document["errors"], document["warnings"], document["documents"], document["files"]) == (
        "Findings",
        2,
        0,
        21,
        7,
    )
    assert [finding_of(item) for item in document["items"]] == [UNKNOWN, LATER]
    assert finding_of(finding_json(STALE)) == STALE


def test_what_is_not_listed_is_said_before_the_count():
    """
    Each file says how many of its findings are not listed; of very many files the last ones are said together.
    """
    few = findings_text(Checked((), 9, 2, unlisted=(Unlisted("a.yaml", 40), Unlisted("b.yaml", 1, 2))))
    many = findings_text(Checked((), 9, 30, unlisted=tuple(Unlisted(f"{number:02}.yaml", 2) for number in range(30))))

    assert few.splitlines() == [
        "a.yaml: 40 more findings are not listed; mend those that are, then look again",
        "b.yaml: 3 more findings are not listed; mend those that are, then look again",
        "",
        "9 documents in 2 files: 41 errors and 2 warnings in 2 files",
    ]
    assert many.splitlines()[19:21] == [
        "19.yaml: 2 more findings are not listed; mend those that are, then look again",
        "10 further files: 20 more findings are not listed",
    ]


def test_of_very_many_that_are_left_out_some_are_named():
    """
    The last line names twenty documents, and says how many more are left out; JSON names all.
    """
    names = tuple(f"Team/t-{number}" for number in range(50_000))
    found = Checked((Finding("no-kind", Place("a.yaml", 1), "no", "yes"),), 50_000, 1, names)

    assert findings_text(found).endswith("Team/t-19 and 49,980 more\n")
    assert len(findings_json(found)["quarantined"]) == 50_000
