"""Prometheus, and whatever speaks its query API (Thanos, Mimir, VictoriaMetrics): numbers about the system."""

from __future__ import annotations

from watchbill.connectors.schemas import arguments, duration, maybe, named, number, result, several, text, web_url, whole
from watchbill.model.policyset import Action, ConnectorType

_QUERY = text("A PromQL expression. What is filled in is escaped for a place inside double quotes.", example='up{job="node"}')
_LABELS = named("Labels of the series.", {"type": "string"})

_INSTANT = result(
    {
        "value": maybe(
            number(
                "The number. Where the expression gives several series, `expect` is asked for each with its own `value`; "
                "null where there is none, or where it is not a number."
            )
        ),
        "values": several(
            "Every series, by its labels.",
            result({"labels": _LABELS, "value": maybe(number("Its number; null where it is not one."))}),
        ),
        "series": whole("How many series there are; 0 means that nothing was found."),
    }
)

_POINT = several("Time in seconds since 1970 and value.", {"type": ["number", "null"]})
_CURVE = several("The points of one series, oldest first.", _POINT)

_RANGE = result(
    {
        "value": maybe(number("The last point of the only series; null where there is none, or more than one.")),
        "values": several(
            "Every series, by its labels.",
            result({"labels": _LABELS, "points": _CURVE, "before": {**_CURVE, "description": "The same series, `against` earlier."}}),
        ),
        "series": whole("How many series there are."),
    }
)

TYPE = ConnectorType(
    name="prometheus",
    summary="Reads metrics through Prometheus's query API.",
    settings=arguments(
        {
            "url": web_url("Where the API answers, without `/api/v1`."),
            "tenant": text("The tenant, sent as `X-Scope-OrgID` (Mimir, Cortex)."),
        },
        ("url",),
    ),
    secrets=("token", "username", "password"),
    actions=(
        Action(
            name="query",
            carried_out=False,
            summary="Evaluates an expression at one instant.",
            arguments=arguments(
                {"query": _QUERY, "offset": duration("How long before now to look; for a comparison with the past.")}, ("query",)
            ),
            does="reads",
            idempotent=True,
            escaping=(("query", "promql"), ("offset", "none")),
            result=_INSTANT,
        ),
        Action(
            name="query-range",
            carried_out=False,
            summary="Evaluates an expression over a span that ends now.",
            arguments=arguments(
                {
                    "query": _QUERY,
                    "range": duration("How far back to look.", "1h"),
                    "step": duration("The distance between two points.", "1m"),
                    "against": duration("Also fetch the same span this much earlier, to compare (`1d` is yesterday, `1w` last week)."),
                },
                ("query",),
            ),
            does="reads",
            idempotent=True,
            escaping=(("query", "promql"), ("range", "none"), ("step", "none"), ("against", "none")),
            result=_RANGE,
        ),
    ),
)
