"""Findings as people read them (place, what is wrong, what next; then a count), and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from watchbill.errors import Finding, Level, Place
from watchbill.report import API_VERSION
from watchbill.report.counts import count, listing
from watchbill.report.layout import MEASURE, wrap
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


def findings_text(checked: Checked, *, width: int = 80, colour: bool = False) -> str:
    """Every finding in order of place, and a line that sums up.

    Findings are never wrapped, so that a tool can read them line by line.
    """
    lines: list[Line] = []
    for finding in _in_order(checked.findings):
        lines += finding_lines(finding)
    if lines:
        lines.append(())
    lines += _summary(checked, min(width, MEASURE))
    return paint_all(lines, colour)


def finding_lines(finding: Finding) -> list[Line]:
    """One finding: where, what and by which rule; then the next thing to do."""
    return trouble_lines(str(finding.place), finding.message, finding.rule, finding.help, finding.level)


def trouble_lines(place: str, message: str, rule: str, help: str, level: Level = "error") -> list[Line]:
    """What is wrong and what next, as findings and errors alike are said. An error without a *place* has none."""
    where = Span(f"{plain(place)}: ", "strong") if place else ""
    marked = Span("warning: ", "warning") if level == "warning" else ""
    name = Span(f" [{plain(rule)}]", "critical" if level == "error" else "warning")
    return [line(where, marked, plain(message), name), line("  help: ", plain(help))]


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


def finding_of(data: dict[str, Any]) -> Finding:
    """The finding that `finding_json` made this *data* of."""
    place = Place(data["file"], data["line"], data["column"])
    return Finding(data["rule"], place, data["message"], data["help"], data["level"], data["document"])


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.order)


def _count(findings: Sequence[Finding], level: str) -> int:
    return sum(finding.level == level for finding in findings)


def _summary(checked: Checked, width: int) -> list[Line]:
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
        lines += wrap(line(Span(left_out, "warning"), names), width, 0, 2)
    return lines
