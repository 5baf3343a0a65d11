"""The alerts that stand now, as the engine remembers them: so that one which is said again costs a look and no decision.

It is a copy of the record's, changed only by jobs that succeed, and read anew where a transaction failed.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from watchbill.model.alert import Alert, ClaimedAlert


@dataclass(slots=True)
class Standing:
    """One alert that fires: the incident it belongs to, when it is over unless it is said again, and what of that is *written*."""

    alert: ClaimedAlert
    incident: str
    key: str
    expires_at: datetime | None
    written: datetime | None
    is_open: bool = True


class StandingAlerts:
    """Every alert that fires, by fingerprint, by incident, and by when it is over unless it is said again."""

    __slots__ = ("_alerts", "_expiring", "_of")

    def __init__(self, alerts: Iterable[Standing] = ()) -> None:
        self._alerts: dict[str, Standing] = {}
        self._of: dict[str, set[str]] = {}
        # One entry an alert that expires. It may be too early, since being said again moves nothing here.
        self._expiring: list[tuple[datetime, str]] = []
        for each in alerts:
            self.put(each)

    def __len__(self) -> int:
        return len(self._alerts)

    def __iter__(self) -> Iterator[Standing]:
        return iter(tuple(self._alerts.values()))

    def get(self, fingerprint: str) -> Standing | None:
        """The alert of this *fingerprint*, if it fires."""
        return self._alerts.get(fingerprint)

    def put(self, standing: Standing) -> None:
        """It fires now, and as this."""
        fingerprint = standing.alert.fingerprint
        before = self._alerts.get(fingerprint)
        if before is not None and before.incident != standing.incident:
            self._forget(before)
        self._alerts[fingerprint] = standing
        self._of.setdefault(standing.incident, set()).add(fingerprint)
        if standing.expires_at is not None:
            heapq.heappush(self._expiring, (standing.expires_at, fingerprint))

    def grace(self, until: datetime) -> None:
        """None of them is over before then."""
        for each in tuple(self._alerts.values()):
            if each.expires_at is not None and each.expires_at < until:
                each.expires_at = each.written = until

    def drop(self, fingerprint: str) -> None:
        """It fires no more."""
        before = self._alerts.pop(fingerprint, None)
        if before is not None:
            self._forget(before)

    def _forget(self, standing: Standing) -> None:
        its = self._of.get(standing.incident, set())
        its.discard(standing.alert.fingerprint)
        if not its:
            self._of.pop(standing.incident, None)

    def close(self, incident: str, is_open: bool) -> None:
        """The *incident* of these alerts was resolved, or reopened."""
        for fingerprint in self._of.get(incident, ()):
            self._alerts[fingerprint].is_open = is_open

    def expired(self, now: datetime) -> tuple[Standing, ...]:
        """Those that nobody has said again in time."""
        over: list[Standing] = []
        while self._expiring and self._expiring[0][0] <= now:
            _, fingerprint = heapq.heappop(self._expiring)
            standing = self._alerts.get(fingerprint)
            if standing is None or standing.expires_at is None:
                continue
            if standing.expires_at <= now:
                over.append(standing)
            else:
                heapq.heappush(self._expiring, (standing.expires_at, fingerprint))
        # They stay until that is decided: should it fail, they are found again.
        for standing in over:
            heapq.heappush(self._expiring, (now, standing.alert.fingerprint))
        return tuple({standing.alert.fingerprint: standing for standing in over}.values())

    def next_expiry(self) -> datetime | None:
        """When the next of them may be over unless it is said again."""
        return self._expiring[0][0] if self._expiring else None


def says_the_same(alert: Alert, known: Alert) -> bool:
    """Whether this *alert* says no more than that what is *known* still fires."""
    return (
        alert.status == "firing"
        and alert.starts_at == known.starts_at
        and alert.annotations == known.annotations
        and alert.labels == known.labels
    )
