"""The record of an incident as people read it: its timeline, and why somebody was or was not paged.

Everything here comes from recorded decisions. Nothing is decided again, and no reason is worked out a second time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watchbill.decide import Bill, Moment
from watchbill.model.change import StepAdded, StepChanged
from watchbill.model.decision import Decision
from watchbill.model.event import DeliveryReported, StepFinished
from watchbill.model.fold import Fold
from watchbill.model.incident import Incident
from watchbill.model.plan import Delivery, Done, Reason, Retry, Step
from watchbill.model.timeline import Happening, Timeline
from watchbill.report import delivery_words
from watchbill.report.counts import listing
from watchbill.store.decisions import Recorded
from watchbill.store.effects import Effect
from watchbill.verify.telling import told

KEPT: Final = 64
"""Of how many incidents a teller keeps how they stood."""


@dataclass(frozen=True, slots=True)
class Told:
    """One recorded decision, what happened with it, and how the incident stood afterwards."""

    recorded: Recorded
    happenings: tuple[Happening, ...]
    incident: Incident


class Teller:
    """Puts recorded decisions into words. It keeps how the incidents stood that it told of last, so that a next decision costs little.

    *bill* knows the names of what decisions speak of.
    """

    def __init__(self, bill: Bill) -> None:
        self._bill = bill
        self._stood: OrderedDict[str, tuple[int, Fold]] = OrderedDict()

    def told(self, recorded: Recorded, before: Callable[[], Sequence[Recorded]] = tuple) -> Told:
        """This decision in words; *before* gives those that the incident had before it, where they were not told here."""
        number, folding = self._stood.pop(recorded.incident, (0, Fold()))
        if number != recorded.number - 1:
            folding = Fold()
            for earlier in before():
                if earlier.number < recorded.number:
                    _apply(folding, earlier)
        _apply(folding, recorded)
        self._stood[recorded.incident] = (recorded.number, folding)
        while len(self._stood) > KEPT:
            self._stood.popitem(last=False)
        incident = folding.incident()
        decision = Decision(
            incident, recorded.changes, _begun(recorded), recorded.wake_at, recorded.reasons, recorded.revision, recorded.tzdata
        )
        claims = [reason for reason in recorded.reasons if reason.policy.kind == "Service" and reason.applied and reason.kind != "answer"]
        return Told(recorded, told(self._bill, claims, Moment(recorded.at, recorded.event, decision)), incident)


def tell(bill: Bill, decisions: Sequence[Recorded]) -> Iterator[Told]:
    """Each of the *decisions* of one incident in words, from its first on."""
    teller = Teller(bill)
    return (teller.told(recorded) for recorded in decisions)


def _apply(folding: Fold, recorded: Recorded) -> None:
    for change in recorded.changes:
        folding.apply(change)


def timeline(said: Sequence[Told], effects: Sequence[Effect], now: datetime) -> Timeline:
    """All of it as one timeline, with the calls that did not do what they should, unless their step says so. *said* is not empty."""
    incident = said[-1].incident
    lead = incident.lead.alert.name
    happenings = [each for one in said for each in one.happenings]
    happenings += [happening for effect in effects for happening in _went_wrong(effect, incident)]
    happenings.sort(key=lambda each: each.at)  # it keeps the order of what happened at the same time
    until = now if incident.status != "resolved" else max(said[-1].recorded.at, incident.opened_at)
    title = f"{lead} on {incident.service or 'no known service'}"
    return Timeline(incident.id, title, incident.opened_at, until, incident.status, tuple(happenings))


def _begun(recorded: Recorded) -> tuple[Step, ...]:
    """The steps that this decision handed out. The one that it was told of had been handed out before."""
    changed = (change.step for change in recorded.changes if isinstance(change, StepAdded | StepChanged))
    before = recorded.event.step if isinstance(recorded.event, DeliveryReported | StepFinished) else ""
    return tuple(step for step in changed if step.state == "started" and step.started_at == recorded.at and step.id != before)


def _went_wrong(effect: Effect, incident: Incident) -> Iterator[Happening]:
    step = incident.steps.get(effect.step)
    name = f"{step.kind} by {step.because.name}" if step is not None else effect.step
    because, place = (step.because.name, step.place) if step is not None else ("", None)
    text = f"{name}, call {effect.call + 1}, attempt {effect.attempt}"
    if effect.outcome is None:
        yield Happening(effect.begun_at, "unknown", f"{text}: nobody knows whether it was carried out", (), because, place)
    elif not isinstance(effect.outcome, Done) and not _says(step, effect.outcome.error):
        what = "retries" if isinstance(effect.outcome, Retry) else "fails"
        yield Happening(effect.settled_at or effect.begun_at, what, f"{text}: {effect.outcome.error}", (), because, place)


def _says(step: Step | None, error: str) -> bool:
    """Whether this *step* came to its bad end by just this *error*, which it tells of itself."""
    return step is not None and step.state == "failed" and step.error == error


# --- why, and why not -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paged:
    """Somebody whom a page was for: by which step, as what, and what became of each of their contacts."""

    step: Step
    person: str
    duty: str
    why: str
    deliveries: tuple[Delivery, ...]

    @property
    def has_left(self) -> bool:
        """Whether they were really paged: something that is for them has left."""
        return delivery_words.reach(self.deliveries) == "left"


@dataclass(frozen=True, slots=True)
class Explained:
    """Whom pages were for and why (*paged*), which policies take part (*applied*) and which do not (*refused*), with recorded reasons.

    *answers* are what people said, and what came of it.
    """

    incident: Incident
    paged: tuple[Paged, ...]
    applied: tuple[Reason, ...]
    refused: tuple[Reason, ...]
    answers: tuple[tuple[datetime, Reason], ...]


def explain(decisions: Sequence[Recorded]) -> Explained:
    """Why an incident went as it did, from its recorded *decisions*."""
    folding = Fold()
    reasons: dict[tuple[str, str, str, str, str], Reason] = {}
    answers: list[tuple[datetime, Reason]] = []
    for recorded in decisions:
        _apply(folding, recorded)
        for reason in recorded.reasons:
            if reason.kind == "answer":
                answers.append((recorded.at, reason))
            else:
                # The last word counts: a guard may have let something pass later.
                reasons[reason.policy.kind, reason.policy.name, reason.failed, reason.kind, reason.note] = reason
    incident = folding.incident()
    paged = tuple(each for step in incident.steps.values() if step.kind == "page" for each in _paged(step))
    applied = tuple(reason for reason in reasons.values() if reason.applied)
    taken = {(reason.policy.kind, reason.policy.name) for reason in applied}
    refused = tuple(reason for reason in reasons.values() if not reason.applied and (reason.policy.kind, reason.policy.name) not in taken)
    return Explained(incident, paged, applied, refused, tuple(answers))


def _paged(step: Step) -> list[Paged]:
    found = delivery_words.by_person(step.deliveries)
    return [Paged(step, duty.person, duty.duty, duty.why, found.get(duty.person, ())) for duty in step.people]


def sentences(explained: Explained, person: str = "") -> list[str]:
    """The same in words, one sentence a line; of one *person* only, where one is named."""
    incident = explained.incident
    by = f" by {incident.acknowledged_by}" if incident.acknowledged_by else ""
    lines = [f"{incident.id}: {incident.lead.alert.name}, {incident.severity}, {incident.status}{by}"]
    if incident.unanswered_since is not None:
        lines.append(f"nobody answers: the engine's own alarm sounds since {_when(incident.unanswered_since)}")
    mine = [each for each in explained.paged if person in ("", each.person)]
    lines += [_said(each, incident) for each in mine]
    if person and not mine:
        others = listing(list(dict.fromkeys(each.person for each in explained.paged if each.has_left)))
        instead = f"; {others} {'were' if ' and ' in others else 'was'} paged" if others else ""
        lines.append(f"{person} was not paged: no page of this incident was theirs{instead}")
    unreached = [step for step in incident.steps.values() if step.kind == "page" and not step.people]
    lines += [f"level {_level(step)} of {step.because.name}, due {_when(step.due_at)}: {_stands(step)}" for step in unreached]
    lines += [f"{each.policy.kind} {each.policy.name} takes part: {each.note or 'it matches'}" for each in explained.applied]
    lines += [f"{each.policy.kind} {each.policy.name} does not take part: {_refusal(each)}" for each in explained.refused]
    lines += [f"{_when(at)} {answer.note}" for at, answer in explained.answers]
    return lines


def _said(paged: Paged, incident: Incident) -> str:
    step = paged.step
    contacts = delivery_words.contacts(paged.deliveries, incident.opened_at)
    stands = delivery_words.stands("page", paged.deliveries) + (f": {contacts}" if contacts else "")
    why = "; ".join(filter(None, (stands, paged.why, step.note)))
    return f"{paged.person} as {paged.duty} by {step.because.name} ({step.place}) at {_when(step.started_at or step.due_at)}: {why}"


def _level(step: Step) -> str:
    """The level that a page belongs to, counted as people do; slots are counted from 0."""
    return str(int(step.slot) + 1) if step.slot.isdigit() else step.slot


def _stands(step: Step) -> str:
    """How a page stands that is for nobody, or for nobody yet."""
    note = f": {step.note}" if step.note else ""
    if step.state == "failed":
        return step.problem or "nobody was there to be paged"
    return {"planned": "not paged yet", "done": "it pages nobody", "withdrawn": "withdrawn"}.get(step.state, step.state) + note


def _refusal(reason: Reason) -> str:
    if not reason.failed:
        return reason.note or "it does not apply"
    saw = reason.saw or "nothing"
    return f"needs {reason.failed}, saw {saw}" + (f" ({reason.note})" if reason.note else "")


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
