"""What steps have really done outside: each call, before it is made and after.

A call that was begun and never settled is one whose outcome nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from watchbill.model.plan import Done, Outcome
from watchbill.store.encoding import Coding, encode_json
from watchbill.store.statements import Statement, inserting, instant, instant_or_none, micros, upserting
from watchbill.store.tables import EFFECT, STEP

LARGEST: Final = 64 * 1024
"""How many characters of a result are kept, as JSON; of a longer one the beginning."""

_OUTCOME: Final[Coding[Outcome]] = Coding(Outcome)


@dataclass(frozen=True, slots=True)
class Effect:
    """One *call* of one *attempt* of a step. *key* is the idempotency key it was made with. *outcome* is None while it is not known."""

    step: str
    call: int
    attempt: int
    key: str
    begun_at: datetime
    settled_at: datetime | None
    outcome: Outcome | None


_BEGIN: Final = inserting(EFFECT, "step", "call", "attempt", "key", "begun_at")
_RECORD: Final = upserting(EFFECT, "step", "call", "attempt", "key", "begun_at", "settled_at", "outcome", by=("step", "call", "attempt"))
_SETTLE: Final = Statement(
    update(EFFECT)
    .where(EFFECT.c.step == bindparam("its_step"), EFFECT.c.call == bindparam("its_call"), EFFECT.c.attempt == bindparam("its_attempt"))
    .where(EFFECT.c.settled_at.is_(None))
    .values(settled_at=bindparam("new_settled_at"), outcome=bindparam("new_outcome")),
    *("new_settled_at", "new_outcome", "its_step", "its_call", "its_attempt"),
)
_COLUMNS: Final = tuple(EFFECT.c[name] for name in ("step", "call", "attempt", "key", "begun_at", "settled_at", "outcome"))
_OF_STEP: Final = Statement(select(*_COLUMNS).where(EFFECT.c.step == bindparam("its_step")).order_by(EFFECT.c.id), "its_step")
_OF_INCIDENT: Final = Statement(
    select(*_COLUMNS)
    .join_from(EFFECT, STEP, EFFECT.c.step == STEP.c.id)
    .where(STEP.c.incident == bindparam("incident"))
    .order_by(EFFECT.c.id),
    "incident",
)


def begin(connection: Connection, *, step: str, call: int, attempt: int, key: str, at: datetime) -> None:
    """Write down that this *call* is about to be made."""
    _BEGIN.run(connection, step, call, attempt, key, micros(at))


def settle(connection: Connection, *, step: str, call: int, attempt: int, outcome: Outcome, at: datetime) -> bool:
    """Write down what came of this *call*; whether that was not known yet."""
    return _SETTLE.count(connection, micros(at), bounded(outcome), step, call, attempt) == 1


def record(
    connection: Connection, *, step: str, call: int, attempt: int, key: str, begun_at: datetime, outcome: Outcome, at: datetime
) -> None:
    """Write down a call that was made, and what came of it. Of a call that an attempt made in several looks, the last one stands."""
    _RECORD.run(connection, step, call, attempt, key, micros(begun_at), micros(at), bounded(outcome))


def carried_out(connection: Connection, step: str) -> frozenset[int]:
    """The numbers of this step's calls that are known to have been carried out."""
    return frozenset(effect.call for effect in of_step(connection, step) if isinstance(effect.outcome, Done))


def of_step(connection: Connection, step: str) -> tuple[Effect, ...]:
    """The calls of this *step*, in the order in which they were made."""
    return tuple([_effect(row) for row in _OF_STEP.all(connection, step)])


def of_incident(connection: Connection, incident: str) -> tuple[Effect, ...]:
    """The calls of all steps of this *incident*, in the order in which they were made."""
    return tuple([_effect(row) for row in _OF_INCIDENT.all(connection, incident)])


def bounded(outcome: Outcome) -> str:
    """This *outcome* as JSON; a result that is too long is replaced by its beginning and its length."""
    text = _OUTCOME.encode(outcome)
    if len(text) <= LARGEST or not isinstance(outcome, Done):
        return text
    whole = encode_json(outcome.result)
    cut = Done({"cut": True, "characters": len(whole), "begins": whole[: LARGEST // 2]}, outcome.effect[:1_000])
    return _OUTCOME.encode(cut)


def _effect(row: tuple[Any, ...]) -> Effect:
    step, call, attempt, key, begun_at, settled_at, outcome = row
    known = None if outcome is None else _OUTCOME.decode(outcome)
    return Effect(step, call, attempt, key, instant(begun_at), instant_or_none(settled_at), known)
