"""What a step says to whom it reaches, where its policy says nothing else; who reads decides what that is.

Rule 1: responders read the step's own words, or the plain headline of the incident, and how to answer.
Rule 2: an audience reads what its `Comms` says, and nothing besides: no headline of the responders stands in for a subject.
"""

from __future__ import annotations

from watchbill.decide.bill import Bill
from watchbill.model.incident import Incident
from watchbill.model.plan import Call, Step
from watchbill.model.question import question_of
from watchbill.model.references import Json


def is_for_audience(step: Step) -> bool:
    """Whether people outside read what this *step* says: it is an update."""
    return step.kind == "update"


def subject_of(incident: Incident, step: Step) -> str:
    """The headline of what this *step* says; empty for an update that has none."""
    if step.subject or is_for_audience(step):
        return step.subject
    lead = incident.lead
    return f"[{incident.severity}] {lead.alert.name} on {incident.service or 'no known service'}"


def text_of(incident: Incident, step: Step, url: str = "") -> str:
    """What this *step* says to whom it reaches: its own text, and how to answer."""
    if is_for_audience(step):
        return step.text
    text = step.text or _plainly(incident, step)
    where = [f"Incident {incident.id}, {incident.status}."]
    if step.kind == "page":
        where.append(f"Take it: watchbill ack {incident.id}")
    elif step.kind == "review":
        update = step.id.replace("/review/", "/update/", 1)
        waiting = incident.steps.get(update)
        question = question_of(waiting, incident.revision) if waiting is not None else None
        if question is not None:
            where[:0] = [f"{name.capitalize()}: {said}" for name, said in question.arguments.items()]
            where.append(f"By: {question.action}")
        digest = f" --digest {question.digest}" if question is not None else ""
        where.append(f"Let it leave: watchbill approve {incident.id} {update}{digest}")
    if url:
        where.append(url)
    return "\n".join((text, *where)) if step.kind in ("page", "review", "remind", "alarm", "offer", "tell") else text


def _plainly(incident: Incident, step: Step) -> str:
    lead = incident.lead
    summary = lead.alert.annotations.get("summary") or lead.alert.annotations.get("description") or ""
    said = f"{incident.severity}: {lead.alert.name} on {incident.service or 'no known service'} ({incident.team})"
    if step.kind == "remind":
        said = f"An update of {step.because.name} will be due soon. {said}"
    elif step.kind == "review":
        said = f"An update of {step.because.name} waits for your review. {said}"
    return "\n".join(filter(None, (said, summary, step.note)))


def with_own_words(bill: Bill, call: Call, subject: str, text: str) -> Call:
    """The *call* as it is carried out: *subject* and *text* are the step's own, for what the action takes and the policy left out."""
    takes = bill.takes(call.connector, call.action)
    if takes is None:
        return call
    own: dict[str, Json] = {name: words for name, words in (("subject", subject), ("text", text)) if words and takes.takes(name)}
    return Call(call.connector, call.action, {**own, **call.arguments}) if own else call
