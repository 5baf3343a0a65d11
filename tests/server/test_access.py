"""Who may come in, and as whom."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.server.places import Place, a_shop, a_token, an_alert, served
from watchbill.errors import UserError
from watchbill.server.access import Door
from watchbill.store import tokens
from watchbill.store.beside import beside

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class Closed:
    """A server that asks for tokens, and one of each scope."""

    at: Place
    tokens: dict[str, str]

    def bearing(self, scope: str) -> dict[str, str]:
        """The header that proves this scope."""
        return {"Authorization": f"Bearer {self.tokens[scope]}"}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    """A server with a token for every scope, all of them ana's."""
    folder = a_shop(tmp_path_factory.mktemp("closed"))
    made = {scope: a_token(folder / "watchbill.db", scope, scope) for scope in ("read", "act", "ingest", "admin")}
    with served(folder) as at:
        yield Closed(at, made)


# --- with tokens ------------------------------------------------------------------------

PATHS = {
    ("GET", "/v1/incidents"): "read",
    ("GET", "/v1/events"): "read",
    ("GET", "/v1/status"): "read",
    ("GET", "/v1/switches"): "read",
    ("GET", "/metrics"): "read",
    ("GET", "/api/v2/alerts"): "read",
    ("GET", "/api/v2/alerts/groups"): "read",
    ("GET", "/api/v2/status"): "read",
    ("POST", "/api/v2/alerts"): "ingest",
    ("POST", "/v1/ingest/alertmanager"): "ingest",
    ("POST", "/v1/ingest/cloud"): "ingest",
    ("POST", "/v1/freeze"): "act",
    ("POST", "/v1/kill"): "act",
    ("DELETE", "/v1/switches/1"): "act",
    ("POST", "/v1/incidents/x/ack"): "act",
    ("POST", "/v1/incidents/x/approve"): "act",
}
MAY = {"read": {"read"}, "act": {"read", "act"}, "ingest": {"ingest"}, "admin": {"read", "act", "ingest"}}


@pytest.mark.parametrize(("method", "path"), PATHS, ids=lambda each: str(each))
def test_nobody_comes_in_without_a_token(closed: Closed, method: str, path: str) -> None:
    """
    Where there are tokens, every path asks for one, and says how to send it.
    """
    answered = closed.at.client.request(method, path, headers={"X-Watchbill-As": "ana"})

    assert answered.status_code == 401
    assert answered.json()["error"]["rule"] == "bad-credentials"
    assert "Bearer" in answered.headers["WWW-Authenticate"]
    assert "X-Watchbill-Access" not in answered.headers


@pytest.mark.parametrize(("method", "path"), PATHS, ids=lambda each: str(each))
@pytest.mark.parametrize("scope", MAY)
def test_a_token_may_what_its_scopes_say(closed: Closed, scope: str, method: str, path: str) -> None:
    """
    With a token of each scope, each path lets in whom it should, and nobody else.
    """
    if PATHS[method, path] not in MAY[scope]:
        answered = closed.at.client.request(method, path, headers=closed.bearing(scope))

        assert answered.status_code == 403
        assert answered.json()["error"]["rule"] == "missing-scope"
    elif path != "/v1/events":
        answered = closed.at.client.request(method, path, headers=closed.bearing(scope))

        assert answered.status_code not in (401, 403)


@pytest.mark.parametrize(
    "value",
    ["Bearer wb_wrong", "Bearer", "Basic !!", "Basic " + base64.b64encode(b"ana:wb_wrong").decode(), "Digest x", "Bearer \xff"],
)
def test_what_is_no_token_is_none(closed: Closed, value: str) -> None:
    """
    Whatever else stands in the header is refused.
    """
    answered = closed.at.client.get("/v1/incidents", headers={"Authorization": value.encode("latin-1")})

    assert answered.status_code == 401


def test_a_token_may_be_the_password(closed: Closed) -> None:
    """
    Basic authentication with the token as its password proves the same, whatever the user is called.
    """
    assert closed.at.client.get("/v1/incidents", auth=("whoever", closed.tokens["read"])).status_code == 200


def test_acts_are_the_tokens_person(closed: Closed) -> None:
    """
    What is done with a token is recorded as its person's, with the token's name as the proof; another name in a header counts for nothing.
    """
    posted = closed.at.client.post("/api/v2/alerts", json=[an_alert("Mine")], headers=closed.bearing("ingest"))
    assert posted.status_code == 200
    closed.at.client.headers.update(closed.bearing("admin"))
    incident = closed.at.wait(lambda: next((each["incident"] for each in closed.at.alerts()), ""))
    answered = closed.at.client.post(f"/v1/incidents/{incident}/ack", headers=closed.bearing("act") | {"X-Watchbill-As": "bo"})
    decisions = closed.at.client.get(f"/v1/incidents/{incident}/timeline").json()["decisions"]
    (last,) = (each for each in decisions if each["event"]["kind"] == "acknowledge")
    del closed.at.client.headers["Authorization"]

    assert answered.json()["by"] == "ana"
    assert (last["by"], last["proof"]) == ("ana", "token act")


def test_health_needs_no_token(closed: Closed) -> None:
    """
    Whether the server lives and is ready may be asked by everybody.
    """
    assert [closed.at.client.get(path).status_code for path in ("/livez", "/readyz", "/-/healthy", "/-/ready")] == [200] * 4


def test_a_revoked_token_counts_for_nothing(shop: Path) -> None:
    """
    What was found about a token is believed for two seconds and no longer.
    """
    database = shop / "watchbill.db"
    secret = a_token(database, "laptop", "read")
    with served(shop) as at:
        headers = {"Authorization": f"Bearer {secret}"}
        assert at.client.get("/v1/incidents", headers=headers).status_code == 200
        with beside(str(database)) as connection:
            assert tokens.revoke(connection, "laptop", at=NOW)
        # The two seconds are over when the clock that counts them says so.
        assert at.house is not None
        at.house.access.elapsed = lambda: 1e9

        assert at.client.get("/v1/incidents", headers=headers).status_code == 401


def test_a_token_is_marked_as_used_by_the_day(shop: Path) -> None:
    """
    The day on which a token was last used is recorded.
    """
    database = shop / "watchbill.db"
    secret = a_token(database, "laptop", "read")
    with served(shop) as at:
        at.client.get("/v1/incidents", headers={"Authorization": f"Bearer {secret}"})
    with beside(str(database)) as connection:
        (token,) = tokens.listing(connection)

    assert token.last_used_at is not None
    assert token.last_used_at.hour == 0


# --- without ----------------------------------------------------------------------------


def test_an_open_server_says_so(at: Place) -> None:
    """
    Without a token every answer says that the server is open, and so do its status and its answers to acts.
    """
    incident = at.fire(an_alert("Open"))
    at.post(f"/v1/incidents/{incident}/ack")
    last = at.client.get(f"/v1/incidents/{incident}/timeline").json()["decisions"][-1]

    assert at.client.get("/livez").headers["X-Watchbill-Access"] == "open"
    assert at.client.get("/v1/status").json()["access"] == "open"
    assert (last["by"], last["proof"]) == ("ana", "unproven")


@pytest.mark.parametrize("name", ["", "Ana Sousa", "a" * 100, "ana\tbo"])
def test_whoever_acts_says_who_they_are(at: Place, name: str) -> None:
    """
    Without a token, an act without a name that a person can have is refused.
    """
    answered = at.client.post("/v1/incidents/x/ack", headers={"X-Watchbill-As": name})

    assert answered.status_code == 400
    assert answered.json()["error"]["rule"] == "no-name"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example.com"},
        {"Host": "evil.example.com:9494"},
        {"Host": "10.0.0.1"},
        {"Host": "[::ffff:10.0.0.1]:9494"},
        {"X-Forwarded-For": "10.0.0.1"},
        {"Forwarded": "for=10.0.0.1"},
    ],
    ids=str,
)
def test_an_open_server_answers_to_its_own_names_only(at: Place, headers: dict[str, str]) -> None:
    """
    A name that somebody's DNS has bent to this machine, or a proxy, leads nowhere.
    """
    answered = at.client.get("/v1/incidents", headers=headers)

    assert answered.status_code == 403
    assert answered.json()["error"]["rule"] == "foreign-request"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9494", "127.0.0.1", "127.1.2.3:80", "[::1]:9494"])
def test_its_own_names_are_known(at: Place, host: str) -> None:
    """
    Every name of this machine's own will do.
    """
    assert at.client.get("/v1/incidents", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example.com"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
    ids=str,
)
def test_a_page_from_elsewhere_cannot_act(at: Place, headers: dict[str, str]) -> None:
    """
    A POST or DELETE that a browser sends for another site's page is refused, on every path.
    """
    for method, path in (("POST", "/v1/kill"), ("DELETE", "/v1/switches/1"), ("POST", "/api/v2/alerts")):
        answered = at.client.request(method, path, headers={"X-Watchbill-As": "ana", **headers})

        assert answered.status_code == 403
        assert answered.json()["error"]["rule"] == "foreign-request"


def test_a_browser_that_says_nothing_cannot_act_on_an_open_server(at: Place) -> None:
    """
    A form that an old browser sends names no page: an open server refuses it. A program says the same and is heard.
    """
    form = {"Content-Type": "text/plain", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/60.0"}

    assert at.client.post("/v1/kill", content=b"{}", headers=form).json()["error"]["rule"] == "foreign-request"
    assert at.client.post("/api/v2/alerts", json=[an_alert("Own")], headers={"User-Agent": "Prometheus/3.0"}).status_code == 200


def test_its_own_pages_may(at: Place) -> None:
    """
    A request that a page of the server itself sends is none from elsewhere.
    """
    headers = {"Origin": at.url, "Sec-Fetch-Site": "same-origin"}

    assert at.client.post("/api/v2/alerts", json=[an_alert("Own")], headers=headers).status_code == 200


def test_the_first_token_closes_the_door(shop: Path) -> None:
    """
    A token that is made while the server is open closes it without a restart, and revoking it does not open it again.
    """
    with served(shop) as at:
        assert at.client.get("/v1/incidents").status_code == 200
        a_token(at.database, "first", "read")
        assert at.house is not None
        at.house.access.elapsed = lambda: 1e9
        assert at.client.get("/v1/incidents").status_code == 401
        with beside(str(at.database)) as connection:
            tokens.revoke(connection, "first", at=NOW)
        at.house.access.elapsed = lambda: 2e9

        assert at.client.get("/v1/incidents").status_code == 401


# --- at the start -----------------------------------------------------------------------


def a_row(*, expires_at: datetime | None = None, revoked_at: datetime | None = None) -> tokens.Token:
    """A token that there is."""
    return tokens.Token("laptop", "ana", ("act",), NOW - timedelta(days=9), expires_at, None, revoked_at)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "watchbill.example.com"])
@pytest.mark.parametrize("there", [(), (a_row(revoked_at=NOW),), (a_row(expires_at=NOW),)], ids=["none", "revoked", "expired"])
def test_an_address_that_others_reach_needs_a_token(host: str, there: tuple[tokens.Token, ...]) -> None:
    """
    Without a token that is in force the server begins on no address but the machine's own, and says how to make one.
    """
    with pytest.raises(UserError, match="without a token") as raised:
        Door(host, (), there, NOW)

    assert "watchbill token create" in raised.value.help


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_an_expired_token_opens_nothing(host: str) -> None:
    """
    A server of the machine's own is open where no token was ever made; neither a revoked nor an expired one opens it again.
    """
    assert Door(host, (), (), NOW).is_open
    assert not Door(host, (), (a_row(revoked_at=NOW),), NOW).is_open
    assert not Door(host, (), (a_row(expires_at=NOW),), NOW).is_open
