"""The verbs about live silences: ``silence`` makes one, ``silences`` lists them, ``unsilence`` ends one."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import Any, Final

import click

from watchbill.cli.acting import lasting
from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import Length, Moment, common, formats, now, width
from watchbill.cli.output import json_text, wants_colour, width_of
from watchbill.cli.server_options import acting, client_of, server, shaped

EXAMPLES: Final = """\b
Examples:
  watchbill silence 'service="checkout"' 'alertname=~"HighErrorRate|SlowAnswers"' --for 2h --reason 'the warehouse moves'
  watchbill silence 'team="search"' 'env="staging"' --until 2026-11-27T18:00:00Z --reason 'a load test'
"""


@click.command("silence", short_help="Silence alerts of your team, for a while.", epilog=EXAMPLES)
@click.argument("matchers", nargs=-1, required=True, metavar="MATCHER...")
@click.option("--team", metavar="TEAM", help="Whose silence it is, where you are in several teams; by default what `team=` matches.")
@click.option("--for", "length", type=Length(), metavar="DURATION", help="For how long, as 2h; at most 7d.")
@click.option("--until", type=Moment(), metavar="TIME", help="Until when, as 2026-11-23T08:00:00Z.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; others will read it.")
@acting("silence")
@formats("silence", "text", "json")
@width
@common
@click.pass_obj
def silence(
    session: Session,
    /,
    matchers: tuple[str, ...],
    team: str | None,
    length: timedelta | None,
    until: datetime | None,
    reason: str,
    form: str,
    width: int | None,
    **asked: Any,
) -> Answer:
    """Silence the alerts that every MATCHER selects, at once and for a while.

    Nobody is paged or told for them, and nothing is collected or repaired. It is a silence of your team, and reaches no further than
    your team's policies do. What still fires when it ends is acted on. A MATCHER is written as in policies, and sees the labels that
    policies see.
    """
    if (length is None) == (until is None):
        raise click.UsageError("Say for how long, with --for 2h, or until when, with --until.")
    if not reason.strip():
        raise click.UsageError("Say why, with --reason: others will read it.")
    client = client_of(**asked)
    body = {"match": list(matchers), "reason": reason, **({"team": team} if team is not None else {}), **lasting(length, until)}
    document = client.tell("/v1/silences", body).document
    return _shown(session, shaped_one(client, document), document, form, width)


@click.command("silences", short_help="List the live silences that hold.")
@click.option("--all", "is_all", is_flag=True, help="List those of the last five days that are over, too.")
@server("silences")
@formats("silences", "text", "json")
@width
@common
@click.pass_obj
def silences(session: Session, /, is_all: bool, form: str, width: int | None, **asked: Any) -> Answer:
    """List the silences that were made on the server and hold or are to come, with their ids, by which `watchbill unsilence` ends them.

    Those that policies declare stand in their documents.
    """
    from watchbill.report.incidents import Silenced

    client = client_of(**asked)
    document = client.read("/v1/silences", {"all": "true"} if is_all else None)
    return _shown(session, shaped(client, document.get("silences"), tuple[Silenced, ...]), document, form, width)


_ENDS: Final = """\b
Examples:
  watchbill unsilence 0bf60fd5
"""


@click.command("unsilence", short_help="End a live silence: what it matches is acted on again.", epilog=_ENDS)
@click.argument("identity", metavar="ID")
@acting("unsilence")
@formats("unsilence", "text", "json")
@width
@common
@click.pass_obj
def unsilence(session: Session, /, identity: str, form: str, width: int | None, **asked: Any) -> Answer:
    """End the silence that is called ID now, as `watchbill silences` lists them; the beginning of ID will do as long as it means one only.

    What it held back and still fires is acted on at once.
    """
    from watchbill.cli.client import segment
    from watchbill.report.plain import plain

    client = client_of(**asked)
    said = client.tell(f"/v1/silences/{segment(identity)}", method="DELETE")
    if said.done:
        return _shown(session, shaped_one(client, said.document), said.document, form, width)
    answer = str(said.document.get("answer"))
    text = json_text({"done": False, "answer": answer}, sys.stdout) if form == "json" else f"nothing done: {plain(answer)}\n"
    return Answer(text, 1)


def shaped_one(client: Any, document: dict[str, Any]) -> tuple[Any, ...]:
    """The one silence of this *document*."""
    from watchbill.report.incidents import Silenced

    return shaped(client, [document.get("silence")], tuple[Silenced, ...])


def _shown(session: Session, found: tuple[Any, ...], document: dict[str, Any], form: str, width: int | None) -> Answer:
    from watchbill.report.silences_text import silences_text

    if form == "json":
        return Answer(json_text(document, sys.stdout))
    return Answer(silences_text(found, now(), width=width or width_of(sys.stdout), colour=wants_colour(session.color, sys.stdout)))
