"""A small web shop as YAML, and what becomes of documents that are put beside it.

`SHOP` is a whole repository that compiles without a finding. A test (and each example of `docs/errors.md`) gives one or two
documents; those of the same kind and name take the place of the shop's.
"""

from __future__ import annotations

from dataclasses import replace

from watchbill.errors import Finding
from watchbill.model.policyset import Action, ActionKind, Catalogue, ConnectorType, PolicySet
from watchbill.model.references import Json
from watchbill.policy import Compiled, compile_policies
from watchbill.policy.loading import Loaded, RawDocument, load_text

SETTINGS = """\
apiVersion: watchbill/v1
kind: Settings
metadata: {name: shop}
spec:
  fallback_team: platform
  zone: UTC
  severities: {Blocker: critical}
  grants:
    - {to: team/payments, connectors: [cluster]}
    - {to: team/support, services_of: ['*']}
"""

SHOP = """\
apiVersion: watchbill/v1
kind: Person
metadata: {name: ana}
spec:
  full_name: Ana Sousa
  zone: Europe/Lisbon
  contacts:
    - {use: phone.call, to: "+351 555 0100"}
    - {use: phone.sms, to: "+351 555 0100", after: 2m}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: bo}
spec: {contacts: [{use: phone.call, to: "+351 555 0101"}]}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: eve}
spec: {contacts: [{use: phone.call, to: "+351 555 0102"}]}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: engineering}
spec: {roles: {incident-commander: person/eve, customer-liaison: person/eve}}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: payments}
spec:
  parent: engineering
  members: [ana, bo]
  roles: {primary: schedule/payments-primary, secondary: person/bo}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: platform}
spec: {members: [eve], roles: {primary: person/eve}}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: support}
spec: {roles: {primary: person/eve}}
---
apiVersion: watchbill/v1
kind: Service
metadata: {name: checkout, team: payments}
spec: {tier: 1, depends_on: [orders-db]}
---
apiVersion: watchbill/v1
kind: Service
metadata: {name: orders-db, team: platform}
spec: {tier: 1}
---
apiVersion: watchbill/v1
kind: Schedule
metadata: {name: payments-primary, team: payments}
spec:
  layers:
    - {name: base, rotation: {every: 1w, start: "2026-01-05 09:00"}, participants: [ana, bo]}
---
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: payments-critical, team: payments}
spec:
  match: ['severity="critical"']
  levels: [{page: role/primary, wait: 5m}]
---
apiVersion: watchbill/v1
kind: Audience
metadata: {name: customers, team: support}
spec: {channels: [{use: statuspage.post}], liaison: role/customer-liaison}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: phone}
spec: {type: twilio}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: metrics, team: platform}
spec: {type: prometheus, with: {url: https://prometheus.example.com}, secrets: {token: env/METRICS_TOKEN}}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: chat}
spec: {type: slack}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: statuspage}
spec: {type: statuspage}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: cluster, team: platform}
spec: {type: kubernetes}
"""

OTHERS = """\
apiVersion: watchbill/v1
kind: TimeInterval
metadata: {name: nights}
spec:
  location: Europe/Lisbon
  time_intervals:
    - times: [{start_time: "22:00", end_time: "06:00"}, {start_time: "12:00", end_time: "13:00"}]
      weekdays: ["monday:friday", sun]
    - days_of_month: [1, "-3:-1"]
      months: [december, "1:2"]
      years: ["2026:2027", 2030]
---
apiVersion: watchbill/v1
kind: Grouping
metadata: {name: per-region, team: payments}
spec: {match: ['service="checkout"'], by: [region, alertname], wait: 10s, reopen: 0, priority: 2, during: nights}
---
apiVersion: watchbill/v1
kind: Inhibition
metadata: {name: db-hides-dependants, team: platform}
spec:
  source: {match: ['alertname="DatabaseDown"'], when: "tier == `1`"}
  target: {match: ['severity=~"warning|info"']}
  equal: [cluster]
---
apiVersion: watchbill/v1
kind: Silence
metadata: {name: warehouse-move, team: platform}
spec:
  match: ['service="orders-db"']
  author: ana
  reason: the warehouse moves its servers
  from: 2026-12-05T22:00:00+01:00
  to: 2026-12-06T04:00:00Z
---
apiVersion: watchbill/v1
kind: Silence
metadata: {name: nightly-batch, team: platform}
spec: {match: ['alertname="BatchSlow"'], author: ana, reason: it is slow on purpose, during: nights, expires: 2027-03-01T00:00:00Z}
---
apiVersion: watchbill/v1
kind: Source
metadata: {name: uptime, team: platform}
spec:
  type: custom
  auth: {hmac: {secret: [env/UPTIME_KEY, file/uptime], header: X-Uptime-Signature, prefix: sha256=, timestamp: X-Uptime-Time}}
  alerts: "incidents[]"
  fields:
    status: {from: state, map: {DOWN: firing, UP: resolved}, default: firing}
    labels.alertname: {from: monitor.name}
    starts_at: {from: at}
    annotations.summary: {from: "join(' ', [monitor.name, message])"}
---
apiVersion: watchbill/v1
kind: Probe
metadata: {name: checkout-home, team: payments}
spec:
  service: checkout
  use: metrics.query
  with: {query: "up{service='{{ service.name }}'}"}
  every: 1m
  expect: "value == `1`"
  for: 3m
  alert: {name: CheckoutDown, severity: critical, labels: {component: http}, annotations: {summary: It is gone.}}
"""
"""One or two documents of each kind that the shop does without, which compile beside it."""


# --- what connectors offer --------------------------------------------------------------


def an_action(
    action: str, /, *required: str, does: ActionKind = "changes", rings: bool = False, result: Json = None, **properties: Json
) -> Action:
    """An action that takes these *properties* and nothing else."""
    arguments: dict[str, Json] = {"type": "object", "properties": properties, "additionalProperties": False, "required": list(required)}
    return Action(action, action, arguments, does, rings=rings, result=result if isinstance(result, dict) else {})


TEXT: Json = {"type": "string", "description": "A text.", "minLength": 1}
WHOLE: Json = {"type": "integer", "minimum": 0, "maximum": 100}
VALUE: Json = {
    "type": "object",
    "properties": {"value": {"type": ["number", "null"]}},
    "required": ["value"],
    "additionalProperties": False,
}
NO_SETTINGS: dict[str, Json] = {"type": "object", "additionalProperties": False}
PROMETHEUS: dict[str, Json] = {
    "type": "object",
    "properties": {
        "url": {"type": "string", "pattern": "^https?://", "examples": ["https://metrics.example.com"]},
        "tenant": TEXT,
        "api_key": TEXT,
    },
    "required": ["url"],
    "additionalProperties": False,
}
NUMBER: Json = {"type": "string", "pattern": r"^\+[0-9 ]+$", "examples": ["+351 555 0100"]}

CATALOGUE: Catalogue = {
    each.name: each
    for each in (
        ConnectorType(
            "twilio",
            "Calls people.",
            NO_SETTINGS,
            ("auth_token",),
            (an_action("call", "to", does="reaches", rings=True, to=NUMBER, text=TEXT), an_action("sms", "to", does="reaches", to=NUMBER)),
        ),
        ConnectorType(
            "prometheus",
            "Reads metrics.",
            PROMETHEUS,
            ("token",),
            (
                an_action("query", "query", does="reads", result=VALUE, query=TEXT),
                an_action("query-range", "query", does="reads", query=TEXT, limit=WHOLE),
            ),
        ),
        ConnectorType(
            "slack",
            "Chat.",
            NO_SETTINGS,
            ("token",),
            (
                an_action("post", "channel", does="tells", channel=TEXT, text=TEXT),
                an_action("open-channel", "name", does="opens", name=TEXT),
            ),
        ),
        ConnectorType(
            "statuspage",
            "Status.",
            NO_SETTINGS,
            (),
            (
                an_action("post", does="tells", impact={"type": "string", "enum": ["none", "minor"]}, text=TEXT),
                an_action("get", does="reads"),
            ),
        ),
        ConnectorType(
            "kubernetes",
            "A cluster.",
            NO_SETTINGS,
            ("kubeconfig",),
            (
                an_action("rollout-restart", "deployment", deployment=TEXT),
                an_action("scale", "deployment", "replicas", deployment=TEXT, replicas=WHOLE),
            ),
        ),
    )
}
"""Five types, each as small as the tests allow."""


# --- compiling --------------------------------------------------------------------------


def header(kind: str, name: str, team: str = "") -> str:
    """The first three lines of a document."""
    owner = f", team: {team}" if team else ""
    return f"apiVersion: watchbill/v1\nkind: {kind}\nmetadata: {{name: {name}{owner}}}\n"


def loaded(text: str, file: str = "policies/case.yaml") -> Loaded:
    """The documents of this *text*."""
    return load_text(text.encode(), file)


def compiled(text: str = "", *, shop: str = SHOP, settings: str | None = SETTINGS, file: str = "policies/case.yaml") -> Compiled:
    """The shop with the documents of *text* beside it, or in the place of those that have their kind and name.

    Settings among them take the place of the shop's.
    """
    written = loaded(text, file)
    given = [document for document in written.documents if _label(document) != "Settings/shop"]
    replaced = {_label(document) for document in given} | set(written.quarantined)
    rest = [document for document in loaded(shop, "ownership/shop.yaml").documents if _label(document) not in replaced]
    own = next((document for document in written.documents if _label(document) == "Settings/shop"), None)
    usual = loaded(settings, "watchbill.yaml").documents[0] if settings is not None else None
    done = compile_policies([*rest, *given], CATALOGUE, "4f2c1d9", own or usual, quarantined=written.quarantined)
    findings = sorted((*written.findings, *done.findings), key=lambda finding: finding.order)
    return replace(done, findings=tuple(findings))


def _label(document: RawDocument) -> str:
    metadata = document.data.get("metadata")
    return f"{document.data.get('kind')}/{metadata.get('name') if isinstance(metadata, dict) else None}"


def policies(text: str = "") -> PolicySet:
    """The policies of the shop with *text*, which must be without a finding."""
    done = compiled(text)
    assert [str(finding) for finding in done.findings] == []
    assert done.policies is not None
    return done.policies


def findings(text: str, *, settings: str | None = SETTINGS) -> list[Finding]:
    """What is wrong in the shop with *text*."""
    return list(compiled(text, settings=settings).findings)


def said(text: str, *, settings: str | None = SETTINGS) -> list[str]:
    """The same as people read it, without the name of the test's file."""
    return [str(finding).replace("policies/case.yaml:", "") for finding in findings(text, settings=settings)]
