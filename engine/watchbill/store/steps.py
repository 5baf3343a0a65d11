"""Steps that were handed out. Their rows are the queue.

A row goes from queued to running to settled. Each of these is guarded by the state it comes from and by the attempt, so that asking
twice does nothing. A step that is handed out once more is queued again, as its next attempt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Boolean, Connection, bindparam, func, literal_column, select, update

from watchbill.model.plan import Outcome, Step, StepKind
from watchbill.store.encoding import Coding
from watchbill.store.statements import NEW, Statement, instant, instant_or_none, micros, upserting
from watchbill.store.tables import STEP

State = Literal["queued", "running", "settled"]

_STEP: Final[Coding[Step]] = Coding(Step)
_OUTCOME: Final[Coding[Outcome]] = Coding(Outcome)

_URGENCY: Final[dict[str, int]] = {
    **dict.fromkeys(("page", "alarm"), 3),
    **dict.fromkeys(("repair", "verify", "rollback", "review", "offer"), 2),
    **dict.fromkeys(("hub", "bridge", "notify", "remind", "tell"), 1),
}
"""Who is begun first where several are due: people, then what is repaired, then the rest."""


@dataclass(frozen=True, slots=True)
class Row:
    """A step that was handed out, and how far it has come. *due_at* is when it may begin.

    *attempt* counts from 1. *possibly_repeated* says that an earlier attempt may have had its effect. *outcome* is None until it is
    settled, and for one that was called off before it began.
    """

    id: str
    incident: str
    kind: StepKind
    state: State
    attempt: int
    due_at: datetime
    begun_at: datetime | None
    settled_at: datetime | None
    possibly_repeated: bool
    step: Step
    outcome: Outcome | None


_NAMES: Final = ("id", "incident", "kind", "urgency", "state", "attempt", "due_at", "possibly_repeated", "body")
_HAND_OUT: Final = upserting(
    STEP,
    *_NAMES,
    state=NEW,
    due_at=NEW,
    body=NEW,
    attempt=STEP.c.attempt + 1,
    possibly_repeated=STEP.c.possibly_repeated,
    begun_at=None,
    settled_at=None,
    outcome=None,
)
_CALL_OFF: Final = Statement(
    update(STEP)
    .where(STEP.c.id == bindparam("step"), STEP.c.state == literal_column("'queued'"))
    .values(state=literal_column("'settled'"), settled_at=bindparam("new_settled_at")),
    *("new_settled_at", "step"),
)
_BEGIN: Final = Statement(
    update(STEP)
    .where(STEP.c.id == bindparam("step"), STEP.c.attempt == bindparam("its_attempt"), STEP.c.state == literal_column("'queued'"))
    .values(state=literal_column("'running'"), begun_at=bindparam("new_begun_at")),
    *("new_begun_at", "step", "its_attempt"),
)
_SETTLE: Final = Statement(
    update(STEP)
    .where(STEP.c.id == bindparam("step"), STEP.c.attempt == bindparam("its_attempt"), STEP.c.state != literal_column("'settled'"))
    .values(state=literal_column("'settled'"), settled_at=bindparam("new_settled_at"), outcome=bindparam("new_outcome")),
    *("new_settled_at", "new_outcome", "step", "its_attempt"),
)
_POSTPONE: Final = Statement(
    update(STEP)
    .where(STEP.c.id == bindparam("step"), STEP.c.state != literal_column("'settled'"))
    .values(state=literal_column("'queued'"), due_at=bindparam("new_due_at"), begun_at=None),
    *("new_due_at", "step"),
)
_GO_ON: Final = Statement(
    update(STEP)
    .where(STEP.c.id == bindparam("step"), STEP.c.state != literal_column("'settled'"))
    .values(state=literal_column("'queued'"), due_at=bindparam("new_due_at"), body=bindparam("new_body")),
    *("new_due_at", "new_body", "step"),
)
_CLOSE: Final = Statement(
    update(STEP)
    .where(STEP.c.id == bindparam("step"), STEP.c.state != literal_column("'settled'"))
    .values(state=literal_column("'settled'"), settled_at=bindparam("new_settled_at"), outcome=bindparam("new_outcome")),
    *("new_settled_at", "new_outcome", "step"),
)
_MARK: Final = Statement(
    update(STEP)
    .where(STEP.c.id == bindparam("step"), STEP.c.state != literal_column("'settled'"))
    .values(possibly_repeated=literal_column("true", type_=Boolean())),
    "step",
)

_ROW: Final = tuple(
    STEP.c[name]
    for name in (
        *("id", "incident", "kind", "state", "attempt", "due_at", "begun_at", "settled_at", "possibly_repeated"),
        *("body", "outcome"),
    )
)
# Stands in the SQL as it is, so that SQLite sees that the index on the queued ones will do.
_IS_QUEUED: Final = STEP.c.state == literal_column("'queued'")
_QUEUED: Final = Statement(
    select(*_ROW)
    .where(_IS_QUEUED, STEP.c.due_at <= bindparam("now"))
    .order_by(STEP.c.urgency.desc(), STEP.c.due_at, STEP.c.id)
    .limit(bindparam("most")),
    *("now", "most"),
)
_DUE: Final = Statement(
    select(STEP.c.id)
    .where(_IS_QUEUED, STEP.c.due_at <= bindparam("now"))
    .order_by(STEP.c.urgency.desc(), STEP.c.due_at, STEP.c.id)
    .limit(bindparam("most")),
    *("now", "most"),
)
_NEXT_DUE: Final = Statement(select(func.min(STEP.c.due_at)).where(_IS_QUEUED, STEP.c.due_at > bindparam("after")), "after")
_ALL_QUEUED: Final = Statement(select(*_ROW).where(_IS_QUEUED).order_by(STEP.c.urgency.desc(), STEP.c.due_at, STEP.c.id))
_RUNNING: Final = Statement(select(*_ROW).where(STEP.c.state == literal_column("'running'")).order_by(STEP.c.begun_at, STEP.c.id))
_ONE: Final = Statement(select(*_ROW).where(STEP.c.id == bindparam("step")), "step")
_OF: Final = Statement(select(*_ROW).where(STEP.c.incident == bindparam("incident")).order_by(STEP.c.due_at, STEP.c.id), "incident")


# --- decided --------------------------------------------------------------------------


def hand_out(connection: Connection, incident: str, step: Step, at: datetime) -> None:
    """Queue this *step*, to be begun *at* that time; one that was handed out before, as its next attempt."""
    _HAND_OUT.run(connection, step.id, incident, step.kind, _URGENCY.get(step.kind, 0), "queued", 1, micros(at), False, _STEP.encode(step))


def call_off(connection: Connection, ids: Iterable[str], at: datetime) -> None:
    """Settle those of these steps that are queued still: they are not to be begun any more."""
    moment = micros(at)
    _CALL_OFF.run_many(connection, [(moment, id) for id in ids])


def go_on(connection: Connection, step: Step, at: datetime) -> bool:
    """Go on with this *step*, as it is now, at that time; whether it was handed out and is not over."""
    return _GO_ON.count(connection, micros(at), _STEP.encode(step), step.id) == 1


def close(connection: Connection, step: str, outcome: Outcome, at: datetime) -> bool:
    """Settle a *step* whose deliveries are all over; whether it was not settled yet."""
    return _CLOSE.count(connection, micros(at), _OUTCOME.encode(outcome), step) == 1


# --- carried out ----------------------------------------------------------------------


def queued(connection: Connection, now: datetime, limit: int) -> tuple[Row, ...]:
    """The steps that may begin *now*, pages first, then those due longest; at most *limit*."""
    return tuple([_row(row) for row in _QUEUED.all(connection, micros(now), limit)])


def due(connection: Connection, now: datetime, limit: int) -> tuple[str, ...]:
    """The ids of the steps that may begin *now*, in the order of `queued`: most are in somebody's hands already, and need not be read."""
    return tuple([row[0] for row in _DUE.all(connection, micros(now), limit)])


def next_due(connection: Connection, after: datetime) -> datetime | None:
    """When the first of the queued steps may begin that may not by then; None if none is queued."""
    found = _NEXT_DUE.one(connection, micros(after))
    return instant_or_none(found[0]) if found is not None else None


def begin(connection: Connection, step: str, attempt: int, *, at: datetime) -> bool:
    """Begin this *attempt* of a step; whether it is the caller's to carry out."""
    return _BEGIN.count(connection, micros(at), step, attempt) == 1


def settle(connection: Connection, step: str, attempt: int, outcome: Outcome, *, at: datetime) -> bool:
    """Write down how this *attempt* of a step ended; whether that was not known yet."""
    return _SETTLE.count(connection, micros(at), _OUTCOME.encode(outcome), step, attempt) == 1


def postpone(connection: Connection, step: str, until: datetime) -> bool:
    """Go on with a step that is not settled at a later time, as the same attempt; whether there was one."""
    return _POSTPONE.count(connection, micros(until), step) == 1


# --- found again ----------------------------------------------------------------------


def unsettled(connection: Connection) -> tuple[Row, ...]:
    """The steps that are running, then those that are queued. After a start, those that are running are what an earlier life left."""
    return tuple([_row(row) for row in (*_RUNNING.all(connection), *_ALL_QUEUED.all(connection))])


def mark_repeated(connection: Connection, step: str) -> bool:
    """Note that a step which is not settled may have had its effect before; whether there was one."""
    return _MARK.count(connection, step) == 1


def get(connection: Connection, step: str) -> Row | None:
    """The step of this id, if it was ever handed out."""
    found = _ONE.one(connection, step)
    return None if found is None else _row(found)


def of(connection: Connection, incident: str) -> tuple[Row, ...]:
    """The steps that were handed out for this *incident*, in the order in which they fell due."""
    return tuple([_row(row) for row in _OF.all(connection, incident)])


def _row(row: tuple[Any, ...]) -> Row:
    id, incident, kind, state, attempt, due_at, begun_at, settled_at, possibly_repeated, body, outcome = row
    times = (instant(due_at), instant_or_none(begun_at), instant_or_none(settled_at))
    ended = None if outcome is None else _OUTCOME.decode(outcome)
    return Row(id, incident, kind, state, attempt, *times, bool(possibly_repeated), _STEP.decode(body), ended)
