"""watchbill's own log: somewhere to say things before there is anywhere else, and in a trial."""

from __future__ import annotations

from watchbill.connectors.schemas import arguments, one_of, result, text
from watchbill.model.policyset import Action, ConnectorType

TYPE = ConnectorType(
    name="log",
    summary="Writes to watchbill's own log.",
    settings=arguments({}),
    secrets=(),
    actions=(
        Action(
            name="write",
            summary="Writes one entry.",
            arguments=arguments(
                {
                    "subject": text("The headline; the page's or the update's own where it is left out."),
                    "text": text("What it says; the page's or the update's own text where it is left out."),
                    "level": one_of("How loud; `info` where it is left out.", "debug", "info", "warning", "error"),
                }
            ),
            # A second entry carries the same step's id and harms nobody.
            idempotent=True,
            escaping=(("subject", "none"), ("text", "none"), ("level", "none")),
            result=result({"written": {"type": "boolean", "description": "Always true."}}),
        ),
    ),
)
