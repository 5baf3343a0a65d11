"""The deliveries of a step: what a report makes of one of them, and what becomes of a step none of whose deliveries is still to leave.

Rule 1: a report never takes back what is known better. The other side's own later word counts most, and what nobody knows is not a failure.
Rule 2: a contact that fails for good brings the person's next contact forward; it waits for nothing any more.
Rule 3: what was withdrawn does not leave again; that it had left already is still recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from watchbill.decide.draft import Draft
from watchbill.model.event import DeliveryReported
from watchbill.model.plan import LOST, REPORTED_LATER, Delivery, DeliveryResult, Step


def amended(was: Delivery, event: DeliveryReported, now: datetime, latest: datetime | None = None) -> Delivery:
    """The delivery after this report; the same where the report says nothing new.

    A next attempt is made at *latest* where the report would have it later.
    """
    if event.result in REPORTED_LATER:
        is_late = event.result == "bounced" and was.result not in ("sent", "unknown", "waiting", "delivered", "withdrawn")
        if was.result == "answered" or was.result == event.result or is_late or _has_not_begun(was, now):
            return was
        # The other side's word may come before the answer to the call that is under way: then it is what ends the attempt.
        tried = was.attempt + (was.leaves_at is not None and was.leaves_at <= now)
        return replace(was, result=event.result, error=event.error, attempt=tried, settled_at=now, retry_at=None)
    if event.attempt is not None and event.attempt != was.attempt + 1:
        return was  # an earlier call ends late, after a person has wanted another
    # A call that was under way when its page was answered still tells how it ended.
    is_open = was.leaves_at is not None or was.result in ("withdrawn", "unknown")
    if was.result in REPORTED_LATER or not is_open:
        return was
    is_wanted = was.leaves_at is not None
    retry_at = event.retry_at if event.result in ("waiting", "unknown") and is_wanted else None
    if retry_at is not None and latest is not None:
        retry_at = max(min(retry_at, latest), now)
    result = _result(was, event, will_retry=retry_at is not None)
    repeated = was.possibly_repeated or was.result == "unknown"
    tried = was.attempt + 1
    return replace(was, result=result, error=event.error, attempt=tried, settled_at=now, retry_at=retry_at, possibly_repeated=repeated)


def _has_not_begun(was: Delivery, now: datetime) -> bool:
    """Whether nothing can have left: it is not due yet, or touches nothing. What is called off may be leaving all the same."""
    return was.result == "shadow" or (was.attempt == was.earlier and was.result in ("waiting", "withdrawn") and was.at > now)


def _result(was: Delivery, event: DeliveryReported, *, will_retry: bool) -> DeliveryResult:
    if event.result in ("sent", "unknown", "shadow"):
        return event.result
    # What may have left in an earlier attempt is still what nobody knows, however a later attempt ended.
    if was.result in ("unknown", "withdrawn"):
        return was.result
    return "failed" if event.result == "waiting" and not will_retry else event.result


def brought_forward(deliveries: Iterable[Delivery], number: int, now: datetime) -> tuple[Delivery, ...]:
    """These *deliveries* with the next contact of the same person due *now*, because the one with this *number* has failed for good."""
    found = list(deliveries)
    person = found[number].person
    for place in range(number + 1, len(found)):
        each = found[place]
        if each.person == person and each.result == "waiting":
            if each.at > now and each.settled_at is None:
                found[place] = replace(each, at=now)
            break
    return tuple(found)


def withdraw(draft: Draft, step: Step, why: str) -> None:
    """Let no further delivery of this *step* leave. One that is leaving at this moment may still report that it has."""
    if step.state != "started" or step.leaves_at is None:
        return
    left = tuple(
        replace(each, result="withdrawn" if each.result == "waiting" else each.result, retry_at=None) if each.leaves_at else each
        for each in step.deliveries
    )
    changed = draft.change(step, deliveries=left)
    conclude(draft, changed, why)


def conclude(draft: Draft, step: Step, why: str = "") -> Step:
    """The *step* in the state that its deliveries leave it in: it is over once none of them is still to leave."""
    if step.leaves_at is not None:
        return step
    results = {each.result for each in step.deliveries}
    if results <= {*LOST, "withdrawn"}:
        state = "failed" if results & set(LOST) else "withdrawn"
        note = "; ".join(filter(None, (step.note, why if state == "withdrawn" else "")))
    else:
        state, note = "done", step.note
    return step if state == step.state else draft.change(step, state=state, note=note)


def has_failed(step: Step) -> bool:
    """Whether every delivery of this *step* has failed for good, so that it reached nobody."""
    return bool(step.deliveries) and all(each.result in LOST for each in step.deliveries)
