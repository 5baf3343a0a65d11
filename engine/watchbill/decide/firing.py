"""The alerts that fire together, found by what inhibitions ask of them.

Whether an alert is hidden by one of ten thousand others must not need ten thousand looks, nor ten thousand times ten
thousand for all of them. So the alerts stand by inhibition, by the values of the labels that have to be equal, and by
service. It only leaves out what cannot be; `watchbill.decide.muting` has the say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from typing import TYPE_CHECKING, TypeAlias

from watchbill.model.alert import ClaimedAlert
from watchbill.model.policies import Inhibition

if TYPE_CHECKING:
    from watchbill.decide.bill import Bill

Shared: TypeAlias = tuple[str, tuple[str, ...]]
"""An inhibition by name, and the values of the labels that it wants to be equal."""

Entry: TypeAlias = tuple[int, int, Inhibition, ClaimedAlert]
"""An alert that an inhibition selects: its place among the alerts, and that of the inhibition among the inhibitions."""


class Firing:
    """Those of these *alerts* that fire, in their order. Nothing is worked out before it is asked for."""

    def __init__(self, bill: Bill, alerts: tuple[ClaimedAlert, ...]) -> None:
        self.alerts = alerts
        self._bill = bill
        self._sources: tuple[dict[Shared, list[Entry]], dict[tuple[Shared, str | None], list[Entry]]] | None = None
        self._targets: dict[Shared, list[int]] | None = None

    def sources(self, inhibitions: Iterable[Inhibition], target: ClaimedAlert) -> Iterator[tuple[Inhibition, ClaimedAlert]]:
        """What could hide this *target* by one of these *inhibitions*, alert by alert and then inhibition by inhibition."""
        if self._sources is None:
            self._sources = self._find_sources()
        everywhere, by_service = self._sources
        found: list[list[Entry]] = []
        for inhibition in inhibitions:
            shared = _shared(inhibition, target)
            if self._bill.needs_dependency(inhibition, target):
                found.extend(by_service.get((shared, service), []) for service in self._bill.needed_by(target.service))
            else:
                found.append(everywhere.get(shared, []))
        return ((inhibition, alert) for _, _, inhibition, alert in merge(*found))

    def _find_sources(self) -> tuple[dict[Shared, list[Entry]], dict[tuple[Shared, str | None], list[Entry]]]:
        everywhere: dict[Shared, list[Entry]] = {}
        by_service: dict[tuple[Shared, str | None], list[Entry]] = {}
        for position, alert in enumerate(self.alerts):
            if alert.is_firing:
                for order, inhibition in self._bill.inhibitions_by(alert):
                    entry = (position, order, inhibition, alert)
                    shared = _shared(inhibition, alert)
                    everywhere.setdefault(shared, []).append(entry)
                    by_service.setdefault((shared, alert.service), []).append(entry)
        return everywhere, by_service

    def targets(self, sources: Iterable[ClaimedAlert]) -> list[ClaimedAlert]:
        """What one of these *sources* could hide, each once."""
        shared = {_shared(inhibition, source) for source in sources for _, inhibition in self._bill.inhibitions_by(source)}
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
                    found.setdefault(_shared(inhibition, alert), []).append(position)
        return found


def _shared(inhibition: Inhibition, alert: ClaimedAlert) -> Shared:
    return (inhibition.ref.name, tuple([alert.labels.get(name, "") for name in inhibition.equal]))
