"""A plan as JSON, and the schema that promises its shape."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import timedelta

import jsonschema
import pytest

from tests.report.makers import a_marked_plan, a_plan, a_repair, a_small_plan, after, an_alert, an_update
from watchbill.model import forecast
from watchbill.report.plan_json import plan_json, plans_json, time_json
from watchbill.report.plan_schema import plan_schema

VALIDATOR = jsonschema.Draft202012Validator(plan_schema(), format_checker=jsonschema.FormatChecker())


def test_the_schema_is_one():
    """
    The schema is a valid schema of its dialect.
    """
    jsonschema.Draft202012Validator.check_schema(plan_schema())


@pytest.mark.parametrize(
    "plan",
    [
        a_plan(),
        a_small_plan(),
        a_small_plan(service=None, tier=None),
        a_plan(repairs=(a_repair(error="no label"),), updates=(an_update(sent_at=None, liaison="role/lead"),), notes=("one",)),
        a_small_plan(lead=replace(an_alert(), unknown_severity="meltdown"), evidence_budget=timedelta(milliseconds=1500)),
    ],
)
def test_plans_are_as_the_schema_says(plan):
    """
    Every plan, alone or in a list, is valid by the schema after a way through text.
    """
    for document in (plan_json(plan), plans_json((plan,)), plans_json(())):
        VALIDATOR.validate(json.loads(json.dumps(document)))


def test_the_schema_refuses_what_it_does_not_know():
    """
    A key that is not described, or one that is missing, is refused, so that neither comes by accident.
    """
    document = plan_json(a_small_plan())
    without = {key: value for key, value in document.items() if key != "refused"}

    assert not VALIDATOR.is_valid(document | {"surprise": 1})
    assert not VALIDATOR.is_valid(without)


@pytest.mark.parametrize("kind", [name for name in dir(forecast) if name.startswith("Planned")] + ["Plan"])
def test_nothing_of_a_plan_is_left_out(kind):
    """
    Every field of every part of a plan has its key in the schema.
    """
    renamed = {"PlannedContact": "contact", "PlannedPerson": "person"}
    name = renamed.get(kind, kind.removeprefix("Planned").lower() or "plan")
    described = plan_schema()["$defs"]["plan" if kind == "Plan" else name]["properties"]

    assert {field.name for field in fields(getattr(forecast, kind))} <= set(described)


def test_times_and_durations():
    """
    Times are UTC with a Z, a person's own keeps its offset, durations are as policies write them.
    """
    document = plan_json(a_plan())
    person = document["escalations"][0]["pages"][1]["people"][0]

    assert document["at"] == "2026-11-23T03:12:00Z"
    assert time_json(after(0.0125)) == "2026-11-23T03:12:00.750000Z"
    assert person["local_at"] == "2026-11-23T04:23:00+01:00"
    assert person["contacts"] == [
        {"use": "phone.call", "after": "0s", "rings": True, "mark": None},
        {"use": "phone.sms", "after": "2m", "rings": False, "mark": None},
    ]
    assert document["updates"][0]["every"] == "30m"


def test_what_comes_to_nothing_is_marked_where_it_stands():
    """
    A contact, a post, a channel, a bridge, a piece of evidence, a channel of an update and a step each have their mark, or null.
    """
    document = plan_json(a_marked_plan())
    VALIDATOR.validate(json.loads(json.dumps(document)))

    contacts = document["escalations"][0]["pages"][0]["people"][0]["contacts"]
    assert [each["mark"] for each in contacts] == ["not-carried-out", "shadow"]
    assert document["posts"][0]["mark"] == "not-carried-out"
    assert (document["hub"]["channel_mark"], document["hub"]["bridge_mark"]) == ("not-carried-out", "not-carried-out")
    assert [each["mark"] for each in document["evidence"]] == ["not-carried-out", None]
    assert (document["updates"][0]["channels"], document["updates"][0]["marks"]) == (
        ["status.post", "mail.send"],
        ["not-carried-out", None],
    )
    assert document["repairs"][0]["marks"] == ["shadow"]


def test_the_lead_is_among_the_alerts():
    """
    The lead is named by its fingerprint, and stands among the alerts even where the plan forgot it there.
    """
    document = plan_json(a_small_plan(alerts=()))

    assert [alert["fingerprint"] for alert in document["alerts"]] == [document["lead"]]


def test_a_value_that_is_absent_is_null():
    """
    What is not there is null and not an empty text, so that a program can ask one question.
    """
    document = plan_json(a_plan(service=None, hub=None))

    assert document["service"] is None
    assert document["hub"] is None
    assert document["escalations"][0]["held_until"] == "2026-11-23T03:18:00Z"
    assert document["repairs"][0]["error"] is None
    assert document["reasons"][0]["failed"] is None
