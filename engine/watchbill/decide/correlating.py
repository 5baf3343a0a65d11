"""Which alerts belong together, and which facts deciding them needs.

Alerts of one service are one incident, unless a `Grouping` tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from watchbill.decide.bill import Bill
from watchbill.decide.claiming import claim
from watchbill.decide.grouping import REOPEN, correlation_key, grouping_of
from watchbill.model.alert import Alert, ClaimedAlert
from watchbill.model.decision import Correlation, Wanted
from watchbill.model.plan import Reason


def correlate(bill: Bill, alerts: Sequence[Alert], now: datetime) -> tuple[Correlation, ...]:
    """These *alerts* by correlation key, in the order in which they came, with what their decisions need.

    Pure, like `decide`: the facts wanted are data, which the record loads.
    """
    grouped: dict[str, list[ClaimedAlert]] = {}
    reasons: dict[str, dict[Reason, None]] = {}
    reopens: dict[str, timedelta] = {}
    last: dict[str, tuple[Reason, ...]] = {}
    for alert in alerts:
        claimed, why = claim(bill, alert)
        about: list[Reason] = []
        grouping = grouping_of(bill, claimed, now, about)
        key = correlation_key(claimed, grouping)
        reopens[key] = grouping.reopen if grouping is not None else REOPEN
        grouped.setdefault(key, []).append(claimed)
        if about or last.get(key) is not why:
            # Alerts alike have the very same reasons, which need not be told apart from themselves.
            reasons.setdefault(key, {}).update(dict.fromkeys((*why, *about)))
            last[key] = why
    return tuple(
        Correlation(key, group[0].service, tuple(group), wanted(bill, key, group, reopens[key]), tuple(reasons[key]))
        for key, group in grouped.items()
    )


def wanted(bill: Bill, key: str, alerts: Sequence[ClaimedAlert], reopen: timedelta = REOPEN) -> Wanted:
    """The facts that deciding these *alerts* needs.

    Whoever loads an incident that is there asks with its alerts as well, since their remediations may start too.
    """
    if not bill.remediations.policies:
        return Wanted(key, (), False, timedelta(0), reopen, bill.may_hide)
    names: dict[str, None] = {}
    history, all_runs = timedelta(0), False
    for alert in alerts:
        for remediation, failed in bill.remediations.looked_at(alert.labels):
            if failed is None:
                names[remediation.ref.name] = None
                rate, cooldown = remediation.guards.rate, remediation.guards.cooldown
                history = max(history, rate.within if rate else history, cooldown or history)
    if names:
        for alert in alerts:
            for rail, failed in bill.guardrails.looked_at(alert.labels):
                if failed is None and (rail.rate is not None or rail.concurrency is not None):
                    all_runs = True
                    history = max(history, rail.rate.within if rail.rate else history)
    return Wanted(key, tuple(names), all_runs, history, reopen, bill.may_hide)
