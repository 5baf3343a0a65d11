"""A small repository on disk, and one way to run the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

AT: Final = "2026-11-23T03:12:00Z"

FILES: Final[Mapping[str, str]] = {
    "watchbill.yaml": """
apiVersion: watchbill/v1
kind: Settings
metadata: {name: shop}
spec: {fallback_team: payments}
""",
    "ownership/payments.yaml": """
apiVersion: watchbill/v1
kind: Person
metadata: {name: ana}
spec:
  full_name: Ana Sousa
  zone: Europe/Lisbon
  contacts: [{use: pager.page, to: ana}]
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: bo}
spec:
  full_name: Bo Berg
  zone: Europe/Berlin
  contacts: [{use: pager.page, to: bo}]
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: payments}
spec:
  members: [ana, bo]
  roles: {primary: schedule/payments-primary, lead: person/bo}
---
apiVersion: watchbill/v1
kind: Schedule
metadata: {name: payments-primary, team: payments}
spec:
  zone: UTC
  layers: [{name: base, rotation: {every: 1w, start: "2026-01-05 09:00"}, participants: [ana, bo]}]
---
apiVersion: watchbill/v1
kind: Schedule
metadata: {name: desk, team: payments}
spec:
  zone: UTC
  layers:
    - name: office
      rotation: {every: 1w, start: "2026-01-05 00:00"}
      participants: [bo]
      hours: [{days: mon-fri, from: "08:00", to: "17:00"}]
  gaps: {allowed: office hours only}
---
apiVersion: watchbill/v1
kind: Service
metadata: {name: checkout, team: payments}
spec: {tier: 1}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: pager}
spec:
  type: webhook
  with: {url: https://pager.example.com}
  secrets: {token: env/PAGER_TOKEN}
""",
    "policies/payments.yaml": """
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: payments-any, team: payments}
spec:
  levels:
    - {page: role/primary, wait: 5m}
    - {page: role/lead}
""",
}

MISTAKE: Final = """
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: wrong, team: payments}
spec:
  levels: [{page: role/primray}]
"""


def a_repository(root: Path, **more: str) -> Path:
    """A repository of one team and one service below *root*, with *more* files in `policies/` by name."""
    for name, text in {**FILES, **{f"policies/{name}.yaml": text for name, text in more.items()}}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")
    return root


def an_alert_file(path: Path, **labels: str) -> Path:
    """A file with one alert of checkout's."""
    alert = {"labels": {"alertname": "HighErrorRate", "service": "checkout", "severity": "critical", **labels}}
    path.write_text(json.dumps([alert]), encoding="utf-8")
    return path


def watchbill(*arguments: str, cwd: Path, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person does, in a process of its own and without the caller's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WATCHBILL", "_WATCHBILL", "GIT_", "NO_COLOR"))}
    clean = {"PYTHONPATH": str(ROOT / "engine"), "XDG_CACHE_HOME": str(cwd / ".xdg"), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-m", "watchbill", *arguments],
        cwd=cwd,
        env=kept | clean | variables,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
