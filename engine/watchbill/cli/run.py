"""``watchbill run``: alerts from a file, for real, in the foreground."""

from __future__ import annotations

import sys
from typing import Any, Final

import click

from watchbill.cli.answer import Answer, Session
from watchbill.cli.engine_options import database, engine, setup_of
from watchbill.cli.options import common, formats, now, policies, width
from watchbill.cli.output import complain, wants_colour, width_of
from watchbill.cli.plan import read_alerts, remarks_of
from watchbill.cli.server_options import as_person, login

EXAMPLES: Final = """\b
Examples:
  watchbill run examples/alerts/checkout-high-error-rate.json
  watchbill run alert.json --database /tmp/trial.db --as ana
"""


@click.command("run", short_help="Carry out what follows from an alert, for real, and show it live.", epilog=EXAMPLES)
@click.argument("alerts", type=click.Path(allow_dash=True), metavar="ALERT_FILE")
@click.option("--source", metavar="NAME", help="The Source that the alerts come from, for payloads of a shape of their own.")
@as_person("run")
@database("run")
@policies("run")
@engine("run", log_level="warning")
@formats("run", "text", "json")
@width
@common
@click.pass_obj
def command(
    session: Session,
    /,
    alerts: str,
    source: str | None,
    who: str | None,
    database: str | None,
    policies: str | None,
    form: str,
    width: int | None,
    **rest: Any,
) -> Answer:
    """Take in alerts from a file, carry out what the policies say, for real, and show it live until it is over.

    ALERT_FILE holds alerts as `watchbill plan` reads them; - is standard input. They fire until somebody resolves the incident.
    On a terminal a key answers: a acknowledges, e escalates, y and n say yes and no to what waits for it, s starts what is offered,
    r resolves, q leaves.

    This is an engine as `watchbill serve` is, without a server: where one has the record, `run` refuses. What is left when it ends, by q
    or Ctrl-C, goes on with the next `serve` or `run` on the same record. Other incidents of the record go on meanwhile, unseen.
    """
    from watchbill.cli.live import Live
    from watchbill.cli.running import Foreground, run
    from watchbill.cli.wiring import check_extra, log_of
    from watchbill.ingest import parse_payload

    check_extra("run")
    name, body = read_alerts(alerts)
    payload = None
    if source is None:
        payload = parse_payload(body, now(), file=name)
        complain(remarks_of(payload, name))
    setup = setup_of("run", database, policies, rest)
    log = log_of(session, rest["log_format"], rest["log_level"])
    live = Live(width or width_of(sys.stdout), wants_colour(session.color, sys.stdout)) if form == "text" else None
    return run(setup, log, Foreground(name, body, payload, source or "", who or login(), live))
