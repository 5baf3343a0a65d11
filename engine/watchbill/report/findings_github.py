"""Findings as GitHub's workflow commands: annotations beside the lines of a pull request.

A command is one line, so whatever could end it early is encoded; nothing that a file holds can become a command of its own.
"""

from __future__ import annotations

from watchbill.errors import Finding, Unlisted
from watchbill.report.findings import Checked, in_order, summary_lines, unlisted_text
from watchbill.report.layout import MEASURE
from watchbill.report.paint import paint_all
from watchbill.report.plain import plain


def findings_github(checked: Checked) -> str:
    """An annotation for each finding, and for people who read the log, the line that sums up."""
    commands = "".join(f"{_command(finding)}\n" for finding in in_order(checked.findings))
    more = "".join(f"::{_level(each)} {_given(each.file)}::{_data(unlisted_text(each))}\n" for each in checked.unlisted)
    return commands + more + paint_all(summary_lines(checked, MEASURE), False)


def _level(unlisted: Unlisted) -> str:
    return "error" if unlisted.errors else "warning"


def _given(file: str) -> str:
    return f"file={_property(file)},title=watchbill%3A further findings"


def _command(finding: Finding) -> str:
    place = finding.place
    properties = {"file": place.file, "line": place.line, "col": place.column, "title": f"watchbill: {finding.rule}"}
    # Line 0 is the file as a whole, for which GitHub has no number.
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value)
    return f"::{finding.level} {given}::{_data(f'{plain(finding.message)} [{finding.rule}]')}%0Ahelp: {_data(plain(finding.help))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
