"""``watchbill plan``: what an alert would do, without doing any of it."""

from __future__ import annotations

import sys
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import Moment, common, formats, now, policies, width
from watchbill.cli.output import is_interactive, json_text, wants_colour, width_of

if TYPE_CHECKING:
    from watchbill.ingest import Payload
    from watchbill.model.forecast import Plan
    from watchbill.model.policyset import PolicySet
    from watchbill.model.sources import Source


EXAMPLES: Final = """\b
Examples:
  watchbill plan examples/alerts/checkout-high-error-rate.json
  watchbill plan alert.json --at 2026-12-24T03:12:00Z
  watchbill plan - --format markdown < alert.json
"""


@click.command("plan", short_help="Say what an alert would do: who is paged, what is collected, said and repaired.", epilog=EXAMPLES)
@click.argument("alerts", required=False, type=click.Path(allow_dash=True), metavar="[ALERT_FILE]")
@click.option("--at", type=Moment(), metavar="TIME", help="When the alerts arrive, as 2026-11-23T03:12:00Z; by default now.")
@click.option("--source", metavar="NAME", help="The Source that the alerts come from, for payloads of a shape of their own.")
@policies("plan")
@formats("plan", "text", "json", "markdown")
@width
@common
@click.pass_obj
def command(
    session: Session, alerts: str | None, at: datetime | None, source: str | None, policies: str | None, form: str, width: int | None
) -> Answer:
    """Say what alerts would do at a time if nobody answered, without doing any of it.

    ALERT_FILE holds alerts as Alertmanager sends them to a webhook, or as Prometheus sends them to Alertmanager; - is standard input.
    There is one plan for each incident that the alerts make: who is paged and when, where responders talk, what is
    collected, who is told, what is repaired, and what is not done and why. Times are UTC.

    Documents that do not compile are left out, and the plan says so on top.
    """
    from watchbill.cli.repository import load_policies, root_of
    from watchbill.connectors.catalogue import catalogue
    from watchbill.decide.bill import Bill
    from watchbill.decide.planning import plan
    from watchbill.ingest import parse_payload
    from watchbill.ingest.mapping import parse_from

    moment = at or now()
    name, body = read_alerts(alerts)
    loaded, remark = load_policies(root_of(policies))
    sender = source_called(source, loaded) if source is not None else None
    payload = parse_payload(body, moment, file=name) if sender is None else parse_from(sender, body, moment, file=name)
    remark += remarks_of(payload, name)
    # A resolution that names its alert by a key only has nothing to plan with: the engine knows which one it is.
    plans = plan(Bill.of(loaded, catalogue()), tuple(alert for alert in payload.alerts if alert.labels), moment)
    columns = width or width_of(sys.stdout)
    return Answer(_shown(plans, form, columns, wants_colour(session.color, sys.stdout), name), remark=remark)


def remarks_of(payload: Payload, name: str) -> str:
    """What is in the *payload* of the file of this *name* besides the alerts that are planned, a line each."""
    lines = [f"{notice.text}; {notice.help}" if notice.help else notice.text for notice in payload.notices]
    if payload.truncated:
        lines.append(f"the sender left out {payload.truncated} alerts, which are not in this plan")
    if bare := sum(not alert.labels for alert in payload.alerts):
        lines.append(f"{bare} of its alerts are over and named by the sender's key only, so nothing is planned for them")
    return "".join(f"{name}: {line}\n" for line in lines)


def source_called(name: str, policies: PolicySet) -> Source:
    """The Source of this *name*. Raises UserError where there is none."""
    found = policies.sources.get(name)
    if found is None:
        near = get_close_matches(name, policies.sources, n=1)
        help = f"did you mean `{near[0]}`?" if near else f"the sources are: {', '.join(policies.sources) or 'none yet'}"
        from watchbill.errors import UserError

        raise UserError(f"no source is called `{name}`", help, rule="unknown-name")
    return found


def read_alerts(alerts: str | None) -> tuple[str, bytes]:
    """What to call the alerts, and their bytes."""
    if alerts is None and is_interactive():
        raise click.UsageError("Name a file with alerts, or - to read them from standard input.")
    name = "standard input" if alerts is None or alerts == "-" else alerts
    try:
        if name is not alerts:
            return name, _bounded(sys.stdin.buffer)
        with open(name, "rb") as file:
            return name, _bounded(file)
    except OSError as error:
        from watchbill.errors import OutsideError

        raise OutsideError(
            f"`{name}` cannot be read: {error.strerror}", "name a file with alerts, or - for standard input", rule="cannot-read"
        ) from error


def _bounded(file: BinaryIO) -> bytes:
    """What *file* holds, and of a file that is too large only so much that this can be seen: a device has no end."""
    from watchbill.ingest.limits import BODY_BYTES

    # A byte order mark does not count.
    return file.read(BODY_BYTES + 4)


def _shown(plans: tuple[Plan, ...], form: str, columns: int, colour: bool, name: str) -> str:
    if form == "json":
        from watchbill.report.plan_json import plans_json

        return json_text(plans_json(plans), sys.stdout)
    if not plans:
        from watchbill.report.plain import plain

        return f"no alerts in {plain(name)}\n"
    if form == "markdown":
        from watchbill.report.plan_markdown import plans_markdown

        return plans_markdown(plans)
    from watchbill.report.plan_text import plans_text

    return plans_text(plans, width=columns, colour=colour)
