"""A plan as Markdown, for the comment of a pull request: tables a reviewer can scan, every line with its place."""

from __future__ import annotations

from collections.abc import Sequence

from watchbill.errors import Place
from watchbill.model.forecast import Plan, PlannedEscalation, PlannedPage, PlannedPerson, PlannedRepair
from watchbill.report import words
from watchbill.report.counts import count, listing
from watchbill.report.markdown import code, escape, table
from watchbill.report.rounds import Block, again, blocks, fallback


def plan_markdown(plan: Plan) -> str:
    """The *plan* as Markdown that ends with a newline."""
    sections = [_head(plan), _page(plan), _talk(plan), _collect(plan), _tell(plan), _repair(plan), _refused(plan), _notes(plan)]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def plans_markdown(plans: Sequence[Plan]) -> str:
    """The *plans* one after another, with a rule between them."""
    return "\n---\n\n".join(plan_markdown(plan) for plan in plans)


def _place(place: Place, *, cell: bool = True) -> str:
    return code(f"{place.file}:{place.line}" if place.line else place.file, cell=cell)


def _head(plan: Plan) -> list[str]:
    facts = [f"**{plan.severity}**"]
    if plan.tier is not None:
        facts.append(f"tier {plan.tier}")
    facts += [escape(plan.team), f"revision {code(plan.revision)}", words.instant(plan.at)]
    lines = [f"### {escape(plan.title)}", "", " · ".join(facts)]
    if plan.quarantined:
        listed = ", ".join(code(name) for name in plan.quarantined)
        lines += ["", "> [!WARNING]", f"> Not in this plan, because it did not compile: {listed}"]
    note = escape(plan.claim.note)
    if plan.service is None:
        return [*lines, "", note or "No service claims it."]
    return [*lines, "", f"Claimed by service {escape(plan.service.name)} ({_place(plan.service.place, cell=False)})"]


def _idle(said: str) -> str:
    """What comes to nothing, behind what it is about."""
    return f" — **{escape(said)}**" if said else ""


def _bold(said: str) -> str:
    return f" **{escape(said.strip())}**" if said else ""


# --- people -----------------------------------------------------------------------------


def _page(plan: Plan) -> list[str]:
    lines = ["#### Page"]
    if not plan.escalations:
        return [*lines, "", f"**Nobody**: {escape(words.nobody(plan))}."]
    for escalation in plan.escalations:
        besides = " (besides the others)" if escalation.proceeds else ""
        title = f"**{escape(escalation.policy.name)}**: {escape(escalation.why)}{besides}"
        lines += ["", f"{title} ({_place(escalation.policy.place, cell=False)})"]
        if escalation.held_until is not None:
            lines += ["", f"Pages are {escape(words.held(plan, escalation))}."]
        rows = [row for block in blocks(escalation) for page in block.first for row in _rows(plan, page, _level(page, block))]
        rows += [row for page in fallback(escalation) for row in _rows(plan, page, "fallback")]
        head = ("UTC", "Level", "Who", "Duty", "How", "There", "Why", "Where")
        lines += ["", *(table(head, rows) or ["**Nobody is paged.**"])]
        lines += _following(plan, escalation)
    return lines


def _level(page: PlannedPage, block: Block) -> str:
    return str(page.level + 1) if block.number == 1 else f"{page.level + 1}, round {block.number}"


def _following(plan: Plan, escalation: PlannedEscalation) -> list[str]:
    """What is not in the table: rounds like the ones that are, and what comes after everything."""
    repeated = [again(plan, block).removeprefix("then ") for block in blocks(escalation) if block.others]
    said = [f"Besides, {listing(repeated)}."] if repeated else []
    after = words.afterwards(escalation).removeprefix("then ")
    if after:
        said.append(f"After the last page: {after}.")
    return ["", escape(" ".join(said))] if said else []


def _rows(plan: Plan, page: PlannedPage, level: str) -> list[list[str]]:
    head = [words.clock(page.at, plan.at), level]
    if not page.people:
        return [[*head, "**nobody**", escape(words.whom(page.targets)), "", "", escape(page.note), _place(page.place)]]
    rows = [[*head, *_person(plan, person), _place(page.place)] for person in page.people]
    if page.note:
        rows[-1][6] = escape(_joined(page.people[-1].why, page.note))
    return rows


def _joined(*texts: str) -> str:
    """What these *texts* say, each thing once: of two that begin alike the one that says more."""
    said = list(dict.fromkeys(part for text in texts for part in text.split("; ") if part))
    return "; ".join(part for part in said if not any(other != part and other.startswith(part) for other in said))


def _person(plan: Plan, person: PlannedPerson) -> list[str]:
    return [
        escape(person.name),
        escape(words.duty(person.duty)),
        escape(words.contacts(person.contacts)) + _idle(words.marked_contacts(person.contacts)) or "**no contact**",
        escape(words.local_of(person)),
        escape(person.why),
    ]


# --- work -------------------------------------------------------------------------------


def _talk(plan: Plan) -> list[str]:
    if plan.hub is None and not plan.posts:
        return []
    lines = ["#### Talk"]
    if plan.hub is not None:
        people = ", ".join(f"{escape(name)}{f' ({escape(words.duty(duty))})' if duty else ''}" for name, duty in plan.hub.invited)
        parts = [code(plan.hub.channel), "bridge" if plan.hub.bridge else "", people]
        lines += ["", f"{' · '.join(filter(None, parts))}{_idle(words.marked_hub(plan.hub))} ({_place(plan.hub.place, cell=False)})"]
    rows = [
        [
            listing([words.clock(post.at, plan.at) for post in alike]),
            code(f"{alike[0].call.connector}.{alike[0].call.action}", cell=True) + _bold(words.mark(alike[0].mark)),
            escape(words.said_to(alike[0].call)),
            escape(f"cannot be made: {alike[0].error}" if alike[0].error else words.said_text(alike[0].call)),
            _place(alike[0].place),
        ]
        for alike in words.alike(plan.posts)
    ]
    return [*lines, *([""] if rows else []), *table(("UTC", "Action", "To", "Text", "Where"), rows)]


def _collect(plan: Plan) -> list[str]:
    rows = [
        [
            escape(each.title or each.name),
            code(f"{each.call.connector}.{each.call.action}", cell=True) + _bold(words.mark(each.mark)),
            words.span(each.timeout),
            escape(each.error),
            _place(each.place),
        ]
        for each in plan.evidence
    ]
    if not rows:
        return []
    head = ("Evidence", "Action", "Within", "Cannot be collected", "Where")
    return ["#### Collect", "", f"In parallel, within {words.span(plan.evidence_budget)}.", "", *table(head, rows)]


def _tell(plan: Plan) -> list[str]:
    rows = [
        [
            words.clock(update.due_at, plan.at),
            escape(update.title or update.audience),
            escape(words.how_told(plan, update)) + _idle(words.marked_channels(update)),
            escape(update.subject),
            escape(update.body),
            "<br>".join(escape(words.called(update, channel)) for channel in update.calls),
            _place(update.place),
        ]
        for update in sorted(plan.updates, key=lambda update: update.due_at)
    ]
    return ["#### Tell", "", *table(("By (UTC)", "Audience", "How", "Subject", "Text", "Calls", "Where"), rows)] if rows else []


def _repair(plan: Plan) -> list[str]:
    rows = [_remediation(plan, each) for each in plan.repairs]
    head = ("UTC", "Remediation", "Phase", "Target", "Steps", "Guards", "Then", "Note", "Where")
    return ["#### Repair", "", *table(head, rows)] if rows else []


def _remediation(plan: Plan, each: PlannedRepair) -> list[str]:
    standing = words.standing(plan, each)
    offered = f"offered to {words.whom(each.offered_to)}" if standing == "offer" and each.offered_to else ""
    guards = [f"does not run by itself: {guard.text}" for guard in each.forecasts if not guard.passes] + words.guards(each)
    then = (each.verification and f"verify {each.verification}", words.failure(plan, each))
    return [
        {"runs": words.clock(each.at, plan.at), "offer": "offered", "no": "no"}[standing],
        escape(each.name),
        escape(f"{words.phase(each)}, {words.approval(each)}"),
        escape(each.target),
        ", ".join(code(f"{call.connector}.{call.action}", cell=True) for call in each.steps) + _idle(words.marked_steps(each)),
        escape(" · ".join(guards)),
        escape("; ".join(filter(None, then))),
        escape("; ".join(filter(None, (offered, words.why_not(plan, each), *words.question(plan, each), each.note)))),
        _place(each.place),
    ]


def _refused(plan: Plan) -> list[str]:
    if not plan.refused:
        return []
    rows = [
        [escape(each.policy.kind), escape(each.policy.name), escape(words.refusal(each)), _place(each.policy.place)]
        for each in plan.refused
    ]
    head = ("Kind", "Policy", "Why not", "Where")
    return [
        "<details>",
        f"<summary>{count(len(rows), 'policy', 'policies')} a reader might expect, not taking part</summary>",
        "",
        *table(head, rows),
        "",
        "</details>",
    ]


def _notes(plan: Plan) -> list[str]:
    return [f"> {escape(note)}" for note in plan.notes]
