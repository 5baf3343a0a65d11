"""Questions for a yes: who is asked, what they are told before they answer, and that it is over.

Rule 1: who may start and approve is said by the policies in force now, not by those that an incident began with.
Rule 2: whoever may approve is told that a question waits, with all that the answer is about, by their contact that tells.
Rule 3: the answer names the digest of what was shown; another one changes nothing.
"""

from __future__ import annotations

import shlex
from typing import Final

from watchbill.decide import messages
from watchbill.decide.draft import Draft
from watchbill.decide.guarding import Permission
from watchbill.decide.oncall import is_among, members_of
from watchbill.model.forecast import PlannedQuestion
from watchbill.model.plan import Call, Duty, Step
from watchbill.model.policies import Remediation
from watchbill.model.question import brief, digest_of, in_words, question_of
from watchbill.model.references import Target

ASKS: Final = "approval"
"""How the slots begin of the steps that tell of a question."""


# --- who may --------------------------------------------------------------------------


def approvers(draft: Draft, remediation: Remediation) -> tuple[Target, ...]:
    """Who may approve this *remediation* by the policies in force; nobody where they do not declare it any more."""
    declared = draft.bill.in_force.remediations.get(remediation.ref.name)
    return declared.may_approve if declared is not None else ()


def runners(draft: Draft, remediation: Remediation, *, begins: bool) -> tuple[Target, ...]:
    """Who may start this *remediation* by the policies in force, or carry on a run of it where it does not begin.

    One that is declared no more is begun by nobody; what has begun is still brought to its end by those who might start it.
    """
    declared = draft.bill.in_force.remediations.get(remediation.ref.name)
    return declared.may_run if declared is not None else () if begins else remediation.may_run


def is_allowed(draft: Draft, targets: tuple[Target, ...], by: str) -> bool:
    """Whether *by* is among these *targets* by the policies in force."""
    return is_among(draft.bill.in_force, targets, draft.fold.team, by, draft.now)


# --- what is asked --------------------------------------------------------------------


def ask(draft: Draft, step: Step, remediation: Remediation) -> None:
    """Tell those who may approve this *step*, which waits from now on, what they are asked."""
    question = question_of(step, draft.fold.revision)
    if question is None:
        return
    found = members_of(draft.bill.in_force, approvers(draft, remediation), draft.fold.team, draft.now)
    people = [Duty(each.person.name, each.duty, each.why) for each in found if each.person.name != question.asked_by]
    again = sum(other.slot.endswith(f"/{step.slot}") for other in draft.steps("tell") if other.because == step.because)
    slot = f"{ASKS}-{again + 1}/{step.slot}" if again else f"{ASKS}/{step.slot}"
    text = _text(draft, step, remediation)
    messages.tell(draft, step.because, step.place, slot, people, text, round=step.round, about=step.about)


def _text(draft: Draft, step: Step, remediation: Remediation) -> str:
    question = question_of(step, draft.fold.revision)
    assert question is not None
    name = shlex.quote(step.id.removeprefix(f"{draft.fold.id}/"))
    until = f" until {question.until:%Y-%m-%d %H:%M} UTC" if question.until is not None else ""
    then = [each.name for each in remediation.steps[1:]]
    lines = [
        f"{remediation.ref.name} waits for your yes{until}. Unanswered it is a no.",
        f"Action: {question.action}",
        *(f"  {argument}: {in_words(value)}" for argument, value in question.arguments.items()),
        f"Target: {in_words(question.target)}",
        *([f"Then: {', '.join(then)}"] if then else []),
        f"Asked by: {question.asked_by or 'watchbill'}",
        f"Digest: {question.digest}",
        f"Yes: watchbill approve {draft.fold.id} {name} --digest {question.digest}",
        f"No: watchbill deny {draft.fold.id} {name}",
    ]
    return "\n".join(lines)


def withdraw_answered(draft: Draft) -> None:
    """Tell of no question any more that does not wait."""
    for step in draft.steps("tell"):
        if step.slot.startswith(ASKS) and step.state == "started" and step.leaves_at is not None:
            slot = step.slot.partition("/")[2]
            own = (each for each in draft.steps("repair") if each.because == step.because and each.slot == slot)
            if not any(each.state == "waiting" and each.round == step.round for each in own):
                messages.end(draft, "it is not waited for any more", step.slot)


def misnamed(draft: Draft, step: Step, digest: str) -> str:
    """Why a yes to this *digest* is no yes to what this *step* asks; empty where it is, or where it names none."""
    question = question_of(step, draft.fold.revision)
    if not digest or question is None or digest.strip().lower() == question.digest:
        return ""
    return f"that is not what waits: it is {brief(question)}, with the digest {question.digest}"


# --- what is said of it beforehand ------------------------------------------------------


def asked_of(draft: Draft, remediation: Remediation) -> tuple[str, ...]:
    """The names of those who would be asked now to approve this *remediation*."""
    found = members_of(draft.bill.in_force, approvers(draft, remediation), draft.fold.team, draft.now)
    return tuple(each.person.name for each in found)


def unanswered(phase: str) -> str:
    """What follows if nobody answers a question about a remediation of this *phase*, in words."""
    return "unanswered it is a no" + ("; people are paged at once, and wait for none of it" if phase == "fallback" else "")


def waits(draft: Draft, remediation: Remediation, allowed: Permission) -> str:
    """That this *remediation* waits for a yes before it begins by itself: whose, until when, and what follows without one."""
    until = draft.now + remediation.approval_expires
    people = ", ".join(asked_of(draft, remediation)) or "nobody: no one who may approve can be told"
    number = "1 approval" if allowed.approvals == 1 else f"{allowed.approvals} approvals"
    return f"waits for {number} ({allowed.phase}) until {until:%H:%M} UTC, asks {people}; {unanswered(allowed.phase)}"


def forecast(
    draft: Draft, remediation: Remediation, allowed: Permission, target: str, calls: tuple[Call, ...], begun: Step | None
) -> PlannedQuestion:
    """What would be asked before this *remediation* makes the first of these *calls*; *begun* is its step, if it is there."""
    return PlannedQuestion(
        people=asked_of(draft, remediation),
        until=begun.answer_by if begun is not None else None,
        lasts=remediation.approval_expires,
        digest=digest_of(calls[0], target, draft.fold.revision),
        unanswered=unanswered(allowed.phase),
    )
