"""A connector as an installed package brings it: a board whose texts may be set as often as one likes, for they stay the same.

It is not well made. There is a text at which it hangs, and one at which it answers what is no outcome.
"""

from __future__ import annotations

import asyncio
import json

from watchbill.connectors.outbound import Letter, judged
from watchbill.connectors.performing import Outside, Request
from watchbill.connectors.redacting import Redactor
from watchbill.connectors.schemas import arguments, result, text, web_url
from watchbill.model.plan import Done
from watchbill.model.policyset import Action, ConnectorType

TYPE = ConnectorType(
    name="board",
    summary="Sets texts on a board.",
    settings=arguments({"url": web_url("Where the board is.")}, ("url",)),
    secrets=(),
    actions=(
        Action(
            name="set",
            summary="Sets the text.",
            arguments=arguments({"text": text("What it says.")}, ("text",)),
            does="tells",
            idempotent=True,
            escaping=(("text", "none"),),
            result=result({}),
        ),
    ),
)


def performer(outside: Outside) -> Board:
    """What sets the texts."""
    return Board(outside)


class Board:
    """Puts the text where the board is, under the step's key."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def perform(self, request: Request) -> Done:
        """Set it."""
        if request.argument("text") == "Hang":
            await asyncio.Event().wait()
        if request.argument("text") == "Garbage":
            return "all is well"  # type: ignore[return-value]
        body = json.dumps({"text": request.argument("text")}).encode()
        letter = Letter("PUT", request.settings["url"], {"idempotency-key": request.key}, body, repeatable=True)
        judged(await self._outside.http.send(letter, request.seconds), letter, request.now, Redactor(()))
        return Done({})
