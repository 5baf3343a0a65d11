"""What happens, as it happens: the stream of decisions."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.server.places import WITHIN, Place, a_token, an_alert, served
from watchbill.server.house import Bounds


def test_every_decision_is_told_to_whoever_watches(fresh: Place) -> None:
    """
    A watcher is told of what happens from then on, with the words of the timeline and whose incident it is.
    """
    with fresh.events() as events:
        assert next(events)["comment"] == "watchbill"
        fresh.client.post("/api/v2/alerts", json=[an_alert()])
        first = next(events)

    assert first["event"] == "decision"
    assert first["data"]["number"] == 1
    assert first["data"]["severity"] == "critical"
    assert [each["what"] for each in first["data"]["happenings"]][:2] == ["alert", "opens"]


def test_a_watcher_that_comes_back_misses_nothing(fresh: Place) -> None:
    """
    With the id of the last event it saw, a watcher gets what came after it, in order, each once.
    """
    incident = fresh.fire(an_alert())
    fresh.wait(lambda: fresh.incident(incident)["steps"][0]["state"] == "failed")
    for number in range(5):
        fresh.post(f"/v1/incidents/{incident}/note", {"text": f"note {number}"})
    with fresh.events(headers={"Last-Event-ID": "3"}) as events:
        next(events)
        ids = [next(events)["id"] for _ in range(4)]
    with fresh.events(params={"after": "0"}) as events:
        next(events)
        said = [next(events)["data"] for _ in range(8)]

    assert ids == ["4", "5", "6", "7"]
    assert [each["number"] for each in said] == list(range(1, 9))
    assert said[-1]["event"] == {"kind": "note", "text": "note 4"}


def test_a_watcher_may_keep_to_one_incident(fresh: Place) -> None:
    """
    With `incident`, decisions about others are left out.
    """
    one = fresh.fire(an_alert("One", service="a"))
    fresh.fire(an_alert("Other", service="b"))
    fresh.post(f"/v1/incidents/{one}/ack")
    with fresh.events(params={"incident": one[:-2], "after": "0"}) as events:
        next(events)
        incidents = {next(events)["data"]["incident"] for _ in range(2)}

    assert incidents == {one}


def test_a_watcher_is_shown_that_the_server_lives(shop: Path) -> None:
    """
    Where nothing happens, a comment comes now and then.
    """
    with served(shop, bounds=Bounds(beat=0.05)) as at, at.events() as events:
        next(events)

        assert next(events) == {"comment": "here"}


def test_a_watcher_that_does_not_read_is_let_go(shop: Path) -> None:
    """
    A watcher that takes nothing for as long as the bound says is dropped, whatever waits for it, and nothing is kept for it.
    """
    with served(shop, bounds=Bounds(patience=0.2, beat=0.02)) as at:
        host, port = urlsplit(at.url).hostname or "", urlsplit(at.url).port or 0
        incident = at.fire(an_alert())
        with socket.create_connection((host, port)) as lazy:
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            lazy.sendall(b"GET /v1/events?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert at.house is not None
            while not any(line["event"] == "watcher_dropped" for line in at.said):
                at.post(f"/v1/incidents/{incident}/note", {"text": "x" * 9_000})

            assert at.client.get("/v1/status").json()["watchers"] == 0


def test_there_are_only_so_many_watchers(shop: Path) -> None:
    """
    Whoever comes when all places are taken is asked to come again later.
    """
    with served(shop, bounds=Bounds(watchers=1)) as at, at.events() as events:
        next(events)
        answered = at.client.get("/v1/events")

        assert answered.status_code == 503
        assert answered.json()["error"]["rule"] == "too-busy"


def test_one_token_leaves_places_for_others(shop: Path) -> None:
    """
    Whoever opens stream after stream with one token is put off, and others still watch.
    """
    with served(shop, bounds=Bounds(watchers=9, watchers_of_one=1)) as at:
        one, other = (a_token(at.database, name, "read") for name in ("one", "other"))
        at.client.headers["Authorization"] = f"Bearer {one}"
        with at.events() as events:
            next(events)
            refused = at.client.get("/v1/events")
            at.client.headers["Authorization"] = f"Bearer {other}"
            with at.events() as others:
                assert next(others)

        assert (refused.status_code, refused.json()["error"]["rule"]) == (503, "too-busy")


def test_streams_end_with_the_server(shop: Path) -> None:
    """
    A server that stops ends its streams in order, so that nobody waits for them.
    """
    with served(shop) as at:
        events = at.client.stream("GET", "/v1/events", timeout=WITHIN)
        response = events.__enter__()
        lines = response.iter_lines()
        assert [next(lines), next(lines)] == ["id: 0", ": watchbill"]
        assert at.house is not None
        assert at.room is not None
        at.room.engine._loop.call_soon_threadsafe(at.house.stopping.set)  # type: ignore[union-attr]

        assert list(lines)[-1] == ""
        events.__exit__(None, None, None)


@pytest.mark.parametrize("query", ["after=x", "after=-1", "incident=nothing-of-the-kind"])
def test_a_place_that_is_none_is_refused(at: Place, query: str) -> None:
    """
    What is no decision's id, or no incident, is said before the stream begins.
    """
    assert at.client.get(f"/v1/events?{query}").status_code in (400, 404)
