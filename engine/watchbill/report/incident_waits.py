"""What of an incident waits for a person, each told apart from every other, with the command that answers it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from watchbill.report import words
from watchbill.report.counts import listing
from watchbill.report.incidents import IncidentShown, StepShown
from watchbill.report.layout import wrap
from watchbill.report.paint import Line, Span, line
from watchbill.report.plain import plain
from watchbill.report.question_text import question_lines

_COMMANDS: Final = {"approve": "approve", "deny": "deny", "run": "run-step", "retry": "retry"}
"""What can be said of a step, and the verb that says it."""


def waits(its: IncidentShown, at: datetime, width: int) -> list[Line]:
    """What a person can answer now: that nobody has it, then what waits for a yes, soonest first, what is offered, and what has failed."""
    if its.status == "resolved":
        return []
    lines = _unanswered(its, at, width)
    # A page that failed is made up for by whoever has taken the incident.
    asked = [each for each in its.steps if each.can and (each.kind != "page" or its.status == "triggered")]
    asked.sort(key=lambda each: (each.state != "waiting", each.kind == "offer", each.answer_by or datetime.max.replace(tzinfo=at.tzinfo)))
    for name, step in zip(_told_apart(asked, its.opened_at), asked, strict=True):
        until = f", until {words.clock(step.answer_by, its.opened_at)}" if step.answer_by is not None else ""
        lines += wrap(line(Span(name, "name"), f" {_asked(step)}{until}"), width, 2, 4)
        lines += question_lines(step.question, its.opened_at, width, 4) if step.question is not None else []
        lines += [line(f"    {_command(word, its, step)}") for word in step.can]
    return [line(Span("YOURS", "section")), *lines] if lines else []


def _unanswered(its: IncidentShown, at: datetime, width: int) -> list[Line]:
    """That nobody has taken it yet, who was paged so far, and the command that takes it; said on top where every round went by."""
    if its.status != "triggered" or its.unanswered_since is not None:
        return []
    pages = [each for each in its.steps if each.kind == "page" and each.started_at is not None and each.people]
    asked = listing(list(dict.fromkeys(f"{label_of(each)} at {words.clock(each.started_at or at, its.opened_at)}" for each in pages)))
    said = f"nobody has it yet; its pages: {asked}" if asked else "nobody has it yet"
    return [*wrap(line(Span(said, "warning")), width, 2, 4), line(f"    watchbill ack {plain(its.id)}")]


def _told_apart(steps: Sequence[StepShown], start: datetime) -> list[str]:
    """A name for each of these *steps* that no other has: what it is, when it began or is due where two are alike, and at last its id."""
    names = [f"page of {label_of(each)}" if each.kind == "page" and each.people else label_of(each) for each in steps]
    moments = [each.started_at or each.due_at for each in steps]
    timed = [f"{name}, {words.clock(at, start)}" if at is not None else name for name, at in zip(names, moments, strict=True)]
    often, still = Counter(names), Counter(timed)
    chosen = zip(names, timed, steps, strict=True)
    return [name if often[name] == 1 else at if still[at] == 1 else f"{at}, {_short(step.id)}" for name, at, step in chosen]


def _command(word: str, its: IncidentShown, step: StepShown) -> str:
    """The command line that says this *word* of a *step*, which it calls by its policy where that means it alone."""
    same = [each for each in its.steps if word in each.can and each.policy.name == step.policy.name]
    name = plain(step.policy.name) if len(same) == 1 else _short(step.id)
    digest = f" --digest {plain(step.question.digest)}" if word == "approve" and step.question is not None else ""
    return f"watchbill {_COMMANDS.get(word, plain(word))} {plain(its.id)} {name}{digest}"


def _asked(step: StepShown) -> str:
    if step.state == "waiting":
        return "may be started" if step.kind == "offer" else "waits for a yes"
    return "has failed" if step.state == "failed" else "was stopped" if step.state == "withdrawn" else "is tried again later"


def _short(step: str) -> str:
    """The part of a step's id after the incident."""
    return plain(step.partition("/")[2] or step)


def label_of(step: StepShown) -> str:
    """What a step is, in a few words: whom it pages, which remediation it belongs to, and what that acts on."""
    people = listing([f"{plain(each.person)} ({words.duty(each.duty)})" for each in step.people])
    policy = plain(step.policy.name)
    if step.kind == "page":
        level = int(step.slot) + 1 if step.slot.isascii() and step.slot.isdigit() else plain(step.slot)
        return people or f"level {level} of {policy}"
    if step.kind == "alarm":
        return "the engine's own alarm"
    if step.kind in ("review", "remind", "tell"):
        return f"{people} about {policy}" if people else f"{step.kind} of {policy}"
    if step.kind in ("repair", "verify", "rollback"):
        doing = {"repair": "", "verify": "check of ", "rollback": "undo of "}[step.kind]
        target, _, name = step.slot.rpartition("/")
        return f"{doing}{policy}/{plain(name)}" + (f" on {plain(target)}" if target else "")
    if step.kind == "offer":
        return f"{policy} on {plain(step.slot)}" if step.slot else policy
    return f"{plain(step.kind)} by {policy}"
