"""Debian's Alertmanager, given the same policies as routes: the peer of the engine. It keeps its alerts in memory only."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from benchmarks import load
from benchmarks.running import Running, free_port, running

PROGRAM = shutil.which("prometheus-alertmanager")
MISSING = "Alertmanager is not installed, so watchbill's figures stand alone; on Debian: apt-get install prometheus-alertmanager"

LATER = "10m"
"""How long its groups wait before they notify anybody, where nobody is to be notified: no measurement lasts so long."""


@cache
def version() -> str:
    """Which Alertmanager it is."""
    if PROGRAM is None:
        return MISSING
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"version (\S+)", said.stdout + said.stderr)
    return f"Alertmanager {found[1] if found else '(of no version)'}"


@contextmanager
def alertmanager(root: Path, policies: int = 1, *, pager: str = "", by: str = "service", wait: str = LATER) -> Iterator[Running]:
    """It, with so many routes, which are all tried for each alert.

    Groups are by the label *by*, and post to the address *pager*, if there is one, after the *wait*.
    """
    assert PROGRAM is not None
    root.mkdir(parents=True, exist_ok=True)
    lines = ["route:", "  receiver: nobody", f"  group_by: [{by}]", f"  group_wait: {wait}", "  group_interval: 1h", "  routes:"]
    for matchers in load.lines(policies):
        matching = ", ".join(f"'{each}'" for each in matchers)
        lines += [f"  - receiver: {'pager' if pager else 'nobody'}", f"    matchers: [{matching}]", "    continue: true"]
    lines += ["  - receiver: nobody", f"    matchers: ['service=\"{load.PATIENT}\"']", f"    group_wait: {LATER}"]
    lines += ["receivers:", "- name: nobody"]
    if pager:
        lines += ["- name: pager", "  webhook_configs:", f"  - {{url: '{pager}', send_resolved: false}}"]
    (root / "alertmanager.yml").write_text("\n".join(lines) + "\n")
    port = free_port()
    command = [
        PROGRAM,
        f"--config.file={root / 'alertmanager.yml'}",
        f"--storage.path={root / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=error",
    ]
    with running(command, port, "/-/ready", root / "alertmanager.log") as server:
        yield server


def taken_in(server: Running) -> int:
    """How many alerts it has taken in."""
    counts = re.findall(rb"^alertmanager_alerts_received_total\{[^}]*\} (\S+)$", server.get("/metrics"), re.MULTILINE)
    return sum(int(float(each)) for each in counts)


def active(server: Running) -> int:
    """How many alerts it knows that fire."""
    return len(json.loads(server.get("/api/v2/alerts")))
