"""Silences that people make on the running server: by the API, and by a real amtool."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.server.places import Place, a_token, an_alert, served
from watchbill.store import silences

AMTOOL = shutil.which("amtool")
needs_amtool = pytest.mark.skipif(AMTOOL is None, reason="amtool is not installed (Debian, Ubuntu: prometheus-alertmanager)")

TWO_TEAMS = """\
apiVersion: watchbill/v1
kind: Team
metadata: {name: search}
spec: {members: [ana], roles: {primary: person/ana}}
"""


def amtool(at: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a real amtool against this server."""
    assert AMTOOL is not None
    command = [AMTOOL, f"--alertmanager.url={at.url}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={"HOME": "/nonexistent", "TZ": "UTC"})


def until(at: Place, **span: float) -> tuple[str, str]:
    """An end so long after the server's time, for amtool: its own clock may be another, since no date can be set for it."""
    return "--end", f"{at.house.engine.now() + timedelta(**span):%Y-%m-%dT%H:%M:%SZ}"


def of_v2(at: Place, **more: Any) -> dict[str, Any]:
    """A silence as Alertmanager's tools post it, an hour long, with what is said besides."""
    now = at.house.engine.now()
    matchers = [{"name": "service", "value": "checkout", "isRegex": False}]
    times = {"startsAt": now.isoformat(), "endsAt": (now + timedelta(hours=1)).isoformat()}
    return {"matchers": matchers, "comment": "it is known", "createdBy": "ana", **times, **more}


def refusal(at: Place, **more: Any) -> str:
    """What a silence is refused with that is like `of_v2` but for this."""
    answered = at.client.post("/api/v2/silences", json=of_v2(at, **more))
    assert answered.status_code == 400, answered.text
    return answered.json()


def muted(at: Place, incident: str) -> list[str | None]:
    """Why the alerts of this incident are not acted on."""
    return [each["muted"] and each["muted"]["why"] for each in at.incident(incident)["alerts"]]


# --- a real amtool ----------------------------------------------------------------------


@needs_amtool
def test_amtool_adds_queries_changes_and_expires_a_silence(fresh: Place) -> None:
    """
    A real amtool adds a silence, with patterns and negations, which holds on the open incident at once; it queries it, makes it
    longer, expires it, and then people are paged again.
    """
    incident = fresh.fire(an_alert())
    matchers = ("service=checkout", "alertname=~High.*", "severity!=info", "env!~test|dev")
    added = amtool(fresh, "silence", "add", *matchers, "--author", "ana", "--comment", "the warehouse moves", *until(fresh, hours=2))
    held = muted(fresh, incident)
    queried = json.loads(amtool(fresh, "silence", "query", "-o", "json", "service=checkout").stdout)
    elsewhere = json.loads(amtool(fresh, "silence", "query", "-o", "json", "service=search").stdout)
    changed = amtool(fresh, "silence", "update", added.stdout.strip(), *until(fresh, hours=3), "--comment", "it takes longer")
    (identity,) = (each["id"] for each in fresh.client.get("/api/v2/silences").json() if each["status"]["state"] == "active")
    longer = muted(fresh, incident)
    alerts = json.loads(amtool(fresh, "alert", "query", "-o", "json", "--silenced").stdout)
    expired = amtool(fresh, "silence", "expire", identity)
    over = {each["id"]: each["status"]["state"] for each in fresh.client.get("/api/v2/silences").json()}

    assert (added.returncode, changed.returncode, expired.returncode) == (0, 0, 0), (added, changed, expired)
    assert held[0] is not None
    assert held[0].startswith("silenced by ana until ")
    assert held[0].endswith(" UTC: the warehouse moves")
    assert [(each["id"], each["comment"], each["createdBy"]) for each in queried] == [(added.stdout.strip(), "the warehouse moves", "ana")]
    assert [(each["isRegex"], each["isEqual"]) for each in queried[0]["matchers"]] == [
        (False, True),
        (True, True),
        (False, False),
        (True, False),
    ]
    assert elsewhere == []
    assert longer[0] is not None
    assert longer[0].endswith(": it takes longer")
    assert [each["status"]["silencedBy"] for each in alerts] == [[identity]]
    assert over == {added.stdout.strip(): "expired", identity: "expired"}
    assert muted(fresh, incident) == [None]
    pages = [step for step in fresh.incident(incident)["steps"] if step["kind"] == "page"]
    assert max(step["round"] for step in pages) > 0


@needs_amtool
def test_amtool_is_told_why_not(fresh: Place) -> None:
    """
    What may not be is refused so that amtool shows why: too long, too wide, by nobody who is known, or of another team.
    """
    add = ("silence", "add", "--comment", "x")
    said = [
        amtool(fresh, *add, "--author", "ana", *until(fresh, days=9), "service=checkout"),
        amtool(fresh, *add, "--author", "ana", *until(fresh, hours=1), 'service=~".*"'),
        amtool(fresh, *add, "--author", "root", *until(fresh, hours=1), "service=checkout"),
        amtool(fresh, *add, "--author", "ana", *until(fresh, hours=1), "service=checkout", "team=platform"),
    ]

    assert [each.returncode for each in said] == [1, 1, 1, 1]
    for each, words in zip(said, ("more than 7 days", "every alert", "no person is called `root`", "no team is called"), strict=True):
        assert words in each.stderr
    assert fresh.client.get("/api/v2/silences").json() == []


@needs_amtool
def test_amtool_says_who_acts_by_a_token(shop: Path, tmp_path: Path) -> None:
    """
    Where there are tokens, amtool needs one that may act, and whatever it calls the author, the silence is of the token's person.
    """
    acts, reads = (a_token(shop / "watchbill.db", scope, scope, who="bo") for scope in ("act", "read"))
    config = {}
    for name, secret in (("acts", acts), ("reads", reads)):
        config[name] = tmp_path / f"{name}.yaml"
        config[name].write_text(f"authorization: {{credentials: {secret}}}\n")
    with served(shop) as at:
        by = {name: ("--http.config.file", str(path)) for name, path in config.items()}
        add = ("silence", "add", "service=checkout", "--comment", "x", "--author", "ana", *until(at, hours=1))
        none, read, done = amtool(at, *add), amtool(at, *by["reads"], *add), amtool(at, *by["acts"], *add)
        headers = {"Authorization": f"Bearer {acts}"}
        (ours,) = at.client.get("/v1/silences", headers=headers).json()["silences"]
        (theirs,) = json.loads(amtool(at, *by["reads"], "silence", "query", "-o", "json").stdout)
        expired = amtool(at, *by["acts"], "silence", "expire", done.stdout.strip())

    assert (none.returncode, read.returncode, done.returncode, expired.returncode) == (1, 1, 0, 0), (none, read, done)
    assert (ours["by"], ours["proof"], theirs["createdBy"]) == ("bo", "token act", "ana")


# --- Alertmanager's words ---------------------------------------------------------------


def test_a_bad_silence_is_refused_with_a_text(at: Place) -> None:
    """
    Whatever is wrong with a silence is answered with 400 and a text that says what to do, as Alertmanager's tools show it.
    """
    now = at.house.engine.now()

    assert refusal(at, matchers=None).startswith("`matchers` is no list; send ")
    assert refusal(at, matchers=[]).startswith("no matcher of it asks for anything")
    assert refusal(at, matchers=[{"name": "env", "value": "prod", "isEqual": False}]).startswith("no matcher of it asks for anything")
    assert refusal(at, matchers=[{"name": "env"}]).startswith("`{'name': 'env'}` is no matcher; a matcher is ")
    assert "pattern" in refusal(at, matchers=[{"name": "env", "value": "(", "isRegex": True}])
    assert refusal(at, matchers=[{"name": "env", "value": f"{n}"} for n in range(51)]).startswith("it has 51 matchers")
    assert refusal(at, comment="  ").startswith("it is not said why")
    assert refusal(at, comment="x" * 1001).startswith("the reason has 1001 letters")
    assert refusal(at, createdBy="").startswith("it is not said who silences")
    assert refusal(at, createdBy="Ana Lima").startswith("`Ana Lima` is no person's name")
    assert refusal(at, createdBy="root").startswith("no person is called `root`")
    assert refusal(at, endsAt="").startswith("`endsAt` is missing")
    assert refusal(at, endsAt="tomorrow").startswith("`endsAt` is no time: `tomorrow`")
    assert refusal(at, startsAt="2026-11-23T08:00:00").startswith("`startsAt` is no time")
    assert refusal(at, endsAt=(now - timedelta(minutes=1)).isoformat()).startswith("it ends before it begins")
    assert refusal(at, team="search").startswith("no team is called `search`")
    assert at.client.post("/api/v2/silences", content=b"[").status_code == 400
    assert at.client.get("/api/v2/silences", params={"filter": "{{"}).status_code == 400


def test_a_silence_that_is_not_there_is_404(at: Place) -> None:
    """
    A silence that is asked for, ended or changed and is not there, or is over, is answered with 404.
    """
    made = at.client.post("/api/v2/silences", json=of_v2(at)).json()["silenceID"]
    path = f"/api/v2/silence/{made}"

    assert at.client.get(path).json()["status"] == {"state": "active"}
    assert at.client.delete(path).status_code == 200
    assert at.client.delete(path).status_code == 404
    assert at.client.get(path).json()["status"] == {"state": "expired"}
    assert at.client.get("/api/v2/silence/none").status_code == 404
    assert at.client.post("/api/v2/silences", json=of_v2(at, id="none")).status_code == 404


def test_a_silence_may_begin_later(fresh: Place) -> None:
    """
    One that begins later is pending until then, and holds nothing back; one that would have begun earlier begins now.
    """
    now = fresh.house.engine.now()
    incident = fresh.fire(an_alert())
    later = of_v2(fresh, startsAt=(now + timedelta(hours=1)).isoformat(), endsAt=(now + timedelta(hours=2)).isoformat())
    pending = fresh.client.post("/api/v2/silences", json=later).json()["silenceID"]
    before = muted(fresh, incident)
    earlier = fresh.client.post("/api/v2/silences", json=of_v2(fresh, startsAt="2026-01-01T00:00:00Z")).json()["silenceID"]
    found = {each["id"]: each for each in fresh.client.get("/api/v2/silences").json()}

    assert before == [None]
    assert (found[pending]["status"]["state"], found[earlier]["status"]["state"]) == ("pending", "active")
    assert datetime.fromisoformat(found[earlier]["startsAt"]) >= now


# --- our words --------------------------------------------------------------------------


def test_whose_silence_it_is_has_to_be_said_by_somebody_of_two_teams(shop: Path) -> None:
    """
    Somebody in several teams says which by `team` or by a matcher `team=`; otherwise the answer names the teams.
    """
    (shop / "ownership" / "search.yaml").write_text(TWO_TEAMS)
    with served(shop) as at:
        asked = {"match": ['service="checkout"'], "reason": "it is known", "for": "1h"}
        unsaid = at.post("/v1/silences", asked)
        named = at.post("/v1/silences", {**asked, "team": "payments"})
        matched = at.post("/v1/silences", {**asked, "match": [*asked["match"], 'team="search"']})

    assert (unsaid.status_code, unsaid.json()["error"]["rule"]) == (400, "ambiguous-name")
    assert "payments, search" in unsaid.json()["error"]["message"]
    assert (named.status_code, named.json()["silence"]["team"]) == (201, "payments")
    assert (matched.status_code, matched.json()["silence"]["team"]) == (201, "search")


def test_a_team_silences_no_other_teams_alerts(shop: Path) -> None:
    """
    A silence of a team that does not look after the service holds nothing of it back, whatever it matches.
    """
    (shop / "ownership" / "search.yaml").write_text(TWO_TEAMS)
    with served(shop) as at:
        incident = at.fire(an_alert())
        made = at.post("/v1/silences", {"match": ['service="checkout"'], "reason": "not ours", "for": "1h", "team": "search"})
        held = muted(at, incident)

    assert (made.status_code, made.json()["silence"]["alerts"]) == (201, 0)
    assert held == [None]


def test_a_silence_is_seen_in_lists_and_in_the_status(fresh: Place) -> None:
    """
    While it holds, the list of incidents counts the alerts it holds back, the silence counts them, and the status counts the silence.
    """
    incident = fresh.fire(an_alert())
    fresh.fire(an_alert("Slow", severity="warning"))
    asked = {"match": ['alertname="HighErrorRate"'], "reason": "it is known", "for": "1h"}
    made = fresh.post("/v1/silences", asked).json()["silence"]
    (listed,) = fresh.client.get("/v1/incidents").json()["incidents"]
    status = fresh.client.get("/v1/status").json()["silences"]
    explained = fresh.client.get(f"/v1/incidents/{incident}/explain", headers={"Accept": "text/plain"}).text

    assert (made["alerts"], listed["alerts"], listed["silenced"], status) == (1, 2, 1, 1)
    assert f"Silence {made['id']} takes part: silenced by ana until" in " ".join(explained.split())


def test_a_severity_is_meant_in_the_words_of_the_sender(fresh: Place) -> None:
    """
    A matcher on a severity may use the sender's word for it, which `GET /api/v2/alerts` shows.
    """
    incident = fresh.fire(an_alert(severity="page"))
    made = fresh.post("/v1/silences", {"match": ['severity="page"'], "reason": "it is known", "for": "1h"})

    assert made.json()["silence"]["match"] == ['severity="critical"']
    assert muted(fresh, incident) != [None]


def test_there_is_a_bound_of_live_silences(fresh: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    So many may hold at a time and no more; one that takes the place of another is none more.
    """
    monkeypatch.setattr(silences, "MOST", 1)
    first = fresh.client.post("/api/v2/silences", json=of_v2(fresh)).json()["silenceID"]

    assert refusal(fresh).startswith("there are 1 live silences already")
    assert fresh.client.post("/api/v2/silences", json=of_v2(fresh, id=first)).status_code == 200


def test_a_silence_outlives_a_restart(shop: Path) -> None:
    """
    It is in the record: after a restart it still holds, and is ended by its id.
    """
    with served(shop) as at:
        made = at.post("/v1/silences", {"match": ['service="checkout"'], "reason": "it is known", "for": "1h"}).json()["silence"]
    with served(shop) as at:
        incident = at.fire(an_alert())
        held = muted(at, incident)
        ended = at.client.delete(f"/v1/silences/{made['id'][:8]}", headers={"X-Watchbill-As": "bo"}).json()["silence"]
        again = at.client.delete(f"/v1/silences/{made['id']}", headers={"X-Watchbill-As": "bo"})
        unknown = at.client.delete("/v1/silences/none", headers={"X-Watchbill-As": "bo"})
        after = muted(at, incident)

    assert held[0] is not None
    assert (ended["state"], ended["expired_by"], ended["by"]) == ("expired", "bo", "ana")
    assert (again.status_code, unknown.status_code) == (409, 404)
    assert after == [None]


def test_what_is_asked_badly_is_refused(at: Place) -> None:
    """
    Without an end, a reason, a person or a matcher that can be read, nothing is silenced, and the answer says what to send.
    """
    good = {"match": ['service="checkout"'], "reason": "it is known", "for": "1h"}
    rules = [
        at.post("/v1/silences", {key: value for key, value in good.items() if key != left_out}).json()["error"]["rule"]
        for left_out in ("match", "reason", "for")
    ]
    broken = at.post("/v1/silences", {**good, "match": ["service"]})
    nobody = at.client.post("/v1/silences", json=good)

    assert rules == ["bad-request"] * 3
    assert (broken.status_code, nobody.json()["error"]["rule"]) == (400, "no-name")
