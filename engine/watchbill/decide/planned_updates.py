"""What a plan shows of updates: every word that an audience is told, channel by channel, and what cannot be told and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from watchbill.decide.bill import Bill
from watchbill.decide.draft import Draft
from watchbill.decide.playing import Moment
from watchbill.decide.step_words import with_own_words
from watchbill.decide.update_words import channel_calls, words_of
from watchbill.expressions.durations import format_duration
from watchbill.expressions.problems import ExpressionError
from watchbill.model.change import StepAdded, StepChanged
from watchbill.model.decision import Snapshot
from watchbill.model.forecast import PlannedTelling
from watchbill.model.plan import Step
from watchbill.model.policies import Audience, Comms


def what_is_told(
    bill: Bill, moments: tuple[Moment, ...], snapshot: Snapshot, step: Step, comms: Comms, audience: Audience
) -> tuple[str, str, tuple[PlannedTelling, ...]]:
    """The subject and the text of this update, and each call that it makes: as it is sent, or as it stands when it comes to rest."""
    rest = next(moment for moment in reversed(moments) if any(_is_of(change, step) for change in moment.decision.changes))
    draft = Draft(bill, replace(snapshot, incident=rest.decision.incident), rest.at)
    subject, body = step.subject, step.text
    if not body:
        try:
            subject, body = words_of(draft, draft.fold.steps[step.id], comms)
        except ExpressionError:
            return "", "", ()  # the note of the step says why
    channels = channel_calls(draft, step, audience, subject, body)
    calls = ((each, with_own_words(bill, each.call, subject, body) if each.call is not None else None) for each in channels)
    return subject, body, tuple(PlannedTelling(str(each.use), call, each.error) for each, call in calls)


def _is_of(change: object, step: Step) -> bool:
    return isinstance(change, StepAdded | StepChanged) and change.step.id == step.id


def unsent(bill: Bill, steps: tuple[Step, ...]) -> Iterable[str]:
    """Of the updates that follow the first, the earliest of each `Comms` that does not reach every channel, and why."""
    found: dict[str, str] = {}
    for step in steps:
        comms = bill.policies.comms.get(step.because.name)
        audience = bill.policies.audiences.get(comms.audience) if comms is not None else None
        if step.kind != "update" or step.round == 0 or comms is None or audience is None or comms.ref.name in found:
            continue
        after = format_duration(step.round * comms.cadence) if comms.cadence else "a while"
        if step.state == "failed":
            found[comms.ref.name] = f"the update to {audience.ref.name} {after} after the first is not sent: {step.note}"
        elif step.state == "started" and len(step.calls) < len(audience.channels):
            found[comms.ref.name] = f"the update to {audience.ref.name} {after} after the first leaves not everywhere: {step.note}"
    return found.values()
