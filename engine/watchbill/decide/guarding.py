"""What a remediation may do now: its phase after guardrails, and what its guards say.

Guards are decided when a step starts, from the record; in a plan they are a forecast. Guardrails compose, and the
strictest wins. Each that matches leaves a reason, whether or not it stopped anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbill.decide.draft import Draft
from watchbill.decide.selecting import matching
from watchbill.expressions.durations import format_duration
from watchbill.model.alert import ClaimedAlert
from watchbill.model.decision import RepairRun
from watchbill.model.forecast import Forecast
from watchbill.model.plan import Reason
from watchbill.model.policies import PHASES, Concurrency, Freeze, Guardrail, Per, Phase, Rate, Remediation
from watchbill.model.references import Ref


@dataclass(frozen=True, slots=True)
class Permission:
    """What a remediation may do for one target, and why.

    *phase* is the declared one, lowered by guardrails. *forecasts* are all guards that were asked; *stopped_by* is the first that
    refuses, None if none does. *hold* is how long a page may wait for it.
    """

    phase: Phase
    approvals: int
    hold: timedelta
    forecasts: tuple[Forecast, ...]
    stopped_by: Forecast | None

    @property
    def runs_unattended(self) -> bool:
        """Whether it begins by itself."""
        return self.phase in ("oversight", "fallback") and self.stopped_by is None


def permission(
    draft: Draft,
    remediation: Remediation,
    alert: ClaimedAlert,
    target: str,
    *,
    by_person: bool = False,
    begun_at: datetime | None = None,
) -> Permission:
    """What this *remediation* may do now for this *target* of the *alert*, by itself or because a person says so (*by_person*).

    *begun_at* is when the run began that goes on: it does not count itself.
    """
    looked_at: list[Reason] = []
    rails = matching(draft.bill, draft.bill.guardrails, alert, lambda: draft.context(alert), looked_at)
    draft.reasons.extend(looked_at)
    phase, approvals, hold = remediation.phase, remediation.approvals, remediation.hold
    forecasts: list[Forecast] = []
    for rail in rails:
        if rail.ceiling is not None and PHASES.index(rail.ceiling) < PHASES.index(phase):
            phase = rail.ceiling
            forecasts.append(Forecast(f"at most {rail.ceiling}: {rail.reason or rail.ref.name}", True, rail.ref, "ceiling"))
        approvals = max(approvals, rail.approvals or 0)
        hold = min(hold, rail.hold) if rail.hold is not None else hold
    unattended = phase in ("oversight", "fallback") and not by_person
    forecasts.extend(_freezes(draft, remediation, rails, unattended))
    if (draft.snapshot.is_frozen or draft.snapshot.is_killed) and unattended:
        by_hand = "killed" if draft.snapshot.is_killed else "frozen"
        forecasts.append(Forecast(f"{by_hand} by hand: nothing runs unattended", False, remediation.ref, "freeze"))
    forecasts.extend(_limits(draft, remediation, rails, target, _counted(draft, remediation, target, begun_at)))
    draft.reasons.extend(_said(draft, remediation, rail, forecasts) for rail in rails)
    stopped = next((forecast for forecast in forecasts if not forecast.passes), None)
    return Permission(phase, approvals, hold, tuple(forecasts), stopped)


def reasons_to_run(remediation: Remediation, allowed: Permission) -> Iterator[Reason]:
    """What the *remediation*'s own guards say where they let it pass: one reason each."""
    own = (forecast for forecast in allowed.forecasts if forecast.because is remediation.ref and forecast.kind != "freeze")
    return (Reason(remediation.ref, True, forecast.text, kind="guard") for forecast in own)


def _said(draft: Draft, remediation: Remediation, rail: Guardrail, forecasts: list[Forecast]) -> Reason:
    """What this *rail* says of a *remediation* that it matches. It takes part unless it is a freeze that stops nothing now."""
    said = [f"at most {rail.ceiling}"] if rail.ceiling is not None else []
    said += [forecast.text for forecast in forecasts if forecast.because is rail.ref and _is_asked(forecast)]
    if rail.approvals is not None:
        said.append("1 approval" if rail.approvals == 1 else f"{rail.approvals} approvals")
    if rail.hold is not None:
        said.append(f"a page waits at most {format_duration(rail.hold)}")
    if said:
        why = f" ({rail.reason})" if rail.reason else ""
        return Reason(rail.ref, True, f"{remediation.ref.name}: {', '.join(said)}{why}", kind="guard")
    return Reason(rail.ref, False, _idle(draft, rail), kind="guard")


def _is_asked(forecast: Forecast) -> bool:
    """Whether this is a limit that was asked, or a freeze that stops something; a ceiling is said in its own words."""
    return forecast.kind in ("rate", "concurrency") or (forecast.kind == "freeze" and not forecast.passes)


def _idle(draft: Draft, rail: Guardrail) -> str:
    """Why a freeze stops nothing now."""
    freeze = rail.freeze
    if freeze is None:
        return "it limits nothing"
    if freeze.span is not None and freeze.span.start > draft.now:
        return f"begins {freeze.span.start:%Y-%m-%d}"
    if freeze.span is not None and freeze.span.end <= draft.now:
        return f"ended {freeze.span.end:%Y-%m-%d}"
    if _is_on(draft, freeze):
        return "stops only what runs by itself"
    return "not frozen now"


def _is_on(draft: Draft, freeze: Freeze) -> bool:
    return (freeze.span is None or draft.now in freeze.span) and (freeze.during is None or draft.now in freeze.during)


def _freezes(draft: Draft, remediation: Remediation, rails: list[Guardrail], is_unattended: bool) -> list[Forecast]:
    found: list[Forecast] = []
    for rail in rails:
        freeze = rail.freeze
        if freeze is None:
            continue
        if _is_on(draft, freeze):
            stops = is_unattended or freeze.human_too
            found.append(Forecast(f"frozen by {rail.ref.name}: {freeze.reason}", not stops, rail.ref, "freeze"))
        elif freeze.span is not None and freeze.span.start > draft.now:
            found.append(Forecast(f"{rail.ref.name} begins {freeze.span.start:%Y-%m-%d}", True, rail.ref, "freeze"))
    if not found and any(rail.freeze is not None for rail in rails):
        found.append(Forecast("not frozen", True, remediation.ref, "freeze"))
    return found


def _counted(draft: Draft, remediation: Remediation, target: str, begun_at: datetime | None) -> tuple[RepairRun, ...]:
    """The runs that limits count: all but the one that began then, and goes on."""
    if begun_at is None:
        return draft.snapshot.runs
    this = (remediation.ref.name, draft.fold.id, target)
    return tuple(run for run in draft.snapshot.runs if (run.remediation, run.incident, run.target) != this or run.started_at < begun_at)


def _limits(draft: Draft, remediation: Remediation, rails: list[Guardrail], target: str, runs: tuple[RepairRun, ...]) -> list[Forecast]:
    """Rate, cooldown and concurrency: the remediation's own over its own *runs*, a guardrail's over all runs in its scope."""
    own = [run for run in runs if run.remediation == remediation.ref.name]
    guards = remediation.guards
    found: list[Forecast] = []
    if guards.rate is not None:
        found.append(_rate(draft, guards.rate, own, target, remediation.ref))
    if guards.cooldown is not None:
        ended = [run.ended_at or draft.now for run in own if run.target == target]
        left = max(ended) + guards.cooldown - draft.now if ended else timedelta(0)
        text = f"cooldown of {format_duration(guards.cooldown)}"
        if left > timedelta(0):
            text += f" ends in {format_duration(timedelta(seconds=int(left.total_seconds())))}"
        found.append(Forecast(text, left <= timedelta(0), remediation.ref, "cooldown"))
    if guards.concurrency is not None:
        found.append(_concurrency(draft, guards.concurrency, own, target, remediation.ref))
    for rail in rails:
        within = [run for run in runs if not rail.ref.team or rail.ref.team in draft.bill.line_of(run.team)]
        if rail.rate is not None:
            found.append(_rate(draft, rail.rate, within, target, rail.ref))
        if rail.concurrency is not None:
            found.append(_concurrency(draft, rail.concurrency, within, target, rail.ref))
    return found


def _rate(draft: Draft, rate: Rate, runs: list[RepairRun], target: str, because: Ref) -> Forecast:
    recent = [run for run in runs if run.started_at > draft.now - rate.within and _is_same(draft, run, rate.per, target)]
    where = "" if rate.per == "target" else f" for this {rate.per}"
    return Forecast(f"{len(recent)} of {rate.limit} in {format_duration(rate.within)}{where}", len(recent) < rate.limit, because, "rate")


def _concurrency(draft: Draft, concurrency: Concurrency, runs: list[RepairRun], target: str, because: Ref) -> Forecast:
    running = [run for run in runs if run.ended_at is None and _is_same(draft, run, concurrency.per, target)]
    return Forecast(
        f"{len(running)} of {concurrency.limit} at once per {concurrency.per}", len(running) < concurrency.limit, because, "concurrency"
    )


def _is_same(draft: Draft, run: RepairRun, per: Per, target: str) -> bool:
    if per == "target":
        return run.target == target
    if per == "service":
        return run.service == draft.fold.service
    return per == "repository" or run.team == draft.fold.team
