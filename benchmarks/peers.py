"""What a user would pick instead, given the same policies and the same alerts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from watchbill.model.alert import Alert
from watchbill.model.policies import Escalation, Triage
from watchbill.model.policyset import PolicySet


def zen_decision_table(policies: PolicySet) -> Callable[[Alert], object]:
    """The matchers of all escalations and triages as one zen-engine decision table that collects every hit.

    A service, a severity and a pattern are a column each; conditions are left out, which favours it. Raises
    ImportError where zen-engine is not installed.
    """
    import zen

    columns = ("service", "severity", "alertname")
    rules = []
    for number, policy in enumerate(_all(policies)):
        row: dict[str, str] = {"_id": f"r{number}", "out": f'"{policy.ref.name}"'}
        for name in columns:
            matcher = next((each for each in policy.selector.match if each.name == name), None)
            row[name] = "" if matcher is None else json.dumps(matcher.value)
            if matcher is not None and matcher.operator == "=~":
                prefixes = [part.removesuffix(".*") for part in matcher.value.split("|")]
                row[name] = " or ".join(f"startsWith($, {json.dumps(prefix)})" for prefix in prefixes)
        rules.append(row)
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": name, "name": name, "field": name} for name in columns],
        "outputs": [{"id": "out", "name": "out", "field": "out"}],
        "rules": rules,
    }
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", "position": {"x": 0, "y": 0}},
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": table, "position": {"x": 1, "y": 0}},
        {"id": "end", "name": "end", "type": "outputNode", "position": {"x": 2, "y": 0}},
    ]
    edges = [
        {"id": "a", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "b", "sourceId": "table", "targetId": "end", "type": "edge"},
    ]
    decision: Any = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))
    return lambda alert: decision.evaluate(dict(alert.labels))


def hits(answer: Any) -> list[str]:
    """The names of the policies that a decision table collected."""
    result = answer["result"]
    return sorted(row["out"] for row in result) if isinstance(result, list) else []


def closures_in_a_loop(policies: PolicySet) -> Callable[[Alert], Sequence[str]]:
    """The same matchers, one policy after another: what one writes first, and Alertmanager's way."""
    from watchbill.expressions.matchers import compile_matchers

    compiled = [(policy.ref.name, compile_matchers(policy.selector.match)) for policy in _all(policies)]
    return lambda alert: sorted(name for name, failing in compiled if failing(alert.labels) is None)


def _all(policies: PolicySet) -> tuple[Escalation | Triage, ...]:
    return (*policies.escalations.values(), *policies.triages.values())
