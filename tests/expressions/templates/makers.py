"""Templates and what they are filled in with."""

from __future__ import annotations

from typing import Any

from watchbill.errors import Place
from watchbill.expressions.templates import Absent, Escaping, compile_template, parse_template
from watchbill.model.references import Template

HERE = Place("policies/checkout.yaml", 9, 13)

SEEN: dict[str, Any] = {
    "alert": {
        "name": "HighErrorRate",
        "labels": {"instance": "db-1", "items": "none", "_odd": "u", "count": "3"},
        "annotations": {"summary": 'errors in "checkout" <b>', "big": "x" * 3000},
    },
    "service": {"name": "checkout", "tier": 1},
    "team": None,
    "tier": None,
    "incident": {"age_seconds": 4000, "is_acknowledged": False, "ratio": 0.125},
    "now": "2026-11-23T03:12:00Z",
    "severity": "critical",
    "names": ["cy", "ana", "bo"],
    "nested": [[1, 2], [3]],
    "many": list(range(600)),
}


def a_template(text: str) -> Template:
    """The template that *text* is."""
    return parse_template(text, HERE)


def filled(text: str, escaping: Escaping = "none", absent: Absent = "empty", seen: dict[str, Any] | None = None) -> str:
    """The template *text*, filled in."""
    return compile_template(a_template(text), escaping, absent)(SEEN if seen is None else seen)
