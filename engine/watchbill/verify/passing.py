"""What is wrong because of the time: nobody on call, and what has no effect any more.

Rule 1: told the time. What comes of it is never kept, since tomorrow it may be otherwise.
Rule 2: nothing is quarantined for it. A document does not get broken by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from watchbill.errors import Finding
from watchbill.model.dated import Dated
from watchbill.model.ownership import Person
from watchbill.model.schedule import Schedule
from watchbill.model.times import Span, Zone

HORIZON: Final = timedelta(days=90)
"""How far ahead gaps are looked for."""

_HELP: Final = "widen the hours of a layer, add an override, or say that it is meant: `gaps: {allowed: REASON}`"
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Passing:
    """The *findings* of one instant, in order of place, and how many comments have set aside (*ignored*)."""

    findings: tuple[Finding, ...]
    ignored: int = 0


def findings_at(dated: Dated, now: datetime, horizon: timedelta = HORIZON) -> Passing:
    """Everything that is wrong at *now* and need not be so at another time; gaps are looked for as far as the *horizon*."""
    found: list[Finding] = []
    aside = {(each.place.file, each.line, each.rule): each for each in dated.aside}
    used: dict[tuple[str, int, str], None] = {}
    ignored = 0
    for finding in (*_expired(dated, now), *_gaps(dated, Span(now, now + horizon))):
        key = (finding.place.file, finding.place.line, finding.rule)
        if key in aside:
            used[key] = None
            ignored += 1
        else:
            found.append(finding)
    for key, comment in aside.items():
        if key not in used:
            message = f"there is no `{comment.rule}` to ignore in line {comment.line}"
            found.append(Finding("unused-ignore", comment.place, message, "take it away, or move it to the line of its finding", "warning"))
    weighed = [(finding, dated.levels.get(finding.rule, finding.level)) for finding in found]
    kept = [replace(finding, level=level) for finding, level in weighed if level is not None]
    return Passing(tuple(sorted(kept, key=lambda finding: finding.order)), ignored)


def _expired(dated: Dated, now: datetime) -> Iterator[Finding]:
    return (ending.finding for ending in dated.endings if ending.at <= now)


# --- gaps ---------------------------------------------------------------------------------


def _gaps(dated: Dated, span: Span) -> Iterator[Finding]:
    people = {person.name: person for person in dated.people}
    doubtful = [schedule for schedule in dated.schedules if not _is_always_covered(schedule, people, span.start)]
    if not doubtful:
        return
    # What asks the judgement is loaded only where it has to be asked.
    from watchbill.verify.gaps import gaps, watches

    policies = watches(dated)
    for schedule in doubtful:
        found = gaps(policies, schedule, span)
        if found:
            place = schedule.layers[0].place if schedule.layers else schedule.ref.place
            yield Finding("schedule-gap", place, _said(schedule, found, span), _HELP, "warning", str(schedule.ref))


def _is_always_covered(schedule: Schedule, people: Mapping[str, Person], now: datetime) -> bool:
    """Whether one layer alone names somebody at every time from *now* on. Most schedules have such a layer."""
    return any(
        not (layer.hours or layer.holidays or layer.until is not None)
        and layer.zone.instant(layer.rotation.start) <= now
        and any(name not in people or not people[name].leave for name in layer.participants)
        for layer in schedule.layers
    )


def _said(schedule: Schedule, found: tuple[Span, ...], span: Span) -> str:
    """When the first gap is, in the schedule's zone, and how many there are besides."""
    zone, first = schedule.zone, found[0]
    if first == span:
        return f"nobody is on call on `{schedule.name}` in the next {(span.end - span.start).days} days"
    begins = "" if first.start == span.start else f" from {_moment(first.start, zone)}"
    ends = "" if first.end == span.end else f" {'to' if begins else 'until'} {_end(first.end, zone, first.start if begins else None)}"
    more = len(found) - 1
    others = f", and {more} more time{'s' if more > 1 else ''} within {(span.end - span.start).days} days" if more else ""
    return f"nobody is on call on `{schedule.name}`{begins}{ends} ({zone.name}){others}"


def _moment(instant: datetime, zone: Zone) -> str:
    local = zone.local(instant)
    return f"{_WEEKDAYS[local.weekday()]} {local:%Y-%m-%d %H:%M}"


def _end(instant: datetime, zone: Zone, start: datetime | None) -> str:
    """A moment at which a gap ends; midnight is the end of the day before, and a day that was named is not named again."""
    local = zone.local(instant)
    clock = f"{local:%H:%M}"
    if clock == "00:00":
        local, clock = local - timedelta(days=1), "24:00"
    if start is not None and zone.local(start).date() == local.date():
        return clock
    return f"{_WEEKDAYS[local.weekday()]} {local:%Y-%m-%d} {clock}"
