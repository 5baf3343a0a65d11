"""Findings as JSON for other programs, and for our own cache."""

from __future__ import annotations

from typing import Any

from watchbill.errors import Finding, Place
from watchbill.report import API_VERSION
from watchbill.report.findings import Checked, in_order


def findings_json(checked: Checked) -> dict[str, Any]:
    """Everything that was found, as a document of kind Findings."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Findings",
        "errors": checked.errors,
        "warnings": checked.warnings,
        "documents": checked.documents,
        "files": checked.files,
        "quarantined": list(checked.quarantined),
        "ignored": checked.ignored,
        "unlisted": [{"file": each.file, "errors": each.errors, "warnings": each.warnings} for each in checked.unlisted],
        "items": [finding_json(finding) for finding in in_order(checked.findings)],
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
