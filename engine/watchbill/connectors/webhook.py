"""Any system that takes a JSON request. Whether it honours the key it is sent, nobody can know, so it counts as not repeatable.

With every request go `Idempotency-Key`, the same at each attempt; `X-Watchbill-Attempt`; `X-Watchbill-Incident`, but not with an
update to an audience; and, where an earlier attempt may have arrived, `X-Watchbill-Possibly-Repeated: true`. With a `signing_secret`
it is signed as Standard Webhooks 1.0 has it: `webhook-id` (the key again), `webhook-timestamp` and `webhook-signature`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Final

from watchbill.connectors.performing import Outside, Request, Unable
from watchbill.connectors.redacting import Redactor
from watchbill.connectors.schemas import arguments, maybe, named, result, text, web_url, whole
from watchbill.model.plan import Done
from watchbill.model.policyset import Action, ConnectorType
from watchbill.model.references import Json

if TYPE_CHECKING:
    from watchbill.connectors.outbound import Answer

_LONGEST_KEY: Final = 200

_ANSWERED: Final = result(
    {
        "status": whole("The status of the answer.", least=100, most=599),
        "body": maybe({"type": "object", "description": "The answer, where it is a JSON object.", "additionalProperties": True}),
    }
)

TYPE = ConnectorType(
    name="webhook",
    summary="Posts JSON to an address.",
    settings=arguments({"url": web_url("Where to post to.")}, ("url",)),
    secrets=("token", "signing_secret"),
    actions=(
        Action(
            name="post",
            summary="Posts a JSON body, with the step's id as `Idempotency-Key`.",
            arguments=arguments(
                {
                    "path": text("What comes after the connector's address.", pattern=r"^/"),
                    "body": {
                        "type": "object",
                        "description": "The body; where it is left out, subject, text and the incident's facts (none for an update).",
                        "additionalProperties": True,
                    },
                    "headers": named("Further headers.", text("The value.")),
                    "subject": text("The headline; the page's or the update's own where it is left out."),
                    "text": text("What it says; the page's or the update's own text where it is left out."),
                }
            ),
            generic=True,
            # Texts inside `body` become JSON texts after they were filled in, so they need nothing more.
            escaping=(("path", "url"), ("body", "none"), ("headers", "header"), ("subject", "none"), ("text", "none")),
            result=_ANSWERED,
        ),
        Action(
            name="page",
            summary="Has whoever receives it page a person: posts JSON with `to`, `subject`, `text`, `key` and the `incident`.",
            arguments=arguments(
                {
                    "to": text("Whom, in the receiver's own words.", longest=500, example="oncall-platform"),
                    "subject": text("The headline; the page's own where it is left out."),
                    "text": text("What it says; the page's own text where it is left out."),
                },
                ("to",),
            ),
            does="reaches",
            rings=True,
            escaping=(("to", "none"), ("subject", "none"), ("text", "none")),
            result=_ANSWERED,
        ),
    ),
    extra="serve",
    addresses=("url",),
)


def performer(outside: Outside) -> Webhook:
    """What carries the actions out, through these ways *outside*."""
    return Webhook(outside)


class Webhook:
    """Posts the body, signed, and reads what is answered."""

    __slots__ = ("_outside",)

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def perform(self, request: Request) -> Done:
        """The status of the answer, and its body where that is a JSON object."""
        from watchbill.connectors.outbound import Letter, headers_of, joined, judged

        body = json.dumps(_body(request), separators=(",", ":"), allow_nan=False).encode("ascii")
        headers = headers_of(request.arguments.get("headers"), _headers(request, body))
        url = joined(request.settings["url"], request.argument("path"))
        letter = Letter("POST", url, {**headers, "content-type": "application/json"}, body)
        answer = await self._outside.http.send(letter, request.seconds)
        judged(answer, letter, request.now, Redactor(request.secrets.values()))
        return Done({"status": answer.status, "body": _object(answer)})


def _body(request: Request) -> Json:
    """What is posted: the same at every attempt, but that what persons are sent says where it may be a repeat."""
    given = request.arguments.get("body")
    if given is not None:
        return given
    subject, words = request.words()
    said: dict[str, Json] = {"subject": subject, "text": words}
    to: dict[str, Json] = {"to": request.argument("to")} if request.action == "page" else {}
    if request.about.is_for_audience:
        # Whoever takes it may show it as it is. The key stands in a header, for the receiving system alone.
        return {**to, **said}
    key: dict[str, Json] = {"key": request.key} if request.action == "page" else {}
    return {**to, **key, **said, "incident": request.about.facts()}


def _headers(request: Request, body: bytes) -> dict[str, str]:
    key = written(request.key)
    headers = {"idempotency-key": key, "x-watchbill-attempt": str(request.attempt)}
    if request.about.incident:
        headers["x-watchbill-incident"] = written(request.about.incident)
    if request.is_repeat:
        headers["x-watchbill-possibly-repeated"] = "true"
    token, signing = request.secrets.get("token"), request.secrets.get("signing_secret")
    if token:
        headers["authorization"] = f"Bearer {token}"
    if signing:
        at = str(int(request.now.timestamp()))
        headers |= {"webhook-id": key, "webhook-timestamp": at, "webhook-signature": signature(signing, key, at, body)}
    return headers


def written(key: str) -> str:
    """A *key* as a header can hold it, different for every key: what is no letter, digit or one of `-_/#:` is percent-encoded.

    A stop is encoded too, because a signature takes it as the end of the key. What is too long keeps its beginning and a hash.
    """
    parts = (each if each.isascii() and (each.isalnum() or each in "-_/#:") else _percent(each) for each in key)
    text = "".join(parts)
    if len(text) <= _LONGEST_KEY:
        return text
    return f"{text[: _LONGEST_KEY - 65]}~{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def signature(secrets: str, key: str, at: str, body: bytes) -> str:
    """The value of `webhook-signature`: one signature for each of the *secrets*, which stand apart by spaces while one replaces another.

    A secret that begins with `whsec_` is in base64; any other is taken as it stands.
    """
    content = f"{key}.{at}.".encode("ascii") + body
    signed = (hmac.digest(_key_of(secret), content, "sha256") for secret in secrets.split())
    return " ".join(f"v1,{base64.b64encode(each).decode('ascii')}" for each in signed)


def _key_of(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode("utf-8")
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise Unable("the secret `signing_secret` begins with whsec_, and what follows is not base64") from None


def _object(answer: Answer) -> Json:
    if answer.is_cut:
        return None
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
