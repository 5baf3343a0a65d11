"""Microseconds of CPU for candidates and conditions, and for a whole decision, by number of policies."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from benchmarks import peers, workload
from watchbill.decide import Bill, correlate, decide
from watchbill.decide.claiming import claim
from watchbill.decide.selecting import matching
from watchbill.model.alert import Alert
from watchbill.model.change import Opened
from watchbill.model.decision import Snapshot
from watchbill.model.event import AlertsReceived
from watchbill.model.fold import Fold

SIZES = (10, 100, 1_000, 10_000, 50_000)
ROUNDS = 5
HAS_ZEN = find_spec("zen") is not None


def microseconds(one: Callable[[int], object], count: int) -> float:
    """The median over rounds of the CPU time of one call, *count* calls a round, after a warm-up."""
    for number in range(count):
        one(number)
    times = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(ROUNDS):
            start = time.process_time_ns()
            for number in range(count):
                one(number)
            times.append((time.process_time_ns() - start) / count / 1_000)
    finally:
        gc.enable()
    return statistics.median(times)


def candidates(bill: Bill, alerts: Sequence[Alert]) -> float:
    """Finding the policies that match an alert, conditions and reasons included."""
    from watchbill.decide.context import context_of

    claimed = [claim(bill, alert)[0] for alert in alerts]
    fold = Fold()
    fold.apply(Opened("x", "x", None, "t0", None, "critical", workload.NOW, "bench"))

    def one(number: int) -> None:
        alert = claimed[number]
        context = lambda: context_of(bill, alert, fold, workload.NOW)  # noqa: E731
        matching(bill, bill.escalations, alert, context, [])
        matching(bill, bill.triages, alert, context, [])

    return microseconds(one, len(alerts))


def whole(bill: Bill, alerts: Sequence[Alert]) -> tuple[float, float, float]:
    """A whole decision: one that opens an incident, one that joins it, and an alert sent again."""
    now = workload.NOW
    opened: list[tuple[Snapshot, AlertsReceived, AlertsReceived]] = []

    def opens(number: int) -> object:
        (found,) = correlate(bill, (alerts[number],), now)
        return decide(bill, Snapshot(), AlertsReceived(found.key, found.alerts), now)

    for alert in alerts:
        (first,) = correlate(bill, (alert,), now)
        event = AlertsReceived(first.key, first.alerts)
        labels = {**alert.labels, "instance": "another"}
        (second,) = correlate(bill, (Alert(f"x{alert.fingerprint}", labels, {}, "firing", now),), now)
        opened.append((Snapshot(decide(bill, Snapshot(), event, now).incident), event, AlertsReceived(second.key, second.alerts)))

    def joins(number: int) -> object:
        snapshot, _, second = opened[number]
        return decide(bill, snapshot, second, now)

    def again(number: int) -> object:
        snapshot, first, _ = opened[number]
        return decide(bill, snapshot, first, now)

    return microseconds(opens, len(alerts)), microseconds(joins, len(alerts)), microseconds(again, len(alerts))


@dataclass(frozen=True, slots=True)
class Figures:
    """Microseconds an alert, at one number of policies; *table* is None where zen-engine was not measured."""

    candidates: float
    table: float | None
    loop: float
    opens: float
    joins: float
    again: float


def measure(size: int) -> Figures:
    """All figures at *size* policies, after checking that every way finds the same policies."""
    policies = workload.policy_set(size)
    bill = Bill.of(policies)
    alerts = workload.alerts(size)
    few = alerts[: max(4, min(len(alerts), 200_000 // size))]
    loop = peers.closures_in_a_loop(policies)
    table = peers.zen_decision_table(policies) if HAS_ZEN else None
    for alert in few[:4]:
        expected = loop(alert)
        claimed = claim(bill, alert)[0]
        found = [
            each.ref.name for kind in (bill.escalations, bill.triages) for each, failed in kind.looked_at(claimed.labels) if failed is None
        ]
        assert sorted(found) == expected, (sorted(found), expected)
        assert table is None or peers.hits(table(alert)) == expected
    return Figures(
        candidates(bill, alerts),
        microseconds(lambda number: table(few[number]), len(few)) if table is not None else None,
        microseconds(lambda number: loop(few[number]), len(few)),
        *whole(bill, alerts),
    )
