"""Incidents that people declare by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.server.places import Place, a_token, an_alert, served

SAID = {"service": "checkout", "severity": "critical", "summary": "customers cannot pay"}


def opened(at: Place, **more: Any) -> dict[str, Any]:
    """What came of declaring an incident of checkout, or of what is said otherwise."""
    answered = at.post("/v1/incidents", {**SAID, **more})
    assert answered.status_code == 201, answered.text
    return answered.json()


def test_somebody_declares_an_incident_and_people_are_paged(fresh: Place) -> None:
    """
    A declared incident has an alert of the source `watchbill` with the summary and who said it; the policies of its service page, and the
    timeline says who declared it.
    """
    answer = opened(fresh)
    fresh.wait(lambda: not fresh.is_paging(answer["incident"]))
    found = fresh.incident(answer["incident"])
    (alert,) = found["alerts"]
    timeline = fresh.client.get(f"/v1/incidents/{answer['incident']}/timeline").json()

    assert (answer["status"], answer["by"], answer["answer"]) == ("triggered", "ana", "opened, declared by ana")
    assert (found["service"], found["team"], found["severity"]) == ("checkout", "payments", "critical")
    assert (alert["source"], alert["name"]) == ("watchbill", "IncidentDeclared")
    assert alert["annotations"] == {"summary": "customers cannot pay", "declared_by": "ana"}
    assert next(step for step in found["steps"] if step["kind"] == "page")["people"][0]["person"] == "ana"
    assert (timeline["decisions"][0]["by"], timeline["decisions"][0]["proof"]) == ("ana", "unproven")
    assert timeline["happenings"][0]["note"] == "declared by ana: customers cannot pay"


def test_it_fires_until_somebody_resolves_it(fresh: Place) -> None:
    """
    What fires beside it may come and go: it is open until somebody says `resolve`, which ends its alert as well.
    """
    incident = opened(fresh)["incident"]
    assert fresh.fire(an_alert()) == incident
    fresh.post("/api/v2/alerts", [{**an_alert(), "endsAt": datetime.now(UTC).isoformat()}])
    fresh.wait(lambda: [each["labels"]["alertname"] for each in fresh.alerts()] == ["IncidentDeclared"])
    before = fresh.incident(incident)["status"]
    resolved = fresh.post(f"/v1/incidents/{incident}/resolve").json()
    found = fresh.incident(incident)

    assert (before, resolved["answer"], found["status"]) == ("triggered", "resolved by ana", "resolved")
    assert [each["status"] for each in found["alerts"]] == ["resolved", "resolved"]
    assert fresh.alerts() == []


def test_a_second_declaration_joins_and_a_later_one_opens_again(fresh: Place) -> None:
    """
    Whoever declares what is open already joins it with an alert of their own; after the end it is opened again.
    """
    first, second = opened(fresh), opened(fresh, summary="it is slow, too", severity="sev3")
    joined = fresh.incident(first["incident"])
    fresh.post(f"/v1/incidents/{first['incident']}/resolve")
    again = opened(fresh)

    assert second["incident"] == again["incident"] == first["incident"]
    assert (second["answer"], again["answer"]) == ("joins what is open already, declared by ana", "opened again, declared by ana")
    assert [each["annotations"]["summary"] for each in joined["alerts"]] == ["customers cannot pay", "it is slow, too"]
    assert [each["labels"]["alertname"] for each in fresh.alerts()] == ["IncidentDeclared"]


def test_it_outlives_a_restart(shop: Path) -> None:
    """
    It is in the record when it is answered: after a restart it still fires, and `resolve` still ends it.
    """
    with served(shop) as at:
        incident = opened(at)["incident"]
    with served(shop) as at:
        fires = [each["incident"] for each in at.alerts()]
        at.post(f"/v1/incidents/{incident}/resolve")
        after = at.alerts()
    with served(shop) as at:
        later, status = at.alerts(), at.incident(incident)["status"]

    assert (fires, after, later, status) == ([incident], [], [], "resolved")


def test_what_it_would_bring_is_said_before(fresh: Place) -> None:
    """
    With `dry_run` the plan is answered, as JSON and as text, with the silences that hold now, and nothing happens.
    """
    planned = fresh.post("/v1/incidents", {**SAID, "dry_run": True, "width": 60})
    asked = {"match": ['service="checkout"'], "reason": "it is known", "for": "1h"}
    held = fresh.post("/v1/silences", asked).json()["silence"]
    silenced = fresh.post("/v1/incidents", {**SAID, "dry_run": True})

    assert planned.status_code == 200
    assert planned.json()["plans"]["items"][0]["escalations"][0]["pages"][0]["people"][0]["name"] == "ana"
    assert planned.json()["text"].startswith("IncidentDeclared on checkout ")
    assert max(map(len, planned.json()["text"].splitlines())) <= 60
    assert "it is known" in silenced.json()["text"]
    first = silenced.json()["plans"]["items"][0]["escalations"][0]["pages"][0]["at"]
    assert datetime.fromisoformat(first) == datetime.fromisoformat(held["ends_at"])
    assert fresh.client.get("/v1/incidents").json()["incidents"] == []


@pytest.mark.parametrize(
    ("asked", "status", "rule"),
    [
        ({"service": "shop"}, 404, "unknown-name"),
        ({"severity": "terrible"}, 400, "bad-request"),
        ({"summary": " "}, 400, "bad-request"),
        ({"summary": "x" * 1001}, 400, "bad-request"),
        ({"summary": 7}, 400, "bad-request"),
        ({"dry_run": True, "width": 1}, 400, "bad-request"),
    ],
)
def test_what_cannot_be_declared_is_refused(at: Place, asked: dict[str, Any], status: int, rule: str) -> None:
    """
    A service that is not declared, a severity that is none, and a summary that says nothing are refused, and nothing is opened.
    """
    answered = at.post("/v1/incidents", {**SAID, **asked})

    assert (answered.status_code, answered.json()["error"]["rule"]) == (status, rule)
    assert at.client.get("/v1/incidents").json()["incidents"] == []


def test_who_declares_has_to_be_allowed_to_act(shop: Path) -> None:
    """
    It needs a token that may act, as everything people do, and is recorded under the token's person.
    """
    reads, acts = (a_token(shop / "watchbill.db", scope, scope, who="bo") for scope in ("read", "act"))
    with served(shop) as at:
        refused = at.client.post("/v1/incidents", json=SAID, headers={"Authorization": f"Bearer {reads}"})
        done = at.client.post("/v1/incidents", json=SAID, headers={"Authorization": f"Bearer {acts}", "X-Watchbill-As": "ana"})

    assert (refused.status_code, done.json()["by"]) == (403, "bo")
