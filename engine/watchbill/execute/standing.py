"""The alerts that stand now, as the engine remembers them: so that one which is said again costs a look and no decision.

It is a copy of the record's, changed only by jobs that succeed, and read anew where a transaction failed.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from watchbill.ingest.lasting import SAY_AGAIN
from watchbill.model.alert import Alert, ClaimedAlert
from watchbill.model.sources import SourceType


@dataclass(slots=True)
class Standing:
    """One alert that fires: the incident it belongs to, and when it is over unless it is said again.

    *senders* are those that say so, each with when it counts as silent, and *written* is what of that is recorded; both are empty for
    what an earlier version recorded. What one of them says is over is so only when no other says that it fires.
    """

    alert: ClaimedAlert
    incident: str
    key: str
    expires_at: datetime | None
    is_open: bool = True
    senders: dict[str, datetime | None] = field(default_factory=dict)
    written: dict[str, datetime | None] = field(default_factory=dict)

    def others(self, sender: str, now: datetime) -> dict[str, datetime | None]:
        """Who else than this *sender* says that it fires at *now*. A name without an origin speaks for all of its source."""
        return {
            name: until
            for name, until in self.senders.items()
            if name != sender and not name.startswith(f"{sender} ") and (until is None or until > now)
        }


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

    def hear(self, known: Standing, senders: dict[str, datetime | None], expires: datetime | None) -> None:
        """What is *known* is said to fire by these *senders* now, the last of whom *expires* then."""
        is_earlier = expires is not None and (known.expires_at is None or expires < known.expires_at)
        known.senders, known.expires_at = senders, expires
        if expires is not None and is_earlier:
            heapq.heappush(self._expiring, (expires, known.alert.fingerprint))

    def grace(self, until: datetime) -> None:
        """None of them is over before then."""
        for each in tuple(self._alerts.values()):
            each.senders = {name: at if at is None else max(at, until) for name, at in each.senders.items()}
            each.written = dict(each.senders)
            if each.expires_at is not None and each.expires_at < until:
                each.expires_at = until

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


def sender_name(alert: Alert, sender: SourceType) -> str:
    """Who says this: the source, and of senders that say again what fires, the server too, as `generatorURL` names it.

    Alertmanager passes on addresses of others, now of one and now of another, so there the source is all that tells.
    """
    if sender not in SAY_AGAIN or "://" not in alert.generator_url:
        return alert.source
    scheme, _, rest = alert.generator_url.partition("://")
    return f"{alert.source} {scheme}://{rest.partition('/')[0]}"


def is_said_by(known: Alert, sender: str) -> bool:
    """Whether what is *known* of an alert are the words of this *sender*."""
    return sender in (sender_name(known, "prometheus"), known.source)


def says_the_same(alert: Alert, known: Alert) -> bool:
    """Whether this *alert* says no more than that what is *known* still fires."""
    return (
        alert.status == "firing"
        and alert.starts_at == known.starts_at
        and alert.annotations == known.annotations
        and alert.labels == known.labels
    )
