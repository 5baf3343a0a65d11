"""Stories of quiet hours: what waits for the morning, what never waits, and who is left alone; on virtual time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.makers import (
    Document,
    a_comms,
    a_layer,
    a_person,
    a_recurrence,
    a_review,
    a_schedule,
    a_shop,
    a_team,
    a_use,
    an_alert,
    an_audience,
    an_escalation,
    at,
    hours,
)
from tests.watch import Watch

NIGHT = hours("23:00", "07:00")
TEXTS = {"triggered": "disturbed", "unchanged": "no change", "mitigated": "works again", "resolved": "it is over"}


def a_watch(now: str, *documents: Document, zone: str = "UTC", liaison: str = "role/customer-liaison", **comms: Any) -> Watch:
    """Customers have quiet hours from 23:00 to 07:00; eve is their liaison. It is *now*."""
    channel = a_use("statuspage.post", body="{{ body }}")
    quiet = a_recurrence(NIGHT, zone=zone)
    team = a_team("engineering", members=["eve"], roles={"customer-liaison": "person/eve", "lead": "person/eve"})
    audience = an_audience("customers", channel, liaison=liaison, quiet_hours=quiet)
    return Watch(a_shop(an_escalation(), team, audience, a_comms(messages=TEXTS, **comms), *documents), now=at(now))


def left(watch: Watch) -> list[tuple[str, str]]:
    """When an update left, and what it said."""
    return [(f"{moment:%H:%M}", step.text) for moment, step in watch.started if step.kind == "update"]


def begins(watch: Watch) -> None:
    """An alert fires, now."""
    watch.receives(an_alert(starts_at=watch.now))


def test_an_update_of_the_night_leaves_in_the_morning() -> None:
    """
    What falls due within quiet hours is due when these end, and its note says so.
    """
    watch = a_watch("2026-11-23T03:00:00Z", cadence=None)
    begins(watch)
    waiting = watch.step("update")
    watch.passes(minutes=300)

    assert (waiting.due_at, waiting.note) == (at("2026-11-23T07:00:00Z"), "waits until 07:00 UTC, quiet hours")
    assert left(watch) == [("07:00", "disturbed")]
    assert watch.step("update").note == waiting.note


def test_the_note_says_the_hour_and_the_city_of_the_quiet_hours() -> None:
    """
    The end of quiet hours is said as their own clocks show it.
    """
    watch = a_watch("2026-11-23T03:00:00Z", zone="America/New_York")
    begins(watch)
    early = a_watch("2026-11-23T05:00:00Z", zone="America/New_York")
    begins(early)

    assert watch.step("update").note == ""
    assert early.step("update").note == "waits until 07:00 New York, quiet hours"
    assert early.step("update").due_at == at("2026-11-23T12:00:00Z")


def test_the_day_is_said_where_it_is_not_the_next_morning() -> None:
    """
    Quiet hours that last over a weekend say on which day they end.
    """
    weekend = an_audience(
        "customers", a_use("statuspage.post"), quiet_hours=a_recurrence(*(hours("00:00", "24:00", day) for day in ("sat", "sun")))
    )
    watch = Watch(a_shop(an_escalation(), weekend, a_comms(messages=TEXTS)), now=at("2026-11-21T12:00:00Z"))
    begins(watch)

    assert watch.step("update").note == "waits until Mon 00:00 UTC, quiet hours"


def test_pages_never_wait_for_quiet_hours() -> None:
    """
    While the update waits, people are paged as ever.
    """
    asleep = a_person("bo", quiet_hours=a_recurrence(hours("00:00", "24:00")))
    watch = a_watch("2026-11-23T03:00:00Z", asleep)
    begins(watch)

    assert watch.paged == [("03:00", "bo")]


def test_the_cadence_goes_on_from_when_it_left() -> None:
    """
    After an update that waited, the next one is due one cadence later, not at the times of the night.
    """
    watch = a_watch("2026-11-23T03:00:00Z", cadence=timedelta(minutes=30))
    begins(watch)
    watch.passes(minutes=301)

    assert left(watch) == [("07:00", "disturbed"), ("07:30", "no change"), ("08:00", "no change")]


def test_the_cadence_rests_in_the_night() -> None:
    """
    Of the updates that would have left during quiet hours, one leaves when these end.
    """
    watch = a_watch("2026-11-23T22:20:00Z", cadence=timedelta(minutes=30))
    begins(watch)
    watch.passes(minutes=9 * 60 + 15)

    assert left(watch) == [("22:35", "disturbed"), ("07:00", "no change"), ("07:30", "no change")]


def test_a_newer_status_takes_the_place_of_what_waits() -> None:
    """
    Of two changes of status in the night, the audience hears in the morning of the newer one only.
    """
    watch = a_watch("2026-11-23T22:30:00Z")
    begins(watch)
    watch.passes(minutes=60)
    watch.mitigates()
    watch.passes(minutes=60)
    watch.resolves()
    watch.passes(minutes=12 * 60)

    assert left(watch) == [("22:45", "disturbed"), ("07:00", "it is over")]
    assert watch.last.wake_at is None


def test_what_began_and_ended_in_the_night_is_not_told() -> None:
    """
    An audience that was told nothing hears no resolution in the morning.
    """
    watch = a_watch("2026-11-23T01:00:00Z")
    begins(watch)
    watch.passes(minutes=60)
    watch.resolves()
    watch.passes(minutes=12 * 60)

    assert left(watch) == []
    assert watch.step("update").state == "withdrawn"


def test_a_review_is_asked_for_in_the_morning() -> None:
    """
    Nobody is woken to read what will not leave before the morning.
    """
    watch = a_watch("2026-11-23T03:00:00Z", review=a_review(), cadence=None)
    begins(watch)
    watch.passes(minutes=239)
    asked_at_night = watch.steps("review")
    watch.passes(minutes=21)

    assert asked_at_night == []
    assert [f"{moment:%H:%M}" for moment, step in watch.started if step.kind == "review"] == ["07:00"]
    assert left(watch) == [("07:10", "disturbed")]


def test_what_was_reviewed_before_the_night_is_not_reviewed_again() -> None:
    """
    A yes that comes after quiet hours have begun sends the update when they end.
    """
    watch = a_watch("2026-11-23T22:40:00Z", review=a_review(), cadence=timedelta(minutes=30))
    begins(watch)
    watch.passes(minutes=22)
    watch.approves(watch.step("update"), "eve")
    answer, waiting = watch.answer, watch.step("update")
    watch.passes(minutes=8 * 60)

    assert answer == (True, "reviewed by eve")
    assert (waiting.state, waiting.note) == ("planned", "reviewed by eve; waits until 07:00 UTC, quiet hours")
    assert left(watch) == [("07:00", "disturbed")]
    assert len(watch.steps("review")) == 1


def test_a_late_yes_and_the_next_update_leave_as_one() -> None:
    """
    Where a held update is let go in the night, the one that would follow by morning is one with it.
    """
    watch = a_watch("2026-11-23T22:30:00Z", review=a_review(hold=True), cadence=timedelta(minutes=30))
    begins(watch)
    watch.passes(minutes=60)
    watch.approves(watch.step("update"), "eve")
    watch.passes(minutes=8 * 60 - 5)

    assert left(watch) == [("07:00", "disturbed")]


def test_the_liaison_is_reminded_before_it_leaves() -> None:
    """
    A reminder belongs to its update, and comes before that can leave; the audience's quiet hours are not the liaison's.
    """
    watch = a_watch("2026-11-23T03:00:00Z", remind=timedelta(minutes=5), cadence=None)
    begins(watch)
    watch.passes(minutes=300)

    assert [f"{moment:%H:%M}" for moment, step in watch.started if step.kind == "remind"] == ["06:55"]


def test_hours_that_never_end_hold_nothing_back() -> None:
    """
    An audience whose quiet hours never end is told as if it had none: an obligation is never lost in silence.
    """
    always = an_audience("customers", a_use("statuspage.post"), quiet_hours=a_recurrence(hours("00:00", "24:00")))
    watch = Watch(a_shop(an_escalation(), always, a_comms(messages=TEXTS)), now=at("2026-11-23T03:00:00Z"))
    begins(watch)
    watch.passes(minutes=16)

    assert left(watch) == [("03:15", "disturbed")]


@pytest.mark.parametrize(
    ("now", "until"),
    [
        # Lisbon: clocks go back on 25 October at 01:00 UTC, and forward on 28 March at 01:00 UTC.
        ("2026-10-24T23:30:00Z", "2026-10-25T07:00:00Z"),
        ("2026-10-24T05:30:00Z", "2026-10-24T06:00:00Z"),
        ("2027-03-28T00:30:00Z", "2027-03-28T06:00:00Z"),
        ("2027-03-27T00:30:00Z", "2027-03-27T07:00:00Z"),
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall(now: str, until: str) -> None:
    """
    On a night on which the clocks are set, quiet hours end at seven by these clocks.
    """
    watch = a_watch(now, zone="Europe/Lisbon", cadence=None)
    begins(watch)
    watch.passes(minutes=9 * 60)

    assert [moment for moment, step in watch.started if step.kind == "update"] == [at(until)]
    assert watch.step("update").note == "waits until 07:00 Lisbon, quiet hours"


def test_an_end_that_the_clocks_skip_moves_forward() -> None:
    """
    Quiet hours that would end in the hour that does not exist end when the clocks show it passed.
    """
    quiet = a_recurrence(hours("23:00", "01:30"), zone="Europe/Lisbon")
    audience = an_audience("customers", a_use("statuspage.post"), quiet_hours=quiet)
    watch = Watch(a_shop(an_escalation(), audience, a_comms(messages=TEXTS)), now=at("2027-03-28T00:00:00Z"))
    begins(watch)

    assert watch.step("update").due_at == datetime.fromisoformat("2027-03-28T01:30:00+00:00")
    assert watch.step("update").note == "waits until 02:30 Lisbon, quiet hours"


def test_somebody_meant_by_name_is_not_asked_in_their_own_quiet_hours() -> None:
    """
    Nobody who could review is awake: `then` is followed at once, and nobody is reminded.
    """
    asleep = a_person("eve", quiet_hours=a_recurrence(hours("12:00", "14:00")))
    watch = a_watch("2026-11-23T12:00:00Z", asleep, review=a_review(), remind=timedelta(minutes=5))
    begins(watch)
    watch.passes(minutes=16)

    assert left(watch) == [("12:15", "disturbed")]
    assert watch.steps("review") == []
    assert (watch.step("remind").state, watch.step("remind").note) == ("failed", "eve has quiet hours until 14:00 UTC")


def test_whoever_has_the_watch_is_asked_at_any_hour() -> None:
    """
    A reviewer whom a schedule names is on duty: their own quiet hours hold nothing back.
    """
    asleep = a_person("eve", quiet_hours=a_recurrence(hours("12:00", "14:00")))
    desk = a_schedule("desk", a_layer("eve"), team="engineering")
    watch = a_watch("2026-11-23T12:00:00Z", asleep, desk, review=a_review("schedule/desk"), cadence=None)
    begins(watch)
    watch.passes(minutes=16)

    assert watch.step("update").state == "waiting"
    assert [duty.person for duty in watch.step("review").people] == ["eve"]


def test_a_second_try_in_the_night_waits_for_the_morning_too() -> None:
    """
    An update that failed in the evening, and that somebody has tried again in the night, leaves when quiet hours end.
    """
    watch = a_watch("2026-11-23T22:30:00Z", cadence=None)
    begins(watch)
    watch.passes(minutes=15)
    watch.stalls(watch.step("update"), "unauthorized")
    watch.passes(minutes=60)
    watch.retries(watch.step("update"), "bo")
    note = watch.step("update").note
    watch.passes(minutes=8 * 60)

    assert note == "tried again by bo; waits until 07:00 UTC, quiet hours"
    assert left(watch) == [("22:45", "disturbed"), ("07:00", "disturbed")]
