"""Who has an incident, until when, and what follows when that time ends.

Rule 1: an acknowledgement ends. Whoever has the incident is reminded before, and may extend it; then the incident is anybody's again.
Rule 2: a snooze ends by its own time. The end of an acknowledgement does not cut it short; only that its holder is gone does.
Rule 3: a mitigated incident is never given back. Whoever has it is reminded again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from watchbill.decide import following, messages, paging
from watchbill.decide.bill import Bill
from watchbill.decide.draft import Answer, Draft
from watchbill.expressions.durations import format_duration
from watchbill.model.change import AcknowledgedUntil, Trigger
from watchbill.model.incident import Incident
from watchbill.model.ownership import Acknowledge
from watchbill.model.plan import Duty, Reason, Step, step_id
from watchbill.model.policies import Escalation
from watchbill.model.references import Ref
from watchbill.model.severity import Severity

USUAL: Final = timedelta(hours=4)
"""How long an acknowledgement of a critical incident holds where nothing is declared."""

UNHURRIED: Final = timedelta(hours=24)
"""The same for warnings and infos."""

REMIND: Final = timedelta(minutes=15)

REMINDER: Final = "reminder"
"""The slot of what reminds whoever has the incident."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long an acknowledgement holds, and how long before its end whoever has it is reminded: at most half of that."""

    expires: timedelta
    remind: timedelta


def terms_of(bill: Bill, escalation: Escalation | None, team: str, severity: Severity) -> Terms:
    """What holds under this *escalation*, for incidents of this *team* and of this *severity*.

    Each of the two is said by the escalation, else by the team or the nearest above it that says it, else by the settings.
    """
    teams = (bill.policies.teams[each].acknowledge for each in bill.line_of(team))
    declared = [escalation.acknowledge if escalation is not None else None, *teams, bill.policies.settings.acknowledge]
    said = [each for each in declared if each is not None] or [Acknowledge()]
    expires = next((each.expires for each in said if each.expires is not None), USUAL if severity == "critical" else UNHURRIED)
    remind = next((each.remind for each in said if each.remind is not None), REMIND)
    return Terms(expires, min(remind, expires / 2))


def has_it(incident: Incident) -> str:
    """Who has this *incident* by an acknowledgement; empty where nobody has."""
    return incident.acknowledged_by if incident.status == "acknowledged" else ""


def ways_to(bill: Bill, name: str) -> tuple[str, ...]:
    """The connectors by which something can leave for the person of this *name*, as far as the policies tell; none where nothing can.

    One in shadow is among them: that it sends nothing is meant.
    """
    person = bill.policies.people.get(name)
    contacts = person.contacts if person is not None else ()
    return tuple(each.connector for each in contacts if bill.mark(each.connector, each.action) != "not-carried-out")


def look(draft: Draft) -> None:
    """Give back what nobody has any more, and see to it that every acknowledgement has an end, and a reminder before it."""
    fold = draft.fold
    by, until = fold.acknowledged_by, fold.acknowledged_until
    if fold.status == "acknowledged" and not draft.bill.policies.is_declared(by):
        _give_back(draft, "holder-gone", f"given back by watchbill: {by} had it, and is no declared person")
    elif fold.status not in ("acknowledged", "mitigated") or fold.snoozed_until is not None or not by:
        _untell(draft, "nobody has it any more" if fold.snoozed_until is None else "it is snoozed")
    elif until is None:
        _hold(draft, draft.now + _terms(draft).expires)
    elif until <= draft.now and fold.status == "acknowledged":
        _give_back(draft, "acknowledgement-end", f"given back by watchbill: {_since(draft)}, and that time is over")
    elif until <= draft.now:
        _hold(draft, draft.now + _terms(draft).expires)


def extend(draft: Draft, by: str, until: datetime | None) -> Answer:
    """Let whoever has the incident keep it until then, for as long as an acknowledgement holds where no time is said; never for less."""
    fold = draft.fold
    if fold.acknowledged_by != by:
        return False, f"{fold.acknowledged_by} has it, and only who has it extends that"
    if fold.snoozed_until is not None:
        return False, f"it is snoozed until {said(fold.snoozed_until)}, and a snooze ends by its own time"
    until = until or draft.now + _terms(draft).expires
    if until <= max(fold.acknowledged_until or draft.now, draft.now):
        return False, f"{by} has it until {said(fold.acknowledged_until or draft.now)} already"
    _hold(draft, until, by)
    return True, f"extended by {by} until {said(until)}"


def said(moment: datetime) -> str:
    """This *moment* in words."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def escalation_at_work(draft: Draft) -> Escalation | None:
    """The escalation that pages for this incident, or did so last; None where nobody was to be called yet."""
    run = next((run for run in reversed(draft.fold.escalations) if not run.proceeds), None)
    return paging.escalation_named(draft, run) if run is not None else None


def holder(draft: Draft) -> Duty:
    """Whoever has the incident, as a step records people."""
    by = draft.fold.acknowledged_by
    return Duty(by, f"person/{by}", "has the incident")


def because(draft: Draft) -> Ref:
    """Why whoever has the incident is told something: the escalation, else its team."""
    escalation = escalation_at_work(draft)
    if escalation is not None:
        return escalation.ref
    team = draft.bill.policies.teams.get(draft.fold.team)
    return team.ref if team is not None else Ref("Settings", "watchbill", "", draft.bill.policies.settings.place)


def start_reminder(draft: Draft, step: Step) -> None:
    """Remind whoever has the incident."""
    fold = draft.fold
    what = f"{fold.id} ({paging.plain_text(draft)})"
    until = said(fold.acknowledged_until) if fold.acknowledged_until is not None else ""
    if fold.status == "mitigated":
        text = f"You have {what}, which is mitigated and not resolved. When it is over: watchbill resolve {fold.id}"
    else:
        text = (
            f"You have {what} until {until}; then it is given back, and people are paged again. "
            f"Keep it: watchbill extend {fold.id}. It is over: watchbill resolve {fold.id}"
        )
    messages.start(draft, step, (holder(draft),), text)


def _terms(draft: Draft) -> Terms:
    return terms_of(draft.bill, escalation_at_work(draft), draft.fold.team, draft.fold.severity)


def _hold(draft: Draft, until: datetime, by: str = "") -> None:
    """Let whoever has it have it *until* then, and remind them before."""
    messages.end(draft, "its time is another one now", REMINDER)
    draft.record(AcknowledgedUntil(until, draft.now, by))
    ref = because(draft)
    number = sum(step.slot == REMINDER for step in draft.steps("tell"))
    identity = step_id(draft.fold.id, "tell", ref.name, REMINDER, number)
    at = until - min(_terms(draft).remind, (until - draft.now) / 2)
    draft.add(Step(identity, "tell", ref, ref.place, REMINDER, number, at))


def _give_back(draft: Draft, trigger: Trigger, why: str) -> None:
    """Page again from level one, by the escalation that was at work."""
    ref = because(draft)
    following.change_status(draft, trigger)
    draft.reasons.append(Reason(ref, True, why))
    _untell(draft, why)
    following.plan(draft, anew=True, again=True, note=why)


def _untell(draft: Draft, why: str) -> None:
    """Tell nothing further that was meant for whoever had it."""
    slots = [step.slot for step in draft.steps("tell") if step.slot == REMINDER or step.slot.startswith(f"{paging.JOINED}/")]
    if slots:
        messages.end(draft, why, *slots)


def _since(draft: Draft) -> str:
    fold = draft.fold
    if fold.status_at is None:
        return f"{fold.acknowledged_by} had taken it"
    lasted = format_duration(timedelta(seconds=int((draft.now - fold.status_at).total_seconds())))
    return f"{fold.acknowledged_by} took it {lasted} ago"
