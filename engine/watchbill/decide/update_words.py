"""What an update says, and by which calls: an audience's texts come from its `Comms`, and from nowhere else.

The plan shows what comes of these functions, and `updating` sends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from watchbill.decide.collecting import about
from watchbill.decide.draft import Draft
from watchbill.expressions.problems import CallRefused, ExpressionError
from watchbill.model.change import Status
from watchbill.model.plan import Call, Step, StepState
from watchbill.model.policies import Audience, Comms, Message
from watchbill.model.references import Use

TOLD: Final[tuple[StepState, ...]] = ("started", "done")
"""The states of an update that has been sent, as far as anybody knows."""

CADENCE: Final = "cadence"
"""The slot of an update that is due because its time has come; the others are called after a status."""


@dataclass(frozen=True, slots=True)
class ChannelCall:
    """One channel of an audience, and the call that an update makes there; without one *error* says why it cannot be made."""

    use: Use
    call: Call | None
    error: str = ""


def message_for(comms: Comms, status: Status, slot: str, is_first: bool) -> Message:
    """What is said now: the text for this *status*, or the one for no news where that was told before."""
    texts = {message.status: message for message in comms.messages}
    if slot == CADENCE and not is_first and "unchanged" in texts:
        return texts["unchanged"]
    return texts.get(status) or texts["triggered"]


def words_of(draft: Draft, step: Step, comms: Comms) -> tuple[str, str]:
    """The subject and the text of this update. Without a subject of its own it has the last one that its audience was told.

    Raises `ExpressionError` where a text cannot be filled in, or comes out empty.
    """
    is_first = not any(other.because.name == comms.ref.name and other.state in TOLD for other in draft.steps("update") if other is not step)
    message = message_for(comms, draft.fold.status, step.slot, is_first)
    context = draft.context(about(draft, step))
    body = draft.bill.render(message.body, context)
    if not body.strip():
        raise CallRefused(f"the text for `{message.status}` comes out empty", "write something that is always there")
    subject = draft.bill.render(message.subject, context).strip() if message.subject else ""
    return subject or _told_before(draft, step, comms), body


def _told_before(draft: Draft, step: Step, comms: Comms) -> str:
    """The subject that this audience was told last, by whichever `Comms`; empty where it was told none."""
    declared = draft.bill.policies.comms
    subject, told_at = "", None
    for other in draft.steps("update"):
        if other.id == step.id or not other.subject or other.state not in TOLD or other.started_at is None:
            continue
        by = declared.get(other.because.name)
        if (other.because.name == comms.ref.name or (by is not None and by.audience == comms.audience)) and (
            told_at is None or other.started_at >= told_at
        ):
            subject, told_at = other.subject, other.started_at
    return subject


def channel_calls(draft: Draft, step: Step, audience: Audience, subject: str, body: str) -> tuple[ChannelCall, ...]:
    """The calls by which these words reach the *audience*: one for each of its channels, each fitting or not by itself."""
    alert = about(draft, step)
    found = []
    for use in audience.channels:
        try:
            found.append(ChannelCall(use, draft.fill(use, alert, absent="empty", subject=subject, body=body)))
        except ExpressionError as problem:
            found.append(ChannelCall(use, None, problem.message))
    return tuple(found)
