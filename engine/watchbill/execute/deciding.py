"""One decision and what is recorded of it: all in the transaction of the caller.

These run on the record's one writer, so what is read here is what still holds when the decision is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from watchbill.decide.correlating import wanted as wanted_for
from watchbill.decide.judging import decide
from watchbill.execute.policies import Policies
from watchbill.model.change import StepChanged
from watchbill.model.decision import Correlation, Decision, Snapshot, Wanted
from watchbill.model.event import AlertsReceived, DeliveryReported, Event, StepFinished, Woken
from watchbill.model.incident import Incident
from watchbill.model.plan import Outcome, Step
from watchbill.store import delivery_rows, effects, incidents, steps

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Handed:
    """A step as it is handed out: for the how manieth time, and which of its calls have been *carried_out* before.

    *is_later* says that time has passed since it was decided on, so that it has to be asked whether it is still wanted.
    """

    step: Step
    attempt: int = 1
    possibly_repeated: bool = False
    carried_out: frozenset[int] = frozenset()
    is_later: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that is recorded under this *number* of its incident, and what has to be done about it.

    *handed* are its steps as the queue has them. *stopped* are steps that were handed out and are to go on no more. *before* is the
    incident as it was.
    """

    decision: Decision
    number: int
    at: datetime
    before: Incident | None = None
    handed: tuple[Handed, ...] = ()
    stopped: tuple[str, ...] = ()

    @property
    def incident(self) -> Incident | None:
        """The incident as it is now."""
        return self.decision.incident

    @property
    def going_on(self) -> tuple[Step, ...]:
        """The steps at work whose deliveries this decision has changed: some of them may be due now."""
        changed = (change.step for change in self.decision.changes if type(change) is StepChanged and change.step.deliveries)
        fresh = {step.id for step in self.decision.steps}
        # The last change counts: one that is over after it is at work no more.
        now_is = {step.id: step for step in changed}
        return tuple([step for step in now_is.values() if step.state == "started" and step.id not in fresh])


def decide_alerts(connection: Connection, policies: Policies, correlation: Correlation, now: datetime, by: str = "") -> Decided:
    """What follows from the alerts of one correlation key that came in together; *by* is the person who says them, if one does."""
    first = correlation.alerts[0]
    snapshot = incidents.snapshot(connection, correlation.wanted, now, service=first.service, teams=policies.bill.line_of(first.team))
    incident = snapshot.incident
    if incident is not None and incident.status != "resolved":
        snapshot = _wider(connection, policies, incident, snapshot, correlation, now)
    event = AlertsReceived(correlation.key, correlation.alerts)
    revision = incident.revision if incident is not None and incident.status != "resolved" else policies.current.revision
    return _decided(connection, policies, revision, snapshot, event, now, by, correlation)


def decide_event(connection: Connection, policies: Policies, incident_id: str, event: Event, now: datetime, by: str = "") -> Decided | None:
    """What follows from this *event* for an incident; None where there is none of this name."""
    incident = incidents.load(connection, incident_id)
    if incident is None:
        return None
    snapshot = incidents.snapshot(
        connection, _wanted(policies, incident), now, incident=incident_id, teams=policies.bill.line_of(incident.team)
    )
    return _decided(connection, policies, incident.revision, snapshot, event, now, by)


def end_attempt(
    connection: Connection,
    policies: Policies,
    incident_id: str,
    attempt: int,
    report: DeliveryReported,
    now: datetime,
    *,
    effect: str = "",
) -> Decided | None:
    """What follows from how this *attempt* at a delivery ended, as it is reported, which is written down too."""
    end = delivery_rows.end
    end(connection, report.step, report.number, attempt, result=report.result, error=report.error, effect=effect, at=now)
    return decide_event(connection, policies, incident_id, report, now)


def amend(connection: Connection, policies: Policies, incident_id: str, report: DeliveryReported, now: datetime, by: str) -> Decided | None:
    """What follows from what the other side reports later of a delivery that it took; None where there is no such incident.

    Of a call that has never begun nothing can be reported. What says nothing new leaves the row as it is.
    """
    if not delivery_rows.has_begun(connection, report.step, report.number):
        return decide_event(connection, policies, incident_id, Woken(), now)
    decided = decide_event(connection, policies, incident_id, report, now, by)
    if decided is not None and decided.decision.changes:
        delivery_rows.report(connection, step=report.step, number=report.number, result=report.result, error=report.error, at=now)
    return decided


def settle(
    connection: Connection,
    policies: Policies,
    incident_id: str,
    step: str,
    attempt: int,
    outcome: Outcome,
    now: datetime,
) -> Decided | None:
    """What follows from a step that came to an end; None where it had been settled already, so that a repeat is harmless."""
    if not steps.settle(connection, step, attempt, outcome, at=now):
        return None
    return decide_event(connection, policies, incident_id, StepFinished(step, outcome), now)


def _decided(
    connection: Connection,
    policies: Policies,
    revision: str,
    snapshot: Snapshot,
    event: Event,
    now: datetime,
    by: str,
    correlation: Correlation | None = None,
) -> Decided:
    decision = decide(policies.bill_of(revision), snapshot, event, now)
    if correlation is not None and decision.changes:
        decision = replace(decision, reasons=(*correlation.reasons, *decision.reasons))
    number = incidents.save(connection, event, decision, now, by, facts=snapshot)
    handed = tuple(_handed(connection, step) for step in decision.steps)
    decided = Decided(decision, number, now, snapshot.incident, handed, tuple(_stopped(snapshot.incident, decision)))
    if decision.incident is not None:
        # What leaves at once has begun with this commit: the first page waits for no second one.
        for step in (*decision.steps, *decided.going_on):
            delivery_rows.begin_due(connection, decision.incident.steps.get(step.id, step), decision.incident.id, now)
    return decided


def _handed(connection: Connection, step: Step) -> Handed:
    row = steps.get(connection, step.id)
    again = row is not None and row.attempt > 1
    done = effects.carried_out(connection, step.id) if again else frozenset[int]()
    return Handed(step, row.attempt if row is not None else 1, row is not None and row.possibly_repeated, done, is_later=again)


def _stopped(before: Incident | None, decision: Decision) -> list[str]:
    """The steps that had been handed out and were taken back, or failed by the clock, in this decision."""
    if before is None:
        return []
    changed = (change.step for change in decision.changes if isinstance(change, StepChanged))
    return [
        step.id
        for step in changed
        if (step.state in ("withdrawn", "failed") or (step.deliveries and step.leaves_at is None))
        and (known := before.steps.get(step.id)) is not None
        and known.state == "started"
    ]


def _wanted(policies: Policies, incident: Incident) -> Wanted:
    """The facts that deciding on this *incident* needs: those that its own alerts ask for."""
    bill = policies.bill_of(incident.revision)
    return wanted_for(bill, incident.key, incident.firing)


def _wider(
    connection: Connection, policies: Policies, incident: Incident, snapshot: Snapshot, correlation: Correlation, now: datetime
) -> Snapshot:
    """The *snapshot* with what the incident's own alerts ask for as well: their remediations may start too."""
    bill = policies.bill_of(incident.revision)
    if not bill.remediations.policies:
        return snapshot
    alerts = {**incident.alerts, **{alert.fingerprint: alert for alert in correlation.alerts}}
    wider = wanted_for(bill, correlation.key, tuple(alert for alert in alerts.values() if alert.is_firing), correlation.wanted.reopen)
    if (wider.remediations, wider.all_runs, wider.history) == (
        correlation.wanted.remediations,
        correlation.wanted.all_runs,
        correlation.wanted.history,
    ):
        return snapshot
    return incidents.snapshot(connection, wider, now, incident=incident.id, teams=policies.bill.line_of(incident.team))
