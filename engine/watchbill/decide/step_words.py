"""What a step says to whom it reaches, where its policy says nothing else; who reads decides what that is.

Rule 1: responders read the step's own words, or the plain headline of the incident, and then what helps at once: since when, who else
knows, the runbook, what is offered, and how to answer. The first line alone says what is wrong.
Rule 2: an audience reads what its `Comms` says, and nothing besides: no headline of the responders stands in for a subject.
Rule 3: a message has at most LONGEST characters. What is left out first is what the link has too; how to answer always stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from watchbill.decide.bill import Bill
from watchbill.decide.causes import spoken_of
from watchbill.model.alert import ClaimedAlert
from watchbill.model.fold import Fold
from watchbill.model.incident import Incident
from watchbill.model.plan import LEFT, Call, Step
from watchbill.model.question import question_of
from watchbill.model.references import Json

LONGEST: Final = 1_500
"""Characters of a message to a person, so that it fits a text message of the longest sort."""

LONGEST_LINE: Final = 200
"""Characters of a summary, and of other single lines; the first ones of it fit the screen of a locked phone."""

LONGEST_ADDRESS: Final = 300
"""Characters of an address; one that is longer is left out, because a part of it leads nowhere."""

MOST_NAMED: Final = 4
"""How many people, or offers, are named; the others are counted."""

POSSIBLY_REPEATED: Final = "possibly repeated"
"""What is said of a message that may have arrived before."""

_JOINERS: Final = "\u200c\u200d"
"""Invisible, but several scripts and most emoji are written with them."""

_TO_PERSONS: Final = ("page", "review", "remind", "alarm", "offer", "tell")
_PAGING: Final = ("page", "alarm", "remind")


def is_for_audience(step: Step) -> bool:
    """Whether people outside read what this *step* says: it is an update."""
    return step.kind == "update"


def subject_of(incident: Incident, step: Step, *, is_repeat: bool = False) -> str:
    """The headline of what this *step* says; empty for an update that has none. A message to persons that *is_repeat* says so."""
    if step.subject or is_for_audience(step):
        return step.subject
    alert = spoken_of(incident, step)
    said = f"[{incident.severity}] {alert.alert.name} on {incident.service or 'no known service'}"
    return f"[{POSSIBLY_REPEATED}] {said}" if is_repeat and step.kind in _TO_PERSONS else said


def text_of(incident: Incident, step: Step, url: str = "", *, bill: Bill | None = None, is_repeat: bool = False) -> str:
    """What this *step* says to whom it reaches: its own text, what helps, and how to answer.

    *url* is where the incident is shown. With the *bill* it also names the runbook of the service. It *is_repeat* where it may have
    arrived before.
    """
    if is_for_audience(step):
        return step.text
    text = step.text or _plainly(incident, step)
    if step.kind not in _TO_PERSONS:
        return text
    head, _, more = text.partition("\n")
    repeat = f"{POSSIBLY_REPEATED.capitalize()}: an attempt before this one may have reached you." if is_repeat else ""
    last = _answers(incident, step)
    if url:
        last.append(url)
    middle = _helps(incident, step, text, bill) if step.kind in _PAGING else []
    return _fitted([_cut(head, LONGEST - 2 * LONGEST_LINE), repeat], more, middle, last)


def _fitted(first: list[str], more: str, middle: list[str], last: list[str]) -> str:
    """The parts one below the other, in LONGEST characters: *more* is cut, and of the *middle* only that stands which there is room for."""
    first, last = [each for each in first if each], [each for each in last if each]
    room = LONGEST - sum(len(each) + 1 for each in (*first, *last)) + 1
    more = _cut(more, max(room - 1, 0))
    room -= len(more) + 1 if more else 0
    kept = []
    for each in middle:
        if len(each) + 1 <= room:
            kept.append(each)
            room -= len(each) + 1
    return "\n".join((*first, *filter(None, (more,)), *kept, *last))


def _answers(incident: Incident, step: Step) -> list[str]:
    """How the incident stands, and the command that answers this *step*."""
    said = [f"Incident {incident.id}, {incident.status}."]
    if step.kind in ("page", "alarm"):
        said.append(f"Take it: watchbill ack {incident.id}")
    elif step.kind == "review":
        update = step.id.replace("/review/", "/update/", 1)
        waiting = incident.steps.get(update)
        question = question_of(waiting, incident.revision) if waiting is not None else None
        if question is not None:
            said[:0] = [f"{name.capitalize()}: {value}" for name, value in question.arguments.items()]
            said.append(f"By: {question.action}")
        digest = f" --digest {question.digest}" if question is not None else ""
        said.append(f"Let it leave: watchbill approve {incident.id} {update}{digest}")
    return said


def _plainly(incident: Incident, step: Step) -> str:
    alert = spoken_of(incident, step)
    said = headline(incident, alert)
    if step.kind == "remind":
        said = f"An update of {step.because.name} will be due soon. {said}"
    elif step.kind == "review":
        said = f"An update of {step.because.name} waits for your review. {said}"
    return "\n".join(filter(None, (said, step.note)))


def headline(incident: Incident | Fold, alert: ClaimedAlert) -> str:
    """What is wrong, in one line: the summary of this *alert*, or what it is called and where."""
    summary = _line(alert.alert.annotations.get("summary", "")) or _line(alert.alert.annotations.get("description", ""))
    return f"{incident.severity}: {summary or _where(incident, alert)}"


def _where(incident: Incident | Fold, alert: ClaimedAlert) -> str:
    return f"{_line(alert.alert.name)} on {incident.service or 'no known service'} ({incident.team})"


# --- what helps -------------------------------------------------------------------------


def _helps(incident: Incident, step: Step, text: str, bill: Bill | None) -> list[str]:
    """What somebody who was woken by this *step* wants to know first, besides what the *text* says; what matters most comes first."""
    alert, now = spoken_of(incident, step), step.started_at or step.due_at
    where, since = _where(incident, alert), _clock(alert.alert.starts_at, now)
    said = [f"Since {since}" if where in text else f"{where}, since {since}"]
    others = len(incident.firing) - alert.is_firing
    if others > 0:
        said.append(f"{others} more alert{'s fire' if others > 1 else ' fires'}")
    said += _who_knows(incident, step, now)
    runbook = _runbook(incident, alert, bill)
    said += [f"Runbook: {runbook}"] if runbook else []
    return said + _offers(incident, bill)


def _clock(at: datetime, now: datetime) -> str:
    """The time, with its day where that is another one than that of *now*."""
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at:%d %b %H:%M} UTC"


def _who_knows(incident: Incident, step: Step, now: datetime) -> list[str]:
    """Whom this page goes to, and whom earlier ones went to, and whether these left."""
    said = []
    here = {each.person: each.duty.rpartition("/")[2] for each in step.people} if step.kind == "page" else {}
    if here:
        said.append(f"This page: {_named(f'{name} ({duty})' for name, duty in here.items())}")
    before: dict[str, str] = {}
    pages = [each for each in incident.steps.values() if each.kind == "page" and each.started_at is not None and each.id != step.id]
    for page in sorted(pages, key=lambda each: each.started_at or each.due_at):
        at = page.started_at or page.due_at
        for name in () if at > now else dict.fromkeys(each.person for each in page.people):
            has_left = any(each.person == name and each.result in LEFT for each in page.deliveries)
            before[name] = _clock(at, now).removesuffix(" UTC") + ("" if has_left else ", not known to have left")
    if before:
        said.append(f"Paged before: {_named(f'{name} ({how})' for name, how in before.items())}")
    return said


def _named(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return ", ".join(every[:MOST_NAMED]) + more


def _runbook(incident: Incident, alert: ClaimedAlert, bill: Bill | None) -> str:
    """Where what to do is written: as the alert says, or else its service."""
    annotations = alert.alert.annotations
    service = bill.policies.services.get(incident.service or "") if bill is not None else None
    links = [link.url for link in service.links if "runbook" in link.title.casefold()] if service is not None else []
    found = (annotations.get("runbook_url", ""), annotations.get("runbook", ""), *links)
    return next((each for each in found if each.isprintable() and 0 < len(each) <= LONGEST_ADDRESS), "")


def _offers(incident: Incident, bill: Bill | None) -> list[str]:
    """The remediations that may be started, each with its command and where it is described."""
    offered = [each for each in incident.steps.values() if each.kind == "offer" and each.state == "waiting"]
    names = [each.because.name for each in offered]
    said = []
    for each in offered[:MOST_NAMED]:
        which = each.because.name if names.count(each.because.name) == 1 else each.id.removeprefix(f"{incident.id}/")
        target = f" on {_line(each.slot)}" if each.slot else ""
        remediation = bill.policies.remediations.get(each.because.name) if bill is not None else None
        runbook = f" ({remediation.runbook})" if remediation is not None and remediation.runbook else ""
        said.append(f"Offered: {each.because.name}{target}{runbook}\n  watchbill run-step {incident.id} {which}")
    if len(offered) > MOST_NAMED:
        said.append(f"and {len(offered) - MOST_NAMED} more offers")
    return said


def _line(text: str) -> str:
    """The *text* in one bounded line, without what would act on a terminal or turn the direction of writing round."""
    return _cut(" ".join("".join(each if each.isprintable() or each in _JOINERS else " " for each in text).split()), LONGEST_LINE)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…" if longest > 0 else ""


def with_own_words(bill: Bill, call: Call, subject: str, text: str) -> Call:
    """The *call* as it is carried out: *subject* and *text* are the step's own, for what the action takes and the policy left out."""
    takes = bill.takes(call.connector, call.action)
    if takes is None:
        return call
    own: dict[str, Json] = {name: words for name, words in (("subject", subject), ("text", text)) if words and takes.takes(name)}
    return Call(call.connector, call.action, {**own, **call.arguments}) if own else call
