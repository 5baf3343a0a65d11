"""Steps whose outcome was that they may be tried again.

A step stays the same step, and is handed out once more when its time comes, unless it is moot by then. One that may have had its effect
already is marked.
"""

from __future__ import annotations

from datetime import datetime

from watchbill.decide import alarms, paging
from watchbill.decide.bill import Bill
from watchbill.decide.draft import Draft
from watchbill.model.decision import Snapshot
from watchbill.model.fold import Fold
from watchbill.model.incident import Incident
from watchbill.model.plan import Retry, Step, step_id


def retry(draft: Draft, step: Step, outcome: Retry) -> None:
    """This *step* is to be tried again when its *outcome* says."""
    if is_moot(draft, step):
        _give_up(draft, step, outcome.error)
    else:
        repeated = step.possibly_repeated or outcome.is_unknown
        acted = step.may_have_acted or (outcome.is_unknown and step.kind == "repair")
        fields = {"retry_at": outcome.at, "error": outcome.error, "retried": step.retried + 1}
        draft.change(step, **fields, possibly_repeated=repeated, may_have_acted=acted)


def again(draft: Draft, step: Step) -> None:
    """The time to try this *step* again has come."""
    if is_moot(draft, step):
        _give_up(draft, step, step.error)
    else:
        draft.hand_out_again(step)


def _give_up(draft: Draft, step: Step, error: str) -> None:
    draft.change(step, state="withdrawn", note="not tried again", error=error, retry_at=None)


def is_pointless(bill: Bill, incident: Incident, step: Step, now: datetime) -> bool:
    """Whether it makes no sense any more to go on with this *step* of an *incident*: whoever carries it out asks before each later part."""
    return is_moot(Draft(bill, Snapshot(incident), now), step)


def is_moot(draft: Draft, step: Step) -> bool:
    """Whether it makes no sense any more to carry out this *step* that has begun."""
    status = draft.fold.status
    if step.kind == "alarm":
        return not alarms.is_awaited(draft, step)
    if paging.is_joined(step):
        return status != "acknowledged"
    if step.kind == "page":
        run = draft.fold.run_of(step.because.name)
        return status != "triggered" and (run is None or run.is_over)
    if step.kind in ("review", "remind"):
        identity = step_id(draft.fold.id, "update", step.because.name, step.slot, step.round)
        update = draft.fold.steps.get(identity)
        return update is None or update.state not in ("planned", "waiting")
    if step.kind == "update":
        # A newer one says how things stand now; the older one must not come after it.
        newer = (other for other in draft.steps("update") if other.because.name == step.because.name and other.round > step.round)
        return any(other.state in ("waiting", "started", "done") for other in newer)
    if step.kind in ("repair", "verify", "rollback"):
        return status == "resolved" or step.round != draft.fold.reopen_count
    return status == "resolved"


def may_be_retried(incident: Incident, step: Step) -> bool:
    """Whether a person may have this *step* tried again: it came to a bad end or waits for its next attempt, and it makes sense still.

    Of the alarms only the newest, and of pages only those of the rounds that are at work: the levels behind others were called already.
    """
    is_later = step.state == "started" and (step.retry_at is not None or any(each.retry_at is not None for each in step.deliveries))
    if step.state != "failed" and not is_later and not (step.state == "withdrawn" and step.started_at is not None):
        return False
    if step.kind == "page" and not paging.is_joined(step):
        return not why_no_page(incident, step)
    if step.kind == "alarm":
        begun = [each for each in incident.steps.values() if each.kind == "alarm" and each.started_at is not None]
        newest = max(begun, key=lambda each: (each.round, each.due_at), default=step)
        return newest.id == step.id and incident.status == "triggered"
    return True


def why_no_page(incident: Incident | Fold, step: Step) -> str:
    """Why it makes no sense any more to try this page again, since that would call the levels behind it as well; empty where it does."""
    run = next((each for each in reversed(incident.escalations) if each.policy.name == step.because.name), None)
    if run is None or run.is_over:
        return "its escalation is over; escalate instead"
    return "its escalation has begun anew since; escalate instead" if step.round < run.first_round else ""
