"""What the clock does to steps: which have fallen due, what starting each means, and when to look again.

Rule: whatever is looked at goes on to another state, or to a later time, so that starting what is due comes to an end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from watchbill.decide import alarms, collecting, holding, messages, paging, repairing, retrying, talking, updating
from watchbill.decide.draft import Draft
from watchbill.decide.muting import next_change
from watchbill.model.plan import Step


def _start_tell(draft: Draft, step: Step) -> None:
    """Remind whoever has the incident, whose words depend on how it stands now; what else is told is told as it was."""
    if step.slot == holding.REMINDER:
        holding.start_reminder(draft, step)
    else:
        messages.start(draft, step, step.people, step.text)


_START: Final[Mapping[str, Callable[[Draft, Step], object]]] = {
    "page": paging.start_page,
    "notify": paging.start_notify,
    "alarm": alarms.start_alarm,
    "hub": talking.start_hub,
    "bridge": talking.start_hub,
    "collect": collecting.start_collect,
    "remind": updating.start_reminder,
    "update": updating.start_update,
    "repair": repairing.start_repair,
    "verify": repairing.start_repair,
    "rollback": repairing.start_repair,
    "tell": _start_tell,
}


def start_due(draft: Draft) -> datetime | None:
    """Start what has fallen due, and what that brings, until nothing is due; when the next falls due. Earlier steps come first."""
    while True:
        timed = [(at, step) for step in draft.fold.steps.values() if (at := _looked_at(draft, step)) is not None]
        due = [step for at, step in timed if at <= draft.now]
        if not due:
            return min([at for at, _ in timed], default=None)
        for step in sorted(due, key=lambda step: step.due_at):
            if draft.fold.steps[step.id] is step and _is_due(draft, step):
                _go_on(draft, step)


def _go_on(draft: Draft, step: Step) -> None:
    if step.state == "planned":
        _START[step.kind](draft, step)
    elif step.retry_at is not None and step.retry_at <= draft.now and not _is_out_of_time(draft, step):
        retrying.again(draft, step)
    else:
        _expire(draft, step)


def _is_due(draft: Draft, step: Step) -> bool:
    at = _looked_at(draft, step)
    return at is not None and at <= draft.now


def _looked_at(draft: Draft, step: Step) -> datetime | None:
    """When the clock next matters to this *step*; None if it waits for something else, or for nothing."""
    if step.state == "planned":
        if step.kind == "repair" and repairing.busy(draft, step):
            return None
        return step.due_at
    if step.state == "waiting":
        return step.answer_by
    if step.state != "started":
        return None
    out_of_time_at = _out_of_time_at(step)
    if step.retry_at is None or out_of_time_at is None:
        return step.retry_at or out_of_time_at
    return min(step.retry_at, out_of_time_at)


def _out_of_time_at(step: Step) -> datetime | None:
    """Until when a verification may look. Other steps are timed by whoever carries them out."""
    if step.kind != "verify" or step.started_at is None or step.timeout is None:
        return None
    return step.started_at + step.timeout


def _is_out_of_time(draft: Draft, step: Step) -> bool:
    at = _out_of_time_at(step)
    return at is not None and at <= draft.now


def _expire(draft: Draft, step: Step) -> None:
    """The time for an answer is over."""
    if step.kind == "update":
        updating.unanswered(draft, step)
    elif step.kind == "verify":
        repairing.fail(draft, step, "it was not seen to work in time")
    else:
        repairing.fail(draft, step, "nobody approved in time")


def wake_at(draft: Draft, due_at: datetime | None) -> datetime | None:
    """When to look again, None for never: when a step falls due (*due_at*), or a silence, a snooze, an acknowledgement or quiet ends."""
    moments = [due_at]
    live = draft.snapshot.silences
    if (draft.bill.silences.policies or live) and draft.fold.status != "resolved":
        moments.extend(next_change(draft.bill, alert, partial(draft.context, alert), draft.now, live) for alert in draft.fold.firing)
    if draft.fold.flapping is not None:
        moments.append(draft.fold.flapping.ends_at)
    if draft.fold.snoozed_until is not None and draft.fold.may("snooze-end"):
        moments.append(draft.fold.snoozed_until)
    moments.append(draft.fold.acknowledged_until)
    return min([moment for moment in moments if moment is not None], default=None)
