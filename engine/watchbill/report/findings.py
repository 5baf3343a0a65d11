"""Findings as people read them (place, what is wrong, what next; then a count), and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from watchbill.errors import Finding
from watchbill.report import API_VERSION
from watchbill.report.counts import count, listing
from watchbill.report.paint import Line, Span, line, paint_all
from watchbill.report.plain import plain


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked, and what came of it: every finding, and how many documents in how many files were looked at."""

    findings: tuple[Finding, ...]
    documents: int
    files: int
    quarantined: tuple[str, ...] = ()

    @property
    def has_errors(self) -> bool:
        """Whether any finding is more than a warning."""
        return any(finding.level == "error" for finding in self.findings)


def findings_text(checked: Checked, *, colour: bool = False) -> str:
    """Every finding in order of place, and one line that sums up."""
    lines: list[Line] = []
    for finding in _in_order(checked.findings):
        lines += finding_lines(finding)
    if lines:
        lines.append(())
    lines += _summary(checked)
    return paint_all(lines, colour)


def finding_lines(finding: Finding) -> list[Line]:
    """One finding: where, what and by which rule; then the next thing to do."""
    style = "critical" if finding.level == "error" else "warning"
    level = "" if finding.level == "error" else "warning: "
    message = line(Span(level, "warning"), plain(finding.message), Span(f" [{plain(finding.rule)}]", style))
    return [line(Span(f"{plain(str(finding.place))}: ", "strong"), message), line("  help: ", plain(finding.help))]


def findings_json(checked: Checked) -> dict[str, Any]:
    """The same as data: a document of kind Findings."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Findings",
        "errors": _count(checked.findings, "error"),
        "warnings": _count(checked.findings, "warning"),
        "documents": checked.documents,
        "files": checked.files,
        "quarantined": list(checked.quarantined),
        "items": [finding_json(finding) for finding in _in_order(checked.findings)],
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """One finding as data; `finding_of` reads it back."""
    return {
        "rule": finding.rule,
        "level": finding.level,
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "message": finding.message,
        "help": finding.help,
        "document": finding.document,
    }


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.order)


def _count(findings: Sequence[Finding], level: str) -> int:
    return sum(finding.level == level for finding in findings)


def _summary(checked: Checked) -> list[Line]:
    seen = f"{count(checked.documents, 'document')} in {count(checked.files, 'file')}: "
    errors, warnings = _count(checked.findings, "error"), _count(checked.findings, "warning")
    parts = [count(errors, "error")] if errors else []
    parts += [count(warnings, "warning")] if warnings else []
    if not parts:
        return [line(seen, Span("no findings", "good"))]
    where = len({finding.place.file for finding in checked.findings})
    lines = [line(seen, Span(f"{listing(parts)} in {count(where, 'file')}", "critical" if errors else "warning"))]
    if checked.quarantined:
        names = ", ".join(map(plain, checked.quarantined))
        left_out = f"left out until mended, {count(len(checked.quarantined), 'document')}: "
        lines.append(line(Span(left_out, "warning"), names))
    return lines
