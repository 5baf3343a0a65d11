"""Each attempt at a delivery: to whom, by which contact, since when, and what became of it, also what the other side reported later.

A row is written before its call leaves, and again when it has ended: after a stop, what is begun and has not ended may have left, and
nothing else. An address stands in no row: who was reached is a name, and how is the connector's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Text, bindparam, case, delete, func, select, update

from watchbill.model.plan import DeliveryResult, Step
from watchbill.store.statements import Statement, adding, instant, instant_or_none, micros
from watchbill.store.tables import DELIVERY


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One *attempt* at the delivery with this *number* of a step; it is under way until it is settled.

    *effect* is what the other side calls it.
    """

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
    settled_at: datetime | None
    reported_at: datetime | None


_NAMES: Final = (
    *("step", "number", "attempt", "incident", "person", "connector", "action"),
    *("result", "error", "effect", "begun_at", "settled_at", "reported_at"),
)
_KEY: Final = ("step", "number", "attempt")
_IS_UNDER_WAY: Final = DELIVERY.c.settled_at.is_(None)
_BEGIN: Final = adding(DELIVERY, *_NAMES[:-2], by=_KEY)
_FORGET: Final = Statement(
    delete(DELIVERY).where(*(DELIVERY.c[name] == bindparam(f"its_{name}") for name in _KEY), _IS_UNDER_WAY),
    *("its_step", "its_number", "its_attempt"),
)
_BEGUN: Final = Statement(
    select(func.count()).where(DELIVERY.c.step == bindparam("its_step"), DELIVERY.c.number == bindparam("its_number")),
    *("its_step", "its_number"),
)
_END: Final = Statement(
    update(DELIVERY)
    .where(
        DELIVERY.c.step == bindparam("its_step"),
        DELIVERY.c.number == bindparam("its_number"),
        DELIVERY.c.attempt == bindparam("its_attempt"),
    )
    .values(
        # What the other side has reported may overtake the answer to the call, and is known better.
        result=case((DELIVERY.c.reported_at.is_(None), bindparam("new_result", type_=Text())), else_=DELIVERY.c.result),
        error=case((DELIVERY.c.reported_at.is_(None), bindparam("new_error", type_=Text())), else_=DELIVERY.c.error),
        effect=bindparam("new_effect"),
        settled_at=bindparam("new_settled_at"),
    ),
    *("new_result", "new_error", "new_effect", "new_settled_at", "its_step", "its_number", "its_attempt"),
)
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
_ROW: Final = tuple(DELIVERY.c[name] for name in _NAMES)
_OF_INCIDENT: Final = Statement(
    select(*_ROW).where(DELIVERY.c.incident == bindparam("its_incident")).order_by(DELIVERY.c.id), "its_incident"
)
_UNDER_WAY: Final = Statement(select(*_ROW).where(_IS_UNDER_WAY).order_by(DELIVERY.c.begun_at, DELIVERY.c.id))


def begin(connection: Connection, step: Step, number: int, incident: str, at: datetime) -> None:
    """Write down that the next attempt at this delivery of a *step* begins; nothing where it has begun already."""
    its = step.deliveries[number]
    _BEGIN.run(connection, step.id, number, its.attempt + 1, incident, its.person, its.connector, its.action, "waiting", "", "", micros(at))


def begin_due(connection: Connection, step: Step, incident: str, now: datetime) -> None:
    """Write down of each delivery of this *step* that is to leave by *now* that its next attempt begins."""
    for number, each in enumerate(step.deliveries):
        if each.leaves_at is not None and each.leaves_at <= now:
            begin(connection, step, number, incident, now)


def end(
    connection: Connection, step: str, number: int, attempt: int, *, result: DeliveryResult, error: str, effect: str, at: datetime
) -> bool:
    """Write down how an *attempt* ended; whether it had begun. What the other side has reported of it by now stays."""
    return _END.count(connection, result, error, effect, micros(at), step, number, attempt) == 1


def forget(connection: Connection, step: str, attempts: Iterable[tuple[int, int]]) -> None:
    """Take back that these *attempts*, by number and attempt, have begun: their calls were ended before they left."""
    _FORGET.run_many(connection, [(step, *each) for each in attempts])


def has_begun(connection: Connection, step: str, number: int) -> bool:
    """Whether a call of this delivery was ever begun."""
    found = _BEGUN.one(connection, step, number)
    return found is not None and int(found[0]) > 0


def report(connection: Connection, *, step: str, number: int, result: DeliveryResult, error: str, at: datetime) -> bool:
    """Write down what the other side reported of the last attempt; whether there was one."""
    return _REPORT.count(connection, result, error, micros(at), step, number, step, number) == 1


def of_incident(connection: Connection, incident: str) -> tuple[DeliveryRow, ...]:
    """Every attempt at a delivery of this *incident*, in the order in which they began."""
    return tuple([_row(row) for row in _OF_INCIDENT.all(connection, incident)])


def under_way(connection: Connection) -> tuple[DeliveryRow, ...]:
    """The attempts that have begun and not ended, in the order in which they began. After a start they are what an earlier life left."""
    return tuple([_row(row) for row in _UNDER_WAY.all(connection)])


def _row(row: tuple[Any, ...]) -> DeliveryRow:
    named: dict[str, Any] = dict(zip(_NAMES, row, strict=True))
    times = {"begun_at": instant(named["begun_at"]), **{name: instant_or_none(named[name]) for name in ("settled_at", "reported_at")}}
    return DeliveryRow(**{**named, **times})
