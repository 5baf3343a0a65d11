"""A play told as a timeline: every event and what was decided on it, line by line, with the policy that is the reason.

Nothing is added to what the decisions say; steps that one decision starts for the same reason share a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from watchbill.decide import Bill, Moment
from watchbill.errors import Place
from watchbill.expressions.durations import format_duration
from watchbill.model.alert import Alert
from watchbill.model.change import (
    AcknowledgedUntil,
    AlertsMuted,
    EscalationBegun,
    EscalationEnded,
    EscalationReleased,
    FlappingBegun,
    NoteTaken,
    Opened,
    PagingSnoozed,
    SeverityRaised,
    StatusChanged,
    StepAdded,
    StepChanged,
)
from watchbill.model.event import (
    Acknowledged,
    AlertsReceived,
    Answered,
    Approved,
    DeliveryReported,
    Denied,
    Escalated,
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
)
from watchbill.model.plan import Done, Reason, Step
from watchbill.model.references import Ref
from watchbill.model.timeline import Happening, Timeline
from watchbill.report import delivery_words
from watchbill.report.counts import listing
from watchbill.report.words import said_text, said_to, whom
from watchbill.verify.cases import CasePlay, Played


def timelines(bill: Bill, play: CasePlay) -> tuple[Timeline, ...]:
    """The timeline of each incident of this *play*."""
    return tuple(_timeline(bill, play, each) for each in play.incidents)


def _timeline(bill: Bill, play: CasePlay, played: Played) -> Timeline:
    lead = played.correlation.alerts[0]
    title = f"{lead.alert.name} on {lead.service or 'no known service'}"
    happenings = tuple(happening for moment in played.moments for happening in told(bill, played.claims, moment))
    incident = played.incident
    if incident is None:
        return Timeline("", title, play.case.at, play.until, "no incident", happenings)
    return Timeline(incident.id, title, play.case.at, play.until, incident.status, happenings)


def told(bill: Bill, claims: Iterable[Reason], moment: Moment) -> tuple[Happening, ...]:
    """Everything that happens at this *moment*, in the order in which it was decided. *claims* say which service took its alerts."""
    return tuple(_Telling(bill, next(iter(claims), None), moment).told())


class _Telling:
    """One moment, and what is said of it."""

    def __init__(self, bill: Bill, claim: Reason | None, moment: Moment) -> None:
        self.bill = bill
        self.claim = claim
        self.moment = moment

    def _said(
        self, what: str, text: str, because: Ref | None = None, *, place: Place | None = None, people: tuple[str, ...] = (), note: str = ""
    ) -> Happening:
        name, where = (because.name, place or because.place) if because is not None else ("", place)
        return Happening(self.moment.at, what, text, people, name, where, note)

    def told(self) -> Iterator[Happening]:
        """Everything that happens at this moment, in the order in which it was decided."""
        yield from self._event()
        yield from self._changes()
        yield from self._collected()

    # What came in.

    def _event(self) -> Iterator[Happening]:
        event = self.moment.event
        if isinstance(event, AlertsReceived):
            claim = self.claim
            for alert in event.alerts:
                verb = "fires" if alert.is_firing else "has ended"
                because, note = (claim.policy, claim.note) if claim is not None else (None, "")
                note = _declared(alert.alert) or note
                yield self._said("alert", f"{alert.alert.name} {verb}, {alert.severity}", because, note=note)
        elif isinstance(event, DeliveryReported):
            yield from self._deliveries(event.step, event.number)
        elif isinstance(event, StepFinished):
            step = self._step(event.step)
            if step is not None and step.deliveries:
                yield from self._deliveries(event.step)
            elif step is not None and isinstance(event.outcome, Done):
                yield self._said("sent" if step.kind == "alarm" else "done", _named(step), step.because, place=step.place)
        elif isinstance(event, Observed):
            step = self._step(event.step)
            if step is not None:
                yield self._said("sees", f"{_named(step)}: {_value(event.result)}", step.because, place=step.place)
        elif isinstance(event, Answered):
            yield from self._answer(event)

    def _deliveries(self, identity: str, number: int | None = None) -> Iterator[Happening]:
        """What became of the deliveries of this step, or of the one with this *number*.

        A report that says nothing new is not told of, and neither is what became of one that was not wanted any more and did not leave.
        """
        changes = self.moment.decision.changes
        steps = [change.step for change in changes if isinstance(change, StepChanged) and change.step.id == identity]
        for step in steps[:1] if number is not None else steps[-1:]:
            for each in step.deliveries if number is None else step.deliveries[number : number + 1]:
                if each.settled_at == self.moment.at and each.result != "withdrawn":
                    text = delivery_words.reported(each, self.moment.at)
                    yield self._said(delivery_words.sort(each), text, step.because, place=step.place, people=(each.person,))

    def _answer(self, event: Answered) -> Iterator[Happening]:
        """What a person says, and why nothing came of it where nothing did; what a change says is not said here too."""
        answer = next((reason for reason in self.moment.decision.reasons if reason.kind == "answer"), None)
        refused = answer is not None and not answer.applied
        note = answer.note if answer is not None and refused else ""
        if isinstance(event, Approved | Denied | Requested | Retried):
            step = self._step(event.step)
            what = _ANSWERED[type(event)].format(_named(step) if step is not None else event.step)
            yield self._said("answer", f"{event.by} {what}", people=(event.by,), note=note)
        elif isinstance(event, Escalated) or refused:
            yield self._said("answer", f"{event.by} {_ANSWERED[type(event)]}", people=(event.by,), note=note)

    def _step(self, identity: str) -> Step | None:
        incident = self.moment.decision.incident
        return incident.steps.get(identity) if incident is not None else None

    # What was decided.

    def _changes(self) -> Iterator[Happening]:
        for change in self.moment.decision.changes:
            if isinstance(change, Opened):
                tier = f", tier {change.tier}" if change.tier is not None else ""
                yield self._said("opens", f"incident {change.id} of {change.team}{tier}, {change.severity}")
            elif isinstance(change, SeverityRaised):
                yield self._said("severity", f"is {change.severity} now")
            elif isinstance(change, StatusChanged):
                by = (change.by,) if change.by else ()
                text = _STATUS[change.trigger] + (f" by {change.by}" if change.by else "") + self._until(change)
                yield self._said("status", text, people=by)
            elif isinstance(change, EscalationBegun):
                reasons = (r.note for r in self.moment.decision.reasons if r.applied and r.policy == change.policy)
                held = f"; pages wait until {change.held_until:%H:%M} for a repair to work" if change.held_until is not None else ""
                yield self._said("calls", f"{change.policy.name}: {next(reasons, 'it begins')}{held}", change.policy)
            elif isinstance(change, EscalationReleased):
                until = f"until {change.until:%H:%M}" if change.until is not None else "no longer"
                yield self._said("calls", f"{change.policy} waits {until}")
            elif isinstance(change, EscalationEnded):
                yield self._said("calls", f"{change.policy} ends: {change.why}")
            elif isinstance(change, AlertsMuted):
                yield from self._muted(change)
            elif isinstance(change, PagingSnoozed):
                yield self._said("status", f"snoozed until {change.until:%Y-%m-%d %H:%M} by {change.by}", people=(change.by,))
            elif isinstance(change, AcknowledgedUntil) and change.by:
                yield self._said("status", f"extended until {change.until:%Y-%m-%d %H:%M} by {change.by}", people=(change.by,))
            elif isinstance(change, FlappingBegun):
                often = f"came back {change.returns} times in {format_duration(change.within)}"
                told = f"flapping: it {often}; it pages for a higher severity only, and is resolved once no alert fired for"
                yield self._said("status", f"{told} {format_duration(change.quiet)}")
            elif isinstance(change, NoteTaken):
                yield self._said("note", f"{change.by}: {change.text}", people=(change.by,))
            elif isinstance(change, StepAdded):
                yield from self._added(change.step)
            elif isinstance(change, StepChanged):
                yield from self._changed(change.step)

    def _until(self, change: StatusChanged) -> str:
        """Until when an acknowledgement holds that begins with this *change*."""
        held = next((each for each in self.moment.decision.changes if isinstance(each, AcknowledgedUntil)), None)
        if change.trigger != "acknowledge" or held is None:
            return ""
        at, until = self.moment.at, held.until
        return f" until {until:%H:%M}" if until.date() == at.date() else f" until {until:%Y-%m-%d %H:%M}"

    def _muted(self, change: AlertsMuted) -> Iterator[Happening]:
        """Which alerts are not acted on from now on, and why; or that all are again."""
        incident = self.moment.decision.incident
        alerts = incident.alerts if incident is not None else {}
        for fingerprint, muting in change.muted.items():
            name = alerts[fingerprint].alert.name if fingerprint in alerts else fingerprint
            yield self._said("muted", f"{name}: {muting.why}", muting.policy)
        if not change.muted:
            yield self._said("muted", "no alert is any more")

    def _added(self, step: Step) -> Iterator[Happening]:
        """What is worth saying before it begins: a remediation that people may start, and an update that waits for quiet hours."""
        if step.kind == "offer":
            remediation = self.bill.policies.remediations.get(step.because.name)
            to = whom(str(target) for target in remediation.may_run) if remediation is not None else ""
            yield self._said("offer", f"{_named(step)}{f' to {to}' if to else ''}", step.because, place=step.place, note=step.note)
        elif step.kind == "update" and step.note:
            yield self._said("waits", _named(step), step.because, place=step.place, note=step.note)

    def _changed(self, step: Step) -> Iterator[Happening]:
        if step.state == "started" and step.started_at == self.moment.at and step in self.moment.decision.steps:
            if step.kind != "collect":
                yield self._begun(step)
        elif step.state == "planned" and step.kind == "update" and step.note:
            yield self._said("waits", _named(step), step.because, place=step.place, note=step.note)
        elif step.state == "waiting":
            until = f" until {step.answer_by:%H:%M}" if step.answer_by is not None else ""
            yield self._said("waits", f"{_named(step)}{until}", step.because, place=step.place, note=step.note)
        elif step.deliveries:
            return  # what becomes of each is told of by itself
        elif step.state == "failed":
            yield self._said("fails", f"{_named(step)}: {step.problem}", step.because, place=step.place)
        elif step.state == "done" and step.kind in ("verify", "page", "tell") and step.note:
            yield self._said("done", f"{_named(step)}: {step.note}", step.because, place=step.place)
        elif step.state == "withdrawn" and (_was_at_it(step) or step.kind == "repair" or isinstance(self.moment.event, Denied)):
            what = {"verify": "the check of ", "rollback": "the undo of "}.get(step.kind, "")
            yield self._said("withdrawn", f"{what}{_named(step)}: {step.note}", step.because, place=step.place)

    def _begun(self, step: Step) -> Happening:
        people = tuple(duty.person for duty in step.people)
        what = _BEGUN.get(step.kind, step.kind)
        text = f"{_named(step)}: {step.note}" if step.kind == "alarm" else _about(self.bill, step)
        return self._said(what, text, step.because, place=step.place, people=people, note=_why(step))

    def _collected(self) -> Iterator[Happening]:
        """Collectors of one triage begin together, and stand on one line."""
        by_triage: dict[Ref, list[Step]] = {}
        for step in self.moment.decision.steps:
            if step.kind == "collect":
                by_triage.setdefault(step.because, []).append(step)
        for triage, steps in by_triage.items():
            yield self._said("collect", listing([step.slot for step in steps]), triage)


_STATUS = {
    "acknowledge": "acknowledged",
    "unacknowledge": "given back",
    "acknowledgement-end": "triggered again, for the acknowledgement has ended",
    "holder-gone": "triggered again, for whoever had it is no declared person",
    "escalate": "triggered again, for more people",
    "snooze-end": "triggered again, for the snooze is over",
    "severity-rise": "triggered again, for it is worse",
    "mitigate": "mitigated",
    "relapse": "triggered again, for it came back",
    "resolve": "resolved",
    "reopen": "reopened",
}
_ANSWERED: Final[Mapping[type, str]] = {
    Acknowledged: "acknowledges",
    Unacknowledged: "gives it back",
    Mitigated: "says that users are no longer affected",
    Resolved: "says that it is over",
    Approved: "approves {}",
    Denied: "denies {}",
    Requested: "starts {}",
    Retried: "has {} tried again",
    Escalated: "escalates",
    Snoozed: "puts it off",
    Extended: "keeps it",
    Noted: "writes a note",
}
"""What people say, in words; of a step by its name."""

_BEGUN = {"notify": "post", "hub": "talk", "bridge": "talk", "update": "tell", "repair": "repair", "verify": "check", "rollback": "undo"}


def _named(step: Step) -> str:
    """A step in a few words: ``restart-checkout/restart``, ``the update by customers-critical``."""
    if step.kind == "offer":
        return step.because.name
    if step.kind == "alarm":
        return "the engine's own alarm"
    if step.kind in ("repair", "verify", "rollback"):
        return f"{step.because.name}/{step.slot.rsplit('/', 1)[-1]}"
    return f"{step.kind} by {step.because.name}"


def _was_at_it(step: Step) -> bool:
    """Whether this *step* had begun to check or to undo a repair."""
    return step.kind in ("verify", "rollback") and step.started_at is not None


def _about(bill: Bill, step: Step) -> str:
    """What a step does, once it is handed out."""
    if step.kind in ("page", "review", "remind", "tell"):
        who = listing([f"{duty.person} ({duty.duty.partition('/')[2] or duty.duty})" for duty in step.people])
        if step.kind == "tell":
            # What is below the first line says how to answer, and stands with the step.
            first, _, _ = step.text.partition("\n")
            return f"{listing([duty.person for duty in step.people])}: «{first}»"
        comms = bill.policies.comms.get(step.because.name)
        return f"{who} about the update to {comms.audience}" if comms is not None else who
    if step.kind == "update":
        comms = bill.policies.comms.get(step.because.name)
        said = " ".join(f"«{' '.join(words.split())}»" for words in (step.subject, step.text) if words)
        by = listing([f"{call.connector}.{call.action}" for call in step.calls])
        return f"{comms.audience if comms is not None else step.because.name}: {said}{f' by {by}' if by else ''}"
    if step.kind in ("repair", "verify", "rollback"):
        target = step.slot.rpartition("/")[0]
        return f"{_named(step)} on {target}" if target else _named(step)
    beside = f" with {listing([duty.person for duty in step.people])}" if step.people else ""
    return ("; ".join(_call(step, number) for number in range(len(step.calls))) or _named(step)) + beside


def _call(step: Step, number: int) -> str:
    call = step.calls[number]
    name = call.arguments.get("name") or call.arguments.get("room")
    to, text = said_to(call), said_text(call)
    said = name if isinstance(name, str) else " ".join(part for part in (to, f"«{text}»" if text else "") if part)
    return f"{call.connector}.{call.action} {said}".strip()


def _why(step: Step) -> str:
    asked = step.people if step.kind in ("page", "review", "remind", "tell") else ()
    ways = "; ".join(dict.fromkeys(duty.why for duty in asked if duty.why != "by name"))
    return "; ".join(part for part in (ways, step.note if step.kind != "alarm" else "") if part)


def _value(result: object) -> str:
    if isinstance(result, dict):
        return ", ".join(f"{name} {value}" for name, value in result.items()) or "nothing"
    return "nothing" if result is None else str(result)


def _declared(alert: Alert) -> str:
    """Who declared it, and in which words; empty for what a system said."""
    if not alert.is_declared:
        return ""
    by, summary = (alert.annotations.get(name, "") for name in ("declared_by", "summary"))
    return ": ".join(each for each in (f"declared by {by}" if by else "", summary) if each)
