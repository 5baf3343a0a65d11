"""What active alerts take in memory: what the process holds with them, less what it held before."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks import load
from benchmarks.alertmanager import PROGRAM, alertmanager, taken_in
from benchmarks.client import send
from benchmarks.engine import carried_out, decided, engine
from benchmarks.running import Running, folder
from benchmarks.tables import number, table, under

ALERTS = 10_000
BATCH = 100
CONNECTIONS = 4
ROUNDS = 3
TARGET = 20.0
"""Mebibytes."""


def main() -> None:
    """Print the table."""
    print(f"memory for {ALERTS:,} active alerts of {load.incidents(ALERTS)} incidents, MiB resident (medians of {ROUNDS})")
    ours = [_ours() for _ in range(ROUNDS)]
    peers = [_peer() for _ in range(ROUNDS)] if PROGRAM is not None else []
    rows = [_row("idle", [before for before, _ in ours], [before for before, _ in peers], None)]
    rows.append(
        _row("above idle with the alerts", [after - before for before, after in ours], [after - before for before, after in peers], TARGET)
    )
    table(("", "watchbill", "Alertmanager", "ratio", "target"), rows)


def _row(name: str, ours: Sequence[float], peers: Sequence[float], target: float | None) -> Sequence[str]:
    our, peer = statistics.median(ours), statistics.median(peers) if peers else None
    ratio = our / peer if peer is not None else None
    return name, number(our, ".1f"), number(peer, ".1f"), number(ratio, ".2f"), under(our, target)


def _ours() -> tuple[float, float]:
    with folder() as root, engine(root) as server:
        # What is loaded for the first alert is not what the others take.
        send(server, load.bodies(1, run="before"), 1)
        before = _at_rest(server)
        send(server, load.bodies(ALERTS, BATCH), CONNECTIONS)
        decided(server, ALERTS + 1, load.incidents(ALERTS))
        return before, _at_rest(server)


def _at_rest(server: Running) -> float:
    carried_out(server)
    server.at_rest(1.0)
    return server.memory()


def _peer() -> tuple[float, float]:
    with folder() as root, alertmanager(root) as server:
        send(server, load.bodies(1, run="before"), 1)
        server.at_rest(1.0)
        before = server.memory()
        send(server, load.bodies(ALERTS, BATCH), CONNECTIONS)
        server.at_rest(1.0)
        if taken_in(server) != ALERTS + 1:
            raise RuntimeError(f"Alertmanager was sent {ALERTS + 1} alerts and counts {taken_in(server)}")
        return before, server.memory()
