"""The play-forward: decisions one after another on virtual time.

This is the only loop that runs decisions forward. Plans, policy tests, simulations and proofs differ in who answers,
never in how it goes on.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from watchbill.decide.bill import Bill
from watchbill.decide.judging import decide
from watchbill.decide.runs import runs_after
from watchbill.model.alert import ClaimedAlert
from watchbill.model.change import StepChanged
from watchbill.model.decision import Decision, Snapshot
from watchbill.model.event import Event, Woken
from watchbill.model.incident import Incident
from watchbill.model.plan import Step

HORIZON = timedelta(hours=24)
"""How far a play goes unless it is told otherwise."""

MOMENTS = 2_000
"""How many decisions a play makes at most."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One event of a play, and what was decided on it."""

    at: datetime
    event: Event
    decision: Decision


Answer: TypeAlias = Callable[[Step, datetime], Iterable[tuple[timedelta, Event]]]
"""What the world answers to a step that has just been started, and how long after."""


Reports: TypeAlias = Callable[[Step, int, datetime], Iterable[tuple[timedelta, Event]]]
"""What the world reports of a delivery that has just left, by its step and its number, and how long after."""


Beside: TypeAlias = Callable[[datetime], tuple[ClaimedAlert, ...]]
"""The alerts that fire in other incidents at a time."""


def nobody_answers(step: Step, now: datetime) -> Iterable[tuple[timedelta, Event]]:
    """Silence: no page is acknowledged, no repair comes to an end."""
    return ()


def play(
    bill: Bill,
    snapshot: Snapshot,
    events: Iterable[tuple[datetime, Event]],
    until: datetime,
    answer: Answer = nobody_answers,
    beside: Beside | None = None,
    reports: Reports | None = None,
) -> tuple[Moment, ...]:
    """Every decision from the first of these *events* until *until*, in order of time.

    *events* are what comes from outside whatever happens (alerts, people's words); *answer* is what comes back from each step, and
    *reports* what is reported of each delivery. What falls due at the same instant as an event comes after it, and so does a delivery
    that leaves then; one that leaves as soon as it was decided on leaves before all else.
    """
    queue = [(at, number, event) for number, (at, event) in enumerate(events)]
    heapq.heapify(queue)
    number = len(queue)
    moments: list[Moment] = []
    wake_at: datetime | None = None
    leaving = _PendingDeliveries(reports) if reports is not None else None
    while len(moments) < MOMENTS:
        if leaving is not None and leaving.is_next(queue[0][0] if queue else None, wake_at):
            if leaving.next_at > until:
                break
            for reported_at, reply in leaving.leave(snapshot.incident):
                heapq.heappush(queue, (reported_at, number, reply))
                number += 1
            continue
        if queue and (wake_at is None or queue[0][0] <= wake_at):
            at, _, event = heapq.heappop(queue)
        elif wake_at is not None:
            at, event = wake_at, Woken()
        else:
            break
        if at > until:
            break
        if beside is not None:
            snapshot = replace(snapshot, active=beside(at))
        decision = decide(bill, snapshot, event, at)
        moments.append(Moment(at, event, decision))
        snapshot = _after(snapshot, decision, at)
        wake_at = decision.wake_at
        for step in decision.steps:
            for later, reply in answer(step, at):
                heapq.heappush(queue, (at + later, number, reply))
                number += 1
        if leaving is not None:
            leaving.add(decision, at)
    return tuple(moments)


class _PendingDeliveries:
    """The deliveries that are still to leave. Decisions move them forward and withdraw them, so each is looked at again when it leaves."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._queue: list[tuple[datetime, bool, int, str, int, int]] = []
        self._count = 0
        self._left: set[tuple[str, int, int]] = set()

    @property
    def next_at(self) -> datetime:
        """When the next is to leave; to be asked where there is one."""
        return self._queue[0][0]

    def is_next(self, event_at: datetime | None, wake_at: datetime | None) -> bool:
        """Whether a delivery leaves before the next event, and before anything else falls due."""
        if not self._queue:
            return False
        leaves_at, is_later = self._queue[0][:2]
        if not is_later:
            return True
        return (event_at is None or leaves_at < event_at) and (wake_at is None or leaves_at <= wake_at)

    def add(self, decision: Decision, now: datetime) -> None:
        """Remember when the deliveries are to leave of the steps that this *decision* at *now* has changed."""
        for change in decision.changes:
            if isinstance(change, StepChanged):
                for number, each in enumerate(change.step.deliveries):
                    if each.leaves_at is not None and (change.step.id, number, each.attempt) not in self._left:
                        is_later = each.leaves_at > now
                        heapq.heappush(self._queue, (each.leaves_at, is_later, self._count, change.step.id, number, each.attempt))
                        self._count += 1

    def leave(self, incident: Incident | None) -> Iterable[tuple[datetime, Event]]:
        """Let the next one leave, if it still is to: what is reported of it, and when."""
        at, _, _, identity, number, attempt = heapq.heappop(self._queue)
        step = incident.steps.get(identity) if incident is not None else None
        delivery = step.deliveries[number] if step is not None and number < len(step.deliveries) else None
        if step is None or delivery is None or (delivery.leaves_at, delivery.attempt) != (at, attempt):
            return ()
        if (identity, number, attempt) in self._left:
            return ()
        self._left.add((identity, number, attempt))
        return [(at + later, reply) for later, reply in self._reports(step, number, at)]


def _after(snapshot: Snapshot, decision: Decision, at: datetime) -> Snapshot:
    """What the record would know next: the incident, and the runs of remediations that began or ended."""
    if decision.incident is None:
        return snapshot
    return replace(snapshot, incident=decision.incident, runs=runs_after(snapshot.runs, decision, at))
