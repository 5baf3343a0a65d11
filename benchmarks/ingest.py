"""Alerts a second that are answered with 2xx, routed and decided on, beside Alertmanager, in turn, with the same bodies.

Of watchbill the clock stops when its inbox is empty: what was answered is then decided on and recorded for good. Of Alertmanager it
stops with the last answer: it keeps alerts in memory, and hands them on to its routes while it answers.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import load
from benchmarks.alertmanager import PROGRAM, alertmanager, taken_in
from benchmarks.client import send
from benchmarks.engine import decided, engine
from benchmarks.running import folder
from benchmarks.tables import at_least, number, table

POLICIES = (1, 1_000, 5_000)
BATCHES = (1, 10, 100)
TARGETS = {(1, 1): 0.6, (1, 100): 1.5, (5_000, 100): 10.0}
"""What the ratio to Alertmanager should be, by policies and alerts a request."""

ALERTS = 166 * load.BURST
CONNECTIONS = 8
SECONDS = 1.0
"""No request is sent later than this; those in hand are answered, and all is decided on."""

ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Rate:
    """Alerts a second: of time that passed, and of processor time that the server used. *busy* is the sender's share of one processor."""

    wall: float
    cpu: float
    busy: float


def main() -> None:
    """Print the table."""
    print(
        f"durable ingest, alerts a second that are answered and decided on (medians of {ROUNDS}): {CONNECTIONS} connections, for "
        f"{SECONDS:g} s or until {ALERTS:,} alerts of {load.incidents(ALERTS)} incidents are sent"
    )
    rows: list[Sequence[str]] = []
    busy = 0.0
    for policies in POLICIES:
        for batch in BATCHES:
            bodies = load.bodies(ALERTS, batch, policies)
            ours, peers = [], []
            for _ in range(ROUNDS):
                ours.append(_ours(bodies, batch, policies))
                if PROGRAM is not None:
                    peers.append(_peer(bodies, batch, policies))
            rows.append(_row(policies, batch, ours, peers))
            busy = max(busy, *(rate.busy for rate in (*ours, *peers)))
    table(("policies", "alerts a request", "watchbill", "Alertmanager", "ratio", "target", "ratio by CPU second"), rows)
    print(f"(the sender took at most {busy:.0%} of one processor)")


def _row(policies: int, batch: int, ours: Sequence[Rate], peers: Sequence[Rate]) -> Sequence[str]:
    ratio = by_cpu = theirs = None
    if peers:
        pairs = list(zip(ours, peers, strict=True))
        theirs = statistics.median(rate.wall for rate in peers)
        ratio = statistics.median(our.wall / peer.wall for our, peer in pairs)
        by_cpu = statistics.median(our.cpu / peer.cpu for our, peer in pairs)
    return (
        f"{policies:,}",
        f"{batch}",
        number(statistics.median(rate.wall for rate in ours)),
        number(theirs),
        number(ratio, ".2f"),
        at_least(ratio, TARGETS.get((policies, batch))),
        number(by_cpu, ".2f"),
    )


def _ours(bodies: Sequence[bytes], batch: int, policies: int) -> Rate:
    with folder() as root, engine(root, policies) as server:
        # What is loaded when it is first needed is no part of a rate.
        send(server, load.bodies(1, run="before"), 1)
        decided(server, 1, 1)
        server.at_rest()
        before = server.cpu_seconds()
        sent = send(server, bodies, CONNECTIONS, SECONDS)
        alerts = min(sent.requests * batch, ALERTS)
        # The alert of the beginning is of the first burst's incident.
        took = decided(server, alerts + 1, load.incidents(alerts)) - sent.begun
        server.at_rest(0.1)
        return Rate(alerts / took, alerts / max(server.cpu_seconds() - before, 0.01), sent.busy)


def _peer(bodies: Sequence[bytes], batch: int, policies: int) -> Rate:
    with folder() as root, alertmanager(root, policies) as server:
        send(server, load.bodies(1, run="before"), 1)
        server.at_rest()
        before = server.cpu_seconds()
        sent = send(server, bodies, CONNECTIONS, SECONDS)
        alerts = min(sent.requests * batch, ALERTS)
        server.at_rest(0.1)
        if taken_in(server) != alerts + 1:
            raise RuntimeError(f"Alertmanager was sent {alerts + 1} alerts and counts {taken_in(server)}")
        return Rate(alerts / (sent.ended - sent.begun), alerts / max(server.cpu_seconds() - before, 0.01), sent.busy)
