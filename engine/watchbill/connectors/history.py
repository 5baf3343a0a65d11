"""Earlier incidents, from watchbill's own record."""

from __future__ import annotations

from watchbill.connectors.schemas import arguments, duration, maybe, result, several, text, whole
from watchbill.model.policyset import Action, ConnectorType

TYPE = ConnectorType(
    name="history",
    summary="Reads earlier incidents.",
    settings=arguments({}),
    secrets=(),
    actions=(
        Action(
            name="similar",
            carried_out=False,
            summary="Lists earlier incidents like this one, the most alike first, with what ended them.",
            arguments=arguments(
                {
                    "range": duration("How far back to look.", "90d"),
                    "same": several(
                        "Labels that must have the same value; alertname and service where it is left out.",
                        text("A label's name."),
                        least=1,
                    ),
                    "limit": whole("How many at most.", least=1, most=50, default=5),
                }
            ),
            does="reads",
            idempotent=True,
            escaping=(("range", "none"), ("same", "none")),
            result=result(
                {
                    "incidents": several(
                        "The incidents.",
                        result(
                            {
                                "id": text("Its id."),
                                "opened_at": text("When it began, in RFC 3339."),
                                "lasted_seconds": maybe(whole("How long it lasted; null while it is open.")),
                                "acknowledged_by": {"type": "string", "description": "Who took it; empty where nobody did."},
                                "remediations": several("What was run, and whether it held.", {"type": "string"}),
                                "url": maybe(text("Where to read more.")),
                            }
                        ),
                    ),
                    "count": whole("How many there are in all."),
                    "median_seconds": maybe(whole("How long they lasted, in the middle; null where there is none.")),
                }
            ),
        ),
    ),
)
