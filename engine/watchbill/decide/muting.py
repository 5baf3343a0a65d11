"""Alerts that fire and are not to be acted on: silenced by a person's wish, or hidden by an alert that explains them.

A silenced alert is recorded and brings nothing. A hidden one is recorded and brings evidence and updates, but no page, no
hub and no remediation. Both are looked at again whenever something happens, and when a silence begins or ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from heapq import merge
from typing import TypeAlias

from watchbill.decide.bill import Bill, Context
from watchbill.decide.firing import ANY, Firing
from watchbill.decide.rings import Rings
from watchbill.model.alert import ClaimedAlert
from watchbill.model.change import Muting
from watchbill.model.policies import Inhibition, Silence

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


class Hiding:
    """What inhibitions say of each alert at *now*. *context* gives what conditions see of one; each is asked once."""

    def __init__(self, bill: Bill, context: Callable[[ClaimedAlert], Context], now: datetime) -> None:
        self._bill = bill
        self._context = context
        self._now = now
        self._held: dict[tuple[str, str, bool], bool] = {}

    def inhibitions_of(self, alert: ClaimedAlert) -> list[Inhibition]:
        """The inhibitions that are in force and have this *alert* on the side of what is hidden, in order."""
        return [each for each in self._bill.inhibitions_of(alert) if self._is_in_force(each) and self._holds(each, alert, is_source=False)]

    def inhibitions_by(self, alert: ClaimedAlert) -> list[Inhibition]:
        """The inhibitions that are in force and have this *alert* on the side of what hides, in order."""
        by = (inhibition for _, inhibition in self._bill.inhibitions_by(alert))
        return [each for each in by if self._is_in_force(each) and self._holds(each, alert, is_source=True)]

    def is_on_both_sides(self, inhibition: Inhibition, alert: ClaimedAlert) -> bool:
        """Whether this *alert*, if others match both sides of that *inhibition* as it does, is not hidden by them.

        With `depends_on` the sides are told apart by which service needs which, and not by the matchers alone.
        """
        if inhibition.depends_on:
            return False
        selects = self._bill.is_on_both_sides(inhibition, alert)
        return selects and self._holds(inhibition, alert, is_source=True) and self._holds(inhibition, alert, is_source=False)

    def services_hiding(self, inhibition: Inhibition, target: ClaimedAlert) -> Iterable[str]:
        """The services whose alerts could hide this *target* by that *inhibition*; `ANY` where it does not matter which."""
        bill = self._bill
        if not bill.needs_dependency(inhibition, target):
            return (ANY,)
        return [each for each in bill.needed_by(target.service) if _is_about(bill, inhibition, each, target)]

    def is_by(self, inhibition: Inhibition, source: ClaimedAlert, target: ClaimedAlert) -> bool:
        """Whether this *inhibition*, which the *target* is on the hidden side of, lets that *source* hide it, rings aside."""
        if source.fingerprint == target.fingerprint or not _is_about(self._bill, inhibition, source.service, target):
            return False
        if not self._holds(inhibition, source, is_source=True):
            return False
        return not (self.is_on_both_sides(inhibition, target) and self.is_on_both_sides(inhibition, source))

    def _is_in_force(self, inhibition: Inhibition) -> bool:
        return inhibition.during is None or self._now in inhibition.during

    def _holds(self, inhibition: Inhibition, alert: ClaimedAlert, *, is_source: bool) -> bool:
        when = (inhibition.source if is_source else inhibition.target).when
        if when is None:
            return True
        key = (inhibition.ref.name, alert.fingerprint, is_source)
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = self._bill.holds(when, self._context(alert))
        return held


def hidden_by(hiding: Hiding, rings: Rings, alert: ClaimedAlert, around: Iterable[Firing]) -> tuple[Inhibition, ClaimedAlert] | None:
    """The inhibition that hides this *alert*, and which of those *around* it does; None if none.

    No alert hides itself, none that matches both sides of an inhibition hides another that does, and none hides another of
    its ring.
    """
    inhibitions = hiding.inhibitions_of(alert)
    if not inhibitions:
        return None
    # What a condition says of an alert is not known where alerts are found by their labels: there both sorts are looked at.
    asked = [(each, each.source.when is each.target.when is None and hiding.is_on_both_sides(each, alert)) for each in inhibitions]
    for firing in around:
        lists = list(firing.sources(asked, alert))
        ring = rings.ring_of(alert) if lists else None
        if ring is not None:
            lists = [rings.outside(each, ring) for each in lists]
        for _, _, inhibition, other in merge(*lists):
            if hiding.is_by(inhibition, other, alert):
                return inhibition, other
    return None


def _is_about(bill: Bill, inhibition: Inhibition, source: str | None, target: ClaimedAlert) -> bool:
    """Whether who owns the target, or how its service depends on that of the source, lets the one hide the other."""
    if not bill.needs_dependency(inhibition, target):
        return True
    # Whoever looks after the target, or stands above them, may hide it; anybody else needs the dependant's consent, and no grant
    # takes its place.
    team = inhibition.ref.team
    return not team or team in bill.line_of(target.team) or bill.consents(str(target.service), str(source))


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
    hiding = Hiding(bill, context, now)
    rings = Rings(hiding, around)
    found: dict[str, Muting] = {}
    for alert in firing:
        silence = silence_of(bill, alert, partial(context, alert), now, live)
        if silence is not None:
            found[alert.fingerprint] = Muting(silence.ref, _why_silenced(silence), is_silenced=True)
            continue
        hidden = hidden_by(hiding, rings, alert, around)
        if hidden is not None:
            inhibition, source = hidden
            found[alert.fingerprint] = Muting(inhibition.ref, _why_hidden(inhibition, source), source=source.fingerprint)
    return found


def _why_hidden(inhibition: Inhibition, source: ClaimedAlert) -> str:
    """Why *source* hides another alert; labels that count as equal because neither of the two has them are named."""
    absent = " or ".join(f"`{name}`" for name in inhibition.equal if not source.labels.get(name))
    said = f" (neither of the two has {absent}, which counts as equal)" if absent else ""
    return f"hidden by {source.alert.name} on {source.service or 'no known service'}{said}"


def _why_silenced(silence: Silence) -> str:
    """Who silences and why; of a live silence, which can be read in no file, until when as well."""
    until = f" until {silence.ends_at:%Y-%m-%d %H:%M} UTC" if silence.is_live else ""
    return f"silenced by {silence.author}{until}: {silence.reason}"
