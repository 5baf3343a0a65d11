"""JSON to an address."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.makers import KEY, NOW, Ways, a_request, carry_out
from tests.connectors.sides import Got, a_server, answering
from watchbill.connectors.catalogue import catalogue
from watchbill.connectors.performers import performers
from watchbill.connectors.performing import Refused, Request
from watchbill.connectors.webhook import signature, written
from watchbill.model.plan import Done

pytestmark = pytest.mark.anyio


async def posted(out: Ways, request: Request, **answer: Any) -> tuple[Got, Done]:
    async with a_server(answering(**answer)) as side:
        request = replace(request, settings={"url": f"http://127.0.0.1:{side.port}/hook"})
        done = await carry_out(performers(out.outside), catalogue(), request)
    return side.got[0], done


async def test_the_page_in_its_own_words(out: Ways):
    """
    Without a body, the subject, the text and the facts of the incident are posted.
    """
    got, done = await posted(out, a_request("webhook", "post"))

    assert json.loads(got.body) == {
        "subject": "HighErrorRate on checkout",
        "text": "critical: HighErrorRate on checkout (payments)",
        "incident": {
            "id": "checkout-7f3a",
            "title": "HighErrorRate on checkout",
            "status": "triggered",
            "severity": "critical",
            "service": "checkout",
            "team": "payments",
            "opened_at": "2026-11-23T03:12:00+00:00",
        },
    }
    assert done == Done({"status": 200, "body": {"ok": True}})


async def test_words_and_body_of_the_policy(out: Ways):
    """
    A subject and a text that the policy gives take the place of the step's, and a body takes the place of all.
    """
    worded, _ = await posted(out, a_request("webhook", "post", {"subject": "Look", "path": "/on"}))
    whole, _ = await posted(out, a_request("webhook", "post", {"body": {"flag": "checkout", "on": False}, "headers": {"X-Env": "prod ü"}}))

    assert (worded.path, json.loads(worded.body)["subject"]) == ("/hook/on", "Look")
    assert json.loads(whole.body) == {"flag": "checkout", "on": False}
    assert whole.headers["x-env"].encode("latin-1").decode() == "prod ü"


async def test_a_page(out: Ways):
    """
    A page names whom it is for, what it says and its key, and is signed like any other request; it counts as reaching a person.
    """
    request = a_request("webhook", "page", {"to": "oncall-platform"}, secrets={"signing_secret": "old"})
    got, done = await posted(out, request)
    worded, _ = await posted(out, replace(request, arguments={"to": "ana", "subject": "Look", "text": "Now"}))
    page = json.loads(got.body)

    assert (page["to"], page["subject"], page["key"]) == ("oncall-platform", "HighErrorRate on checkout", KEY)
    assert page["text"] == "critical: HighErrorRate on checkout (payments)"
    assert page["incident"]["id"] == "checkout-7f3a"
    assert json.loads(worded.body) | {"incident": {}} == {"to": "ana", "subject": "Look", "text": "Now", "key": KEY, "incident": {}}
    assert got.headers["webhook-signature"] == signature("old", got.headers["webhook-id"], got.headers["webhook-timestamp"], got.body)
    assert done == Done({"status": 200, "body": {"ok": True}})
    assert [action.name for action in catalogue()["webhook"].actions if action.reaches] == ["page"]


async def test_its_headers(out: Ways):
    """
    With each request go its key, its incident and its attempt; the token as bearer; and a mark where it may be a repeat.
    """
    request = a_request("webhook", "post", secrets={"token": "t0ken"})
    first, _ = await posted(out, request)
    second, _ = await posted(out, replace(request, attempt=2, is_repeat=True))

    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == KEY
    assert first.headers["authorization"] == "Bearer t0ken"
    assert first.headers["content-type"] == "application/json"
    assert first.headers["x-watchbill-incident"] == "checkout-7f3a"
    assert [each.headers["x-watchbill-attempt"] for each in (first, second)] == ["1", "2"]
    assert "x-watchbill-possibly-repeated" not in first.headers
    assert second.headers["x-watchbill-possibly-repeated"] == "true"
    assert first.body == second.body


async def test_it_is_signed_as_standard_webhooks_has_it(out: Ways):
    """
    Whoever holds the secret can check the signature over id, time stamp and body.
    """
    raw = b"0123456789abcdef0123456789abcdef"
    secret = f"whsec_{base64.b64encode(raw).decode()}"
    got, _ = await posted(out, a_request("webhook", "post", secrets={"signing_secret": secret}))
    at, key = got.headers["webhook-timestamp"], got.headers["webhook-id"]
    expected = base64.b64encode(hmac.new(raw, f"{key}.{at}.".encode() + got.body, hashlib.sha256).digest()).decode()

    assert got.headers["webhook-signature"] == f"v1,{expected}"
    assert at == str(int(NOW.timestamp()))
    assert key == got.headers["idempotency-key"]


def test_the_example_of_the_standard():
    """
    The signature is the one that the libraries of Standard Webhooks make.
    """
    made = signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_two_secrets_make_two_signatures():
    """
    While one secret replaces another, either will do; one without the beginning of the standard is taken as it stands.
    """
    both = signature("old new", "k", "1", b"{}").split(" ")

    assert both == [signature("old", "k", "1", b"{}"), signature("new", "k", "1", b"{}")]
    assert both[0] == "v1," + base64.b64encode(hmac.digest(b"old", b"k.1.{}", "sha256")).decode()


async def test_a_secret_that_is_no_base64(out: Ways):
    """
    A signing secret that cannot be read is said, and not shown.
    """
    with pytest.raises(Refused, match="signing_secret") as raised:
        await posted(out, a_request("webhook", "post", secrets={"signing_secret": "whsec_no*base64"}))

    assert "no*base64" not in str(raised.value)


@pytest.mark.parametrize(
    ("body", "seen"), [(b"[1]", None), (b"not json", None), (b"", None), (b'{"a": [1]}', {"a": [1]}), (b"[" * 9000, None)]
)
async def test_what_is_answered(out: Ways, body: bytes, seen: object):
    """
    The answer is kept where it is a JSON object.
    """
    _, done = await posted(out, a_request("webhook", "post"), body=body)

    assert done.result == {"status": 200, "body": seen}


@given(st.lists(st.text(max_size=300), min_size=2, max_size=2, unique=True))
def test_every_key_is_written_in_its_own_way(keys: list[str]):
    """
    Different keys stay different in a header, and what is written there can stand there: no stop, no space, no line break.
    """
    first, second = (written(key) for key in keys)

    assert first != second
    assert len(first) <= 200
    assert all(each.isascii() and each.isprintable() and each not in " ." for each in first)
