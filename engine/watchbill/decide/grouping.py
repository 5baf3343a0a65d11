"""Which alerts of a service make one incident."""

from __future__ import annotations

from datetime import datetime, timedelta

from watchbill.decide.bill import Bill, Context
from watchbill.decide.context import context_of
from watchbill.decide.selecting import matching, most_specific
from watchbill.model.alert import ClaimedAlert
from watchbill.model.change import Opened
from watchbill.model.fold import Fold
from watchbill.model.plan import Reason
from watchbill.model.policies import Grouping

REOPEN = timedelta(hours=1)
"""How long after its resolution an incident is reopened rather than followed by another one, where no Grouping says so."""


def grouping_of(bill: Bill, alert: ClaimedAlert, now: datetime, reasons: list[Reason]) -> Grouping | None:
    """The grouping for this *alert*: the nearest to the owner that matches, and there the most specific; None for none.

    No incident is there yet, so a `when` sees one that is just being opened.
    """
    if not bill.policies.groupings:
        return None

    def context() -> Context:
        opening = Fold()
        opening.apply(Opened("", "", alert.service, alert.team, None, alert.severity, now, bill.policies.revision))
        return context_of(bill, alert, opening, now)

    found = matching(bill, bill.groupings, alert, context, reasons)
    line = bill.line_of(alert.team)
    distance = {each.ref.name: line.index(each.ref.team) if each.ref.team in line else len(line) for each in found}
    nearest = min(distance.values(), default=None)
    near = [each for each in found if distance[each.ref.name] == nearest]
    winner = most_specific(near)[0] if near else None
    for each in found:
        if each is not winner and winner is not None:
            reasons.append(Reason(each.ref, False, f"{winner.ref.name} is nearer or more specific", kind="rival"))
    if winner is not None:
        note = f"one incident for each {', '.join(winner.by)}" if winner.by else "one incident for the whole service"
        reasons.append(Reason(winner.ref, True, note))
    return winner


def correlation_key(alert: ClaimedAlert, grouping: Grouping | None) -> str:
    """What makes two alerts the same incident: the service, and the values of the labels that the *grouping* names.

    What no service claims is kept apart by its name, since nothing says that two such alerts have to do with each other.
    """
    unclaimed = alert.alert.labels.get("alertname") or alert.fingerprint
    key = f"service/{alert.service}" if alert.service is not None else f"unclaimed/{unclaimed}"
    if grouping is None or not grouping.by:
        return key
    # Quoted, so that no value can look like two.
    parts = ",".join(f"{name}={alert.labels.get(name, '')!r}" for name in grouping.by)
    return f"{key}{{{parts}}}"
