"""How times, people, contacts and counts are said, the same in every form of a report.

Times are UTC unless a zone is named beside them. One that falls on another day than the plan carries its date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final, Literal

from watchbill.errors import Place
from watchbill.expressions.durations import format_duration
from watchbill.model.forecast import (
    Mark,
    Plan,
    PlannedContact,
    PlannedEscalation,
    PlannedEvidence,
    PlannedHub,
    PlannedPerson,
    PlannedPost,
    PlannedRepair,
    PlannedTelling,
    PlannedUpdate,
)
from watchbill.model.plan import Call, Reason
from watchbill.model.references import Json
from watchbill.report.counts import count, listing
from watchbill.report.plain import first_line, plain

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_CONTACTS: Final = {"sms": "SMS", "mms": "MMS", "email": "e-mail", "mail": "e-mail", "voice": "call", "direct": "direct message"}

_SENDING: Final = ("post", "send", "publish", "message", "update", "notify", "create", "page")
"""Actions whose connector's name says enough: ``statuspage.post`` is the status page."""


def instant(moment: datetime) -> str:
    """The *moment* in full: ``2026-11-23 03:12 UTC``; seconds only where there are some."""
    return _utc(moment).strftime("%Y-%m-%d %H:%M:%S UTC" if _utc(moment).second else "%Y-%m-%d %H:%M UTC")


def clock(moment: datetime, at: datetime) -> str:
    """The *moment* as ``03:18``, with its date where that is not the day of *at*."""
    return _utc(moment).strftime("%H:%M" if is_same_day(moment, at) else "%Y-%m-%d %H:%M")


def is_same_day(one: datetime, other: datetime) -> bool:
    """Whether both fall on one day of UTC."""
    return _utc(one).date() == _utc(other).date()


def weekday(moment: datetime) -> str:
    """The *moment* in a table of days: ``Mon 2026-11-23 09:00``."""
    local = _utc(moment)
    return f"{_WEEKDAYS[local.weekday()]} {local:%Y-%m-%d %H:%M}"


def local_clock(local: datetime, zone: str) -> str:
    """What time it is there: ``04:18 in Lisbon``, with the weekday where it is another day; empty where there is UTC anyway."""
    if zone in ("UTC", "Etc/UTC"):
        return ""
    day = "" if local.date() == _utc(local).date() else f"{_WEEKDAYS[local.weekday()]} "
    return f"{day}{local:%H:%M} in {city(zone)}"


def local_of(person: PlannedPerson) -> str:
    """What time it is for this *person* when they are reached."""
    return local_clock(person.local_at, person.zone)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def city(zone: str) -> str:
    """The last part of a *zone*'s name, as one says it: ``New York``."""
    return plain(zone.rsplit("/", 1)[-1].replace("_", " "))


def span(length: timedelta) -> str:
    """A duration as policies write it: ``1h30m``."""
    return format_duration(length)


def duty(target: str) -> str:
    """A target as one says it: ``primary``, ``lead of security``, ``team payments``, ``by name``."""
    kind, _, name = plain(target).partition("/")
    if kind == "role":
        role, _, team = name.partition("@")
        return f"{role} of {team}" if team else role
    return {"person": "by name", "schedule": name, "team": f"team {name}"}.get(kind, plain(target))


def whom(targets: Iterable[str]) -> str:
    """Targets as one says whom they are: ``team payments or incident-commander``."""
    said = (plain(target).removeprefix("person/") if target.startswith("person/") else duty(target) for target in targets)
    return listing(tuple(said), last="or")


def contacts(ways: Sequence[PlannedContact]) -> str:
    """The *ways* in order of preference: ``call, then SMS after 2m``."""
    said = _ways(ways)
    parts: list[str] = []
    now = [word for word, way in said if not way.after]
    if now:
        parts.append(listing(now))
    for word, way in said:
        if way.after:
            parts.append(f"{'then ' if parts else ''}{word} after {span(way.after)}")
    return ", ".join(parts)


def _ways(ways: Sequence[PlannedContact]) -> list[tuple[str, PlannedContact]]:
    return list(zip(contact_names([way.use for way in ways]), ways, strict=True))


def contact_names(uses: Sequence[str]) -> list[str]:
    """Actions as one says them, ``call``, ``SMS``; as policies name them where two would be called alike."""
    words = [_contact(use) for use in uses]
    return [plain(use) if words.count(word) > 1 else word for word, use in zip(words, uses, strict=True)]


def _contact(use: str) -> str:
    connector, _, action = plain(use).partition(".")
    if action in _SENDING:
        return _CONTACTS.get(connector, connector)
    return _CONTACTS.get(action, action.replace("-", " ") or connector)


def channels(uses: Sequence[str]) -> str:
    """The channels of an update: ``statuspage and e-mail``."""
    return listing(contact_names(uses))


# --- what comes to nothing --------------------------------------------------------------


MARKS: Final[Mapping[Mark, str]] = {"not-carried-out": "not carried out by this version", "shadow": "in shadow, touches nothing"}


def mark(found: Mark | None) -> str:
    """Why something comes to nothing, behind it: `` (not carried out by this version)``; empty where it does not."""
    return f" ({MARKS[found]})" if found is not None else ""


def marked(names: Sequence[str], marks: Sequence[Mark | None]) -> str:
    """Which of these *names* come to nothing, and why: ``call and SMS: not carried out by this version``; empty where none does."""
    said = []
    for why, words in MARKS.items():
        idle = list(dict.fromkeys(name for name, found in zip(names, marks, strict=False) if found == why))
        if idle:
            said.append(f"{listing(idle)}: {words}")
    return "; ".join(said)


def marked_contacts(ways: Sequence[PlannedContact]) -> str:
    """Which *ways* to a person come to nothing, and why."""
    return marked([word for word, _ in _ways(ways)], [way.mark for way in ways])


def marked_channels(update: PlannedUpdate) -> str:
    """By which channels an *update* does not leave, and why."""
    return marked(contact_names(update.channels), update.marks)


def marked_hub(hub: PlannedHub) -> str:
    """What of a *hub* is not opened, and why."""
    return marked(("channel", "bridge"), (hub.channel_mark, hub.bridge_mark))


def marked_evidence(pieces: Sequence[PlannedEvidence]) -> str:
    """Which *pieces* of evidence are not collected, and why; of all of a policy in two words."""
    marks = [piece.mark for piece in pieces]
    if len(pieces) > 1 and marks[0] is not None and len(set(marks)) == 1:
        return f"all of it: {MARKS[marks[0]]}"
    return marked([plain(piece.title) or plain(piece.name) for piece in pieces], marks)


def marked_steps(repair: PlannedRepair) -> str:
    """Which steps of a *repair* are not taken, and why."""
    return marked([f"{plain(step.connector)}.{plain(step.action)}" for step in repair.steps], repair.marks)


def held(plan: Plan, escalation: PlannedEscalation) -> str:
    """How long the pages of an *escalation* wait, and for what: ``held up to 6m, until 03:18, for restart-checkout``."""
    if escalation.held_until is None:
        return ""
    for_what = listing([plain(name) for name in escalation.held_for])
    until = f"held up to {span(escalation.held_until - plan.at)}, until {clock(escalation.held_until, plan.at)}"
    return f"{until}, for {for_what}" if for_what else until


def afterwards(escalation: PlannedEscalation) -> str:
    """What follows the last page of an *escalation*, as the end of a list of things that happen."""
    after = plain(escalation.after)
    return after if not after or after.startswith("then ") else f"then {after}"


# --- posts and updates ------------------------------------------------------------------


def alike(posts: Sequence[PlannedPost]) -> list[list[PlannedPost]]:
    """The *posts*, those that say the same to the same together."""
    groups: dict[tuple[str, str, str, Place], list[PlannedPost]] = {}
    for each in posts:
        arguments = repr(sorted(each.call.arguments.items(), key=str))
        groups.setdefault((each.call.connector, each.call.action, arguments, each.place), []).append(each)
    return list(groups.values())


def post(post: PlannedPost) -> str:
    """A post: its action, where it goes, and the first line of what it says; or why it cannot be made."""
    to, text = said_to(post.call), said_text(post.call)
    name = f"{plain(post.call.connector)}.{plain(post.call.action)}"
    if post.error:
        return f"{name} cannot be made: {plain(post.error)}"
    return name + (f" {to}" if to else "") + (f": «{text}»" if text else "")


def said_to(call: Call) -> str:
    """Where a *call* speaks: its ``channel``, ``to`` or ``path``, if it has one."""
    return plain(_argument(call, ("channel", "to", "room", "path")))


def said_text(call: Call) -> str:
    """The first line of what a *call* says, if it says anything."""
    return first_line(_argument(call, ("text", "body", "message", "summary", "title")))


def _argument(call: Call, names: Sequence[str]) -> str:
    texts = (call.arguments.get(name) for name in names)
    return next((text for text in texts if isinstance(text, str)), "")


def how_told(plan: Plan, update: PlannedUpdate) -> str:
    """How an update leaves: its channels, who reads it first, when it goes without them, and what follows."""
    parts = [channels(update.channels) or "no channel"]
    if update.reviewer is not None:
        parts.append(f"reviewed by {plain(update.reviewer.name)}")
        parts.append(f"sent {clock(update.sent_at, plan.at)} if nobody answers" if update.sent_at else "held until they answer")
        # Of what its note says, only for what it waits is not said here already.
        parts.extend(plain(said) for said in update.review.split("; ") if said.startswith("waits until "))
    elif update.sent_at is None and not update.review.startswith("waits until "):
        parts.append(f"not sent: {plain(update.review)}" if update.review else "not sent")
    elif update.review:
        parts.append(plain(update.review))
    then = f"; then every {span(update.every)}" if update.every else ""
    liaison = f"; liaison: {whom((update.liaison,))}" if update.liaison and update.reviewer is None else ""
    return ", ".join(parts) + then + liaison


def called(update: PlannedUpdate, channel: PlannedTelling) -> str:
    """What one channel of an *update* gets: its arguments, those that are the update's own words by their names; or why it gets nothing."""
    call = channel.call
    if call is None:
        return f"not by {plain(channel.use)}: {plain(channel.error)}"
    own = {"subject": update.subject.strip(), "text": update.body.strip()}
    above = [name for name, value in call.arguments.items() if isinstance(value, str) and value.strip() in own.values()]
    parts = [f"{listing([plain(name) for name in above])} as above"] if above else []
    parts += [f"{plain(name)} {_shown(value)}" for name, value in call.arguments.items() if name not in above]
    name = f"{plain(call.connector)}.{plain(call.action)}"
    return f"{name}: {', '.join(parts)}" if parts else name


def _shown(value: Json) -> str:
    if isinstance(value, str):
        return f"«{plain(value)}»"
    if isinstance(value, Mapping):
        return ", ".join(f"{plain(name)} {_shown(each)}" for name, each in value.items())
    if isinstance(value, Sequence):
        return ", ".join(_shown(each) for each in value)
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


# --- remediations -----------------------------------------------------------------------


def standing(plan: Plan, repair: PlannedRepair) -> Literal["runs", "offer", "no"]:
    """Whether a remediation begins by itself, is offered to people, or neither."""
    if repair.runs:
        return "runs"
    return "no" if why_not(plan, repair) else "offer"


def why_not(plan: Plan, repair: PlannedRepair) -> str:
    """Why a remediation that applies is neither run nor offered; empty where it is."""
    if repair.runs:
        return ""
    if repair.error:
        return f"cannot run: {plain(repair.error)}"
    if repair.declared == "opportunity":
        return "opportunity: counted, not automated"
    # Other reasons with a condition are about alerts that it does not match, besides the one that it does.
    own = (each for each in plan.reasons if each.policy == repair.because and each.kind == "precondition")
    return next((refusal(reason) for reason in own), "")


def refusal(reason: Reason) -> str:
    """Why a policy does not take part: the first condition that failed, and what it met."""
    note, failed, saw = plain(reason.note), plain(reason.failed), plain(reason.saw)
    if not failed:
        return note or "it does not apply"
    met = f", saw {saw}" if saw else ""
    if reason.kind in ("matcher", "when") or not note:
        return f"needs {failed}{met or ', saw nothing'}"
    return f"{note}: {failed}{met}"


def nobody(plan: Plan) -> str:
    """Why no escalation takes part: a silence or an inhibition, or that there is nothing to act on."""
    muted = dict.fromkeys(plain(each.note) for each in plan.reasons if each.applied and each.policy.kind in ("Silence", "Inhibition"))
    return "; ".join(muted) or ("no escalation takes part" if plan.lead.is_firing else "these alerts have ended")


def guards(repair: PlannedRepair) -> list[str]:
    """What the guards say that let a remediation pass: its own, and freezes; caps of guardrails are only counted."""
    passing = [guard for guard in repair.forecasts if guard.passes]
    caps = [guard for guard in passing if guard.because.kind == "Guardrail" and guard.kind in ("rate", "concurrency")]
    said = [plain(guard.text) for guard in passing if guard not in caps]
    if caps:
        said.append(f"within {len(caps)} {'cap' if len(caps) == 1 else 'caps'} of guardrails")
    return said


def calls(steps: Sequence[Call]) -> str:
    """What a remediation does, in order: ``machines.run (2 times), then cluster.scale``."""
    said: list[str] = []
    for name, alike in groupby(f"{plain(step.connector)}.{plain(step.action)}" for step in steps):
        number = len(list(alike))
        said.append(name if number == 1 else f"{name} ({number} times)")
    return ", then ".join(said)


def failure(plan: Plan, repair: PlannedRepair) -> str:
    """What happens where a remediation that runs by itself does not help, and how it is undone."""
    undo = f"undo: {plain(repair.rollback)}" if repair.rollback else ""
    if not repair.runs:
        return undo
    if any(repair.name in escalation.held_for for escalation in plan.escalations):
        return "if it does not hold: page at once, with what was tried" + (f"; {undo}" if undo else "")
    return "people are paged all the same" + (f"; {undo}, if it does not hold" if undo else "")


def approval(repair: PlannedRepair) -> str:
    """How many must say yes, and who may: ``no approval``, ``2 approvals by incident-commander``."""
    if not repair.approvals:
        return "no approval"
    by = f" by {whom(repair.approvers)}" if repair.approvers else ""
    return count(repair.approvals, "approval") + by


def question(plan: Plan, repair: PlannedRepair) -> list[str]:
    """What is asked before a remediation begins, of whom, until when, and what follows without an answer; nothing where nobody is."""
    asked = repair.question
    if asked is None:
        return []
    call = repair.steps[0]
    arguments = [f"{plain(name)} {_shown(value)}" for name, value in call.arguments.items()]
    by = f"until {clock(asked.until, plan.at)}" if asked.until is not None else f"for {span(asked.lasts)} once it is started"
    people = listing([plain(name) for name in asked.people]) if asked.people else "nobody who can be told"
    then = [f"{plain(each.connector)}.{plain(each.action)}" for each in repair.steps[1:]]
    said = f"{plain(call.connector)}.{plain(call.action)}"
    said += f": {', '.join(arguments)}" if arguments else ""
    return [
        f"asks {people} {by}; {plain(asked.unanswered)}",
        f"the question: {said}{f' on {plain(repair.target)}' if repair.target else ''}{f'; then {listing(then)}' if then else ''}",
        f"digest {plain(asked.digest)} of that and of the revision",
    ]


def phase(repair: PlannedRepair) -> str:
    """How far it is trusted, and what its document asked for where a guardrail allows less."""
    if repair.phase == repair.declared:
        return repair.phase
    return f"{repair.phase} (a guardrail lowers it from {repair.declared})"
