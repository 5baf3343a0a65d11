"""What was changed lately, from watchbill's own record: deploys, flags, packages, as pipelines reported them."""

from __future__ import annotations

from watchbill.connectors.schemas import arguments, duration, maybe, one_of, result, several, text, whole
from watchbill.model.policyset import Action, ConnectorType

_KINDS = ("deploy", "flag", "config", "package", "other")

TYPE = ConnectorType(
    name="changes",
    summary="Reads recorded changes.",
    settings=arguments({}),
    secrets=(),
    actions=(
        Action(
            name="recent",
            carried_out=False,
            summary="Lists the changes before the incident, the newest first.",
            arguments=arguments(
                {
                    "range": duration("How far back from the incident's beginning to look.", "6h"),
                    "service": text("Of this service; of the incident's where it is left out."),
                    "dependencies": {
                        "type": "boolean",
                        "description": "Also of the services it depends on.",
                        "default": True,
                    },
                    "kinds": several("Only of these kinds.", one_of("A kind.", *_KINDS), least=1),
                    "limit": whole("How many at most.", least=1, most=200, default=20),
                }
            ),
            does="reads",
            idempotent=True,
            escaping=(("range", "none"), ("service", "none"), ("kinds", "none")),
            result=result(
                {
                    "changes": several(
                        "The changes.",
                        result(
                            {
                                "at": text("When, in RFC 3339."),
                                "service": text("What was changed."),
                                "kind": one_of("Its kind.", *_KINDS),
                                "summary": {"type": "string", "description": "What it was, in the pipeline's words."},
                                "by": {"type": "string", "description": "Who or what made it."},
                                "url": maybe(text("Where to read more.")),
                            }
                        ),
                    ),
                    "count": whole("How many there are."),
                    "latest_at": maybe(text("When the newest was made; null where there is none.")),
                }
            ),
        ),
    ),
)
