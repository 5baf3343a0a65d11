"""What people say of an incident, each with an answer: what came of it, or why nothing did.

Rule 1: every click gets exactly one answer, late, double and mistaken ones too: a reason of the kind ``answer``.
Rule 2: what is refused changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from watchbill.decide import alarms, consenting, following, holding, paging, questions, repairing, retrying, talking, updating
from watchbill.decide.draft import Answer, Draft
from watchbill.model.change import NoteTaken, PagingSnoozed
from watchbill.model.event import (
    Acknowledged,
    Answered,
    Approved,
    Denied,
    Escalated,
    Extended,
    Mitigated,
    Noted,
    Requested,
    Resolved,
    Retried,
    Snoozed,
    Unacknowledged,
)
from watchbill.model.plan import Reason, Step
from watchbill.model.references import Ref

TEXT_LIMIT: Final = 10_000
"""How many characters a note may have; it is kept with the incident for as long as that is."""

LONGEST_NAME: Final = 63
"""How many characters of a person's name are looked at and repeated."""


def answered(draft: Draft, event: Answered) -> None:
    """Do what this *event* asks for, and answer it."""
    if draft.snapshot.incident is None:
        draft.reasons.append(Reason(_ref(draft, None), False, "there is no such incident", kind="answer"))
        return
    identity = getattr(event, "step", None)
    step = draft.fold.steps.get(identity) if identity is not None else None
    because = _ref(draft, step)
    if identity is not None and step is None:
        done, said = False, f"the incident has no step {identity}"
    else:
        done, said = _SAID[type(event)](draft, event) if step is None else _OF_STEP[type(event)](draft, step, event)
    draft.reasons.append(Reason(because, done, said, kind="answer"))


def _ref(draft: Draft, step: Step | None) -> Ref:
    """What an answer is about: the policy of a step, else the service of the incident, or whoever it belongs to."""
    policies = draft.bill.policies
    if step is not None:
        return step.because
    if draft.snapshot.incident is not None:
        service, team = draft.service, policies.teams.get(draft.fold.team)
        if service is not None:
            return service.ref
        if team is not None:
            return team.ref
    return Ref("Settings", "watchbill", "", policies.settings.place)


# --- the incident ---------------------------------------------------------------------


def _acknowledged(draft: Draft, event: Acknowledged) -> Answer:
    unknown = _unknown_person(draft, event.by)
    if unknown:
        return False, unknown
    before = len(draft.changes)
    standing = _standing(draft)
    if draft.fold.may("acknowledge"):
        following.change_status(draft, "acknowledge", event.by)
        talking.open_now(draft)
    if draft.fold.status == "acknowledged":
        # Where somebody had taken it, an escalation that asks for its own team's yes may still be at work.
        paging.end_all(draft, f"acknowledged by {event.by}", acknowledged_by=event.by)
    by = draft.fold.acknowledged_by
    still = f", and {by} has it still" if by != event.by else ""
    return (True, f"acknowledged by {event.by}{still}") if len(draft.changes) > before else (False, standing)


def _unacknowledged(draft: Draft, event: Unacknowledged) -> Answer:
    if not draft.fold.may("unacknowledge"):
        return False, f"nobody has taken it: {_standing(draft)}"
    following.change_status(draft, "unacknowledge", event.by)
    following.plan(draft, anew=True)
    return True, f"given back by {event.by}"


def _mitigated(draft: Draft, event: Mitigated) -> Answer:
    if not draft.fold.may("mitigate"):
        return False, _standing(draft)
    why = f"mitigated by {event.by}"
    following.change_status(draft, "mitigate", event.by)
    paging.end_all(draft, why)
    repairing.stand_down(draft, why)
    return True, why


def _resolved(draft: Draft, event: Resolved) -> Answer:
    """The answer says how many alerts fire all the same: nobody is called for them again before they have ended and come back."""
    standing = _standing(draft)
    if not following.resolve(draft, event.by):
        return False, standing
    number = len(draft.fold.firing)
    still = f"; {number} alert{' still fires' if number == 1 else 's still fire'}" if number else ""
    return True, f"resolved by {event.by}{still}"


def _escalated(draft: Draft, event: Escalated) -> Answer:
    """The next level is paged at once, or level one where none is at work; what was taken is anybody's again."""
    why = f"escalated by {event.by}"
    if draft.fold.status == "resolved":
        return False, _standing(draft)
    was_taken = draft.fold.status == "acknowledged"
    if draft.fold.may("escalate"):
        following.change_status(draft, "escalate", event.by)
    at_work = any(not run.proceeds and not run.is_over for run in draft.fold.escalations)
    if (at_work or was_taken) and paging.go_on(draft, why):
        return True, why
    chosen = paging.choose(draft)
    paging.begin(draft, chosen, None, draft.now, anew=True)
    talking.plan_hub(draft, chosen.escalation, draft.now)
    return True, f"{why}: {chosen.escalation.ref.name} begins"


def _snoozed(draft: Draft, event: Snoozed) -> Answer:
    """Whoever puts it off has it until then."""
    unknown = _unknown_person(draft, event.by)
    if unknown:
        return False, unknown
    until = f"{event.until:%Y-%m-%d %H:%M} UTC"
    if event.until <= draft.now:
        return False, f"{until} is past"
    if draft.fold.status not in ("triggered", "acknowledged"):
        return False, _standing(draft)
    if draft.fold.may("acknowledge"):
        following.change_status(draft, "acknowledge", event.by)
    why = f"snoozed by {event.by} until {until}"
    draft.record(PagingSnoozed(event.by, draft.now, event.until))
    paging.end_all(draft, why, acknowledged_by=event.by)
    return True, why


def _extended(draft: Draft, event: Extended) -> Answer:
    """Whoever has it keeps it for longer."""
    if draft.fold.status not in ("acknowledged", "mitigated") or not draft.fold.acknowledged_by:
        return False, f"nobody has it: {_standing(draft)}"
    return holding.extend(draft, event.by, event.until)


def _noted(draft: Draft, event: Noted) -> Answer:
    if not event.text.strip():
        return False, "there is nothing in the note"
    if len(event.text) > TEXT_LIMIT:
        return False, f"the note is longer than {TEXT_LIMIT} characters"
    draft.record(NoteTaken(event.by, draft.now, event.text))
    return True, f"noted by {event.by}"


def _unknown_person(draft: Draft, name: str) -> str:
    """Why whoever is called *name* cannot have the incident: nobody could be paged for it again; empty for a declared person."""
    people = draft.bill.policies.people
    if name in people:
        return ""
    # Imported here: only a mistake needs it.
    from difflib import get_close_matches

    near = get_close_matches(name[:LONGEST_NAME], sorted(people), n=3, cutoff=0.6)
    meant = f": did you mean {' or '.join(f'`{each}`' for each in near)}?" if near else ": answer by the name of a `Person`"
    return f"no declared person is called `{name[:LONGEST_NAME]}`, so paging goes on{meant}"


def _standing(draft: Draft) -> str:
    """How the incident stands, in words, for somebody who came late."""
    fold = draft.fold
    by = f" by {fold.acknowledged_by}" if fold.status == "acknowledged" and fold.acknowledged_by else ""
    until = f", and snoozed until {fold.snoozed_until:%Y-%m-%d %H:%M} UTC" if fold.snoozed_until is not None else ""
    return f"it is {fold.status}{by} already{until}" if fold.status != "triggered" else "it is triggered"


# --- steps ----------------------------------------------------------------------------


def _approved(draft: Draft, step: Step, event: Approved) -> Answer:
    if step.state != "waiting":
        return False, _past(step)
    misnamed = questions.misnamed(draft, step, event.digest)
    if misnamed:
        return False, misnamed
    if step.kind == "update":
        return updating.reviewed(draft, step, event.by)
    if step.kind == "repair":
        return consenting.approve(draft, step, event.by)
    return False, f"{_past(step)}, not for a yes"


def _denied(draft: Draft, step: Step, event: Denied) -> Answer:
    by = event.by
    if step.state != "waiting":
        return False, _past(step)
    if step.kind == "update":
        return updating.refused(draft, step, by)
    if step.kind == "repair":
        return consenting.deny(draft, step, by)
    draft.withdraw((step,), f"{by} said no")
    return True, f"{by} said no"


def _requested(draft: Draft, step: Step, event: Requested) -> Answer:
    if step.kind != "offer":
        return False, f"only what is offered can be started: {_past(step)}"
    if step.state != "waiting":
        return False, _past(step)
    return consenting.request(draft, step, event.by)


def _retried(draft: Draft, step: Step, event: Retried) -> Answer:
    """Only what has come to a bad end is tried again, or what would be tried again later; and only if it still makes sense."""
    later = step.state == "started" and (step.retry_at is not None or any(each.retry_at is not None for each in step.deliveries))
    stopped = step.state == "withdrawn" and step.started_at is not None
    if step.state != "failed" and not later and not stopped:
        return False, _past(step)
    moot = _moot(draft, step)
    if moot:
        return False, moot
    note = f"tried again by {event.by}"
    if step.kind in repairing.AT_WORK:
        return consenting.retry(draft, step, event.by)
    if later and step.deliveries:
        waiting = (replace(each, retry_at=draft.now, earlier=each.attempt) if each.retry_at else each for each in step.deliveries)
        draft.change(step, deliveries=tuple(waiting), note="; ".join(filter(None, (note, step.note))))
    elif later:
        draft.change(step, retry_at=draft.now, retried=0, note="; ".join(filter(None, (note, step.note))))
    else:
        draft.change(
            step, state="planned", due_at=draft.now, started_at=None, answer_by=None, retry_at=None, note=note, error="", retried=0
        )
    return True, note


def _moot(draft: Draft, step: Step) -> str:
    """Why it makes no sense any more to try this *step* again; empty where it does."""
    if step.kind == "page":
        return retrying.why_no_page(draft.fold, step)
    if step.kind == "review":
        return "its update is what waits: approve or deny that"
    if step.kind == "alarm":
        return "" if draft.fold.status == "triggered" or alarms.is_awaited(draft, step) else _standing(draft)
    return "nobody needs it any more" if retrying.is_moot(draft, step) else ""


def _past(step: Step) -> str:
    """Why a *step* cannot be answered as it stands."""
    why = f": {step.problem}" if step.problem else ""
    waits = "it is offered, and waits to be started" if step.kind == "offer" else "it waits for a person's yes"
    return {
        "planned": "it is planned: it has not come to that yet",
        "waiting": waits,
        "started": "it has begun already",
        "done": "it is done already",
        "failed": f"it has failed{why}",
        "withdrawn": f"it was withdrawn{why}",
    }[step.state]


_SAID: Final[Mapping[type, Callable[[Draft, Any], Answer]]] = {
    Acknowledged: _acknowledged,
    Unacknowledged: _unacknowledged,
    Extended: _extended,
    Mitigated: _mitigated,
    Resolved: _resolved,
    Escalated: _escalated,
    Snoozed: _snoozed,
    Noted: _noted,
}
_OF_STEP: Final[Mapping[type, Callable[[Draft, Step, Any], Answer]]] = {
    Approved: _approved,
    Denied: _denied,
    Requested: _requested,
    Retried: _retried,
}
