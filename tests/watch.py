"""A watch on virtual time: tests tell it what comes in and how time passes, and ask whom it paged.

It goes through `decide` alone, as the engine does; it is the smallest record there can be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from tests.makers import NOON, a_policy_set
from watchbill.decide import Bill, correlate, decide
from watchbill.model.alert import Alert
from watchbill.model.decision import Decision, RepairRun, Snapshot
from watchbill.model.event import (
    Acknowledged,
    AlertsReceived,
    Approved,
    DeliveryReported,
    Denied,
    Escalated,
    Event,
    Extended,
    Mitigated,
    Noted,
    Observed,
    Requested,
    Resolved,
    Retried,
    Snoozed,
    StepFinished,
    Unacknowledged,
    Woken,
)
from watchbill.model.incident import Incident
from watchbill.model.plan import DeliveryResult, Done, Outcome, Stalled, Step
from watchbill.model.policies import Silence
from watchbill.model.policyset import PolicySet
from watchbill.model.references import Json


class Watch:
    """One incident, its decisions, and a clock that only moves when told to."""

    def __init__(
        self, policies: PolicySet | None = None, now: datetime = NOON, runs: Iterable[RepairRun] = (), frozen: bool = False
    ) -> None:
        self.bill = Bill.of(policies or a_policy_set())
        self.now = now
        self.snapshot = Snapshot(runs=tuple(runs), is_frozen=frozen)
        self.decisions: list[Decision] = []
        self.events: list[Event] = []
        self.times: list[datetime] = []
        self.started: list[tuple[datetime, Step]] = []
        self._wake_at: datetime | None = None

    @property
    def incident(self) -> Incident:
        """The incident as it stands."""
        assert self.snapshot.incident is not None
        return self.snapshot.incident

    @property
    def last(self) -> Decision:
        """The newest decision."""
        return self.decisions[-1]

    def happens(self, event: Event) -> Decision:
        """Decide this *event* now."""
        decision = decide(self.bill, self.snapshot, event, self.now)
        self.decisions.append(decision)
        self.events.append(event)
        self.times.append(self.now)
        self.snapshot = replace(self.snapshot, incident=decision.incident)
        self.started.extend((self.now, step) for step in decision.steps)
        self._wake_at = decision.wake_at
        return decision

    def silenced(self, *silences: Silence) -> Decision:
        """These are the live silences from now on, in the place of those that there were; the incident is looked at again."""
        self.snapshot = replace(self.snapshot, silences=silences)
        return self.happens(Woken())

    def receives(self, *alerts: Alert) -> Decision:
        """These *alerts*, of one service, come in."""
        (correlation,) = correlate(self.bill, alerts, self.now)
        return self.happens(AlertsReceived(correlation.key, correlation.alerts))

    def passes(self, *, minutes: float = 0, seconds: float = 0) -> None:
        """Time passes, and the watch looks again whenever it said it would."""
        until = self.now + timedelta(minutes=minutes, seconds=seconds)
        while self._wake_at is not None and self._wake_at <= until:
            self.now = max(self.now, self._wake_at)
            self.happens(Woken())
        self.now = until

    def acknowledges(self, by: str = "ana") -> Decision:
        """*by* takes the incident."""
        return self.happens(Acknowledged(by))

    def unacknowledges(self, by: str = "ana") -> Decision:
        """*by* gives it back."""
        return self.happens(Unacknowledged(by))

    def mitigates(self, by: str = "ana") -> Decision:
        """*by* says that users are no longer affected."""
        return self.happens(Mitigated(by))

    def resolves(self, by: str = "ana") -> Decision:
        """*by* says that it is over."""
        return self.happens(Resolved(by))

    def approves(self, step: Step, by: str) -> Decision:
        """*by* says yes to this *step*."""
        return self.happens(Approved(step.id, by))

    def denies(self, step: Step, by: str) -> Decision:
        """*by* says no to this *step*."""
        return self.happens(Denied(step.id, by))

    def starts(self, offer: Step, by: str = "ana") -> Decision:
        """*by* starts the remediation of this *offer*."""
        return self.happens(Requested(offer.id, by))

    def retries(self, step: Step, by: str = "ana") -> Decision:
        """*by* has this *step* tried again."""
        return self.happens(Retried(step.id, by))

    def escalates(self, by: str = "ana") -> Decision:
        """*by* wants more people."""
        return self.happens(Escalated(by))

    def snoozes(self, by: str = "ana", *, minutes: float) -> Decision:
        """*by* puts paging off for some minutes."""
        return self.happens(Snoozed(by, self.now + timedelta(minutes=minutes)))

    def extends(self, by: str = "ana", *, minutes: float | None = None) -> Decision:
        """*by* keeps the incident, for some minutes or for as long as an acknowledgement holds."""
        return self.happens(Extended(by, self.now + timedelta(minutes=minutes) if minutes is not None else None))

    def notes(self, text: str, by: str = "ana") -> Decision:
        """*by* writes this *text* on the timeline."""
        return self.happens(Noted(by, text))

    def kills(self) -> Decision:
        """Somebody stops all unattended work, and the incident looks again."""
        self.snapshot = replace(self.snapshot, is_killed=True)
        return self.happens(Woken())

    @property
    def answer(self) -> tuple[bool, str]:
        """What the last person who said something was told: whether it was done, and what, or why not."""
        (reason,) = (reason for reason in self.last.reasons if reason.kind == "answer")
        return reason.applied, reason.note

    def finishes(self, step: Step, outcome: Outcome | None = None) -> Decision:
        """This *step* comes to its end, well unless told otherwise."""
        return self.happens(StepFinished(step.id, outcome or Done()))

    def stalls(self, step: Step, error: str = "it failed") -> Decision:
        """This *step* cannot go on."""
        return self.happens(StepFinished(step.id, Stalled(error)))

    def reports(
        self, result: DeliveryResult, number: int = 0, step: Step | None = None, error: str = "", retry_at: datetime | None = None
    ) -> Decision:
        """The *number*-th delivery of this *step*, of the first page where none is named, came to this *result*."""
        return self.happens(DeliveryReported((step or self.step("page")).id, number, result, error, retry_at))

    def observes(self, step: Step, result: Json) -> Decision:
        """The verification *step* sees this *result*."""
        return self.happens(Observed(step.id, result))

    def a_run(self, remediation: str, target: str) -> RepairRun:
        """A run of this *remediation* that began with the incident and goes on, as the record would know it."""
        incident = self.incident
        return RepairRun(remediation, incident.id, target, incident.service, incident.team, incident.opened_at)

    def step(self, kind: str, number: int = 0) -> Step:
        """The step of this *kind* that was planned as the *number*-th, as it is now."""
        return [step for step in self.incident.steps.values() if step.kind == kind][number]

    def steps(self, kind: str) -> list[Step]:
        """All steps of this *kind*, as they are now."""
        return [step for step in self.incident.steps.values() if step.kind == kind]

    @property
    def paged(self) -> list[tuple[str, str]]:
        """Who was paged, and when, as ``HH:MM``."""
        return [(f"{at:%H:%M}", duty.person) for at, step in self.started if step.kind == "page" for duty in step.people]

    @property
    def told(self) -> list[tuple[str, str]]:
        """Who was told something that wakes nobody, and when, as ``HH:MM``."""
        return [(f"{at:%H:%M}", each.person) for at, step in self.started if step.kind == "tell" for each in step.deliveries]

    @property
    def people_paged(self) -> list[str]:
        """Who was paged, in order."""
        return [person for _, person in self.paged]

    def calls(self, kind: str) -> list[tuple[str, str]]:
        """The actions called by steps of this *kind*, with the time."""
        return [(f"{at:%H:%M}", f"{call.connector}.{call.action}") for at, step in self.started if step.kind == kind for call in step.calls]
