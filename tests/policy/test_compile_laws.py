"""Laws of compiling: whatever people write, they get findings and never a crash."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy.makers import CATALOGUE, OTHERS, SETTINGS, SHOP, header, loaded
from tests.policy.test_values import REPAIR
from watchbill.policy.compile import compile_policies
from watchbill.policy.loading import PlacedDict, PlacedList, RawDocument
from watchbill.policy.rules import RULES

MORE = (
    header("Remediation", "restart", "payments")
    + REPAIR
    + "---\n"
    + header("Triage", "http", "platform")
    + "spec: {collect: [{name: up, use: metrics.query, with: {query: up}}]}\n---\n"
    + header("Comms", "all", "support")
    + 'spec: {audience: customers, when: "tier == `1`", messages: {triggered: {body: "{{ alert.name }}"}}}\n---\n'
    + header("Guardrail", "december")
    + "spec: {freeze: {from: 2026-12-20T00:00:00Z, to: 2027-01-04T00:00:00Z}}\n---\n"
    + header("Override", "swap")
    + "spec: {schedule: payments-primary, person: bo, from: 2026-12-24T09:00:00Z, to: 2026-12-25T09:00:00Z}\n"
)
WHOLE = loaded(SHOP + "---\n" + OTHERS + "---\n" + MORE).documents
MAIN = loaded(SETTINGS, "watchbill.yaml").documents[0]

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "x", "5m", "0", "role/x@y", "person/ana", "metrics.query", 'a="b"', "tier == `1`", "{{ x }}", "{% for", "UTC", "é", "nights"]
    ),
    st.text(max_size=12),
    st.just([]),
    st.just({}),
    st.just(["x", 5, None]),
    st.just({"x": {"y": [1]}}),
)


def paths(node: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value of a document."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(found for part, value in inner for found in paths(value, (*path, part)))]


def changed(node: Any, path: tuple[str | int, ...], value: Any, key: str | None) -> Any:
    """A copy of a document with another *value* at this *path*, under another *key* where one is given."""
    if not path:
        return value
    if isinstance(node, dict):
        mapping = PlacedDict(node.place)
        for name, inner in node.items():
            new = (key or name) if name == path[0] and len(path) == 1 else name
            mapping[new] = placed(changed(inner, path[1:], value, key)) if name == path[0] else inner
            mapping.keys_at[new], mapping.values_at[new] = node.keys_at[name], node.values_at[name]
        return mapping
    items = PlacedList(node.place)
    items.extend(placed(changed(inner, path[1:], value, key)) if index == path[0] else inner for index, inner in enumerate(node))
    items.values_at = list(node.values_at)
    return items


def placed(node: Any) -> Any:
    """The same, with places, as the loader would have made it."""
    if isinstance(node, dict) and not isinstance(node, PlacedDict):
        mapping = PlacedDict()
        for key, value in node.items():
            mapping[key] = placed(value)
            mapping.keys_at[key] = mapping.values_at[key] = (1, 1)
        return mapping
    if isinstance(node, list) and not isinstance(node, PlacedList):
        items = PlacedList()
        items.extend(placed(value) for value in node)
        items.values_at = [(1, 1)] * len(node)
        return items
    return node


PLACES = [(index, path) for index, document in enumerate([MAIN, *WHOLE]) for path in paths(document.data) if path]


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), VALUES, st.none() | st.sampled_from(["x", "spec", "levels", "team"])), min_size=1, max_size=3
    )
)
def test_whatever_is_written_gives_findings_and_no_crash(changes: list[tuple[Any, Any, str | None]]):
    """
    Good documents with anything changed in them compile or give findings; nothing is ever raised, and what is left out is
    named and has a finding.
    """
    documents = [MAIN, *WHOLE]
    for (index, path), value, key in changes:
        if path in paths(documents[index].data):
            raw = documents[index]
            documents[index] = RawDocument(raw.file, changed(raw.data, path, value, key), raw.line)
    main, *rest = documents
    done = compile_policies(rest, CATALOGUE, "4f2c1d9", main)

    assert {finding.rule for finding in done.findings} <= RULES.keys()
    assert list(done.findings) == sorted(done.findings, key=lambda finding: finding.order)
    assert all(finding.place.line > 0 and finding.message and finding.help for finding in done.findings)
    assert bool(done.quarantined) <= bool(done.findings)
    if done.policies is not None:
        assert done.policies.quarantined == done.quarantined
