"""Any page or API that answers a GET: another's status page, a health endpoint, an inventory."""

from __future__ import annotations

from watchbill.connectors.schemas import Schema, arguments, maybe, named, number, result, text, web_url, whole
from watchbill.model.policyset import Action, ConnectorType

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
            reads=True,
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
)
