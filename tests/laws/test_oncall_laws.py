"""What holds for every schedule, every instant and every zone, and above all in the nights when clocks change.

`by_hand` is a second, slow reading of the rules: it goes from handoff to handoff with the zone's own conversion
and knows no shortcut. The product must agree with it everywhere.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.makers import a_layer, a_person, a_policy_set, a_schedule, a_zone, an_override, at, hours
from watchbill.decide.oncall import next_change, on_call, shifts
from watchbill.model.ownership import Person
from watchbill.model.policyset import PolicySet
from watchbill.model.schedule import Layer, Override, Rotation
from watchbill.model.times import Days, Hours, Span, Zone

NAME = "payments-primary"
PEOPLE = ("ana", "bo", "cy", "dan")
ZONES = (
    *("Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "America/Nuuk"),
    *("Asia/Kolkata", "UTC", "Pacific/Kiritimati"),
)
CHANGES = tuple(
    at(f"2026-{change}Z")
    for change in (
        *("03-29T01:00", "10-25T01:00", "03-08T07:00", "11-01T06:00", "10-03T15:30", "04-04T15:00"),
        *("04-05T03:00", "09-06T04:00", "03-29T01:00", "10-25T01:00"),
    )
)
"""The instants in 2026 at which clocks change in the zones above."""

minutes = st.sampled_from([0, 30, 60, 75, 90, 105, 120, 135, 150, 180, 9 * 60, 17 * 60, 22 * 60, 23 * 60, 23 * 60 + 30])
instants = st.builds(
    lambda change, offset: change + timedelta(minutes=offset),
    st.sampled_from(CHANGES),
    st.integers(-5 * 24 * 60, 5 * 24 * 60) | st.integers(-180, 180),
)
days = st.dates(date(2026, 3, 1), date(2026, 4, 10)) | st.dates(date(2026, 9, 1), date(2026, 11, 5))
zones = st.sampled_from(ZONES)


@st.composite
def rotations(draw: st.DrawFn) -> Rotation:
    """Rotations that mostly began before, in days or in hours, with handoffs in the small hours too."""
    start = datetime.combine(draw(st.dates(date(2025, 12, 1), date(2026, 4, 1))), time()) + timedelta(minutes=draw(minutes))
    if draw(st.booleans()):
        return Rotation(start, "days", draw(st.sampled_from([1, 2, 7, 14])))
    return Rotation(start, "hours", draw(st.sampled_from([1, 8, 12, 168])))


@st.composite
def windows(draw: st.DrawFn) -> Hours:
    """Daily hours that may cross midnight, on some weekdays."""
    weekdays = tuple(sorted(draw(st.sets(st.integers(1, 7), min_size=1))))
    return Hours(weekdays, draw(minutes), draw(minutes | st.just(24 * 60)))


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """Layers of one to three people with everything a layer may have."""
    layer = a_layer(
        *draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3)),
        name=draw(st.sampled_from(["base", "day", "night"])),
        zone=draw(zones),
        rotation=draw(rotations()),
        hours=draw(st.lists(windows(), max_size=2)),
    )
    ends = draw(st.none() | st.builds(lambda day, minute: datetime.combine(day, time()) + timedelta(minutes=minute), days, minutes))
    return replace(layer, until=ends, holidays=frozenset(draw(st.sets(days, max_size=3))))


@st.composite
def people(draw: st.DrawFn) -> Person:
    """One of the four, perhaps with some days of leave."""
    leave = draw(st.lists(st.builds(lambda first, more: Days(first, first + timedelta(days=more)), days, st.integers(0, 9)), max_size=2))
    return a_person(draw(st.sampled_from(PEOPLE)), zone=draw(zones), leave=leave)


@st.composite
def overrides(draw: st.DrawFn) -> Override:
    """One of the four stands in for some hours around a change of clocks."""
    start = draw(instants)
    end = start + timedelta(minutes=draw(st.integers(1, 5000)))
    override = an_override(draw(st.sampled_from(PEOPLE)), start.isoformat(), end.isoformat(), name=draw(st.sampled_from("pqrstuvw")))
    return replace(override, instead_of=draw(st.none() | st.sampled_from(PEOPLE)))


def a_bill(rows: list[Layer], who: list[Person], stand_ins: list[Override]) -> PolicySet:
    """A policy set of one schedule."""
    everybody = [a_person(name) for name in PEOPLE]
    return a_policy_set(*everybody, *who, a_schedule(NAME, *rows), *stand_ins)


bills = st.builds(a_bill, st.lists(layers(), min_size=1, max_size=3), st.lists(people(), max_size=3), st.lists(overrides(), max_size=3))


# --- a second reading ---------------------------------------------------------------------


def begins(zone: Zone, day: date, minute: int = 0) -> datetime:
    """The instant of so many minutes after a local midnight, as wall time."""
    return zone.instant(datetime.combine(day, time()) + timedelta(minutes=minute))


def is_day(zone: Zone, day: date, now: datetime) -> bool:
    """Whether *now* lies in this local day."""
    return begins(zone, day) <= now < begins(zone, day + timedelta(days=1))


def is_away(person: Person, now: datetime) -> bool:
    """Whether any day of leave holds *now*."""
    return any(
        is_day(person.zone, leave.first + timedelta(days=n), now)
        for leave in person.leave
        for n in range((leave.last - leave.first).days + 1)
    )


def is_open(layer: Layer, now: datetime) -> bool:
    """Whether any window that begins on a day near *now* holds it."""
    near = [layer.zone.local(now).date() + timedelta(days=n) for n in range(-3, 4)]
    return not layer.hours or any(
        begins(layer.zone, day, window.start) <= now < begins(layer.zone, day + timedelta(days=window.end <= window.start), window.end)
        for window in layer.hours
        for day in near
        if day.isoweekday() in window.days
    )


def turn_by_hand(layer: Layer, now: datetime) -> int:
    """How many handoffs have passed, counted one by one; -1 before the first."""
    turn, rotation = -1, layer.rotation
    while True:
        if rotation.unit == "days":
            handoff = layer.zone.instant(rotation.start + timedelta(days=rotation.length * (turn + 1)))
        else:
            handoff = layer.zone.instant(rotation.start) + timedelta(hours=rotation.length * (turn + 1))
        if handoff > now:
            return turn
        turn += 1


def layers_by_hand(bill: PolicySet, now: datetime) -> str | None:
    """Who is on call by the layers alone."""
    answer = None
    for layer in bill.schedules[NAME].layers:
        turn = turn_by_hand(layer, now)
        over = layer.until is not None and layer.zone.instant(layer.until) <= now
        if turn < 0 or over or not is_open(layer, now) or any(is_day(layer.zone, day, now) for day in layer.holidays):
            continue
        order = [layer.participants[(turn + n) % len(layer.participants)] for n in range(len(layer.participants))]
        answer = next((name for name in order if not is_away(bill.people[name], now)), answer)
    return answer


# --- laws -----------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(bills, instants)
def test_the_arithmetic_agrees_with_counting_by_hand(bill, now):
    """
    At every instant the layers give whom one finds by going from handoff to handoff.
    """
    assert on_call(replace(bill, overrides=()), NAME, now).person == layers_by_hand(bill, now)


@settings(max_examples=60, deadline=None)
@given(bills, instants, st.lists(st.integers(0, 10 * 24 * 60), min_size=1, max_size=30))
def test_shifts_tile_the_span_and_agree_with_on_call(bill, start, offsets):
    """
    Shifts follow one another without hole or overlap, and at every instant name whoever is on call then.
    """
    span = Span(start, start + timedelta(days=10))
    turns = shifts(bill, NAME, span)

    edges = [turn.span.start for turn in turns] + [span.end]
    assert edges[0] == span.start
    assert [turn.span.end for turn in turns] == edges[1:]
    assert all(turn.span.start < turn.span.end for turn in turns)
    near = [edge + timedelta(seconds=n) for edge in edges for n in (-1, 0, 1)]
    for now in [start + timedelta(minutes=offset) for offset in offsets] + near:
        if now in span:
            (turn,) = (turn for turn in turns if now in turn.span)
            assert turn.person == on_call(bill, NAME, now).person


@settings(max_examples=40, deadline=None)
@given(bills, instants)
def test_the_next_change_is_where_the_person_of_the_shifts_changes(bill, after):
    """
    The next change is the start of the first shift that has another person, and none if there is no such shift.
    """
    until = after + timedelta(days=20)
    turns = shifts(bill, NAME, Span(after, until))

    expected = next((turn.span.start for turn in turns if turn.person != turns[0].person), None)
    assert next_change(bill, NAME, after, until) == expected


@settings(max_examples=100, deadline=None)
@given(rotations(), zones, st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4), instants)
@example(Rotation(datetime(2026, 1, 1, 1, 30), "days", 1), "Europe/Lisbon", ["ana", "bo"], at("2026-03-29T01:15Z"))
def test_a_base_layer_without_hours_always_has_somebody(rotation, zone, names, now):
    """
    From its start on, a layer with no hours, no holidays and nobody on leave has somebody at every instant.
    """
    bill = a_bill([a_layer(*names, zone=zone, rotation=rotation)], [], [])
    begun = a_zone(zone).instant(rotation.start) <= now

    assert (on_call(bill, NAME, now).person is not None) == begun


@settings(max_examples=80, deadline=None)
@given(bills, overrides(), instants)
def test_an_override_changes_nothing_outside_its_span(bill, override, now):
    """
    Who is on call, and why, is the same with and without an override at every instant that it does not cover.
    """
    more = replace(bill, overrides=(*bill.overrides, override))

    for instant in (now, override.span.start - timedelta(seconds=1), override.span.end):
        if instant not in override.span:
            assert on_call(more, NAME, instant) == on_call(bill, NAME, instant)


@settings(max_examples=80, deadline=None)
@given(st.lists(layers(), min_size=1, max_size=3), people(), instants)
def test_leave_takes_from_whoever_is_away_only(rows, away, now):
    """
    Somebody's leave changes the watch only where that person would have had it, and never gives it to them.
    """
    there = a_bill(rows, [replace(away, leave=())], [])
    gone = a_bill(rows, [away], [])

    before, after = on_call(there, NAME, now).person, on_call(gone, NAME, now).person
    if is_away(away, now):
        assert after != away.name
        assert after == before or before == away.name
    else:
        assert after == before


@settings(max_examples=60, deadline=None)
@given(zones, st.sampled_from([1, 7]), minutes, instants)
def test_every_participant_takes_over_at_the_same_wall_time(zone, length, minute, start):
    """
    Every handoff of a rotation in days is at the instant its wall time means there, and none is left out.
    """
    place = a_zone(zone)
    rotation = Rotation(datetime(2026, 1, 1) + timedelta(minutes=minute), "days", length)
    bill = a_bill([a_layer("ana", "bo", zone=zone, rotation=rotation)], [], [])

    passed = [turn.span.start for turn in shifts(bill, NAME, Span(start, start + timedelta(days=20)))[1:]]
    for handoff in passed:
        today = place.local(handoff).date()
        walls = [datetime.combine(today - timedelta(days=n), rotation.start.time()) for n in (0, 1)]
        assert handoff in [place.instant(wall) for wall in walls]
    assert all(abs(later - earlier - timedelta(days=length)) <= timedelta(hours=1) for earlier, later in pairwise(passed))


@given(instants)
def test_hours_that_share_an_edge_share_no_instant(now):
    """
    Of two layers whose hours meet, exactly one is open at every instant, also when the hour in which they meet comes twice or never.
    """
    for zone in ZONES:
        for edge in ("00:00", "01:30", "02:15", "02:30", "23:30"):
            night = a_layer("ana", zone=zone, hours=hours("12:00", edge))
            day = a_layer("bo", zone=zone, hours=hours(edge, "12:00"))
            open_now = [on_call(a_bill([layer], [], []), NAME, now).person for layer in (night, day)]
            assert sum(person is not None for person in open_now) == 1, (zone, edge, now.astimezone(UTC))
