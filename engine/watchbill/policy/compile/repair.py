"""Remediations, guardrails and connectors: from documents to the model."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

from watchbill.model.policies import (
    Concurrency,
    Connector,
    Freeze,
    Guardrail,
    Guards,
    Rate,
    Remediation,
    RepairStep,
    Rollback,
    Verification,
)
from watchbill.model.references import Target
from watchbill.policy.compile import texts
from watchbill.policy.compile.arguments import check_settings, validator_of
from watchbill.policy.compile.calls import FOR_REPAIR, result_type, use
from watchbill.policy.compile.draft import At, Draft
from watchbill.policy.compile.ownership import check_unique
from watchbill.policy.compile.policies import expect_owner, targets
from watchbill.policy.compile.selecting import condition, interval, needs_interval, selector
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.documents import repair as written
from watchbill.policy.documents.section import Use as UseKeys
from watchbill.policy.secrets import is_reference, looks_secret, names_secret
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, quoted

_UNATTENDED: Final = ("oversight", "fallback")

# --- remediations ---------------------------------------------------------------------


def remediation(bench: Workbench, draft: Draft) -> Remediation:
    """A remediation; left out where any connector that it needs is, for half a repair is worse than none."""
    spec: written.RemediationSpec = draft.document.spec
    at = draft.top / "spec"
    expect_owner(bench, draft)
    _check_phase(at, spec)
    allow = spec.allow or written.Allow()
    compiled = Remediation(
        ref=draft.ref,
        selector=selector(bench, at, spec),
        phase=spec.phase,
        target=texts.template(at / "target", spec.target),
        steps=_steps(bench, at / "steps", spec.steps),
        verification=_verification(bench, at / "verify", spec.verify) if spec.verify else None,
        rollback=_rollback(bench, at / "rollback", spec.rollback) if spec.rollback else None,
        guards=_guards(at / "guards", spec.guards) if spec.guards else Guards(),
        hold=texts.some_duration(at / "hold", spec.hold) if spec.hold is not None else timedelta(0),
        approvals=spec.approvals,
        may_run=(Target("team", draft.team),) if allow.run is None else _allowed(bench, at / "allow" / "run", allow.run),
        may_approve=_allowed(bench, at / "allow" / "approve", allow.approve),
        approval_expires=texts.some_duration(at / "approval_expires", spec.approval_expires),
        precondition=condition(bench, at / "precondition", spec.precondition) if spec.precondition is not None else None,
        runbook=spec.runbook,
        shadow=spec.mode == "shadow",
    )
    if spec.phase in _UNATTENDED and spec.runbook is None and not draft.is_left_out:
        said = f"a remediation of phase `{spec.phase}` has no `runbook`"
        help = "name what people do when it does not work: `runbook: docs/runbooks/NAME.md`"
        (at / "phase").report("no-runbook", said, help, "warning")
    needs_interval(bench, at / "during", spec.during)
    if not draft.is_left_out:
        _leave_out_for_connectors(bench, draft, at, spec)
    return compiled


def _check_phase(at: At, spec: written.RemediationSpec) -> None:
    """What runs by itself can be verified, undone and stopped; what asks for approval can get it."""
    phase = spec.phase
    spot = at / "phase"
    if phase in _UNATTENDED:
        needs: dict[str, tuple[object, str]] = {
            "verify": (spec.verify, "say by which query it is seen to have worked"),
            "rollback": (spec.rollback, "give the steps that undo it, or `{none: REASON}`"),
            "guards": (spec.guards and spec.guards.rate, "limit how often it may run: `guards: {rate: {max: 2, in: 1d, per: target}}`"),
        }
        if phase == "fallback":
            needs["hold"] = (spec.hold, "say how long a page may wait for it: `hold: 6m`")
        for key, (value, help) in needs.items():
            if value is None:
                what = "guards.rate" if key == "guards" else key
                spot.report("unverifiable", f"a remediation of phase `{phase}` needs `{what}`", help)
    if phase != "fallback" and spec.hold is not None:
        where = (at / "hold").key_place
        at.draft.report(
            "no-effect", where, f"`hold` has no effect in phase `{phase}`", "take it away: only a fallback withholds a page", "warning"
        )
    if phase != "opportunity" and not spec.steps:
        where = (at / "steps").key_place
        at.draft.report(
            "missing-key", where, f"a remediation of phase `{phase}` needs `steps`", "say what it does; only an opportunity may have none"
        )
    if phase == "human-initiated" and spec.allow is not None and spec.allow.run == []:
        help = "name them, as in `[team/payments]`, or take `run` away for the team itself"
        (at / "allow" / "run").report("bad-value", "nobody may start it, and it does not start by itself", help)
    for key in ("rate", "concurrency"):
        limit = getattr(spec.guards, key) if spec.guards else None
        if limit is not None and limit.max == 0:
            help = "let it run at least once; to try it without effect, write `mode: shadow`"
            (at / "guards" / key / "max").report("bad-value", f"with this `{key}` it never runs", help)
    if spec.approvals and not (spec.allow and spec.allow.approve):
        help = "name them in `allow.approve`: `[role/incident-commander]`"
        (at / "approvals").report("no-approver", f"nobody may give the approvals that are asked for: {spec.approvals}", help)


def _steps(bench: Workbench, at: At, keys: list[written.RepairStep]) -> tuple[RepairStep, ...]:
    seen: set[str] = set()
    steps = []
    for index, each in enumerate(keys):
        spot = at / index
        check_unique(spot / "name", each.name, seen, "step")
        timeout = texts.some_duration(spot / "timeout", each.timeout)
        call = use(bench, spot, each, "steps", FOR_REPAIR)
        if call is not None:
            steps.append(RepairStep(each.name, call, timeout))
    return tuple(steps)


def _verification(bench: Workbench, at: At, keys: written.Verify) -> Verification | None:
    hold_for = texts.duration(at / "for", keys.for_)
    within = texts.some_duration(at / "within", keys.within)
    if hold_for > within and not at.draft.is_left_out:
        said = f"it can never be seen to work: `for` is {keys.for_}, and `within` is {keys.within}"
        (at / "for").report("unverifiable", said, "let `within` be longer than `for`")
    call = use(bench, at, keys, "verify", FOR_REPAIR)
    if call is None:
        return None
    return Verification(call, texts.condition(at / "expect", keys.expect, result_type(bench, call)), hold_for, within)


def _rollback(bench: Workbench, at: At, keys: written.Rollback) -> Rollback:
    if (keys.none is None) == (keys.steps is None) or keys.steps == []:
        at.report(
            "bad-value",
            "a rollback is either `steps` or `none` with a reason",
            "write `{none: a restart leaves nothing to undo}`, or the steps",
        )
    return Rollback(_steps(bench, at / "steps", keys.steps or []), keys.none)


def _guards(at: At, keys: written.GuardKeys) -> Guards:
    return Guards(
        rate=_rate(at / "rate", keys.rate) if keys.rate else None,
        cooldown=texts.some_duration(at / "cooldown", keys.cooldown) if keys.cooldown is not None else None,
        concurrency=_concurrency(keys.concurrency),
    )


def _rate(at: At, keys: written.Rate) -> Rate:
    return Rate(keys.max, texts.some_duration(at / "in", keys.in_), keys.per)


def _concurrency(keys: written.Concurrency | None) -> Concurrency | None:
    return Concurrency(keys.max, keys.per) if keys else None


def _allowed(bench: Workbench, at: At, texts_: list[str]) -> tuple[Target, ...]:
    return targets(bench, at, dict(enumerate(texts_)), pages=False)


def _leave_out_for_connectors(bench: Workbench, draft: Draft, at: At, spec: written.RemediationSpec) -> None:
    """Leave it out where one of its connectors is quarantined."""
    undo = (spec.rollback.steps or []) if spec.rollback else []
    calls: list[tuple[At, UseKeys]] = [(at / "steps" / index, each) for index, each in enumerate(spec.steps)]
    calls += [(at / "verify", spec.verify)] if spec.verify else []
    calls += [(at / "rollback" / "steps" / index, each) for index, each in enumerate(undo)]
    for spot, keys in calls:
        name = keys.use.partition(".")[0]
        connector = bench.names.find("Connector", name)
        if connector is None or connector.is_left_out:
            draft.leave_out(spot / "use", f"Connector/{name}")
            return


# --- guardrails -----------------------------------------------------------------------


def guardrail(bench: Workbench, draft: Draft) -> Guardrail:
    """A guardrail. One whose interval is quarantined holds always, for what limits others must not be lost by a mistake."""
    spec: written.GuardrailSpec = draft.document.spec
    at = draft.top / "spec"
    expect_owner(bench, draft)
    limits = (spec.ceiling, spec.freeze, spec.approvals, spec.hold, spec.rate, spec.concurrency)
    if all(limit is None for limit in limits):
        help = "give it a `ceiling`, a `freeze`, `approvals`, `hold`, `rate` or `concurrency`"
        draft.report("no-effect", at.key_place, "this guardrail limits nothing", help, "warning")
    return Guardrail(
        ref=draft.ref,
        selector=selector(bench, at, spec),
        ceiling=spec.ceiling,
        freeze=_freeze(bench, at / "freeze", spec.freeze) if spec.freeze else None,
        approvals=spec.approvals,
        hold=texts.duration(at / "hold", spec.hold) if spec.hold is not None else None,
        rate=_rate(at / "rate", spec.rate) if spec.rate else None,
        concurrency=_concurrency(spec.concurrency),
        reason=spec.reason,
    )


def _freeze(bench: Workbench, at: At, keys: written.Freeze) -> Freeze:
    if (keys.from_ is None) != (keys.to is None):
        there, lacking = ("to", "from") if keys.from_ is None else ("from", "to")
        at.report(
            "missing-key",
            f"`{there}` of a freeze stands without `{lacking}`",
            f"add `{lacking}`, or take `{there}` away for a freeze without end",
        )
    return Freeze(
        span=texts.span(at, keys.from_, keys.to) if keys.from_ is not None and keys.to is not None else None,
        during=interval(bench, at / "during", keys.during)
        if isinstance(keys.during, str)
        else texts.recurrence(at / "during", keys.during, bench.zone),
        human_too=keys.humans_too,
        reason=keys.reason,
    )


# --- connectors -----------------------------------------------------------------------


def connector(bench: Workbench, draft: Draft) -> Connector:
    """A connector of a type that the catalogue has; settings that are no texts are kept as JSON."""
    spec: written.ConnectorSpec = draft.document.spec
    at = draft.top / "spec"
    expect_owner(bench, draft)
    type = bench.catalogue.get(spec.type)
    if type is None:
        known = sorted(bench.catalogue)
        (at / "type").report(
            "unknown-type", f"no type of connector is called {quoted(spec.type)}", choice(nearest(spec.type, known), known, "types")
        )
    else:
        check_settings(at / "with", spec.with_, validator_of(type.settings), type.name)
        for name in spec.secrets:
            if name not in type.secrets:
                place = (at / "secrets" / name).key_place
                help = choice(nearest(name, type.secrets), type.secrets, "secrets it takes")
                draft.report("bad-argument", place, f"{type.name} takes no secret {quoted(name)}", help)
        if spec.tells and not any(action.generic for action in type.actions):
            said = f"`tells` has no effect: every action of {type.name} says by itself what it does"
            draft.report("no-effect", (at / "tells").key_place, said, "take it away", "warning")
    for name, value in spec.with_.items():
        _check_plain(at / "with" / name, value)
    for name, text in spec.secrets.items():
        if not is_reference(text):
            spot = at / "secrets" / name
            spot.report(
                "secret-in-plain-text", f"`{name}` is not a reference to a secret", f"write `env/{_variable(draft, name)}` or `file/NAME`"
            )
    return Connector(
        ref=draft.ref,
        type=spec.type,
        settings=tuple((name, value if isinstance(value, str) else json.dumps(value)) for name, value in spec.with_.items()),
        secrets=tuple(spec.secrets.items()),
        shadow=spec.mode == "shadow",
        tells=spec.tells,
    )


def _variable(draft: Draft, secret: str) -> str:
    return f"{draft.name}_{secret}".upper().replace("-", "_")


def _check_plain(at: At, value: Any) -> None:
    """Report a setting that looks like a secret, by its name or by itself."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_plain(at / key, inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check_plain(at / index, inner)
    elif isinstance(value, str) and (looks_secret(value) or (names_secret(at.key) and not is_reference(value))):
        help = f"move it out of the repository and refer to it: `secrets: {{{at.key}: env/{_variable(at.draft, at.key)}}}`"
        at.report("secret-in-plain-text", f"`{at.key}` looks like a secret", help)
