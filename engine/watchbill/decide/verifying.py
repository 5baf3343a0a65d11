"""Whether a remediation has worked, and what that means for the incident.

A verification must hold unbroken for as long as it says, for every series it sees; seeing nothing is not seeing that it works.
An incident is mitigated when each of its firing alerts has been repaired, not when some other of its alerts has.
"""

from __future__ import annotations

from collections.abc import Mapping

from watchbill.decide.draft import Draft
from watchbill.decide.repairing import declared, is_shadow, run_of, wanted_by
from watchbill.model.alert import ClaimedAlert
from watchbill.model.change import RepairObserved
from watchbill.model.plan import Step
from watchbill.model.policies import Verification
from watchbill.model.references import Json


def observed(draft: Draft, step: Step, result: Json) -> bool:
    """Whether a verification that looked, and saw this *result*, has thereby shown that the whole incident is mitigated."""
    remediation = declared(draft, step)
    if remediation is None or remediation.verification is None or step.state != "started":
        return False
    verification = remediation.verification
    since = draft.fold.held_since.get(step.id)
    if not _holds(draft, verification, result):
        if since is not None:
            draft.record(RepairObserved(step.id, None))
        return False
    if since is None:
        since = draft.now
        draft.record(RepairObserved(step.id, since))
    if draft.now - since < verification.hold_for:
        return False
    draft.change(step, state="done", retry_at=None, note="it held")
    if is_shadow(draft, remediation):
        return False
    broken = _still_broken(draft)
    return not broken and draft.fold.may("mitigate")


def _holds(draft: Draft, verification: Verification, result: Json) -> bool:
    """Whether *expect* holds: of each of the series, where there are several, and of at least one."""
    if not isinstance(result, Mapping) or not result:
        return False
    series = result.get("values")
    if not isinstance(series, list | tuple):
        return draft.bill.holds(verification.expect, result)
    rows = [{**result, **row} for row in series if isinstance(row, Mapping)]
    return bool(rows) and all(draft.bill.holds(verification.expect, row) for row in rows)


def _still_broken(draft: Draft) -> list[ClaimedAlert]:
    """The firing alerts that no remediation has been seen to repair since they began; what waits only for the others is taken back."""
    worked = {run_of(step): step for step in draft.steps("verify") if step.state == "done"}
    again = draft.fold.reopen_count
    broken: list[ClaimedAlert] = []
    needed: list[tuple[str, str, int]] = []
    for alert in draft.fold.calling:
        runs = [(remediation.ref.name, target, again) for remediation, target, _ in wanted_by(draft, alert, [])]
        done = (worked[run] for run in runs if run in worked and not is_shadow(draft, draft.bill.policies.remediations[run[0]]))
        if not any(step.started_at is not None and alert.alert.starts_at <= step.started_at for step in done):
            broken.append(alert)
            needed.extend(runs)
    waiting = (step for step in draft.steps("repair") if step.state in ("planned", "waiting"))
    draft.withdraw(tuple(step for step in waiting if run_of(step) not in needed), "what it would repair works again")
    return broken
