"""The JSON Schema (2020-12) of what `explain --format json` prints: `schemas/v1/explanation.json`."""

from __future__ import annotations

from typing import Final

from watchbill import SCHEMAS
from watchbill.report import API_VERSION
from watchbill.report.plan_schema import people, shared
from watchbill.report.shapes import Schema, flag, list_of, nullable, object_of, ref, text, texts

_OF_PLANS: Final = ("mark", "time", "duration", "severity", "place", "reference")
_LINE: Final = "Who last changed that line; null where it is not known."


def explain_schema() -> Schema:
    """The schema of an Explanation, and of an ExplanationList."""
    common, reached = shared(), people()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{SCHEMAS}/explanation.json",
        "title": "Explanation",
        "description": "Why an alert does what it does, as `watchbill explain --format json` prints it.",
        "oneOf": [{"$ref": "#/$defs/explanation_list"}, {"$ref": "#/$defs/explanation"}],
        "$defs": {
            "explanation_list": object_of(
                "Explanations, one for each incident.",
                apiVersion={"const": API_VERSION},
                kind={"const": "ExplanationList"},
                items=list_of("explanation", "In the order in which the alerts came."),
            ),
            "explanation": _explanation(),
            **_policies(common["reason"]["properties"]),
            **_who(),
            **{name: common[name] for name in _OF_PLANS},
            **{name: reached[name] for name in ("page", "person", "contact")},
        },
    }


def _explanation() -> Schema:
    return object_of(
        "Why one incident is what it is, and nothing else.",
        apiVersion={"const": API_VERSION},
        kind={"const": "Explanation"},
        at=ref("time", "The moment it is about."),
        revision=text("The commit the policies are of, with `+` where files differ from it; or a hash of the contents."),
        tzdata=text("The version of the time zone rules."),
        incident=text("The incident's id, made from the key and the moment."),
        key=text("The correlation key: alerts with the same one make the same incident."),
        title=text("What the incident is called."),
        severity=ref("severity", "The highest of the alerts that fire."),
        service=nullable(ref("reference"), "The service that claims the alerts; null where none does."),
        team=text("The team that owns the service, or the fallback team."),
        lead=text("The fingerprint of the alert that selects the escalation."),
        about=nullable(ref("reference"), "What was asked about; null for everything."),
        answer=texts("The answer in sentences; empty where nothing was asked about by name."),
        looked_at=list_of("looked_at", "Services first, then policies by kind; in each kind those that take part first."),
        person=nullable(ref("who"), "For a person: every level that could mean them."),
        quarantined=texts("Documents (`Kind/name`) that did not compile and were not looked at."),
    )


def _policies(reason: Schema) -> Schema:
    return {
        "looked_at": object_of(
            "A policy, or a service, and what came of it.",
            **reason,
            place=ref("place", "The line that decided; where it takes part, its document."),
            changed=nullable(ref("change"), _LINE),
            asked=list_of("asked", "Its answer for each alert; a service has one for each of its claims."),
        ),
        "asked": object_of(
            "What a policy answered about one alert.",
            fingerprint=text("The alert."),
            alert=text("What the alert is called."),
            holds=flag("Whether all that it asks for holds."),
            failed=nullable({"type": "string"}, "The first condition that did not hold, as it was written."),
            saw=nullable({"type": "string"}, "The value it met."),
            place=ref("place", "The line of that condition."),
            changed=nullable(ref("change"), _LINE),
        ),
        "change": object_of(
            "The last change of a line.",
            revision=nullable({"type": "string"}, "The commit; null for what was changed since the last one."),
            author=text("Who made it; empty for what is not committed."),
            at=nullable(ref("time"), "When it was made."),
            summary=text("The first line of what they said of it."),
        ),
    }


def _who() -> Schema:
    return {
        "who": object_of(
            "A person, and why they are paged or are not.",
            name=text("The handle."),
            full_name=text("What people call them."),
            local_at={"type": "string", "format": "date-time", "description": "What time it is where they are, with its offset."},
            zone=text("Their time zone."),
            has_contacts=flag("Whether there is any way to reach them."),
            away_until=nullable({"type": "string", "format": "date"}, "The last day of their leave, where they are on leave."),
            pages=list_of("page", "The pages that reach them if nobody answers, in order."),
            levels=list_of("level", "The levels of the first round of everything that takes part, the fallback team included."),
            others=list_of("looked_at", "Escalations that take no part and would lead to them."),
            besides=texts("How else the incident asks for them, in words."),
        ),
        "level": object_of(
            "One level as one person sees it.",
            page=ref("page", "When it falls due, and whom it reaches."),
            is_named=flag("Whether it means them at that time."),
            is_paged=flag("Whether it reaches them."),
            standings=list_of("standing", "Where they stand on the schedules behind it."),
            note=text("The rest in words; may be empty."),
        ),
        "standing": object_of(
            "Where a person stands on a schedule at a time.",
            schedule=ref("reference", "The schedule."),
            at=ref("time", "The time."),
            holder=nullable({"type": "string"}, "Who has the watch; null for nobody."),
            because=text("Why it is they."),
            place=ref("place", "The line of the layer or the override that decided."),
            changed=nullable(ref("change"), _LINE),
            until=nullable(ref("time"), "When that changes, as far as it is in sight."),
            layer=nullable({"type": "string"}, "The layer that decided."),
            override=nullable(ref("reference"), "The override above it, if there is one."),
            layers=list_of("layer", "What each layer says by itself, the lowest first."),
            is_listed=flag("Whether the person takes turns on the schedule at all."),
            next_at=nullable(ref("time"), "When they have the watch next, as far as three months ahead."),
            next_until=nullable(ref("time"), "Until when."),
        ),
        "layer": object_of(
            "What one layer says by itself.",
            name=text("The layer."),
            person=nullable({"type": "string"}, "Whose turn it is in it; null for nobody's."),
            because=text("Why."),
            place=ref("place", "Where it is written."),
        ),
    }
