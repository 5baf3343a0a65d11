"""The incidents that the writer has folded lately, so that a decision does not fold them anew.

Rule: what is remembered is what the transaction sees. The number of the last decision of all tells when somebody else has written,
and what was written by a job that failed is forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from watchbill.model.alert import ClaimedAlert
from watchbill.model.incident import Incident
from watchbill.store.statements import Statement
from watchbill.store.tables import DECISION, INCIDENT

ROOM: Final = 50_000
"""How many alerts and steps are remembered, in however many incidents."""

_KEY: Final = "watchbill.remembered"

_LAST: Final = Statement(select(func.max(DECISION.c.id)))
_SINCE: Final = Statement(
    select(DECISION.c.incident, INCIDENT.c.key).join_from(DECISION, INCIDENT).where(DECISION.c.id > bindparam("seen")), "seen"
)


class Remembered:
    """Folded incidents by id, each with the number of its last decision; those not asked for longest go first.

    *firing* holds the firing alerts of every open incident, once somebody has asked for them all.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._taken = 0
        self._incidents: OrderedDict[str, tuple[int, Incident]] = OrderedDict()
        self._by_key: dict[str, str] = {}
        self._touched: dict[str, str] = {}
        self._seen: int | None = None
        self._seen_before: int | None = None
        self.firing: dict[str, tuple[ClaimedAlert, ...]] | None = None

    def catch_up(self, connection: Connection) -> None:
        """Forget what somebody else has written about since this was last asked."""
        found = _LAST.one(connection)
        last = int(found[0] or 0) if found is not None else 0
        if self._seen is None or last < self._seen:
            self.clear()
        elif last > self._seen:
            for incident, key in _SINCE.all(connection, self._seen):
                self._forget(incident, key)
        self._seen = last

    def get(self, incident: str) -> tuple[int, Incident] | None:
        """The number of the last decision of this *incident* and what it folds to, where that is remembered."""
        found = self._incidents.get(incident)
        if found is not None:
            self._incidents.move_to_end(incident)
        return found

    def newest(self, key: str) -> str | None:
        """The id of the newest incident of this *key*, where that is remembered."""
        return self._by_key.get(key)

    def put(self, number: int, incident: Incident, *, is_newest: bool) -> None:
        """Remember this *incident* as it is after its decision of this *number*."""
        before = self._incidents.pop(incident.id, None)
        if before is not None:
            self._taken -= _weight(before[1])
        self._incidents[incident.id] = (number, incident)
        self._taken += _weight(incident)
        if is_newest:
            self._by_key[incident.key] = incident.id
        while self._taken > self._room and len(self._incidents) > 1:
            _, (_, oldest) = self._incidents.popitem(last=False)
            self._taken -= _weight(oldest)
            if self._by_key.get(oldest.key) == oldest.id:
                del self._by_key[oldest.key]

    # --- transactions -----------------------------------------------------------------

    def written(self, decision: int, number: int, incident: Incident, *, is_newest: bool) -> None:
        """A decision with this id has just been written, and *incident* is what it came to."""
        self._touched[incident.id] = incident.key
        if self._seen is not None:
            self._seen = decision
        if self.firing is not None:
            self._note_firing(incident)
        self.put(number, incident, is_newest=is_newest)

    def begin(self) -> None:
        """A job begins: what it writes may yet be taken back."""
        self._touched.clear()
        self._seen_before = self._seen

    def take_back(self) -> None:
        """Forget what the job that began last has written."""
        for incident, key in self._touched.items():
            self._forget(incident, key)
        self._touched.clear()
        self._seen = self._seen_before

    def clear(self) -> None:
        """Forget everything."""
        self._incidents.clear()
        self._by_key.clear()
        self._touched.clear()
        self._taken = 0
        self._seen = None
        self.firing = None

    def _note_firing(self, incident: Incident) -> None:
        assert self.firing is not None
        if incident.status == "resolved":
            self.firing.pop(incident.id, None)
        else:
            self.firing[incident.id] = incident.firing

    def _forget(self, incident: str, key: str) -> None:
        found = self._incidents.pop(incident, None)
        if found is not None:
            self._taken -= _weight(found[1])
        self._by_key.pop(key, None)
        self.firing = None


def _weight(incident: Incident) -> int:
    return len(incident.alerts) + len(incident.steps) + 1


def remember(connection: Connection, remembered: Remembered) -> None:
    """Let what is folded on this *connection* be *remembered*."""
    connection.info[_KEY] = remembered


def remembered_by(connection: Connection) -> Remembered | None:
    """What is remembered on this *connection*; None on one that only reads."""
    return connection.info.get(_KEY)
