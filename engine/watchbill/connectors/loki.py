"""Grafana Loki: log lines, and the kinds of line that were not there before.

LogQL quotes strings as PromQL does, so one escaping serves both.
"""

from __future__ import annotations

from watchbill.connectors.schemas import arguments, duration, maybe, named, result, several, text, web_url, whole
from watchbill.model.policyset import Action, ConnectorType

_QUERY = text("A LogQL log query. What is filled in is escaped for a place inside double quotes.", example='{app="checkout"} |= "error"')
_AT = text("When, in RFC 3339.")

TYPE = ConnectorType(
    name="loki",
    summary="Reads logs through Loki's query API.",
    settings=arguments(
        {
            "url": web_url("Where the API answers, without `/loki/api/v1`."),
            "tenant": text("The tenant, sent as `X-Scope-OrgID`."),
        },
        ("url",),
    ),
    secrets=("token", "username", "password"),
    actions=(
        Action(
            name="query-range",
            carried_out=False,
            summary="Fetches the newest lines of a span that ends now.",
            arguments=arguments(
                {
                    "query": _QUERY,
                    "range": duration("How far back to look.", "15m"),
                    "limit": whole("How many lines at most.", least=1, most=5000, default=100),
                },
                ("query",),
            ),
            does="reads",
            idempotent=True,
            escaping=(("query", "promql"), ("range", "none")),
            result=result(
                {
                    "lines": several(
                        "The lines, newest first.",
                        result({"at": _AT, "labels": named("Labels of the stream.", {"type": "string"}), "line": {"type": "string"}}),
                    ),
                    "count": whole("How many lines there are."),
                }
            ),
        ),
        Action(
            name="new-patterns",
            carried_out=False,
            summary="Lists the patterns of lines that occur now and did not occur before.",
            arguments=arguments(
                {
                    "query": _QUERY,
                    "range": duration("The span that counts as now.", "15m"),
                    "against": duration("The span before it that counts as usual.", "1d"),
                    "limit": whole("How many patterns at most, the most frequent first.", least=1, most=100, default=10),
                },
                ("query",),
            ),
            does="reads",
            idempotent=True,
            escaping=(("query", "promql"), ("range", "none"), ("against", "none")),
            result=result(
                {
                    "patterns": several(
                        "The new patterns, the most frequent first.",
                        result(
                            {
                                "pattern": {"type": "string", "description": "The line with what varies left out."},
                                "lines": whole("How many lines are of it."),
                                "first_at": maybe(_AT),
                                "example": {"type": "string", "description": "One line as it was written."},
                            }
                        ),
                    ),
                    "count": whole("How many patterns are new."),
                }
            ),
        ),
    ),
)
