"""A connector for watchbill in Python: pushes to phones through a server of ntfy.

The server takes no key, so a request repeated is a second push.
"""

from __future__ import annotations

import json

from watchbill.connectors.outbound import Letter, judged
from watchbill.connectors.performing import Outside, Request
from watchbill.connectors.redacting import Redactor
from watchbill.connectors.schemas import arguments, result, text, web_url
from watchbill.model.plan import Done
from watchbill.model.policyset import Action, ConnectorType

TYPE = ConnectorType(
    name="ntfy",
    summary="Pushes to phones through ntfy.",
    settings=arguments({"url": web_url("The server.")}, ("url",)),
    secrets=("token",),
    actions=(
        Action(
            name="push",
            summary="Pushes to everybody who follows a topic.",
            arguments=arguments(
                {
                    "to": text("The topic.", pattern="^[A-Za-z0-9_-]{1,64}$", example="ana-oncall"),
                    "text": text("What it says; the page's own text where it is left out."),
                },
                ("to",),
            ),
            does="reaches",
            escaping=(("to", "none"), ("text", "none")),
            result=result({"id": text("The server's name for the message.")}),
        ),
    ),
)


def performer(outside: Outside) -> Ntfy:
    """What carries the actions out; asked for once, when it is first needed."""
    return Ntfy(outside)


class Ntfy:
    """Publishes messages as JSON."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def perform(self, request: Request) -> Done:
        """The server's name for the message."""
        subject, words = request.words()
        body = {"topic": request.argument("to"), "title": subject, "message": words, "priority": 5, "tags": [request.about.severity]}
        headers = {"content-type": "application/json", "idempotency-key": request.key}
        if "token" in request.secrets:
            headers["authorization"] = f"Bearer {request.secrets['token']}"
        letter = Letter("POST", request.settings["url"], headers, json.dumps(body).encode())
        answer = judged(await self._outside.http.send(letter, request.seconds), letter, request.now, Redactor(request.secrets.values()))
        identity = json.loads(answer.body)["id"]
        return Done({"id": identity}, identity)
