"""What was expected of a case against what its play did: each difference with the reason that the decisions gave.

Rule 1: one function for each kind of expectation, from a play to the differences it finds.
Rule 2: a reason is never worked out here. It is a reason of a decision, or what a step says of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from watchbill.decide import Bill
from watchbill.decide.planned_updates import what_is_told
from watchbill.expressions.durations import format_duration
from watchbill.model.decision import Snapshot
from watchbill.model.given import PersonRetries, PersonStarts
from watchbill.model.plan import Call, Step
from watchbill.model.testing import (
    NOBODY,
    Difference,
    Expected,
    ExpectedAlarm,
    ExpectedDelivery,
    ExpectedEvidence,
    ExpectedHub,
    ExpectedName,
    ExpectedNothing,
    ExpectedPages,
    ExpectedPost,
    ExpectedRepair,
    ExpectedStatus,
    ExpectedUpdate,
    Why,
)
from watchbill.report.counts import listing
from watchbill.verify.cases import CasePlay, Played
from watchbill.verify.delivery_results import alarm_differences, delivery_differences, unused_differences
from watchbill.verify.pages import page_differences, pages_of, why_of_page
from watchbill.verify.reasons import why_not, why_of_step, whys
from watchbill.verify.standing import standing_of, why_of_repair


def differences(bill: Bill, play: CasePlay) -> tuple[Difference, ...]:
    """Everything in which this *play* is not as its case expects, in the order of the expectations."""
    found = [difference for expected in play.case.expected for difference in _CHECKS[type(expected)](bill, play, expected)]
    return (*found, *_unanswered(bill, play), *unused_differences(bill, play))


def _unanswered(bill: Bill, play: CasePlay) -> Iterator[Difference]:
    """What people say of steps that are not there for it: the case tells of something that does not happen."""
    for said in play.unanswered:
        because = why_of_repair(bill, play, said.remediation) if said.remediation else ()
        if isinstance(said, PersonStarts):
            wanted, got = f"{said.by} starts {said.remediation}", f"{said.remediation} is not offered then"
        elif isinstance(said, PersonRetries):
            what = f"{said.remediation}/{said.step}" if said.step else said.remediation
            wanted, got = f"{said.by} has {what} tried again", f"nothing of {what} has failed by then"
        else:
            about = said.remediation or f"the update to {said.audience}"
            wanted, got = f"{said.by} {'approves' if said.is_yes else 'denies'} {about}", f"{about} waits for nobody then"
            because = because or _why_of_updates(bill, play, said.audience or "")
        yield Difference(f"answer at {format_duration(said.at)}", wanted, got, said.place, because)


def _offset(play: CasePlay, at: datetime) -> str:
    return format_duration(at - play.case.at)


def _first(play: CasePlay) -> Played | None:
    """The incident of the first alert, which single facts are asked of."""
    return play.incidents[0] if play.incidents else None


# --- whose it is ----------------------------------------------------------------------


def _name(bill: Bill, play: CasePlay, expected: ExpectedName) -> Iterator[Difference]:
    first = _first(play)
    if first is None:
        return
    if expected.what == "escalation":
        yield from _escalation(first, expected)
        return
    claimed = first.correlation.alerts[0]
    got = claimed.team if expected.what == "owner" else claimed.service or NOBODY
    if got == expected.name:
        return
    of_expected = [reason for reason in first.claims if reason.policy.name == expected.name]
    yield Difference(expected.what, expected.name, got, expected.place, whys((first.claims[0], *of_expected)))


def _escalation(first: Played, expected: ExpectedName) -> Iterator[Difference]:
    """The escalation of the first decision that chose one."""
    reasons = [reason for reason in first.reasons if reason.policy.kind in ("Escalation", "Settings")]
    incident = first.moments[0].decision.incident if first.moments else None
    won = next((run.policy.name for run in incident.escalations if not run.proceeds), None) if incident is not None else None
    if won != expected.name:
        telling = [reason for reason in reasons if reason.policy.name in (won, expected.name)]
        yield Difference("escalation", expected.name, won or "none", expected.place, whys(telling or first.claims[:1]))


# --- where it is told -----------------------------------------------------------------


def _post(bill: Bill, play: CasePlay, expected: ExpectedPost) -> Iterator[Difference]:
    at = play.case.at + expected.at
    made = [(moment, step, call) for each in play.incidents for moment, step in each.started("notify") for call in step.calls]
    same = [(moment, step, call) for moment, step, call in made if moment == at and f"{call.connector}.{call.action}" == expected.use]
    text = expected.contains
    if any(text is None or any(text in each for each in _texts(call.arguments)) for _, _, call in same):
        return
    subject = f"post at {format_duration(expected.at)}"
    wanted = expected.use + (f" with «{text}»" if text is not None else "")
    if same:
        got = listing([_told(call) for _, _, call in same])
        yield Difference(subject, wanted, got, expected.place, tuple(why_of_step(step, "it posts this") for _, step, _ in same))
        return
    others = [f"{call.connector}.{call.action} at {_offset(play, moment)}" for moment, _, call in made]
    got = listing(others) if others else "no post"
    yield Difference(subject, wanted, got, expected.place, why_of_page(play))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _told(call: Call) -> str:
    said = " ".join(" ".join(_texts(call.arguments)).split())
    return f"{call.connector}.{call.action}: «{said if len(said) <= 120 else said[:119] + '…'}»"


def _hub(bill: Bill, play: CasePlay, expected: ExpectedHub) -> Iterator[Difference]:
    first = _first(play)
    opened = [step for _, step in first.started("hub", "bridge") if step.calls] if first is not None else []
    channel = next((name for step in opened if step.kind == "hub" for name in _texts(step.calls[0].arguments)), None)
    because = tuple(why_of_step(step, "it opens the hub") for step in opened[:1]) or why_of_page(play)
    wanted = expected.channel
    if wanted is not None and (channel is None or not fnmatchcase(channel, wanted)):
        yield Difference("hub", wanted, channel or "no channel", expected.place, because)
    has_bridge = any(step.kind == "bridge" for step in opened)
    if expected.bridge is not None and has_bridge != expected.bridge:
        words = {True: "a bridge", False: "no bridge"}
        yield Difference("hub", words[expected.bridge], words[has_bridge], expected.place, because)
    if expected.invited:
        beside = [page.people for page in pages_of(play) if opened and page.at == opened[0].started_at]
        invited = dict.fromkeys((*(name for people in beside for name in people), *(duty.person for s in opened for duty in s.people)))
        missing = [name for name in expected.invited if name not in invited]
        if missing:
            got = f"{listing(list(invited)) or NOBODY} invited"
            yield Difference("hub", f"{listing(missing)} invited", got, expected.place, because)


# --- what is collected and told -------------------------------------------------------


def _evidence(bill: Bill, play: CasePlay, expected: ExpectedEvidence) -> Iterator[Difference]:
    asked = [step for each in play.incidents for step in each.steps if step.kind == "collect" and step.slot == expected.collector]
    if any(step.started_at is not None for step in asked):
        return
    subject, wanted = "evidence", f"{expected.collector} runs"
    if asked:
        got = asked[0].note or "it did not begin"
        yield Difference(subject, wanted, got, expected.place, tuple(why_of_step(step, got) for step in asked))
        return
    triages = [name for name, triage in bill.policies.triages.items() if any(c.name == expected.collector for c in triage.collectors)]
    yield Difference(subject, wanted, "it does not run", expected.place, why_not(bill, play, "Triage", triages))


def _update(bill: Bill, play: CasePlay, expected: ExpectedUpdate) -> Iterator[Difference]:
    due = play.case.at + expected.at
    mine = [step for step in _updates(bill, play, expected.audience) if step.due_at <= play.until and step.state != "planned"]
    found = next((step for step in mine if step.due_at == due and step.state != "withdrawn"), None)
    subject = f"update to {expected.audience} at {format_duration(expected.at)}"
    if found is None:
        times = list(dict.fromkeys(_offset(play, step.due_at) for step in mine if step.state != "withdrawn"))
        # What waits for the end of quiet hours is due then, which may be after all that the case looks at.
        waiting = [step.note for step in _updates(bill, play, expected.audience) if step.state == "planned" and step.note]
        got = f"due at {listing(times)}" if times else f"it {waiting[0]}" if waiting else "none is due"
        yield Difference(subject, "it is due", got, expected.place, _why_of_updates(bill, play, expected.audience))
        return
    because = (why_of_step(found, "it is due"),)
    if found.state == "failed" and found.started_at is None:
        yield Difference(subject, "it is sent", f"it is not sent: {found.note}", expected.place, because)
        return
    errors = _unfit(bill, play, found)
    if errors:
        yield Difference(subject, "it leaves by every channel", f"it does not: {'; '.join(errors)}", expected.place, because)
    if expected.contains is not None and expected.contains not in found.text and expected.contains not in found.subject:
        said = " ".join(f"{found.subject} {found.text}".split())
        got = f"«{said}»" if said else f"it is not sent: {found.note or found.state}"
        yield Difference(subject, f"«{expected.contains}»", got, expected.place, because)
    if expected.reviewer is not None:
        reviews = [step for each in play.incidents for step in each.steps if step.kind == "review" and _is_same(step, found)]
        asked = [duty.person for step in reviews for duty in step.people]
        if expected.reviewer not in asked:
            got = f"{listing(asked) or NOBODY} is asked"
            yield Difference(subject, f"reviewed by {expected.reviewer}", got, expected.place, because)
    if expected.sent is not None and found.started_at != play.case.at + expected.sent:
        got = f"sent at {_offset(play, found.started_at)}" if found.started_at is not None else f"not sent: {found.note or found.state}"
        yield Difference(subject, f"sent at {format_duration(expected.sent)}", got, expected.place, because)


def _unfit(bill: Bill, play: CasePlay, step: Step) -> tuple[str, ...]:
    """Why channels cannot take this update, which has been sent or waits for its review: each as the engine would say it."""
    comms = bill.policies.comms.get(step.because.name)
    audience = bill.policies.audiences.get(comms.audience) if comms is not None else None
    moments = next((each.moments for each in play.incidents if any(own is step for own in each.steps)), ())
    if comms is None or audience is None or not moments:
        return ()
    _, body, calls = what_is_told(bill, moments, Snapshot(), step, comms, audience)
    return tuple(each.error for each in calls if each.call is None) if body else ("its text cannot be filled in",)


def _is_same(review: Step, update: Step) -> bool:
    return (review.because, review.slot, review.round) == (update.because, update.slot, update.round)


def _updates(bill: Bill, play: CasePlay, audience: str) -> list[Step]:
    """The updates to this *audience* in order of time."""
    names = [name for name, comms in bill.policies.comms.items() if comms.audience == audience]
    steps = (step for each in play.incidents for step in each.steps if step.kind == "update" and step.because.name in names)
    return sorted(steps, key=lambda step: step.due_at)


def _why_of_updates(bill: Bill, play: CasePlay, audience: str) -> tuple[Why, ...]:
    names = [name for name, comms in bill.policies.comms.items() if comms.audience == audience]
    return why_not(bill, play, "Comms", names)


# --- remediations, status, nothing ----------------------------------------------------


def _repair(bill: Bill, play: CasePlay, expected: ExpectedRepair) -> Iterator[Difference]:
    standing, said = standing_of(play, expected.name)
    because = why_of_repair(bill, play, expected.name)
    if standing != expected.standing:
        yield Difference(f"remediation {expected.name}", expected.standing, standing, expected.place, because)
    elif expected.because is not None and not any(expected.because in text for text in (*said, *(why.text for why in because))):
        got = listing([f"«{text}»" for text in dict.fromkeys((*said, *(why.text for why in because)))]) or "no reason"
        yield Difference(f"remediation {expected.name}", f"«{expected.because}»", got, expected.place, because)


def _status(bill: Bill, play: CasePlay, expected: ExpectedStatus) -> Iterator[Difference]:
    first = _first(play)
    at = play.case.at + expected.at
    before = [moment.decision.incident for moment in first.moments if moment.at <= at] if first is not None else []
    incident = before[-1] if before else None
    got = incident.status if incident is not None else "no incident"
    if got != expected.status:
        since = incident.status_at if incident is not None else None
        text = f"{got} since {_offset(play, since)}" if since is not None else got
        yield Difference(
            f"status at {format_duration(expected.at)}", expected.status, text, expected.place, whys(first.claims[:1] if first else ())
        )


def _nothing(bill: Bill, play: CasePlay, expected: ExpectedNothing) -> Iterator[Difference]:
    end = play.case.at + expected.until
    kinds = _NOTHING[expected.of]
    subject = "what follows" if expected.of == "all" else expected.of
    for each in play.incidents:
        for at, step in each.started(*kinds):
            if at <= end and (step.kind != "page" or step.people):
                who = f" of {listing([duty.person for duty in step.people])}" if step.people else ""
                got = f"{step.kind}{who} at {_offset(play, at)}"
                yield Difference(subject, "nothing", got, expected.place, (why_of_step(step, f"it brings this {step.kind}"),))
        if "offer" in kinds:
            for step in each.steps:
                if step.kind == "offer" and step.due_at <= end:
                    because = (why_of_step(step, "it is offered"),)
                    yield Difference(subject, "nothing", f"{step.because.name} is offered", expected.place, because)


_NOTHING: Final = {
    "posts": ("notify",),
    "evidence": ("collect",),
    "updates": ("update",),
    "remediations": ("repair", "offer"),
    "deliveries": ("page", "review", "remind", "tell", "notify", "hub", "bridge", "collect", "update"),
    "alarms": ("alarm",),
    "all": ("page", "alarm", "notify", "hub", "bridge", "update", "review", "remind", "tell", "repair", "offer"),
}


_CHECKS: Final[Mapping[type[Expected], Callable[[Bill, CasePlay, Any], Iterable[Difference]]]] = {
    ExpectedName: _name,
    ExpectedPages: page_differences,
    ExpectedPost: _post,
    ExpectedHub: _hub,
    ExpectedEvidence: _evidence,
    ExpectedUpdate: _update,
    ExpectedRepair: _repair,
    ExpectedStatus: _status,
    ExpectedDelivery: delivery_differences,
    ExpectedAlarm: alarm_differences,
    ExpectedNothing: _nothing,
}
