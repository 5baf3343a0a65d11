"""The smallest engine on a record: what happens is decided from what the record knows, and saved, in one job of the writer."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from tests.makers import NOON, a_remediation, a_shop, an_escalation
from watchbill.decide import Bill, correlate, decide
from watchbill.model.alert import Alert
from watchbill.model.decision import Decision, Wanted
from watchbill.model.event import AlertsReceived, Event
from watchbill.model.incident import Incident
from watchbill.model.policyset import PolicySet
from watchbill.store import incidents
from watchbill.store.record import Record


def a_busy_shop() -> PolicySet:
    """A shop that pages, and repairs by itself."""
    return a_shop(an_escalation(), a_remediation("restart", phase="oversight"))


class Desk:
    """Takes in alerts and other events at its own time, *now*."""

    def __init__(self, record: Record, policies: PolicySet | None = None, now: datetime = NOON) -> None:
        self.record = record
        self.bill = Bill.of(policies or a_busy_shop())
        self.now = now
        self.decisions: list[Decision] = []
        self.numbers: list[int] = []

    @property
    def incident(self) -> Incident:
        """The incident that the last decision was about, as it then was."""
        found = self.decisions[-1].incident
        assert found is not None
        return found

    def receives(self, *alerts: Alert) -> Decision:
        """These *alerts*, of one correlation key, come in."""
        (correlation,) = correlate(self.bill, alerts, self.now)
        return self.happens(AlertsReceived(correlation.key, correlation.alerts), correlation.wanted)

    def happens(self, event: Event, wanted: Wanted | None = None, *, by: str = "") -> Decision:
        """This *event* is decided and saved; about the last incident, where it brings no alerts."""

        def job(connection: Connection) -> tuple[Decision, int]:
            return self.decides(connection, event, wanted, by)

        decision, number = self.record.write(job)
        self.decisions.append(decision)
        self.numbers.append(number)
        return decision

    def decides(self, connection: Connection, event: Event, wanted: Wanted | None = None, by: str = "") -> tuple[Decision, int]:
        """The decision on this *event*, saved on this *connection*, and its number."""
        about = None
        if wanted is None:
            about = self.incident.id
            wanted = Wanted(self.incident.key, ("restart",), history=timedelta(days=1))
        snapshot = incidents.snapshot(connection, wanted, self.now, incident=about)
        decision = decide(self.bill, snapshot, event, self.now)
        return decision, incidents.save(connection, event, decision, self.now, by, facts=snapshot)

    def passes(self, *, minutes: float = 0, seconds: float = 0) -> None:
        """The clock goes on. Nobody looks again by that alone."""
        self.now += timedelta(minutes=minutes, seconds=seconds)
