"""Which runs of remediations a decision begins and ends: what guards will count from then on.

The play-forward and the record both go by this, so that a rate or a cooldown says the same in a plan and in earnest.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from watchbill.decide.repairing import AT_WORK, run_of
from watchbill.model.change import StepChanged
from watchbill.model.decision import Decision, RepairRun
from watchbill.model.incident import Incident
from watchbill.model.plan import Step
from watchbill.model.question import target_of


def runs_after(runs: tuple[RepairRun, ...], decision: Decision, at: datetime) -> tuple[RepairRun, ...]:
    """These *runs* after what was decided *at* that time: those that have ended in place, those that have begun behind them."""
    incident = decision.incident
    if incident is None:
        return runs
    for change in decision.changes:
        if not isinstance(change, StepChanged) or change.step.kind not in ("repair", "verify"):
            continue
        step = change.step
        name, target = step.because.name, target_of(step)
        is_this = [
            run.remediation == name and run.target == target and run.incident == incident.id and run.ended_at is None for run in runs
        ]
        if step.state == "started" and not any(is_this):
            runs = (*runs, RepairRun(name, incident.id, target, incident.service, incident.team, at))
        elif step.state in ("failed", "withdrawn") or (step.state == "done" and _is_last(incident, step)):
            runs = tuple(replace(run, ended_at=at) if mine else run for run, mine in zip(runs, is_this, strict=True))
    return runs


def _is_last(incident: Incident, step: Step) -> bool:
    """Whether nothing follows this *step* that is done: it was the verification, or there is none."""
    this = run_of(step)
    own = (each for each in incident.in_state("planned", "waiting", "started") if each.kind in AT_WORK)
    return step.kind == "verify" or not any(run_of(each) == this for each in own)
