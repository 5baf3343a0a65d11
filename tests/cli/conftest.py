"""The command line in this process, in a repository of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.makers import a_repository
from watchbill.cli import main

if TYPE_CHECKING:
    from tests.server.places import Place


@dataclass(frozen=True)
class Ran:
    """What one command line gave: its exit code, and what it printed where."""

    code: int
    out: str
    err: str


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small repository that is well, with the current folder in it, and nobody's settings around."""
    a_repository(tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("WATCHBILL_POLICIES", "WATCHBILL_FORMAT", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "shop"


@pytest.fixture
def run(shop: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Carry out one command line in the shop."""

    def carried_out(*arguments: str) -> Ran:
        code = main(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return carried_out


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server without a token, for all tests of a module; of its services, part-1 and so on, each test may take one."""
    from tests.server.places import a_shop, served

    folder = a_shop(tmp_path_factory.mktemp("served"))
    (folder / "policies" / "parts.yaml").write_text(PARTS, encoding="utf-8")
    with served(folder) as place:
        yield place


PARTS = (
    "---\n".join(
        f"{{apiVersion: watchbill/v1, kind: Service, metadata: {{name: part-{number}, team: payments}}, spec: {{tier: 1}}}}\n"
        for number in range(1, 100)
    )
    + """---
apiVersion: watchbill/v1
kind: Remediation
metadata: {name: write-of-part, team: payments}
spec:
  match: ['service=~"part-.*"']
  phase: human-initiated
  target: "{{ alert.labels.service }}"
  steps:
    - {name: write, use: journal.write, with: {subject: it was written down}}
  rollback: {none: an entry harms nobody}
  allow: {run: [team/payments]}
  runbook: docs/runbooks/checkout.md
---
apiVersion: watchbill/v1
kind: Remediation
metadata: {name: write-with-leave, team: payments}
spec:
  match: ['service=~"part-.*"', 'alertname="OutOfRoom"']
  phase: human-initiated
  target: "{{ alert.labels.service }}"
  steps:
    - {name: write, use: journal.write, with: {subject: it was written down with leave}}
  rollback: {none: an entry harms nobody}
  approvals: 1
  allow: {run: [team/payments], approve: [team/payments]}
  runbook: docs/runbooks/checkout.md
"""
)


@pytest.fixture
def incident(at: Place) -> str:
    """An incident of this test's own; its first page has failed, for there is no phone, and a remediation is offered."""
    from tests.server.places import an_alert

    taken = at.client.get("/v1/incidents", params={"limit": "1000"}).json()["incidents"]
    found = at.fire(an_alert(service=f"part-{1 + len(taken)}"))
    at.wait(lambda: at.incident(found)["steps"][0]["state"] == "failed")
    return found


@pytest.fixture
def ask(at: Place, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Carry out one command line against that server, as ana."""
    monkeypatch.setenv("WATCHBILL_SERVER", at.url)
    monkeypatch.setenv("WATCHBILL_AS", "ana")
    for name in ("WATCHBILL_TOKEN", "WATCHBILL_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    return run
