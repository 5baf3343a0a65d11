"""The JSON Schema (2020-12) of what `plan --format json` prints: `schemas/v1/plan.json`.

It is strict about what it names and says what each field means, so that an editor or a generator of types can use it.
"""

from __future__ import annotations

from typing import Final, get_args

from watchbill import SCHEMAS
from watchbill.model.forecast import ForecastKind, Mark
from watchbill.model.plan import ReasonKind
from watchbill.model.policies import PHASES
from watchbill.model.references import Kind
from watchbill.model.severity import RANK
from watchbill.report import API_VERSION
from watchbill.report.shapes import Schema, flag, list_of, nullable, object_of, ref, strings, text, texts

_UNIT: Final = r"(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?"


def plan_schema() -> Schema:
    """The schema of a Plan, and of a PlanList."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{SCHEMAS}/plan.json",
        "title": "Plan",
        "description": "What an alert would bring, as `watchbill plan --format json` prints it.",
        "oneOf": [{"$ref": "#/$defs/plan_list"}, {"$ref": "#/$defs/plan"}],
        "$defs": _definitions(),
    }


def _definitions() -> Schema:
    return {
        "plan_list": object_of(
            "Plans, one for each incident.",
            apiVersion={"const": API_VERSION},
            kind={"const": "PlanList"},
            items=list_of("plan", "In the order in which the alerts came."),
        ),
        "plan": _plan(),
        **shared(),
        **people(),
        **_talk(),
        **_telling(),
        **_work(),
        **_repair(),
        **_question(),
    }


def _plan() -> Schema:
    return object_of(
        "Everything one incident would bring, if nobody answers.",
        apiVersion={"const": API_VERSION},
        kind={"const": "Plan"},
        at=ref("time", "The moment the plan is for."),
        revision=text("The commit the policies are of, with `+` where files differ from it; or a hash of the contents."),
        tzdata=text("The version of the time zone rules."),
        incident=text("The incident's id, made from the key and the moment."),
        key=text("The correlation key: alerts with the same one make the same incident."),
        title=text("What the incident is called."),
        severity=ref("severity", "The highest of the alerts that fire."),
        service=nullable(ref("reference"), "The service that claims the alerts; null where none does."),
        tier=nullable({"type": "integer"}, "The service's tier; 1 matters most."),
        team=text("The team that owns the service, or the fallback team."),
        claim=ref("reason", "Why this service claims the alerts."),
        lead=text("The fingerprint of the alert that selects the escalation."),
        alerts=list_of("alert", "All alerts of the incident, the lead among them."),
        escalations=list_of("escalation", "The one that wins first, then those that apply besides."),
        posts=list_of("post", "What is posted, in order."),
        hub=nullable(ref("hub"), "Where responders talk; null where nothing opens a place."),
        evidence=list_of("evidence", "What is collected."),
        evidence_budget=ref("duration", "How long collecting may take altogether."),
        updates=list_of("update", "Who is told what, by when."),
        repairs=list_of("repair", "Remediations that apply, whether or not they may run."),
        refused=list_of("reason", "Policies a reader might expect, and the first condition of each that failed."),
        reasons=list_of("reason", "Every policy that was looked at."),
        notes=texts("What else a reader should know."),
        quarantined=texts("Documents (`Kind/name`) that did not compile and are not part of this plan."),
    )


def shared() -> Schema:
    """What stands in many places: times, durations, places, references, reasons, alerts."""
    return {
        "time": {"type": "string", "format": "date-time", "pattern": r"Z$", "description": "RFC 3339, in UTC."},
        "duration": {"type": "string", "pattern": f"^(0|0s|{_UNIT})$", "minLength": 1, "description": "As in Prometheus: `1h30m`."},
        "severity": {"enum": sorted(RANK, key=RANK.__getitem__, reverse=True), "description": "How bad it is."},
        "mark": {
            "enum": list(get_args(Mark)),
            "description": "Why it comes to nothing: this version does not carry it out, or what is done in shadow touches nothing.",
        },
        "phase": {"enum": list(PHASES), "description": "How far a remediation is trusted, in order of trust."},
        "place": object_of(
            "Where it is written.",
            file=text("Below the repository's root."),
            line={"type": "integer", "minimum": 0, "description": "From 1; 0 is the whole file."},
            column={"type": "integer", "minimum": 0, "description": "From 1; 0 is the whole line."},
        ),
        "reference": object_of(
            "A document.",
            kind={"enum": list(get_args(Kind)), "description": "What kind of document it is."},
            name=text("Its name, one of its kind in the repository."),
            team=nullable({"type": "string"}, "Null for a document of the whole repository."),
            place=ref("place", "Where it begins."),
        ),
        "reason": object_of(
            "One policy looked at, and what came of it.",
            policy=ref("reference", "The policy."),
            applied={"type": "boolean", "description": "Whether it takes part."},
            note=text("The rest in words."),
            failed=nullable({"type": "string"}, "The first condition that did not hold, as it was written."),
            saw=nullable({"type": "string"}, "The value it met."),
            kind={"enum": list(get_args(ReasonKind)), "description": "What sort of rule was looked at."},
        ),
        "call": object_of(
            "A connector's action with its arguments filled in.",
            connector=text("The connector by its name."),
            action=text("What it is asked to do."),
            arguments={"type": "object", "description": "By name, with everything filled in."},
        ),
        "alert": object_of(
            "An alert after it was claimed.",
            fingerprint=text("Its identity, from the labels as received."),
            name=text("Its `alertname`, or the fingerprint."),
            status={"enum": ["firing", "resolved"], "description": "What the source says of it."},
            severity=ref("severity", "How bad it is, after the source's own word was looked up."),
            unknown_severity=nullable({"type": "string"}, "A word the severity map does not know; it counts as critical."),
            service=nullable({"type": "string"}, "The service that claims it."),
            team=text("The team that has it."),
            labels=strings("What every matcher but a service's sees."),
            received=strings("The labels as the source sent them."),
            annotations=strings("The annotations as the source sent them."),
            starts_at=ref("time", "Since when."),
            ends_at=nullable(ref("time"), "When the source says that it stops; null where it says nothing."),
            generator_url=text("Where the source shows it; may be empty."),
            source=text("The system that reported it."),
        ),
    }


def _contact() -> Schema:
    return object_of(
        "One way to a person.",
        use=text("`connector.action`."),
        after=ref("duration", "How long after the page."),
        rings=flag("Whether it wakes them; the first that does not is the contact that tells."),
        mark=nullable(ref("mark"), "Why nobody is reached by it; null where somebody may be."),
    )


def people() -> Schema:
    """What is about people: who is reached, by which page."""
    return {
        "person": object_of(
            "Somebody who is reached.",
            name=text("The handle."),
            full_name=text("What people call them."),
            duty=text("The target that led to them: `role/primary`."),
            why=text("How it led to them."),
            local_at={"type": "string", "format": "date-time", "description": "What time it is where they are, with its offset."},
            zone=text("Their time zone."),
            contacts=list_of("contact", "How they are tried, in order of preference."),
        ),
        "contact": _contact(),
        "page": object_of(
            "One level of one round falling due.",
            at=ref("time", "When it falls due."),
            round={"type": "integer", "minimum": 0, "description": "From 0; what comes after the last declared one is the fallback team."},
            level={"type": "integer", "minimum": 0, "description": "From 0."},
            targets=texts("Whom the level names."),
            people=list_of("person", "Empty where nobody can be reached."),
            note=text("Who was skipped, and why; may be empty."),
            because=ref("reference", "The policy it comes from."),
            place=ref("place", "The very line."),
        ),
        "escalation": object_of(
            "An escalation that takes part.",
            policy=ref("reference", "The policy."),
            why=text("Why it was chosen."),
            proceeds={"type": "boolean", "description": "Whether it has `continue: true`, and so applies besides the others."},
            held_until=nullable(ref("time"), "Until when its pages wait for a remediation to work."),
            held_for=texts("The remediations they wait for."),
            pages=list_of("page", "Every level of every round."),
            repeat={"type": "integer", "minimum": 0, "description": "How many further rounds follow the first."},
            after=text("What follows the last page, in words."),
            acknowledged_for=text("How long an acknowledgement holds, as `4h`; then it is given back, and people are paged again."),
            reminded_before=text("How long before that whoever has the incident is reminded."),
            joined=text("What an alert of a new name does that joins it meanwhile: `tell`, `page` or `nothing`."),
        ),
    }


def _talk() -> Schema:
    """What is about where people talk: posts, and the hub."""
    return {
        "post": object_of(
            "A call that is made at a time: a channel post, the opening of a channel or a bridge.",
            at=ref("time", "When it is made."),
            kind=text("`notify`, `hub`, `bridge`, …"),
            call=ref("call", "What is done."),
            mark=nullable(ref("mark"), "Why nobody reads it; null where somebody may."),
            error=nullable({"type": "string"}, "Why it cannot be made: its arguments, once filled in, are not what the action takes."),
            because=ref("reference", "The policy it comes from."),
            place=ref("place", "The very line."),
        ),
        "hub": object_of(
            "Where responders talk.",
            channel=text("The channel's name; may be empty."),
            bridge={"type": "boolean", "description": "Whether a bridge opens."},
            channel_mark=nullable(ref("mark"), "Why the channel is not opened; null where it is."),
            bridge_mark=nullable(ref("mark"), "Why the bridge is not opened; null where it is."),
            invited={
                "type": "array",
                "description": "Who is asked in.",
                "items": object_of("Somebody asked in.", name=text("The handle."), duty=text("May be empty.")),
            },
            because=ref("reference", "The policy it comes from."),
            place=ref("place", "The very line."),
        ),
    }


def _work() -> Schema:
    return {
        "evidence": object_of(
            "A collector that runs.",
            name=text("The collector."),
            title=text("What it shows."),
            call=ref("call", "What is done."),
            timeout=ref("duration", "How long it may take."),
            error=nullable({"type": "string"}, "Why its arguments could not be filled in."),
            mark=nullable(ref("mark"), "Why nothing is collected; null where something may be."),
            because=ref("reference", "The policy it comes from."),
            place=ref("place", "The very line."),
        ),
        "forecast": object_of(
            "What a guard or guardrail says now; it is asked again when the step starts.",
            text=text("What was asked, and the answer: `0 of 2 in 1d`."),
            passes={"type": "boolean", "description": "Whether it lets the remediation run."},
            kind={"enum": list(get_args(ForecastKind)), "description": "What sort of limit was asked."},
            because=ref("reference", "The policy it comes from."),
        ),
    }


def _repair() -> Schema:
    return {
        "repair": object_of(
            "A remediation that applies, and what it may do.",
            name=text("The remediation."),
            at=ref("time", "When it would begin, or be offered."),
            phase=ref("phase", "What it may do after guardrails."),
            declared=ref("phase", "What its document says."),
            target=text("What it would be done to, filled in."),
            runs={"type": "boolean", "description": "Whether it would begin by itself."},
            steps=list_of("call", "What it does, in order."),
            marks={
                "type": "array",
                "description": "Of each step, why it is not taken; null where it is.",
                "items": nullable(ref("mark"), "In the same order."),
            },
            forecasts=list_of("forecast", "What its guards and the guardrails say now."),
            verification=text("How it is seen to have worked, in words."),
            rollback=text("How it is undone, in words."),
            approvals={"type": "integer", "minimum": 0, "description": "How many must say yes."},
            approvers=texts("Who may say yes."),
            question=nullable(ref("question"), "What is asked before it begins; null where nobody has to say yes."),
            offered_to=texts("Who may start it."),
            runbook=nullable({"type": "string"}, "The remedy as people read it."),
            note=text("May be empty."),
            error=nullable({"type": "string"}, "Why its target or arguments could not be filled in."),
            because=ref("reference", "The policy it comes from."),
            place=ref("place", "The very line."),
        ),
    }


def _question() -> Schema:
    return {
        "question": object_of(
            "What is asked before a remediation begins.",
            people=texts("Who is asked, by name."),
            until=nullable(ref("time"), "Until when they can answer; null where it counts from when a person starts it."),
            lasts=ref("duration", "How long the question stands."),
            digest=text("Of the first action, its arguments, the target and the revision: an answer names it."),
            unanswered=text("What follows if nobody answers, in words."),
        ),
    }


def _telling() -> Schema:
    """What is about audiences: who is told what, and how it leaves."""
    return {
        "update": object_of(
            "An update that is due to an audience.",
            audience=text("By its name."),
            title=text("What it is called."),
            due_at=ref("time", "The obligation."),
            channels=texts("`connector.action`, each."),
            marks={
                "type": "array",
                "description": "Of each channel, why nothing leaves by it; null where it does.",
                "items": nullable(ref("mark"), "In the same order."),
            },
            subject=text("May be empty."),
            body=text("What is said."),
            reviewer=nullable(ref("person"), "Who reads it before it leaves."),
            review=text("How it is reviewed, in words; may be empty."),
            sent_at=nullable(ref("time"), "When it leaves if the reviewer does not answer; null where it is held until they do."),
            every=nullable(ref("duration"), "The cadence that follows."),
            liaison=nullable({"type": "string"}, "Who answers for it."),
            calls=list_of("telling", "All that leaves, channel by channel."),
            because=ref("reference", "The policy it comes from."),
            place=ref("place", "The very line."),
        ),
        "telling": object_of(
            "What one channel of an update gets.",
            use=text("`connector.action`, as the audience names it."),
            call=nullable(ref("call"), "With the update's own words for what its audience leaves out; null where it cannot be made."),
            error=nullable({"type": "string"}, "Why it cannot be made."),
        ),
    }
