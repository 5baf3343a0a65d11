"""A shop whose every way out leads to one server of the test, and the alerts it is sent.

Two people are on call: ana, who has two contacts, and bo after her. An alert `Stuck` is also repaired, once somebody approves of it; a
board is kept up to date besides.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

SETTINGS = """
apiVersion: watchbill/v1
kind: Settings
metadata: {name: shop}
spec:
  fallback_team: shop
  last_resort: {use: hook.page, with: {to: last-resort}}
"""

POLICIES = """
apiVersion: watchbill/v1
kind: Person
metadata: {name: ana}
spec: {full_name: Ana Sousa, contacts: [{use: hook.page, to: ana}, {use: hook.page, to: ana-at-home, after: 1m}]}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: bo}
spec: {full_name: Bo Berg, contacts: [{use: hook.page, to: bo}]}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: shop}
spec: {members: [ana, bo], roles: {primary: person/ana, secondary: person/bo}}
---
apiVersion: watchbill/v1
kind: Service
metadata: {name: checkout, team: shop}
spec: {tier: 1}
---
apiVersion: watchbill/v1
kind: Grouping
metadata: {name: each-by-itself, team: shop}
spec: {by: [instance]}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: hook}
spec: {type: webhook, with: {url: "URL/page"}}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: hands}
spec: {type: webhook, with: {url: "URL/change"}}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: eyes}
spec: {type: http, with: {url: "URL/look"}}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: notices}
spec: {type: board, with: {url: "URL/board"}}
---
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: shop-any, team: shop}
spec:
  levels:
    - {page: role/primary, wait: 2m, notify: [{use: notices.set, with: {text: "{{ alert.name }}"}}]}
    - {page: role/secondary, wait: 2m}
---
apiVersion: watchbill/v1
kind: Remediation
metadata: {name: restart, team: shop}
spec:
  match: ['alertname="Stuck"']
  phase: oversight
  target: "{{ alert.labels.instance }}"
  steps: [{name: restart, use: hands.post, with: {body: {restart: "{{ alert.labels.instance }}"}}}]
  verify: {use: eyes.get, expect: "status == `200`", for: 20s, within: 3m}
  rollback: {none: a restart leaves nothing to undo}
  guards: {rate: {max: 9, in: 1d, per: target}}
  approvals: 1
  approval_expires: 1h
  allow: {run: [team/shop], approve: [person/bo]}
  runbook: runbook.md
"""


def a_shop(folder: Path, outside: str) -> Path:
    """The shop's policies in this *folder*, with all that is outside at the address *outside*."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "watchbill.yaml").write_text(SETTINGS, encoding="utf-8")
    (folder / "runbook.md").write_text("# Restart\n", encoding="utf-8")
    (folder / "policies").mkdir()
    (folder / "policies" / "shop.yaml").write_text(POLICIES.replace("URL", outside), encoding="utf-8")
    return folder


def an_alert(instance: str, name: str = "Slow", *, ends_at: datetime | None = None, **labels: str) -> dict[str, Any]:
    """An alert of one instance, which makes an incident of its own."""
    found: dict[str, Any] = {"labels": {"alertname": name, "service": "checkout", "severity": "critical", "instance": instance, **labels}}
    if ends_at is not None:
        found["endsAt"] = ends_at.isoformat()
    return found


def a_webhook(*alerts: dict[str, Any], now: datetime) -> bytes:
    """What Alertmanager posts: these alerts fire."""
    since = (now - timedelta(seconds=30)).isoformat()
    told = [{"status": "firing", "startsAt": since, **alert} for alert in alerts]
    return json.dumps({"version": "4", "status": "firing", "alerts": told}).encode()
