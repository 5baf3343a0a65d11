"""A decision is written down: itself, what the incident is now, the steps it hands out, the runs that began or ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, Connection, bindparam, select, update

from watchbill.decide.runs import runs_after
from watchbill.model.change import Opened, StepChanged
from watchbill.model.decision import Decision, RepairRun, Snapshot
from watchbill.model.event import AlertsReceived, DeliveryReported, Event, Observed, Woken
from watchbill.model.incident import Incident
from watchbill.model.plan import FINAL, Done, Stalled
from watchbill.store import steps
from watchbill.store.decisions import write_changes, write_event, write_facts, write_reasons
from watchbill.store.queue import enqueue
from watchbill.store.remembering import Remembered, remembered_by
from watchbill.store.statements import Statement, inserting, instant, micros, micros_or_none, numbering
from watchbill.store.tables import DECISION, INCIDENT, REPAIR_RUN

_QUIET: Final = (AlertsReceived, Woken, Observed, DeliveryReported)
"""Events that are not worth a line in the timeline where nothing came of them. What people say always is."""

_ROW: Final = ("incident", "number", "at", "by", "event", "changes", "reasons", "wake_at", "revision", "tzdata", "facts")
_DECIDED: Final = numbering(DECISION, *_ROW)

_OLDER: Final = Statement(
    update(INCIDENT).where(INCIDENT.c.key == bindparam("its_key"), INCIDENT.c.is_newest).values(is_newest=False), "its_key"
)
_INCIDENT: Final = tuple(each.name for each in INCIDENT.c)
_OPENED: Final = inserting(INCIDENT, *_INCIDENT)
_WENT_ON: Final = Statement(
    update(INCIDENT)
    .where(INCIDENT.c.id == bindparam("incident"), INCIDENT.c.number == bindparam("before"))
    .values(
        name=bindparam("new_name"),
        status=bindparam("new_status"),
        severity=bindparam("new_severity"),
        status_at=bindparam("new_status_at"),
        wake_at=bindparam("new_wake_at"),
        acknowledged_by=bindparam("new_acknowledged_by"),
        number=bindparam("new_number"),
        is_unanswered=bindparam("new_is_unanswered", type_=Boolean()),
        acknowledged_until=bindparam("new_acknowledged_until"),
    ),
    *("new_name", "new_status", "new_severity", "new_status_at", "new_wake_at", "new_acknowledged_by", "new_number", "new_is_unanswered"),
    "new_acknowledged_until",
    *("incident", "before"),
)
_WAKE: Final = Statement(
    update(INCIDENT).where(INCIDENT.c.id == bindparam("incident")).values(wake_at=bindparam("new_wake_at")), *("new_wake_at", "incident")
)
_NUMBER: Final = Statement(select(INCIDENT.c.number).where(INCIDENT.c.id == bindparam("incident")), "incident")

_RUN: Final = ("remediation", "incident", "target", "service", "team", "started_at", "ended_at")
_RUNNING: Final = Statement(
    select(REPAIR_RUN.c.id, *(REPAIR_RUN.c[name] for name in _RUN))
    .where(REPAIR_RUN.c.incident == bindparam("incident"), REPAIR_RUN.c.ended_at.is_(None))
    .order_by(REPAIR_RUN.c.id),
    "incident",
)
_RUN_BEGAN: Final = inserting(REPAIR_RUN, *_RUN)
_RUN_ENDED: Final = Statement(
    update(REPAIR_RUN).where(REPAIR_RUN.c.id == bindparam("run")).values(ended_at=bindparam("new_ended_at")), *("new_ended_at", "run")
)


class Overtaken(Exception):
    """Somebody else has decided about the incident since it was read: it has to be read, and decided, again."""


def save(connection: Connection, event: Event, decision: Decision, at: datetime, by: str = "", *, facts: Snapshot | None = None) -> int:
    """Write down what was decided *at* that time on this *event*; the number of the decision.

    *by* is whoever sent the event, *facts* the snapshot it was decided from. Where nothing came of an alert, of the clock or of another
    look, only the time to look again is written, and the number is 0; likewise where there is no incident. Raises `Overtaken` if
    what was decided upon is not what the record holds.
    """
    incident = decision.incident
    if incident is None:
        return 0
    if not decision.changes and not decision.steps and isinstance(event, _QUIET):
        _WAKE.run(connection, micros_or_none(decision.wake_at), incident.id)
        _look_again(connection, incident, decision)
        return 0
    remembered = remembered_by(connection)
    is_new = bool(decision.changes) and isinstance(decision.changes[0], Opened)
    number = 1 if is_new else _number(connection, remembered, incident.id) + 1
    if is_new:
        _open(connection, incident, decision)
    else:
        _go_on(connection, incident, decision, number)
    id = _DECIDED.new_id(
        connection,
        incident.id,
        number,
        micros(at),
        by,
        write_event(event),
        write_changes(decision.changes, event),
        write_reasons(decision.reasons),
        micros_or_none(decision.wake_at),
        decision.revision,
        decision.tzdata,
        write_facts(facts),
    )
    _steps(connection, incident, decision, at)
    if _may_concern_runs(decision):
        _runs(connection, incident, decision, at)
    if remembered is not None:
        remembered.written(id, number, incident, is_newest=is_new)
    _look_again(connection, incident, decision)
    return number


def _number(connection: Connection, remembered: Remembered | None, incident: str) -> int:
    known = remembered.get(incident) if remembered is not None else None
    if known is not None:
        return known[0]
    row = _NUMBER.one(connection, incident)
    if row is None:
        raise Overtaken(f"the record has no incident {incident}")
    return int(row[0])


def _open(connection: Connection, incident: Incident, decision: Decision) -> None:
    _OLDER.run(connection, incident.key)
    _OPENED.run(
        connection,
        incident.id,
        incident.key,
        True,
        incident.lead.alert.name if incident.alerts else "",
        incident.status,
        incident.severity,
        incident.service,
        incident.team,
        micros(incident.opened_at),
        micros_or_none(incident.status_at),
        micros_or_none(decision.wake_at),
        incident.revision,
        incident.acknowledged_by,
        1,
        incident.is_unanswered,
        micros_or_none(incident.acknowledged_until),
    )


def _go_on(connection: Connection, incident: Incident, decision: Decision, number: int) -> None:
    changed = _WENT_ON.count(
        connection,
        incident.lead.alert.name if incident.alerts else "",
        incident.status,
        incident.severity,
        micros_or_none(incident.status_at),
        micros_or_none(decision.wake_at),
        incident.acknowledged_by,
        number,
        incident.is_unanswered,
        micros_or_none(incident.acknowledged_until),
        incident.id,
        number - 1,
    )
    if changed != 1:
        raise Overtaken(f"decision {number} of incident {incident.id} was made on something else than the record holds")


def _steps(connection: Connection, incident: Incident, decision: Decision, at: datetime) -> None:
    """The steps that are handed out now; of those handed out before, which are over, and when the next delivery of one leaves."""
    handed_out = {step.id for step in decision.steps}
    over = [
        change.step
        for change in decision.changes
        if type(change) is StepChanged
        and change.step.state in FINAL
        and change.step.started_at is not None
        and change.step.id not in handed_out
    ]
    delivered = {step.id: step for step in over if step.deliveries and step.state != "withdrawn"}
    for step in delivered.values():
        steps.close(connection, step.id, Done() if step.state == "done" else Stalled(step.problem), at)
    if over:
        steps.call_off(connection, [step.id for step in over if step.id not in delivered], at)
    changed = {change.step.id: change.step for change in decision.changes if type(change) is StepChanged and change.step.deliveries}
    for step in changed.values():
        leaves_at = step.leaves_at
        if step.id not in handed_out and step.state == "started" and leaves_at is not None:
            steps.go_on(connection, step, leaves_at)
            enqueue(connection, "run-step", step.id, leaves_at)
    for step in decision.steps:
        begins_at = max(step.leaves_at or at, at)
        steps.hand_out(connection, incident.id, step, begins_at)
        enqueue(connection, "run-step", step.id, begins_at)


def _look_again(connection: Connection, incident: Incident, decision: Decision) -> None:
    if decision.wake_at is not None:
        enqueue(connection, "look-again", incident.id, decision.wake_at)


# --- runs of remediations -------------------------------------------------------------


def _may_concern_runs(decision: Decision) -> bool:
    return any(type(change) is StepChanged and change.step.kind in ("repair", "verify") for change in decision.changes)


def _runs(connection: Connection, incident: Incident, decision: Decision, at: datetime) -> None:
    rows = _RUNNING.all(connection, incident.id)
    running = tuple(_run(row) for row in rows)
    after = runs_after(running, decision, at)
    for (id, *_), was, run in zip(rows, running, after, strict=False):
        if run != was:
            _RUN_ENDED.run(connection, micros_or_none(run.ended_at), id)
    for run in after[len(running) :]:
        times = (micros(run.started_at), micros_or_none(run.ended_at))
        _RUN_BEGAN.run(connection, run.remediation, run.incident, run.target, run.service, run.team, *times)


def _run(row: tuple[Any, ...]) -> RepairRun:
    _, remediation, incident, target, service, team, started_at, _ = row
    return RepairRun(remediation, incident, target, service, team, instant(started_at))
