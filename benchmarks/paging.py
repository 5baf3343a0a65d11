"""From an alert that is sent to the page about it that leaves: to a receiver on this machine, which is a process of its own.

The clock runs from the first byte of the alert's request until the first byte of the page's request is with the receiver, so that
what it takes to make the alert durable, to decide on it and to record that is all within.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import load, receiver
from benchmarks.alertmanager import PROGRAM, alertmanager
from benchmarks.client import send_steadily
from benchmarks.engine import engine
from benchmarks.running import Running, folder, free_port, pause, running
from benchmarks.tables import number, table, under

A_SECOND = 100
INCIDENTS = 300
BEFORE = 50
"""Incidents before these that are not counted: connections are opened, and what is needed first is loaded."""

CONNECTIONS = 8
ROUNDS = 3
WITHIN = 60.0
P50, P99 = 10.0, 50.0
"""Milliseconds: the targets."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long people would have waited, in milliseconds."""

    p50: float
    p99: float
    longest: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Waits:
        """Of these waits in *seconds*."""
        ordered = sorted(each * 1000 for each in seconds)
        return cls(statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], ordered[-1])


def main() -> None:
    """Print the table."""
    print(f"alert sent -> first page with its receiver, ms, {A_SECOND} incidents a second (medians of {ROUNDS} rounds of {INCIDENTS})")
    ours, peers = [], []
    for _ in range(ROUNDS):
        with folder() as root, pager(root) as paged, engine(root, pager=address(paged), by=["instance"]) as server:
            ours.append(_waits(server, paged))
        if PROGRAM is not None:
            with folder() as root, pager(root) as paged, alertmanager(root, pager=address(paged), by="instance", wait="0s") as server:
                peers.append(_waits(server, paged))
    rows = []
    for name, target in (("p50", P50), ("p99", P99), ("longest", None)):
        our = statistics.median(getattr(each, name) for each in ours)
        peer = statistics.median(getattr(each, name) for each in peers) if peers else None
        ratio = our / peer if peer is not None else None
        rows.append((name, number(our, ".1f"), number(peer, ".1f"), number(ratio, ".1f"), under(our, target)))
    table(("", "watchbill", "Alertmanager, group_wait 0s", "ratio", "target"), rows)


def _waits(server: Running, paged: Running) -> Waits:
    bodies = load.bodies(BEFORE + INCIDENTS, burst=1)
    return Waits.of(waits(server, paged, bodies, A_SECOND)[BEFORE:])


def waits(server: Running, paged: Running, bodies: Sequence[bytes], a_second: float, first: int = 0) -> list[float]:
    """Seconds from sending each of these *bodies*, of one alert each, numbered from *first*, to the page about it."""
    sent = send_steadily(server, bodies, CONNECTIONS, a_second)
    until = time.perf_counter() + WITHIN
    while True:
        seen: dict[int, float] = dict(json.loads(paged.get("/seen")))
        missing = sum(first + position not in seen for position in range(len(bodies)))
        if not missing:
            return [seen[first + position] - at for position, at in enumerate(sent)]
        if time.perf_counter() > until:
            raise RuntimeError(f"{missing} of {len(bodies)} alerts brought no page within {WITHIN:g} seconds")
        pause(0.1)


@contextmanager
def pager(root: Path) -> Iterator[Running]:
    """The receiver of pages."""
    port = free_port()
    with running([sys.executable, "-ISs", str(Path(receiver.__file__)), str(port)], port, "/seen", root / "receiver.log") as server:
        yield server


def address(paged: Running) -> str:
    """Where it is paged."""
    host, port = paged.address
    return f"http://{host}:{port}/page"
