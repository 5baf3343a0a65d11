"""What is recorded holds no secrets and nobody's address or number."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from watchbill.connectors.redacting import EMAIL, PHONE, SECRET, Redactor

secrets = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=8, max_size=40).filter(lambda text: text == text.strip())


@given(secrets, st.sampled_from(["plain", "quoted", "plus", "json", "base64", "basic"]))
def test_a_secret_in_any_form(secret: str, form: str):
    """
    A secret is taken out in each form in which it travels.
    """
    assume(secret not in "it was [secret], and that is all")
    forms = {
        "plain": secret,
        "quoted": quote(secret, safe=""),
        "plus": quote_plus(secret),
        "json": json.dumps(secret)[1:-1],
        "base64": base64.b64encode(secret.encode()).decode(),
        "basic": base64.b64encode(f"the-watch:{secret}".encode()).decode(),
    }
    redacted = Redactor(["the-watch", secret]).text(f"it was {forms[form]}, and that is all")

    assert forms[form] not in redacted
    assert SECRET in redacted


def test_parts_of_secrets():
    """
    The lines of a key, and the inside of a signing secret, are secrets too.
    """
    redactor = Redactor(["-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\n-----END KEY-----", "whsec_MfKQ9r8GKYqr whsec_ILPZIo2LaLaSw"])

    assert redactor.text("MIIEowIBAAKCAQEA MfKQ9r8GKYqr ILPZIo2LaLaSw") == f"{SECRET} {SECRET} {SECRET}"


def test_very_short_secrets_stay():
    """
    What is shorter than four characters cannot be told from other text, and is left.
    """
    assert Redactor(["a", "", "ops"]).text("a cat of ops") == "a cat of ops"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("550 <ana@example.com> unknown", f"550 <{EMAIL}> unknown"),
        ("ana.sousa+ops@mail.example.com, bo@example.org", f"{EMAIL}, {EMAIL}"),
        ("jürgen@bücher.example", EMAIL),
        ("to=ana@example.com", f"to={EMAIL}"),
        ("call +351 555 0100 now", f"call {PHONE} now"),
        ("+1 (212) 555-0199", PHONE),
        ("tel:+12125550199", f"tel:{PHONE}"),
        ("(212) 555-0199 or 212-555-0199", f"{PHONE} or {PHONE}"),
        ("xoxb-1234567890-abcdef was used", f"{SECRET} was used"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nend", f"{SECRET}\nend"),
    ],
)
def test_what_is_somebodys(text: str, redacted: str):
    """
    Addresses and numbers of people, and what looks like anybody's secret, are taken out.
    """
    assert Redactor().text(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T03:12:00+01:00",
        "1700000000",
        "error rate 0.012345678 +1.5",
        "10.0.0.7:8080 and 2001:db8::1",
        "checkout-7f3a/page/payments-critical/0/1",
        "1e+1234567",
        "a+12345678",
        "pod checkout-5d4f8c7b9-x2x7q",
        "@here look",
        "root@localhost",
        "<wb-0123456789abcdef0123456789abcdef01234567@example.com>",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_what_is_nobodys(text: str):
    """
    Times, numbers, addresses of machines, names and hashes stay as they are, and so do identities of our own mails.
    """
    assert Redactor().text(text) == text


def test_whole_values():
    """
    Texts are redacted wherever they stand in a value, in keys too; other values stay.
    """
    value = {"ana@example.com": ["s3cret", 1, True, None, {"x": "s3cret!"}]}

    assert Redactor(["s3cret"]).json(value) == {EMAIL: [SECRET, 1, True, None, {"x": f"{SECRET}!"}]}


def test_a_line():
    """
    What an error quotes is one line, without what cannot be seen, and not long.
    """
    line = Redactor(["s3cret"]).line("first\r\nsecond\x1b[31m s3cret\u2028" + "x" * 1000)

    assert line.startswith(f"first second [31m {SECRET} xxx")
    assert len(line) == 300


@given(st.text())
def test_any_text_can_be_redacted(text: str):
    """
    Whatever a text holds, halves of characters too, what comes back is text, and redacting it again changes nothing.
    """
    redacted = Redactor().text(text)

    assert redacted.encode("utf-8").decode("utf-8") == redacted
    assert Redactor().text(redacted) == redacted


@pytest.mark.parametrize("piece", ["eyJ", "a@", "a.", "+1", "555-", "-----BEGIN PRIVATE KEY", "://a:"])
def test_no_text_takes_long(piece: str):
    """
    A text made to keep a pattern busy is done in time that grows with its length only.
    """
    assert Redactor().text(piece * (200_000 // len(piece)))
