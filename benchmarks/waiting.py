"""Very many incidents that wait at once: each has paged somebody, nobody has answered, and the next is paged in an hour.

Beside them other alerts come in, one at a time, and it is measured how long the page about each takes. Alertmanager is given a
group for each of these alerts, whose turn to notify has not come.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import load
from benchmarks.alertmanager import PROGRAM, active, alertmanager
from benchmarks.client import send
from benchmarks.engine import carried_out, decided, engine, status
from benchmarks.paging import Waits, address, pager, waits
from benchmarks.running import Running, folder, pause
from benchmarks.tables import number, table

INCIDENTS = 20_000
BATCH = 100
CONNECTIONS = 4
SINGLE = 30
"""How many alerts come in one at a time, each time that this is measured."""

A_SECOND = 20
IDLE_FOR = 4.0
"""Seconds over which it is measured what waiting costs."""


@dataclass(frozen=True, slots=True)
class Idle:
    """A server at rest: the mebibytes it holds, the CPU seconds it uses a second, and how long the page about an alert takes then."""

    memory: float
    cpu: float
    page: Waits


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one server: when it was ready after a start, *with_nothing*, with all the incidents, and after a restart; times in seconds."""

    ready: float
    with_nothing: Idle
    took: float
    with_them: Idle
    ready_again: float
    known: int
    afterwards: Idle


def main() -> None:
    """Print the table."""
    print(f"{INCIDENTS:,} incidents that wait at once, each to page the next in an hour; {SINGLE} other alerts beside them, one at a time")
    ours, peer = _ours(), _peer() if PROGRAM is not None else None
    rows: list[tuple[str, Callable[[Figures], float], str]] = [
        ("with nothing: ready after, s", lambda each: each.ready, ".2f"),
        *_idle("with nothing", lambda each: each.with_nothing),
        ("taken in and decided on within, s", lambda each: each.took, ".1f"),
        *_idle("with them", lambda each: each.with_them),
        ("started again with them: ready after, s", lambda each: each.ready_again, ".2f"),
        ("started again: of them still known", lambda each: each.known, ",.0f"),
        *_idle("started again", lambda each: each.afterwards),
    ]
    told = [(name, number(of(ours), form), number(of(peer) if peer is not None else None, form)) for name, of, form in rows]
    table(("", "watchbill", "Alertmanager"), told)


def _idle(when: str, of: Callable[[Figures], Idle]) -> list[tuple[str, Callable[[Figures], float], str]]:
    return [
        (f"{when}: MiB resident", lambda each: of(each).memory, ".0f"),
        (f"{when}: CPU ms a second, idle", lambda each: of(each).cpu * 1000, ".0f"),
        (f"{when}: a new alert's page, p50 ms", lambda each: of(each).page.p50, ".1f"),
        (f"{when}: the longest of {SINGLE}, ms", lambda each: of(each).page.longest, ".1f"),
    ]


def _ours() -> Figures:
    with folder() as root, pager(root) as paged:
        where = address(paged)
        with engine(root, pager=where, by=["instance"]) as server:
            ready, nothing = server.ready_after, _idle_with(server, paged, 1)
            begun = time.perf_counter()
            _send_them(server)
            took = decided(server, INCIDENTS + SINGLE, INCIDENTS + SINGLE) - begun
            carried_out(server)
            with_them = _idle_with(server, paged, 2)
        with engine(root, pager=where, by=["instance"]) as server:
            known = sum(status(server)["incidents"].values()) - 2 * SINGLE
            return Figures(ready, nothing, took, with_them, server.ready_after, known, _idle_with(server, paged, 3))


def _peer() -> Figures:
    with folder() as root, pager(root) as paged:
        where = address(paged)
        with alertmanager(root, pager=where, by="instance", wait="0s") as server:
            ready, nothing = server.ready_after, _idle_with(server, paged, 1)
            begun = time.perf_counter()
            _send_them(server)
            took = time.perf_counter() - begun
            with_them = _idle_with(server, paged, 2)
        with alertmanager(root, pager=where, by="instance", wait="0s") as server:
            known = active(server)
            return Figures(ready, nothing, took, with_them, server.ready_after, known, _idle_with(server, paged, 3))


def _send_them(server: Running) -> None:
    send(server, load.bodies(INCIDENTS, BATCH, burst=1, service=load.PATIENT), CONNECTIONS)


def _idle_with(server: Running, paged: Running, turn: int) -> Idle:
    """How it stands, with no other alerts before this *turn* than those it has waited with."""
    server.at_rest(1.0)
    before = server.cpu_seconds()
    pause(IDLE_FOR)
    cpu, memory = (server.cpu_seconds() - before) / IDLE_FOR, server.memory()
    first = turn * INCIDENTS
    bodies = load.bodies(SINGLE, burst=1, first=first)
    return Idle(memory, cpu, Waits.of(waits(server, paged, bodies, A_SECOND, first)))
