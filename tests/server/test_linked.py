"""The link of a page: whoever was paged reads the incident on a phone, without a token, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.sides import Side, answering
from tests.makers import NOON, an_escalation
from tests.makers import a_shop as a_set_of_policies
from tests.makers import an_alert as an_alert_of
from tests.server.places import Place, a_shop, a_token, an_alert, served
from tests.watch import Watch
from watchbill.execute.links import READABLE_FOR, Links, is_readable
from watchbill.store import tokens
from watchbill.store.beside import beside

PUBLIC = "https://oncall.example.com"
BELL = """
---
apiVersion: watchbill/v1
kind: Connector
metadata: {name: bell}
spec: {type: webhook, with: {url: "PAGER"}}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: cleo}
spec: {contacts: [{use: bell.page, to: cleo}]}
---
apiVersion: watchbill/v1
kind: Person
metadata: {name: dora}
spec: {contacts: [{use: bell.page, to: dora}]}
---
apiVersion: watchbill/v1
kind: Team
metadata: {name: tills}
spec: {members: [cleo, dora], roles: {primary: person/cleo}}
---
apiVersion: watchbill/v1
kind: Service
metadata: {name: till, team: tills}
spec: {tier: 1}
---
apiVersion: watchbill/v1
kind: Service
metadata: {name: other-till, team: tills}
spec: {tier: 1}
---
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: tills-any, team: tills}
spec: {levels: [{page: role/primary, wait: 5m, notify: [{use: journal.write}]}]}
"""


@pytest.fixture(scope="module")
def pager() -> Iterator[Side]:
    """A pager that takes every page."""

    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with answering(answer) as side:
        yield side


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory, pager: Side) -> Iterator[Place]:
    """A server with tokens and a public address, that writes down every request; the client has a token, a phone has none."""
    folder = a_shop(tmp_path_factory.mktemp("linked"))
    with (folder / "ownership" / "payments.yaml").open("a") as file:
        file.write(BELL.replace("PAGER", pager.url))
    secret = a_token(folder / "watchbill.db", "laptop", "admin")
    with served(folder, private=("127.0.0.1",), public_url=PUBLIC) as place:
        place.client.headers["Authorization"] = f"Bearer {secret}"
        assert place.house is not None
        place.house.has_access_log = True
        yield place


@pytest.fixture(scope="module")
def paged(at: Place, pager: Side) -> dict[str, object]:
    """What the pager of cleo was sent."""
    incident = at.fire(an_alert("Slow", service="till"))
    (got,) = (json.loads(each.body) for each in pager.asked)
    return {**got, "number": incident}


def followed(at: Place, link: str) -> httpx.Response:
    """What a phone gets that follows this link."""
    parts = urlsplit(link)
    with httpx.Client(base_url=at.url) as phone:
        return phone.get(parts.path + (f"?{parts.query}" if parts.query else ""))


def link_of(paged: dict[str, object]) -> str:
    """The link in the text of a page: its last line."""
    return str(paged["text"]).rpartition("\n")[2]


def test_the_link_of_a_page_shows_the_incident(at: Place, paged: dict[str, object]) -> None:
    """
    The link in a page shows the incident as text at a phone's width, without a token; nothing of it is kept or passed on.
    """
    answered = followed(at, link_of(paged))

    assert link_of(paged).startswith(f"{PUBLIC}/incidents/{paged['number']}?for=cleo&key=wb_")
    assert answered.status_code == 200, answered.text
    assert answered.headers["content-type"] == "text/plain; charset=utf-8"
    assert (answered.headers["cache-control"], answered.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "set-cookie" not in answered.headers
    assert answered.text.startswith("Slow on till ")
    assert all(len(line) <= 40 or " " not in line.strip() for line in answered.text.splitlines() if "watchbill " not in line)


def test_whatever_is_wrong_with_a_link_the_answer_is_the_same(at: Place, paged: dict[str, object]) -> None:
    """
    A signature that is wrong, cut, missing, another person's or another incident's is answered with one and the same 404.
    """
    link, other = link_of(paged), at.fire(an_alert("Slow", service="other-till"))
    end = "A" if link[-2] != "A" else "B"
    links = [
        link[:-2] + end + link[-1],
        link[:-1],
        link.partition("?")[0],
        link.replace("for=cleo", "for=dora"),
        link.replace("for=cleo", "for="),
        link.replace(str(paged["number"]), other),
        link.replace(str(paged["number"]), "no-such-incident"),
        link.replace("key=wb_", "key=%C3%A9"),
    ]
    answers = [followed(at, each) for each in links]

    assert {each.status_code for each in answers} == {404}
    assert {each.text for each in answers} == {"this link shows nothing, or nothing any more\n"}
    assert {each.headers["referrer-policy"] for each in answers} == {"no-referrer"}


def test_nothing_else_is_read_or_done_with_it(at: Place, paged: dict[str, object]) -> None:
    """
    What the link carries is no token: no other path takes it, and the incident cannot be answered with it.
    """
    query = urlsplit(link_of(paged)).query
    key = query.partition("key=")[2]
    with httpx.Client(base_url=at.url) as phone:
        bearing = {"Authorization": f"Bearer {key}"}
        asked = [
            phone.get(f"/v1/incidents/{paged['number']}?{query}"),
            phone.get(f"/v1/incidents?{query}"),
            phone.get("/v1/incidents", headers=bearing),
            phone.post(f"/v1/incidents/{paged['number']}/ack?{query}", headers=bearing),
        ]
        posted = phone.post(f"/incidents/{paged['number']}?{query}")

    assert [each.status_code for each in asked] == [401] * 4
    assert posted.status_code == 405
    assert at.incident(str(paged["number"]))["status"] == "triggered"


def test_a_link_stops_with_its_person(at: Place, paged: dict[str, object]) -> None:
    """
    A link for somebody who is not declared shows nothing, and neither does one for somebody whose every token was revoked.
    """
    assert at.house is not None
    links, number = at.house.engine.links, str(paged["number"])
    assert followed(at, links.signed(number, "nobody")).status_code == 404
    assert followed(at, links.signed(number, "dora")).status_code == 200

    a_token(at.database, "doras", "read", who="dora")
    assert followed(at, links.signed(number, "dora")).status_code == 200
    with beside(str(at.database)) as connection:
        tokens.revoke(connection, "doras", at=datetime(2026, 12, 1, tzinfo=UTC))
    assert followed(at, links.signed(number, "dora")).status_code == 404


def test_a_signature_is_in_no_log_and_no_list(at: Place, paged: dict[str, object]) -> None:
    """
    Neither the log, which has every request, nor what the API tells of the incident has the signature of a link.
    """
    followed(at, link_of(paged))
    key = link_of(paged).partition("key=")[2]
    number = paged["number"]
    told = [at.client.get(path).text for path in ("/v1/incidents", f"/v1/incidents/{number}", f"/v1/incidents/{number}/timeline")]

    assert any(each.get("path") == f"/incidents/{number}" for each in at.said)
    assert key not in json.dumps(at.said)
    assert all(key not in each for each in told)
    assert at.incident(str(number))["url"] == f"{PUBLIC}/incidents/{number}"


def test_the_key_outlives_the_engine(tmp_path_factory: pytest.TempPathFactory) -> None:
    """
    A link that one life of the engine made is good in the next one: its key is in the record.
    """
    folder = a_shop(tmp_path_factory.mktemp("lives"))
    with served(folder, public_url=PUBLIC) as place:
        link = place.house.engine.links.signed(place.fire(an_alert("Slow")), "ana")  # type: ignore[union-attr]
    with served(folder, public_url=PUBLIC) as place:
        assert followed(place, link).status_code == 200


def test_without_a_public_address_there_is_no_link(tmp_path_factory: pytest.TempPathFactory) -> None:
    """
    Where the engine knows no address of its own, nothing is signed, and no signature is taken.
    """
    links = Links("")
    links.take(b"x" * 32)

    assert links.signed("checkout-7f3k2a", "ana") == ""
    assert not links.is_genuine("checkout-7f3k2a", "ana", "")


def test_an_incident_is_read_by_links_for_seven_days_after_its_end() -> None:
    """
    A link shows its incident while it is open and for seven days after its end; when it is reopened, again.
    """
    watch = Watch(a_set_of_policies(an_escalation()))
    watch.receives(an_alert_of())
    assert is_readable(watch.incident, NOON + timedelta(days=300))
    watch.resolves("ana")

    assert is_readable(watch.incident, watch.now + READABLE_FOR)
    assert not is_readable(watch.incident, watch.now + READABLE_FOR + timedelta(seconds=1))
    watch.passes(minutes=5)
    watch.receives(an_alert_of(starts_at=watch.now))
    assert is_readable(watch.incident, NOON + timedelta(days=300))


@given(st.text(max_size=30), st.text(min_size=1, max_size=30), st.text(max_size=30), st.text(min_size=1, max_size=30))
def test_a_signature_is_for_one_incident_and_one_person(incident: str, person: str, other: str, another: str) -> None:
    """
    A signature is genuine for the incident and the person that it was made for, and for no others, and under no other key.
    """
    links, foreign = Links(PUBLIC), Links(PUBLIC)
    links.take(b"x" * 32)
    foreign.take(b"y" * 32)
    key = links.signed(incident, person).rpartition("&key=")[2]

    assert links.is_genuine(incident, person, key)
    assert links.is_genuine(other, another, key) == ((incident, person) == (other, another))
    assert not foreign.is_genuine(incident, person, key)
