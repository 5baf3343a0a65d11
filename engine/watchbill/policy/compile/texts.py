"""Texts with a grammar of their own, read at their place.

Rule 1: each function gives a value of the model in every case. Where the text is bad there is a finding, the document is
left out, and the value stands in for the real one so that the rest of the document is still looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar

from watchbill.expressions.conditions import check_condition, parse_condition
from watchbill.expressions.context import CONTEXT, Anything, Type
from watchbill.expressions.durations import format_duration, parse_duration
from watchbill.expressions.matchers import parse_matcher
from watchbill.expressions.problems import ExpressionError, Problem
from watchbill.expressions.templates import check_template, parse_template
from watchbill.expressions.zones import zone as zone_called
from watchbill.expressions.zones import zone_names
from watchbill.model.labels import Matcher
from watchbill.model.ownership import Acknowledge
from watchbill.model.references import Condition, Node, Target, TargetKind, Template
from watchbill.model.times import Hours, Recurrence, Span, Window, Zone
from watchbill.policy.calendars import countries, public_holidays
from watchbill.policy.compile.draft import At
from watchbill.policy.documents.section import Acknowledge as AcknowledgeKeys
from watchbill.policy.documents.section import Hours as HoursKeys
from watchbill.policy.documents.section import RecurringHours
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, listed, quoted

T = TypeVar("T")

# --- durations and times --------------------------------------------------------------

_SOMETHING: Final = timedelta(milliseconds=1)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WALL: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})", re.ASCII)
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def duration(at: At, text: str, *, least: timedelta = timedelta(0), most: timedelta | None = None) -> timedelta:
    """The duration that this *text* means, not below *least* nor above *most*."""
    try:
        found = parse_duration(text)
    except ExpressionError as error:
        _report_bad(at, "bad-duration", text, error)
        return least
    if found < least:
        bound = "longer than nothing" if least == _SOMETHING else f"at least {format_duration(least)}"
        at.report("bad-duration", f"`{at.key}` is {quoted(text)}", f"it has to be {bound}")
        return least
    if most is not None and found > most:
        at.report("bad-duration", f"`{at.key}` is {quoted(text)}", f"it has to be at most {format_duration(most)}")
        return most
    return found


def some_duration(at: At, text: str) -> timedelta:
    """The duration that this *text* means, which is longer than nothing."""
    return duration(at, text, least=_SOMETHING)


def acknowledge(at: At, keys: AcknowledgeKeys | None) -> Acknowledge | None:
    """How long an acknowledgement holds, as it is written here."""
    if keys is None:
        return None
    expires = some_duration(at / "expires", keys.expires) if keys.expires is not None else None
    remind = some_duration(at / "remind", keys.remind) if keys.remind is not None else None
    if expires is not None and remind is not None and remind >= expires and not at.draft.is_left_out:
        said = f"`remind` is {quoted(str(keys.remind))}, and an acknowledgement holds for {quoted(str(keys.expires))}"
        (at / "remind").report("bad-duration", said, "let it be shorter than `expires`")
    return Acknowledge(expires, remind)


def day(at: At, text: str) -> date:
    """The calendar day that this *text* names."""
    return _time(at, text, _DAY, date.fromisoformat, "no date", "2026-12-24") or date.min


def wall_time(at: At, text: str) -> datetime:
    """The local time that this *text* names, without a zone."""
    help = "2026-01-05 09:00"
    return _time(at, text, _WALL, datetime.fromisoformat, "no local time", help) or datetime.min


def instant(at: At, text: str) -> datetime:
    """The instant that this *text* names, in UTC."""

    def read(text: str) -> datetime:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)

    found = _time(at, text, _INSTANT, read, "no time with an offset", "2026-12-24T09:00:00Z")
    return found or datetime.min.replace(tzinfo=UTC)


def span(at: At, start: str, end: str) -> Span:
    """From one instant to another, written under `from` and `to`."""
    first, last = instant(at / "from", start), instant(at / "to", end)
    if last <= first and not at.draft.is_left_out:
        (at / "to").report("bad-time", f"`to` is not after `from`: {quoted(end)}", "let it end after it begins")
    return Span(first, last)


def _time(at: At, text: str, form: re.Pattern[str], read: Callable[[str], T], what: str, example: str) -> T | None:
    if form.fullmatch(text):
        try:
            return read(text)
        except (ValueError, OverflowError):
            at.report("bad-time", f"{quoted(text)} is in no calendar", f"write it as `{example}`")
            return None
    at.report("bad-time", f"{quoted(text)} is {what}", f"write it as `{example}`")
    return None


def zone(at: At, name: str | None, default: Zone) -> Zone:
    """The zone of this *name*, the *default* where none is named."""
    if name is None:
        return default
    found = zone_called(name)
    if found is None:
        meant = nearest(name, zone_names())
        help = f"did you mean `{meant}`?" if meant else "write it as `Europe/Lisbon` or `UTC`"
        at.report("unknown-zone", f"no time zone is called {quoted(name)}", help)
    return found or default


def recurrence(at: At, keys: RecurringHours | None, default: Zone) -> Recurrence | None:
    """Recurring hours in their zone."""
    if keys is None:
        return None
    return Recurrence(zone(at / "zone", keys.zone, default), tuple(map(Window, windows(at / "hours", keys.hours))))


def windows(at: At, keys: Sequence[HoursKeys]) -> tuple[Hours, ...]:
    """Daily windows, in order."""
    return tuple(_window(at / index, each) for index, each in enumerate(keys))


def _window(at: At, keys: HoursKeys) -> Hours:
    return Hours(_weekdays(at / "days", keys.days), minute(at / "from", keys.from_), minute(at / "to", keys.to, is_end=True))


def minute(at: At, text: str, *, is_end: bool = False) -> int:
    """The minute of the day that this *text* names; as the end of something it may be the last."""
    found = _CLOCK.fullmatch(text)
    if found:
        return int(found[1]) * 60 + int(found[2])
    if is_end and text == "24:00":
        return 1440
    at.report(
        "bad-time", f"{quoted(text)} is no time of day", "write it as `08:00`, from 00:00 to 23:59" + (", or 24:00" if is_end else "")
    )
    return 0


def _weekdays(at: At, written: str | list[str]) -> tuple[int, ...]:
    """ISO weekdays in order of the week; ``fri-mon`` goes round."""
    parts = written.split(",") if isinstance(written, str) else written
    if not parts:
        at.report("bad-value", "`days` is empty", "name weekdays, as in `mon-fri`, or take the key away for all of them")
    found: set[int] = set()
    for index, part in enumerate(parts):
        first, dash, last = (word.strip() for word in part.lower().partition("-"))
        unknown = [word for word in ((first, last) if dash else (first,)) if word not in WEEKDAYS]
        if unknown:
            spot = at if isinstance(written, str) else at / index
            spot.report(
                "bad-value", f"{quoted(unknown[0])} is no weekday", f"the weekdays are {listed(WEEKDAYS, 'and')}; `mon-fri` is a range"
            )
            continue
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        found.update((begin + step) % 7 + 1 for step in range((end - begin) % 7 + 1))
    return tuple(sorted(found))


def holidays(at: At, country: str, subdivision: str | None) -> frozenset[date]:
    """All public holidays of a country or a part of it."""
    known = countries()
    if country not in known:
        meant = nearest(country, known) if len(country) > 1 else None
        help = f"did you mean `{meant}`?" if meant else "write the country's code of two letters, as in `PT`"
        (at / "country").report("unknown-country", f"no public holidays are known for {quoted(country)}", help)
        return frozenset()
    if subdivision is not None and subdivision not in known[country]:
        said = f"{country} has no part {quoted(subdivision)} with holidays of its own"
        (at / "subdivision").report("unknown-country", said, choice(nearest(subdivision, known[country]), known[country], "parts"))
        return frozenset()
    return public_holidays(country, subdivision)


# --- targets and uses -----------------------------------------------------------------

_TARGET: Final = re.compile(r"(person|schedule|team|role)/([^/@\s]+)(?:@([^/@\s]+))?")
_LAST_TARGET: Final = re.compile(rf"(?:{_TARGET.pattern})\Z")
_TARGET_HELP: Final = "write `person/NAME`, `schedule/NAME`, `team/NAME`, `role/NAME` or `role/NAME@TEAM`"


def target(at: At, text: str) -> Target | None:
    """The target that this *text* names, or None where it is none."""
    found = _TARGET.fullmatch(text)
    if found is None:
        # Two of them in a row, as in `schedule/role/primary`: the last is what was meant.
        inner = _LAST_TARGET.search(text)
        help = f"write `{inner[0]}`" if inner is not None else _TARGET_HELP
        at.report("bad-target", f"{quoted(text)} is no target", help)
        return None
    kind, name, team = found.groups()
    if team is not None and kind != "role":
        at.report("bad-target", f"{quoted(text)} is no target: only a role is somebody's", f"write `{kind}/{name}`")
        return None
    kinds: dict[str, TargetKind] = {"person": "person", "schedule": "schedule", "team": "team", "role": "role"}
    return Target(kinds[kind], name, team)


# --- expressions ----------------------------------------------------------------------


def matcher(at: At, text: str) -> Matcher:
    """The matcher that this *text* is."""
    try:
        return parse_matcher(text)
    except ExpressionError as error:
        _report_bad(at, "bad-pattern" if error.message.startswith(("RE2", "a pattern")) else "bad-matcher", text, error)
        return Matcher("alertname", "=", "")


def condition(at: At, text: str, root: Type = CONTEXT) -> Condition:
    """The condition that this *text* is, with findings for what cannot be as its *root* is."""
    place = at.place
    try:
        found = parse_condition(text, place)
    except ExpressionError as error:
        _report_bad(at, "bad-condition", text, error)
        return Condition(text, Node("literal"), place)
    _report_problems(at, text, check_condition(found, root))
    return found


def value(at: At, text: str) -> Condition:
    """The JMESPath expression that this *text* is, of whose value nothing is known beforehand."""
    place = at.place
    if not text.strip():
        at.report("bad-condition", f"`{at.key}` is empty", "write a JMESPath expression, as in `monitor.name`")
        return Condition(text, Node("literal"), place)
    try:
        found = parse_condition(text, place)
    except ExpressionError as error:
        message = error.message.replace("the condition", "the expression").replace("a condition", "an expression")
        at.draft.report("bad-condition", at.within(text, error.start), message, error.help)
        return Condition(text, Node("literal"), place)
    # It is asked for a value, not whether it holds: that it is always true, or a text, is no mistake.
    problems = [each for each in check_condition(found, Anything()) if each.rule not in ("constant-condition", "not-boolean")]
    _report_problems(at, text, problems)
    return found


def template(at: At, text: str, root: Type = CONTEXT) -> Template:
    """The template that this *text* is, with findings for what it speaks of and cannot be there."""
    if "{" not in text:
        return Template(text, at.place, is_plain=True)
    place = at.place
    try:
        found = parse_template(text, place)
    except ExpressionError as error:
        _report_bad(at, "bad-template", text, error)
        return Template(text, place, is_plain=True)
    if not found.is_plain:
        _report_problems(at, text, check_template(found, root))
    return found


def _report_bad(at: At, rule: str, text: str, error: ExpressionError) -> None:
    at.draft.report(rule, at.within(text, error.start), error.message, error.help)


def _report_problems(at: At, text: str, problems: Sequence[Problem]) -> None:
    for problem in problems:
        # Conditions and templates have one context, and so one rule for what is not in it.
        rule = "unknown-field" if problem.rule == "unknown-variable" else problem.rule
        at.draft.report(rule, at.within(text, problem.offset or 0), problem.message, problem.help, problem.level)
