"""``watchbill approve``: what waits is shown before the yes, and the yes names the digest of what was shown."""

from __future__ import annotations

import sys
from datetime import timedelta
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

import click

from watchbill.cli.acting import Asked, ask, parted
from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import common, formats
from watchbill.cli.output import is_interactive, json_text, wants_colour, width_of, write
from watchbill.cli.server_options import acting, client_of, incident, shaped

if TYPE_CHECKING:
    from watchbill.cli.client import Client
    from watchbill.report.incidents import IncidentShown, StepShown

EXAMPLES: Final = """\b
Examples:
  watchbill approve checkout-7f3k2a
  watchbill approve checkout-7f3k2a restart-checkout --digest 4f2c1d9a0b3c
"""


@click.command("approve", short_help="Look at what waits for a yes, and say it.", epilog=EXAMPLES)
@incident
@click.argument("step", required=False, metavar="[STEP]")
@click.option("--digest", metavar="HEX", help="Say yes to what has this digest, without being asked.")
@click.option("--yes", is_flag=True, help="Show what waits and say yes to it, without being asked.")
@acting("approve")
@formats("approve", "text", "json")
@common
@click.pass_obj
def approve(
    session: Session,
    incident: str,
    step: str | None,
    digest: str | None,
    yes: bool,
    address: str,
    token_file: str | None,
    timeout: timedelta,
    who: str | None,
    form: str,
) -> Answer:
    """Say yes to a remediation or an update that waits for it.

    It is shown first what would be done: of a remediation the action, its arguments, the target, who asked and until when, of an update
    its words and its channels; and the digest of all that. The yes is for this digest: if something else waits by then, nothing is done.
    Where nobody can be asked, because there is no terminal, --digest has to name it.

    INCIDENT is its id, the beginning of it as long as that means one only, or the six letters at its end. STEP is the part of the step's
    id after the incident, the beginning of that, or the name of its policy; it need not be given where only one can be meant.
    """
    asked = Asked(address, token_file, timeout, who, form)
    name, named = parted(incident, step)
    body = {"step": named} if named else {}
    if digest is not None:
        return ask(asked, name, "approve", {**body, "digest": digest})
    from watchbill.cli.client import segment

    client = client_of(address, token_file, timeout, who)
    document = client.read(f"/v1/incidents/{segment(name)}")
    its = _shown(client, document)
    found = _meant(its, named)
    if found is None or found.question is None:
        # There is nothing to show; the server says what came of it, or what else could be meant.
        return ask(asked, name, "approve", body)
    if form == "text":
        text = _told(its, found, session)
    else:
        (raw,) = (each["question"] for each in document["steps"] if each["id"] == found.id)
        text = json_text({"incident": its.id, "step": found.id, "question": raw}, sys.stdout)
    if not is_interactive():
        from watchbill.report.plain import plain

        said = f"watchbill approve {quote(plain(found.id))} --digest {plain(found.question.digest)}"
        return Answer(text, 2, f"nothing done: there is no terminal to ask at; say yes with `{said}`\n")
    write(sys.stdout if form == "text" else sys.stderr, text)
    if not yes and not click.confirm("Approve this?", default=False, err=True):
        return Answer("", 1, "nothing done\n")
    return ask(asked, its.id, "approve", {"step": found.id, "digest": found.question.digest})


def _shown(client: Client, document: Any) -> IncidentShown:
    from watchbill.report.incidents import IncidentShown

    return shaped(client, document, IncidentShown)


def _meant(its: IncidentShown, named: str) -> StepShown | None:
    """The one step that can be approved and is meant; None where that is none, or may be several."""
    from watchbill.report.step_names import Named, meant

    found = meant((Named(each.id, each.policy.name, "approve" in each.can) for each in its.steps), its.id, named)
    return next((each for each in its.steps if [each.id] == found), None)


def _told(its: IncidentShown, step: StepShown, session: Session) -> str:
    from watchbill.report.layout import MEASURE
    from watchbill.report.paint import Span, line, paint_all
    from watchbill.report.plain import plain
    from watchbill.report.question_text import question_lines

    assert step.question is not None
    width = min(width_of(sys.stdout), MEASURE)
    head = line(Span(plain(step.policy.name), "name"), f" of {plain(its.id)} waits for a yes")
    lines = [head, *question_lines(step.question, its.opened_at, width, 2)]
    return paint_all(lines, wants_colour(session.color, sys.stdout))
