"""Who is on call, for a terminal, for programs and for calendars."""

from __future__ import annotations

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.report.makers import AT, after
from watchbill.model.schedule import Shift
from watchbill.model.times import Span
from watchbill.report.oncall_ics import turns_ics
from watchbill.report.oncall_json import turns_json, watches_json
from watchbill.report.oncall_text import turns_text, watches_text
from watchbill.report.watches import Turns, Watch, WatchPerson

LISBON = ZoneInfo("Europe/Lisbon")


def a_watcher(name: str = "ana", duty: str = "", minutes: float | None = 348) -> WatchPerson:
    """Somebody on call until nine."""
    until = None if minutes is None else after(minutes)
    return WatchPerson(name, name.capitalize(), until, AT.astimezone(LISBON), "Europe/Lisbon", "layer base", duty)


PRIMARY = Watch("schedule/payments-primary", (a_watcher(),))
DESK = Watch("schedule/desk", (), ("layer office is outside its hours",), after(288))
TEAM = Watch("team/payments", (a_watcher("ana", "primary"), a_watcher("cy", "lead", None)), ("secondary: bo has no contact",))


def some_turns(gaps_allowed: str | None = None) -> Turns:
    """Ana until nine, nobody until noon, bo until the next day."""
    turns = (("ana", 0, 348), (None, 348, 528), ("bo", 528, 1440))
    shifts = tuple(Shift("desk", who, Span(after(start), after(end)), "layer base") for who, start, end in turns)
    return Turns("desk", Span(AT, after(1440)), shifts, gaps_allowed)


def test_schedules_stand_in_one_table():
    """
    Who is on call, until when, what time it is there and why; a gap with its end and its reason.
    """
    assert watches_text((PRIMARY, DESK), AT).splitlines() == [
        "on call at 2026-11-23 03:12 UTC",
        "",
        "  payments-primary  ana     until 09:00  03:12 in Lisbon  layer base",
        "  desk              nobody  until 08:00",
        "      layer office is outside its hours",
    ]


def test_a_team_stands_by_its_roles():
    """
    A team answers with everybody who has a role, and with whom it has not.
    """
    assert watches_text((TEAM,), AT).splitlines()[2:] == [
        "team/payments",
        "  primary  ana  until 09:00      03:12 in Lisbon  layer base",
        "  lead     cy   no end in sight  03:12 in Lisbon  layer base",
        "      secondary: bo has no contact",
    ]


def test_nobody_at_all_is_said():
    """
    A team of which nobody can be reached says so.
    """
    assert "  nobody\n" in watches_text((Watch("team/empty", ()),), AT)


def test_turns_are_a_table_with_its_gaps():
    """
    Each turn is a row with how long it is; for how long nobody is on call stands below.
    """
    assert turns_text((some_turns(),)).splitlines() == [
        "desk  2026-11-23 03:12 UTC to 2026-11-24 03:12 UTC",
        "  Mon 2026-11-23 03:12  to 09:00                 ana     5h48m   layer base",
        "  Mon 2026-11-23 09:00  to 12:00                 nobody  3h      layer base",
        "  Mon 2026-11-23 12:00  to Tue 2026-11-24 03:12  bo      15h12m  layer base",
        "  nobody is on call for 3h of this time",
    ]


def test_a_gap_that_is_meant_says_so():
    """
    A gap that somebody wants carries their reason.
    """
    assert "nobody is on call for 3h of this time; that is meant: office hours only" in turns_text((some_turns("office hours only"),))


@pytest.mark.parametrize("width", [40, 60])
def test_a_narrow_window_loses_nothing(width):
    """
    In a narrow window the same is said on more lines.
    """
    wide = watches_text((PRIMARY, DESK, TEAM), AT, width=100) + turns_text((some_turns(),), width=100)
    narrow = watches_text((PRIMARY, DESK, TEAM), AT, width=width) + turns_text((some_turns(),), width=width)

    assert sorted(narrow.replace("·", " ").split()) == sorted(wide.split())
    assert max(map(len, narrow.splitlines())) <= width


def test_watches_as_data():
    """
    As JSON, times are UTC with a Z, and whoever has no end in sight has null.
    """
    document = json.loads(json.dumps(watches_json((TEAM, DESK), AT)))

    assert (document["kind"], document["at"]) == ("OnCall", "2026-11-23T03:12:00Z")
    assert [person["until"] for person in document["items"][0]["people"]] == ["2026-11-23T09:00:00Z", None]
    assert document["items"][1] == {
        "what": "schedule/desk",
        "people": [],
        "known": True,
        "gap_until": "2026-11-23T08:00:00Z",
        "notes": ["layer office is outside its hours"],
    }


def test_turns_as_data():
    """
    As JSON, a turn of nobody has the person null.
    """
    document = json.loads(json.dumps(turns_json((some_turns(),))))

    assert [shift["person"] for shift in document["items"][0]["shifts"]] == ["ana", None, "bo"]
    assert document["items"][0]["shifts"][1]["to"] == "2026-11-23T12:00:00Z"


def test_turns_as_a_calendar():
    """
    A calendar has an event for each turn of a person, with the same identity however often it is made, and none for a gap.
    """
    icalendar = pytest.importorskip("icalendar")
    text = turns_ics((some_turns(),), AT)
    events = icalendar.Calendar.from_ical(text).walk("VEVENT")

    assert [str(event["SUMMARY"]) for event in events] == ["ana on call (desk)", "bo on call (desk)"]
    assert events[1].decoded("DTEND") - events[1].decoded("DTSTART") == timedelta(hours=15, minutes=12)
    assert [str(event["UID"]) for event in events] == ["desk-2026-11-23T03:12:00Z@watchbill", "desk-2026-11-23T12:00:00Z@watchbill"]
    assert text == turns_ics((some_turns(),), AT)
