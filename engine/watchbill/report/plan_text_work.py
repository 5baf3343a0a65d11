"""The sections of a plan that are about work: where to talk, what is collected, who is told, what is repaired."""

from __future__ import annotations

from itertools import groupby

from watchbill.model.forecast import Forecast, Plan, PlannedRepair
from watchbill.report import words
from watchbill.report.counts import count, listing
from watchbill.report.layout import entry, flow, placed, sizes_of, wrap
from watchbill.report.paint import Line, Span, Style, line
from watchbill.report.plain import plain
from watchbill.report.sections import DETAIL, GUTTER, headed, where

# --- where we talk ----------------------------------------------------------------------


def talk(plan: Plan, width: int) -> list[Line]:
    """The channel, the bridge and who is asked in; then every post, with its times."""
    lines: list[Line] = []
    if plan.hub is not None:
        hub = plan.hub
        people = [line(Span(plain(name), "name"), f" ({words.duty(duty)})" if duty else "") for name, duty in hub.invited]
        rows = flow([line(Span(plain(hub.channel), "strong")), line("bridge" if hub.bridge else ""), *people], width, GUTTER)
        head = line(Span("TALK".ljust(GUTTER), "section"))
        lines += placed([line(head, *rows[0][1:]), *rows[1:]] if rows else [head], where(hub.place), width, GUTTER)
        lines += _idle(words.marked_hub(hub), width, GUTTER)
    elif plan.posts:
        lines.append(line(Span("TALK", "section")))
    for alike in words.alike(plan.posts):
        times = listing([words.clock(post.at, plan.at) for post in alike])
        mark = Span(words.mark(alike[0].mark), "warning")
        said = line(Span(times, "time"), "  ", Span(words.post(alike[0]), "warning" if alike[0].error else "none"), mark)
        lines += placed(wrap(said, width, 2, DETAIL), where(alike[0].place), width)
    return lines


def _idle(said: str, width: int, indent: int) -> list[Line]:
    """What comes to nothing, on a line of its own."""
    return wrap(line(Span(said, "warning")), width, indent, indent + 2) if said else []


# --- what is collected ------------------------------------------------------------------


def collect(plan: Plan, width: int) -> list[Line]:
    """What is collected, by the policy that asks for it; then what cannot be, and why."""
    if not plan.evidence:
        return []
    possible = [piece for piece in plan.evidence if not piece.error]
    how = "in parallel, " if len(possible) > 1 else ""
    said = f"{count(len(possible), 'piece')} of evidence {how}within {words.span(plan.evidence_budget)}"
    lines = headed("COLLECT", line(said), width)
    for because, group in groupby(plan.evidence, key=lambda each: each.because):
        pieces = list(group)
        titles = [line(plain(piece.title) or plain(piece.name)) for piece in pieces if not piece.error]
        if titles:
            titles[0] = line(Span(plain(because.name), "name"), ": ", titles[0])
            lines += placed(flow(titles, width, 2, 4, dotted=True), where(because.place), width)
            lines += _idle(words.marked_evidence([piece for piece in pieces if not piece.error]), width, 4)
        for piece in pieces:
            if piece.error:
                said = f"{plain(piece.title) or plain(piece.name)} cannot be collected: {plain(piece.error)}"
                lines += placed(wrap(line(Span(said, "warning")), width, 4, 6), where(piece.place), width)
    return lines


# --- who is told ------------------------------------------------------------------------


def tell(plan: Plan, width: int) -> list[Line]:
    """Each update by when it is due, how it leaves, every word of it, and what each channel gets."""
    if not plan.updates:
        return []
    updates = sorted(plan.updates, key=lambda update: update.due_at)
    rows = [
        [
            line(Span(f"by {words.clock(update.due_at, plan.at)}", "time")),
            line(Span(plain(update.title) or plain(update.audience), "name")),
            line(words.how_told(plan, update)),
        ]
        for update in updates
    ]
    lines: list[Line] = [line(Span("TELL", "section"))]
    for row, update in zip(rows, updates, strict=True):
        lines += entry(row, sizes_of(rows), width)
        lines += _idle(words.marked_channels(update), width, DETAIL)
        said = [f"«{text}»" for text in (plain(update.subject), plain(update.body)) if text]
        quoted = [row for text in said for row in wrap(line(Span(text, "aside")), width, DETAIL, DETAIL + 1)]
        lines += placed(quoted, where(update.place), width)
        for channel in update.calls:
            style: Style = "aside" if channel.call is not None else "warning"
            lines += wrap(line(Span(words.called(update, channel), style)), width, DETAIL, DETAIL + 2)
    return lines


# --- what is repaired -------------------------------------------------------------------


def repair(plan: Plan, width: int) -> list[Line]:
    """What runs by itself and what is offered, what allows or stops it, and what happens when it does not help."""
    if not plan.repairs:
        return []
    rows = [_repair(plan, each) for each in plan.repairs]
    lines: list[Line] = [line(Span("REPAIR", "section"))]
    for row, each in zip(rows, plan.repairs, strict=True):
        lines += placed(entry(row, sizes_of(rows), width), where(each.place), width)
        if words.standing(plan, each) != "no":
            lines += _details(plan, each, width)
    return lines


def _repair(plan: Plan, each: PlannedRepair) -> list[Line]:
    standing = words.standing(plan, each)
    begins = Span(words.clock(each.at, plan.at), "time") if standing == "runs" else Span(standing)
    why_not = words.why_not(plan, each)
    said = line(Span(why_not, "warning")) if why_not else line(f"{words.phase(each)}, {words.approval(each)}")
    return [line(begins), line(Span(plain(each.name), "name")), said]


def _details(plan: Plan, each: PlannedRepair, width: int) -> list[Line]:
    target = plain(each.target)
    offered = words.standing(plan, each) == "offer" and each.offered_to
    passing = [line(text) for text in words.guards(each)]
    if passing:
        passing[0] = line("guards: ", passing[0])
    before = [
        *(forecast(guard) for guard in each.forecasts if not guard.passes),
        line(f"offered to {words.whom(each.offered_to)}" if offered else ""),
        line(words.calls(each.steps), f" on {target}" if target else ""),
        line(Span(words.marked_steps(each), "warning")),
        *(line(said) for said in words.question(plan, each)),
    ]
    after = [
        line(f"verify: {plain(each.verification)}" if each.verification else ""),
        line(words.failure(plan, each)),
        line(f"runbook: {plain(each.runbook)}" if each.runbook else ""),
        line(plain(each.note)),
    ]
    lines = [piece for detail in before for piece in wrap(detail, width, DETAIL, DETAIL + 2)]
    lines += flow(passing, width, DETAIL, DETAIL + 2, dotted=True)
    return lines + [piece for detail in after for piece in wrap(detail, width, DETAIL, DETAIL + 2)]


def forecast(guard: Forecast) -> Line:
    """What a guard that stops a remediation says."""
    return line(Span(f"does not run by itself: {plain(guard.text)}", "warning"))
