"""What people do over the API, each with an answer."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.server.places import Place, an_alert

NUMBERS = itertools.count()


def an_incident(at: Place, name: str) -> str:
    """An incident of its own, by an alert that begins with this *name* and that no service claims."""
    number = next(NUMBERS)
    return at.fire(an_alert(f"{name}{number}", service=f"none-{number}"))


def refusal(response: Any, status: int) -> dict[str, Any]:
    """The error in an answer of this status."""
    assert response.status_code == status, response.text
    return response.json()["error"]


def test_an_incident_goes_through_its_life(at: Place) -> None:
    """
    Acknowledged, kept, given back, snoozed, mitigated, resolved: each is answered with what came of it and how the incident stands.
    """
    incident = an_incident(at, "life")
    said = [
        ("ack", None),
        ("extend", {"for": "6h"}),
        ("unack", None),
        ("snooze", {"for": "2h"}),
        ("note", {"text": "it is the cable"}),
        ("mitigate", None),
        ("resolve", None),
    ]
    answers = [at.post(f"/v1/incidents/{incident}/{word}", body) for word, body in said]

    assert [each.status_code for each in answers] == [200] * 7
    assert [each.json()["status"] for each in answers] == [
        "acknowledged",
        "acknowledged",
        "triggered",
        "acknowledged",
        "acknowledged",
        "mitigated",
        "resolved",
    ]
    assert answers[0].json()["answer"] == "acknowledged by ana"
    assert at.incident(incident)["status"] == "resolved"


def test_what_is_too_late_is_said(at: Place) -> None:
    """
    Whoever comes second hears 409, who was first, and how the incident stands; it is on the timeline too.
    """
    incident = an_incident(at, "late")
    at.post(f"/v1/incidents/{incident}/ack")
    answered = at.post(f"/v1/incidents/{incident}/ack", headers={"X-Watchbill-As": "bo"})

    assert refusal(answered, 409) | {"help": ""} == {"rule": "not-done", "message": "it is acknowledged by ana already", "help": ""}
    assert answered.json()["status"] == "acknowledged"
    assert at.client.get(f"/v1/incidents/{incident}/timeline").json()["decisions"][-1]["by"] == "bo"


def test_nobody_who_is_not_declared_takes_an_incident(at: Place) -> None:
    """
    An acknowledgement by a name that no person has is answered with 409, near names, and how the incident stands.
    """
    incident = an_incident(at, "stranger")
    answered = at.post(f"/v1/incidents/{incident}/ack", headers={"X-Watchbill-As": "anna"})

    assert refusal(answered, 409)["message"].startswith("no declared person is called `anna`, so paging goes on: did you mean `ana`")
    assert answered.json()["status"] == "triggered"


def test_escalating_pages_the_next_level(at: Place) -> None:
    """
    After escalating, the next level has a page: nothing has left for ana, bo has been paged for that, and now the fallback team is.
    """
    incident = an_incident(at, "more")
    answered = at.post(f"/v1/incidents/{incident}/escalate")
    pages = [step for step in at.incident(incident)["steps"] if step["kind"] == "page" and step["started_at"]]

    assert answered.json()["answer"] == "escalated by ana"
    assert [person["person"] for step in pages for person in step["people"]] == ["ana", "bo", "ana"]


def test_an_unknown_incident_is_not_found(at: Place) -> None:
    """
    A name that no incident has is answered with 404, whatever is said to it.
    """
    for word, body in (("ack", None), ("note", {"text": "x"}), ("approve", {"step": "x"})):
        assert refusal(at.post(f"/v1/incidents/nothing-of-the-kind/{word}", body), 404)["rule"] == "unknown-incident"


def test_a_shortened_name_means_one_incident(at: Place) -> None:
    """
    The beginning of a name, or its six letters, will do where they mean one incident; where they mean several, these are named.
    """
    one, other = an_incident(at, "twin"), an_incident(at, "twin")

    assert at.incident(one[:-3])["id"] == one
    assert at.incident(one[-6:])["id"] == one
    answered = at.client.get("/v1/incidents/twin")
    assert refusal(answered, 409)["rule"] == "ambiguous-name"
    assert set(answered.json()["candidates"]) == {one, other}


# --- steps ------------------------------------------------------------------------------


def test_what_is_offered_is_started_without_naming_it(fresh: Place) -> None:
    """
    Where one step only can be started, `run` needs no name; afterwards there is none, and the answer says so.
    """
    incident = fresh.fire(an_alert())
    started = fresh.post(f"/v1/incidents/{incident}/run")
    again = fresh.post(f"/v1/incidents/{incident}/run")

    assert started.json()["answer"] == "started by ana"
    assert refusal(again, 409)["rule"] == "not-done"


@pytest.mark.parametrize("in_path", [True, False], ids=["in the path", "in the body"])
@pytest.mark.parametrize("short", ["whole", "without the incident", "its beginning"])
def test_a_step_may_be_named_in_each_way(fresh: Place, in_path: bool, short: str) -> None:
    """
    In the path or in the body, by its whole id, without the incident's in front, or by its beginning.
    """
    incident = fresh.fire(an_alert())
    (offer,) = [step["id"] for step in fresh.incident(incident)["steps"] if step["kind"] == "offer" and step["state"] == "waiting"]
    name = {"whole": offer, "without the incident": offer.removeprefix(f"{incident}/"), "its beginning": "offer/write"}[short]
    if in_path:
        answered = fresh.post(f"/v1/incidents/{incident}/steps/{quote(name, safe='')}/deny")
    else:
        answered = fresh.post(f"/v1/incidents/{incident}/deny", {"step": name})

    assert answered.status_code == 200, answered.text
    assert answered.json()["answer"] == "ana said no"


def test_a_step_that_failed_is_tried_again(at: Place) -> None:
    """
    A page that could not leave says why, can be tried again, and is its next attempt then.
    """
    incident = an_incident(at, "again")
    at.wait(lambda: at.incident(incident)["steps"][0]["state"] == "failed")
    before = at.incident(incident)["steps"][0]
    answered = at.post(f"/v1/incidents/{incident}/retry")

    assert before["can"] == ["retry"]
    assert "env/SHOP_PHONE" in before["outcome"]["error"]
    assert answered.json()["answer"] == "tried again by ana"
    at.wait(lambda: at.incident(incident)["steps"][0]["attempt"] == 2)


def test_a_step_that_is_not_there_is_not_found(fresh: Place) -> None:
    """
    A name that no step has is answered with 404 and those that could be meant.
    """
    incident = fresh.fire(an_alert())
    answered = fresh.post(f"/v1/incidents/{incident}/run", {"step": "offer/nothing"})

    assert refusal(answered, 404)["rule"] == "unknown-step"
    assert answered.json()["candidates"] == [step["id"] for step in fresh.incident(incident)["steps"] if "run" in step["can"]]


def test_a_step_cannot_be_answered_with_anything(fresh: Place) -> None:
    """
    A step that waits to be started cannot be approved; the answer says what it waits for.
    """
    incident = fresh.fire(an_alert())
    answered = fresh.post(f"/v1/incidents/{incident}/approve", {"step": "offer/write-it-down"})

    assert refusal(answered, 409)["message"] == "it is offered, and waits to be started, not for a yes"


def test_a_step_in_another_state_says_which(fresh: Place) -> None:
    """
    A verb about a step that is in another state by now says in which, also where only its policy is named.
    """
    incident = fresh.fire(an_alert())
    fresh.post(f"/v1/incidents/{incident}/run", {"step": "write-it-down"})
    fresh.wait(lambda: [step["state"] for step in fresh.incident(incident)["steps"] if step["kind"] == "repair"] == ["done"])
    said = {word: fresh.post(f"/v1/incidents/{incident}/{word}", {"step": "write-it-down"}) for word in ("approve", "run", "retry", "deny")}

    assert refusal(said["approve"], 409)["message"] == "it is done already"
    assert refusal(said["run"], 409)["message"] == "it is done already"
    assert refusal(said["retry"], 409)["message"] == "it is done already"
    assert refusal(said["deny"], 409)["message"].startswith("no step of `write-it-down` can be answered with `deny` now: offer/")
    assert "is done" in refusal(said["deny"], 409)["message"]


# --- freeze and kill --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "body", "scope"),
    [
        ("freeze", {"reason": "a move"}, ("all", None)),
        ("kill", {"reason": "it runs wild", "team": "payments", "for": "30m"}, ("team", "payments")),
        ("freeze", {"reason": "a sale", "service": "checkout", "until": "in a month"}, ("service", "checkout")),
    ],
    ids=["all", "team", "service"],
)
def test_unattended_work_is_stopped_and_freed(at: Place, word: str, body: dict[str, str], scope: tuple[str, Any]) -> None:
    """
    A stop holds from the answer on, is listed, and is lifted once.
    """
    if "until" in body:
        now = datetime.fromisoformat(at.client.get("/v1/status").json()["now"])
        body = {**body, "until": (now + timedelta(days=30)).isoformat()}
    answered = at.post(f"/v1/{word}", body)
    assert answered.status_code == 201, answered.text
    switch = answered.json()["switch"]
    listed = at.client.get("/v1/switches").json()["switches"]
    lifted = at.client.delete(f"/v1/switches/{switch['id']}", headers={"X-Watchbill-As": "bo"})
    twice = at.client.delete(f"/v1/switches/{switch['id']}", headers={"X-Watchbill-As": "bo"})

    assert (switch["kind"], switch["scope"], switch["name"], switch["by"]) == (word, *scope, "ana")
    assert switch in listed
    assert lifted.json()["switch"]["lifted_by"] == "bo"
    assert refusal(twice, 409)["rule"] == "not-done"
    assert at.client.get("/v1/switches").json()["switches"] == []
    assert switch["id"] in [each["id"] for each in at.client.get("/v1/switches?all=true").json()["switches"]]


def test_a_freeze_holds_people_off_unattended_work_only(fresh: Place) -> None:
    """
    What a freeze stops is told by the reasons of the next decision; what a person starts is decided by the policies.
    """
    switch = fresh.post("/v1/freeze", {"reason": "a move"}).json()["switch"]
    incident = fresh.fire(an_alert())
    facts = fresh.client.get(f"/v1/incidents/{incident}/timeline").json()["decisions"][0]["facts"]
    fresh.client.delete(f"/v1/switches/{switch['id']}", headers={"X-Watchbill-As": "ana"})

    assert facts["is_frozen"] is True


def test_a_switch_that_is_not_there_is_not_found(at: Place) -> None:
    """
    A number that no stop has is answered with 404.
    """
    for number in ("9999", "0", "x", "99999999999999999999"):
        assert refusal(at.client.delete(f"/v1/switches/{number}", headers={"X-Watchbill-As": "ana"}), 404)["rule"] == "unknown-switch"


# --- bad input --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("snooze", None),
        ("snooze", {"for": "soon"}),
        ("snooze", {"for": "-2h"}),
        ("snooze", {"for": "9999w"}),
        ("snooze", {"for": "2h", "until": "2190-01-01T00:00:00Z"}),
        ("snooze", {"until": "2020-01-01T00:00:00Z"}),
        ("snooze", {"until": "2026-13-01"}),
        ("snooze", {"until": "tomorrow"}),
        ("extend", {"for": "0s"}),
        ("extend", {"until": "tomorrow"}),
        ("note", None),
        ("note", {"text": "  "}),
        ("note", {"text": 1}),
        ("approve", {"step": ["x"]}),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_refused_with_an_example(at: Place, path: str, body: Any) -> None:
    """
    A body that lacks what is asked for, or has it in another form, is answered with 400 and what to send.
    """
    assert refusal(at.post(f"/v1/incidents/{an_incident(at, 'bad')}/{path}", body), 400)["rule"] == "bad-request"


@pytest.mark.parametrize(
    "body", [b"[]", b"nonsense", b'"text"', b"\xff", b"[" * 10_000, b'{"text": "' + b"x" * 70_000 + b'"}'], ids=lambda each: str(each[:12])
)
def test_a_body_that_is_no_object_is_refused(at: Place, body: bytes) -> None:
    """
    What people send is a small JSON object, or nothing.
    """
    answered = at.client.post("/v1/freeze", content=body, headers={"X-Watchbill-As": "ana"})

    assert refusal(answered, 413 if len(body) > 65_536 else 400)["rule"] in ("bad-request", "too-large")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"reason": "x", "team": "nobody"}, 404),
        ({"reason": "x", "service": "nothing"}, 404),
        ({"team": "payments"}, 400),
        ({"reason": "x", "team": "payments", "service": "checkout"}, 400),
    ],
    ids=str,
)
def test_a_stop_is_of_something_and_for_a_reason(at: Place, body: dict[str, str], status: int) -> None:
    """
    A stop of a team or a service that is not there, of both at once, or without a reason, is refused.
    """
    refusal(at.post("/v1/freeze", body), status)


# --- a yes to something -----------------------------------------------------------------


def a_question(at: Place) -> tuple[str, dict[str, Any]]:
    """An incident in which a remediation waits for bo's yes, because ana started it; and what is asked."""
    incident = at.fire(an_alert("QueueIsLong", service="search"))
    assert at.post(f"/v1/incidents/{incident}/run", {"step": "drain-the-queue"}).status_code == 200
    (asked,) = (step["question"] for step in at.incident(incident)["steps"] if step["question"] is not None)
    return incident, asked


def test_a_yes_names_the_digest_of_what_waits(fresh: Place) -> None:
    """
    Who approves sees the action, its arguments, the target, who asked and until when, and names their digest.
    """
    incident, asked = a_question(fresh)
    headers = {"X-Watchbill-As": "bo"}
    answered = fresh.post(f"/v1/incidents/{incident}/approve", {"step": "drain-the-queue", "digest": asked["digest"]}, headers=headers)

    assert asked | {"until": "", "revision": "", "digest": ""} == {
        "action": "journal.write",
        "arguments": {"subject": "the queue is drained"},
        "target": "search",
        "asked_by": "ana",
        "until": "",
        "revision": "",
        "digest": "",
    }
    assert (answered.status_code, answered.json()["answer"]) == (200, "approved by bo")


@pytest.mark.parametrize(("body", "rule"), [({}, "digest-needed"), ({"digest": "0123456789ab"}, "not-done")], ids=["without", "other"])
def test_a_yes_to_something_else_changes_nothing(fresh: Place, body: dict[str, str], rule: str) -> None:
    """
    Without a digest, and with that of something else, a yes is 409 with what waits now, and nothing has changed.
    """
    incident, asked = a_question(fresh)
    before = [step["state"] for step in fresh.incident(incident)["steps"]]
    answered = fresh.post(f"/v1/incidents/{incident}/approve", {"step": "drain-the-queue", **body}, headers={"X-Watchbill-As": "bo"})

    assert refusal(answered, 409)["rule"] == rule
    assert answered.json()["question"] == asked
    assert [step["state"] for step in fresh.incident(incident)["steps"]] == before
