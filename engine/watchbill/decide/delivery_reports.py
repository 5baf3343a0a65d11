"""What follows from the report of a delivery: the person's next contact, the next level, the review's own way on.

A level all of whose deliveries have failed for good is passed at once. An unknown outcome is no failure, and neither is a connector in
shadow: the level keeps its wait.
"""

from __future__ import annotations

from watchbill.decide import joining, paging, updating
from watchbill.decide.deliveries import amended, brought_forward, conclude, has_failed
from watchbill.decide.draft import Draft
from watchbill.model.event import DeliveryReported, StepFinished
from watchbill.model.plan import LOST, REPORTED_LATER, Done, Retry, Step


def reported(draft: Draft, event: DeliveryReported) -> None:
    """Take down what became of a delivery, and do what follows from it."""
    step = draft.fold.steps.get(event.step)
    if step is None or not 0 <= event.number < len(step.deliveries):
        return
    was = step.deliveries[event.number]
    if step.state == "planned":
        _ended_late(draft, step, event)
        return
    latest = paging.next_page_at(draft, step) if step.kind == "page" else None
    now_is = amended(was, event, draft.now, latest)
    if now_is == was:
        return
    deliveries = (*step.deliveries[: event.number], now_is, *step.deliveries[event.number + 1 :])
    # A contact that is given up after a report of which nobody knows what it means is no failure, and is not used again either.
    if was.result != "withdrawn" and event.result in (*LOST, "waiting") and now_is.leaves_at is None:
        deliveries = brought_forward(deliveries, event.number, draft.now)
    changed = conclude(draft, draft.change(step, deliveries=deliveries))
    if has_failed(changed) and not has_failed(step):
        _reached_nobody(draft, changed)


def _ended_late(draft: Draft, step: Step, event: DeliveryReported) -> None:
    """Take down how the last call of a page ended that is to be made again: that attempt is over, or its row would be the next one's.

    What the other side reports of the old page is nothing to the one to come.
    """
    was = step.deliveries[event.number]
    now_is = amended(was, event, draft.now) if event.result not in REPORTED_LATER else was
    if now_is != was:
        draft.change(step, deliveries=(*step.deliveries[: event.number], now_is, *step.deliveries[event.number + 1 :]))


def finished(draft: Draft, step: Step, event: StepFinished) -> None:
    """One outcome for all deliveries of a *step* that are still to leave."""
    outcome = event.outcome
    for number, each in enumerate(step.deliveries):
        if each.leaves_at is None:
            continue
        if isinstance(outcome, Done):
            report = DeliveryReported(step.id, number, "sent")
        elif isinstance(outcome, Retry):
            report = DeliveryReported(step.id, number, "waiting", outcome.error, outcome.at)
        else:
            report = DeliveryReported(step.id, number, "failed", outcome.error)
        reported(draft, report)


def _reached_nobody(draft: Draft, step: Step) -> None:
    if paging.is_joined(step):
        joining.page_failed(draft, step)
    elif step.kind == "page":
        paging.pass_by(draft, step)
    elif step.kind == "review":
        updating.review_failed(draft, step)
