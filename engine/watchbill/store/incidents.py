"""Incidents as the record holds them: what a decision has to know, what is due, and what people read.

An incident is the fold of its recorded changes. The row beside them holds what is searched for, and nothing that could not be folded anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import chain
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select, tuple_, update

from watchbill.model.alert import ClaimedAlert
from watchbill.model.change import Status
from watchbill.model.decision import RepairRun, Snapshot, Wanted
from watchbill.model.fold import Fold
from watchbill.model.incident import Incident
from watchbill.model.severity import Severity
from watchbill.store import silences, switches
from watchbill.store.decisions import COLUMNS, Recorded, read_changes, recorded
from watchbill.store.remembering import Remembered, remembered_by
from watchbill.store.saving import save
from watchbill.store.statements import Statement, instant, instant_or_none, micros
from watchbill.store.tables import ALERT, DECISION, INCIDENT, IS_OPEN, REPAIR_RUN

__all__ = ["Listed", "due", "last_decision", "listing", "load", "next_wake", "save", "since", "snapshot", "timeline", "wake"]


@dataclass(frozen=True, slots=True)
class Listed:
    """An incident as a list shows it. *name* is what its lead alert is called; *alerts* how many fire now.

    *is_unanswered* says that every round went by without an answer. *acknowledged_until* is when an acknowledgement ends.
    """

    id: str
    name: str
    status: Status
    severity: Severity
    service: str | None
    team: str
    opened_at: datetime
    status_at: datetime | None
    wake_at: datetime | None
    acknowledged_by: str
    revision: str
    number: int
    is_unanswered: bool
    acknowledged_until: datetime | None
    alerts: int


@dataclass(frozen=True, slots=True)
class Behind:
    """A place in a list: behind the incident with this *id*, which was shown as unanswered or was not.

    How it was shown counts, and not how it stands now: somebody may have answered it since, and a list goes on where it was.
    """

    id: str
    was_unanswered: bool


_NEWEST: Final = Statement(select(INCIDENT.c.id).where(INCIDENT.c.key == bindparam("key"), INCIDENT.c.is_newest), "key")
_IS_NEWEST: Final = Statement(select(INCIDENT.c.is_newest).where(INCIDENT.c.id == bindparam("id")), "id")
_CHANGES: Final = Statement(
    select(DECISION.c.number, DECISION.c.event, DECISION.c.changes)
    .where(DECISION.c.incident == bindparam("incident"))
    .order_by(DECISION.c.number),
    "incident",
)
_OPEN: Final = Statement(select(INCIDENT.c.id).where(IS_OPEN))
_HELD: Final = Statement(select(INCIDENT.c.id, INCIDENT.c.acknowledged_by).where(IS_OPEN, INCIDENT.c.status == "acknowledged"))
_UNRESOLVED: Final = Statement(select(INCIDENT.c.id, INCIDENT.c.key).where(IS_OPEN))
_DUE: Final = Statement(
    select(INCIDENT.c.id)
    .where(INCIDENT.c.wake_at <= bindparam("now"))
    .order_by(INCIDENT.c.wake_at, INCIDENT.c.id)
    .limit(bindparam("most")),
    *("now", "most"),
)
_NEXT_WAKE: Final = Statement(select(func.min(INCIDENT.c.wake_at)).where(INCIDENT.c.wake_at > bindparam("after")), "after")
_WAKE: Final = Statement(
    update(INCIDENT)
    .where(INCIDENT.c.id == bindparam("incident"), or_(INCIDENT.c.wake_at.is_(None), INCIDENT.c.wake_at > bindparam("latest")))
    .values(wake_at=bindparam("new_wake_at")),
    *("new_wake_at", "incident", "latest"),
)
_TIMELINE: Final = Statement(
    select(*COLUMNS)
    .where(DECISION.c.incident == bindparam("incident"), DECISION.c.number > bindparam("after"))
    .order_by(DECISION.c.number),
    *("incident", "after"),
)
_SINCE: Final = Statement(
    select(*COLUMNS).where(DECISION.c.id > bindparam("after")).order_by(DECISION.c.id).limit(bindparam("most")), *("after", "most")
)
_LAST: Final = Statement(select(func.max(DECISION.c.id)))

_RUN: Final = (
    REPAIR_RUN.c.remediation,
    REPAIR_RUN.c.incident,
    REPAIR_RUN.c.target,
    REPAIR_RUN.c.service,
    REPAIR_RUN.c.team,
    REPAIR_RUN.c.started_at,
    REPAIR_RUN.c.ended_at,
)
_IS_RUNNING: Final = REPAIR_RUN.c.ended_at.is_(None)
_HAS_ENDED: Final = REPAIR_RUN.c.ended_at >= bindparam("since")
_IS_IT: Final = REPAIR_RUN.c.remediation == bindparam("its_name")
# Apart, because «running, or ended since» in one statement makes SQLite read all runs there ever were.
_RUNNING: Final = Statement(select(*_RUN, REPAIR_RUN.c.id).where(_IS_IT, _IS_RUNNING), "its_name")
_ENDED: Final = Statement(select(*_RUN, REPAIR_RUN.c.id).where(_IS_IT, _HAS_ENDED), *("its_name", "since"))
_ALL_RUNNING: Final = Statement(select(*_RUN, REPAIR_RUN.c.id).where(_IS_RUNNING))
_ALL_ENDED: Final = Statement(select(*_RUN, REPAIR_RUN.c.id).where(_HAS_ENDED), "since")


# --- what a decision has to know ------------------------------------------------------


def snapshot(
    connection: Connection,
    wanted: Wanted,
    now: datetime,
    active: bool | None = None,
    *,
    incident: str | None = None,
    service: str | None = None,
    teams: Sequence[str] = (),
) -> Snapshot:
    """What the record knows that matters to one decision.

    The incident is the newest of the correlation key, unless it was resolved too long ago; or the one with the id *incident*, for an
    event that is about that one. *active* says whether the alerts that fire in other incidents are wanted, where *wanted* does not.
    *service* and *teams* (the owner and its ancestors) tell which switches concern an incident that is not there yet.
    """
    remembered = remembered_by(connection)
    if remembered is not None:
        remembered.catch_up(connection)
    there = _load(connection, remembered, incident) if incident is not None else _newest(connection, remembered, wanted, now)
    found: dict[str, Any] = {"incident": there, "runs": _runs(connection, wanted, now), "silences": silences.standing(connection, now)}
    holding = switches.holding(connection, now)
    if holding:
        owner = there.team if there is not None else ""
        whose = there.service if there is not None else service
        kinds = {switch.kind for switch in holding if switch.covers(whose, (owner, *teams))}
        found["is_frozen"] = bool(kinds)
        found["is_killed"] = "kill" in kinds
    if wanted.active if active is None else active:
        found["active"] = _active(connection, remembered, there.id if there is not None else "")
    return Snapshot(**found)


def load(connection: Connection, incident: str) -> Incident | None:
    """The incident of this id, folded from its recorded changes; None if there is none."""
    remembered = remembered_by(connection)
    if remembered is not None:
        remembered.catch_up(connection)
    return _load(connection, remembered, incident)


def _newest(connection: Connection, remembered: Remembered | None, wanted: Wanted, now: datetime) -> Incident | None:
    known = remembered.newest(wanted.incident_key) if remembered is not None else None
    if known is None:
        row = _NEWEST.one(connection, wanted.incident_key)
        if row is None:
            return None
        known = row[0]
    found = _load(connection, remembered, known)
    if found is None or (found.status == "resolved" and found.status_at is not None and now - found.status_at > wanted.reopen):
        return None
    return found


def _load(connection: Connection, remembered: Remembered | None, incident: str) -> Incident | None:
    known = remembered.get(incident) if remembered is not None else None
    if known is not None:
        return known[1]
    rows = _CHANGES.all(connection, incident)
    if not rows:
        return None
    folding = Fold()
    for _, event, changes in rows:
        for change in read_changes(changes, event):
            folding.apply(change)
    found = folding.incident()
    if remembered is not None:
        newest = _IS_NEWEST.one(connection, incident)
        remembered.put(rows[-1][0], found, is_newest=newest is not None and bool(newest[0]))
    return found


def _active(connection: Connection, remembered: Remembered | None, own: str) -> tuple[ClaimedAlert, ...]:
    """The alerts that fire in all open incidents but this one."""
    firing = remembered.firing if remembered is not None else None
    if firing is None:
        loaded = ((row[0], _load(connection, remembered, row[0])) for row in sorted(_OPEN.all(connection)))
        firing = {id: each.firing for id, each in loaded if each is not None}
        if remembered is not None:
            remembered.firing = firing
    return tuple(chain.from_iterable(alerts for id, alerts in firing.items() if id != own))


def _runs(connection: Connection, wanted: Wanted, now: datetime) -> tuple[RepairRun, ...]:
    if not wanted.remediations and not wanted.all_runs:
        return ()
    since = micros(now - wanted.history)
    if wanted.all_runs:
        rows = _ALL_RUNNING.all(connection) + _ALL_ENDED.all(connection, since)
    else:
        rows = []
        for name in dict.fromkeys(wanted.remediations):
            rows += _RUNNING.all(connection, name) + _ENDED.all(connection, name, since)
    rows.sort(key=lambda row: (row[5], row[7]))
    return tuple([RepairRun(row[0], row[1], row[2], row[3], row[4], instant(row[5]), instant_or_none(row[6])) for row in rows])


# --- what is due ----------------------------------------------------------------------


def due(connection: Connection, now: datetime, limit: int) -> tuple[str, ...]:
    """The incidents that are to be looked at again, those that have waited longest first; at most *limit*."""
    return tuple([row[0] for row in _DUE.all(connection, micros(now), limit)])


def next_wake(connection: Connection, after: datetime) -> datetime | None:
    """When the first incident is to be looked at again that is not *due* by then; None if none is."""
    found = _NEXT_WAKE.one(connection, micros(after))
    return instant_or_none(found[0]) if found is not None else None


def wake(connection: Connection, incident: str, at: datetime) -> bool:
    """Have this *incident* looked at again *at* that time, if it is not to be looked at sooner anyway; whether that changed anything."""
    moment = micros(at)
    return _WAKE.count(connection, moment, incident, moment) == 1


def unresolved(connection: Connection) -> dict[str, str]:
    """The correlation key of every incident that is not resolved, by its id."""
    return dict(sorted(_UNRESOLVED.all(connection)))


def held(connection: Connection) -> tuple[tuple[str, str], ...]:
    """Every incident that somebody has acknowledged and that is not over, with who that is."""
    return tuple([(row[0], row[1]) for row in _HELD.all(connection)])


# --- what people read -----------------------------------------------------------------


def timeline(connection: Connection, incident: str, after_number: int = 0) -> tuple[Recorded, ...]:
    """The decisions about this *incident* in order, from the one after *after_number* on."""
    return tuple([recorded(row) for row in _TIMELINE.all(connection, incident, after_number)])


def since(connection: Connection, after: int, limit: int) -> tuple[Recorded, ...]:
    """The decisions about all incidents in the order in which they were made, after the one with the id *after*; at most *limit*."""
    return tuple([recorded(row) for row in _SINCE.all(connection, after, limit)])


def last_decision(connection: Connection) -> int:
    """The id of the last decision of all; 0 where there is none."""
    found = _LAST.one(connection)
    return int(found[0] or 0) if found is not None else 0


def listing(
    connection: Connection,
    *,
    status: Sequence[str] = (),
    team: Sequence[str] = (),
    service: Sequence[str] = (),
    severity: Sequence[str] = (),
    limit: int = 100,
    before: Behind | None = None,
) -> tuple[Listed, ...]:
    """Incidents, those that nobody answers first, and then those opened last first.

    Of any of these statuses, teams, services and severities; all where nothing is named. *before* is the place of the last one that was
    shown: the list goes on behind it.
    """
    filters = {"status": status, "team": team, "service": service, "severity": severity}
    wanted = and_(True, *(INCIDENT.c[name].in_(values) for name, values in filters.items() if values))
    found: list[Listed] = []
    # Two statements, so that each goes by its index: there are few that nobody answers, all of them open.
    for zone in (True, False):
        if len(found) < limit and (before is None or before.was_unanswered or not zone):
            behind = before.id if before is not None and before.was_unanswered == zone else None
            there = and_(wanted, IS_OPEN, INCIDENT.c.is_unanswered) if zone else and_(wanted, ~INCIDENT.c.is_unanswered)
            found += _zone(connection, there, limit - len(found), behind)
    return tuple(found)


def _zone(connection: Connection, wanted: ColumnElement[bool], limit: int, behind: str | None) -> list[Listed]:
    """Those that are *wanted*, opened last first, from behind the one with this id on."""
    firing = select(func.count()).where(ALERT.c.incident == INCIDENT.c.id).scalar_subquery()
    names = [each.name for each in fields(Listed)][:-1]
    query = select(*(INCIDENT.c[name] for name in names), firing).where(wanted).limit(limit)
    if behind is not None:
        last = select(INCIDENT.c.opened_at, INCIDENT.c.id).where(INCIDENT.c.id == behind).subquery()
        query = query.where(tuple_(INCIDENT.c.opened_at, INCIDENT.c.id) < select(last.c.opened_at, last.c.id).scalar_subquery())
    return [_listed(tuple(row)) for row in connection.execute(query.order_by(INCIDENT.c.opened_at.desc(), INCIDENT.c.id.desc()))]


def is_unanswered(connection: Connection, incident: str) -> bool:
    """Whether every round of this *incident* went by without an answer."""
    found = connection.execute(select(INCIDENT.c.is_unanswered).where(INCIDENT.c.id == incident)).scalar()
    return bool(found)


def _listed(row: tuple[Any, ...]) -> Listed:
    id, name, status, severity, service, team, opened_at, status_at, wake_at, *rest, acknowledged_until, alerts = row
    times = (instant(opened_at), instant_or_none(status_at), instant_or_none(wake_at))
    return Listed(id, name, status, severity, service, team, *times, *(*rest, instant_or_none(acknowledged_until), alerts))
