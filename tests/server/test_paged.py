"""What people and programs are told of pages that left and of those that did not, over HTTP, with a pager that takes some of them."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.sides import Side, answering
from tests.cli.test_watch import until, watching
from tests.server.places import WITHIN, Place, a_shop, an_alert, served
from watchbill.cli import main
from watchbill.model.event import DeliveryReported

NUMBERS = {"checkout": itertools.count(), "ledger": itertools.count()}

OWNERSHIP = """
apiVersion: watchbill/v1
kind: Person
metadata: {name: ana}
spec:
  full_name: Ana Sousa
  contacts: [{use: phone.page, to: "+351 555 0100"}, {use: messages.page, to: ana@example.com, after: 1h}]
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: bo}
spec: {full_name: Bo Berg, contacts: [{use: phone.page, to: "+49 555 0101"}]}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: payments}
spec: {members: [ana, bo], roles: {primary: person/ana, lead: person/bo}}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: nobody}
spec: {members: [bo], roles: {primary: person/bo}}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: phone}
spec: {type: webhook, with: {url: 'PAGER/refuses'}}
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: messages}
spec: {type: webhook, with: {url: 'PAGER/takes'}}
"""

SERVICE = """
---
apiVersion: watchbill/v1
kind: Service
metadata: {name: NAME, team: TEAM}
spec: {tier: 1}
"""

POLICIES = """
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: payments-any, team: payments}
spec: {levels: [{page: role/primary, wait: 5m}, {page: role/lead, wait: 10m}]}
---
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: nobody-any, team: nobody}
spec: {levels: [{page: role/primary, wait: 5m}]}
"""

SETTINGS = """
apiVersion: watchbill/v1
kind: Settings
metadata: {name: shop}
spec: {fallback_team: nobody}
"""

SERVICES = {f"{name}-{number}": team for name, team in (("checkout", "payments"), ("ledger", "nobody")) for number in range(20)}
"""Each of a team whose people are reached, or are not; of each there is one incident, because a service has one at a time."""

ADDRESSES = ("+351 555 0100", "+49 555 0101", "ana@example.com")


@pytest.fixture(scope="module")
def pager() -> Iterator[Side]:
    """A pager that takes messages and no calls, and says in its answer whom it was to reach."""

    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        takes = handler.path.startswith("/takes")
        body = b"{}" if takes else f"no calls to {', '.join(ADDRESSES)}".encode()
        handler.send_response(200 if takes else 400)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with answering(answer) as side:
        yield side


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory, pager: Side) -> Iterator[Place]:
    """A server whose people are called, which is refused, and get messages."""
    folder = a_shop(tmp_path_factory.mktemp("paged"))
    (folder / "watchbill.yaml").write_text(SETTINGS.lstrip())
    services = "".join(SERVICE.replace("NAME", name).replace("TEAM", team) for name, team in SERVICES.items())
    (folder / "ownership" / "payments.yaml").write_text(OWNERSHIP.strip().replace("PAGER", pager.url) + services)
    (folder / "policies" / "payments.yaml").write_text(POLICIES.lstrip())
    with served(folder, private=("127.0.0.1",)) as place:
        yield place


@pytest.fixture
def paged(at: Place) -> str:
    """An incident of which ana was called in vain, and was sent a message."""
    incident = fired(at, "checkout")
    at.wait(lambda: [each["result"] for each in page_of(at, incident)["deliveries"]] == ["refused", "sent"])
    return incident


@pytest.fixture
def unanswered(at: Place) -> Iterator[str]:
    """An incident of which nothing has left, and for which the alarm sounds; it is over after the test."""
    incident = fired(at, "ledger")
    at.wait(lambda: at.incident(incident)["unanswered"])
    yield incident
    at.post(f"/v1/incidents/{incident}/resolve")


@pytest.fixture
def ask(at: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., str]:
    """What a command line prints that asks this server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHBILL_SERVER", at.url)

    def asked(*arguments: str) -> str:
        assert main(arguments) == 0
        return capsys.readouterr().out

    return asked


def fired(at: Place, service: str) -> str:
    """The incident of the next of the services whose names begin so."""
    return at.fire(an_alert("Slow", service=f"{service}-{next(NUMBERS[service])}"))


def page_of(at: Place, incident: str, number: int = 0) -> dict[str, Any]:
    """The *number*-th page of this incident."""
    return [step for step in at.incident(incident)["steps"] if step["kind"] == "page"][number]


def squeezed(text: str) -> str:
    """The text with all white space made one space."""
    return " ".join(text.split())


def samples(at: Place, name: str) -> dict[tuple[str, ...], float]:
    """The samples of this metric by the values of their labels."""
    families = text_string_to_metric_families(at.client.get("/metrics").text)
    return {tuple(each.labels.values()): each.value for family in families for each in family.samples if each.name == name}


# --- one incident -------------------------------------------------------------------------


def test_an_incident_says_what_became_of_each_contact(at: Place, paged: str) -> None:
    """
    Each delivery has its person, its connector, what became of it, why, and when; the refused call brought the message forward.
    """
    call, message = page_of(at, paged)["deliveries"]

    assert (call["person"], call["connector"], call["use"], call["result"]) == ("ana", "phone", "phone.page", "refused")
    assert "400" in call["error"]
    assert (message["use"], message["result"], message["error"], message["retry_at"]) == ("messages.page", "sent", None, None)
    assert message["settled_at"] >= call["settled_at"]


def test_show_names_each_contact_and_what_became_of_it(ask: Callable[..., str], at: Place, paged: str) -> None:
    """
    `incidents show` says paged of what left, and beside it by what; the level behind is not yet.
    """
    shown = ask("incidents", "show", paged)

    assert "ana (primary)  paged\n" in shown
    assert "ana: phone refused (" in shown
    assert "messages left " in squeezed(shown)


def test_a_page_none_of_which_left_is_not_called_paged(ask: Callable[..., str], unanswered: str) -> None:
    """
    Of people of whom nothing left, neither `show` nor `explain` says that they were paged.
    """
    assert "paged" not in ask("incidents", "show", unanswered)
    said = ask("explain", unanswered)
    assert "\nNOTHING LEFT\n" in said
    assert "\nPAGED\n" not in said


def test_the_timeline_has_a_line_for_each_contact(at: Place, paged: str) -> None:
    """
    The happenings name person and action, the decisions what was reported, and the attempts stand beside the calls.
    """
    told = at.client.get(f"/v1/incidents/{paged}/timeline").json()
    lines = [(each["what"], each["text"].partition(" (")[0]) for each in told["happenings"] if each["people"] == ["ana"]]
    reports = [each["event"] for each in told["decisions"] if each["event"]["kind"] == "delivery-reported"]

    assert lines == [("page", "ana"), ("fails", "ana: phone.page refused"), ("sent", "ana: messages.page left")]
    assert [(each["delivery"], each["result"]) for each in reports] == [(0, "refused"), (1, "sent")]
    assert [(each["use"], each["attempt"], each["result"]) for each in told["deliveries"]] == [
        ("phone.page", 1, "refused"),
        ("messages.page", 1, "sent"),
    ]


def test_levels_that_were_passed_at_once_say_why(at: Place, unanswered: str) -> None:
    """
    The fallback team is paged at once, and the alarm sounds, because nothing of the page before left; each failure is said once.
    """
    told = at.client.get(f"/v1/incidents/{unanswered}/timeline").json()["happenings"]
    after = [(each["what"], "no page of the level before it left" in f"{each['text']} {each['note']}") for each in told]

    assert [each for each in after if each[0] in ("page", "alarm")] == [("page", False), ("page", True), ("alarm", True)]
    assert sum("400" in f"{each['text']} {each['note']}" for each in told) == 2


# --- why ----------------------------------------------------------------------------------


def test_an_explanation_says_of_each_person_whether_they_were_reached(at: Place, paged: str, unanswered: str) -> None:
    """
    Whom a page was for is listed with whether anything left and what became of each contact; the sentences say the same.
    """
    (ana,) = at.client.get(f"/v1/incidents/{paged}/explain").json()["paged"]
    lost = at.client.get(f"/v1/incidents/{unanswered}/explain").json()
    text = at.client.get(f"/v1/incidents/{paged}/explain?person=ana&format=text").text

    assert (ana["person"], ana["left"], [each["result"] for each in ana["deliveries"]]) == ("ana", True, ["refused", "sent"])
    assert {(each["person"], each["left"]) for each in lost["paged"]} == {("bo", False)}
    assert "paged: phone refused (" in text
    assert "messages left " in text
    assert any(each.startswith("nobody answers: the engine's own alarm sounds since ") for each in lost["sentences"])
    assert not any(": paged" in each for each in lost["sentences"])


def test_whoever_asks_after_a_person_hears_by_what_they_were_reached(ask: Callable[..., str], paged: str, unanswered: str) -> None:
    """
    `explain INCIDENT PERSON` answers with what became of each contact: of one who was paged, and of one who was not reached.
    """
    assert "\nana was paged: phone refused (" in ask("explain", paged, "ana")
    assert "\nbo was not reached: phone refused (" in ask("explain", unanswered, "bo")
    assert "\nana was not paged: no page of this incident was theirs" in ask("explain", unanswered, "ana")


# --- many ---------------------------------------------------------------------------------


def test_incidents_that_nobody_answers_stand_on_top_of_every_list(ask: Callable[..., str], at: Place, unanswered: str, paged: str) -> None:
    """
    It was opened before the other one and is listed first, loudly, until somebody takes it; page by page, each is listed once.
    """
    found = at.client.get("/v1/incidents?status=open").json()["incidents"]
    pages, before = [], ""
    while len(pages) < len(found):
        answer = at.client.get("/v1/incidents", params={"status": "open", "limit": 1} | ({"before": before} if before else {})).json()
        pages += [each["id"] for each in answer["incidents"]]
        before = answer["next"] or ""
        if not before:
            break
    status = at.client.get("/v1/status").json()
    listed = ask("incidents")

    assert (found[0]["id"], found[0]["unanswered"]) == (unanswered, True)
    assert (paged, False) in [(each["id"], each["unanswered"]) for each in found]
    assert pages == [each["id"] for each in found]
    assert status["unanswered"] == samples(at, "watchbill_incidents_unanswered")[()] == 1
    assert listed.splitlines()[2].startswith(unanswered)
    assert "NOBODY ANSWERS" in listed.splitlines()[2]
    assert json.loads(ask("incidents", "--format", "json"))["incidents"][0]["id"] == unanswered

    at.post(f"/v1/incidents/{unanswered}/ack")
    assert at.client.get("/v1/incidents?status=open").json()["incidents"][0]["unanswered"] is False
    assert at.client.get("/v1/status").json()["unanswered"] == 0


def test_a_list_goes_on_where_it_was_though_somebody_has_answered_meanwhile(at: Place, unanswered: str, paged: str) -> None:
    """
    The last one shown is taken between two pages: what stands behind it is listed all the same.
    """
    first = at.client.get("/v1/incidents?status=open&limit=1").json()
    at.post(f"/v1/incidents/{unanswered}/ack")
    rest = at.client.get("/v1/incidents", params={"status": "open", "before": first["next"]}).json()

    assert [each["id"] for each in first["incidents"]] == [unanswered]
    assert paged in [each["id"] for each in rest["incidents"]]


def test_an_incident_that_nobody_answers_says_so_before_all_else(ask: Callable[..., str], at: Place, unanswered: str) -> None:
    """
    `show` begins with it, with the command that takes the incident; the stream of events says it too.
    """
    shown = ask("incidents", "show", unanswered)
    with at.events(headers={"Last-Event-ID": "0"}) as events:
        told = next(
            each["data"] for each in events if "data" in each and each["data"]["incident"] == unanswered and each["data"]["unanswered"]
        )

    assert shown.startswith("NOBODY ANSWERS  every round went by until ")
    assert f"\n  watchbill ack {unanswered}\n" in shown
    assert "alarm" in [each["what"] for each in told["happenings"]]
    assert at.incident(unanswered)["unanswered_since"] is not None


def test_whoever_watches_sees_which_incident_nobody_answers(at: Place) -> None:
    """
    `incidents watch` names an incident that nobody answers as such from the alarm on.
    """
    with watching(at.url) as popen:
        until(popen.stderr, "Ctrl-C ends it")
        incident = fired(at, "ledger")
        told = until(popen.stdout, "the engine's own alarm:")
        other = fired(at, "checkout")
        until(popen.stdout, other)
        at.post(f"/v1/incidents/{incident}/note", {"text": "I look at it"})
        again = until(popen.stdout, "I look at it")
    at.post(f"/v1/incidents/{incident}/resolve")

    assert f"{incident}  Slow on " in told
    assert f"{incident}  Slow on " in again
    assert "critical, NOBODY ANSWERS\n" in again


# --- numbers ------------------------------------------------------------------------------


def test_each_result_of_a_delivery_is_counted_once(at: Place, paged: str) -> None:
    """
    What left and what was refused is counted by its connector; a later report counts as one more result, and the same again as nothing.
    """
    before = samples(at, "watchbill_deliveries_total")
    for _ in range(2):
        reported(at, paged, DeliveryReported(page_of(at, paged)["id"], 1, "delivered"))
    after = samples(at, "watchbill_deliveries_total")

    assert before["phone", "refused"] >= 1
    assert before["messages", "sent"] >= 1
    assert after["messages", "delivered"] == before.get(("messages", "delivered"), 0) + 1
    assert {key: after[key] for key in before if key != ("messages", "delivered")} == {
        key: value for key, value in before.items() if key != ("messages", "delivered")
    }


def reported(at: Place, incident: str, report: DeliveryReported) -> None:
    """The other side reports what became of a delivery."""
    assert at.room is not None
    engine = at.room.engine
    assert engine._loop is not None
    asyncio.run_coroutine_threadsafe(engine.report(incident, report), engine._loop).result(WITHIN)


# --- nobody's address ---------------------------------------------------------------------


def test_no_address_of_a_person_is_told(ask: Callable[..., str], at: Place, paged: str, unanswered: str) -> None:
    """
    Whatever is asked, and whatever the other side quotes in its refusal, no address or number of a person is in an answer.
    """
    told = [ask("incidents"), at.client.get("/metrics").text]
    for incident in (paged, unanswered):
        told += [at.client.get(f"/v1/incidents/{incident}{path}").text for path in ("", "/timeline", "/timeline?format=text", "/explain")]
        told += [ask("incidents", "show", incident), ask("explain", incident), ask("explain", incident, "ana")]

    assert [address for address in ADDRESSES for text in told if address in text] == []
