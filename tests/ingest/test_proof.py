"""How a request proves that it is its source's, and what is said where it does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watchbill.ingest.proof import Doubt, doubt, signature_header
from watchbill.model.sources import SourceAuth

NOW = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
BODY = b'{"routing_key": "tok\\u00e9n", "x": 1}'
BEARER = SourceAuth("bearer", ("env/TOKEN",))
BASIC = SourceAuth("basic", ("env/PASSWORD",), username="sns")
HMAC = SourceAuth("hmac", ("env/KEY",))


def signed(secret: str = "key", body: bytes = BODY) -> str:
    """The signature of a body, in hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def basic(text: str) -> dict[str, str]:
    """The header of basic authentication."""
    return {"authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


def said(auth: SourceAuth, headers: dict[str, str], *secrets: str, type: Any = "alertmanager", body: bytes = BODY) -> str:
    """The reason against a request, empty where it is proven."""
    found = doubt(auth, type, secrets or ("key",), headers, body, NOW)
    assert found is None or found.help
    return found.reason if found else ""


def test_nothing_is_asked_of_a_source_without_auth():
    """
    Where a source declares no proof, every request is its own.
    """
    assert doubt(None, "alertmanager", (), {}, BODY, NOW) is None


@pytest.mark.parametrize(
    ("auth", "type", "headers"),
    [
        (BEARER, "alertmanager", {"Authorization": "Bearer key"}),
        (BEARER, "alertmanager", {"AUTHORIZATION": "bearer  key "}),
        (SourceAuth("bearer", (), "X-Token"), "datadog", {"x-token": "key"}),
        (BEARER, "opsgenie", {"Authorization": "GenieKey key"}),
        (BASIC, "cloudwatch", basic("sns:key")),
        (HMAC, "pagerduty", {"X-PagerDuty-Signature": f"v1={signed()}"}),
        (HMAC, "pagerduty", {"X-PagerDuty-Signature": f"v1={'0' * 64},v1={signed()}"}),
        (HMAC, "sentry", {"Sentry-Hook-Signature": signed()}),
        (HMAC, "grafana", {"X-Grafana-Alerting-Signature": signed()}),
        (
            SourceAuth("hmac", (), timestamp="X-Time"),
            "grafana",
            {"X-Grafana-Alerting-Signature": signed(body=f"{STAMP}:".encode() + BODY), "X-Time": STAMP},
        ),
        (SourceAuth("hmac", (), "X-Hub-Signature-256"), "custom", {"X-Hub-Signature-256": f"sha256={signed()}"}),
        (SourceAuth("hmac", (), "X-Sig", prefix="s:"), "custom", {"X-Sig": f"s:{signed().upper()}"}),
        (SourceAuth("hmac", (), "X-Sig", encoding="base64"), "custom", {"X-Sig": base64.b64encode(bytes.fromhex(signed())).decode()}),
    ],
)
def test_a_proof_holds(auth, type, headers):
    """
    Each way of proving holds with the right secret, whatever the case of the headers, and with any one of several secrets.
    """
    assert said(auth, headers, type=type) == ""
    assert said(auth, headers, "old", "key", type=type) == ""
    assert said(auth, headers, "other", type=type) != ""
    assert said(auth, {}, type=type) != ""


def test_an_event_for_pagerduty_has_its_token_in_the_body():
    """
    What cannot send a header is known by its routing key, and only where no header contradicts it.
    """
    assert said(BEARER, {}, "tokén", type="pagerduty") == ""
    assert said(BEARER, {}, "other", type="pagerduty") == "its `routing_key` is not the one expected"
    assert said(BEARER, {"Authorization": "Bearer no"}, "tokén", type="pagerduty") == "the token in `Authorization` is not the one expected"
    assert said(BEARER, {}, "tokén", type="datadog") == "it has no token in `Authorization`"
    for body in (b"", b"[]", b"{", b"[" * 100_000, b'{"routing_key": ""}', b'{"routing_key": 4}'):
        assert said(BEARER, {}, type="pagerduty", body=body) == "it has no token in `Authorization`"


@pytest.mark.parametrize("auth", [BEARER, BASIC, HMAC])
def test_an_empty_secret_opens_no_door(auth):
    """
    A secret that is not set proves nothing, even against a request that proves nothing either.
    """
    headers = {**basic("sns:"), "Sentry-Hook-Signature": signed("")}

    assert doubt(auth, "sentry", ("", ""), headers, BODY, NOW) == Doubt(
        "no secret is set to compare with", "set what the source refers to in its `secret`"
    )
    assert doubt(auth, "sentry", (), {"Authorization": "Bearer "}, BODY, NOW) is not None


@pytest.mark.parametrize(
    ("auth", "type", "headers", "reason"),
    [
        (BEARER, "alertmanager", {"Authorization": "Basic key"}, "its `Authorization` is no bearer token"),
        (BEARER, "alertmanager", {"Authorization": "GenieKey key"}, "its `Authorization` is no bearer token"),
        (BEARER, "alertmanager", {"Authorization": "Bearer"}, "it has no token in `Authorization`"),
        (BEARER, "alertmanager", {"Authorization": "Bearer käse"}, "the token in `Authorization` is not the one expected"),
        (BEARER, "alertmanager", {"Authorization": "Bearer \u20ac\udcff"}, "the token in `Authorization` is not the one expected"),
        (BASIC, "alertmanager", {"Authorization": "Bearer key"}, "it has no name and password in `Authorization`"),
        (BASIC, "alertmanager", {"Authorization": "Basic ???"}, "its `Authorization` is no base64"),
        (BASIC, "alertmanager", {"Authorization": "Basic é"}, "its `Authorization` is no base64"),
        (BASIC, "alertmanager", basic("sns"), "its name and password are not those expected"),
        (BASIC, "alertmanager", basic("other:key"), "its name and password are not those expected"),
        (BASIC, "alertmanager", basic("sns:no"), "its name and password are not those expected"),
        (HMAC, "sentry", {}, "it has no signature in `Sentry-Hook-Signature`"),
        (HMAC, "pagerduty", {"X-PagerDuty-Signature": signed()}, "what stands in `X-PagerDuty-Signature` does not begin with `v1=`"),
        (HMAC, "sentry", {"Sentry-Hook-Signature": "zz"}, "what stands in `Sentry-Hook-Signature` is no signature in hex"),
        (HMAC, "sentry", {"Sentry-Hook-Signature": "ab"}, "what stands in `Sentry-Hook-Signature` is no signature in hex"),
        (
            HMAC,
            "sentry",
            {"Sentry-Hook-Signature": signed(body=BODY + b" ")},
            "the signature in `Sentry-Hook-Signature` is not that of the body",
        ),
    ],
)
def test_the_reason_says_what_is_missing_and_no_secret(auth, type, headers, reason):
    """
    What does not prove itself is answered with what is missing or wrong, without the secret and without what was sent.
    """
    assert said(auth, headers, type=type) == reason


def test_of_many_signatures_a_few_are_compared():
    """
    A header full of signatures costs no more than a few comparisons.
    """
    assert said(HMAC, {"Sentry-Hook-Signature": ",".join(["0" * 64] * 100 + [signed()])}, type="sentry") != ""


@pytest.mark.parametrize(("apart", "is_fresh"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)])
def test_an_old_request_is_not_taken_again(apart, is_fresh):
    """
    A signed time holds for five minutes both ways, in whatever zone the clock's time is given.
    """
    auth, time = SourceAuth("hmac", (), timestamp="X-Time"), str(int(NOW.timestamp()) + apart)
    headers = {"x-grafana-alerting-signature": signed(body=f"{time}:".encode() + BODY), "x-time": time}
    zone = NOW.astimezone().astimezone(tz=None)

    assert (doubt(auth, "grafana", ("key",), headers, BODY, zone) is None) == is_fresh
    assert doubt(auth, "grafana", ("key",), headers, BODY, NOW + timedelta(days=1)) is not None


@pytest.mark.parametrize("time", ["", "noon", "-1", "1" * 13, "1e9", "١"])
def test_a_signed_time_that_is_none(time):
    """
    Without a time that can be read there is nothing to compare with the clock.
    """
    auth = SourceAuth("hmac", (), timestamp="X-Time")

    assert said(auth, {"x-grafana-alerting-signature": signed(), "x-time": time}, type="grafana") == "it has no time in `X-Time`"


def test_the_header_of_a_signature():
    """
    The source's own header stands before that of its type, and a type that does not sign has none.
    """
    assert signature_header(SourceAuth("hmac", (), "X-Own"), "sentry") == "X-Own"
    assert signature_header(HMAC, "sentry") == "Sentry-Hook-Signature"
    assert signature_header(HMAC, "datadog") == ""
