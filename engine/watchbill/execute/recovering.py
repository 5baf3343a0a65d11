"""What an earlier life of the engine left behind: steps that were handed out, and nobody knows how far they came.

What may be repeated is handed out again, and marked where it reaches a person. What changes a system and may not be repeated waits
for a person, unless the record shows that it had not begun.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from watchbill.execute.calls import calls_of, declared
from watchbill.execute.deciding import Decided, settle
from watchbill.execute.policies import Policies
from watchbill.model.plan import Stalled
from watchbill.store import incidents, steps

if TYPE_CHECKING:
    from sqlalchemy import Connection

UNKNOWN: Final = "the engine stopped while this was under way: nobody knows whether it was done; look, then `watchbill retry` it"


def recover(connection: Connection, policies: Policies, now: datetime) -> list[Decided]:
    """Take up every step that is handed out and not settled; the decisions that follow from those that cannot go on by themselves."""
    decided: list[Decided] = []
    for row in steps.unsettled(connection):
        incident = incidents.load(connection, row.incident)
        if incident is None:
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
