"""Any page or API that answers a GET: another's status page, a health endpoint, an inventory.

Whatever is answered is the result, a 503 too: how somebody else is doing is what was asked.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Final

from watchbill.connectors.bounding import cut_text
from watchbill.connectors.performing import Outside, Refused, Request
from watchbill.connectors.redacting import Redactor
from watchbill.connectors.schemas import Schema, arguments, maybe, named, number, result, text, web_url, whole
from watchbill.errors import Place
from watchbill.expressions.problems import ExpressionError
from watchbill.model.plan import Done
from watchbill.model.policyset import Action, ConnectorType
from watchbill.model.references import Json

if TYPE_CHECKING:
    from watchbill.connectors.outbound import Answer

_MOST_READ: Final = 1024 * 1024
_MOST_TEXT: Final = 32 * 1024

_VALUE: Schema = {
    "type": ["string", "number", "boolean", "null"],
    "description": "What `select` found, where that is one plain value; null otherwise.",
}

TYPE = ConnectorType(
    name="http",
    summary="Reads pages and APIs.",
    settings=arguments({"url": web_url("The address that paths are added to.")}, ("url",)),
    secrets=("token", "username", "password"),
    actions=(
        Action(
            name="get",
            summary="Fetches an address.",
            arguments=arguments(
                {
                    "path": text("What comes after the connector's address.", pattern=r"^/", example="/api/v2/status.json"),
                    "parameters": named("The query's parameters.", {"type": ["string", "number", "boolean"]}),
                    "headers": named("Further headers.", text("The value.")),
                    "select": text("A JMESPath expression over a JSON answer.", example="status.indicator"),
                }
            ),
            does="reads",
            idempotent=True,
            # Parameters are encoded when the query is put together, whatever they hold.
            escaping=(("path", "url"), ("parameters", "none"), ("headers", "header"), ("select", "none")),
            result=result(
                {
                    "status": whole("The status of the answer.", least=100, most=599),
                    "value": _VALUE,
                    "text": {"type": "string", "description": "The answer, cut where it is too long."},
                    "seconds": maybe(number("How long it took.")),
                }
            ),
        ),
    ),
    extra="serve",
    addresses=("url",),
)


def performer(outside: Outside) -> Http:
    """What carries the actions out, through these ways *outside*."""
    return Http(outside)


class Http:
    """Fetches an address, and selects from what is answered."""

    __slots__ = ("_outside",)

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def perform(self, request: Request) -> Done:
        """The status, the text and what was selected of it."""
        from watchbill.connectors.outbound import Letter, headers_of, joined

        url = _with_parameters(joined(request.settings["url"], request.argument("path")), request.arguments.get("parameters"))
        letter = Letter("GET", url, headers_of(request.arguments.get("headers"), _headers(request)), repeatable=True)
        answer = await self._outside.http.send(letter, request.seconds, _MOST_READ)
        # Redacted before it is cut, so that no half of a secret is left at the end.
        text = cut_text(Redactor(request.secrets.values()).text(answer.text), _MOST_TEXT)
        return Done({"status": answer.status, "value": _selected(request, answer), "text": text, "seconds": answer.seconds})


def _headers(request: Request) -> dict[str, str]:
    token, username, password = (request.secrets.get(name) for name in ("token", "username", "password"))
    if token:
        return {"authorization": f"Bearer {token}"}
    if username or password:
        pair = f"{username or ''}:{password or ''}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}
    return {}


def _with_parameters(url: str, parameters: Json) -> str:
    from urllib.parse import urlencode

    if not isinstance(parameters, dict) or not parameters:
        return url
    words = {name: json.dumps(value) if isinstance(value, bool) else value for name, value in parameters.items()}
    address, mark, fragment = url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{urlencode(words, errors='replace')}{mark}{fragment}"


def _selected(request: Request, answer: Answer) -> Json:
    """What `select` finds in an answer that is JSON, where it is one plain value."""
    expression = request.argument("select")
    if not expression:
        return None
    from watchbill.expressions.conditions import compile_value, parse_condition

    try:
        found = compile_value(parse_condition(str(expression), Place(request.use)))(json.loads(answer.body))
    except ExpressionError as problem:
        raise Refused(f"`select` of {request.use} cannot be used on what {answer.host} answered: {problem.message}") from None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, str | int | float | bool) else None
