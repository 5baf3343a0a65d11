"""When nobody is on call.

What the layers cover is worked out from their edges (hours, holidays, leave), as sets of spans; never minute by minute, and not
turn by turn, since it does not matter here whose turn it is. Overrides are asked only where the layers leave somebody wanting,
and there `watchbill.decide.oncall` answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, TypeAlias

from watchbill.decide.oncall import shifts
from watchbill.errors import Place
from watchbill.model.dated import Dated
from watchbill.model.ownership import Person
from watchbill.model.policyset import PolicySet, Settings
from watchbill.model.schedule import Layer, Schedule
from watchbill.model.times import Hours, Span, Window, Zone

Spans: TypeAlias = Sequence[tuple[datetime, datetime]]
"""Spans in order, none of which touches another."""

_DAY: Final = timedelta(days=1)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


def watches(dated: Dated) -> PolicySet:
    """A policy set of nothing but watches, which is all that is asked to say who has one."""
    return PolicySet(
        settings=Settings(Place(""), "", Zone("UTC", UTC)),
        revision="",
        tzdata="",
        people={person.name: person for person in dated.people},
        teams={},
        services={},
        schedules={schedule.name: schedule for schedule in dated.schedules},
        overrides=dated.overrides,
        escalations={},
        triages={},
        audiences={},
        comms={},
        remediations={},
        guardrails={},
        connectors={},
    )


def gaps(policies: PolicySet, schedule: Schedule, span: Span) -> tuple[Span, ...]:
    """When nobody is on call on this *schedule* within the *span*, in order; nothing where somebody always is."""
    left: Spans = [(span.start, span.end)] if span.start < span.end else []
    for layer in schedule.layers:
        if left:
            left = _without(left, _covered(layer, policies.people, span))
    overrides = [one.span for one in policies.overrides if one.schedule == schedule.name]
    found: list[Span] = []
    for start, end in left:
        if any(one.start < end and start < one.end for one in overrides):
            found += (shift.span for shift in shifts(policies, schedule.name, Span(start, end)) if shift.person is None)
        else:
            found.append(Span(start, end))
    return tuple(found)


def _covered(layer: Layer, people: Mapping[str, Person], span: Span) -> Spans:
    """When this *layer* names somebody, as far as the *span* goes."""
    begins = max(span.start, layer.zone.instant(layer.rotation.start))
    ends = min(span.end, layer.zone.instant(layer.until)) if layer.until is not None else span.end
    if begins >= ends or not layer.participants:
        return []
    covered: Spans = [(begins, ends)]
    if layer.hours:
        first, last = layer.zone.local(begins).date(), layer.zone.local(ends).date()
        covered = _both(covered, _open(layer.zone, layer.hours, first, last))
    days = [day for day in layer.holidays if begins.date() - 2 * _DAY <= day <= ends.date() + 2 * _DAY]
    if days:
        covered = _without(covered, _merged(_day_span(day, day, layer.zone) for day in days))
    return _without(covered, _all_away(layer, people))


@lru_cache(maxsize=1024)
def _open(zone: Zone, hours: tuple[Hours, ...], first: date, last: date) -> Spans:
    """When any of the *hours* are open from the day before *first* to the day after *last*. Many schedules share their hours."""
    days = [first + number * _DAY for number in range(-2, (last - first).days + 3)]
    windows = [Window(each) for each in hours]
    spans = (window.span_on(day, zone) for window in windows for day in days if window.begins_on(day))
    return _merged((span.start, span.end) for span in spans)


def _all_away(layer: Layer, people: Mapping[str, Person]) -> Spans:
    """When every participant is on leave; somebody unknown is not known to be away."""
    away: Spans = [(_FIRST, _LAST)]
    for name in layer.participants:
        person = people.get(name)
        if person is None or not person.leave:
            return []
        away = _both(away, _merged(_day_span(leave.first, leave.last, person.zone) for leave in person.leave))
    return away


def _day_span(first: date, last: date, zone: Zone) -> tuple[datetime, datetime]:
    """From the beginning of one local day to the end of another; the first and the last days of the calendar have no end."""
    start = zone.instant(datetime.combine(first, time())) if first - date.min > 2 * _DAY else _FIRST
    end = zone.instant(datetime.combine(last + _DAY, time())) if date.max - last > 2 * _DAY else _LAST
    return start, end


# --- sets of spans ------------------------------------------------------------------------


def _merged(spans: Iterable[tuple[datetime, datetime]]) -> Spans:
    """The same time in order; what overlaps or touches is one span, and what is empty none."""
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _without(spans: Spans, taken: Spans) -> Spans:
    """What is in *spans* and not in *taken*."""
    if not taken:
        return spans
    left: list[tuple[datetime, datetime]] = []
    place = 0
    for start, end in spans:
        while place < len(taken) and taken[place][1] <= start:
            place += 1
        ahead = place
        while start < end:
            if ahead == len(taken) or taken[ahead][0] >= end:
                left.append((start, end))
                break
            if start < taken[ahead][0]:
                left.append((start, taken[ahead][0]))
            start = taken[ahead][1]
            ahead += 1
    return left


def _both(spans: Spans, others: Spans) -> Spans:
    """What is in *spans* and in *others*."""
    return _without(spans, _without([(_FIRST, _LAST)], others))
