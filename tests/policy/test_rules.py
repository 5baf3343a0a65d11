"""The list of rules against the code that reports them."""

from __future__ import annotations

from pathlib import Path

import watchbill
from watchbill.policy.rules import RULES

PACKAGE = Path(watchbill.__file__).parent
SOURCES = "".join(
    path.read_text(encoding="utf-8")
    for room in ("policy", "expressions", "connectors", "verify")
    for path in sorted((PACKAGE / room).rglob("*.py"))
    if path.name != "rules.py"
)


def test_every_rule_is_reported_somewhere():
    """
    No rule stands in the list for nothing.
    """
    assert [rule for rule in RULES if f'"{rule}"' not in SOURCES] == []


def test_every_summary_is_one_line_in_one_form():
    """
    A summary is a line without a stop, which goes on from the name of the rule.
    """
    assert [rule for rule, summary in RULES.items() if summary.endswith(".") or "\n" in summary or len(summary) > 100] == []
