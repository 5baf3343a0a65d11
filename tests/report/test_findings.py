"""Findings are read from top to bottom, and counted."""

from __future__ import annotations

import json

from watchbill.errors import Finding, Place
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
