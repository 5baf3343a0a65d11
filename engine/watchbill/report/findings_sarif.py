"""Findings as SARIF 2.1.0, for code scanning.

Rule 1: a fingerprint says nothing of lines, so that a finding that only moved is still the same one: it is made of the rule,
the file, the document and the message, and of which one it is where these are alike.
Rule 2: paths are relative to where the command ran, as URIs.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from watchbill import DOCS, HOME, __version__
from watchbill.errors import Finding
from watchbill.policy.rules import MANDATORY, RULES
from watchbill.report.findings import Checked, in_order, unlisted_text

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"

_FINGERPRINT: Final = "watchbill/v1"
_MOVING: Final = re.compile(r"(\.ya?ml)(?::\d+)+|\b(lines?|column) \d+")
"""What a message says of lines."""


def findings_sarif(checked: Checked) -> dict[str, Any]:
    """A SARIF log of one run: the rules that were broken, and where."""
    findings = in_order(checked.findings)
    rules = sorted({finding.rule for finding in findings})
    seen: Counter[str] = Counter()
    driver = {
        "name": "watchbill",
        "semanticVersion": __version__,
        "informationUri": HOME,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, **_notifications(checked)}],
        "results": [_result(finding, rules.index(finding.rule), seen) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _notifications(checked: Checked) -> dict[str, Any]:
    """What the run says of itself: how many findings of which file are not among its results."""
    said = [
        {
            "level": "error" if each.errors else "warning",
            "message": {"text": unlisted_text(each)},
            "locations": [{"physicalLocation": _artifact(each.file)}],
        }
        for each in checked.unlisted
    ]
    return {"toolExecutionNotifications": said} if said else {}


def _rule(rule: str) -> dict[str, Any]:
    summary = RULES.get(rule, rule.replace("-", " "))
    sentence = f"{summary[0].upper()}{summary[1:]}."
    how = "Its errors are mandatory: nothing sets them aside"
    if rule not in MANDATORY:
        how = f"It can be set aside by a comment beside it: # watchbill: ignore[{rule}] reason"
    link = f"{DOCS}/errors.md#{rule}"
    return {
        "id": rule,
        "name": "".join(word.capitalize() for word in rule.split("-")),
        "shortDescription": {"text": sentence},
        "fullDescription": {"text": sentence},
        "helpUri": link,
        "help": {
            "text": f"{sentence} {how}. What is wrong and what is right: {link}",
            "markdown": f"{sentence}\n\n{_coded(how)}.\n\nWhat is wrong and what is right: [docs/errors.md#{rule}]({link})",
        },
    }


def _coded(how: str) -> str:
    text, hash, comment = how.partition("#")
    return f"{text}`{hash}{comment}`" if hash else text


def _result(finding: Finding, index: int, seen: Counter[str]) -> dict[str, Any]:
    identity = "\0".join((finding.rule, _path(finding.place.file), finding.document or "", _MOVING.sub(r"\1\2", finding.message)))
    seen[identity] += 1
    fingerprint = sha256(f"{identity}\0{seen[identity]}".encode(errors="surrogatepass")).hexdigest()
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.level,
        # Braces stay single: they are doubled in messages with arguments, and scanners show others as they come.
        "message": {"text": _unlinked(f"{finding.message}\nhelp: {finding.help}")},
        "locations": [{"physicalLocation": _location(finding), **_logical(finding)}],
        "partialFingerprints": {_FINGERPRINT: fingerprint},
    }


def _unlinked(text: str) -> str:
    """The *text* with brackets escaped that a reader would else take for a link (SARIF 2.1.0, 3.11.6)."""
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]") if "[" in text else text


def _location(finding: Finding) -> dict[str, Any]:
    place = finding.place
    artifact = _artifact(place.file)
    if not place.line:
        return artifact
    region = {"startLine": place.line, **({"startColumn": place.column} if place.column else {})}
    return {**artifact, "region": region}


def _artifact(file: str) -> dict[str, Any]:
    return {"artifactLocation": {"uri": quote(_path(file), safe="/", errors="surrogateescape")}}


def _logical(finding: Finding) -> dict[str, Any]:
    """The document a finding stands in, where that is known."""
    if finding.document is None:
        return {}
    name = finding.document.partition("/")[2]
    return {"logicalLocations": [{"name": name, "fullyQualifiedName": finding.document, "kind": "resource"}]}


def _path(file: str) -> str:
    return file.replace(os.sep, "/") if os.sep != "/" else file
