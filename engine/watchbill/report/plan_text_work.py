"""The sections of a plan that are about work: where to talk, what is collected, who is told, what is repaired."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Final

from watchbill.errors import Place
from watchbill.model.forecast import Forecast, Plan, PlannedEvidence, PlannedPost, PlannedRepair, PlannedUpdate
from watchbill.model.references import Json
from watchbill.report import words
from watchbill.report.counts import listing
from watchbill.report.layout import joined, placed, wrap
from watchbill.report.paint import Line, Span, Style, line
from watchbill.report.plain import first_line, plain

GUTTER: Final = 8
"""Where the text beside a section's name begins."""

_TEXTS: Final = ("text", "body", "message", "summary", "title", "name")
"""Arguments that say what a call tells people, the first there is."""


def where(place: Place) -> Line:
    """The *place* as it stands at the right: file and line."""
    return line(Span(plain(f"{place.file}:{place.line}" if place.line else place.file), "place"))


def headed(label: str, said: Line, width: int, place: Place | None = None, style: Style = "section") -> list[Line]:
    """The first line of a section: its name in the gutter, what it *said* beside it, the *place* at the right."""
    head = Span(label.ljust(GUTTER).replace(" ", "\u00a0"), style)
    return placed(line(head, said), where(place) if place else (), width, 0, GUTTER)


# --- where we talk ----------------------------------------------------------------------


def talk(plan: Plan, width: int) -> list[Line]:
    """The channel, the bridge and who is asked in; then every post, with its times."""
    lines: list[Line] = []
    posts = list(plan.posts)
    if plan.hub is not None:
        hub = plan.hub
        invited = [line(Span(plain(name), "name"), f" ({words.duty(duty)})" if duty else "") for name, duty in hub.invited]
        people = joined(invited, ", ")
        parts = [line(Span(plain(hub.channel), "strong")), line("bridge" if hub.bridge else ""), people]
        lines += headed("TALK", joined(parts), width, hub.place)
        posts = [post for post in posts if post.kind not in ("hub", "bridge")]
    elif posts:
        lines.append(line(Span("TALK", "section")))
    for key in dict.fromkeys(map(_key, posts)):
        alike = [post for post in posts if _key(post) == key]
        times = listing([words.clock(post.at, plan.at) for post in alike])
        said = line(Span(times, "time"), "  ", _call(alike[0]))
        lines += placed(said, where(alike[0].place), width, 2, GUTTER + 1)
    return lines


def _key(post: PlannedPost) -> tuple[str, str, str, Place]:
    return (post.call.connector, post.call.action, repr(sorted(post.call.arguments.items(), key=str)), post.place)


def _call(post: PlannedPost) -> Line:
    to = said_to(post.call.arguments)
    text = said_text(post.call.arguments)
    name = f"{plain(post.call.connector)}.{plain(post.call.action)}"
    return line(name, f" {to}" if to else "", f": «{text}»" if text else "")


def said_to(arguments: Mapping[str, Json]) -> str:
    """Where a call speaks: its ``channel`` or ``to``, if it has one."""
    found = next((arguments[key] for key in ("channel", "to", "room") if isinstance(arguments.get(key), str)), "")
    return plain(str(found))


def said_text(arguments: Mapping[str, Json]) -> str:
    """The first line of what a call says, if it says anything."""
    found = next((arguments[key] for key in _TEXTS if isinstance(arguments.get(key), str)), "")
    return first_line(str(found))


# --- what is collected ------------------------------------------------------------------


def collect(plan: Plan, width: int) -> list[Line]:
    """What is collected, by the policy that asks for it; then what cannot be, and why."""
    if not plan.evidence:
        return []
    number = len(plan.evidence)
    how = f"{number} in parallel" if number > 1 else "1 piece of evidence"
    lines = headed("COLLECT", line(f"{how}, within {words.span(plan.evidence_budget)}"), width)
    for because, group in groupby(plan.evidence, key=lambda each: each.because):
        pieces = list(group)
        titles = [line(_title(piece)) for piece in pieces if not piece.error]
        if titles:
            lines += placed(line(Span(plain(because.name), "name"), ": ", joined(titles)), where(because.place), width, 2, 4)
        for piece in pieces:
            if piece.error:
                said = line(Span("not ", "warning"), _title(piece), f": {plain(piece.error)}")
                lines += placed(said, where(piece.place), width, 2, 4)
    return lines


def _title(piece: PlannedEvidence) -> str:
    return plain(piece.title) or plain(piece.name)


# --- who is told ------------------------------------------------------------------------


def tell(plan: Plan, width: int) -> list[Line]:
    """Each update by when it is due, how it leaves, and the first line of what it says."""
    if not plan.updates:
        return []
    lines: list[Line] = [line(Span("TELL", "section"))]
    for update in plan.updates:
        due = Span(f"by\u00a0{words.clock(update.due_at, plan.at)}", "time")
        said = line(due, "  ", Span(plain(update.title) or plain(update.audience), "name"), "  ", how_told(plan, update))
        lines += placed(said, where(update.place), width, 2, GUTTER + 4)
        text = first_line(update.subject) or first_line(update.body)
        if text:
            lines += wrap(line(Span(f"«{text}»", "aside")), width, GUTTER + 4, GUTTER + 5)
    return lines


def how_told(plan: Plan, update: PlannedUpdate) -> str:
    """How an update leaves: its channels, who reads it first, when it goes without them, and what follows."""
    parts = [words.channels(update.channels) or "no channel"]
    if update.reviewer is not None:
        parts.append(f"reviewed by {plain(update.reviewer.name)}")
        if update.sent_at is None:
            parts.append("held until they answer")
        else:
            parts.append(f"sent {words.clock(update.sent_at, plan.at)} if nobody answers")
    elif update.review:
        parts.append(plain(update.review))
    if update.liaison and (update.reviewer is None or update.reviewer.name != update.liaison):
        parts.append(f"liaison {plain(update.liaison)}")
    then = f"; then every {words.span(update.every)}" if update.every else ""
    return ", ".join(parts) + then


# --- what is repaired -------------------------------------------------------------------


def repair(plan: Plan, width: int) -> list[Line]:
    """What runs by itself and what is offered, what allows or stops it, and what happens when it does not help."""
    if not plan.repairs:
        return []
    lines: list[Line] = [line(Span("REPAIR", "section"))]
    for each in plan.repairs:
        begins = Span(words.clock(each.at, plan.at), "time") if each.runs else Span("offer")
        said = line(begins, "  ", Span(plain(each.name), "name"), f"  {words.phase(each)}, {words.approval(each)}")
        lines += placed(said, where(each.place), width, 2, GUTTER + 1)
        for detail in _details(each):
            lines += wrap(detail, width, GUTTER + 1, GUTTER + 3)
    return lines


def _details(each: PlannedRepair) -> list[Line]:
    calls = [f"{plain(call.connector)}.{plain(call.action)}" for call in each.steps]
    target = plain(each.target)
    details = [
        line(Span(f"cannot run: {plain(each.error)}", "warning")) if each.error else (),
        line(", then ".join(calls), f" on {target}" if target else ""),
        line(f"offered to {words.whom(each.offered_to)}" if each.offered_to else ""),
        joined([forecast(guard) for guard in each.forecasts]),
        line(f"verify {plain(each.verification)}" if each.verification else ""),
        line(failure(each)),
        line(f"runbook {plain(each.runbook)}" if each.runbook else ""),
        line(plain(each.note)),
    ]
    return [detail for detail in details if detail]


def forecast(guard: Forecast) -> Line:
    """What a guard says now; one that stops the repair says so in words."""
    if guard.passes:
        return line(plain(guard.text))
    return line(Span(f"stopped: {plain(guard.text)}", "warning"), f" ({plain(guard.because.name)})")


def failure(each: PlannedRepair) -> str:
    """What happens where the repair does not hold."""
    undo = plain(each.rollback)
    if each.phase == "fallback" and each.runs:
        return "if it does not hold: page at once, with what was tried" + (f"; undo: {undo}" if undo else "")
    if each.phase == "oversight" and each.runs:
        return "people are paged all the same" + (f"; if it does not hold, undo: {undo}" if undo else "")
    return f"undo: {undo}" if undo else ""
