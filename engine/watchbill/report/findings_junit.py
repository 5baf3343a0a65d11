"""Findings as a JUnit report, for CI systems that know tests and nothing else.

An error is a test that failed, and a warning one that passed and has something to say: the report is red where the exit
code is. A repository without findings is one test that passed, for an empty report looks like a job that did not run.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as XML

from watchbill.errors import Finding, Unlisted
from watchbill.report.counts import count
from watchbill.report.findings import Checked, in_order, number_of, unlisted_text

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def findings_junit(checked: Checked) -> str:
    """One test suite with a test for each finding."""
    findings = in_order(checked.findings)
    failures = number_of(findings, "error") + sum(each.errors > 0 for each in checked.unlisted)
    totals = {"tests": str(max(1, len(findings) + len(checked.unlisted))), "failures": str(failures), "errors": "0", "skipped": "0"}
    suites = XML.Element("testsuites", {"name": "watchbill validate", **totals})
    suite = XML.SubElement(suites, "testsuite", {"name": "watchbill validate", **totals})
    for finding in findings:
        _case(suite, finding)
    for each in checked.unlisted:
        _more(suite, each)
    if not findings:
        XML.SubElement(
            suite,
            "testcase",
            {"classname": "watchbill", "name": f"{count(checked.documents, 'document')} in {count(checked.files, 'file')}"},
        )
    XML.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{XML.tostring(suites, encoding="unicode")}\n'


def _more(suite: XML.Element, unlisted: Unlisted) -> None:
    """The findings of a file that are not listed, as one test."""
    file = _clean(unlisted.file)
    case = XML.SubElement(suite, "testcase", {"classname": file, "name": "further findings", "file": file})
    said = unlisted_text(unlisted)
    if unlisted.errors:
        XML.SubElement(case, "failure", {"type": "further-findings", "message": said}).text = said
    else:
        XML.SubElement(case, "system-out").text = said


def _case(suite: XML.Element, finding: Finding) -> None:
    place = finding.place
    where = f":{place.line}" if place.line else ""
    # Several findings of one rule may stand in one line; CI systems tell tests apart by their name.
    column = f":{place.column}" if place.column else ""
    about = {"classname": _clean(place.file), "name": f"{finding.rule}{where}{column}", "file": _clean(place.file)}
    case = XML.SubElement(suite, "testcase", about | ({"line": str(place.line)} if place.line else {}))
    if finding.level == "error":
        said = XML.SubElement(case, "failure", {"type": finding.rule, "message": _clean(finding.message)})
    else:
        said = XML.SubElement(case, "system-out")
    said.text = _clean(str(finding))


def _clean(text: str) -> str:
    """The *text* with what XML cannot hold written out as escapes."""
    return _NOT_XML.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)
