"""What an earlier life of the engine left behind: steps that were handed out, and nobody knows how far they came.

What may be repeated is handed out again, and marked where it reaches a person; of a page, each contact by itself.
What changes a system and may not be repeated waits for a person, unless the record shows that it had not begun.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from watchbill.execute.calls import calls_of, declared
from watchbill.execute.deciding import Decided, decide_event, record_attempt, settle
from watchbill.execute.policies import Policies
from watchbill.model.event import DeliveryReported
from watchbill.model.incident import Incident
from watchbill.model.plan import Stalled
from watchbill.store import incidents, steps

if TYPE_CHECKING:
    from sqlalchemy import Connection

CUT_OFF: Final = "the engine stopped while this was under way"
UNKNOWN: Final = f"{CUT_OFF}: nobody knows whether it was done; look, then `watchbill retry` it"


def recover(connection: Connection, policies: Policies, now: datetime) -> list[Decided]:
    """Take up every step that is handed out and not settled; the decisions that follow from those that cannot go on by themselves."""
    decided: list[Decided] = []
    for row in steps.unsettled(connection):
        incident = incidents.load(connection, row.incident)
        if incident is None:
            continue
        if row.step.deliveries:
            decided += _deliveries(connection, policies, incident, row.id, now)
            continue
        bill = policies.bill_of(incident.revision)
        actions = [declared(bill, call.connector, call.action).action for call in calls_of(row.step, now)]
        reaches = row.step.kind == "alarm" or any(action is not None and action.reaches for action in actions)
        if row.state == "running":
            one = settle(connection, policies, incident.id, row.id, row.attempt, Stalled(UNKNOWN), now)
            if one is not None:
                decided.append(one)
        elif reaches and row.due_at <= now:
            steps.mark_repeated(connection, row.id)
    return decided


def _deliveries(connection: Connection, policies: Policies, incident: Incident, step: str, now: datetime) -> list[Decided]:
    """Report that nobody knows of the deliveries that were due: they are made again, and say that they may be repeats."""
    decided: list[Decided] = []
    found = incident.steps.get(step)
    for number, delivery in enumerate(found.deliveries if found is not None else ()):
        if delivery.leaves_at is None or delivery.leaves_at > now:
            continue
        report = DeliveryReported(step, number, "unknown", CUT_OFF, now)
        record_attempt(connection, incident.id, delivery, report, now)
        one = decide_event(connection, policies, incident.id, report, now)
        if one is not None:
            decided.append(one)
    # Each is carried on from how the page stands after all of them, or the contacts behind the first would leave unmarked.
    return [replace(each, decision=replace(each.decision, incident=decided[-1].incident)) for each in decided]
