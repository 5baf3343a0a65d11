"""When the watch passes from one person to another.

Every instant at which anything could change is worked out from the documents (handoffs, the edges of hours,
days of leave, overrides), and `on_call` is asked at these only. So the boundaries are exact, and there is one judgement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from watchbill.decide.oncall.localtime import DAY, HOUR, MINUTE, day_of, instant, instant_of, iso_weekday, seconds, wall_of
from watchbill.decide.oncall.watch import on_call
from watchbill.model.policyset import PolicySet
from watchbill.model.schedule import Layer, OnCall, Override, Shift
from watchbill.model.times import Span

_LOOK_AHEAD: Final = timedelta(days=8)


def shifts(policies: PolicySet, schedule: str, span: Span) -> tuple[Shift, ...]:
    """The unbroken turns on this *schedule* that tile the *span*, in order.

    A turn goes on while person, layer and override stay the same; its *because* is that of its beginning.
    Where nobody is on call, the person is None. An empty span has no turns.
    """
    turns: list[Shift] = []
    held: OnCall | None = None
    for begins in _edges(policies, schedule, span):
        now = on_call(policies, schedule, begins)
        if held is not None and (now.person, now.layer, now.override) == (held.person, held.layer, held.override):
            continue
        if turns:
            turns[-1] = _until(turns[-1], begins)
        turns.append(Shift(schedule, now.person, Span(begins, span.end), now.because))
        held = now
    return tuple(turns)


def next_change(policies: PolicySet, schedule: str, after: datetime, until: datetime) -> datetime | None:
    """The first instant between *after* and *until* (both excluded) at which somebody else has the watch than at *after*."""
    person = on_call(policies, schedule, after).person
    start = after
    while start < until:
        end = min(start + _LOOK_AHEAD, until)
        for edge in _edges(policies, schedule, Span(start, end)):
            if edge > after and on_call(policies, schedule, edge).person != person:
                return edge
        start = end
    return None


def _until(shift: Shift, end: datetime) -> Shift:
    return Shift(shift.schedule, shift.person, Span(shift.span.start, end), shift.because)


def _edges(policies: PolicySet, schedule: str, span: Span) -> list[datetime]:
    """The start of the *span*, and every instant inside it at which the watch could change, in order."""
    if span.start >= span.end:
        return []
    overrides = [one for one in policies.overrides if one.schedule == schedule]
    # Walls may lie up to a day beside UTC, and a change of the clocks may move them by another.
    first, last = seconds(span.start), seconds(span.end)
    people = dict.fromkeys(one.person for one in overrides)
    edges: set[int] = set()
    for layer in policies.schedules[schedule].layers:
        edges.update(_layer_edges(layer, first, last))
        people.update(dict.fromkeys(layer.participants))
    edges.update(_leave_edges(policies, people))
    inside = {instant(edge) for edge in edges if first <= edge <= last}
    inside.update(_override_edges(overrides))
    return [span.start, *sorted(edge for edge in inside if span.start < edge < span.end)]


def _layer_edges(layer: Layer, first: int, last: int) -> Iterator[int]:
    rules, rotation = layer.zone.rules, layer.rotation
    start = wall_of(rotation.start)
    if rotation.unit == "hours":
        length, begins = rotation.length * HOUR, instant_of(rules, start)
        for turn in range(max(0, (first - begins) // length), (last - begins) // length + 1):
            yield begins + turn * length
    else:
        length = rotation.length * DAY
        for turn in range(max(0, (first - start) // length - 2), (last - start) // length + 3):
            yield instant_of(rules, start + turn * length)
    if layer.until is not None:
        yield instant_of(rules, wall_of(layer.until))
    for holiday in layer.holidays:
        day = day_of(holiday)
        if first // DAY - 2 <= day <= last // DAY + 2:
            yield instant_of(rules, day * DAY)
            yield instant_of(rules, (day + 1) * DAY)
    for day in range(first // DAY - 3, last // DAY + 4) if layer.hours else ():
        for window in layer.hours:
            if iso_weekday(day) in window.days:
                yield instant_of(rules, day * DAY + window.start * MINUTE)
                yield instant_of(rules, (day + (window.end <= window.start)) * DAY + window.end * MINUTE)


def _leave_edges(policies: PolicySet, people: Iterable[str]) -> Iterator[int]:
    for name in people:
        person = policies.people.get(name)
        if person is None:
            continue
        for leave in person.leave:
            yield instant_of(person.zone.rules, day_of(leave.first) * DAY)
            yield instant_of(person.zone.rules, (day_of(leave.last) + 1) * DAY)


def _override_edges(overrides: Iterable[Override]) -> Iterator[datetime]:
    for override in overrides:
        yield override.span.start
        yield override.span.end
