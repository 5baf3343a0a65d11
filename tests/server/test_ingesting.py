"""Where alerts come in: what is taken, what is refused and why, and that what was taken is there."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.places import ENVIRONMENT, Place, a_token, an_alert, served
from watchbill.server.house import Bounds
from watchbill.server.protocol import HeadBounds

CHECK = {"Authorization": f"Bearer {ENVIRONMENT['SHOP_CHECK']}"}


def the_error(response: httpx.Response, status: int) -> dict[str, str]:
    """What an answer of this status says; it has the one shape that all of them have."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert set(error) == {"rule", "message", "help"}
    return error


def test_alerts_of_prometheus_are_answered_as_alertmanager_does(at: Place) -> None:
    """
    What Prometheus posts is answered with 200 and an empty body.
    """
    answered = at.client.post("/api/v2/alerts", json=[an_alert("Posted")])

    assert (answered.status_code, answered.content) == (200, b"")


def test_what_came_in_is_listed(at: Place) -> None:
    """
    An alert that was taken in is listed as Alertmanager lists it, and says which incident it belongs to.
    """
    incident = at.fire(an_alert("Listed", zone="one"))
    (found,) = [each for each in at.alerts() if each["labels"]["alertname"] == "Listed"]

    assert found["status"] == {"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": []}
    assert found["receivers"] == [{"name": "payments"}]
    assert found["incident"] == incident
    assert found["endsAt"] > found["startsAt"]


def test_a_webhook_of_alertmanager_is_taken(at: Place) -> None:
    """
    Alertmanager's webhook is taken without being declared, and the answer counts its alerts.
    """
    webhook = {"version": "4", "status": "firing", "alerts": [{"status": "firing", **an_alert("FromWebhook")}], "truncatedAlerts": 2}
    answered = at.client.post("/v1/ingest/alertmanager", json=webhook)

    assert answered.json() == {"alerts": 1, "truncated": 2, "notices": []}


def test_gzip_is_unpacked(at: Place) -> None:
    """
    A body may be packed as gzip.
    """
    body = gzip.compress(json.dumps([an_alert("Packed")]).encode())

    assert at.client.post("/api/v2/alerts", content=body, headers={"Content-Encoding": "gzip"}).status_code == 200


# --- sources ----------------------------------------------------------------------------


def test_a_source_proves_itself(at: Place) -> None:
    """
    A request with the token that its source refers to is taken, and read as the source says.
    """
    answered = at.client.post("/v1/ingest/outside-check", json={"name": "NotReachable"}, headers=CHECK)

    assert answered.json()["alerts"] == 1


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic d3Jvbmc6d3Jvbmc="}])
def test_a_request_that_does_not_prove_itself_is_refused(at: Place, headers: dict[str, str]) -> None:
    """
    Without the right proof nothing is taken, and the answer says what to compare, but no secret.
    """
    answered = at.client.post("/v1/ingest/outside-check", json={"name": "NotReachable"}, headers=headers)

    assert the_error(answered, 401)["rule"] == "bad-credentials"
    assert ENVIRONMENT["SHOP_CHECK"] not in answered.text
    assert at.said[-1]["event"] == "source_refused"


def test_a_signature_is_of_the_very_bytes(at: Place) -> None:
    """
    A signed body is taken, and the same one with a space more is not.
    """
    body = b'{"name": "Signed"}'
    headers = {"X-Shop-Signature": hmac.new(ENVIRONMENT["SHOP_KEY"].encode(), body, hashlib.sha256).hexdigest()}

    assert at.client.post("/v1/ingest/signed", content=body, headers=headers).status_code == 200
    assert the_error(at.client.post("/v1/ingest/signed", content=body + b" ", headers=headers), 401)["rule"] == "bad-credentials"


def test_a_source_that_is_not_declared_is_not_found(at: Place) -> None:
    """
    Who posts to a source that nobody declared is told so.
    """
    assert "`nobody`" in the_error(at.client.post("/v1/ingest/nobody", json={}), 404)["message"]


def test_a_sender_of_cloudevents_may_ask_first(at: Place) -> None:
    """
    The handshake of CloudEvents' webhooks is answered with the origin that asked; one of another sender is not.
    """
    asking = {"WebHook-Request-Origin": "events.example.com"}
    agreed = at.client.options("/v1/ingest/cloud", headers=asking)
    other = at.client.options("/v1/ingest/signed", headers=asking)

    assert agreed.headers["WebHook-Allowed-Origin"] == "events.example.com"
    assert "WebHook-Allowed-Origin" not in other.headers


# --- bad input --------------------------------------------------------------------------

DEEP = b"[" * 200_000
LABELS = json.dumps([{"labels": {f"l{number}": "v" for number in range(1_000_000)}}]).encode()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "expected"),
        (b"not JSON", "expected"),
        (b"{}", "expected"),
        (b'[{"labels": {"a": "\xff\xfe"}}]', "UTF-8"),
        (b'[{"labels": {}}]', "label"),
        (b'[{"labels": {"a": 1}}]', "expected"),
        (DEEP, "expected"),
        (LABELS, "expected"),
    ],
    ids=["empty", "text", "object", "not UTF-8", "no labels", "a number", "deep", "a million labels"],
)
def test_what_is_no_list_of_alerts_is_refused_with_the_reason(at: Place, body: bytes, said: str) -> None:
    """
    Whatever the bytes are, the answer is 400 and says what was expected and where.
    """
    error = the_error(at.client.post("/api/v2/alerts", content=body), 400)

    assert error["rule"] == "bad-payload"
    assert said in error["message"]
    assert error["message"].startswith("the request")


def test_fifty_megabytes_are_refused_without_being_held(at: Place) -> None:
    """
    A body of 50 MB is refused as too large, whether it says how long it is or not, and little of it was ever in memory.
    """
    assert at.house is not None
    held: list[int] = []

    def chunks() -> Any:
        for _ in range(50):
            held.append(at.house.held if at.house is not None else 0)
            yield b" " * 1_000_000

    told = at.client.post("/api/v2/alerts", content=b" " * 50_000_000)
    streamed = at.client.post("/api/v2/alerts", content=chunks())

    assert the_error(told, 413)["message"] == "the body is longer than 16 MiB"
    assert the_error(streamed, 413)["rule"] == "too-large"
    assert max(held) <= at.house.bounds.body_bytes + 1
    assert at.house.held == 0


def test_a_gzip_that_swells_is_refused(at: Place) -> None:
    """
    A small body that unpacks to more than is taken is refused as too large.
    """
    bomb = gzip.compress(b" " * 60_000_000, mtime=0)
    answered = at.client.post("/api/v2/alerts", content=bomb, headers={"Content-Encoding": "gzip"})

    assert len(bomb) < 100_000
    assert the_error(answered, 413)["rule"] == "too-large"


@pytest.mark.parametrize(
    ("encoding", "body", "status"), [("gzip", b"plain", 400), ("gzip", gzip.compress(b"[]", mtime=0)[:-9], 400), ("br", b"x", 415)]
)
def test_a_body_that_is_not_packed_as_it_says_is_refused(at: Place, encoding: str, body: bytes, status: int) -> None:
    """
    What is no gzip, or only half of one, or packed in another way, is refused with the reason.
    """
    answered = at.client.post("/api/v2/alerts", content=body, headers={"Content-Encoding": encoding})

    assert the_error(answered, status)["rule"] == "bad-request"


def test_a_sender_that_is_too_slow_is_let_go(shop: Path) -> None:
    """
    A body that does not come in time is answered with 408, and nothing of it is kept.
    """
    with (
        served(shop, bounds=Bounds(body_within=0.2)) as at,
        socket.create_connection((at.url.split("/")[2].split(":")[0], int(at.url.rsplit(":", 1)[1]))) as sending,
    ):
        sending.sendall(b"POST /api/v2/alerts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n[")
        answered = sending.makefile("rb").readline()

        assert answered == b"HTTP/1.1 408 Request Timeout\r\n"
        assert at.house is not None
        assert at.house.held == 0


@pytest.mark.parametrize("begun", [b"", b"POST /api/v2/alerts HTTP/1.1\r\nHost: loc"], ids=["nothing", "half a head"])
def test_a_connection_that_asks_nothing_is_closed(shop: Path, begun: bytes) -> None:
    """
    Whoever connects and does not finish the head of a request is let go in time, on a connection that was used before too.
    """
    with served(shop, bounds=Bounds(head=HeadBounds(within=0.2))) as at:
        for before in (b"", b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n") if begun else (b"",):
            with socket.create_connection((at.url.split("/")[2].split(":")[0], int(at.url.rsplit(":", 1)[1])), timeout=10) as lazy:
                lazy.sendall(before)
                if before:
                    assert lazy.recv(8).startswith(b"HTTP/1.1")
                lazy.sendall(begun)
                with suppress(ConnectionResetError):
                    while lazy.recv(65_536):
                        pass


def test_many_large_requests_at_once_are_put_off(shop: Path) -> None:
    """
    Where more is being read than there is room for, senders are asked to come again later.
    """
    with served(shop, bounds=Bounds(held_bytes=1_000)) as at:
        answered = at.client.post("/api/v2/alerts", content=b" " * 2_000)

        assert the_error(answered, 503)["rule"] == "too-busy"
        assert int(answered.headers["Retry-After"]) > 0


def test_a_backlog_that_is_too_long_is_not_made_longer(shop: Path) -> None:
    """
    Where more requests wait to be decided than the bound allows, the next is put off.
    """
    with served(shop, bounds=Bounds(waiting=-1)) as at:
        assert the_error(at.client.post("/api/v2/alerts", json=[an_alert()]), 503)["rule"] == "too-busy"


def test_what_the_record_does_not_take_is_not_answered_with_success(shop: Path) -> None:
    """
    Where the record cannot be written the sender hears 503, and when to come again.
    """
    with served(shop) as at:
        assert at.room is not None
        at.room.engine.record.writer.close()
        answered = at.client.post("/api/v2/alerts", json=[an_alert()])

        assert the_error(answered, 503)["rule"] == "record-closed"
        assert "Retry-After" in answered.headers
        assert at.client.get("/readyz").status_code == 503


# --- what became of a page ----------------------------------------------------------------


def a_page(at: Place) -> tuple[str, dict[str, Any]]:
    """An incident, and its first page once what became of its first contact is known."""
    incident = at.fire(an_alert("Delivered", service="none-delivered"))

    def found() -> dict[str, Any] | None:
        page = next((step for step in at.incident(incident)["steps"] if step["kind"] == "page"), None)
        return page if page is not None and page["deliveries"] and page["deliveries"][0]["attempt"] else None

    return incident, at.wait(found)


def test_a_gateway_reports_what_became_of_a_page(at: Place) -> None:
    """
    The key that the page came with, and a result: it stands with the delivery, and who reported it in the record.
    """
    incident, page = a_page(at)
    answered = at.post("/v1/deliveries", {"key": page["id"], "result": "delivered"})
    (delivery, *_) = next(step for step in at.incident(incident)["steps"] if step["id"] == page["id"])["deliveries"]

    assert answered.status_code == 200, answered.text
    assert answered.json()["incident"] == incident
    assert delivery["result"] == "delivered"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"result": "bounced"}, 400, "`key` is missing"),
        ({"key": "x", "result": "sent"}, 400, "no result that is reported"),
        ({"key": "x", "result": ["bounced"]}, 400, "no result that is reported"),
        ({"key": "x", "result": "bounced", "error": 3}, 400, "`error` is no text"),
        ({"key": "nowhere/page/x/0/0#2", "result": "bounced"}, 404, "no delivery has this key"),
        ({"key": "nowhere#99999999999", "result": "bounced"}, 404, "no delivery has this key"),
    ],
)
def test_a_report_that_means_nothing_is_refused(at: Place, body: dict[str, Any], status: int, said: str) -> None:
    """
    A report without a key, with another result, or of a page that is not known is refused with the reason.
    """
    answered = at.post("/v1/deliveries", body)

    assert answered.status_code == status
    assert said in answered.json()["error"]["message"]


def test_only_who_may_report_reports(shop: Path) -> None:
    """
    A token for reports may report, and nothing else; one for alerts may not report.
    """
    with served(shop) as at:
        tokens = {scope: a_token(at.database, scope, scope) for scope in ("report", "ingest")}
        body = {"key": "nowhere/page/x/0/0", "result": "bounced"}
        found = {
            scope: at.client.post("/v1/deliveries", json=body, headers={"Authorization": f"Bearer {secret}"}).status_code
            for scope, secret in tokens.items()
        }
        listed = at.client.get("/v1/incidents", headers={"Authorization": f"Bearer {tokens['report']}"})

    assert found == {"report": 404, "ingest": 403}
    assert listed.status_code == 403
