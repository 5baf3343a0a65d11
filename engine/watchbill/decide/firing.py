"""The alerts that fire together, found by what inhibitions ask of them.

Whether an alert is hidden by one of ten thousand others must not need ten thousand looks, nor ten thousand times ten
thousand for all of them. So the alerts stand by inhibition, by the values of the labels that have to be equal, by whether
they match the inhibition's other side too, and by service. It only leaves out what cannot be; `watchbill.decide.muting` has
the say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from watchbill.model.alert import ClaimedAlert
from watchbill.model.policies import Inhibition

if TYPE_CHECKING:
    from watchbill.decide.bill import Bill

Shared: TypeAlias = tuple[str, tuple[str, ...]]
"""An inhibition by name, and the values of the labels that it wants to be equal."""

Entry: TypeAlias = tuple[int, int, Inhibition, ClaimedAlert]
"""An alert that an inhibition selects: its place among the alerts, and that of the inhibition among the inhibitions."""

_Sources: TypeAlias = dict[tuple[Shared, str | None, bool], list[Entry]]
"""By what is shared, by service (empty for any), and by whether they match the inhibition's target side too."""


class Firing:
    """Those of these *alerts* that fire, in their order. Nothing is worked out before it is asked for."""

    def __init__(self, bill: Bill, alerts: tuple[ClaimedAlert, ...]) -> None:
        self.alerts = alerts
        self._bill = bill
        self._sources: _Sources | None = None
        self._targets: dict[Shared, list[int]] | None = None
        self._both: tuple[ClaimedAlert, ...] | None = None

    @property
    def both(self) -> tuple[ClaimedAlert, ...]:
        """Those that could hide others and could be hidden."""
        if self._both is None:
            bill = self._bill
            self._both = tuple([each for each in self.alerts if each.is_firing and bill.hides(each) and bill.may_be_hidden(each)])
        return self._both

    def sources(self, inhibitions: Iterable[tuple[Inhibition, bool]], target: ClaimedAlert) -> Iterator[list[Entry]]:
        """What could hide this *target* by one of these *inhibitions*, by lists that are in the order of alerts and then of inhibitions.

        With each inhibition comes whether those that match both of its sides are left out.
        """
        if self._sources is None:
            self._sources = self._find_sources()
        for inhibition, but_both in inhibitions:
            shared = shared_by(inhibition, target)
            needs = self._bill.needs_dependency(inhibition, target)
            services: Iterable[str | None] = self._bill.needed_by(target.service) if needs else (ANY,)
            for service in services:
                for is_both in (False,) if but_both else (False, True):
                    found = self._sources.get((shared, service, is_both))
                    if found is not None:
                        yield found

    def _find_sources(self) -> _Sources:
        found: _Sources = {}
        for position, alert in enumerate(self.alerts):
            if alert.is_firing:
                both = {inhibition.ref.name for inhibition in self._bill.inhibitions_of(alert)}
                for order, inhibition in self._bill.inhibitions_by(alert):
                    entry = (position, order, inhibition, alert)
                    shared = shared_by(inhibition, alert)
                    is_both = inhibition.ref.name in both
                    found.setdefault((shared, ANY, is_both), []).append(entry)
                    found.setdefault((shared, alert.service, is_both), []).append(entry)
        return found

    def targets(self, sources: Iterable[ClaimedAlert]) -> list[ClaimedAlert]:
        """What one of these *sources* could hide, each once."""
        shared = {shared_by(inhibition, source) for source in sources for _, inhibition in self._bill.inhibitions_by(source)}
        if not shared:
            return []
        if self._targets is None:
            self._targets = self._find_targets()
        targets = self._targets
        return [self.alerts[position] for position in sorted({position for each in shared for position in targets.get(each, ())})]

    def _find_targets(self) -> dict[Shared, list[int]]:
        found: dict[Shared, list[int]] = {}
        for position, alert in enumerate(self.alerts):
            if alert.is_firing:
                for inhibition in self._bill.inhibitions_of(alert):
                    found.setdefault(shared_by(inhibition, alert), []).append(position)
        return found


ANY = "*"
"""In the place of a service: whatever service it is. No service is called so."""


def shared_by(inhibition: Inhibition, alert: ClaimedAlert) -> Shared:
    """What an alert on the other side of this *inhibition* has to have in common with this *alert*."""
    return (inhibition.ref.name, tuple([alert.labels.get(name, "") for name in inhibition.equal]))
