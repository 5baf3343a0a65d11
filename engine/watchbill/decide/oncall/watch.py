"""Who has the watch at one instant, and why.

Layers are asked from the last to the first, and the first that names somebody decides; overrides stand above them all.
A layer names the participant whose turn it is, or, where that one is on leave, the next who is not: everybody
else keeps their own turns.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from watchbill.decide.oncall.localtime import DAY, HOUR, LocalTime, date_of, instant_of, local_time, seconds, wall_of
from watchbill.model.ownership import Person
from watchbill.model.policyset import PolicySet
from watchbill.model.schedule import Layer, OnCall, Override, Schedule


def on_call(policies: PolicySet, schedule: str, at: datetime) -> OnCall:
    """Who has the watch on this *schedule*, and why.

    An override that replaces a named person needs them to be on call, by the layers or by an override that
    began before it. Of several that apply, the one that begins last counts, then the later name. One whose stand-in is on leave
    does not apply, and *because* says so.
    """
    bill = policies.schedules[schedule]
    base = _by_layers(policies, bill, seconds(at))
    standing = [one for one in policies.overrides if one.schedule == schedule and one.span.start <= at < one.span.end]
    return _overridden(policies, base, standing, at) if standing else base


def last_day_of_leave(person: Person, at: datetime) -> date | None:
    """The last of the days on end that this *person* is away, or None for somebody who is not on leave.

    Days are those of the person's own zone. Leave that follows without a day between counts as one.
    """
    if not is_on_leave(person, seconds(at)):
        return None
    day = date_of(local_time(person.zone, seconds(at)).day())
    for leave in sorted(person.leave, key=lambda leave: (leave.first, leave.last)):
        if leave.first <= day <= leave.last:
            day = leave.last
        elif leave.first == day + timedelta(days=1):
            day = max(day, leave.last)
    return day


def is_on_leave(person: Person | None, now: int) -> bool:
    """Whether it is a day of leave where this *person* is. Somebody unknown is not known to be away."""
    if person is None or not person.leave:
        return False
    day = date_of(local_time(person.zone, now).day())
    return any(leave.first <= day <= leave.last for leave in person.leave)


# --- layers -----------------------------------------------------------------------------


class _Seat(NamedTuple):
    """What one layer says: a person, or why nobody; and who was passed over because of leave."""

    person: str | None
    empty: str = ""
    skipped: tuple[str, ...] = ()


_NOT_BEGUN = _Seat(None, "has not begun")
_ENDED = _Seat(None, "has ended")
_HOLIDAY = _Seat(None, "is empty on a holiday")
_OUT_OF_HOURS = _Seat(None, "is outside its hours")


def _by_layers(policies: PolicySet, bill: Schedule, now: int) -> OnCall:
    empty: list[str] = []
    skipped: tuple[str, ...] = ()
    for layer in reversed(bill.layers):
        seat = _seat(policies, layer, now)
        if seat.skipped:
            skipped += tuple(name for name in seat.skipped if name not in skipped)
        if seat.person is not None:
            because = f"layer {layer.name}" + _away(skipped)
            return OnCall(bill.name, seat.person, because, layer.place, layer.name, None, skipped)
        empty.append(f"layer {layer.name} {seat.empty}")
    return OnCall(bill.name, None, "; ".join(reversed(empty)) or "there is no layer", bill.ref.place, skipped=skipped)


def _away(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    return f"; {' and '.join(names)} {'are' if len(names) > 1 else 'is'} on leave"


def _seat(policies: PolicySet, layer: Layer, now: int) -> _Seat:
    local = local_time(layer.zone, now)
    turn = _turn(layer, local)
    if turn < 0:
        return _NOT_BEGUN
    if layer.until is not None and local.instant(wall_of(layer.until)) <= now:
        return _ENDED
    if layer.hours and not any(local.is_within(window) for window in layer.hours):
        return _OUT_OF_HOURS
    if layer.holidays and date_of(local.day()) in layer.holidays:
        return _HOLIDAY
    people, participants = policies.people, layer.participants
    skipped: tuple[str, ...] = ()
    for turns_on in range(len(participants)):
        name = participants[(turn + turns_on) % len(participants)]
        if not is_on_leave(people.get(name), now):
            return _Seat(name, "", skipped)
        if name not in skipped:
            skipped += (name,)
    return _Seat(None, "has everybody on leave", skipped)


def _turn(layer: Layer, local: LocalTime) -> int:
    """The number of the turn at this time, from 0; negative before the rotation starts."""
    rotation = layer.rotation
    start = wall_of(rotation.start)
    if rotation.unit == "hours":
        return (local.now - instant_of(local.rules, start)) // (rotation.length * HOUR)
    length = rotation.length * DAY
    turn = (local.wall - start) // length
    # A handoff that is skipped or repeated does not pass when the clock shows it, but at the one instant it means.
    if local.calm is None:
        if local.instant(start + (turn + 1) * length) <= local.now:
            return turn + 1
        if local.instant(start + turn * length) > local.now:
            return turn - 1
    return turn


# --- overrides --------------------------------------------------------------------------


def _overridden(policies: PolicySet, base: OnCall, standing: list[Override], at: datetime) -> OnCall:
    """What the *standing* overrides make of the layers' answer."""
    result = base
    remarks: list[str] = []
    # Who may be replaced, each with when they took over; those of the layers were there before any override.
    holders: list[tuple[str | None, datetime | None]] = [(base.person, None)]
    for override in sorted(standing, key=lambda one: (one.span.start, one.ref.name)):
        begins = override.span.start
        if override.instead_of is not None and not any(
            override.instead_of == name and (since is None or since < begins) for name, since in holders
        ):
            continue
        if is_on_leave(policies.people.get(override.person), seconds(at)):
            remarks.append(f"override {override.ref.name} does not apply: {override.person} is on leave")
            continue
        replaced = override.instead_of or base.person
        because = f"override {override.ref.name}" + (f" in place of {replaced}" if replaced not in (None, override.person) else "")
        result = replace(base, person=override.person, because=because, place=override.ref.place, override=override.ref)
        holders.append((override.person, begins))
    return replace(result, because="; ".join((result.because, *remarks))) if remarks else result
