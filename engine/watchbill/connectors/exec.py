"""Programs on the machine that watchbill's worker runs on.

A command is a list of words, never a line for a shell, so nothing that is filled in can become a second
command; a word that was filled in and begins with ``-`` is refused, so that it cannot become an option.
"""

from __future__ import annotations

from watchbill.connectors.schemas import arguments, result, several, text, whole
from watchbill.model.policyset import Action, ConnectorType

ARGV = several("The program and its arguments, one a word; there is no shell.", {"type": "string"}, least=1)

OUTCOME = result(
    {
        "exit_code": whole("What it ended with; 0 is well.", most=255),
        "stdout": {"type": "string", "description": "What it printed, cut where it is too long."},
        "stderr": {"type": "string", "description": "What it complained of, cut where it is too long."},
    }
)

TYPE = ConnectorType(
    name="exec",
    summary="Runs programs beside the engine.",
    settings=arguments({"directory": text("The working directory.", pattern=r"^/")}),
    secrets=(),
    actions=(
        Action(
            name="run",
            summary="Runs a program that changes something.",
            arguments=arguments({"argv": ARGV}, ("argv",)),
            escaping=(("argv", "argv"),),
            result=OUTCOME,
        ),
        Action(
            name="read",
            summary="Runs a program that only looks.",
            arguments=arguments({"argv": ARGV}, ("argv",)),
            reads=True,
            idempotent=True,
            escaping=(("argv", "argv"),),
            result=OUTCOME,
        ),
    ),
)
