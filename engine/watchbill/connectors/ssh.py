"""Programs on another machine, by SSH. The words are quoted for the shell that a login there has."""

from __future__ import annotations

from watchbill.connectors.exec import ARGV, OUTCOME
from watchbill.connectors.schemas import arguments, text
from watchbill.model.policyset import Action, ConnectorType

_ARGUMENTS = arguments(
    {
        "host": text("The machine, by name or address.", pattern=r"^[A-Za-z0-9\[][A-Za-z0-9.:\]-]*$", example="web-07.example.com"),
        "argv": ARGV,
    },
    ("host", "argv"),
)

TYPE = ConnectorType(
    name="ssh",
    summary="Runs programs on machines by SSH.",
    settings=arguments(
        {
            "user": text("The account to log in with.", pattern=r"^[a-z_][a-z0-9_-]*$"),
            "port": text("The port; 22 where it is left out.", pattern=r"^[0-9]{1,5}$"),
            "jump": text("A machine to go through.", pattern=r"^[A-Za-z0-9][A-Za-z0-9.:@-]*$"),
            "known_hosts": text("The file of known hosts; a machine that is not in it is refused.", pattern=r"^/"),
        },
        ("user",),
    ),
    secrets=("key",),
    actions=(
        Action(
            name="run",
            carried_out=False,
            summary="Runs a program there that changes something.",
            arguments=_ARGUMENTS,
            # A host that begins with `-` would be an option to ssh.
            escaping=(("host", "argv"), ("argv", "argv")),
            result=OUTCOME,
        ),
        Action(
            name="read",
            carried_out=False,
            summary="Runs a program there that only looks.",
            arguments=_ARGUMENTS,
            does="reads",
            idempotent=True,
            escaping=(("host", "argv"), ("argv", "argv")),
            result=OUTCOME,
        ),
    ),
)
