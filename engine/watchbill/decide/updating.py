"""Updates: an audience is told by a time, and again every so often, until it is over.

An update is an obligation: it falls due whether or not there is news. A review comes before what is sent, never before
what is due; nobody reachable to review it follows `then` at once. What would leave within its audience's quiet hours waits
until these end, and is then reviewed and sent; what follows counts from there.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial

from watchbill.decide import deliveries
from watchbill.decide.draft import Answer, Draft
from watchbill.decide.oncall import Resolution, is_among, resolve
from watchbill.decide.paging import deliveries_of, duties
from watchbill.decide.quiet import out_of_quiet_hours, undisturbed, waits_until
from watchbill.decide.retrying import is_moot
from watchbill.decide.selecting import choose_comms, matching
from watchbill.decide.update_words import CADENCE, TOLD, channel_calls, words_of
from watchbill.expressions.problems import ExpressionError
from watchbill.model.alert import ClaimedAlert
from watchbill.model.plan import Call, Step, step_id
from watchbill.model.policies import Comms
from watchbill.model.references import Target


def plan_updates(draft: Draft) -> None:
    """Plan the first update for every audience that is to hear of this incident and has none yet."""
    if not draft.bill.comms.policies:
        return
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
    """Plan one update, and the reminder before it. *status* marks one that a change of status has caused.

    What would fall due within quiet hours is due when these end, and its liaison is reminded before that.
    """
    rounds = [step.round for step in draft.steps("update") if step.because.name == comms.ref.name]
    number = max(rounds) + 1 if rounds else 0
    slot = status or CADENCE
    identity = step_id(draft.fold.id, "update", comms.ref.name, slot, number)
    due_at, note = _put_off(draft, comms, due_at)
    draft.add(Step(identity, "update", comms.ref, comms.ref.place, slot, number, due_at, about=alert, note=note))
    if comms.remind is not None and due_at - comms.remind > draft.now:
        identity = step_id(draft.fold.id, "remind", comms.ref.name, slot, number)
        draft.add(Step(identity, "remind", comms.ref, comms.ref.place, slot, number, due_at - comms.remind, about=alert))


def _put_off(draft: Draft, comms: Comms, due_at: datetime) -> tuple[datetime, str]:
    """When an update that would leave at *due_at* may leave, and in words that it waits; no words where it need not."""
    audience = draft.bill.policies.audiences.get(comms.audience)
    quiet = audience.quiet_hours if audience is not None else None
    leaves_at = out_of_quiet_hours(quiet, due_at)
    # Hours that never end are no hours: what has nothing to wait for leaves as if there were none.
    if quiet is None or leaves_at is None or leaves_at == due_at:
        return due_at, ""
    return leaves_at, waits_until(quiet, leaves_at, due_at)


def _waits(draft: Draft, step: Step, comms: Comms, note: str = "") -> bool:
    """Whether this update waits for the end of quiet hours; what would leave after it by then is one with it."""
    leaves_at, why = _put_off(draft, comms, draft.now)
    if leaves_at == draft.now:
        return False
    others = (each for each in draft.steps("update", "remind") if each.because.name == comms.ref.name and each.id != step.id)
    by_then = tuple(each for each in others if each.state == "planned" and each.due_at <= leaves_at)
    draft.withdraw(by_then, "an update waits for the end of quiet hours already")
    draft.change(step, state="planned", due_at=leaves_at, answer_by=None, note=_joined(note or _kept(step), why))
    return True


def _kept(step: Step) -> str:
    """What the note of a step that has not begun says for good: for what it waited, or who wants it tried again."""
    return step.note if step.state == "planned" else ""


def _joined(*notes: str) -> str:
    return "; ".join(dict.fromkeys(filter(None, notes)))


def start_update(draft: Draft, step: Step) -> None:
    """An update is due: ask for the review, or send it."""
    comms = draft.bill.policies.comms.get(step.because.name)
    if comms is None:
        draft.withdraw((step,), "its Comms is declared no more")
        return
    if _waits(draft, step, comms):
        return
    held = (other for other in draft.steps("update") if other.because.name == comms.ref.name and other.state == "waiting")
    draft.withdraw(tuple(held), "a newer update takes its place")
    identity = step_id(draft.fold.id, "review", comms.ref.name, step.slot, step.round)
    if comms.review is None or identity in draft.fold.steps:
        # What was put off after its review, or is tried again, is not reviewed twice.
        send(draft, step, comms)
        return
    resolution = _reached(draft, comms.review.by)
    if not resolution.people:
        if comms.review.then == "send":
            send(draft, step, comms, note="nobody could review it")
        else:
            draft.change(step, state="waiting", note=_joined(_kept(step), "held: nobody can be reached to review it"))
            _plan_following(draft, comms, step)
        return
    _show(draft, step, comms, draft.now + comms.review.wait)
    review = Step(identity, "review", comms.ref, step.place, step.slot, step.round, draft.now, about=step.about)
    draft.add(review)
    draft.start(review, people=duties(resolution.people), deliveries=deliveries_of(review, resolution.people, draft.now))


def _show(draft: Draft, step: Step, comms: Comms, answer_by: datetime) -> None:
    """Let this update wait for its review with the words that are reviewed, and the calls that carry them.

    What cannot be filled in yet is not shown; whether it can be sent is seen when it is to leave.
    """
    audience = draft.bill.policies.audiences.get(comms.audience)
    subject, text = "", ""
    calls: tuple[Call, ...] = ()
    if audience is not None:
        with suppress(ExpressionError):
            subject, text = words_of(draft, step, comms)
            calls = tuple(each.call for each in channel_calls(draft, step, audience, subject, text) if each.call is not None)
    draft.change(step, state="waiting", answer_by=answer_by, subject=subject, text=text, calls=calls)


def _reached(draft: Draft, target: Target) -> Resolution:
    """Whom this *target* reaches for what is no page: people who are meant by name are left alone in their own quiet hours."""
    return undisturbed(resolve(draft.bill.policies, (target,), draft.fold.team, draft.now), draft.now)


def start_reminder(draft: Draft, step: Step) -> None:
    """Remind the liaison of an update that will be due."""
    comms = draft.bill.policies.comms.get(step.because.name)
    audience = draft.bill.policies.audiences.get(comms.audience) if comms else None
    if audience is None or audience.liaison is None:
        draft.withdraw((step,), "there is no liaison to remind")
        return
    resolution = _reached(draft, audience.liaison)
    if resolution.people:
        draft.start(step, people=duties(resolution.people), deliveries=deliveries_of(step, resolution.people, draft.now))
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


def review_failed(draft: Draft, review: Step) -> None:
    """Nobody could be asked for this *review*, because none of its deliveries left: follow `then` at once."""
    step = draft.fold.steps.get(step_id(draft.fold.id, "update", review.because.name, review.slot, review.round))
    comms = draft.bill.policies.comms.get(review.because.name)
    if step is None or step.state != "waiting" or comms is None or comms.review is None:
        return
    why = "nobody could be reached to review it"
    if comms.review.then == "send":
        send(draft, step, comms, note=why)
    elif step.answer_by is not None:
        draft.change(step, answer_by=None, note=_joined(_kept(step), f"held: {why}"))
        _plan_following(draft, comms, step)


def withdraw_answered(draft: Draft) -> None:
    """Ask for no review, and remind of no update, that is not waited for any more."""
    for step in draft.steps("review", "remind"):
        if step.state == "started" and step.leaves_at is not None and is_moot(draft, step):
            deliveries.withdraw(draft, step, "it is not waited for any more")


def _is_reviewer(draft: Draft, comms: Comms | None, by: str) -> bool:
    if comms is None or comms.review is None:
        return False
    declared = draft.bill.in_force.comms.get(comms.ref.name)
    # A review that the policies in force ask for no more is still what holds this update: then it is they who were asked.
    review = declared.review if declared is not None and declared.review is not None else comms.review
    return is_among(draft.bill.in_force, (review.by,), draft.fold.team, by, draft.now)


def reviewed(draft: Draft, step: Step, by: str) -> Answer:
    """A reviewer said yes: send it."""
    comms = draft.bill.policies.comms.get(step.because.name)
    if comms is None or not _is_reviewer(draft, comms, by):
        return False, f"{by} is not among those who review it"
    send(draft, step, comms, note=f"reviewed by {by}", is_reviewed=True)
    return True, f"reviewed by {by}"


def refused(draft: Draft, step: Step, by: str) -> Answer:
    """A reviewer said no: this update is not sent; the next one is due all the same."""
    comms = draft.bill.policies.comms.get(step.because.name)
    if comms is None or not _is_reviewer(draft, comms, by):
        return False, f"{by} is not among those who review it"
    draft.withdraw((step,), f"{by} said no")
    _plan_following(draft, comms, step)
    return True, f"{by} said no"


def send(draft: Draft, step: Step, comms: Comms, note: str = "", *, is_reviewed: bool = False) -> None:
    """Send this update through every channel of its audience, and plan the next one; in quiet hours it waits.

    One that *is_reviewed* leaves with the very words that were; otherwise it says how things stand now.
    """
    audience = draft.bill.policies.audiences.get(comms.audience)
    if audience is None:
        draft.change(step, state="failed", note=f"the audience {comms.audience} is declared no more")
        return
    if _waits(draft, step, comms, note):
        return
    note = _joined(_kept(step), note)
    try:
        subject, body = (step.subject, step.text) if is_reviewed and step.text else words_of(draft, step, comms)
    except ExpressionError as problem:
        draft.change(step, state="failed", note=problem.message)
    else:
        channels = channel_calls(draft, step, audience, subject, body)
        calls = tuple(each.call for each in channels if each.call is not None)
        # Whom one channel cannot tell, another one does.
        errors = tuple(each.error for each in channels if each.call is None)
        if errors and not calls:
            draft.change(step, state="failed", note=_joined(*errors))
        else:
            draft.start(step, calls=calls, subject=subject, text=body, note=_joined(note, *errors), answer_by=None)
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
