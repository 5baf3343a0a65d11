"""Evidence: what any responder would look at first, collected in parallel as soon as the incident opens."""

from __future__ import annotations

from functools import partial

from watchbill.decide.draft import Draft
from watchbill.decide.selecting import matching
from watchbill.expressions.problems import ExpressionError
from watchbill.model.alert import ClaimedAlert
from watchbill.model.plan import Reason, Step, step_id


def plan_evidence(draft: Draft) -> None:
    """Plan every collector of every triage that any firing alert matches; each once an incident."""
    if not draft.bill.triages.policies:
        return
    seen: set[str] = set()
    for alert in draft.fold.acting:
        for triage in matching(draft.bill, draft.bill.triages, alert, partial(draft.context, alert), draft.reasons):
            if triage.ref.name in seen:
                continue
            seen.add(triage.ref.name)
            draft.reasons.append(Reason(triage.ref, True, f"collects {len(triage.collectors)} pieces of evidence"))
            for collector in triage.collectors:
                identity = step_id(draft.fold.id, "collect", triage.ref.name, collector.name, draft.fold.reopen_count)
                timeout = min(collector.timeout, triage.budget)
                step = Step(
                    identity,
                    "collect",
                    triage.ref,
                    collector.use.place,
                    collector.name,
                    draft.fold.reopen_count,
                    draft.now,
                    timeout=timeout,
                    about=alert.fingerprint,
                )
                draft.add(step)


def start_collect(draft: Draft, step: Step) -> None:
    """Begin to collect. A collector whose arguments cannot be filled in fails alone, and says why."""
    triage = draft.bill.policies.triages.get(step.because.name)
    collector = next((each for each in triage.collectors if each.name == step.slot), None) if triage else None
    if collector is None:
        draft.withdraw((step,), "it is declared no more")
        return
    try:
        call = draft.fill(collector.use, about(draft, step))
    except ExpressionError as problem:
        draft.change(step, state="failed", note=problem.message)
        return
    draft.start(step, calls=(call,))


def about(draft: Draft, step: Step) -> ClaimedAlert:
    """The alert that this *step* is about; the lead where it names none."""
    return draft.fold.alerts.get(step.about) or draft.fold.lead
