"""A case played on virtual time: its alerts, and what people say. What comes back from outside says its `Script`.

The loop is `decide`'s own (`watchbill.decide.playing.play`). Here stands only who answers, and when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from watchbill.decide import Bill, Moment, correlate, play
from watchbill.decide.playing import Beside
from watchbill.ingest import fingerprint
from watchbill.model.alert import Alert, ClaimedAlert
from watchbill.model.change import StepAdded, StepChanged
from watchbill.model.decision import Correlation, RepairRun, Snapshot
from watchbill.model.event import (
    Acknowledged,
    AlertsReceived,
    Approved,
    Denied,
    Escalated,
    Event,
    Extended,
    Mitigated,
    Noted,
    Requested,
    Resolved,
    Retried,
    Snoozed,
    Unacknowledged,
    Woken,
)
from watchbill.model.given import (
    AboutSteps,
    GivenAnswer,
    GivenDelivery,
    PersonDecides,
    PersonExtends,
    PersonNotes,
    PersonRetries,
    PersonSays,
    PersonSnoozes,
    PersonStarts,
    Word,
)
from watchbill.model.incident import Incident
from watchbill.model.plan import Reason, Step
from watchbill.model.policyset import PolicySet
from watchbill.model.testing import (
    Case,
    ExpectedAlarm,
    ExpectedDelivery,
    ExpectedNothing,
    ExpectedPages,
    ExpectedPost,
    ExpectedStatus,
    ExpectedUpdate,
)
from watchbill.verify.script import Script

INSTANT: Final = timedelta(microseconds=1)
"""Just before a moment: what waits there can be answered at the moment itself."""

_SAID: Final[Mapping[Word, Callable[[str], Event]]] = {
    "acknowledge": Acknowledged,
    "unacknowledge": Unacknowledged,
    "mitigate": Mitigated,
    "resolve": Resolved,
    "escalate": Escalated,
}


@dataclass(frozen=True, slots=True)
class Played:
    """One incident of a case: its correlation, why its alerts belong there, and every decision in order of time."""

    correlation: Correlation
    claims: tuple[Reason, ...]
    moments: tuple[Moment, ...]

    @property
    def incident(self) -> Incident | None:
        """The incident as it stands at the end; None where nothing opened one."""
        return self.moments[-1].decision.incident if self.moments else None

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step as the play left it, in the order in which they were planned; also of an incident that another one followed."""
        steps: dict[str, Step] = {}
        for moment in self.moments:
            for change in moment.decision.changes:
                if isinstance(change, StepAdded | StepChanged):
                    steps[change.step.id] = change.step
        return tuple(steps.values())

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Every reason of every decision, each once, in order."""
        return tuple(dict.fromkeys((*self.claims, *(reason for moment in self.moments for reason in moment.decision.reasons))))

    def started(self, *kinds: str) -> Iterator[tuple[datetime, Step]]:
        """Each step of these *kinds* when it was handed out, as it was then."""
        return ((moment.at, step) for moment in self.moments for step in moment.decision.steps if step.kind in kinds)


@dataclass(frozen=True, slots=True)
class CasePlay:
    """A case that was played: its incidents in the order in which their alerts came, until *until*.

    *unanswered* is what people say of steps that were not there for it, and *unused* what is given of deliveries that were not made.
    """

    case: Case
    incidents: tuple[Played, ...]
    until: datetime
    unanswered: tuple[AboutSteps, ...] = ()
    unused: tuple[GivenDelivery, ...] = ()


def play_case(bill: Bill, case: Case, lasting: timedelta | None = None) -> CasePlay:
    """Everything that comes of this *case*, for as long as its expectations look, or for as long as is said."""
    until = case.at + (horizon(bill.policies, case) if lasting is None else lasting)
    incidents: list[Played] = []
    hits: set[AboutSteps] = set()
    script = Script(bill, case)
    correlated = _correlated(bill, case)
    snapshot = Snapshot(runs=_runs(bill.policies, case, correlated), is_frozen=case.given.is_frozen)
    for key, batches in correlated.items():
        events: list[tuple[datetime, Event]] = [(at, AlertsReceived(each.key, each.alerts)) for at, each in batches]
        events += [(case.at + said.at, _event(case, said)) for said in case.given.answers if not isinstance(said, AboutSteps)]
        others = sorted((batch for other, several in correlated.items() if other != key for batch in several), key=lambda batch: batch[0])
        # What fires beside an incident may hide its alerts, so it looks again whenever that changes.
        events += [(at, Woken()) for at, _ in others if bill.may_hide and at > batches[0][0]]
        moments = _decided(bill, case, snapshot, events, until, hits, _Beside(others), script)
        claims = tuple(dict.fromkeys(reason for _, each in batches for reason in each.reasons))
        incidents.append(Played(batches[0][1], claims, moments))
    unanswered = tuple(said for said in case.given.answers if isinstance(said, AboutSteps) and said not in hits)
    unused = tuple(each for each in case.given.deliveries if each not in script.deliveries.used)
    return CasePlay(case, tuple(incidents), until, unanswered, unused)


def _correlated(bill: Bill, case: Case) -> dict[str, list[tuple[datetime, Correlation]]]:
    """What comes in at each moment, by correlation key."""
    batches: dict[timedelta, list[Alert]] = {}
    for given in case.given.alerts:
        identity = fingerprint(given.labels)
        begins = case.at + given.at
        firing = Alert(identity, given.labels, given.annotations, "firing", begins, None, given.generator_url, given.source)
        batches.setdefault(given.at, []).append(firing)
        if given.until is not None:
            ended = replace(firing, status="resolved", ends_at=case.at + given.until)
            batches.setdefault(given.until, []).append(ended)
    found: dict[str, list[tuple[datetime, Correlation]]] = {}
    for offset in sorted(batches):
        for correlation in correlate(bill, batches[offset], case.at + offset):
            found.setdefault(correlation.key, []).append((case.at + offset, correlation))
    return found


def _runs(policies: PolicySet, case: Case, correlated: dict[str, list[tuple[datetime, Correlation]]]) -> tuple[RepairRun, ...]:
    """What ran before, oldest first."""
    first = next((batches[0][1].service for batches in correlated.values()), None)
    runs: list[RepairRun] = []
    for given in case.given.runs:
        name = given.service or first
        service = policies.services.get(name) if name is not None else None
        team = service.owner if service is not None else policies.settings.fallback_team
        began = case.at - given.ago
        runs.append(RepairRun(given.remediation, "before", given.target, name, team, began, None if given.is_running else began))
    return tuple(sorted(runs, key=lambda run: run.started_at))


# --- answers --------------------------------------------------------------------------


def _decided(
    bill: Bill,
    case: Case,
    snapshot: Snapshot,
    events: list[tuple[datetime, Event]],
    until: datetime,
    hits: set[AboutSteps],
    beside: Beside,
    script: Script,
) -> tuple[Moment, ...]:
    """The decisions of one incident. Which steps a person speaks of is known only once the play has come to that moment."""
    carry = script.deliveries.reports if script.deliveries.says_something else None
    for said in sorted((said for said in case.given.answers if isinstance(said, AboutSteps)), key=lambda said: said.at):
        moment = case.at + said.at
        before = play(bill, snapshot, events, moment - INSTANT, script, beside, carry)
        incident = before[-1].decision.incident if before else None
        for step in _meant(bill.policies, incident, said):
            events.append((moment, _event_of(said, step)))
            hits.add(said)
    return play(bill, snapshot, events, until, script, beside, carry)


def _event(case: Case, said: GivenAnswer) -> Event:
    """What a person says of the incident, as it reaches the one door."""
    if isinstance(said, PersonSnoozes):
        return Snoozed(said.by, case.at + said.at + said.lasting)
    if isinstance(said, PersonExtends):
        return Extended(said.by, case.at + said.at + said.lasting if said.lasting is not None else None)
    if isinstance(said, PersonNotes):
        return Noted(said.by, said.text)
    assert isinstance(said, PersonSays)
    return _SAID[said.word](said.by)


def _event_of(said: AboutSteps, step: Step) -> Event:
    """What a person says of a *step*."""
    if isinstance(said, PersonStarts):
        return Requested(step.id, said.by)
    if isinstance(said, PersonRetries):
        return Retried(step.id, said.by)
    return (Approved if said.is_yes else Denied)(step.id, said.by)


def _meant(policies: PolicySet, incident: Incident | None, said: AboutSteps) -> Iterator[Step]:
    """The steps that are there for what is *said*: offered, failed, or waiting for a yes."""
    if incident is None:
        return
    if isinstance(said, PersonRetries):
        own = (step for step in incident.in_state("failed") if step.because.kind == "Remediation" and step.because.name == said.remediation)
        yield from (step for step in own if said.step is None or step.slot.rsplit("/", 1)[-1] == said.step)
        return
    kind = "offer" if isinstance(said, PersonStarts) else "repair"
    audience = said.audience if isinstance(said, PersonDecides) else None
    for step in incident.in_state("waiting"):
        if step.kind == kind and step.because.name == said.remediation:
            yield step
        elif step.kind == "update" and audience is not None:
            comms = policies.comms.get(step.because.name)
            if comms is not None and comms.audience == audience:
                yield step


class _Beside:
    """The alerts that fire at a time in the other incidents of a case."""

    def __init__(self, batches: list[tuple[datetime, Correlation]]) -> None:
        self.batches = batches

    def __call__(self, now: datetime) -> tuple[ClaimedAlert, ...]:
        latest = {alert.fingerprint: alert for at, batch in self.batches if at <= now for alert in batch.alerts}
        return tuple(alert for alert in latest.values() if alert.is_firing)


# --- how long -------------------------------------------------------------------------


def horizon(policies: PolicySet, case: Case) -> timedelta:
    """How long a *case* has to be played so that all it speaks of has happened."""
    spans = [case.until]
    spans += [given.at for given in case.given.alerts]
    spans += [given.until for given in case.given.alerts if given.until is not None]
    spans += [given.at + given.after for given in case.given.deliveries]
    spans += [answer.at + (answer.lasting if isinstance(answer, PersonSnoozes) else timedelta(0)) for answer in case.given.answers]
    for expected in case.expected:
        if isinstance(expected, ExpectedPages | ExpectedNothing):
            spans.append(expected.until)
        elif isinstance(expected, ExpectedPost | ExpectedStatus | ExpectedAlarm):
            spans.append(expected.at)
        elif isinstance(expected, ExpectedDelivery):
            known = (given.after for given in case.given.deliveries if given.use == expected.use)
            spans.append(expected.at + max(known, default=timedelta(0)))
        elif isinstance(expected, ExpectedUpdate):
            spans.append(expected.sent or expected.at + _review_of(policies, expected))
    return max(spans)


def _review_of(policies: PolicySet, expected: ExpectedUpdate) -> timedelta:
    """How long an update may lie with its reviewer before anybody can see what it says."""
    if expected.contains is None:
        return timedelta(0)
    reviews = (comms.review for comms in policies.comms.values() if comms.audience == expected.audience)
    return max((review.wait for review in reviews if review is not None), default=timedelta(0))
