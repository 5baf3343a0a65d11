"""The verbs, and what becomes of whatever they give back or raise."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final

import click

from watchbill import __version__
from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import common
from watchbill.cli.output import complain, settle, wants_colour, write

if TYPE_CHECKING:
    from watchbill.errors import WatchbillError

VERBS: Final[dict[str, str]] = {
    "init": "watchbill.cli.init",
    "validate": "watchbill.cli.validate",
    "fmt": "watchbill.cli.fmt",
    "test": "watchbill.cli.test",
    "plan": "watchbill.cli.plan",
    "explain": "watchbill.cli.explain",
    "simulate": "watchbill.cli.simulate",
    "oncall": "watchbill.cli.oncall",
    "doctor": "watchbill.cli.doctor",
    "serve": "watchbill.cli.serve",
    "run": "watchbill.cli.run",
    "incidents": "watchbill.cli.incidents",
    "ack": "watchbill.cli.acting:ack",
    "unack": "watchbill.cli.acting:unack",
    "escalate": "watchbill.cli.acting:escalate",
    "extend": "watchbill.cli.acting:extend",
    "snooze": "watchbill.cli.acting:snooze",
    "note": "watchbill.cli.acting:note",
    "mitigate": "watchbill.cli.acting:mitigate",
    "resolve": "watchbill.cli.acting:resolve",
    "approve": "watchbill.cli.approving:approve",
    "deny": "watchbill.cli.acting:deny",
    "run-step": "watchbill.cli.acting:run_step",
    "retry": "watchbill.cli.acting:retry",
    "freeze": "watchbill.cli.stopping:freeze",
    "kill": "watchbill.cli.stopping:kill",
    "switches": "watchbill.cli.stopping:switches",
    "lift": "watchbill.cli.stopping:lift",
    "silence": "watchbill.cli.silence:silence",
    "silences": "watchbill.cli.silence:silences",
    "unsilence": "watchbill.cli.silence:unsilence",
    "token": "watchbill.cli.token",
    "schemas": "watchbill.cli.schemas",
    "completion": "watchbill.cli.completion",
}
"""Each verb and the module that holds it as `command`, or as what stands behind the colon."""

INTERRUPTED: Final = 130


class Verbs(click.Group):
    """A group whose verbs are imported when somebody names them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order in which one meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of this name, or None."""
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name].partition(":")
        found: click.Command = getattr(import_module(module), name or "command")
        return found

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that *args* begin with; for one that does not exist, the nearest is offered."""
        if args and not args[0].startswith("-") and args[0] not in VERBS:
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"There is no verb {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.command(
    "watchbill",
    cls=Verbs,
    context_settings={"auto_envvar_prefix": "WATCHBILL", "help_option_names": ["-h", "--help"]},
    epilog=(
        "Exit codes: 0 well; 1 findings, a difference that was asked for, or an answer that came to nothing; 2 wrong use, or nothing could "
        "be loaded; 3 something outside failed. Every option is an environment variable too: --at of plan is WATCHBILL_PLAN_AT."
    ),
)
@click.version_option(__version__, message="watchbill %(version)s", help="Print the version and exit.")
@common
def app() -> None:
    """Incident response as reviewed, tested, versioned YAML.

    watchbill reads what your teams have declared (who owns what, who is called, what is collected, what is said to whom and what may be
    repaired by itself) and says, before anything breaks, what an alert would do.
    """


# --- carrying it out --------------------------------------------------------------------


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line, print what came of it, and give back the exit code. Nothing is raised."""
    session, out = Session(debug="--debug" in arguments), sys.stdout
    try:
        return _deliver(app.main(args=list(arguments), prog_name="watchbill", standalone_mode=False, obj=session))
    except click.ClickException as error:
        return _misused(error)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SystemExit:
        # So click takes it when a reader of its own output, a help page, goes away, and wraps the stream. To us it is no error.
        if sys.stdout is out:
            raise
        sys.stdout = out
        return 0
    except Exception as error:
        return _failed(session, error)
    finally:
        settle(out)


def _deliver(answer: object) -> int:
    """Print an answer. Anything but an answer is an exit code of click's own, as for ``--help``."""
    if not isinstance(answer, Answer):
        return answer if isinstance(answer, int) else 0
    write(sys.stdout, answer.text)
    complain(answer.remark)
    return answer.code


def _misused(error: click.ClickException) -> int:
    """Say what was wrong with the command line, which may hold whatever somebody pasted."""
    from io import StringIO

    from watchbill.report.plain import plain_lines

    said = StringIO()
    error.show(file=said)
    complain(plain_lines(said.getvalue()))
    return 2


def _failed(session: Session, error: Exception) -> int:
    """Say what went wrong, and whose fault it is."""
    from watchbill.errors import WatchbillError

    if isinstance(error, WatchbillError):
        return _said(session, error)
    return _outside(session, error) if isinstance(error, OSError) else _bug(session, error)


def _said(session: Session, error: WatchbillError) -> int:
    from watchbill.report.findings import trouble_lines
    from watchbill.report.paint import paint_all

    _trace(session, error)
    lines = trouble_lines(str(error.place or ""), error.message, error.rule, error.help)
    complain(paint_all(lines, wants_colour(session.color, sys.stderr)))
    return error.exit_code


def _outside(session: Session, error: OSError) -> int:
    from watchbill.errors import OutsideError

    message = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    help_ = "mend that and try again; with `--debug` the place in the code is shown"
    return _said(session, OutsideError(message, help_, rule="outside-failed").with_traceback(error.__traceback__))


def _bug(session: Session, error: Exception) -> int:
    from watchbill.report.plain import plain

    _trace(session, error)
    said = plain(f"{type(error).__name__}: {error}")
    complain(f"this is a bug of watchbill: {said} [bug]\n  help: report it, with what `--debug` prints\n")
    return 3


def _trace(session: Session, error: Exception) -> None:
    if session.debug:
        import traceback

        from watchbill.report.plain import plain_lines

        complain(plain_lines("".join(traceback.format_exception(error))))
