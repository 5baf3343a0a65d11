"""Each attempt at a delivery: to whom, by which contact, and what became of it, also what the other side reported later.

An address stands in no row: who was reached is a name, and how is the connector's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, update

from watchbill.model.plan import Delivery, DeliveryResult
from watchbill.store.statements import Statement, instant, instant_or_none, micros, upserting
from watchbill.store.tables import DELIVERY


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One *attempt* at the delivery with this *number* of a step. *effect* is what the other side calls it."""

    step: str
    number: int
    attempt: int
    incident: str
    person: str
    connector: str
    action: str
    result: DeliveryResult
    error: str
    effect: str
    begun_at: datetime
    settled_at: datetime
    reported_at: datetime | None


_NAMES: Final = (
    *("step", "number", "attempt", "incident", "person", "connector", "action"),
    *("result", "error", "effect", "begun_at", "settled_at", "reported_at"),
)
_RECORD: Final = upserting(DELIVERY, *_NAMES[:-1], by=("step", "number", "attempt"))
_LAST: Final = (
    select(func.max(DELIVERY.c.attempt))
    .where(DELIVERY.c.step == bindparam("of_step"), DELIVERY.c.number == bindparam("of_number"))
    .scalar_subquery()
)
_REPORT: Final = Statement(
    update(DELIVERY)
    .where(DELIVERY.c.step == bindparam("its_step"), DELIVERY.c.number == bindparam("its_number"), DELIVERY.c.attempt == _LAST)
    .values(result=bindparam("new_result"), error=bindparam("new_error"), reported_at=bindparam("new_reported_at")),
    *("new_result", "new_error", "new_reported_at", "its_step", "its_number", "of_step", "of_number"),
)
_OF_INCIDENT: Final = Statement(
    select(*(DELIVERY.c[name] for name in _NAMES)).where(DELIVERY.c.incident == bindparam("its_incident")).order_by(DELIVERY.c.id),
    "its_incident",
)


def record(
    connection: Connection,
    *,
    step: str,
    number: int,
    incident: str,
    delivery: Delivery,
    result: DeliveryResult,
    error: str,
    effect: str,
    begun_at: datetime,
    at: datetime,
) -> None:
    """Write down how the next attempt at this *delivery* ended."""
    _RECORD.run(
        connection,
        step,
        number,
        delivery.attempt + 1,
        incident,
        delivery.person,
        delivery.connector,
        delivery.action,
        result,
        error,
        effect,
        micros(begun_at),
        micros(at),
    )


def report(connection: Connection, *, step: str, number: int, result: DeliveryResult, error: str, at: datetime) -> bool:
    """Write down what the other side reported of the last attempt; whether there was one."""
    return _REPORT.count(connection, result, error, micros(at), step, number, step, number) == 1


def of_incident(connection: Connection, incident: str) -> tuple[DeliveryRow, ...]:
    """Every attempt at a delivery of this *incident*, in the order in which they ended."""
    return tuple([_row(row) for row in _OF_INCIDENT.all(connection, incident)])


def _row(row: tuple[Any, ...]) -> DeliveryRow:
    named: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    for name in ("begun_at", "settled_at"):
        named[name] = instant(named[name])
    return DeliveryRow(**{**named, "reported_at": instant_or_none(named["reported_at"])})
