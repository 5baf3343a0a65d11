"""The JSON Schema (2020-12) of what `plan --format json` prints: `schemas/v1/plan.json`.

It is strict about what it names and says what each field means, so that an editor or a generator of types can use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, get_args

from watchbill.model.forecast import ForecastKind
from watchbill.model.plan import ReasonKind
from watchbill.model.policies import PHASES
from watchbill.model.references import Kind
from watchbill.model.severity import RANK
from watchbill.report import API_VERSION

Schema: TypeAlias = dict[str, Any]

_UNIT: Final = r"(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?"


def plan_schema() -> Schema:
    """The schema of a Plan, and of a PlanList."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://watchbill.example.com/schemas/v1/plan.json",
        "title": "Plan",
        "description": "What an alert would bring, as `watchbill plan --format json` prints it.",
        "oneOf": [{"$ref": "#/$defs/plan_list"}, {"$ref": "#/$defs/plan"}],
        "$defs": _definitions(),
    }


def _definitions() -> Schema:
    return {
        "plan_list": _object(
            "Plans, one for each incident.",
            apiVersion={"const": API_VERSION},
            kind={"const": "PlanList"},
            items=_list("plan", "In the order in which the alerts came."),
        ),
        "plan": _plan(),
        **_shared(),
        **_people(),
        **_work(),
    }


def _plan() -> Schema:
    return _object(
        "Everything one incident would bring, if nobody answers.",
        apiVersion={"const": API_VERSION},
        kind={"const": "Plan"},
        at=_ref("time", "The moment the plan is for."),
        revision=_text("The commit the policies are of, with `+` where files differ from it; or a hash of the contents."),
        tzdata=_text("The version of the time zone rules."),
        incident=_text("The incident's id, made from the key and the moment."),
        key=_text("The correlation key: alerts with the same one make the same incident."),
        title=_text("What the incident is called."),
        severity=_ref("severity", "The highest of the alerts that fire."),
        service=_nullable(_ref("reference"), "The service that claims the alerts; null where none does."),
        tier=_nullable({"type": "integer"}, "The service's tier; 1 matters most."),
        team=_text("The team that owns the service, or the fallback team."),
        claim=_ref("reason", "Why this service claims the alerts."),
        lead=_text("The fingerprint of the alert that selects the escalation."),
        alerts=_list("alert", "All alerts of the incident, the lead among them."),
        escalations=_list("escalation", "The one that wins first, then those that apply besides."),
        posts=_list("post", "What is posted, in order."),
        hub=_nullable(_ref("hub"), "Where responders talk; null where nothing opens a place."),
        evidence=_list("evidence", "What is collected."),
        evidence_budget=_ref("duration", "How long collecting may take altogether."),
        updates=_list("update", "Who is told what, by when."),
        repairs=_list("repair", "Remediations that apply, whether or not they may run."),
        refused=_list("reason", "Policies a reader might expect, and the first condition of each that failed."),
        reasons=_list("reason", "Every policy that was looked at."),
        notes=_texts("What else a reader should know."),
        quarantined=_texts("Documents (`Kind/name`) that did not compile and are not part of this plan."),
    )


def _shared() -> Schema:
    return {
        "time": {"type": "string", "format": "date-time", "pattern": r"Z$", "description": "RFC 3339, in UTC."},
        "duration": {"type": "string", "pattern": f"^(0|0s|{_UNIT})$", "minLength": 1, "description": "As in Prometheus: `1h30m`."},
        "severity": {"enum": sorted(RANK, key=RANK.__getitem__, reverse=True), "description": "How bad it is."},
        "phase": {"enum": list(PHASES), "description": "How far a remediation is trusted, in order of trust."},
        "place": _object(
            "Where it is written.",
            file=_text("Below the repository's root."),
            line={"type": "integer", "minimum": 0, "description": "From 1; 0 is the whole file."},
            column={"type": "integer", "minimum": 0, "description": "From 1; 0 is the whole line."},
        ),
        "reference": _object(
            "A document.",
            kind={"enum": list(get_args(Kind)), "description": "What kind of document it is."},
            name=_text("Its name, one of its kind in the repository."),
            team=_nullable({"type": "string"}, "Null for a document of the whole repository."),
            place=_ref("place", "Where it begins."),
        ),
        "reason": _object(
            "One policy looked at, and what came of it.",
            policy=_ref("reference", "The policy."),
            applied={"type": "boolean", "description": "Whether it takes part."},
            note=_text("The rest in words."),
            failed=_nullable({"type": "string"}, "The first condition that did not hold, as it was written."),
            saw=_nullable({"type": "string"}, "The value it met."),
            kind={"enum": list(get_args(ReasonKind)), "description": "What sort of rule was looked at."},
        ),
        "call": _object(
            "A connector's action with its arguments filled in.",
            connector=_text("The connector by its name."),
            action=_text("What it is asked to do."),
            arguments={"type": "object", "description": "By name, with everything filled in."},
        ),
        "alert": _object(
            "An alert after it was claimed.",
            fingerprint=_text("Its identity, from the labels as received."),
            name=_text("Its `alertname`, or the fingerprint."),
            status={"enum": ["firing", "resolved"], "description": "What the source says of it."},
            severity=_ref("severity", "How bad it is, after the source's own word was looked up."),
            unknown_severity=_nullable({"type": "string"}, "A word the severity map does not know; it counts as critical."),
            service=_nullable({"type": "string"}, "The service that claims it."),
            team=_text("The team that has it."),
            labels=_strings("What every matcher but a service's sees."),
            received=_strings("The labels as the source sent them."),
            annotations=_strings("The annotations as the source sent them."),
            starts_at=_ref("time", "Since when."),
            ends_at=_nullable(_ref("time"), "When the source says that it stops; null where it says nothing."),
            generator_url=_text("Where the source shows it; may be empty."),
            source=_text("The system that reported it."),
        ),
    }


def _people() -> Schema:
    return {
        "person": _object(
            "Somebody who is reached.",
            name=_text("The handle."),
            full_name=_text("What people call them."),
            duty=_text("The target that led to them: `role/primary`."),
            why=_text("How it led to them."),
            local_at={"type": "string", "format": "date-time", "description": "What time it is where they are, with its offset."},
            zone=_text("Their time zone."),
            contacts=_list("contact", "How they are tried, in order of preference."),
        ),
        "contact": _object("One way to a person.", use=_text("`connector.action`."), after=_ref("duration", "How long after the page.")),
        "page": _object(
            "One level of one round falling due.",
            at=_ref("time", "When it falls due."),
            round={"type": "integer", "minimum": 0, "description": "From 0; what comes after the last declared one is the fallback team."},
            level={"type": "integer", "minimum": 0, "description": "From 0."},
            targets=_texts("Whom the level names."),
            people=_list("person", "Empty where nobody can be reached."),
            note=_text("Who was skipped, and why; may be empty."),
            because=_ref("reference", "The policy it comes from."),
            place=_ref("place", "The very line."),
        ),
        "escalation": _object(
            "An escalation that takes part.",
            policy=_ref("reference", "The policy."),
            why=_text("Why it was chosen."),
            proceeds={"type": "boolean", "description": "Whether it has `continue: true`, and so applies besides the others."},
            held_until=_nullable(_ref("time"), "Until when its pages wait for a remediation to work."),
            held_for=_texts("The remediations they wait for."),
            pages=_list("page", "Every level of every round."),
            repeat={"type": "integer", "minimum": 0, "description": "How many further rounds follow the first."},
            after=_text("What follows the last page, in words."),
        ),
        "post": _object(
            "A call that is made at a time: a channel post, the opening of a channel or a bridge.",
            at=_ref("time", "When it is made."),
            kind=_text("`notify`, `hub`, `bridge`, …"),
            call=_ref("call", "What is done."),
            because=_ref("reference", "The policy it comes from."),
            place=_ref("place", "The very line."),
        ),
        "hub": _object(
            "Where responders talk.",
            channel=_text("The channel's name; may be empty."),
            bridge={"type": "boolean", "description": "Whether a bridge opens."},
            invited={
                "type": "array",
                "description": "Who is asked in.",
                "items": _object("Somebody asked in.", name=_text("The handle."), duty=_text("May be empty.")),
            },
            because=_ref("reference", "The policy it comes from."),
            place=_ref("place", "The very line."),
        ),
    }


def _work() -> Schema:
    return {
        "evidence": _object(
            "A collector that runs.",
            name=_text("The collector."),
            title=_text("What it shows."),
            call=_ref("call", "What is done."),
            timeout=_ref("duration", "How long it may take."),
            error=_nullable({"type": "string"}, "Why its arguments could not be filled in."),
            because=_ref("reference", "The policy it comes from."),
            place=_ref("place", "The very line."),
        ),
        "update": _object(
            "An update that is due to an audience.",
            audience=_text("By its name."),
            title=_text("What it is called."),
            due_at=_ref("time", "The obligation."),
            channels=_texts("`connector.action`, each."),
            subject=_text("May be empty."),
            body=_text("What is said."),
            reviewer=_nullable(_ref("person"), "Who reads it before it leaves."),
            review=_text("How it is reviewed, in words; may be empty."),
            sent_at=_nullable(_ref("time"), "When it leaves if the reviewer does not answer; null where it is held until they do."),
            every=_nullable(_ref("duration"), "The cadence that follows."),
            liaison=_nullable({"type": "string"}, "Who answers for it."),
            because=_ref("reference", "The policy it comes from."),
            place=_ref("place", "The very line."),
        ),
        "forecast": _object(
            "What a guard or guardrail says now; it is asked again when the step starts.",
            text=_text("What was asked, and the answer: `0 of 2 in 1d`."),
            passes={"type": "boolean", "description": "Whether it lets the remediation run."},
            kind={"enum": list(get_args(ForecastKind)), "description": "What sort of limit was asked."},
            because=_ref("reference", "The policy it comes from."),
        ),
        "repair": _object(
            "A remediation that applies, and what it may do.",
            name=_text("The remediation."),
            at=_ref("time", "When it would begin, or be offered."),
            phase=_ref("phase", "What it may do after guardrails."),
            declared=_ref("phase", "What its document says."),
            target=_text("What it would be done to, filled in."),
            runs={"type": "boolean", "description": "Whether it would begin by itself."},
            steps=_list("call", "What it does, in order."),
            forecasts=_list("forecast", "What its guards and the guardrails say now."),
            verification=_text("How it is seen to have worked, in words."),
            rollback=_text("How it is undone, in words."),
            approvals={"type": "integer", "minimum": 0, "description": "How many must say yes."},
            approvers=_texts("Who may say yes."),
            offered_to=_texts("Who may start it."),
            runbook=_nullable({"type": "string"}, "The remedy as people read it."),
            note=_text("May be empty."),
            error=_nullable({"type": "string"}, "Why its target or arguments could not be filled in."),
            because=_ref("reference", "The policy it comes from."),
            place=_ref("place", "The very line."),
        ),
    }


# --- small pieces -----------------------------------------------------------------------


def _object(description: str, **properties: Mapping[str, Any]) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


def _texts(description: str) -> Schema:
    return {"type": "array", "items": {"type": "string"}, "description": description}


def _strings(description: str) -> Schema:
    return {"type": "object", "additionalProperties": {"type": "string"}, "description": description}


def _ref(name: str, description: str = "") -> Schema:
    return {"$ref": f"#/$defs/{name}"} | ({"description": description} if description else {})


def _list(name: str, description: str = "") -> Schema:
    return {"type": "array", "items": _ref(name)} | ({"description": description} if description else {})


def _nullable(schema: Schema, description: str) -> Schema:
    return {"anyOf": [schema, {"type": "null"}], "description": description}
