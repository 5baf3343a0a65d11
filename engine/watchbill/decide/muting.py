"""Alerts that fire and are not to be acted on: silenced by a person's wish, or hidden by an alert that explains them.

A silenced alert is recorded and brings nothing. A hidden one is recorded and brings evidence and updates, but no page, no
hub and no remediation. Both are looked at again whenever something happens, and when a silence begins or ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import TypeAlias

from watchbill.decide.bill import Bill, Context
from watchbill.decide.firing import Firing
from watchbill.model.alert import ClaimedAlert
from watchbill.model.incident import Muting
from watchbill.model.policies import Inhibition, Selector, Silence

Live: TypeAlias = tuple[Silence, ...]
"""The silences that were made on the running server."""


def silence_of(bill: Bill, alert: ClaimedAlert, context: Callable[[], Context], now: datetime, live: Live = ()) -> Silence | None:
    """The silence, declared or *live*, that holds for this *alert* at *now*; of several, the one that ends last."""
    holding = [silence for silence in _matching(bill, alert, context, live) if silence.is_in_force(now)]
    return max(holding, key=lambda silence: (silence.ends_at, silence.ref.name), default=None)


def next_change(bill: Bill, alert: ClaimedAlert, context: Callable[[], Context], now: datetime, live: Live = ()) -> datetime | None:
    """When a silence, declared or *live*, next begins or ends for this *alert*; None where none will."""
    return min((moment for silence in _matching(bill, alert, context, live) for moment in _edges(silence, now)), default=None)


def _matching(bill: Bill, alert: ClaimedAlert, context: Callable[[], Context], live: Live) -> Iterator[Silence]:
    """The silences that are about this *alert*, in force or not."""
    for silence in bill.silences_about(alert.labels, live):
        if bill.reaches(silence.ref.team, alert.team):
            when = silence.selector.when
            if when is None or bill.holds(when, context()):
                yield silence


def _edges(silence: Silence, now: datetime) -> Iterator[datetime]:
    """The instants after *now* at which this *silence* may begin or end to hold."""
    if now >= silence.ends_at:
        return
    yield silence.ends_at
    begins = max(now, silence.starts_at) if silence.starts_at is not None else now
    if begins > now:
        yield begins
    during = silence.selector.during
    if during is not None:
        edge = during.next_closing(begins) if begins in during else during.next_opening(begins)
        if edge is not None and now < edge < silence.ends_at:
            yield edge


def hidden_by(
    bill: Bill, alert: ClaimedAlert, around: Iterable[Firing], context: Callable[[ClaimedAlert], Context], now: datetime
) -> tuple[Inhibition, ClaimedAlert] | None:
    """The inhibition that hides this *alert*, and which of those *around* it does; None if none. No alert hides itself."""
    in_force = (each for each in bill.inhibitions_of(alert) if each.during is None or now in each.during)
    inhibitions = [each for each in in_force if _holds(bill, each.target, alert, context)]
    if not inhibitions:
        return None
    for firing in around:
        for inhibition, other in firing.sources(inhibitions, alert):
            if other.fingerprint == alert.fingerprint or not _is_about(bill, inhibition, other, alert):
                continue
            if _holds(bill, inhibition.source, other, context):
                return inhibition, other
    return None


def _holds(bill: Bill, selector: Selector, alert: ClaimedAlert, context: Callable[[ClaimedAlert], Context]) -> bool:
    return selector.when is None or bill.holds(selector.when, context(alert))


def _is_about(bill: Bill, inhibition: Inhibition, source: ClaimedAlert, target: ClaimedAlert) -> bool:
    """Whether who owns the target, or how its service depends on that of the source, lets the one hide the other."""
    if not bill.needs_dependency(inhibition, target):
        return True
    # Whoever looks after the target, or stands above them, may hide it; anybody else needs the dependant's consent, and no grant
    # takes its place.
    team = inhibition.ref.team
    return not team or team in bill.line_of(target.team) or _consents(bill, str(target.service), str(source.service))


def _consents(bill: Bill, target: str, source: str) -> bool:
    """Whether there is a way of dependencies from one service to another every one of which says `inhibits: true`."""
    waiting, seen = [target], {target}
    while waiting:
        service = bill.policies.services.get(waiting.pop())
        for dependency in service.dependencies if service is not None else ():
            if dependency.inhibits and dependency.service == source:
                return True
            if dependency.inhibits and dependency.service not in seen:
                seen.add(dependency.service)
                waiting.append(dependency.service)
    return False


def mutings(
    bill: Bill,
    firing: tuple[ClaimedAlert, ...],
    others: tuple[ClaimedAlert, ...],
    context: Callable[[ClaimedAlert], Context],
    now: datetime,
    live: Live = (),
) -> dict[str, Muting]:
    """Which of these *firing* alerts of one incident are muted at *now*, by fingerprint. *others* fire elsewhere."""
    around = (Firing(bill, firing), bill.firing(others))
    found: dict[str, Muting] = {}
    for alert in firing:
        silence = silence_of(bill, alert, partial(context, alert), now, live)
        if silence is not None:
            found[alert.fingerprint] = Muting(silence.ref, _why(silence), is_silenced=True)
            continue
        hidden = hidden_by(bill, alert, around, context, now)
        if hidden is not None:
            inhibition, source = hidden
            where = source.service or "no known service"
            found[alert.fingerprint] = Muting(inhibition.ref, f"hidden by {source.alert.name} on {where}", source=source.fingerprint)
    return found


def _why(silence: Silence) -> str:
    """Who silences and why; of a live silence, which can be read in no file, until when as well."""
    until = f" until {silence.ends_at:%Y-%m-%d %H:%M} UTC" if silence.is_live else ""
    return f"silenced by {silence.author}{until}: {silence.reason}"
