"""A place to speak whose address is its name: Jitsi Meet, or any service that makes a room when somebody enters it."""

from __future__ import annotations

from watchbill.connectors.schemas import arguments, result, text
from watchbill.model.policyset import Action, ConnectorType

TYPE = ConnectorType(
    name="bridge",
    summary="Gives the link of a room to speak in.",
    settings=arguments(
        {
            "url": text(
                "The address of a room, with `{room}` where its name goes.",
                pattern=r"^https://[^\s{}]+\{room\}[^\s{}]*$",
                example="https://meet.example.com/{room}",
            )
        },
        ("url",),
    ),
    secrets=(),
    actions=(
        Action(
            name="open",
            carried_out=False,
            summary="Gives the link of a room; the same name is always the same room.",
            arguments=arguments({"room": text("The room's name; the incident's id where it is left out.", longest=100)}),
            does="opens",
            idempotent=True,
            escaping=(("room", "url"),),
            result=result({"url": text("The link.")}),
        ),
    ),
)
