"""The hub: where responders talk. It opens together with the first page."""

from __future__ import annotations

from datetime import datetime

from watchbill.decide.draft import Draft
from watchbill.decide.oncall import resolve
from watchbill.decide.paging import duties
from watchbill.expressions.problems import ExpressionError
from watchbill.model.plan import Step, StepKind, step_id
from watchbill.model.policies import Escalation


def plan_hub(draft: Draft, escalation: Escalation, due_at: datetime) -> None:
    """Plan the channel and the bridge of this *escalation*; an incident has one hub."""
    hub = escalation.hub
    if hub is None or any(step.state not in ("withdrawn", "failed") for step in draft.steps("hub", "bridge")):
        return
    kinds: tuple[tuple[StepKind, bool], ...] = (("hub", hub.channel is not None), ("bridge", hub.bridge is not None))
    for kind, is_wanted in kinds:
        if is_wanted:
            identity = step_id(draft.fold.id, kind, escalation.ref.name, kind, draft.fold.reopen_count)
            draft.add(Step(identity, kind, escalation.ref, hub.place, kind, draft.fold.reopen_count, due_at))


def open_now(draft: Draft) -> None:
    """Open what was to open with a page that is held: somebody has taken the incident, and needs the place now."""
    for step in draft.steps("hub", "bridge"):
        if step.state == "planned":
            start_hub(draft, step)


def start_hub(draft: Draft, step: Step) -> None:
    """Open the channel, or the bridge."""
    escalation = draft.bill.policies.escalations.get(step.because.name)
    hub = escalation.hub if escalation is not None else None
    use = hub.channel if hub is not None and step.kind == "hub" else hub.bridge if hub is not None else None
    if use is None:
        draft.withdraw((step,), "it is declared no more")
        return
    try:
        call = draft.fill(use, draft.fold.lead, absent="empty")
    except ExpressionError as problem:
        draft.change(step, state="failed", note=problem.message)
        return
    invited = resolve(draft.bill.policies, hub.invite, draft.fold.team, draft.now) if hub is not None else None
    draft.start(step, calls=(call,), people=duties(invited.people) if invited is not None else ())
