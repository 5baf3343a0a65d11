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
from watchbill.model.decision import Decision, Snapshot
from watchbill.model.event import Event, Woken
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
) -> tuple[Moment, ...]:
    """Every decision from the first of these *events* until *until*, in order of time.

    *events* are what comes from outside whatever happens (alerts, people's words); *answer* is what comes back from each step. What falls
    due at the same instant as an event comes after it.
    """
    queue = [(at, number, event) for number, (at, event) in enumerate(events)]
    heapq.heapify(queue)
    number = len(queue)
    moments: list[Moment] = []
    wake_at: datetime | None = None
    while len(moments) < MOMENTS:
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
    return tuple(moments)


def _after(snapshot: Snapshot, decision: Decision, at: datetime) -> Snapshot:
    """What the record would know next: the incident, and the runs of remediations that began or ended."""
    if decision.incident is None:
        return snapshot
    return replace(snapshot, incident=decision.incident, runs=runs_after(snapshot.runs, decision, at))
