"""``watchbill simulate``: an incident played forward, with the answers that somebody gives on the command line."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import click

from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import Length, Moment, common, formats, now, policies, width
from watchbill.cli.output import json_text, wants_colour, width_of
from watchbill.cli.plan import read_alerts

if TYPE_CHECKING:
    from watchbill.model.given import Word
    from watchbill.model.policyset import PolicySet
    from watchbill.model.testing import Case

USUAL: Final = timedelta(hours=2)
"""How long an incident is played where nothing else is said."""

WORDS: Final[tuple[Word, ...]] = ("acknowledge", "unacknowledge", "mitigate", "resolve", "escalate")

EXAMPLES: Final = """\b
Examples:
  watchbill simulate alert.json --at 2026-11-23T03:12:00Z
  watchbill simulate alert.json --ack ana@7m --resolve ana@40m
  watchbill simulate alert.json --delivery phone.page:mei=refused@2s
  watchbill simulate alert.json --outcome restart-checkout=failed@30s
  watchbill simulate alert.json --observe restart-checkout=0.001@1m
  watchbill simulate alert.json --run rollback-checkout=ana@9m
  watchbill simulate --test 'checkout-critical/nobody answers'
"""


@click.command("simulate", short_help="Play an incident forward, with answers and outcomes that you give.", epilog=EXAMPLES)
@click.argument("alerts", required=False, type=click.Path(allow_dash=True), metavar="[ALERT_FILE]")
@click.option("--at", type=Moment(), metavar="TIME", help="When the alerts arrive, as 2026-11-23T03:12:00Z; by default now.")
@click.option("--for", "lasting", type=Length(), metavar="DURATION", help="How long to play it; by default 2h, or what the case needs.")
@click.option("--ends", type=Length(), metavar="DURATION", help="When the alerts end, as 45m; by default they do not.")
@click.option(
    "--ack",
    "acknowledge",
    multiple=True,
    metavar="WHO@WHEN",
    help="Somebody takes the incident, as ana@7m. May be given again, as all below.",
)
@click.option("--unack", "unacknowledge", multiple=True, metavar="WHO@WHEN", help="Somebody gives it back.")
@click.option("--mitigate", multiple=True, metavar="WHO@WHEN", help="Somebody says that users are no longer affected.")
@click.option("--resolve", multiple=True, metavar="WHO@WHEN", help="Somebody says that it is over.")
@click.option("--escalate", multiple=True, metavar="WHO@WHEN", help="Somebody has the next level paged at once.")
@click.option("--snooze", multiple=True, metavar="WHO=LENGTH@WHEN", help="Somebody puts paging off for that long, as ana=4h@7m.")
@click.option(
    "--extend",
    multiple=True,
    metavar="WHO[=LENGTH]@WHEN",
    help="Somebody keeps the incident that they have for longer, as ana=2h@3h50m, or ana@3h50m for as long as the policies say.",
)
@click.option("--note", multiple=True, metavar="WHO=TEXT@WHEN", help="Somebody writes something on the timeline.")
@click.option(
    "--run", multiple=True, metavar="NAME=WHO@WHEN", help="Somebody starts a remediation that is offered, as rollback-checkout=ana@9m."
)
@click.option("--retry", multiple=True, metavar="NAME=WHO@WHEN", help="Somebody has one tried again that failed; NAME/STEP for one step.")
@click.option("--approve", multiple=True, metavar="WHAT=WHO@WHEN", help="Somebody says yes to a remediation, or to an audience's update.")
@click.option("--deny", multiple=True, metavar="WHAT=WHO@WHEN", help="Somebody says no to it.")
@click.option(
    "--delivery",
    multiple=True,
    metavar="USE[:WHO]=RESULT[@AFTER]",
    help="What becomes of what leaves by an action, as phone.page:mei=refused@2s: sent, failed, refused, unable, unknown, delivered, "
    "bounced or answered. Pages, reviews, reminders, posts, rooms, collectors and updates.",
)
@click.option(
    "--outcome", multiple=True, metavar="NAME=done|failed@AFTER", help="How the steps of a remediation end; NAME/STEP for one of them."
)
@click.option("--observe", multiple=True, metavar="NAME=VALUE@AFTER", help="What the check of a remediation sees from then on.")
@click.option("--test", metavar="TEST/CASE", help="Play a case of a policy test, instead of alerts from a file.")
@policies("simulate")
@formats("simulate", "text", "json")
@width
@common
@click.pass_obj
def command(
    session: Session,
    /,
    alerts: str | None,
    at: datetime | None,
    lasting: timedelta | None,
    ends: timedelta | None,
    test: str | None,
    policies: str | None,
    form: str,
    width: int | None,
    **script: tuple[str, ...],
) -> Answer:
    """Play an incident forward on virtual time, and print what happens, to whom, and because of which policy.

    ALERT_FILE holds alerts as `watchbill plan` reads them; - is standard input. People answer, and deliveries and repairs
    end, as the options say, at times counted from when the alerts arrive; otherwise nobody answers, what leaves has left,
    and no repair comes to an end. Nothing is touched. Times are UTC.
    """
    from watchbill.cli.repository import load_policies, root_of
    from watchbill.cli.scripting import case_called
    from watchbill.connectors.catalogue import catalogue
    from watchbill.decide import Bill
    from watchbill.expressions.durations import format_duration
    from watchbill.verify.cases import horizon, play_case
    from watchbill.verify.telling import timelines

    if test is not None and (alerts is not None or at is not None or ends is not None or any(script.values())):
        raise click.UsageError("A case of a test brings its own alerts, clock and answers: leave them out beside --test.")
    if test is None:
        name, body = read_alerts(alerts)
        loaded, remark = load_policies(root_of(policies))
        case, ended = _case(loaded, name, body, at or now(), ends, script)
        remark += ended
    else:
        loaded, remark = load_policies(root_of(policies))
        case = case_called(loaded, test)
    play = play_case(Bill.of(loaded, catalogue()), case, lasting or max(USUAL, horizon(loaded, case)))
    remark += "".join(f"nothing waited for {said.by} at {format_duration(said.at)}\n" for said in play.unanswered)
    remark += "".join(f"nothing left by {said.use}{f' for {said.person}' if said.person else ''}\n" for said in play.unused)
    told = timelines(Bill.of(loaded, catalogue()), play)
    if form == "json":
        from watchbill.report.timeline_json import timelines_json

        return Answer(json_text(timelines_json(told), sys.stdout), remark=remark)
    from watchbill.report.timeline_text import timelines_text

    colour = wants_colour(session.color, sys.stdout)
    return Answer(timelines_text(told, width=width or width_of(sys.stdout), colour=colour) or "no alert fires\n", remark=remark)


def _case(
    loaded: PolicySet, name: str, body: bytes, at: datetime, ends: timedelta | None, given: dict[str, tuple[str, ...]]
) -> tuple[Case, str]:
    """The case that a file and options make, and a remark on alerts of the file that have ended already."""
    from watchbill.cli.scripting import Script
    from watchbill.connectors.catalogue import catalogue
    from watchbill.ingest import parse_payload
    from watchbill.report.counts import count

    payload = parse_payload(body, at, file=name)
    script = Script(loaded, catalogue())
    doing = {"run": script.starts, "retry": script.retries, "snooze": script.snoozes, "extend": script.extends, "note": script.notes}
    case = script.case(
        name,
        at,
        payload.alerts,
        ends,
        says=[(word, text) for word in WORDS for text in given[word]],
        decides=[(word == "approve", text) for word in ("approve", "deny") for text in given[word]],
        does=[read(text) for word, read in doing.items() for text in given[word]],
        outcomes=given["outcome"],
        sees=given["observe"],
        delivers=given["delivery"],
    )
    ended = len(payload.alerts) - len(case.given.alerts)
    verb = "has ended, and is" if ended == 1 else "have ended, and are"
    return case, f"{count(ended, 'alert')} of {name} {verb} not played\n" if ended else ""
