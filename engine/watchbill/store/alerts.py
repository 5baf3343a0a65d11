"""The alerts that are known now: what `GET /api/v2/alerts` lists, and what tells when one expires.

An alert that has ended has no row; the incident it belonged to keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, func, select, tuple_, update

from watchbill.model.alert import Alert, ClaimedAlert
from watchbill.model.labels import Labels
from watchbill.model.severity import Severity
from watchbill.store.encoding import decode_json, encode_json
from watchbill.store.statements import Statement, instant, instant_or_none, micros, micros_or_none, upserting
from watchbill.store.tables import ALERT


@dataclass(frozen=True, slots=True)
class Known:
    """An alert that fires, as it was received, and the *incident* that took it.

    *updated_at* is when it was last heard of, *expires_at* when it counts as ended if it is not heard of again; None where its sender will
    say so. *senders* are those that say that it fires, each with when it counts as silent; none are known of what an earlier version wrote.
    """

    fingerprint: str
    incident: str
    source: str
    service: str | None
    team: str
    severity: Severity
    labels: Labels
    annotations: Labels
    generator_url: str
    starts_at: datetime
    ends_at: datetime | None
    updated_at: datetime
    expires_at: datetime | None
    senders: Mapping[str, datetime | None] = field(default_factory=dict)


def known(
    alert: ClaimedAlert,
    incident: str,
    *,
    updated_at: datetime,
    expires_at: datetime | None,
    senders: Mapping[str, datetime | None] | None = None,
) -> Known:
    """The row of this *alert*, which this *incident* has taken."""
    its = alert.alert
    return Known(
        its.fingerprint,
        incident,
        its.source,
        alert.service,
        alert.team,
        alert.severity,
        its.labels,
        its.annotations,
        its.generator_url,
        its.starts_at,
        its.ends_at,
        updated_at,
        expires_at,
        senders or {},
    )


def as_alert(known: Known) -> Alert:
    """What this row was received as."""
    return Alert(
        known.fingerprint,
        known.labels,
        known.annotations,
        "firing",
        known.starts_at,
        known.ends_at,
        known.generator_url,
        known.source,
    )


_NAMES: Final = tuple(Known.__dataclass_fields__)
_COLUMNS: Final = tuple(ALERT.c[name] for name in _NAMES)
_UPSERT: Final = upserting(ALERT, *_NAMES)
_EXTEND: Final = Statement(
    update(ALERT)
    .where(ALERT.c.fingerprint == bindparam("which"))
    .values(expires_at=bindparam("new_expires_at"), updated_at=bindparam("new_updated_at"), senders=bindparam("new_senders")),
    *("new_expires_at", "new_updated_at", "new_senders", "which"),
)
_ENDED: Final = Statement(delete(ALERT).where(ALERT.c.fingerprint == bindparam("which")), "which")
_EXPIRED: Final = Statement(
    select(*_COLUMNS)
    .where(ALERT.c.expires_at <= bindparam("now"))
    .order_by(ALERT.c.expires_at, ALERT.c.fingerprint)
    .limit(bindparam("most")),
    *("now", "most"),
)
_NEXT: Final = Statement(select(func.min(ALERT.c.expires_at)))
_GRACE: Final = Statement(
    update(ALERT).where(ALERT.c.expires_at < bindparam("until")).values(expires_at=bindparam("new_expires_at")),
    *("new_expires_at", "until"),
)
_SENT_BY_SEVERAL: Final = Statement(select(ALERT.c.fingerprint, ALERT.c.senders).where(ALERT.c.senders.like("%,%")))
_SAY: Final = Statement(
    update(ALERT).where(ALERT.c.fingerprint == bindparam("which")).values(senders=bindparam("new_senders")), "new_senders", "which"
)
_EXPIRY: Final = Statement(select(ALERT.c.expires_at).where(ALERT.c.fingerprint == bindparam("which")), "which")
_EXPIRIES: Final = Statement(select(ALERT.c.fingerprint, ALERT.c.expires_at))
_COUNT: Final = Statement(select(func.count()).select_from(ALERT))


def upsert(connection: Connection, alerts: Iterable[Known]) -> None:
    """Write these *alerts*, each in the place of what was known of its fingerprint."""
    rows = [
        (
            each.fingerprint,
            each.incident,
            each.source,
            each.service,
            each.team,
            each.severity,
            encode_json(each.labels),
            encode_json(each.annotations),
            each.generator_url,
            micros(each.starts_at),
            micros_or_none(each.ends_at),
            micros(each.updated_at),
            micros_or_none(each.expires_at),
            _written(each.senders),
        )
        for each in alerts
    ]
    if rows:
        _UPSERT.run_many(connection, rows)


def extend(connection: Connection, heard: Mapping[str, Mapping[str, datetime | None]], *, updated_at: datetime) -> None:
    """These alerts, by fingerprint, were heard of again, and hold as long as one of their senders says so.

    Those that are not known are passed over.
    """
    at = micros(updated_at)
    rows = [(micros_or_none(latest(senders)), at, _written(senders), each) for each, senders in heard.items()]
    _EXTEND.run_many(connection, rows)


def latest(senders: Mapping[str, datetime | None]) -> datetime | None:
    """When what these *senders* say is over unless it is said again: when the last of them counts as silent; None for never."""
    known = [until for until in senders.values() if until is not None]
    return max(known) if known and len(known) == len(senders) else None


def _written(senders: Mapping[str, datetime | None]) -> str:
    return encode_json({name: micros_or_none(until) for name, until in senders.items()})


def ended(connection: Connection, fingerprints: Iterable[str]) -> None:
    """These alerts fire no more."""
    _ENDED.run_many(connection, [(each,) for each in fingerprints])


def expired(connection: Connection, now: datetime, limit: int = 1_000) -> tuple[Known, ...]:
    """The alerts that were not heard of for too long, the first to expire first; at most *limit*."""
    return tuple([_known(row) for row in _EXPIRED.all(connection, micros(now), limit)])


def next_expiry(connection: Connection) -> datetime | None:
    """When the first alert expires; None if none does."""
    found = _NEXT.one(connection)
    return instant_or_none(found[0]) if found is not None else None


def grace(connection: Connection, until: datetime) -> int:
    """Let no alert expire before *until*; how many that concerned. While the engine was away, nobody could be heard."""
    moment = micros(until)
    for fingerprint, written in _SENT_BY_SEVERAL.all(connection):
        senders = decode_json(written)
        later = {name: at if at is None else max(at, moment) for name, at in senders.items()}
        if later != senders:
            _SAY.run(connection, encode_json(later), fingerprint)
    return _GRACE.count(connection, moment, moment)


def expiries(connection: Connection, fingerprints: Sequence[str] | None = None) -> dict[str, datetime | None]:
    """When these alerts expire, those that are known; when all do, where none are named."""
    if fingerprints is None:
        return {row[0]: instant_or_none(row[1]) for row in _EXPIRIES.all(connection)}
    rows = ((each, _EXPIRY.one(connection, each)) for each in fingerprints)
    return {each: instant_or_none(row[0]) for each, row in rows if row is not None}


def active(
    connection: Connection,
    *,
    incident: Sequence[str] = (),
    team: Sequence[str] = (),
    service: Sequence[str] = (),
    severity: Sequence[str] = (),
    limit: int | None = None,
    behind: Known | None = None,
) -> tuple[Known, ...]:
    """The alerts that fire in any of these incidents, teams, services and severities, the oldest first; all where nothing is named.

    With *behind* the list goes on after that one.
    """
    filters = {"incident": incident, "team": team, "service": service, "severity": severity}
    query = select(*_COLUMNS).order_by(ALERT.c.starts_at, ALERT.c.fingerprint).limit(limit)
    query = query.where(and_(True, *(ALERT.c[name].in_(values) for name, values in filters.items() if values)))
    if behind is not None:
        query = query.where(tuple_(ALERT.c.starts_at, ALERT.c.fingerprint) > tuple_(micros(behind.starts_at), behind.fingerprint))
    return tuple([_known(tuple(row)) for row in connection.execute(query)])


def count(connection: Connection) -> int:
    """How many alerts fire."""
    found = _COUNT.one(connection)
    return int(found[0]) if found is not None else 0


def _known(row: tuple[Any, ...]) -> Known:
    fingerprint, incident, source, service, team, severity, labels, annotations, generator_url, *times, written = row
    starts_at, ends_at, updated_at, expires_at = times
    expires = instant_or_none(expires_at)
    senders: dict[str, datetime | None] = {name: instant_or_none(until) for name, until in decode_json(written).items()}
    return Known(
        fingerprint,
        incident,
        source,
        service,
        team,
        severity,
        decode_json(labels),
        decode_json(annotations),
        generator_url,
        instant(starts_at),
        instant_or_none(ends_at),
        instant(updated_at),
        expires,
        # What was given time was given it as a whole.
        senders if len(senders) > 1 else dict.fromkeys(senders, expires),
    )
