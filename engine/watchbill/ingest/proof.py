"""Whether a request is its source's: the proof it carries, against the secrets that the source declares.

Rule 1: it is the bytes as they came that are proven, before anything is read out of them; but for a key that stands in the body.
Rule 2: comparisons take the same time whatever they find, and every secret is compared.
Rule 3: an empty secret proves nothing. A variable that somebody forgot to set opens no door.
Rule 4: nothing that is secret, and nothing that was sent as one, appears in a reason.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from watchbill.model.sources import SourceAuth, SourceType

FRESH_FOR: Final = timedelta(minutes=5)
"""How far a signed time may be from ours, both ways."""

_HEADERS: Final[Mapping[SourceType, str]] = {
    "pagerduty": "X-PagerDuty-Signature",
    "sentry": "Sentry-Hook-Signature",
    "grafana": "X-Grafana-Alerting-Signature",
}
_PREFIXES: Final[Mapping[str, str]] = {"x-pagerduty-signature": "v1=", "x-hub-signature-256": "sha256="}
"""What stands before the signature in headers that are known, unless the source says another prefix."""

_SCHEMES: Final[Mapping[SourceType, str]] = {"opsgenie": "geniekey"}
"""The word before a token, besides `Bearer`."""

_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_COMPARE: Final = "compare what the sender is set up with and the secret that the source refers to"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a request is not taken for its source's, in a sentence that holds no secret, and what to do."""

    reason: str
    help: str = _COMPARE


def doubt(
    auth: SourceAuth | None, type: SourceType, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime
) -> Doubt | None:
    """What speaks against a request, or None where it is proven, or nothing is asked for.

    *secrets* are the values of `auth.secrets`. *headers* are the request's, in any case. *now* is for signed times.
    """
    if auth is None:
        return None
    known = [secret.encode(errors="surrogateescape") for secret in secrets if secret]
    if not known:
        return Doubt("no secret is set to compare with", "set what the source refers to in its `secret`")
    folded = {name.lower(): value for name, value in headers.items()}
    if auth.scheme == "bearer":
        return _bearer(auth, type, known, folded, body)
    if auth.scheme == "basic":
        return _basic(auth, known, folded)
    return _signature(auth, type, known, folded, body, now)


def signature_header(auth: SourceAuth, type: SourceType) -> str:
    """The name of the header in which a source of this *type* signs; empty where neither it nor its type says one."""
    return auth.header or _HEADERS.get(type, "")


def _bearer(auth: SourceAuth, type: SourceType, known: list[bytes], headers: Mapping[str, str], body: bytes) -> Doubt | None:
    name = auth.header or "Authorization"
    given = headers.get(name.lower(), "").strip()
    if name.lower() == "authorization":
        if not given and type == "pagerduty" and (key := _routing_key(body)):
            return None if _is_one_of(key, known) else Doubt("its `routing_key` is not the one expected")
        scheme, _, token = given.partition(" ")
        if given and scheme.lower() not in ("bearer", _SCHEMES.get(type, "bearer")):
            return Doubt("its `Authorization` is no bearer token", "let the sender write `Authorization: Bearer TOKEN`")
        given = token.strip()
    if not given:
        return Doubt(f"it has no token in `{name}`", f"let the sender send the header `{name}`")
    return None if _is_one_of(_bytes(given), known) else Doubt(f"the token in `{name}` is not the one expected")


def _routing_key(body: bytes) -> bytes | None:
    """The key with which an event for PagerDuty proves itself: it cannot send a header."""
    from watchbill.ingest.wire import routing_key

    found = routing_key(body)
    return found.encode() if found else None


def _basic(auth: SourceAuth, known: list[bytes], headers: Mapping[str, str]) -> Doubt | None:
    scheme, _, given = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return Doubt("it has no name and password in `Authorization`", "let the sender use basic authentication")
    try:
        name, colon, password = base64.b64decode(given.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return Doubt("its `Authorization` is no base64", "let the sender use basic authentication")
    is_named = hmac.compare_digest(name, auth.username.encode())
    is_known = _is_one_of(password, known)
    return None if colon and is_named and is_known else Doubt("its name and password are not those expected")


def _signature(
    auth: SourceAuth, type: SourceType, known: list[bytes], headers: Mapping[str, str], body: bytes, now: datetime
) -> Doubt | None:
    name = signature_header(auth, type)
    given = headers.get(name.lower(), "").strip()
    if not given:
        return Doubt(f"it has no signature in `{name}`", f"let the sender sign, and proxies in between pass `{name}` on")
    signed = [body]
    if auth.timestamp:
        time = headers.get(auth.timestamp.lower(), "").strip()
        if stale := _stale(time, auth.timestamp, now):
            return stale
        signed = [_bytes(time), b":", body]
    prefix = auth.prefix or _PREFIXES.get(name.lower(), "")
    signatures = [each.strip().removeprefix(prefix) for each in given.split(",") if each.strip().startswith(prefix)]
    if not signatures:
        return Doubt(f"what stands in `{name}` does not begin with `{prefix}`", "compare the sender's form with the source's `prefix`")
    wanted = [_signed(secret, signed) for secret in known]
    found = [digest for each in signatures[:_MOST_SIGNATURES] if (digest := _digest(each, auth.encoding)) is not None]
    if not found:
        return Doubt(
            f"what stands in `{name}` is no signature in {auth.encoding}", "compare the sender's form with the source's `encoding`"
        )
    matches = [hmac.compare_digest(one, other) for one in found for other in wanted]
    return None if any(matches) else Doubt(f"the signature in `{name}` is not that of the body")


_MOST_SIGNATURES: Final = 8
"""Of one header: a sender that changes its secret signs with two."""


def _signed(secret: bytes, parts: Sequence[bytes]) -> bytes:
    digest = hmac.new(secret, digestmod=hashlib.sha256)
    for part in parts:
        digest.update(part)
    return digest.digest()


def _digest(text: str, encoding: str) -> bytes | None:
    try:
        found = bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) == hashlib.sha256().digest_size else None


def _stale(time: str, header: str, now: datetime) -> Doubt | None:
    if not _SECONDS.fullmatch(time):
        return Doubt(f"it has no time in `{header}`", f"let the sender send the header `{header}`, in seconds since 1970")
    apart = abs(int(time) - int(now.astimezone(UTC).timestamp()))
    if apart <= FRESH_FOR.total_seconds():
        return None
    return Doubt(
        f"the time in `{header}` is {apart} s from ours: it may be an old request sent again", "compare the clocks of both machines"
    )


def _is_one_of(given: bytes, known: list[bytes]) -> bool:
    matches = [hmac.compare_digest(given, each) for each in known]
    return any(matches)


def _bytes(text: str) -> bytes:
    """What a header's *text* was on the wire: servers read every byte as one character."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode(errors="surrogateescape")
