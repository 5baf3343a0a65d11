"""Who is on call, hour by hour: rotations, hours, holidays, leave, overrides, and the nights when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.makers import (
    a_layer,
    a_person,
    a_policy_set,
    a_rotation,
    a_schedule,
    a_span,
    an_override,
    at,
    hours,
    some_days,
    the_cast,
)
from watchbill.decide.oncall import last_day_of_leave, next_change, on_call, shifts
from watchbill.model.ownership import Person
from watchbill.model.policyset import PolicySet
from watchbill.model.schedule import Layer, OnCall, Override
from watchbill.model.times import Span

NAME = "payments-primary"


def a_bill(*layers: Layer, overrides: tuple[Override, ...] = (), people: tuple[Person, ...] = (), **more: str) -> PolicySet:
    """A policy set with one schedule that matters."""
    return a_policy_set(*the_cast(), *people, a_schedule(NAME, *layers, **more), *overrides)


def who(bill: PolicySet, when: str) -> str | None:
    """The person on call at this time."""
    return on_call(bill, NAME, at(when)).person


def found(bill: PolicySet, when: str) -> OnCall:
    """All there is to say about this time."""
    return on_call(bill, NAME, at(when))


def sheet(bill: PolicySet, start: str, end: str) -> list[tuple[str, str | None]]:
    """The shifts of a span: when each begins (UTC, day and time) and who has it."""
    return [(f"{shift.span.start:%d %H:%M}", shift.person) for shift in shifts(bill, NAME, a_span(start, end))]


# --- rotations --------------------------------------------------------------------------


def test_a_weekly_watch_passes_on_monday_at_nine():
    """
    In a weekly rotation each person has the watch from Monday 09:00 local time to the next Monday 09:00.
    """
    bill = a_bill(a_layer("ana", "bo", "cy", zone="Europe/Lisbon", rotation=a_rotation("2026-01-05 09:00", days=7)))

    assert who(bill, "2026-01-12T08:59:59Z") == "ana"
    assert who(bill, "2026-01-12T09:00:00Z") == "bo"
    assert who(bill, "2026-01-19T09:00:00Z") == "cy"
    assert who(bill, "2026-01-26T09:00:00Z") == "ana"


def test_a_weekly_handoff_keeps_its_wall_time_in_summer():
    """
    A rotation in days passes at the same wall time all year, so in summer an hour earlier in UTC.
    """
    bill = a_bill(a_layer("ana", "bo", zone="Europe/Lisbon", rotation=a_rotation("2026-01-05 09:00", days=7)))

    assert sheet(bill, "2026-06-01T12:00:00Z", "2026-06-16T00:00:00Z") == [("01 12:00", "bo"), ("08 08:00", "ana"), ("15 08:00", "bo")]


def test_nobody_has_the_watch_before_it_begins():
    """
    Before a rotation starts its layer names nobody, and says so.
    """
    bill = a_bill(a_layer("ana", "bo", rotation=a_rotation("2026-01-05 09:00")))

    before = found(bill, "2026-01-05T08:59:59Z")

    assert (before.person, before.because) == (None, "layer base has not begun")
    assert who(bill, "2026-01-05T09:00:00Z") == "ana"


def test_a_layer_ends_at_its_until():
    """
    From its local `until` on, a layer names nobody.
    """
    bill = a_bill(a_layer("ana", zone="Europe/Lisbon", until="2026-07-01 09:00"))

    assert who(bill, "2026-07-01T07:59:59Z") == "ana"
    assert found(bill, "2026-07-01T08:00:00Z").because == "layer base has ended"


def test_a_rotation_in_hours_counts_elapsed_time():
    """
    A rotation in hours passes after that much elapsed time, whatever the clocks do in between.
    """
    bill = a_bill(a_layer("ana", "bo", zone="Europe/Lisbon", rotation=a_rotation("2026-03-28 18:00", hours=12)))

    assert sheet(bill, "2026-03-28T18:00:00Z", "2026-03-29T12:00:00Z") == [("28 18:00", "ana"), ("29 06:00", "bo")]
    assert on_call(bill, NAME, at("2026-03-29T06:00:00Z")).person == "bo"


def test_an_instant_may_be_given_in_any_zone():
    """
    Who is on call follows from the instant, not from the zone it is written in.
    """
    bill = a_bill(a_layer("ana", "bo"))
    tokyo = datetime(2026, 1, 12, 18, 0, tzinfo=timezone(timedelta(hours=9)))

    assert on_call(bill, NAME, tokyo) == on_call(bill, NAME, tokyo.astimezone(UTC))
    assert on_call(bill, NAME, tokyo).person == "bo"


# --- nights of changing clocks ------------------------------------------------------------


def daily(zone: str, handoff: str) -> PolicySet:
    """Ana and bo in turn, a day each, from 1 January."""
    return a_bill(a_layer("ana", "bo", zone=zone, rotation=a_rotation(f"2026-01-01 {handoff}", days=1)))


@pytest.mark.parametrize(
    ("zone", "handoff", "span", "expected"),
    [
        # Lisbon, 29 March: 01:00 becomes 02:00. A handoff at 01:30 moves to 02:30 summer time, which is 01:30 UTC.
        (
            "Europe/Lisbon",
            "01:30",
            ("2026-03-28T12:00Z", "2026-03-30T12:00Z"),
            [("28 12:00", "ana"), ("29 01:30", "bo"), ("30 00:30", "ana")],
        ),
        # Lisbon, 25 October: 02:00 becomes 01:00. 01:30 comes twice; the first is 00:30 UTC.
        (
            "Europe/Lisbon",
            "01:30",
            ("2026-10-24T12:00Z", "2026-10-26T12:00Z"),
            [("24 12:00", "ana"), ("25 00:30", "bo"), ("26 01:30", "ana")],
        ),
        # New York, 8 March: 02:00 becomes 03:00. 02:30 moves to 03:30 summer time.
        (
            "America/New_York",
            "02:30",
            ("2026-03-07T12:00Z", "2026-03-09T12:00Z"),
            [("07 12:00", "bo"), ("08 07:30", "ana"), ("09 06:30", "bo")],
        ),
        # New York, 1 November: 02:00 becomes 01:00. The first 01:15 is in summer time.
        (
            "America/New_York",
            "01:15",
            ("2026-10-31T12:00Z", "2026-11-02T12:00Z"),
            [("31 12:00", "bo"), ("01 05:15", "ana"), ("02 06:15", "bo")],
        ),
        # Lord Howe, 4 October: 02:00 becomes 02:30, half an hour only. 02:15 moves to 02:45.
        (
            "Australia/Lord_Howe",
            "02:15",
            ("2026-10-03T00:00Z", "2026-10-04T20:00Z"),
            [("03 00:00", "bo"), ("03 15:45", "ana"), ("04 15:15", "bo")],
        ),
        # Lord Howe, 5 April: 02:00 becomes 01:30. The first 01:45 is in summer time.
        (
            "Australia/Lord_Howe",
            "01:45",
            ("2026-04-04T00:00Z", "2026-04-05T20:00Z"),
            [("04 00:00", "bo"), ("04 14:45", "ana"), ("05 15:15", "bo")],
        ),
        # Kolkata never changes.
        (
            "Asia/Kolkata",
            "01:30",
            ("2026-03-28T12:00Z", "2026-03-30T12:00Z"),
            [("28 12:00", "ana"), ("28 20:00", "bo"), ("29 20:00", "ana")],
        ),
    ],
)
def test_a_handoff_in_the_night_of_a_change_passes_once(zone, handoff, span, expected):
    """
    A handoff at a wall time that is skipped moves forward; at one that comes twice it passes at the first.
    """
    bill = daily(zone, handoff)

    assert sheet(bill, *span) == expected


def test_the_second_hour_does_not_give_the_watch_back():
    """
    When an hour comes twice, whoever took over in the first keeps the watch in the second, though the clock shows less.
    """
    bill = daily("Europe/Lisbon", "01:30")

    assert who(bill, "2026-10-25T00:29:59Z") == "ana"
    assert who(bill, "2026-10-25T00:30:00Z") == "bo"
    assert who(bill, "2026-10-25T01:00:00Z") == "bo"
    assert who(bill, "2026-10-25T01:29:00Z") == "bo"


def test_nobody_takes_over_before_a_handoff_that_moved():
    """
    While the clock already shows a later time than a skipped handoff, the watch has not passed before the moved one.
    """
    bill = daily("Europe/Lisbon", "01:30")

    assert who(bill, "2026-03-29T01:29:59Z") == "ana"
    assert who(bill, "2026-03-29T01:30:00Z") == "bo"


def test_hours_open_and_close_once_in_the_night_of_a_change():
    """
    Hours that end at a repeated time close at its first coming, and do not open again.
    """
    bill = a_bill(a_layer("ana", zone="Europe/Lisbon", hours=hours("20:00", "01:30")))

    assert sheet(bill, "2026-10-24T12:00Z", "2026-10-25T12:00Z") == [("24 12:00", None), ("24 19:00", "ana"), ("25 00:30", None)]
    assert who(bill, "2026-10-25T01:10:00Z") is None


def test_hours_may_change_at_a_midnight_that_is_skipped():
    """
    Where clocks jump at midnight, the day and its hours begin at the instant of the jump.
    """
    bill = a_bill(
        a_layer("ana", name="base", zone="America/Santiago"),
        a_layer("bo", name="sunday", zone="America/Santiago", hours=hours("00:00", "24:00", "sun")),
    )

    assert sheet(bill, "2026-09-05T12:00Z", "2026-09-07T12:00Z") == [("05 12:00", "ana"), ("06 04:00", "bo"), ("07 03:00", "ana")]


def test_hours_may_change_at_a_midnight_that_comes_close_twice():
    """
    Where clocks go back at midnight to 23:00, Sunday's hours begin only when midnight is really reached.
    """
    bill = a_bill(
        a_layer("ana", name="base", zone="America/Santiago"),
        a_layer("bo", name="sunday", zone="America/Santiago", hours=hours("00:00", "24:00", "sun")),
    )

    assert sheet(bill, "2026-04-04T12:00Z", "2026-04-06T12:00Z") == [("04 12:00", "ana"), ("05 04:00", "bo"), ("06 04:00", "ana")]


def test_a_day_begins_once_where_clocks_go_back_across_midnight():
    """
    Where 00:01 becomes 23:01 of the day before, hours and holidays of the new day begin at its first midnight and go on.
    """
    zone, start = "America/St_Johns", a_rotation("2009-01-01 00:00")
    hourly = a_bill(a_layer("ana", zone=zone, rotation=start, hours=hours("00:00", "24:00", "sun")))
    holiday = a_bill(a_layer("ana", zone=zone, rotation=start, holidays=["2009-11-01"]))

    assert sheet(hourly, "2009-11-01T00:00Z", "2009-11-03T00:00Z") == [("01 00:00", None), ("01 02:30", "ana"), ("02 03:30", None)]
    assert sheet(holiday, "2009-11-01T00:00Z", "2009-11-03T00:00Z") == [("01 00:00", "ana"), ("01 02:30", None), ("02 03:30", "ana")]
    assert who(hourly, "2009-11-01T03:00Z") == "ana"
    assert who(holiday, "2009-11-01T03:00Z") is None


def test_a_day_begins_late_where_clocks_jump_across_midnight():
    """
    Where 23:30 becomes 00:30, midnight and an end in the skipped hour move forward by that hour, into the new day.
    """
    zone, start = "America/Toronto", a_rotation("1919-01-01 00:00")
    hourly = a_bill(a_layer("ana", zone=zone, rotation=start, hours=hours("23:50", "23:45", "sat")))
    holiday = a_bill(a_layer("ana", zone=zone, rotation=start, holidays=["1919-03-31"]))

    assert sheet(hourly, "1919-03-31T00:00Z", "1919-04-01T00:00Z") == [("31 00:00", "ana"), ("31 04:45", None)]
    assert sheet(holiday, "1919-03-31T00:00Z", "1919-04-01T12:00Z") == [("31 00:00", "ana"), ("31 05:00", None), ("01 04:00", "ana")]
    assert who(hourly, "1919-03-31T04:40Z") == "ana"
    assert who(holiday, "1919-03-31T04:40Z") == "ana"


# --- layers -----------------------------------------------------------------------------


FOLLOW_THE_SUN = (
    a_layer("cy", name="base", rotation=a_rotation("2026-01-05 00:00")),
    a_layer("ana", name="lisbon", zone="Europe/Lisbon", hours=hours("09:00", "17:00", "mon-fri"), rotation=a_rotation("2026-01-05 00:00")),
    a_layer(
        "bo", name="new-york", zone="America/New_York", hours=hours("09:00", "17:00", "mon-fri"), rotation=a_rotation("2026-01-05 00:00")
    ),
)


def test_the_watch_follows_the_sun_over_a_base_layer():
    """
    Later layers overrule earlier ones during their hours; the base layer has the nights and the weekend.
    """
    bill = a_bill(*FOLLOW_THE_SUN)

    assert sheet(bill, "2026-01-09T00:00Z", "2026-01-12T10:00Z") == [
        ("09 00:00", "cy"),
        ("09 09:00", "ana"),
        ("09 14:00", "bo"),
        ("09 22:00", "cy"),
        ("12 09:00", "ana"),
    ]


def test_the_layer_that_decides_is_named():
    """
    The answer names the layer that gave the person, with the place where it stands.
    """
    bill = a_bill(*FOLLOW_THE_SUN)

    given = found(bill, "2026-01-09T15:00Z")

    assert (given.person, given.layer, given.because) == ("bo", "new-york", "layer new-york")
    assert given.place == FOLLOW_THE_SUN[2].place


def test_nobody_on_call_says_what_each_layer_lacks():
    """
    Where no layer names anybody, *because* goes through all of them in their order.
    """
    bill = a_bill(
        a_layer("ana", name="day", hours=hours("08:00", "20:00")), a_layer("bo", name="late", rotation=a_rotation("2027-01-04 09:00"))
    )

    nobody = found(bill, "2026-01-10T03:00Z")

    assert nobody.person is None
    assert nobody.layer is None
    assert nobody.because == "layer day is outside its hours; layer late has not begun"
    assert nobody.place == bill.schedules[NAME].ref.place


def test_hours_may_cross_midnight_and_belong_to_the_day_they_begin_on():
    """
    Friday's night hours go on into Saturday morning; Saturday has none of its own.
    """
    bill = a_bill(a_layer("ana", hours=hours("22:00", "06:00", "mon-fri")))

    assert who(bill, "2026-01-10T05:59:59Z") == "ana"
    assert who(bill, "2026-01-10T06:00:00Z") is None
    assert who(bill, "2026-01-10T23:00:00Z") is None
    assert who(bill, "2026-01-12T05:00:00Z") is None


# --- holidays and leave -------------------------------------------------------------------


def test_a_holiday_empties_its_layer_only():
    """
    On a holiday, a local day, its layer is empty, and the layer below has the watch.
    """
    bill = a_bill(a_layer("cy", name="base"), a_layer("ana", name="lisbon", zone="Europe/Lisbon", holidays=["2026-06-10"]))

    assert sheet(bill, "2026-06-09T12:00Z", "2026-06-11T12:00Z") == [("09 12:00", "ana"), ("09 23:00", "cy"), ("10 23:00", "ana")]


def test_a_holiday_without_another_layer_leaves_nobody():
    """
    A holiday that leaves nobody on call is told from hours that are over.
    """
    bill = a_bill(a_layer("ana", holidays=["2026-06-10"]))

    assert found(bill, "2026-06-10T12:00Z").because == "layer base is empty on a holiday"


def test_leave_gives_the_shift_to_the_next_and_everybody_else_keeps_theirs():
    """
    During bo's leave cy takes bo's turn, then has the own turn in its usual week.
    """
    bill = a_bill(a_layer("ana", "bo", "cy"), people=(a_person("bo", leave=[some_days("2026-01-12", "2026-01-20")]),))

    assert sheet(bill, "2026-01-05T09:00Z", "2026-02-09T09:00Z") == [
        ("05 09:00", "ana"),
        ("12 09:00", "cy"),
        ("26 09:00", "ana"),
        ("02 09:00", "bo"),
    ]
    assert found(bill, "2026-01-13T00:00Z").because == "layer base; bo is on leave"
    assert found(bill, "2026-01-13T00:00Z").skipped == ("bo",)
    assert found(bill, "2026-01-19T12:00Z").because == "layer base"


def test_leave_is_counted_in_the_persons_own_days():
    """
    Leave begins and ends at midnight where the person lives, not where the schedule is.
    """
    bill = a_bill(
        a_layer("ana", "bo", zone="Europe/Lisbon"),
        people=(a_person("ana", zone="Asia/Tokyo", leave=[some_days("2026-01-07")]),),
    )

    assert sheet(bill, "2026-01-06T09:00Z", "2026-01-08T09:00Z") == [("06 09:00", "ana"), ("06 15:00", "bo"), ("07 15:00", "ana")]


def test_a_layer_whose_people_are_all_on_leave_is_empty():
    """
    Where everybody of a layer is away, the layer below has the watch, and those passed over are named.
    """
    away = [some_days("2026-01-01", "2026-01-31")]
    people = (a_person("ana", leave=away), a_person("bo", leave=away))
    bill = a_bill(a_layer("cy", name="base"), a_layer("ana", "bo", name="day"), people=people)

    assert found(bill, "2026-01-06T12:00Z").because == "layer base; ana and bo are on leave"
    assert found(a_bill(a_layer("ana", "bo"), people=people), "2026-01-06T12:00Z").because == "layer base has everybody on leave"


def test_somebody_who_stands_twice_in_a_rotation_is_named_once_when_away():
    """
    A participant who has two turns of three is passed over once in words, whoever's turn it is.
    """
    bill = a_bill(a_layer("ana", "ana", "bo"), people=(a_person("ana", leave=[some_days("2026-01-01", "2026-01-31")]),))

    assert found(bill, "2026-01-06T12:00Z").skipped == ("ana",)
    assert who(bill, "2026-01-06T12:00Z") == "bo"


def test_a_participant_whose_document_is_missing_keeps_their_turn():
    """
    Somebody in the rotation whose own document did not compile is named all the same; nothing is known of their leave.
    """
    bill = a_bill(a_layer("ana", "zoe"))

    assert sheet(bill, "2026-01-05T09:00Z", "2026-01-13T09:00Z") == [("05 09:00", "ana"), ("12 09:00", "zoe")]


def test_the_last_day_of_leave_joins_what_follows_without_a_day_between():
    """
    Two entries of leave on end count as one absence; somebody who is there has no last day.
    """
    ana = a_person("ana", leave=[some_days("2026-12-28", "2027-01-03"), some_days("2026-12-21", "2026-12-27"), some_days("2027-01-05")])

    assert str(last_day_of_leave(ana, at("2026-12-22T12:00Z"))) == "2027-01-03"
    assert last_day_of_leave(ana, at("2027-01-04T12:00Z")) is None


# --- overrides --------------------------------------------------------------------------


def test_an_override_stands_above_all_layers_for_its_span():
    """
    From its start, included, to its end, excluded, the stand-in has the watch.
    """
    bill = a_bill(
        a_layer("ana"), overrides=(an_override("bo", "2026-01-06T09:00Z", "2026-01-06T17:00Z", instead_of="ana", name="bo-for-ana"),)
    )

    assert sheet(bill, "2026-01-06T00:00Z", "2026-01-07T00:00Z") == [("06 00:00", "ana"), ("06 09:00", "bo"), ("06 17:00", "ana")]
    replaced = found(bill, "2026-01-06T12:00Z")
    assert replaced.because == "override bo-for-ana in place of ana"
    assert (replaced.layer, replaced.override) == ("base", bill.overrides[0].ref)
    assert replaced.place == bill.overrides[0].ref.place


def test_an_override_for_somebody_who_is_not_on_call_changes_nothing():
    """
    An override that replaces a named person applies only while that person would be on call.
    """
    bill = a_bill(a_layer("ana", "cy"), overrides=(an_override("bo", "2026-01-05T09:00Z", "2026-01-19T09:00Z", instead_of="cy"),))

    assert sheet(bill, "2026-01-05T09:00Z", "2026-01-19T09:00Z") == [("05 09:00", "ana"), ("12 09:00", "bo")]


def test_an_override_may_fill_a_gap():
    """
    Without a named person an override stands in for whoever is on call, be it nobody.
    """
    bill = a_bill(
        a_layer("ana", hours=hours("08:00", "20:00")),
        overrides=(an_override("bo", "2026-01-06T18:00Z", "2026-01-07T08:00Z", name="night"),),
    )

    assert found(bill, "2026-01-06T19:00Z").because == "override night in place of ana"
    assert found(bill, "2026-01-06T23:00Z").because == "override night"
    assert found(bill, "2026-01-06T23:00Z").layer is None


def test_two_overrides_make_an_exchange():
    """
    Ana and bo exchange their weeks with two overrides, even where both are written over the whole fortnight.
    """
    fortnight = ("2026-01-05T09:00Z", "2026-01-19T09:00Z")
    bill = a_bill(
        a_layer("ana", "bo"),
        overrides=(
            an_override("bo", *fortnight, instead_of="ana", name="x-1"),
            an_override("ana", *fortnight, instead_of="bo", name="x-2"),
        ),
    )

    assert sheet(bill, *fortnight) == [("05 09:00", "bo"), ("12 09:00", "ana")]


def test_of_several_overrides_the_one_that_begins_last_applies():
    """
    Where two overrides stand in for the same person, the one that begins later has the watch, then the later name.
    """
    bill = a_bill(
        a_layer("ana"),
        overrides=(
            an_override("cy", "2026-01-06T12:00Z", "2026-01-06T14:00Z", instead_of="ana", name="a"),
            an_override("bo", "2026-01-06T09:00Z", "2026-01-06T17:00Z", instead_of="ana", name="z"),
            an_override("dan", "2026-01-06T12:00Z", "2026-01-06T13:00Z", name="b"),
        ),
    )

    assert sheet(bill, "2026-01-06T09:00Z", "2026-01-06T17:00Z") == [
        ("06 09:00", "bo"),
        ("06 12:00", "dan"),
        ("06 13:00", "cy"),
        ("06 14:00", "bo"),
    ]


def test_a_stand_in_may_be_relieved_by_name():
    """
    Bo, who stands in for ana this week, can be replaced for an evening by an override that names bo.
    """
    bill = a_bill(
        a_layer("ana"),
        overrides=(
            an_override("bo", "2026-01-05T09:00Z", "2026-01-12T09:00Z", instead_of="ana"),
            an_override("cy", "2026-01-07T18:00Z", "2026-01-07T22:00Z", instead_of="bo", name="evening"),
        ),
    )

    assert found(bill, "2026-01-07T19:00Z").person == "cy"
    assert found(bill, "2026-01-07T19:00Z").because == "override evening in place of bo"
    assert who(bill, "2026-01-07T22:00Z") == "bo"


def test_an_override_whose_stand_in_is_on_leave_does_not_apply():
    """
    A stand-in who is on leave does not take the watch; it stays where it was, and the answer says why.
    """
    bill = a_bill(
        a_layer("ana"),
        overrides=(an_override("bo", "2026-01-05T09:00Z", "2026-01-09T09:00Z", name="cover"),),
        people=(a_person("bo", leave=[some_days("2026-01-07")]),),
    )

    assert found(bill, "2026-01-07T12:00Z").person == "ana"
    assert found(bill, "2026-01-07T12:00Z").because == "layer base; override cover does not apply: bo is on leave"
    assert sheet(bill, "2026-01-06T00:00Z", "2026-01-10T00:00Z") == [
        ("06 00:00", "bo"),
        ("07 00:00", "ana"),
        ("08 00:00", "bo"),
        ("09 09:00", "ana"),
    ]


def test_an_override_of_another_schedule_changes_nothing():
    """
    Overrides apply to the schedule they name.
    """
    bill = a_bill(a_layer("ana"), overrides=(an_override("bo", "2026-01-05T09:00Z", "2026-01-09T09:00Z", schedule="platform-primary"),))

    assert sheet(bill, "2026-01-05T09:00Z", "2026-01-12T09:00Z") == [("05 09:00", "ana")]


# --- shifts and changes -------------------------------------------------------------------


def test_turns_of_one_person_on_end_are_one_shift():
    """
    A rotation of one person is one unbroken shift, not one for each handoff.
    """
    bill = a_bill(a_layer("ana"))

    (shift,) = shifts(bill, NAME, a_span("2026-02-01T00:00Z", "2026-04-01T00:00Z"))

    assert (shift.schedule, shift.person, shift.because) == (NAME, "ana", "layer base")
    assert shift.span == a_span("2026-02-01T00:00Z", "2026-04-01T00:00Z")


@pytest.mark.parametrize(
    ("zone", "handoff"),
    [("America/New_York", "2026-01-12T14:00Z"), ("Pacific/Kiritimati", "2026-01-11T19:00Z"), ("UTC", "2026-01-12T09:00Z")],
)
@pytest.mark.parametrize("hours_away", [1, 20])
def test_a_handoff_near_either_end_of_the_span_is_found(zone, handoff, hours_away):
    """
    However far a zone is from UTC, a handoff soon after the start of a span and one shortly before its end are in it.
    """
    bill = a_bill(a_layer("ana", "bo", zone=zone, rotation=a_rotation("2026-01-05 09:00")))
    passes, away = at(handoff), timedelta(hours=hours_away)

    for span in (Span(passes - away, passes + timedelta(days=3)), Span(passes - timedelta(days=3), passes + timedelta(hours=1))):
        assert [(turn.span.start, turn.person) for turn in shifts(bill, NAME, span)] == [(span.start, "ana"), (passes, "bo")]


def test_a_gap_is_one_shift_of_nobody_whatever_causes_it():
    """
    A weekend with a holiday in it is one gap from Friday evening to Monday morning.
    """
    bill = a_bill(a_layer("ana", hours=hours("08:00", "20:00", "mon-fri"), holidays=["2026-01-11"]))

    assert sheet(bill, "2026-01-09T12:00Z", "2026-01-12T12:00Z") == [("09 12:00", "ana"), ("09 20:00", None), ("12 08:00", "ana")]


def test_an_empty_span_has_no_shifts():
    """
    A span that ends where it begins has no shifts in it.
    """
    bill = a_bill(a_layer("ana"))

    assert shifts(bill, NAME, a_span("2026-02-01T00:00Z", "2026-02-01T00:00Z")) == ()


def test_the_next_change_is_the_next_person():
    """
    The next change is when somebody else takes over, not the next handoff of a person to themselves.
    """
    bill = a_bill(a_layer("ana", "ana", "bo"))

    assert next_change(bill, NAME, at("2026-01-06T00:00Z"), at("2027-01-01T00:00Z")) == at("2026-01-19T09:00Z")
    assert next_change(bill, NAME, at("2026-01-19T09:00Z"), at("2027-01-01T00:00Z")) == at("2026-01-26T09:00Z")


def test_there_is_no_change_before_until():
    """
    A change at *until* or after is not looked for.
    """
    bill = a_bill(a_layer("ana", "bo"))

    assert next_change(bill, NAME, at("2026-01-06T00:00Z"), at("2026-01-12T09:00Z")) is None
    assert next_change(bill, NAME, at("2026-01-06T00:00Z"), at("2026-01-12T09:00:01Z")) == at("2026-01-12T09:00Z")
