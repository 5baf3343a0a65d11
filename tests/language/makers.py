"""A small company as YAML, and what becomes of documents that are put beside it.

The tests of this folder know the language only from outside: documents go in as text, are compiled with the connectors that come
with watchbill, and are decided with, on virtual time. Their docstrings are the rules of `docs/reference/language.md`.

The cast: payments (ana, bo, cy) looks after checkout and refunds, data (dan) after orders-db, both below engineering (eve); platform
(fay) is the fallback team; security (guy) and support (kim) stand beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from tests.makers import NOON, an_alert
from tests.watch import Watch
from watchbill.connectors.catalogue import catalogue
from watchbill.decide import Bill, correlate
from watchbill.decide.planning import plan
from watchbill.errors import Finding
from watchbill.model.alert import Alert, ClaimedAlert
from watchbill.model.forecast import Plan
from watchbill.model.policyset import PolicySet
from watchbill.policy import Compiled, compile_policies
from watchbill.policy.loading import Loaded, RawDocument, load_text

SETTINGS = """\
apiVersion: watchbill/v1
kind: Settings
metadata: {name: company}
spec:
  fallback_team: platform
  grants:
    - {to: team/support, services_of: ['*']}
"""

COMPANY = """\
apiVersion: watchbill/v1
kind: Person
metadata: {name: ana}
spec: {contacts: [{use: phone.call, to: "+351 555 0100"}, {use: phone.sms, to: "+351 555 0100", after: 2m}]}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: bo}
spec: {contacts: [{use: phone.call, to: "+351 555 0101"}]}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: cy}
spec: {contacts: [{use: phone.call, to: "+351 555 0102"}]}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: dan}
spec: {contacts: [{use: phone.call, to: "+351 555 0103"}]}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: eve}
spec: {contacts: [{use: phone.call, to: "+351 555 0104"}]}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: fay}
spec: {contacts: [{use: phone.call, to: "+351 555 0105"}]}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: guy}
spec: {contacts: [{use: phone.call, to: "+351 555 0106"}]}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: kim}
spec: {contacts: [{use: phone.call, to: "+351 555 0107"}]}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: engineering}
spec: {members: [eve], roles: {primary: person/eve, lead: person/eve, incident-commander: person/eve}}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: payments}
spec:
  parent: engineering
  members: [ana, bo, cy]
  roles: {primary: schedule/payments-primary, secondary: person/bo, lead: person/cy}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: data}
spec: {parent: engineering, members: [dan], roles: {primary: person/dan}}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: platform}
spec: {members: [fay], roles: {primary: person/fay}}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: security}
spec: {members: [guy], roles: {primary: person/guy, lead: person/guy}}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: support}
spec: {members: [kim], roles: {primary: person/kim, customer-liaison: person/kim}}
---
apiVersion: watchbill/v1
kind: Schedule
metadata: {name: payments-primary, team: payments}
spec: {layers: [{name: base, rotation: {every: 1w, start: "2026-01-05 09:00"}, participants: [ana, bo]}]}
---
apiVersion: watchbill/v1
kind: Service
metadata: {name: checkout, team: payments}
spec: {tier: 1, environment: prod}
---
apiVersion: watchbill/v1
kind: Service
metadata: {name: refunds, team: payments}
spec: {tier: 2}
---
apiVersion: watchbill/v1
kind: Service
metadata: {name: orders-db, team: data}
spec: {tier: 1}
---
apiVersion: watchbill/v1
kind: Audience
metadata: {name: customers, team: support}
spec: {channels: [{use: status.post}], liaison: role/customer-liaison@support}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: phone}
spec:
  type: twilio
  with: {account_sid: AC0123456789abcdef0123456789abcdef, from: "+351 555 0199"}
  secrets: {auth_token: env/TWILIO_TOKEN}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: chat}
spec: {type: slack, secrets: {token: env/SLACK_TOKEN}}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: metrics}
spec: {type: prometheus, with: {url: https://prometheus.example.com}}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: cluster}
spec: {type: kubernetes}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: local}
spec: {type: exec}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: web}
spec: {type: http, with: {url: https://shop.example.com}}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: status}
spec: {type: statuspage, with: {page_id: shop}, secrets: {token: env/STATUSPAGE_TOKEN}}
"""

PAGE = ("Escalation", "payments-all", "levels: [{page: role/primary, wait: 5m}, {page: role/secondary, wait: 5m}]")
"""Payments pages its primary, and after five minutes its secondary."""

RESTART = """\
match: ['service="checkout"']
phase: fallback
hold: 6m
target: "{{ alert.labels.instance }}"
steps: [{name: restart, use: cluster.rollout-restart, with: {deployment: "{{ service.name }}"}}]
verify: {use: metrics.query, with: {query: errors}, expect: "value < `0.01`", for: 2m, within: 5m}
rollback: {none: a restart leaves nothing to undo}
guards: {rate: {max: 2, in: 1d, per: target}}
runbook: docs/runbooks/checkout.md
"""
"""What a remediation in phase fallback says."""

TELL = """\
audience: customers
first: 15m
cadence: 30m
messages: {triggered: {body: it began}, unchanged: {body: no change}, resolved: {body: it is over}}
"""
"""What an obligation to customers says."""

Written = tuple[str, str, str] | tuple[str, str, str, str]
"""A document by its kind, its name and what it says; the team is payments where it is not told."""


def document(kind: str, name: str, spec: str, team: str = "payments") -> str:
    """The YAML of a document; *spec* is what stands below `spec:`, as a block or in braces. No *team* is an empty text."""
    owner = f", team: {team}" if team else ""
    body = f" {spec}\n" if spec.startswith("{") else "\n" + "".join(f"  {line}\n" for line in spec.rstrip("\n").split("\n"))
    return f"apiVersion: watchbill/v1\nkind: {kind}\nmetadata: {{name: {name}{owner}}}\nspec:{body}"


def text_of(*documents: Written | str) -> str:
    """Several documents as one file."""
    return "---\n".join(each if isinstance(each, str) else document(*each) for each in documents)


def loaded(text: str, file: str) -> Loaded:
    """The documents of this *text*."""
    return load_text(text.encode(), file)


def label(raw: RawDocument) -> str:
    """``Kind/name``."""
    metadata = raw.data.get("metadata")
    return f"{raw.data.get('kind')}/{metadata.get('name') if isinstance(metadata, dict) else None}"


def compiled(*documents: Written | str, settings: str = SETTINGS, files: Mapping[str, str] | None = None) -> Compiled:
    """The company with these *documents* beside it, or in the place of those of their kind and name.

    *files* are documents that stand beside all others, even where a name is taken.
    """
    given = loaded(text_of(*documents), "policies/case.yaml")
    replaced = {label(raw) for raw in given.documents}
    rest = [raw for raw in loaded(COMPANY, "ownership/company.yaml").documents if label(raw) not in replaced]
    others = [loaded(text, file) for file, text in (files or {}).items()]
    every = [*rest, *given.documents, *(raw for other in others for raw in other.documents)]
    broken = [*given.quarantined, *(name for other in others for name in other.quarantined)]
    main = loaded(settings, "watchbill.yaml").documents[0]
    done = compile_policies(every, catalogue(), "4f2c1d9", main, quarantined=broken)
    findings = (*given.findings, *(finding for other in others for finding in other.findings), *done.findings)
    return replace(done, findings=tuple(sorted(findings, key=lambda finding: finding.order)))


def findings(*documents: Written | str, settings: str = SETTINGS) -> list[Finding]:
    """What is wrong with the company and these *documents*."""
    return list(compiled(*documents, settings=settings).findings)


def rules(*documents: Written | str, settings: str = SETTINGS) -> list[str]:
    """The names of the rules that these *documents* break."""
    return [finding.rule for finding in findings(*documents, settings=settings)]


def policies(*documents: Written | str, settings: str = SETTINGS, files: Mapping[str, str] | None = None) -> PolicySet:
    """The company with these *documents*, in which nothing may be wrong."""
    done = compiled(*documents, settings=settings, files=files)
    assert not done.findings, "\n".join(map(str, done.findings))
    assert done.policies is not None
    return done.policies


def a_bill(*documents: Written | str, settings: str = SETTINGS) -> Bill:
    """The company with these *documents*, ready to decide with."""
    return Bill.of(policies(*documents, settings=settings), catalogue())


def watch_of(found: PolicySet, now: datetime = NOON, **more: bool) -> Watch:
    """A watch over these policies, with the connectors that come with watchbill."""
    watch = Watch(found, now, **more)
    watch.bill = Bill.of(found, catalogue())
    return watch


def a_watch(*documents: Written | str, now: datetime = NOON, settings: str = SETTINGS, **more: bool) -> Watch:
    """A watch over the company with these *documents*."""
    return watch_of(policies(*documents, settings=settings), now, **more)


def plans(*documents: Written | str, alerts: tuple[Alert, ...] = (), at: datetime = NOON, settings: str = SETTINGS) -> tuple[Plan, ...]:
    """The plans of these *alerts*, one critical one of checkout where none are given."""
    return plan(a_bill(*documents, settings=settings), alerts or (an_alert(),), at)


def claimed(*documents: Written | str, settings: str = SETTINGS, **labels: str) -> ClaimedAlert:
    """An alert with these *labels* once it was claimed. An empty value is a label that is absent."""
    ((alert, *_),) = (each.alerts for each in correlate(a_bill(*documents, settings=settings), [an_alert(**labels)], NOON))
    return alert


def winner(*documents: Written | str, settings: str = SETTINGS, **labels: str) -> tuple[str, str]:
    """The escalation that wins for an alert with these *labels*, and why."""
    (found,) = plans(*documents, alerts=(an_alert(**labels),), settings=settings)
    escalation = next(each for each in found.escalations if not each.proceeds)
    return escalation.policy.name, escalation.why


def fires_beside(watch: Watch, *alerts: Alert) -> None:
    """These *alerts* fire in other incidents from now on, and no others."""
    active = tuple(alert for each in correlate(watch.bill, alerts, watch.now) for alert in each.alerts)
    watch.snapshot = replace(watch.snapshot, active=active)
