"""Conditions and documents, made by hand and by hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from watchbill.errors import Place
from watchbill.expressions.conditions import parse_condition
from watchbill.model.references import Condition

HERE = Place("policies/checkout.yaml", 7, 11)

CONTEXT: dict[str, Any] = {
    "alert": {
        "name": "HighErrorRate",
        "status": "firing",
        "severity": "critical",
        "labels": {"alertname": "HighErrorRate", "instance": "db-1", "team": "payments"},
        "annotations": {},
        "received": {},
    },
    "service": {"name": "checkout", "tier": 1, "owner": "payments", "environment": "prod"},
    "team": {"name": "payments", "parent": None},
    "incident": {"id": "x", "status": "triggered", "reopen_count": 0, "alert_count": 2, "age_seconds": 40, "is_acknowledged": False},
    "now": "2026-11-23T03:12:00Z",
    "severity": "critical",
    "tier": 1,
    "env": "prod",
}


def a_condition(text: str) -> Condition:
    """The condition that *text* is."""
    return parse_condition(text, HERE)


def documents() -> st.SearchStrategy[Any]:
    """JSON values with few names, so that expressions often find something."""
    leaves = st.sampled_from([None, True, False, 0, 1, 2, -1, 1.0, 0.5, "", "a", "b", "ab", "2", [], {}])
    names = st.sampled_from(["a", "b", "c"])
    return st.recursive(leaves, lambda below: st.lists(below, max_size=3) | st.dictionaries(names, below, max_size=3), max_leaves=14)


LITERALS = [
    "`1`",
    "`0`",
    "`true`",
    "`false`",
    "`null`",
    "'a'",
    "''",
    "'ab'",
    "`[1, 2]`",
    '`{"a": 1}`',
    '`"b"`',
    "`0.5`",
    "`[]`",
    "'it\\'s'",
]
CALLS = [
    "length({})",
    "contains({}, {})",
    "contains(['a', 'b'], {})",
    "starts_with({}, 'a')",
    "starts_with({}, {})",
    "ends_with({}, 'b')",
    "not_null({}, {})",
    "to_number({})",
    "to_string({})",
    "to_array({})",
    "type({})",
    "keys({})",
    "values({})",
    "sort({})",
    "sort_by({}, &a)",
    "max_by({}, &{})",
    "map(&{}, {})",
    "sum({})",
    "reverse({})",
    "merge({}, {})",
    "join(',', {})",
    "abs({})",
    "max({})",
]
SUFFIXES = [
    ".a",
    ".b",
    "[0]",
    "[-1]",
    "[*]",
    "[]",
    ".*",
    "[1:]",
    "[::-1]",
    "[*].a",
    "[?a]",
    "[?{}].a",
    ".[a, b]",
    ".{{x: a, y: {}}}",
    "[][0]",
    ".length(@)",
]


@st.composite
def expressions(draw: st.DrawFn, depth: int = 0) -> str:
    """Texts of JMESPath, of every kind of node; not all of them parse."""
    kind = draw(st.integers(0, 11 if depth < 4 else 2))

    def below() -> str:
        return draw(expressions(depth=depth + 1))

    match kind:
        case 0:
            return draw(st.sampled_from(["a", "b", "c", "@", '"a"', "[0]", "*", "[]", "[*]", "[?a]", "a.b", "a.b.c", "[1:]"]))
        case 1 | 2:
            return draw(st.sampled_from([*LITERALS, "a", "b", "a.b"]))
        case 3 | 4:
            return f"{below()} {draw(st.sampled_from(['==', '!=', '<', '<=', '>', '>=']))} {below()}"
        case 5:
            return f"{below()} && {below()}"
        case 6:
            return f"{below()} || {below()}"
        case 7:
            return draw(st.sampled_from(["!{}", "({})", "!({})", "({}).a", "({})[0]", "({})[]"])).format(below())
        case 8:
            return f"{below()} | {below()}"
        case 9:
            call = draw(st.sampled_from(CALLS))
            return call.format(*(below() for _ in range(call.count("{}"))))
        case 10:
            return draw(st.sampled_from(["[{}, {}]", '{{x: {}, "y z": {}}}'])).format(below(), below())
        case _:
            suffix = draw(st.sampled_from(SUFFIXES))
            return below() + (suffix.format(below()) if "{" in suffix else suffix)
