"""Explanations: the answer in sentences, what it rests on, and the same as data."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.makers import (
    a_guardrail,
    a_layer,
    a_person,
    a_remediation,
    a_schedule,
    a_service,
    an_alert,
    an_override,
    at,
    some_days,
)
from tests.report.explanations import CHANGED, an_answer, the
from watchbill.model.explanation import LastChange
from watchbill.report.explain_json import answers_json
from watchbill.report.explain_schema import explain_schema
from watchbill.report.explain_text import Answer, answers_text
from watchbill.report.explain_words import changed
from watchbill.report.plain import columns

VALIDATOR = jsonschema.Draft202012Validator(explain_schema(), format_checker=jsonschema.FormatChecker())
ABOUT = [
    None,
    *(("Person", name) for name in ("ana", "bo", "cy", "dan", "eve")),
    *(("Service", "checkout"), ("Audience", "customers")),
    *(("Escalation", "payments-critical"), ("Escalation", "payments-warning"), ("Triage", "databases")),
    *(("Remediation", "restart-checkout"), ("Guardrail", "hands-off"), ("Comms", "customers-critical")),
]


def said(kind: str, name: str, *more: object, **settings: object) -> str:
    return " ".join(an_answer(the(kind, name), *more, **settings).sentences)


# --- sentences --------------------------------------------------------------------------


def test_who_is_not_on_call_is_told_why_not():
    """
    Who is called instead, whose turn it is and by what, and when it is theirs.
    """
    assert said("Person", "bo") == (
        "bo is not paged. payments-critical calls primary (cy) and lead (cy), and in the end team platform (dan). "
        "It is bo's turn in the layer base of payments-primary, and the layer singapore-day stands above it "
        "and gives cy the watch until 09:00. "
        "bo has the watch next on payments-primary, from Mon 2026-11-30 09:00 UTC."
    )


def test_whose_turn_it_is_not():
    """
    Somebody whose turn it is in no layer hears who has the watch.
    """
    assert "It is not ana's turn on payments-primary: cy has the watch until 09:00, by layer singapore-day." in said("Person", "ana")


def test_who_is_paged_is_told_when_and_as_what():
    """
    A page has its time, the duty and the way it came, and the times at which it comes again.
    """
    assert said("Person", "cy").startswith(
        "cy is paged at 03:12. payments-critical calls primary, and that is cy (payments-primary, layer singapore-day). "
        "If nobody acknowledges, it comes again at 03:17."
    )
    assert said("Person", "dan").startswith("dan is paged at 03:22, unless somebody acknowledges before.")


def test_an_override_is_the_reason():
    """
    Whom an override replaced hears its name.
    """
    one_layer = a_schedule("payments-primary", a_layer("ana", "bo"))
    override = an_override("cy", "2026-11-23T00:00:00Z", "2026-11-23T09:00:00Z", instead_of="bo", name="cy-for-bo")

    assert "It is bo's turn on payments-primary, and the override cy-for-bo gives cy the watch until 09:00." in said(
        "Person", "bo", one_layer, override
    )


def test_leave_is_the_reason():
    """
    Who is on leave hears until when.
    """
    away = a_person("bo", leave=[some_days("2026-11-20", "2026-11-27")])

    assert "bo is on leave until 27 November." in said("Person", "bo", away, a_schedule("payments-primary", a_layer("ana", "bo")))


def test_lack_of_contacts_is_the_reason():
    """
    Who has no contact hears that no page could reach them.
    """
    assert "bo has no contact, so no page could reach bo." in said("Person", "bo", a_person("bo", contacts=()))


def test_who_is_behind_no_level():
    """
    Somebody whom nothing leads to hears that.
    """
    assert said("Person", "eve").endswith("None of them leads to eve.")


def test_nobody_is_paged_for_what_has_ended():
    """
    For alerts that have ended nobody is paged, and nothing was asked.
    """
    ended = [an_alert(status="resolved", starts_at=at("2026-11-23T01:00:00Z"))]

    assert said("Person", "bo", alerts=ended) == "bo is not paged. Nobody is: the alerts have ended."
    assert said("Guardrail", "hands-off", alerts=ended) == "hands-off was not asked: the alerts have ended."


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        ("Escalation", "payments-critical", "payments-critical takes part (the only one of payments that matches)."),
        ("Escalation", "payments-warning", 'payments-warning takes no part: needs severity="warning", saw critical.'),
        ("Triage", "databases", 'databases takes no part: needs component="database", saw nothing.'),
        ("Comms", "customers-critical", "customers-critical takes no part: customers-narrow is more specific for customers."),
        ("Audience", "customers", "customers is told by 03:27, as customers-narrow says: statuspage; then every 30m."),
        ("Service", "checkout", 'checkout claims it: service="checkout".'),
    ],
)
def test_a_policy_is_told_in_a_sentence(kind: str, name: str, sentence: str):
    """
    Whether it takes part, and the first condition that failed with the value it saw.
    """
    assert said(kind, name) == sentence


def test_services_that_do_not_claim():
    """
    A service says what its claim needs, or by whom it was outdone.
    """
    search = a_service("search")
    wide = a_service("wide", claims=[['severity="critical"']])
    narrow = a_service("checkout", claims=[['service="checkout"', 'severity="critical"']])
    one, two = an_answer(search.ref, search), an_answer(wide.ref, wide, narrow)

    assert one.sentences == ['search does not claim it: a claim needs service="search", saw checkout.']
    assert two.sentences == ["wide does not claim it: its claim holds, and is less specific than checkout."]


def test_a_guardrail_without_a_remediation_was_not_asked():
    """
    Where no remediation applies, a guardrail has nothing to say.
    """
    rail, other = a_guardrail("hands-off"), a_remediation("restart-checkout", match=['severity="info"'])

    assert an_answer(rail.ref, rail, other).sentences == ["hands-off was not asked: it limits remediations, and none applies."]


def test_an_audience_that_is_not_told():
    """
    Where none of its Comms takes part, an audience hears nothing.
    """
    info = [an_alert(severity="info")]
    quiet = an_answer(the("Audience", "customers"), alerts=info)

    assert quiet.sentences[0].startswith("customers is told")
    assert replace(quiet, explanation=replace(quiet.explanation, plan=replace(quiet.explanation.plan, updates=()))).sentences == [
        "customers is not told: none of 2 Comms for it takes part."
    ]


# --- text -------------------------------------------------------------------------------


@pytest.mark.parametrize("about", ABOUT, ids=str)
@pytest.mark.parametrize("width", [40, 64, 80, 120])
def test_lines_fit_the_window(about: tuple[str, str] | None, width: int):
    """
    No line is wider than the window, except for a word that cannot be broken.
    """
    text = answers_text([an_answer(the(*about) if about else None)], width=width)

    for line in text.splitlines():
        assert columns(line) <= width or len(line.split()) == 1


@pytest.mark.parametrize("about", ABOUT, ids=str)
def test_colour_says_nothing_that_words_do_not(about: tuple[str, str] | None):
    """
    Without its colours a coloured explanation is the plain one.
    """
    import re

    answer = an_answer(the(*about) if about else None)

    assert re.sub(r"\x1b\[[0-9;]*m", "", answers_text([answer], colour=True)) == answers_text([answer])


@given(st.text(max_size=12))
def test_what_comes_from_outside_is_harmless(value: str):
    """
    Whatever a label holds, no control character reaches the terminal.
    """
    alert = an_alert(component=value, starts_at=at("2026-11-23T03:00:00Z"))
    text = answers_text([an_answer(the("Triage", "databases"), alerts=[alert])])

    assert all(character == "\n" or character.isprintable() for character in text if character.isascii())


def test_several_incidents_are_divided():
    """
    Explanations of several incidents stand one after another, with a rule between.
    """
    answer = an_answer(the("Person", "bo"))

    assert answers_text([answer, answer]).count("─" * 80) == 1
    assert answers_text([]) == ""


def test_a_line_that_is_not_committed_says_so():
    """
    What was changed since the last commit has no author yet.
    """
    assert changed(LastChange("", "", None, "")) == "changed since the last commit"
    assert changed(CHANGED) == "changed 2026-11-02 by Ana Sousa in 4f2c1d9"


def test_quarantined_documents_are_named_on_top():
    """
    What did not compile was not looked at, and the explanation says so first.
    """
    assert answers_text([an_answer(quarantined=("Triage/hosts",))]).startswith("WARNING 1 document did not compile")


# --- JSON -------------------------------------------------------------------------------


def test_the_schema_is_one():
    """
    What describes an explanation is itself a valid schema.
    """
    jsonschema.Draft202012Validator.check_schema(explain_schema())


@pytest.mark.parametrize("about", ABOUT, ids=str)
@pytest.mark.parametrize("is_known", [True, False])
def test_an_explanation_is_valid_by_its_schema(about: tuple[str, str] | None, is_known: bool):
    """
    Whatever is asked about, and whether or not git knows the lines, the JSON is as the schema says.
    """
    VALIDATOR.validate(json.loads(json.dumps(answers_json([an_answer(the(*about) if about else None, changed=is_known)]))))


def test_the_same_is_said_as_data():
    """
    The JSON has the sentences, the reasons with their lines, and who changed them last.
    """
    document = answers_json([an_answer(the("Escalation", "payments-warning"))])["items"][0]
    (looked_at,) = document["looked_at"]

    assert document["about"]["name"] == "payments-warning"
    assert document["answer"] == ['payments-warning takes no part: needs severity="warning", saw critical.']
    assert (looked_at["failed"], looked_at["saw"], looked_at["applied"]) == ('severity="warning"', "critical", False)
    assert looked_at["changed"] == {
        "revision": "4f2c1d9",
        "author": "Ana Sousa",
        "at": "2026-11-02T10:00:00Z",
        "summary": "Ask the day shift first",
    }


def test_a_person_as_data():
    """
    Each level says whether it means and reaches the person, and where they stand on its schedules.
    """
    person = answers_json([an_answer(the("Person", "bo"))])["items"][0]["person"]

    assert [(level["is_named"], level["is_paged"]) for level in person["levels"]] == [(False, False)] * 3
    standing = person["levels"][0]["standings"][0]
    assert (standing["holder"], standing["layer"], standing["is_listed"]) == ("cy", "singapore-day", True)
    assert [(layer["name"], layer["person"]) for layer in standing["layers"]] == [("base", "bo"), ("singapore-day", "cy")]


def test_an_answer_without_a_question_has_no_sentences():
    """
    Where everything was asked for, the list is the answer.
    """
    answer: Answer = an_answer()

    assert answer.sentences == []
    assert len(answer.looked_at) == 9
