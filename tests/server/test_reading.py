"""What is read over the API: lists, alerts in Alertmanager's form, timelines, reasons, health and numbers."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.server.places import Place, an_alert
from watchbill.server import alertmanager

NUMBERS = itertools.count()


def an_incident(at: Place, **labels: str) -> str:
    """An incident of its own."""
    number = next(NUMBERS)
    return at.fire(an_alert(f"Read{number}", **{"service": f"read-{number}", **labels}))


# --- lists ------------------------------------------------------------------------------


def test_incidents_are_listed_from_the_last_on(at: Place) -> None:
    """
    Page by page, each incident is listed once, the last first.
    """
    incidents = [an_incident(at) for _ in range(5)]
    found, before = [], ""
    while len(found) < 5:
        page = at.client.get("/v1/incidents", params={"limit": 2} | ({"before": before} if before else {})).json()
        found += [each["id"] for each in page["incidents"]]
        before = page["next"] or ""
        if not before:
            break

    assert found[:5] == incidents[::-1]


def test_incidents_are_chosen_by_what_they_are(at: Place) -> None:
    """
    Status, team, service and severity choose among them; `open` stands for all that are not resolved.
    """
    done = an_incident(at)
    at.post(f"/v1/incidents/{done}/resolve")
    mild = an_incident(at, severity="warning")

    def ids(**query: Any) -> set[str]:
        return {each["id"] for each in at.client.get("/v1/incidents", params=query).json()["incidents"]}

    assert done in ids(status="resolved") - ids(status="open")
    assert mild in ids(status="open") & ids(severity="warning") & ids(team="payments") & ids(status="triggered,resolved")
    assert mild not in ids(severity=["critical", "info"])
    assert ids(team="nobody") == set()


@pytest.mark.parametrize("query", ["status=broken", "severity=awful", "limit=0", "limit=x", "limit=5000", "limit=-1"])
def test_a_parameter_that_means_nothing_is_refused(at: Place, query: str) -> None:
    """
    What is asked for in a way that cannot be meant is answered with 400 and what can.
    """
    answered = at.client.get(f"/v1/incidents?{query}")

    assert answered.status_code == 400
    assert answered.json()["error"]["rule"] == "bad-request"


# --- alertmanager -----------------------------------------------------------------------


def test_a_silenced_alert_is_listed_as_suppressed(at: Place) -> None:
    """
    An alert that a silence mutes says by which, and can be left out.
    """
    at.fire(an_alert("Quiet", service="search", quiet="yes"))
    filters = {"filter": 'alertname="Quiet"'}
    (found,) = at.client.get("/api/v2/alerts", params=filters).json()

    assert found["status"] == {"state": "suppressed", "silencedBy": ["search-is-quiet"], "inhibitedBy": [], "mutedBy": []}
    assert at.client.get("/api/v2/alerts", params={**filters, "silenced": "false"}).json() == []
    assert len(at.client.get("/api/v2/alerts", params={**filters, "active": "false"}).json()) == 1


def test_many_alerts_are_listed_whole_a_few_at_a_time(at: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    However many alerts fire, each is listed once, and what is held at a time is a few.
    """
    monkeypatch.setattr(alertmanager, "AT_ONCE", 7)
    at.fire(*(an_alert("Many", number=str(number)) for number in range(40)))
    params = {"filter": 'alertname="Many"'}
    listed = at.client.get("/api/v2/alerts", params=params).json()
    (group,) = at.client.get("/api/v2/alerts/groups", params=params).json()

    assert sorted(each["labels"]["number"] for each in listed) == sorted(map(str, range(40)))
    assert len(group["alerts"]) == 40
    assert at.client.get("/api/v2/alerts", params={"filter": 'alertname="None"'}).json() == []


def test_alerts_are_chosen_by_matchers_and_receivers(at: Place) -> None:
    """
    `filter` is a matcher on the labels as received, `receiver` a pattern over the team.
    """
    an_incident(at, zone="seven")

    def count(**query: Any) -> int:
        return len(at.client.get("/api/v2/alerts", params=query).json())

    assert count(filter='zone="seven"') == 1
    assert count(filter=['zone=~"se.*"', 'severity="critical"']) == 1
    assert count(filter=['zone="seven"', 'severity="info"']) == 0
    assert count(filter='zone="seven"', receiver="pay.*") == 1
    assert count(filter='zone="seven"', receiver="pay") == 0


@pytest.mark.parametrize("query", ["filter=%7B%7B", "receiver=%28", "active=perhaps"])
def test_filters_that_cannot_be_read_are_refused(at: Place, query: str) -> None:
    """
    A matcher, a pattern or a truth that is none is answered with 400.
    """
    assert at.client.get(f"/api/v2/alerts?{query}").status_code == 400


def test_the_rest_of_alertmanagers_api_is_content(at: Place) -> None:
    """
    Groups are incidents, receivers are teams, silences are made by commits, and the status has what tools look for.
    """
    incident = an_incident(at)
    groups = at.client.get("/api/v2/alerts/groups").json()
    status = at.client.get("/api/v2/status").json()

    assert incident in [group["labels"]["incident"] for group in groups]
    assert at.client.get("/api/v2/receivers").json() == [{"name": "payments"}]
    assert at.client.get("/api/v2/silences").json() == []
    assert set(status) == {"cluster", "versionInfo", "config", "uptime"}


# --- timelines and reasons --------------------------------------------------------------


def test_a_timeline_is_read_as_text_too(at: Place) -> None:
    """
    The text says what happened, to whom, by which policy and where that stands, and fits its width.
    """
    incident = an_incident(at)
    at.wait(lambda: at.incident(incident)["steps"][0]["state"] == "failed")
    at.post(f"/v1/incidents/{incident}/note", {"text": "it is the cable"})
    text = at.client.get(f"/v1/incidents/{incident}/timeline", params={"format": "text", "width": 60}).text
    same = at.client.get(f"/v1/incidents/{incident}/timeline", params={"width": 60}, headers={"Accept": "text/plain"}).text

    assert "fires, critical" in text
    assert "ana (primary)" in text
    assert "policies/payments.yaml:6" in text
    assert "ana: it is the cable" in text
    assert max(map(len, text.splitlines())) <= 60
    assert same.splitlines()[:3] == text.splitlines()[:3]


def test_a_timeline_has_every_decision_and_call(at: Place) -> None:
    """
    The decisions are numbered from 1 and have their reasons; the attempts at deliveries say what came of them; `after` leaves out what is
    known.
    """
    incident = an_incident(at)
    at.wait(lambda: at.incident(incident)["steps"][0]["state"] == "failed")
    told = at.client.get(f"/v1/incidents/{incident}/timeline").json()
    rest = at.client.get(f"/v1/incidents/{incident}/timeline?after=1").json()

    assert [each["number"] for each in told["decisions"]] == [1, 2, 3]
    assert [each["number"] for each in rest["decisions"]] == [2, 3]
    assert "payments-any" in [reason["policy"]["name"] for reason in told["decisions"][0]["reasons"]]
    assert [(each["person"], each["use"], each["result"]) for each in told["deliveries"]] == [
        ("ana", "phone.call", "unable"),
        ("bo", "hotline.page", "shadow"),
    ]


def test_an_explanation_says_whom_pages_were_for_and_whom_not(at: Place) -> None:
    """
    Whom a page was for has the way that led to them, and whether anything left; who was not paged is told so.
    """
    incident = an_incident(at)
    found = at.client.get(f"/v1/incidents/{incident}/explain").json()
    ana = at.client.get(f"/v1/incidents/{incident}/explain?person=ana&format=text").text
    eve = at.client.get(f"/v1/incidents/{incident}/explain?person=eve&format=text").text

    assert [(each["person"], each["why"], each["left"]) for each in found["paged"]] == [
        ("ana", "primary of payments", False),
        ("bo", "lead of payments", False),
    ]
    assert "payments-any" in [each["policy"]["name"] for each in found["applied"]]
    assert "ana as role/primary by payments-any" in ana
    assert "not reached: call cannot be sent: " in ana
    assert "eve was not paged: no page of this incident was theirs\n" in eve
    assert "level fallback-team of payments-any" in eve


def test_a_form_that_is_none_is_refused(at: Place) -> None:
    """
    Text and JSON are the forms that there are.
    """
    assert at.client.get(f"/v1/incidents/{an_incident(at)}/timeline?format=yaml").status_code == 400


# --- the server itself ------------------------------------------------------------------


def test_numbers_are_told_to_prometheus(at: Place) -> None:
    """
    Prometheus can read the metrics, and they count what has happened.
    """
    an_incident(at)
    for _ in range(1_000):  # until the page has come to its end, which is after the incident is there
        families = {each.name: each for each in text_string_to_metric_families(at.client.get("/metrics").text)}
        steps = {(each.labels["kind"], each.labels["state"]) for each in families["watchbill_steps"].samples}
        if ("page", "failed") in steps:
            break
    found = {sample.name: sample.value for family in families.values() for sample in family.samples if not sample.labels}
    queues = {sample.labels["queue"] for sample in families["watchbill_queue_length"].samples}

    assert found["watchbill_alerts_total"] >= 1
    assert found["watchbill_alerts_firing"] >= 1
    assert found["watchbill_ready"] == 1
    assert found["watchbill_decision_seconds_count"] >= 1
    assert queues == {"undecided", "writer", "performing", "inbox", "set_aside", "steps_queued", "steps_running"}
    assert ("page", "failed") in steps
    assert [each for each in found if each.endswith("_created")] == []


def test_requests_are_counted_by_their_route_and_not_by_their_path(at: Place) -> None:
    """
    However many paths somebody asks for, the series stay few.
    """
    for number in range(20):
        at.client.get(f"/v1/incidents/nothing-{number}")
        at.client.get(f"/nowhere/{number}")
    families = {each.name: each for each in text_string_to_metric_families(at.client.get("/metrics").text)}
    routes = {sample.labels["route"] for sample in families["watchbill_http_requests"].samples}

    assert "/v1/incidents/{incident}" in routes
    assert "other" in routes
    assert not any(route.startswith("/nowhere") for route in routes)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/v1/incidents/", 404), ("PUT", "/v1/incidents", 405), ("GET", "/v1/kill", 405)],
)
def test_what_is_not_served_is_said(at: Place, method: str, path: str, status: int) -> None:
    """
    A path that leads nowhere, and a method that a path does not take, are answered in the one form.
    """
    answered = at.client.request(method, path)

    assert answered.status_code == status
    assert answered.json()["error"]["rule"] == "unknown-path"


def test_answers_are_kept_by_nobody(at: Place) -> None:
    """
    No answer may be kept by browsers and proxies, or be taken for another type than it says.
    """
    headers = at.client.get("/v1/incidents").headers

    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_a_bug_is_said_in_the_log_and_not_to_the_caller(at: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where an endpoint breaks, the answer says so in the one form, and the log has the place.
    """
    assert at.house is not None

    def broken(job: Any) -> Any:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(at.house, "read", broken)
    answered = at.client.get("/v1/incidents")

    assert answered.status_code == 500
    assert answered.json()["error"]["rule"] == "bug"
    assert "ZeroDivisionError" not in answered.text
    assert any(line["event"] == "bug" and "ZeroDivisionError" in line["trace"] for line in at.said)
