"""Twilio: calls and text messages. Both reach a person, and a request repeated is a second call."""

from __future__ import annotations

from watchbill.connectors.schemas import arguments, result, text
from watchbill.model.policyset import Action, ConnectorType

_NUMBER = text("The number, with its country; spaces are for readers.", pattern=r"^\+[1-9][0-9]{0,2}[0-9 ]{4,20}$", example="+351 555 0100")
_SENT = result({"sid": text("Twilio's id of it."), "status": text("What Twilio says of it.", example="queued")})

TYPE = ConnectorType(
    name="twilio",
    summary="Calls people and sends them text messages.",
    settings=arguments(
        {
            "account_sid": text("The account.", pattern=r"^AC[0-9a-f]{32}$"),
            "from": {**_NUMBER, "description": "The number that calls and writes."},
            "voice_language": text("The language a call is read out in.", pattern=r"^[a-z]{2}(-[A-Z]{2})?$", example="en-GB"),
        },
        ("account_sid", "from"),
    ),
    secrets=("auth_token",),
    actions=(
        Action(
            name="call",
            carried_out=False,
            summary="Calls a number, reads the text out and takes a key for an answer: 4 acknowledges, 6 passes it on.",
            arguments=arguments(
                {"to": _NUMBER, "text": text("What is read out; the page's own text where it is left out.", longest=4000)}, ("to",)
            ),
            does="reaches",
            rings=True,
            # It is spoken from TwiML, which is XML.
            escaping=(("to", "none"), ("text", "html")),
            result=_SENT,
        ),
        Action(
            name="sms",
            carried_out=False,
            summary="Sends a text message; an answer that begins with `ack` acknowledges.",
            arguments=arguments(
                {"to": _NUMBER, "text": text("What it says; the page's own text where it is left out.", longest=1600)}, ("to",)
            ),
            does="reaches",
            escaping=(("to", "none"), ("text", "none")),
            result=_SENT,
        ),
    ),
)
