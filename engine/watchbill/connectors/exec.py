"""Programs on the machine that watchbill's worker runs on.

A command is a list of words, never a line for a shell, so nothing that is filled in can become a second
command; a word that was filled in and begins with ``-`` is refused, so that it cannot become an option.

What a program ends with is its outcome. `read` gives it as it is, whatever it is. For `run`, 0 is well; 75, by which programs
say «try again later» (`EX_TEMPFAIL`), means that nothing was done; any other has failed, and a person must look. One that had
to be ended because its time was over may have done its work or not. Programs find `WATCHBILL_STEP`, `WATCHBILL_KEY`,
`WATCHBILL_ATTEMPT`, `WATCHBILL_INCIDENT` and, where an earlier attempt may have done its work, `WATCHBILL_POSSIBLY_REPEATED`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from watchbill.connectors.performing import Failed, Outside, Request, Transient, Unknown
from watchbill.connectors.redacting import Redactor
from watchbill.connectors.schemas import arguments, result, several, text, whole
from watchbill.model.plan import Done
from watchbill.model.policyset import Action, ConnectorType

if TYPE_CHECKING:
    from watchbill.connectors.processes import Ended

_TRY_LATER: Final = 75

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
            does="reads",
            idempotent=True,
            escaping=(("argv", "argv"),),
            result=OUTCOME,
        ),
    ),
)


def performer(outside: Outside) -> Exec:
    """What carries the actions out, through these ways *outside*."""
    return Exec(outside)


class Exec:
    """Runs a program and says how it ended."""

    __slots__ = ("_outside",)

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def perform(self, request: Request) -> Done:
        """What the program ended with, and the beginning of what it printed."""
        from watchbill.connectors.processes import Command, OutOfTime

        words = request.arguments.get("argv")
        argv = [str(word) for word in words] if isinstance(words, Sequence) and not isinstance(words, str) else []
        command = Command(argv, variables(request), request.settings.get("directory", "/"))
        try:
            ended = await self._outside.processes.run(command, request.seconds)
        except OutOfTime:
            error = f"{argv[0]} did not end within {request.seconds:g}s and was ended"
            raise (Transient(error) if request.action == "read" else Unknown(error)) from None
        if request.action == "run" and ended.code != 0:
            said = _last_words(ended, request)
            raise Transient(said) if ended.code == _TRY_LATER else Failed(said)
        return Done({"exit_code": min(ended.code, 255), "stdout": ended.stdout, "stderr": ended.stderr})


def variables(request: Request) -> dict[str, str]:
    """What a program finds in its environment besides what is fixed."""
    found = {
        "WATCHBILL_STEP": request.step or request.key,
        "WATCHBILL_KEY": request.key,
        "WATCHBILL_ATTEMPT": str(request.attempt),
        "WATCHBILL_INCIDENT": request.about.incident,
        "WATCHBILL_POSSIBLY_REPEATED": "1" if request.is_repeat else "",
    }
    # A zero byte ends a text in an environment, and a half of a pair is none at all.
    clean = {name: value.replace("\0", "").encode("utf-8", "replace").decode("utf-8") for name, value in found.items()}
    return {name: value for name, value in clean.items() if value}


def _last_words(ended: Ended, request: Request) -> str:
    lines = (ended.stderr.strip() or ended.stdout.strip()).splitlines()
    how = f"was ended by signal {ended.code - 128}" if ended.code > 128 else f"ended with {ended.code}"
    argv = request.arguments["argv"]
    name = argv[0] if isinstance(argv, Sequence) else ""
    return f"{name} {how}" + (f": {Redactor(request.secrets.values()).line(lines[-1])}" if lines else "")
