"""What is written in `policies/` about systems: remediations, guardrails and connectors."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, JsonValue, WithJsonSchema

from watchbill.policy.documents.section import (
    Document,
    Duration,
    Instant,
    Limiting,
    Maybe,
    Name,
    OwnedMetadata,
    RecurringHours,
    Section,
    Selecting,
    TargetText,
    Text,
    TextOrSection,
    Use,
    key,
)

Phase = Literal["opportunity", "human-initiated", "oversight", "fallback"]
Per = Literal["target", "service", "team", "repository"]
Mode = Literal["live", "shadow"]

_NEEDED: list[JsonValue] = [
    {
        "if": {"properties": {"phase": {"enum": ["oversight", "fallback"]}}, "required": ["phase"]},
        "then": {"required": ["verify", "rollback", "guards"], "properties": {"guards": {"required": ["rate"]}}},
    },
    {"if": {"properties": {"phase": {"const": "fallback"}}, "required": ["phase"]}, "then": {"required": ["hold"]}},
    {"if": {"properties": {"phase": {"const": "opportunity"}}, "required": ["phase"]}, "else": {"required": ["steps"]}},
]
"""What a phase needs besides; the compiler says it in words."""

# --- remediations ---------------------------------------------------------------------


class RepairStep(Use):
    """One action that changes the system."""

    name: Name = key("The step's name, unique in its list.", "restart")
    timeout: Duration = key("How long it may take.", "2m", default="5m")


class Verify(Use):
    """How a repair is seen to have worked."""

    expect: str = key("A JMESPath condition over the action's result.", "value < `0.01`")
    for_: Duration = key("How long it must hold unbroken.", "2m", alias="for", default="0s")
    within: Duration = key("By when it must have held for that long.", "5m")


class Rollback(Section):
    """How a repair is undone: steps, or the reason why there is nothing to undo."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["none"]}, {"required": ["steps"]}]})

    none: Maybe[Text] = key("The reason why there is nothing to undo.", "a restart leaves nothing to undo", default=None)
    steps: Maybe[list[RepairStep]] = key(
        "The steps that undo it.", [{"name": "undo", "use": "cluster.rollout-undo", "with": {"deployment": "checkout"}}], default=None
    )


class Rate(Section):
    """At most so many runs in a span."""

    max: int = key("How many runs at most.", 2, ge=0)
    in_: Duration = key("In what span of time.", "1d", alias="in")
    per: Per = key("What they are counted by.", "target", default="target")


class Concurrency(Section):
    """At most so many runs at the same time."""

    max: int = key("How many at most.", 1, ge=0)
    per: Per = key("What they are counted by.", "service", default="service")


class GuardKeys(Section):
    """The limits that a remediation sets itself."""

    rate: Maybe[Rate] = key("How often it may run.", {"max": 2, "in": "1d", "per": "target"}, default=None)
    cooldown: Maybe[Duration] = key("How long it rests after a run.", "15m", default=None)
    concurrency: Maybe[Concurrency] = key("How many may run at the same time.", {"max": 1, "per": "service"}, default=None)


class Allow(Section):
    """Who may do what."""

    run: Maybe[list[TargetText]] = key("Who may start it; the document's team where it is left out.", ["team/payments"], default=None)
    approve: list[TargetText] = key("Who may approve it.", ["role/incident-commander"], default_factory=list)


class RemediationSpec(Selecting):
    """What is repaired, how, how far that is trusted, and what stops it."""

    model_config = ConfigDict(json_schema_extra={"allOf": _NEEDED})

    phase: Phase = key("How far it is trusted to run by itself.", "human-initiated")
    precondition: Maybe[str] = key("A JMESPath condition that must hold when it starts.", "incident.reopen_count < `3`", default=None)
    hold: Maybe[Duration] = key("How long a page may wait for it to work (phase fallback).", "6m", default=None)
    target: Text = key("What it is done to; it runs once per target of an incident.", "{{ alert.labels.instance }}")
    steps: list[RepairStep] = key(
        "What is done, one after the other.",
        [{"name": "restart", "use": "cluster.rollout-restart", "with": {"deployment": "{{ service.name }}"}}],
        default_factory=list,
    )
    verify: Maybe[Verify] = key(
        "How it is seen to have worked.",
        {"use": "metrics.query", "with": {"query": "up"}, "expect": "value < `0.01`", "for": "2m", "within": "5m"},
        default=None,
    )
    rollback: Maybe[Rollback] = key("How it is undone.", {"none": "a restart leaves nothing to undo"}, default=None)
    guards: Maybe[GuardKeys] = key("The limits it sets itself.", {"rate": {"max": 2, "in": "1d", "per": "target"}}, default=None)
    approvals: int = key("How many people must say yes; `allow.approve` says who may.", 1, default=0, ge=0, le=100)
    approval_expires: Duration = key("How long a question for approval stands; unanswered it is a no.", "15m", default="15m")
    allow: Maybe[Allow] = key("Who may start and approve it.", {"run": ["team/payments"]}, default=None)
    runbook: Maybe[Text] = key("The remedy as people read it: a file or an address.", "docs/runbooks/checkout.md", default=None)
    mode: Mode = key("`shadow` decides and records, and touches nothing.", "shadow", default="live")


class Remediation(Document):
    """Steps that change the system: phase, target, precondition, verification, rollback, guards, who may run and approve."""

    kind: Literal["Remediation"] = key("The kind of document.", "Remediation")
    metadata: OwnedMetadata = key("Its name, its team, and what you say of it.", {"name": "restart-checkout", "team": "payments"})
    spec: RemediationSpec = key("What is declared.", {"phase": "human-initiated", "target": "checkout"})


# --- guardrails -----------------------------------------------------------------------


class Freeze(Section):
    """When nothing runs unattended."""

    from_: Maybe[Instant] = key("From when, with an offset.", "2026-12-20T00:00:00Z", alias="from", default=None)
    to: Maybe[Instant] = key("Until when, with an offset.", "2027-01-04T00:00:00Z", default=None)
    during: Maybe[TextOrSection[RecurringHours]] = key(
        "In which recurring hours: written out, or a TimeInterval.",
        {"hours": [{"days": "fri", "from": "16:00", "to": "24:00"}]},
        "weekends",
        default=None,
    )
    humans_too: bool = key("Whether people may not start anything either.", True, default=False)
    reason: Text = key("Why.", "the busiest weeks of the year", default="")


class GuardrailSpec(Limiting):
    """What nothing in its scope may exceed."""

    ceiling: Maybe[Phase] = key("The furthest phase that a remediation may have.", "oversight", default=None)
    freeze: Maybe[Freeze] = key(
        "When nothing runs unattended; at any time where it names none.",
        {"from": "2026-12-20T00:00:00Z", "to": "2027-01-04T00:00:00Z"},
        default=None,
    )
    approvals: Maybe[int] = key("How many people must say yes, at least.", 2, default=None, ge=0, le=100)
    hold: Maybe[Duration] = key("How long a page may wait for a repair, at most.", "5m", default=None)
    rate: Maybe[Rate] = key("How many repairs may run in a span, together.", {"max": 10, "in": "1h", "per": "repository"}, default=None)
    concurrency: Maybe[Concurrency] = key("How many repairs may run at the same time, together.", {"max": 3, "per": "team"}, default=None)
    reason: Text = key("Why, as people are told whom it stops.", "the busiest weeks of the year", default="")


class Guardrail(Document):
    """What nothing below may exceed: freezes, caps, approvals, ceiling of autonomy. Guardrails compose; the strictest wins."""

    kind: Literal["Guardrail"] = key("The kind of document.", "Guardrail")
    spec: GuardrailSpec = key("What is declared.", {"ceiling": "oversight"})


# --- connectors -----------------------------------------------------------------------

SecretText = Annotated[str, WithJsonSchema({"type": "string", "pattern": r"^(env|file)/.+$"})]


class ConnectorSpec(Section):
    """Which outside system, and how it is reached."""

    type: str = key("What kind of system it is.", "prometheus")
    with_: dict[str, Any] = key(
        "The type's settings; nothing secret.", {"url": "https://prometheus.example.com"}, alias="with", default_factory=dict
    )
    secrets: dict[str, SecretText] = key(
        "References to secrets: `env/NAME` or `file/NAME`.", {"token": "env/METRICS_TOKEN"}, default_factory=dict
    )
    mode: Mode = key("`shadow` decides and records, and touches nothing.", "shadow", default="live")
    tells: bool = key(
        "What it sends is read by somebody, and changes no system. Of a type whose actions cannot know (`webhook`, a program), they may "
        "then stand in `notify`, `channels`, `hub` and `last_resort`.",
        True,
        default=False,
    )


class Connector(Document):
    """A named outside system and its settings. Without a team anyone may use it."""

    kind: Literal["Connector"] = key("The kind of document.", "Connector")
    spec: ConnectorSpec = key("What is declared.", {"type": "prometheus"})
