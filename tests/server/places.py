"""The server on a free port of this machine: in a thread of the test's own, or as the process that a person starts."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.cli.makers import ROOT
from watchbill.cli.serving import door_of, furnished
from watchbill.cli.wiring import AtWork, Setup, at_work
from watchbill.server.house import Bounds, House
from watchbill.server.logs import Log
from watchbill.server.serving import address_of, listen, serving
from watchbill.store import tokens
from watchbill.store.beside import beside

from watchbill.cli.options import wall  # isort: skip

WITHIN = 20.0
"""Seconds after which a test that waits has waited in vain."""

HOTLINE = """---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: hotline}
spec: {type: webhook, mode: shadow, with: {url: "https://hotline.example.com"}}
"""
"""By which bo is paged: nothing leaves, and it is no failure, so that an incident waits for an answer as long as bo has to give one."""

POLICIES: Mapping[str, str] = {
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
  contacts: [{use: phone.call, to: "+351 555 0100"}]
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: bo}
spec:
  full_name: Bo Berg
  zone: Europe/Berlin
  contacts: [{use: hotline.page, to: "+49 555 0101"}]
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: payments}
spec:
  members: [ana, bo]
  roles: {primary: person/ana, lead: person/bo}
---
apiVersion: watchbill/v1
kind: Service
metadata: {name: checkout, team: payments}
spec: {tier: 1}
---
apiVersion: watchbill/v1
kind: Service
metadata: {name: search, team: payments}
spec: {tier: 2}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: phone}
spec:
  type: twilio
  with: {account_sid: AC00000000000000000000000000000000, from: "+1 555 0100"}
  secrets: {auth_token: env/SHOP_PHONE}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: journal}
spec: {type: log}
"""
    + HOTLINE,
    "policies/payments.yaml": """
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: payments-any, team: payments}
spec:
  levels:
    - {page: role/primary, wait: 5m}
    - {page: role/lead, wait: 10m}
---
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: payments-night, team: payments}
spec:
  match: ['shift="night"']
  levels: [{page: role/lead}]
---
apiVersion: watchbill/v1
kind: Remediation
metadata: {name: write-it-down, team: payments}
spec:
  match: ['service="checkout"']
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
metadata: {name: drain-the-queue, team: payments}
spec:
  match: ['service="search"', 'alertname="QueueIsLong"']
  phase: human-initiated
  target: "{{ alert.labels.service }}"
  steps:
    - {name: drain, use: journal.write, with: {subject: the queue is drained}}
  rollback: {none: an entry harms nobody}
  approvals: 1
  allow: {run: [team/payments], approve: [team/payments]}
  runbook: docs/runbooks/checkout.md
---
apiVersion: watchbill/v1
kind: Silence
metadata: {name: search-is-quiet, team: payments}
spec:
  match: ['service="search"', 'quiet="yes"']
  author: ana
  reason: it is known
  from: "2026-01-01T00:00:00Z"
  to: "2190-01-01T00:00:00Z"
---
apiVersion: watchbill/v1
kind: Source
metadata: {name: outside-check, team: payments}
spec:
  type: custom
  auth: {bearer: {secret: env/SHOP_CHECK}}
  fields:
    labels.alertname: {from: name}
    labels.service: {default: checkout}
    labels.severity: {default: critical}
---
apiVersion: watchbill/v1
kind: Source
metadata: {name: signed, team: payments}
spec:
  type: custom
  auth: {hmac: {secret: env/SHOP_KEY, header: X-Shop-Signature}}
  fields:
    labels.alertname: {from: name}
    labels.severity: {default: critical}
---
apiVersion: watchbill/v1
kind: Source
metadata: {name: cloud, team: payments}
spec: {type: cloudevents}
""",
}

ENVIRONMENT = {"SHOP_CHECK": "a-secret-of-the-check", "SHOP_KEY": "a-key-to-sign-with"}


def a_shop(root: Path) -> Path:
    """A repository of one team, two services, and a few senders."""
    for name, text in POLICIES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")
    return root


def an_alert(name: str = "HighErrorRate", **labels: str) -> dict[str, Any]:
    """One alert as Prometheus posts it; its labels may say otherwise."""
    return {"labels": {"alertname": name, "service": "checkout", "severity": "critical", **labels}}


@dataclass
class Place:
    """A server, and a client that speaks with it."""

    url: str
    client: httpx.Client
    database: Path
    house: House | None = None
    room: AtWork | None = None
    said: list[dict[str, Any]] = field(default_factory=list)

    def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """Post this as JSON, as ana."""
        headers = {"X-Watchbill-As": "ana", **more.pop("headers", {})}
        return self.client.post(path, json=body, headers=headers, **more)

    def fire(self, *alerts: dict[str, Any]) -> str:
        """Let these alerts fire; the incident that takes the first of them, once it is known what became of the pages that were due."""
        answered = self.client.post("/api/v2/alerts", json=list(alerts))
        assert answered.status_code == 200, answered.text
        wanted = alerts[0]["labels"]
        incident = self.wait(lambda: next((each["incident"] for each in self.alerts() if each["labels"] == wanted), ""))
        self.wait(lambda: not self.is_paging(incident))
        return incident

    def is_paging(self, incident: str) -> bool:
        """Whether a contact is being called for the first time that was due when its page began."""
        steps = [step for step in self.incident(incident)["steps"] if step["kind"] == "page" and step["state"] == "started"]
        return any(each["attempt"] == 0 and each["at"] == step["started_at"] for step in steps for each in step["deliveries"])

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that fire."""
        return self.client.get("/api/v2/alerts").json()

    def incident(self, identity: str) -> dict[str, Any]:
        """An incident as it stands."""
        answered = self.client.get(f"/v1/incidents/{identity}")
        assert answered.status_code == 200, answered.text
        return answered.json()

    def wait(self, found: Callable[[], Any]) -> Any:
        """What is *found*, once it is: looked for anew after every decision, which the server tells of."""
        result = found()
        if result:
            return result
        with self.events(timeout=WITHIN) as events:
            # What was decided before the stream began is found by looking once more.
            next(events)
            result = found()
            while not result:
                next(events)
                result = found()
        return result

    @contextmanager
    def events(self, *, timeout: float = WITHIN, **more: Any) -> Iterator[Iterator[dict[str, Any]]]:
        """The stream of events: first an empty one that says that it has begun, then each with its `id` and its data."""
        with self.client.stream("GET", "/v1/events", timeout=timeout, **more) as response:
            assert response.status_code == 200, response.read()
            yield _events(response.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    fields: dict[str, Any] = {}
    for line in lines:
        if line.startswith(":"):
            fields["comment"] = line[1:].strip()
        elif line:
            name, _, value = line.partition(": ")
            fields[name] = json.loads(value) if name == "data" else value
        else:
            yield fields
            fields = {}


class Said:
    """What a log wrote, line by line."""

    def __init__(self, lines: list[dict[str, Any]]) -> None:
        self._lines = lines

    def write(self, text: str) -> int:
        """Take one line of JSON."""
        self._lines += [json.loads(line) for line in text.splitlines() if line.strip()]
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


@contextmanager
def served(folder: Path, *, bounds: Bounds | None = None, host: str = "127.0.0.1", **more: Any) -> Iterator[Place]:
    """The server in a thread of its own, over the policies and the record of this *folder*."""
    said: list[dict[str, Any]] = []
    setup = Setup(
        root=folder,
        database=str(folder / "watchbill.db"),
        secret_prefixes=("SHOP_",),
        environment=ENVIRONMENT,
        **more,
    )
    ready, stop = threading.Event(), asyncio.Event()
    held: dict[str, Any] = {}

    async def serve() -> None:
        log = Log(Said(said), "json", wall)  # type: ignore[arg-type]
        doors: list[Any] = []
        async with at_work(
            setup, log, log.sink, before=lambda record, now: doors.append(door_of(record, host, setup.public_url, now()))
        ) as room:
            app, house = furnished(room, doors[0], log, bounds=bounds)
            listening = listen(host, 0)
            async with serving(app, house, listening, setup.stop_within):
                held.update(loop=asyncio.get_running_loop(), url=address_of(listening), house=house, room=room)
                ready.set()
                await stop.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as failure:
            held["failure"] = failure
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="served")
    thread.start()
    try:
        assert ready.wait(WITHIN)
        if "failure" in held:
            raise held["failure"]
        with httpx.Client(base_url=held["url"], timeout=WITHIN) as client:
            yield Place(held["url"], client, folder / "watchbill.db", held["house"], held["room"], said)
    finally:
        if "loop" in held and thread.is_alive():
            held["loop"].call_soon_threadsafe(stop.set)
        thread.join(WITHIN)
    assert not thread.is_alive()


def a_token(database: Path, name: str, *scopes: str, who: str = "ana") -> str:
    """The secret of a new token in this record."""
    with beside(str(database)) as connection:
        return tokens.create(connection, name=name, who=who, scopes=scopes, now=wall())[1]


# --- as a process -----------------------------------------------------------------------


@dataclass
class Process:
    """`watchbill serve`, started as a person starts it."""

    popen: subprocess.Popen[str]
    url: str
    log: Path

    def signal(self, number: int) -> None:
        """Send it this signal."""
        os.kill(self.popen.pid, number)

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        return self.popen.wait(WITHIN)

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.startswith("{")]


def environment(**variables: str) -> dict[str, str]:
    """A process's environment without the caller's settings."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("WATCHBILL", "GIT_", "NO_COLOR", "NOTIFY", "WATCHDOG"))
    }
    return kept | {"PYTHONPATH": str(ROOT / "engine"), "PYTHONUNBUFFERED": "1"} | variables


@contextmanager
def process(folder: Path, *arguments: str, **variables: str) -> Iterator[Process]:
    """The server as a process over the policies of this *folder*, on a free port; it is ended by its id."""
    log = folder / "serve.log"
    with log.open("w", encoding="utf-8") as stderr:
        popen = subprocess.Popen(
            [sys.executable, "-m", "watchbill", "serve", "--port", "0", *arguments],
            cwd=folder,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        try:
            assert popen.stdout is not None
            line = popen.stdout.readline()
            found = re.fullmatch(r"listening on (http://\S+)\n", line)
            assert found is not None, f"{line!r} {log.read_text('utf-8')}"
            yield Process(popen, found[1], log)
        finally:
            if popen.poll() is None:
                os.kill(popen.pid, signal.SIGKILL)
            popen.wait(WITHIN)
            popen.stdout.close() if popen.stdout is not None else None


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
