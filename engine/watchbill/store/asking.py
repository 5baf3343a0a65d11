"""What people and their tools ask of the record, beyond single incidents: names that were shortened, counts, what is held back.

All of it is asked on reading connections; no decision depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from watchbill.model.change import AlertsMuted, Muting
from watchbill.store.decisions import read_changes
from watchbill.store.tables import DECISION, DELIVERY, INBOX, INCIDENT, STEP

SHOWN: Final = 10
"""How many incidents are named where a shortened name means several."""

_TAIL: Final = re.compile(r"[a-z2-7]{6}")
_OPEN: Final = INCIDENT.c.status != literal_column("'resolved'")


def incidents_called(connection: Connection, text: str) -> tuple[str, ...]:
    """The ids that this *text* may mean: the one it is, or those that begin with it, or end with its six letters; at most `SHOWN`."""
    column = INCIDENT.c.id
    if connection.execute(select(column).where(column == text)).first() is not None:
        return (text,)
    query = select(column).order_by(INCIDENT.c.opened_at.desc()).limit(SHOWN)
    found = tuple(row[0] for row in connection.execute(query.where(column >= text, column < f"{text}\U0010ffff")))
    if found or not _TAIL.fullmatch(text):
        return found
    return tuple(row[0] for row in connection.execute(query.where(column.like(f"%-{text}"))))


def number_of(connection: Connection, incident: str) -> int:
    """The number of the last decision about this *incident*; 0 where there is none."""
    return int(connection.execute(select(INCIDENT.c.number).where(INCIDENT.c.id == incident)).scalar() or 0)


def open_by_status(connection: Connection) -> dict[str, int]:
    """How many incidents are in each status that is not resolved."""
    rows = connection.execute(select(INCIDENT.c.status, func.count()).where(_OPEN).group_by(INCIDENT.c.status))
    return {str(status): int(count) for status, count in rows}


def unanswered(connection: Connection) -> int:
    """How many incidents there are of which every round went by without an answer."""
    return int(connection.execute(select(func.count()).select_from(INCIDENT).where(_OPEN, INCIDENT.c.is_unanswered)).scalar_one())


def waiting(connection: Connection) -> dict[str, int]:
    """How many requests wait in the inbox, how many were set aside there, and how many steps are queued or running.

    A step runs while a call of it that must not be lost sight of is under way: a delivery, or what may not be repeated.
    """
    leaving = select(func.count(DELIVERY.c.step.distinct())).where(DELIVERY.c.settled_at.is_(None)).scalar_subquery()
    queued, running = (
        select(func.count()).where(STEP.c.state == literal_column(state)).scalar_subquery() for state in ("'queued'", "'running'")
    )
    counts = {
        "inbox": select(func.count()).select_from(INBOX).where(INBOX.c.error.is_(None)),
        "set_aside": select(func.count()).select_from(INBOX).where(INBOX.c.error.is_not(None)),
        # A step whose deliveries leave at different times stays queued for the next of them.
        "steps_queued": select(queued),
        "steps_running": select(running + leaving),
    }
    return {name: int(connection.execute(query).scalar_one()) for name, query in counts.items()}


def muted(connection: Connection) -> dict[str, Muting]:
    """The alerts of open incidents that are not acted on, by fingerprint, and why."""
    return {fingerprint: why for held in _muted_of(connection, _OPEN).values() for fingerprint, why in held.items()}


def silenced(connection: Connection, incidents: Sequence[str]) -> dict[str, int]:
    """How many alerts a silence holds back in each of these *incidents*; those are left out in which it holds back none."""
    held = _muted_of(connection, INCIDENT.c.id.in_(incidents)) if incidents else {}
    counts = {incident: sum(why.is_silenced for why in found.values()) for incident, found in held.items()}
    return {incident: count for incident, count in counts.items() if count}


def _muted_of(connection: Connection, which: ColumnElement[bool]) -> dict[str, Mapping[str, Muting]]:
    """The alerts that are not acted on and why, by the incidents *which* they are in."""
    query = (
        select(DECISION.c.incident, DECISION.c.event, DECISION.c.changes)
        .join_from(DECISION, INCIDENT)
        .where(which, DECISION.c.changes.like('%"AlertsMuted"%'))
        .order_by(DECISION.c.id)
    )
    latest: dict[str, Mapping[str, Muting]] = {}
    for incident, event, changes in connection.execute(query):
        for change in read_changes(changes, event):
            if isinstance(change, AlertsMuted):
                latest[incident] = change.muted
    return latest
