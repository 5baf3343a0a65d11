"""`watchbill serve` as a process, with policies made for the measurement, and how to tell that all it was sent is decided on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import load
from benchmarks.processes import WATCHBILL
from benchmarks.running import Running, free_port, pause, running

POLICIES_A_FILE = 500


@contextmanager
def engine(root: Path, policies: int = 1, *, pager: str = "", by: Sequence[str] = ()) -> Iterator[Running]:
    """It, with so many escalations, on the record in the folder *root*; what is there already, it takes up.

    Pages go to the address *pager*; without one they are recorded as sent and touch nothing. *by* are the labels that tell
    alerts of one service apart.
    """
    if not (root / "policies").exists():
        write_repository(root / "policies", policies, pager, by)
    port = free_port()
    command = [WATCHBILL, "serve", "--port", str(port), "--database", str(root / "record.db"), "--policies", str(root / "policies")]
    command += ["--log-level", "error", "--allow-private", "127.0.0.1"]
    with running(command, port, "/readyz", root / "engine.log") as server:
        yield server


def status(server: Running) -> dict[str, Any]:
    """What it says of itself."""
    found: dict[str, Any] = json.loads(server.get("/v1/status"))
    return found


def decided(server: Running, alerts: int, incidents: int, within: float = 300.0) -> float:
    """The moment at which everything was seen to be decided on.

    Raises RuntimeError unless so many *alerts* and *incidents* are there then.
    """
    until = time.perf_counter() + within
    while True:
        said, now = status(server), time.perf_counter()
        waiting = said["waiting"]
        if waiting["set_aside"]:
            raise RuntimeError(f"what could not be decided on: {said['set_aside'][0]}")
        if not waiting["inbox"]:
            found = (said["alerts"], sum(said["incidents"].values()))
            if found != (alerts, incidents):
                raise RuntimeError(f"{alerts} alerts of {incidents} incidents were sent, and {found[0]} of {found[1]} are there")
            return now
        if now > until:
            raise RuntimeError(f"still undecided after {within:g} seconds: {waiting}")
        pause(0.01)


def carried_out(server: Running, within: float = 300.0) -> None:
    """Wait until every step that was handed out is settled."""
    until = time.perf_counter() + within
    while any((waiting := status(server)["waiting"])[name] for name in ("inbox", "steps_queued", "steps_running")):
        if time.perf_counter() > until:
            raise RuntimeError(f"still at work after {within:g} seconds: {waiting}")
        pause(0.1)


# --- its policies -----------------------------------------------------------------------


def write_repository(root: Path, policies: int, pager: str, by: Sequence[str]) -> None:
    """A policy repository: a team, a person on call, the services that alerts name, and so many escalations."""
    (root / "ownership").mkdir(parents=True)
    (root / "policies").mkdir()
    (root / "watchbill.yaml").write_text(_document("Settings", "bench", "{fallback_team: sre}"))
    quiet = "{type: webhook, mode: shadow, with: {url: 'https://pager.example.com'}}"
    loud = f"{{type: webhook, with: {{url: '{pager}'}}}}" if pager else quiet
    owned = [
        _document("Connector", "quiet", quiet),
        _document("Connector", "loud", loud),
        _document("Person", "ana", "{full_name: Ana, zone: Europe/Lisbon, contacts: [{use: loud.page, to: ana}]}"),
        _document("Person", "bo", "{full_name: Bo, zone: Europe/Lisbon, contacts: [{use: quiet.page, to: bo}]}"),
        _document("Team", "sre", "{members: [ana, bo], roles: {primary: person/ana, secondary: person/bo}}"),
        *(_document("Service", f"s{number}", "{tier: 1}", "sre") for number in range(load.services(policies))),
        _document("Service", load.PATIENT, "{tier: 1}", "sre"),
    ]
    (root / "ownership" / "all.yaml").write_text("---\n".join(owned))
    escalations = [_escalation(f"e{number}", matchers) for number, matchers in enumerate(load.lines(policies))]
    for first in range(0, policies, POLICIES_A_FILE):
        text = "---\n".join(escalations[first : first + POLICIES_A_FILE])
        (root / "policies" / f"escalations-{first}.yaml").write_text(text)
    others = [_escalation("patient", [f'service="{load.PATIENT}"'], "secondary")]
    if by:
        others.append(_document("Grouping", "apart", f"{{by: [{', '.join(by)}]}}", "sre"))
    (root / "policies" / "others.yaml").write_text("---\n".join(others))


def _escalation(name: str, matchers: Sequence[str], role: str = "primary") -> str:
    text = "{{ alert.labels.instance }}: {{ alert.annotations.summary }}"
    matching = ", ".join(f"'{each}'" for each in matchers)
    levels = f"[{{page: role/{role}, wait: 1h}}, {{page: role/primary, wait: 1h}}]"
    return _document("Escalation", name, f"{{match: [{matching}], text: '{text}', levels: {levels}}}", "sre")


def _document(kind: str, name: str, spec: str, team: str = "") -> str:
    owner = f", team: {team}" if team else ""
    return f"apiVersion: watchbill/v1\nkind: {kind}\nmetadata: {{name: {name}{owner}}}\nspec: {spec}\n"
