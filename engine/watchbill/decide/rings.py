"""Alerts that would hide each other in a ring: A hides B, B hides C, C hides A. Inside a ring nobody hides anybody.

So whoever follows «hidden by» always comes to an alert that no rule hides, and somebody is called. A ring may hide others,
and be hidden, as a whole or in part, by alerts outside it.

Only an alert that could both hide and be hidden can stand in a ring; the others are not looked at. What the alerts of one
inhibition with the same equal labels do to each other goes through common nodes, so that the graph grows with the number of
alerts and not with that of their pairs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from watchbill.decide.firing import ANY, Entry, Firing, shared_by
from watchbill.model.alert import ClaimedAlert
from watchbill.model.knots import knots
from watchbill.model.policies import Inhibition

if TYPE_CHECKING:
    from watchbill.decide.muting import Hiding

_Node: TypeAlias = object
"""An alert by its fingerprint, or a common node: an inhibition with the values that have to be equal, a service, and a sort of source."""


class Rings:
    """Which of the alerts that fire stand in which ring, by the rules of *hiding*. Nothing is worked out before it is asked for."""

    def __init__(self, hiding: Hiding, around: Iterable[Firing]) -> None:
        self._hiding = hiding
        self._around = tuple(around)
        self._found: dict[str, int] | None = None
        self._outside: dict[tuple[int, int], list[Entry]] = {}

    def ring_of(self, alert: ClaimedAlert) -> int | None:
        """The number of the ring that this *alert* stands in; None for none."""
        if self._found is None:
            self._found = self._find()
        return self._found.get(alert.fingerprint)

    def outside(self, entries: list[Entry], ring: int) -> list[Entry]:
        """Those of these *entries* that do not stand in this *ring*. A list that is asked about again is looked through once."""
        key = (id(entries), ring)
        found = self._outside.get(key)
        if found is None:
            found = self._outside[key] = [entry for entry in entries if self.ring_of(entry[3]) != ring]
        return found

    def _find(self) -> dict[str, int]:
        ways: dict[_Node, list[_Node]] = {}
        alerts = [alert for firing in self._around for alert in firing.both if alert.is_firing]
        targets: list[tuple[Inhibition, ClaimedAlert]] = []
        for alert in alerts:
            targets.extend((inhibition, alert) for inhibition in self._hiding.inhibitions_of(alert))
        wanted = {inhibition.ref.name for inhibition, _ in targets}
        for alert in alerts:
            for inhibition in self._hiding.inhibitions_by(alert):
                if inhibition.ref.name in wanted:
                    is_both = self._hiding.is_on_both_sides(inhibition, alert)
                    shared = shared_by(inhibition, alert)
                    for service in (ANY, alert.service):
                        common: _Node = (shared, service, is_both)
                        ways.setdefault(alert.fingerprint, []).append(common)
                        ways.setdefault(common, [])
        for inhibition, alert in targets:
            ways.setdefault(alert.fingerprint, [])
            for hider in self._hiders(inhibition, alert):
                if hider in ways:
                    ways[hider].append(alert.fingerprint)
        found: dict[str, int] = {}
        for number, knot in enumerate(knots(ways)):
            its = [node for node in knot if isinstance(node, str)]
            if len(its) > 1:
                found.update(dict.fromkeys(its, number))
        return found

    def _hiders(self, inhibition: Inhibition, target: ClaimedAlert) -> Iterable[_Node]:
        """The common nodes of everything that hides this *target* by that *inhibition*."""
        shared = shared_by(inhibition, target)
        sorts = (False,) if self._hiding.is_on_both_sides(inhibition, target) else (False, True)
        services = self._hiding.services_hiding(inhibition, target)
        return [(shared, service, is_both) for service in services for is_both in sorts]
