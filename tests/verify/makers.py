"""The small shop with a policy test beside it, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable

from tests.policy.makers import CATALOGUE, header, policies
from watchbill.decide import Bill
from watchbill.model.testing import CaseResult, Tested
from watchbill.verify.running import run_tests

SHOP = """
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: payments-critical, team: payments}
spec:
  match: ['severity="critical"']
  levels:
    - {page: role/primary, wait: 5m, notify: [{use: chat.post, with: {channel: "#payments", text: "{{ alert.name }}"}}]}
    - {page: role/secondary, wait: 10m}
  hub:
    channel: {use: chat.open-channel, with: {name: "inc-{{ service.name }}"}}
    invite: [role/incident-commander]
---
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: payments-warning, team: payments}
spec:
  match: ['severity="warning"']
  levels: [{page: [], wait: 1h, notify: [{use: chat.post, with: {channel: "#payments", text: later}}]}]
---
apiVersion: watchbill/v1
kind: Triage
metadata: {name: http, team: payments}
spec:
  match: ['severity="critical"']
  collect: [{name: error-rate, use: metrics.query, with: {query: errors}}]
---
apiVersion: watchbill/v1
kind: Comms
metadata: {name: customers-critical, team: support}
spec:
  match: ['severity="critical"', 'tier="1"']
  audience: customers
  first: 15m
  cadence: 30m
  review: {by: role/customer-liaison, wait: 10m, then: send}
  messages: {triggered: {body: "{{ service.name }} is disturbed"}, unchanged: {body: no change}, resolved: {body: it is over}}
---
apiVersion: watchbill/v1
kind: Remediation
metadata: {name: restart-checkout, team: payments}
spec:
  match: ['service="checkout"', 'alertname="Stuck"']
  when: "env == 'prod'"
  phase: fallback
  runbook: docs/restart.md
  hold: 6m
  target: "{{ alert.labels.instance }}"
  steps: [{name: restart, use: cluster.rollout-restart, with: {deployment: checkout}}]
  verify: {use: metrics.query, with: {query: errors}, expect: "value < `0.01`", for: 2m, within: 5m}
  rollback: {none: a restart leaves nothing to undo}
  guards: {rate: {max: 2, in: 1d, per: target}}
---
apiVersion: watchbill/v1
kind: Remediation
metadata: {name: scale-checkout, team: payments}
spec:
  match: ['service="checkout"', 'alertname="Slow"']
  phase: oversight
  runbook: docs/scale.md
  target: checkout
  steps: [{name: scale, use: cluster.scale, with: {deployment: checkout, replicas: 4}}]
  verify: {use: metrics.query, with: {query: errors}, expect: "value < `0.01`", for: 2m, within: 5m}
  rollback: {none: replicas do no harm}
  guards: {rate: {max: 2, in: 1d, per: target}}
  approvals: 1
  allow: {approve: [role/incident-commander]}
---
apiVersion: watchbill/v1
kind: Remediation
metadata: {name: roll-back, team: payments}
spec:
  match: ['service="checkout"', 'alertname=~"Slow|Stuck"']
  phase: human-initiated
  runbook: docs/undo.md
  target: checkout
  steps: [{name: undo, use: cluster.rollout-restart, with: {deployment: checkout}}]
---
apiVersion: watchbill/v1
kind: Guardrail
metadata: {name: freeze-december}
spec: {freeze: {from: 2026-12-20T00:00:00Z, to: 2027-01-04T00:00:00Z, reason: holidays}}
---
"""
"""What the shop of the policies' own tests has no document for."""

SILENCE = """
apiVersion: watchbill/v1
kind: Silence
metadata: {name: move, team: payments}
spec:
  match: ['service="checkout"', 'severity="critical"']
  author: ana
  reason: we move house
  from: 2026-11-23T00:00:00Z
  to: 2026-11-24T00:00:00Z
---
"""

CRITICAL = "{labels: {alertname: HighErrorRate, service: checkout, severity: critical, env: prod}}"
WARNING = "{labels: {alertname: HighLatency, service: checkout, severity: warning, env: prod}}"
STUCK = "{labels: {alertname: Stuck, service: checkout, severity: critical, env: prod, instance: a}}"
SLOW = "{labels: {alertname: Slow, service: checkout, severity: critical, env: prod}}"


def a_test(cases: str, *, name: str = "checkout", table: str = "") -> str:
    """A policy test with these *cases*, each a line of YAML, on a Monday at three in the morning."""
    rows = f"  table: {table}\n" if table else ""
    lines = "".join(f"    - {line}\n" for line in cases.strip().splitlines())
    return header("PolicyTest", name, "payments") + f"spec:\n  at: 2026-11-23T03:12:00Z\n  cases:\n{lines}{rows}"


def a_bill(*tests: str) -> Bill:
    """The shop with these policy tests."""
    return Bill.of(policies(SHOP + "---\n".join(tests)), CATALOGUE)


def what_comes_of(*tests: str, covering: bool = False) -> Tested:
    """What comes of these policy tests."""
    return run_tests(a_bill(*tests), covering=covering)


def the_case(given: str, expect: str) -> CaseResult:
    """What comes of one case."""
    found = what_comes_of(a_test(f"{{name: it, given: {{{given}}}, expect: {{{expect}}}}}"))
    (result,) = (case for each in found.results for case in each.cases)
    return result


def differing(given: str, expect: str) -> list[str]:
    """What differs in one case, each in a sentence."""
    return [f"{each.subject}: expected {each.expected}, got {each.got}" for each in the_case(given, expect).differences]


def reasons(given: str, expect: str) -> list[str]:
    """The reasons that come with what differs in one case."""
    return list(_said(the_case(given, expect)))


def _said(result: CaseResult) -> Iterable[str]:
    return (f"{why.policy}: {why.text}" for each in result.differences for why in each.because)
