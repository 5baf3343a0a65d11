"""Findings as a JUnit report, for CI systems that know tests and nothing else.

An error is a test that failed, and a warning one that passed and has something to say: the report is red where the exit
code is. A repository without findings is one test that passed, for an empty report looks like a job that did not run.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as XML

from watchbill.errors import Finding
from watchbill.report.counts import count
from watchbill.report.findings import Checked, in_order, number_of

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def findings_junit(checked: Checked) -> str:
    """One test suite with a test for each finding."""
    findings = in_order(checked.findings)
    totals = {"tests": str(max(1, len(findings))), "failures": str(number_of(findings, "error")), "errors": "0", "skipped": "0"}
    suites = XML.Element("testsuites", {"name": "watchbill validate", **totals})
    suite = XML.SubElement(suites, "testsuite", {"name": "watchbill validate", **totals})
    for finding in findings:
        _case(suite, finding)
    if not findings:
        XML.SubElement(
            suite,
            "testcase",
            {"classname": "watchbill", "name": f"{count(checked.documents, 'document')} in {count(checked.files, 'file')}"},
        )
    XML.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{XML.tostring(suites, encoding="unicode")}\n'


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
