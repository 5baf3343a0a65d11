"""Updates: an audience is told by a time, and again every so often, until it is over.

An update is an obligation: it falls due whether or not there is news. A review comes before what is sent, never before
what is due; nobody reachable to review it follows `then` at once.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from watchbill.decide.collecting import about
from watchbill.decide.draft import Draft
from watchbill.decide.oncall import is_among, resolve
from watchbill.decide.paging import deliveries_to, duties
from watchbill.decide.selecting import choose_comms, matching
from watchbill.expressions.problems import ExpressionError
from watchbill.model.alert import ClaimedAlert
from watchbill.model.incident import Status
from watchbill.model.plan import Step, StepState, step_id
from watchbill.model.policies import Comms, Message

TOLD: tuple[StepState, ...] = ("started", "done")
"""The states of an update that has been sent, as far as anybody knows."""

CADENCE = "cadence"
"""The slot of an update that is due because its time has come; the others are called after a status."""


def plan_updates(draft: Draft) -> None:
    """Plan the first update for every audience that is to hear of this incident and has none yet."""
    found: list[tuple[Comms, ClaimedAlert]] = []
    for alert in draft.fold.acting:
        matched = matching(draft.bill, draft.bill.comms, alert, partial(draft.context, alert), draft.reasons)
        found.extend((comms, alert) for comms in matched if all(comms is not other for other, _ in found))
    for comms, alert in choose_comms(found, draft.reasons):
        promised = _hand_over(draft, comms)
        own = [step for step in draft.steps("update") if step.because.name == comms.ref.name]
        # What the audience was promised stays promised, however often the alerts that select a Comms come and go.
        due_at = min((*promised, draft.now + comms.first))
        if not any(step.state in ("planned", "waiting") or (step.state in TOLD and not promised) for step in own):
            _plan(draft, comms, alert.fingerprint, due_at)


def _hand_over(draft: Draft, comms: Comms) -> list[datetime]:
    """Another Comms takes over this audience: what had not been said is withdrawn, and when that was due is handed on."""
    promised = []
    for step in draft.steps("update", "remind", "review"):
        other = draft.bill.policies.comms.get(step.because.name)
        if other is not None and other is not comms and other.audience == comms.audience and step.is_pending:
            draft.withdraw((step,), f"{comms.ref.name} took over")
            if step.kind == "update":
                promised.append(step.due_at)
    return promised


def _plan(draft: Draft, comms: Comms, alert: str, due_at: datetime, status: str = "") -> None:
    """Plan one update, and the reminder before it. *status* marks one that a change of status has caused."""
    rounds = [step.round for step in draft.steps("update") if step.because.name == comms.ref.name]
    number = max(rounds) + 1 if rounds else 0
    slot = status or CADENCE
    identity = step_id(draft.fold.id, "update", comms.ref.name, slot, number)
    draft.add(Step(identity, "update", comms.ref, comms.ref.place, slot, number, due_at, about=alert))
    if comms.remind is not None and due_at - comms.remind > draft.now:
        identity = step_id(draft.fold.id, "remind", comms.ref.name, slot, number)
        draft.add(Step(identity, "remind", comms.ref, comms.ref.place, slot, number, due_at - comms.remind, about=alert))


def message_for(comms: Comms, status: Status, slot: str, is_first: bool) -> Message:
    """What is said now: the text for this *status*, or the one for no news where that was told before."""
    texts = {message.status: message for message in comms.messages}
    if slot == CADENCE and not is_first and "unchanged" in texts:
        return texts["unchanged"]
    return texts.get(status) or texts["triggered"]


def start_update(draft: Draft, step: Step) -> None:
    """An update is due: ask for the review, or send it."""
    comms = draft.bill.policies.comms.get(step.because.name)
    if comms is None:
        draft.withdraw((step,), "its Comms is declared no more")
        return
    held = (other for other in draft.steps("update") if other.because.name == comms.ref.name and other.state == "waiting")
    draft.withdraw(tuple(held), "a newer update takes its place")
    if comms.review is None:
        send(draft, step, comms)
        return
    resolution = resolve(draft.bill.policies, (comms.review.by,), draft.fold.team, draft.now)
    if not resolution.people:
        if comms.review.then == "send":
            send(draft, step, comms, note="nobody could review it")
        else:
            draft.change(step, state="waiting", note="held: nobody can be reached to review it")
            _plan_following(draft, comms, step)
        return
    draft.change(step, state="waiting", answer_by=draft.now + comms.review.wait)
    identity = step_id(draft.fold.id, "review", comms.ref.name, step.slot, step.round)
    review = Step(identity, "review", comms.ref, step.place, step.slot, step.round, draft.now, about=step.about)
    draft.add(review)
    draft.start(review, people=duties(resolution.people), deliveries=deliveries_to(resolution.people, draft.now))


def start_reminder(draft: Draft, step: Step) -> None:
    """Remind the liaison of an update that will be due."""
    comms = draft.bill.policies.comms.get(step.because.name)
    audience = draft.bill.policies.audiences.get(comms.audience) if comms else None
    if audience is None or audience.liaison is None:
        draft.withdraw((step,), "there is no liaison to remind")
        return
    resolution = resolve(draft.bill.policies, (audience.liaison,), draft.fold.team, draft.now)
    if resolution.people:
        draft.start(step, people=duties(resolution.people), deliveries=deliveries_to(resolution.people, draft.now))
    else:
        draft.change(step, state="failed", note="; ".join(resolution.skipped))


def unanswered(draft: Draft, step: Step) -> None:
    """Nobody answered the review in time: follow `then`."""
    comms = draft.bill.policies.comms.get(step.because.name)
    if comms is None or comms.review is None:
        draft.withdraw((step,), "its Comms is declared no more")
    elif comms.review.then == "send":
        send(draft, step, comms, note="not reviewed in time")
    else:
        draft.change(step, answer_by=None, note="held until somebody reviews it")
        _plan_following(draft, comms, step)


def _is_reviewer(draft: Draft, comms: Comms | None, by: str) -> bool:
    return (
        comms is not None and comms.review is not None and is_among(draft.bill.policies, (comms.review.by,), draft.fold.team, by, draft.now)
    )


def reviewed(draft: Draft, step: Step, by: str) -> None:
    """A reviewer said yes: send it."""
    comms = draft.bill.policies.comms.get(step.because.name)
    if comms is not None and _is_reviewer(draft, comms, by):
        send(draft, step, comms, note=f"reviewed by {by}")


def refused(draft: Draft, step: Step, by: str) -> None:
    """A reviewer said no: this update is not sent; the next one is due all the same."""
    comms = draft.bill.policies.comms.get(step.because.name)
    if comms is not None and _is_reviewer(draft, comms, by):
        draft.withdraw((step,), f"{by} said no")
        _plan_following(draft, comms, step)


def send(draft: Draft, step: Step, comms: Comms, note: str = "") -> None:
    """Send this update through every channel of its audience, and plan the next one."""
    audience = draft.bill.policies.audiences.get(comms.audience)
    if audience is None:
        draft.change(step, state="failed", note=f"the audience {comms.audience} is declared no more")
        return
    alert = about(draft, step)
    is_first = not any(other.because.name == comms.ref.name and other.state in TOLD for other in draft.steps("update") if other is not step)
    message = message_for(comms, draft.fold.status, step.slot, is_first)
    context = draft.context(alert)
    try:
        subject = draft.bill.render(message.subject, context) if message.subject else ""
        body = draft.bill.render(message.body, context)
        calls = tuple(draft.fill(use, alert, absent="empty", subject=subject, body=body) for use in audience.channels)
    except ExpressionError as problem:
        draft.change(step, state="failed", note=problem.message)
    else:
        draft.start(step, calls=calls, subject=subject, text=body, note=note, answer_by=None)
    _plan_following(draft, comms, step)


def _plan_following(draft: Draft, comms: Comms, step: Step) -> None:
    """The cadence counts from when an update was due, so that a late one does not make the next one later."""
    if not comms.cadence or draft.fold.status == "resolved":
        return
    missed = max(0, (draft.now - step.due_at) // comms.cadence)
    _plan(draft, comms, step.about, step.due_at + (missed + 1) * comms.cadence)


def status_changed(draft: Draft) -> None:
    """Tell the audiences that were told of this incident that its status is another one now; each once, by the Comms that spoke last."""
    status = draft.fold.status
    speaking: dict[str, tuple[Comms, Step]] = {}
    told: list[str] = []
    for step in draft.steps("update"):
        comms = draft.bill.policies.comms.get(step.because.name)
        if comms is not None:
            speaking[comms.audience] = (comms, step)
            if step.state in TOLD:
                told.append(comms.audience)
    for audience, (comms, last) in speaking.items():
        own = tuple(step for step in draft.steps("update", "remind", "review") if step.because.name == comms.ref.name and step.is_pending)
        if audience in told and any(message.status == status for message in comms.messages):
            draft.withdraw(own, f"an update for {status} takes its place")
            _plan(draft, comms, last.about, draft.now, status)
        elif status == "resolved":
            draft.withdraw(own, "it is over")
