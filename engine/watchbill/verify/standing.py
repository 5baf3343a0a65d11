"""Where a remediation stands when a case is over, and why."""

from __future__ import annotations

from typing import Final

from watchbill.decide import Bill
from watchbill.model.plan import Reason
from watchbill.model.testing import Standing, Why
from watchbill.verify.cases import CasePlay
from watchbill.verify.reasons import why_not, why_of_step, whys

NOT_ABOUT: Final = ("matcher", "when", "scope")
"""Reasons by which a remediation has nothing to do with an alert."""


def standing_of(play: CasePlay, name: str) -> tuple[Standing, tuple[str, ...]]:
    """Where the remediation of this *name* stands, and what its steps say of that.

    Of several targets, or several incidents, the one that came furthest counts.
    """
    steps = [step for each in play.incidents for step in each.steps if step.because.kind == "Remediation" and step.because.name == name]
    repairs = [step for step in steps if step.kind == "repair"]
    said = tuple(dict.fromkeys(step.note for step in steps if step.note))
    if any(step.started_at is not None for step in repairs):
        return "runs", said
    if any(step.state == "waiting" for step in repairs):
        return "waiting", said
    if any(step.state == "planned" for step in repairs):
        return "runs", said
    reasons = _reasons(play, name)
    # What was answered to a person is about what they asked, not about where it stands.
    about = [reason for reason in reasons if reason.kind not in (*NOT_ABOUT, "answer")]
    if any(step.state == "failed" for step in repairs):
        return "refused", said
    if any(step.kind == "offer" for step in steps):
        return ("offered" if any(reason.applied for reason in about) else "refused"), said
    if any(not reason.applied for reason in about):
        return "refused", said
    return "absent", said


def _reasons(play: CasePlay, name: str) -> list[Reason]:
    found = (reason for each in play.incidents for reason in each.reasons)
    return [reason for reason in found if reason.policy.kind == "Remediation" and reason.policy.name == name]


def why_of_repair(bill: Bill, play: CasePlay, name: str) -> tuple[Why, ...]:
    """What the decisions and its own steps say of the remediation of this *name*.

    That it has nothing to do with one of several alerts is left out where it has with another.
    """
    about = [reason for reason in _reasons(play, name) if reason.kind not in NOT_ABOUT]
    steps = [step for each in play.incidents for step in each.steps if step.because.name == name and step.note]
    own = (why_of_step(step, "") for step in steps if step.because.kind == "Remediation")
    return tuple(dict.fromkeys((*(whys(about) or why_not(bill, play, "Remediation", (name,))), *own)))
