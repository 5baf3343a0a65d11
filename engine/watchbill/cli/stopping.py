"""The verbs that stop unattended work, say what is stopped, and let it go on: ``freeze``, ``kill``, ``switches``, ``lift``."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from watchbill.cli.acting import lasting
from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import Length, Moment, common, formats, now, width
from watchbill.cli.output import json_text, wants_colour, width_of
from watchbill.cli.server_options import acting, client_of, server, shaped

if TYPE_CHECKING:
    from watchbill.cli.client import Client


def _stopping(verb: str, short: str, help: str, epilog: str) -> click.Command:
    @click.command(verb, short_help=short, help=help, epilog=epilog)
    @click.option("--team", metavar="TEAM", help="Stop only what is this team's, and its services'.")
    @click.option("--service", metavar="SERVICE", help="Stop only what concerns this service.")
    @click.option("--for", "length", type=Length(), metavar="DURATION", help="For how long, as 2h; by default until it is lifted.")
    @click.option("--until", type=Moment(), metavar="TIME", help="Until when, as 2026-11-23T08:00:00Z.")
    @click.option("--reason", required=True, metavar="TEXT", help="Why; others will read it.")
    @acting(verb)
    @formats(verb, "text", "json")
    @width
    @common
    @click.pass_obj
    def command(session: Session, /, **given: Any) -> Answer:
        return _stop(session, verb, **given)

    return command


def _stop(
    session: Session,
    verb: str,
    team: str | None,
    service: str | None,
    length: timedelta | None,
    until: datetime | None,
    reason: str,
    address: str,
    token_file: str | None,
    timeout: timedelta,
    who: str | None,
    form: str,
    width: int | None,
) -> Answer:
    """Ask for the stop, and show it."""
    if team is not None and service is not None:
        raise click.UsageError("Name a team or a service, not both; neither stops everything.")
    if length is not None and until is not None:
        raise click.UsageError("Say for how long, or until when, not both.")
    if not reason.strip():
        raise click.UsageError("Say why, with --reason: others will read it.")
    client = client_of(address, token_file, timeout, who)
    scope = {name: value for name, value in (("team", team), ("service", service)) if value is not None}
    document = client.tell(f"/v1/{verb}", {"reason": reason, **scope, **lasting(length, until)}).document
    return _shown(session, client, [document.get("switch")], document, form, width)


freeze = _stopping(
    "freeze",
    "Let no remediation begin by itself.",
    "Let no remediation begin by itself: all of them, or those of a team or a service. What has begun goes on. Pages that waited for a "
    "remediation leave at once. People may start what is offered to them.",
    "\b\nExamples:\n  watchbill freeze --reason 'the data centre is moved' --for 6h\n"
    "  watchbill freeze --team payments --reason 'the audit runs' --until 2026-11-27T18:00:00Z\n",
)
kill = _stopping(
    "kill",
    "Stop remediations that run by themselves, and let none begin.",
    "Stop remediations that run by themselves, at once, and let none begin: all of them, or those of a team or a service. It counts "
    "within a second. What was stopped in the middle is not undone; `watchbill incidents show` says how far it came.",
    "\b\nExamples:\n  watchbill kill --reason 'it restarts what is well'\n"
    "  watchbill kill --service checkout --reason 'a loop of restarts'\n",
)


@click.command("switches", short_help="List the freezes and kills that hold.")
@click.option("--all", "is_all", is_flag=True, help="List those that were lifted, or have ended, too.")
@server("switches")
@formats("switches", "text", "json")
@width
@common
@click.pass_obj
def switches(
    session: Session, is_all: bool, address: str, token_file: str | None, timeout: timedelta, form: str, width: int | None
) -> Answer:
    """List the freezes and kills that hold, with their numbers, by which `watchbill lift` lifts them."""
    client = client_of(address, token_file, timeout)
    document = client.read("/v1/switches", {"all": "true"} if is_all else None)
    return _shown(session, client, document.get("switches"), document, form, width)


_LIFTS: Final = """\b
Examples:
  watchbill lift
  watchbill lift 3
"""


@click.command("lift", short_help="Lift a freeze or a kill: remediations may run by themselves again.", epilog=_LIFTS)
@click.argument("number", type=click.IntRange(min=1), required=False, metavar="[NUMBER]")
@acting("lift")
@formats("lift", "text", "json")
@width
@common
@click.pass_obj
def lift(
    session: Session,
    number: int | None,
    address: str,
    token_file: str | None,
    timeout: timedelta,
    who: str | None,
    form: str,
    width: int | None,
) -> Answer:
    """Lift the freeze or the kill of this NUMBER, as `watchbill switches` lists them. It need not be given where only one holds."""
    client = client_of(address, token_file, timeout, who)
    said = client.tell(f"/v1/switches/{_only(client) if number is None else number}", method="DELETE")
    if said.done:
        return _shown(session, client, [said.document.get("switch")], said.document, form, width)
    from watchbill.report.plain import plain

    answer = str(said.document.get("answer"))
    text = json_text({"done": False, "answer": answer}, sys.stdout) if form == "json" else f"nothing done: {plain(answer)}\n"
    return Answer(text, 1)


def _only(client: Client) -> int:
    """The number of the one stop that holds. Raises UserError where there is none, or are several."""
    from watchbill.errors import UserError
    from watchbill.report.incidents import Stop

    found = shaped(client, client.read("/v1/switches").get("switches"), tuple[Stop, ...])
    if len(found) == 1:
        return found[0].id
    if not found:
        raise UserError(
            "no freeze and no kill holds, so there is nothing to lift", "`watchbill switches` lists them", rule="unknown-switch"
        )
    numbers = ", ".join(str(each.id) for each in found)
    raise UserError(f"{len(found)} of them hold: {numbers}", "name one; `watchbill switches` lists them", rule="ambiguous-name")


def _shown(session: Session, client: Client, stops: object, document: dict[str, Any], form: str, width: int | None) -> Answer:
    from watchbill.report.incidents import Stop
    from watchbill.report.stops_text import stops_text

    found = shaped(client, stops, tuple[Stop, ...])
    if form == "json":
        return Answer(json_text(document, sys.stdout))
    return Answer(stops_text(found, now(), width=width or width_of(sys.stdout), colour=wants_colour(session.color, sys.stdout)))
