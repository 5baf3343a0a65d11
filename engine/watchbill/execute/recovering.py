"""What an earlier life of the engine left behind: steps that were handed out, and nobody knows how far they came.

What may be repeated is handed out again, and marked where it reaches a person; of a page, each contact by itself, and only those whose
calls had begun.
What changes a system and may not be repeated waits for a person, unless the record shows that it had not begun.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from watchbill.execute.calls import calls_of, declared
from watchbill.execute.deciding import Decided, end_attempt, settle
from watchbill.execute.policies import Policies
from watchbill.model.event import DeliveryReported
from watchbill.model.plan import Stalled
from watchbill.store import delivery_rows, incidents, steps

if TYPE_CHECKING:
    from sqlalchemy import Connection

CUT_OFF: Final = "the engine stopped while this was under way"
UNKNOWN: Final = f"{CUT_OFF}: nobody knows whether it was done; look, then `watchbill retry` it"


def recover(connection: Connection, policies: Policies, now: datetime, why_aside: Callable[[str], str] = lambda name: "") -> list[Decided]:
    """Take up every step that is handed out and not settled; the decisions that follow from those that cannot go on by themselves.

    *why_aside* says why a step, by its name among the attempts, is not to be tried any more; empty where it is.
    """
    decided = _cut_off(connection, policies, now)
    for row in steps.unsettled(connection):
        incident = incidents.load(connection, row.incident)
        aside = why_aside(f"step/{row.id}")
        if aside and incident is not None and row.state == "queued":
            one = settle(connection, policies, incident.id, row.id, row.attempt, Stalled(f"{aside}; look, then `watchbill retry` it"), now)
            decided += [one] if one is not None else []
            continue
        if incident is None or row.step.deliveries:
            continue  # deliveries that have not begun are simply due
        bill = policies.bill_of(incident.revision)
        actions = [declared(bill, call.connector, call.action).action for call in calls_of(row.step)]
        reaches = row.step.kind == "alarm" or any(action is not None and action.reaches for action in actions)
        if row.state == "running":
            steps.mark_repeated(connection, row.id)
            one = settle(connection, policies, incident.id, row.id, row.attempt, Stalled(UNKNOWN), now)
            if one is not None:
                decided.append(one)
        elif reaches and row.due_at <= now:
            steps.mark_repeated(connection, row.id)
    return decided


def _cut_off(connection: Connection, policies: Policies, now: datetime) -> list[Decided]:
    """Report that nobody knows of the deliveries that had begun: they are made again, and say that they may be repeats."""
    found: dict[str, list[Decided]] = {}
    for row in delivery_rows.under_way(connection):
        report = DeliveryReported(row.step, row.number, "unknown", CUT_OFF, now, row.attempt)
        one = end_attempt(connection, policies, row.incident, row.attempt, report, now)
        if one is not None:
            found.setdefault(row.incident, []).append(one)
    # Each is carried on from how its incident stands after all of them, or the contacts behind the first would leave unmarked.
    return [
        replace(each, decision=replace(each.decision, incident=those[-1].decision.incident)) for those in found.values() for each in those
    ]
