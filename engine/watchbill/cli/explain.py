"""``watchbill explain``: why something happens on an alert, and why not; and why it happened to an incident of a server."""

from __future__ import annotations

import os
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import Moment, common, formats, now, policies, width
from watchbill.cli.output import json_text, wants_colour, width_of
from watchbill.cli.plan import read_alerts
from watchbill.cli.server_options import server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchbill.decide.bill import Bill
    from watchbill.errors import Place
    from watchbill.model.explanation import Explanation, PersonExplained
    from watchbill.model.references import Ref
    from watchbill.report.explain_text import Answer as Explained

EXAMPLES: Final = """\b
Examples:
  watchbill explain alert.json --at 2026-11-23T03:12:00Z
  watchbill explain alert.json bo
  watchbill explain alert.json Remediation/restart-checkout-worker
  watchbill explain - service/checkout --format json < alert.json
  watchbill explain checkout-7f3k2a bo
"""


@click.command("explain", short_help="Say why somebody was or was not paged, why a policy did or did not apply.", epilog=EXAMPLES)
@click.argument("alerts", type=click.Path(allow_dash=True), metavar="ALERT_FILE|INCIDENT")
@click.argument("what", required=False, metavar="[WHAT]")
@click.option("--at", type=Moment(), metavar="TIME", help="When the alerts arrive, as 2026-11-23T03:12:00Z; by default now.")
@policies("explain")
@formats("explain", "text", "json")
@width
@click.option("--no-history", is_flag=True, help="Do not ask git who last changed a line.")
@server("explain")
@common
@click.pass_obj
def command(
    session: Session,
    /,
    alerts: str,
    what: str | None,
    at: datetime | None,
    policies: str | None,
    form: str,
    width: int | None,
    no_history: bool,
    **asked: Any,
) -> Answer:
    """Say why an alert does what it does, and why it does not do the rest.

    ALERT_FILE holds alerts as plan reads them; - is standard input. WHAT is a person (bo, person/bo), a policy
    (payments-critical, Escalation/payments-critical), a service or an audience. A person is answered with every level that could
    mean them: who has the watch instead, by which layer or override, and when it is their turn. A policy is answered with
    the first condition that failed, and the value that it saw.

    Without WHAT, every policy and service there is: what takes part, and why each other does not, with its line and who
    changed that last.

    The answer comes from the decision itself, made with every policy looked at.

    What is no file, and may be an incident's name, is one of the server's: the answer then comes from the reasons that were recorded
    when it was decided. WHAT is a person or a policy by its name.
    """
    if _is_incident(alerts):
        if at is not None:
            raise click.UsageError("An incident has its own times: leave --at out, or name a file with alerts.")
        return _recorded(session, alerts, what, form, width, asked)
    from watchbill.cli.asking import looked_at_for, meant
    from watchbill.cli.lines import pointing
    from watchbill.cli.repository import load_policies, root_of
    from watchbill.connectors.catalogue import catalogue
    from watchbill.decide.bill import Bill
    from watchbill.decide.explaining import explain
    from watchbill.ingest import parse_payload
    from watchbill.report.explain_text import Answer as Explained

    moment = at or now()
    name, body = read_alerts(alerts)
    root = root_of(policies)
    loaded, remark = load_policies(root)
    about = meant(loaded, what) if what is not None else None
    payload = parse_payload(body, moment, file=name)
    bill = Bill.of(loaded, catalogue())
    found = pointing(explain(bill, payload.alerts, moment), root)
    answers = [Explained(each, about, looked_at_for(loaded, each, about), _person(bill, each, about)) for each in found]
    if not no_history:
        answers = _with_history(answers, root)
    columns = width or width_of(sys.stdout)
    return Answer(_shown(answers, form, columns, wants_colour(session.color, sys.stdout), name), remark=remark)


def _is_incident(name: str) -> bool:
    """Whether this is no file, and may be what an incident is called."""
    return re.fullmatch(r"[A-Za-z0-9][\w-]*", name, re.ASCII) is not None and not os.path.lexists(name)


def _recorded(session: Session, incident: str, what: str | None, form: str, width: int | None, asked: dict[str, Any]) -> Answer:
    """Why an incident went as it did, as the server recorded it."""
    from dataclasses import replace

    from watchbill.cli.asking import named_in
    from watchbill.cli.client import segment
    from watchbill.cli.server_options import client_of, shaped
    from watchbill.report.incidents import IncidentShown
    from watchbill.report.recorded_text import Recorded, about_policy, policies_in, recorded_text

    client = client_of(**asked)
    path = f"/v1/incidents/{segment(incident)}"
    document = client.read(f"{path}/explain")
    found = shaped(client, document, Recorded)
    its = shaped(client, client.read(path), IncidentShown)
    person = policy = ""
    if what is not None:
        person, policy = named_in(policies_in(found), what)
    if form == "json":
        return Answer(json_text(client.read(f"{path}/explain", {"person": person}) if person else _about(document, policy), sys.stdout))
    if policy:
        found, its = about_policy(found, policy), replace(its, steps=tuple(each for each in its.steps if each.policy.name == policy))
    colour = wants_colour(session.color, sys.stdout)
    return Answer(recorded_text(found, its, now(), person, width=width or width_of(sys.stdout), colour=colour))


def _about(document: dict[str, Any], policy: str) -> dict[str, Any]:
    """The server's explanation, of one *policy* only where one is named."""
    if not policy:
        return document
    lists = ("paged", "applied", "refused", "answers")
    return {**document, **{name: [each for each in document.get(name, ()) if each["policy"]["name"] == policy] for name in lists}}


def _person(bill: Bill, explanation: Explanation, about: Ref | None) -> PersonExplained | None:
    if about is None or about.kind != "Person":
        return None
    from watchbill.decide.explaining_people import explain_person

    return explain_person(bill, explanation, about.name)


def _with_history(answers: list[Explained], root: Path) -> list[Explained]:
    """The same, with who last changed the lines that they name."""
    from dataclasses import replace

    from watchbill.cli.blame import last_changes

    changes = last_changes(root, (place for answer in answers for place in _places(answer)))
    return [replace(answer, changes=changes) for answer in answers]


def _places(answer: Explained) -> Iterator[Place]:
    for each in answer.looked_at:
        yield each.place
        yield from (asked.place for asked in each.asked if asked.refusal is not None and answer.about is not None)
    if answer.who is not None:
        yield from (each.place for each in answer.who.others)
        yield from (standing.place for rung in answer.who.rungs for standing in rung.standings if standing.is_listed)


def _shown(answers: list[Explained], form: str, columns: int, colour: bool, name: str) -> str:
    if form == "json":
        from watchbill.report.explain_json import answers_json

        return json_text(answers_json(answers), sys.stdout)
    if not answers:
        from watchbill.report.plain import plain

        return f"no alerts in {plain(name)}\n"
    from watchbill.report.explain_text import answers_text

    return answers_text(answers, width=columns, colour=colour)
