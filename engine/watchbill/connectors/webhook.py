"""Any system that takes a JSON request. Whether it honours the key it is sent, nobody can know, so it counts as not repeatable."""

from __future__ import annotations

from watchbill.connectors.schemas import arguments, maybe, named, result, text, web_url, whole
from watchbill.model.policyset import Action, ConnectorType

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
                        "description": "The body; subject and text where it is left out.",
                        "additionalProperties": True,
                    },
                    "headers": named("Further headers.", text("The value.")),
                    "subject": text("The headline; the page's or the update's own where it is left out."),
                    "text": text("What it says; the page's or the update's own text where it is left out."),
                }
            ),
            # Texts inside `body` become JSON texts after they were filled in, so they need nothing more.
            escaping=(("path", "url"), ("body", "none"), ("headers", "header"), ("subject", "none"), ("text", "none")),
            result=result(
                {
                    "status": whole("The status of the answer.", least=100, most=599),
                    "body": maybe(
                        {"type": "object", "description": "The answer, where it is a JSON object.", "additionalProperties": True}
                    ),
                }
            ),
        ),
    ),
)
