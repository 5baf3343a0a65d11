"""Mail through SMTP. It reaches a person, though nobody should be woken by it alone."""

from __future__ import annotations

from watchbill.connectors.schemas import arguments, result, text
from watchbill.model.policyset import Action, ConnectorType

_ADDRESS = r"^[^@\s,;<>]+@[^@\s,;<>]+$"

TYPE = ConnectorType(
    name="email",
    summary="Sends mail.",
    settings=arguments(
        {
            "url": text("The mail server.", pattern=r"^smtps?://[^\s/]+$", example="smtp://mail.example.com:587"),
            "from": text("The sender's address.", pattern=r"^([^<>\r\n]+ <[^@\s<>]+@[^@\s<>]+>|[^@\s<>]+@[^@\s<>]+)$"),
            "reply_to": text("Where answers go.", pattern=_ADDRESS),
        },
        ("url", "from"),
    ),
    secrets=("username", "password"),
    actions=(
        Action(
            name="send",
            summary="Sends a plain text to one address.",
            arguments=arguments(
                {
                    "to": text("The address; for many readers, that of their list.", pattern=_ADDRESS, example="stakeholders@example.com"),
                    "subject": text("The subject; the page's or the update's own where it is left out.", longest=250),
                    "text": text("What it says; the page's or the update's own text where it is left out."),
                },
                ("to",),
            ),
            reaches=True,
            escaping=(("to", "header"), ("subject", "header"), ("text", "none")),
            result=result({"message_id": text("The `Message-ID` it was sent with.")}),
        ),
    ),
)
