"""``watchbill oncall``: who is on call, now, at a time or over a span."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import click

from watchbill.cli.answer import Answer, Session
from watchbill.cli.options import Length, Moment, common, formats, now, policies, width
from watchbill.cli.output import json_text, speak_utf8, wants_colour, width_of

if TYPE_CHECKING:
    from watchbill.model.policyset import PolicySet
    from watchbill.model.times import Span
    from watchbill.report.watches import Turns

LONGEST: Final = timedelta(days=731)
CALENDAR: Final = timedelta(days=60)
"""How far a calendar looks ahead where nothing else is asked."""


EXAMPLES: Final = """\b
Examples:
  watchbill oncall
  watchbill oncall payments --at 2026-12-24T22:00:00Z
  watchbill oncall schedule/payments-primary --for 4w
  watchbill oncall payments-primary --format ics > payments.ics
"""


@click.command("oncall", short_help="Say who is on call, now, at a time or over a span.", epilog=EXAMPLES)
@click.argument("what", nargs=-1, metavar="[WHAT]...")
@click.option("--at", type=Moment(), metavar="TIME", help="The moment asked about, as 2026-11-23T03:12:00Z; by default now.")
@click.option("--from", "start", type=Moment(), metavar="TIME", help="The beginning of a span; by default --at.")
@click.option("--to", "end", type=Moment(), metavar="TIME", help="The end of a span.")
@click.option("--for", "length", type=Length(), metavar="DURATION", help="How long a span is, as 12h or 7d.")
@policies("oncall")
@formats("oncall", "text", "json", "ics")
@width
@common
@click.pass_obj
def command(
    session: Session,
    what: tuple[str, ...],
    at: datetime | None,
    start: datetime | None,
    end: datetime | None,
    length: timedelta | None,
    policies: str | None,
    form: str,
    width: int | None,
) -> Answer:
    """Say who is on call, until when and why.

    WHAT is a schedule, a team, a service or a role, by name or in full (schedule/payments-primary, team/payments,
    service/checkout, role/lead, role/lead@payments); by default every schedule. A team and a service answer with
    everybody who has a role there.

    With --for, or with --from and --to, the turns of that span are listed, and times at which nobody is on call. With
    --format ics they are a calendar to subscribe to, of the next 60 days unless a span is given. Times are UTC.

    A document with errors is left out. Where it would say who is on call, the answer is that it cannot be said, with the document's name.
    """
    from watchbill.cli.repository import load_policies, root_of
    from watchbill.cli.watching import asked_for

    moment = at or start or now()
    span = _span(moment, at, start, end, length or (CALENDAR if form == "ics" and end is None else None))
    loaded, remark = load_policies(root_of(policies))
    asked = asked_for(loaded, what)
    columns, colour = width or width_of(sys.stdout), wants_colour(session.color, sys.stdout)
    if span is None:
        return Answer(_at(loaded, asked, moment, form, columns, colour), remark=remark)
    text, without = _over(loaded, asked, span, form, columns, colour)
    return Answer(text, remark=remark + without)


def _span(moment: datetime, at: datetime | None, start: datetime | None, end: datetime | None, length: timedelta | None) -> Span | None:
    """The span that was asked for, or None for a moment."""
    from watchbill.model.times import Span

    if at is not None and start is not None:
        raise click.UsageError("Give --at or --from, not both: each says where to begin.")
    if end is not None and length is not None:
        raise click.UsageError("Give --to or --for, not both: each says where to end.")
    if end is None and length is None:
        if start is not None:
            raise click.UsageError("Say where the span that begins at --from ends: with --to, or with --for.")
        return None
    try:
        last = end if end is not None else moment + (length or timedelta(0))
    except OverflowError:
        last = moment + LONGEST * 2
    if last <= moment:
        raise click.UsageError("The span ends before it begins.")
    if last - moment > LONGEST:
        raise click.UsageError("A span may be two years long at most.")
    return Span(moment, last)


def _at(loaded: PolicySet, asked: tuple[str, ...], moment: datetime, form: str, columns: int, colour: bool) -> str:
    from watchbill.cli.watching import watch

    watches = [watch(loaded, each, moment) for each in asked]
    if form == "json":
        from watchbill.report.oncall_json import watches_json

        return json_text(watches_json(watches, moment, loaded.quarantined), sys.stdout)
    from watchbill.report.oncall_text import watches_text

    return watches_text(watches, moment, width=columns, colour=colour)


def _over(loaded: PolicySet, asked: tuple[str, ...], span: Span, form: str, columns: int, colour: bool) -> tuple[str, str]:
    """The turns of the *span*, and a remark on what has none because it is left out, where something else has some."""
    from watchbill.cli.watching import missing, schedules_of, turns

    lost = {each: label for each in asked if (label := missing(loaded, each)) is not None}
    sound = [each for each in asked if each not in lost]
    names = dict.fromkeys(name for each in sound or asked for name in schedules_of(loaded, each))
    remark = "".join(f"`{each}` has no turns: {label} is left out\n" for each, label in lost.items())
    return _turned(loaded, [turns(loaded, name, span) for name in names], span, form, columns, colour), remark


def _turned(loaded: PolicySet, found: list[Turns], span: Span, form: str, columns: int, colour: bool) -> str:
    if form == "ics":
        from watchbill.report.oncall_ics import turns_ics

        speak_utf8(sys.stdout)
        return turns_ics(found, span.start)
    if form == "json":
        from watchbill.report.oncall_json import turns_json

        return json_text(turns_json(found, loaded.quarantined), sys.stdout)
    from watchbill.report.oncall_text import turns_text

    return turns_text(found, width=columns, colour=colour)
