"""``watchbill incidents``: which there are, how one stands, what happened to it, and what happens now."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any, Final

import click

from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import common, formats, now, width
from watchbill.cli.output import json_text, wants_colour, width_of
from watchbill.cli.server_options import acting, client_of, incident, server, shaped

STATUSES: Final = ("open", "triggered", "acknowledged", "mitigated", "resolved", "all")

EXAMPLES: Final = """\b
Examples:
  watchbill incidents
  watchbill incidents --team payments --status all --limit 20
  watchbill incidents show checkout-7f3k2a
  watchbill incidents watch
"""


@click.group("incidents", invoke_without_command=True, short_help="List incidents; open, show, tell and watch one.", epilog=EXAMPLES)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(STATUSES),
    default=("open",),
    show_default="open",
    help="Those that stand so. May be given again, as the next three.",
)
@click.option("--team", "teams", multiple=True, metavar="TEAM", help="Those of this team.")
@click.option("--service", "services", multiple=True, metavar="SERVICE", help="Those of this service.")
@click.option("--severity", "severities", multiple=True, type=click.Choice(["critical", "warning", "info"]), help="Those of this severity.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, metavar="N", help="So many at most.")
@click.option("--before", metavar="INCIDENT", help="Those that the list has behind this one.")
@server("incidents")
@formats("incidents", "text", "json")
@width
@common
@click.pass_context
def command(
    ctx: click.Context,
    /,
    statuses: tuple[str, ...],
    teams: tuple[str, ...],
    services: tuple[str, ...],
    severities: tuple[str, ...],
    limit: int,
    before: str | None,
    address: str,
    token_file: str | None,
    timeout: timedelta,
    form: str,
    width: int | None,
) -> Answer | None:
    """List the open incidents of a server: those that nobody answers, and then those opened last first.

    An incident may be called by its id, by the beginning of it as long as that means one only, or by the six letters at its end.
    """
    if ctx.invoked_subcommand is not None:
        return None
    from watchbill.report.incidents import Listed, Stop
    from watchbill.report.incidents_text import listing_text
    from watchbill.report.plain import plain

    asked: dict[str, str | tuple[str, ...]] = {"limit": str(limit), "team": teams, "service": services, "severity": severities}
    if "all" not in statuses:
        asked["status"] = statuses
    if before is not None:
        asked["before"] = before
    client = client_of(address, token_file, timeout)
    document = client.read("/v1/incidents", {name: value for name, value in asked.items() if value})
    found = shaped(client, document.get("incidents"), tuple[Listed, ...])
    stops = shaped(client, document.get("stops") or [], tuple[Stop, ...])
    if form == "json":
        return Answer(json_text(document, sys.stdout))
    following = document.get("next")
    remark = f"there are more: add `--before {plain(following)}`\n" if isinstance(following, str) else ""
    is_open = set(statuses) == {"open"}
    measure, colour = width or width_of(sys.stdout), wants_colour(ctx.obj.color, sys.stdout)
    text = listing_text(found, now(), "open" if is_open else "", stops=stops, width=measure, colour=colour)
    return Answer(text, remark=remark)


OPENS: Final = """\b
Examples:
  watchbill incidents open --service checkout --severity critical 'customers cannot pay'
  watchbill incidents open --service checkout --severity warning 'payments are slow' --dry-run
"""


@command.command("open", short_help="Declare an incident by hand.", epilog=OPENS)
@click.argument("summary", nargs=-1, required=True, metavar="SUMMARY")
@click.option("--service", required=True, metavar="SERVICE", help="The service that it is about.")
@click.option("--severity", required=True, metavar="SEVERITY", help="How bad it is: critical, warning, info, or a word of your house.")
@click.option("--dry-run", is_flag=True, help="Say what that would bring, and do nothing.")
@acting("incidents_open")
@formats("incidents_open", "text", "json")
@width
@common
@click.pass_obj
def declare(
    session: Session,
    /,
    summary: tuple[str, ...],
    service: str,
    severity: str,
    dry_run: bool,
    form: str,
    width: int | None,
    **asked: Any,
) -> Answer:
    """Declare an incident of a service: people are paged, and all else happens that your policies say of such an alert.

    SUMMARY says what is wrong, for whoever is paged; several words need no quotes. The incident is open until somebody says
    `watchbill resolve`. Where one of the service is open already, this joins it.
    """
    from watchbill.report.plain import plain, plain_lines

    client = client_of(**asked)
    body: dict[str, Any] = {"service": service, "severity": severity, "summary": " ".join(summary)}
    if dry_run:
        document = client.tell("/v1/incidents", {**body, "dry_run": True, "width": max(20, width or width_of(sys.stdout))}).document
        return Answer(json_text(document.get("plans"), sys.stdout) if form == "json" else plain_lines(str(document.get("text", ""))))
    document = client.tell("/v1/incidents", body).document
    if form == "json":
        keys = ("incident", "number", "status", "by", "answer")
        return Answer(json_text({"done": True, **{key: document.get(key) for key in keys}}, sys.stdout))
    name, answer = (plain(str(document.get(key) or "")) for key in ("incident", "answer"))
    return Answer(f"{name}: {answer}; `watchbill incidents show {name}` says who is paged\n")


@command.command("show", short_help="Show how an incident stands, and what waits for you.")
@incident
@server("incidents_show")
@formats("incidents_show", "text", "json")
@width
@common
@click.pass_obj
def show(session: Session, incident: str, address: str, token_file: str | None, timeout: timedelta, form: str, width: int | None) -> Answer:
    """Show how INCIDENT stands: what waits for a person, with the command that answers it; what fires, who was paged, what runs."""
    from watchbill.cli.client import segment
    from watchbill.report.incidents import IncidentShown
    from watchbill.report.incidents_text import incident_text

    client = client_of(address, token_file, timeout)
    document = client.read(f"/v1/incidents/{segment(incident)}")
    found = shaped(client, document, IncidentShown)
    if form == "json":
        return Answer(json_text(document, sys.stdout))
    return Answer(incident_text(found, now(), width=width or width_of(sys.stdout), colour=wants_colour(session.color, sys.stdout)))


@command.command("timeline", short_help="Tell what happened to an incident, line by line.")
@incident
@server("incidents_timeline")
@formats("incidents_timeline", "text", "json")
@width
@common
@click.pass_obj
def timeline(
    session: Session, incident: str, address: str, token_file: str | None, timeout: timedelta, form: str, width: int | None
) -> Answer:
    """Tell what happened to INCIDENT, in the words of `watchbill simulate`: when, to whom, and because of which policy. Times are UTC.

    As JSON it also has every decision with its reasons, and every call that was made outside.
    """
    from watchbill.cli.client import segment
    from watchbill.cli.following import timeline_of
    from watchbill.report.timeline_text import timelines_text

    client = client_of(address, token_file, timeout)
    document = client.read(f"/v1/incidents/{segment(incident)}/timeline")
    found = timeline_of(client, document)
    if form == "json":
        return Answer(json_text(document, sys.stdout))
    return Answer(timelines_text((found,), width=width or width_of(sys.stdout), colour=wants_colour(session.color, sys.stdout)))


WATCHES: Final = """\b
Examples:
  watchbill incidents watch
  watchbill incidents watch checkout-7f3k2a
  watchbill incidents watch --format json | jq .status
"""


@command.command("watch", short_help="Tell what happens, as it happens.", epilog=WATCHES)
@click.argument("incident", required=False, metavar="[INCIDENT]")
@server("incidents_watch")
@formats("incidents_watch", "text", "json")
@width
@common
@click.pass_obj
def watch(session: Session, /, incident: str | None, width: int | None, form: str, **asked: Any) -> Answer:
    """Tell what happens to all incidents, or to INCIDENT, as it happens; until Ctrl-C, or until INCIDENT is resolved.

    Of INCIDENT all is told from its beginning. A connection that is lost is taken up again, and nothing is missed. As JSON each
    decision is a line of its own.
    """
    from watchbill.cli.following import follow_all, follow_one
    from watchbill.cli.live import Gone, Live

    client = client_of(**asked)
    live = Live(width or width_of(sys.stdout), wants_colour(session.color, sys.stdout)) if form == "text" else None
    try:
        if incident is None:
            follow_all(client, live)
        else:
            follow_one(client, incident, live)
    except Gone:
        pass
    return Answer("")
