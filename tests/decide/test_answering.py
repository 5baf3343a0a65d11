"""What people say of an incident, and the answer that each of them gets; on virtual time, from noon."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.makers import (
    NOON,
    Document,
    a_comms,
    a_hub,
    a_level,
    a_person,
    a_policy_set,
    a_recurrence,
    a_remediation,
    a_review,
    a_shop,
    a_silence,
    a_use,
    an_alert,
    an_audience,
    an_escalation,
    hours,
)
from tests.watch import Watch
from watchbill.decide import Bill, decide
from watchbill.model.change import NoteTaken
from watchbill.model.decision import Snapshot
from watchbill.model.event import (
    Acknowledged,
    Approved,
    Denied,
    Escalated,
    Event,
    Mitigated,
    Noted,
    Requested,
    Resolved,
    Retried,
    Snoozed,
    Unacknowledged,
)
from watchbill.model.fold import fold
from watchbill.model.plan import Retry

POST = replace(a_level(notify=[a_use("chat.post", text="x")]), page=())
TWO = (a_level("role/primary"), a_level("role/secondary"), a_level("role/lead"))


def a_watch(*documents: Document, **more: Any) -> Watch:
    """The shop with three levels, five minutes each, and these documents."""
    watch = Watch(a_shop(an_escalation("critical", *TWO, hub=a_hub(), **more), *documents))
    watch.receives(an_alert())
    return watch


# --- every click gets an answer -------------------------------------------------------


def every_word(step: str) -> list[Event]:
    """One of each that people may say, about this *step* where it is about one."""
    until = NOON + timedelta(hours=1)
    return [
        *(said("ana") for said in (Acknowledged, Unacknowledged, Mitigated, Resolved, Escalated)),
        *(said(step, "ana") for said in (Approved, Denied, Requested, Retried)),
        Snoozed("ana", until),
        Noted("ana", "hello"),
    ]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 30), st.integers(0, 20)), max_size=6))
def test_every_click_gets_exactly_one_answer(said: list[tuple[int, int, int]]) -> None:
    """
    Whatever people say of whichever step, and in whatever order, each decision answers once; and a no changes no status.
    """
    offered = a_remediation("undo", phase="human-initiated", may_run=("person/ana",))
    told = a_comms(review=a_review("person/eve"), first=timedelta(minutes=5))
    watch = a_watch(offered, told, an_audience())
    for word, minutes, number in said:
        steps = [*watch.incident.steps, "nothing"]
        before = watch.incident
        watch.happens(every_word(steps[number % len(steps)])[word])
        done, text = watch.answer

        assert text
        assert done or watch.incident.status == before.status
        watch.passes(minutes=minutes)


def test_an_incident_that_is_not_there_is_answered_too() -> None:
    """
    What is said of no incident at all changes nothing, and says so.
    """
    for event in every_word("nothing"):
        decision = decide(Bill.of(a_policy_set()), Snapshot(), event, NOON)

        assert (decision.incident, decision.changes) == (None, ())
        assert [reason.note for reason in decision.reasons] == ["there is no such incident"]


def test_a_second_click_hears_who_was_first() -> None:
    """
    Who acknowledges, mitigates or resolves what is so already is told how it stands.
    """
    watch = a_watch()
    watch.acknowledges("ana")
    watch.acknowledges("bo")
    taken = watch.answer
    watch.mitigates("ana")
    watch.mitigates("bo")
    mitigated = watch.answer
    watch.resolves("ana")
    watch.resolves("bo")

    assert taken == (False, "it is acknowledged by ana already")
    assert mitigated == (False, "it is mitigated already")
    assert watch.answer == (False, "it is resolved already")


@pytest.mark.parametrize("said", [Acknowledged("anna"), Snoozed("anna", NOON + timedelta(hours=2))])
def test_a_name_that_no_person_has_stops_no_page(said: Event) -> None:
    """
    Who is no declared person cannot take an incident, by an answer or a snooze: the next level is paged, and near names are told.
    """
    watch = a_watch()
    watch.happens(said)
    answer, status = watch.answer, watch.incident.status
    watch.passes(minutes=6)

    assert answer == (False, "no declared person is called `anna`, so paging goes on: did you mean `ana`?")
    assert status == "triggered"
    assert [step.slot for step in watch.incident.steps.values() if step.kind == "page" and step.started_at] == ["0", "1"]


def test_a_name_that_is_like_no_other_is_answered_with_what_to_do() -> None:
    """
    Where no declared name is near, whoever acknowledges is told to use one; a name of any length is told briefly.
    """
    watch = a_watch()
    watch.acknowledges("z" * 5_000)

    assert watch.answer == (False, f"no declared person is called `{'z' * 63}`, so paging goes on: answer by the name of a `Person`")


def test_giving_back_what_nobody_has_is_answered() -> None:
    """
    An incident that nobody has taken cannot be given back.
    """
    watch = a_watch()
    watch.unacknowledges()

    assert watch.answer == (False, "nobody has taken it: it is triggered")


def test_a_yes_to_what_does_not_wait_says_why_nothing_happens() -> None:
    """
    A yes or a no for a step that is unknown, that has begun, or that waits for something else is answered.
    """
    watch = a_watch(a_remediation("undo", phase="human-initiated", may_run=("person/ana",)))
    answers = []
    for event in (Approved("gone", "ana"), Approved(watch.step("page").id, "ana"), Approved(watch.step("offer").id, "ana")):
        watch.happens(event)
        answers.append(watch.answer)

    assert answers == [
        (False, "the incident has no step gone"),
        (False, "it has begun already"),
        (False, "it is offered, and waits to be started, not for a yes"),
    ]


def test_whoever_may_not_review_is_told() -> None:
    """
    A yes or a no to an update by somebody who does not review it is answered, and nothing is sent.
    """
    watch = a_watch(a_comms(review=a_review("person/eve")), an_audience())
    watch.passes(minutes=15)
    watch.approves(watch.step("update"), "bo")
    yes = watch.answer
    watch.denies(watch.step("update"), "bo")

    assert yes == watch.answer == (False, "bo is not among those who review it")
    assert watch.step("update").state == "waiting"


def test_an_offer_may_be_declined() -> None:
    """
    A no to an offer takes it away.
    """
    watch = a_watch(a_remediation("undo", phase="human-initiated", may_run=("person/ana",)))
    watch.denies(watch.step("offer"), "ana")

    assert watch.answer == (True, "ana said no")
    assert watch.step("offer").state == "withdrawn"


# --- escalate -------------------------------------------------------------------------


def test_escalating_pages_the_next_level_at_once() -> None:
    """
    Whoever escalates need not wait for the level's time; what comes after it counts from now.
    """
    watch = a_watch()
    watch.passes(minutes=2)
    watch.escalates("ana")
    watch.passes(minutes=5)

    assert watch.paged == [("12:00", "ana"), ("12:02", "bo"), ("12:07", "cy")]
    assert "escalated by ana" in watch.step("page", 1).text


def test_what_was_taken_goes_on_behind_the_last_page() -> None:
    """
    Whoever has it and wants more people gets the next level, not themselves; it is anybody's again.
    """
    watch = a_watch()
    watch.passes(minutes=1)
    watch.acknowledges("ana")
    watch.passes(minutes=30)
    watch.escalates("ana")

    assert watch.answer == (True, "escalated by ana")
    assert watch.paged == [("12:00", "ana"), ("12:31", "bo")]
    assert (watch.incident.status, watch.incident.acknowledged_by) == ("triggered", "")
    watch.passes(minutes=2)
    watch.acknowledges("bo")
    watch.passes(minutes=60)
    assert watch.people_paged == ["ana", "bo"]
    assert watch.incident.acknowledged_by == "bo"


def test_escalating_twice_goes_two_levels_up() -> None:
    """
    Each click is one level.
    """
    watch = a_watch()
    watch.escalates()
    watch.escalates()

    assert watch.people_paged == ["ana", "bo", "cy"]


def test_behind_the_last_level_comes_the_fallback_team_and_the_alarm() -> None:
    """
    Escalating past the last level calls the fallback team, then the engine's own alarm, then begins anew.
    """
    watch = a_watch()
    for _ in range(4):
        watch.escalates()
    alarms = len(watch.steps("alarm")), watch.step("alarm").state
    watch.escalates()

    assert watch.people_paged == ["ana", "bo", "cy", "dan", "ana"]
    assert alarms == (2, "started")
    assert watch.steps("alarm")[1].state == "withdrawn"


def test_a_page_that_is_held_leaves_when_somebody_escalates() -> None:
    """
    A fallback holds the first page; a person who escalates does not wait for it, and neither does the hub.
    """
    watch = a_watch(a_remediation("restart", phase="fallback", hold=timedelta(minutes=6)))
    before = list(watch.paged)
    watch.passes(minutes=1)
    watch.escalates("cy")

    assert (before, watch.paged) == ([], [("12:01", "ana")])
    assert watch.calls("hub") == [("12:01", "chat.open-channel")]


def test_a_level_that_is_closed_is_passed_over() -> None:
    """
    Whoever escalates wants somebody who comes: a level whose hours have not begun is not waited for.
    """
    night = a_recurrence(hours("20:00", "22:00"))
    levels = (a_level("role/primary"), a_level("role/secondary", during=night), a_level("role/lead"))
    watch = Watch(a_shop(an_escalation("critical", *levels)))
    watch.receives(an_alert())
    watch.escalates()

    assert watch.people_paged == ["ana", "cy"]
    assert watch.step("page", 1).state == "withdrawn"


def test_mitigated_incidents_can_be_escalated_and_resolved_ones_cannot() -> None:
    """
    Help can be called for until it is over; then the answer says that it is.
    """
    watch = a_watch()
    watch.mitigates("ana")
    watch.passes(minutes=10)
    watch.escalates("ana")
    paged = list(watch.paged)
    watch.resolves("ana")
    watch.escalates("ana")

    assert paged == [("12:00", "ana"), ("12:10", "ana")]
    assert watch.answer == (False, "it is resolved already")


def test_where_nobody_was_called_level_one_begins() -> None:
    """
    Where no escalation is at work any more, escalating begins one.
    """
    watch = Watch(a_shop(an_escalation("posts", POST)))
    watch.receives(an_alert())
    watch.passes(minutes=30)
    watch.escalates("ana")

    assert watch.answer == (True, "escalated by ana: posts begins")
    assert len([step for _, step in watch.started if step.kind == "notify"]) == 2


def test_a_silenced_incident_that_was_taken_can_be_escalated() -> None:
    """
    Where a silence kept everybody from being called, whoever has it may still call for people.
    """
    watch = Watch(a_shop(an_escalation("critical", *TWO), a_silence()))
    watch.receives(an_alert())
    watch.acknowledges("ana")
    watch.escalates("ana")

    assert watch.paged == [("12:00", "ana")]


def test_after_the_alarm_of_what_was_taken_level_one_begins_again() -> None:
    """
    Behind the engine's own alarm there is no further level: whoever escalates begins anew.
    """
    watch = a_watch()
    watch.passes(minutes=60)
    alarmed = watch.step("alarm").state
    watch.acknowledges("ana")
    watch.escalates("ana")

    assert alarmed == "started"
    assert watch.paged[-1] == ("13:00", "ana")


# --- snooze ---------------------------------------------------------------------------


def test_a_snoozed_incident_pages_again_when_the_time_has_come() -> None:
    """
    Nobody is paged while it is put off; then it is triggered again, and its escalation begins anew.
    """
    watch = a_watch()
    watch.passes(minutes=2)
    watch.snoozes("ana", minutes=60)
    during = watch.incident.status, watch.incident.acknowledged_by, watch.last.wake_at
    watch.passes(minutes=66)

    assert during == ("acknowledged", "ana", NOON + timedelta(minutes=62))
    assert watch.paged == [("12:00", "ana"), ("13:02", "ana"), ("13:07", "bo")]
    assert (watch.incident.status, watch.incident.snoozed_until) == ("triggered", None)


def test_a_snooze_is_part_of_the_incident() -> None:
    """
    What is read back from the recorded changes has the same snooze, and so wakes at the same time.
    """
    watch = a_watch()
    watch.snoozes("ana", minutes=60)
    read = fold(None, [change for decision in watch.decisions for change in decision.changes])

    assert read == watch.incident
    assert read.snoozed_until == NOON + timedelta(minutes=60)


@pytest.mark.parametrize("what", ["resolves", "unacknowledges", "mitigates", "escalates"])
def test_whatever_happens_to_it_ends_the_snooze(what: str) -> None:
    """
    A snooze is of the incident as it stood: another status ends it.
    """
    watch = a_watch()
    watch.snoozes("ana", minutes=60)
    getattr(watch, what)("ana")

    assert watch.incident.snoozed_until is None


def test_a_rise_in_severity_ends_the_snooze() -> None:
    """
    What was put off has become worse, and pages at once.
    """
    watch = Watch(a_shop(an_escalation("any", *TWO)))
    watch.receives(an_alert(severity="warning"))
    watch.snoozes("ana", minutes=60)
    watch.passes(minutes=5)
    watch.receives(an_alert(severity="critical"))

    assert watch.paged == [("12:00", "ana"), ("12:05", "ana")]
    assert watch.incident.snoozed_until is None


def test_a_second_snooze_takes_the_place_of_the_first() -> None:
    """
    The time that was said last counts, also where it is earlier.
    """
    watch = a_watch()
    watch.snoozes("ana", minutes=60)
    watch.snoozes("bo", minutes=30)
    watch.passes(minutes=31)

    assert watch.paged == [("12:00", "ana"), ("12:30", "ana")]


def test_an_acknowledgement_does_not_lose_the_snooze() -> None:
    """
    A late click on an old page must not make an incident silent for good.
    """
    watch = a_watch()
    watch.snoozes("ana", minutes=60)
    watch.acknowledges("ana")
    answer = watch.answer
    watch.passes(minutes=61)

    assert answer == (False, "it is acknowledged by ana already, and snoozed until 2026-11-23 13:00 UTC")
    assert watch.paged == [("12:00", "ana"), ("13:00", "ana")]


def test_a_snooze_into_the_past_or_of_what_is_over_is_refused() -> None:
    """
    A time that is past puts nothing off, and what is resolved or mitigated pages nobody anyway.
    """
    watch = a_watch()
    watch.snoozes("ana", minutes=0)
    past = watch.answer
    watch.mitigates("ana")
    watch.snoozes("ana", minutes=5)

    assert past == (False, "2026-11-23 12:00 UTC is past")
    assert watch.answer == (False, "it is mitigated already")


def test_a_snooze_of_an_incident_that_resolves_itself_pages_nobody() -> None:
    """
    Its alerts end while it is put off, and so does the matter.
    """
    watch = a_watch()
    watch.snoozes("ana", minutes=60)
    watch.passes(minutes=5)
    watch.receives(an_alert(status="resolved"))
    watch.passes(minutes=120)

    assert watch.paged == [("12:00", "ana")]
    assert watch.last.wake_at is None


# --- notes ----------------------------------------------------------------------------


def test_a_note_is_recorded_and_changes_nothing_else() -> None:
    """
    What somebody writes stands in the record, with who and when; the incident is as before.
    """
    watch = a_watch()
    before = watch.incident
    watch.passes(minutes=1)
    decision = watch.notes("It began with release 412.")

    assert decision.changes == (NoteTaken("ana", NOON + timedelta(minutes=1), "It began with release 412."),)
    assert watch.incident == before
    assert watch.answer == (True, "noted by ana")


def test_a_note_is_taken_after_it_is_over_too() -> None:
    """
    A resolved incident can be written about.
    """
    watch = a_watch()
    watch.resolves()
    watch.notes("It was the disk.")

    assert watch.answer == (True, "noted by ana")


@pytest.mark.parametrize(
    ("text", "why"), [(" \n", "there is nothing in the note"), ("x" * 10_001, "the note is longer than 10000 characters")]
)
def test_an_empty_note_and_one_without_end_are_refused(text: str, why: str) -> None:
    """
    A note has something in it, and an end.
    """
    watch = a_watch()
    watch.notes(text)

    assert (watch.answer, watch.last.changes) == ((False, why), ())


# --- try again ------------------------------------------------------------------------


def test_a_page_that_failed_is_tried_again() -> None:
    """
    A page that did not leave is made again when somebody says so; it is still the same step, and its note says who.
    """
    watch = a_watch()
    watch.stalls(watch.step("page"), "the key was refused")
    failed = watch.step("page")
    watch.passes(minutes=1)
    watch.retries(failed, "dan")
    again = watch.step("page")

    assert (failed.state, again.state) == ("failed", "started")
    assert (again.id, again.round, again.note) == (failed.id, failed.round, "tried again by dan")
    assert watch.paged == [("12:00", "ana"), ("12:00", "bo"), ("12:01", "ana")]
    assert len([step for step in watch.steps("page") if step.state == "planned"]) == 1


def test_what_would_be_tried_later_is_tried_now() -> None:
    """
    Somebody who has mended what was broken need not wait for the next attempt.
    """
    watch = a_watch()
    watch.finishes(watch.step("hub"), Retry(NOON + timedelta(minutes=30), "too many requests"))
    watch.passes(minutes=1)
    decision = watch.retries(watch.step("hub"))

    assert [step.kind for step in decision.steps] == ["hub"]
    assert (watch.step("hub").note, watch.step("hub").error) == ("tried again by ana", "too many requests")
    assert watch.step("hub").retry_at is None


def test_an_update_that_failed_is_tried_again_though_it_is_over() -> None:
    """
    That it is over was not told: the update is sent again, and not read a second time.
    """
    texts = {"triggered": "disturbed", "resolved": "it is over"}
    watch = a_watch(a_comms(messages=texts, review=a_review("person/eve"), cadence=None), an_audience())
    watch.passes(minutes=15)
    watch.approves(watch.step("update"), "eve")
    watch.resolves()
    watch.approves(watch.step("update", 1), "eve")
    watch.stalls(watch.step("update", 1), "unauthorized")
    watch.retries(watch.step("update", 1))

    assert (watch.step("update", 1).state, watch.step("update", 1).text) == ("started", "it is over")
    assert len(watch.steps("review")) == 2


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("begun", "it has begun already"),
        ("over", "its escalation is over; escalate instead"),
        ("done", "it is done already"),
        ("planned", "it is planned: it has not come to that yet"),
    ],
)
def test_what_cannot_be_tried_again_says_why(what: str, why: str) -> None:
    """
    Only what has come to a bad end is tried again, and only while somebody needs it.
    """
    watch = a_watch()
    if what == "over":
        watch.stalls(watch.step("page"))
        watch.acknowledges("bo")
    if what == "done":
        watch.finishes(watch.step("page"))
    watch.retries(watch.step("page", 1 if what == "planned" else 0))

    assert watch.answer == (False, why)


def test_a_level_that_nobody_answered_can_be_asked_again() -> None:
    """
    A level nobody of which could be reached is tried again once somebody can be; levels behind it keep their times.
    """
    watch = a_watch(a_person("ana", contacts=()))
    watch.bill = Bill.of(a_shop(an_escalation("critical", *TWO, hub=a_hub())))
    watch.passes(minutes=1)
    watch.retries(watch.step("page"))

    assert watch.paged == [("12:00", "bo"), ("12:01", "ana")]
    assert watch.step("page", 2).due_at == NOON + timedelta(minutes=5)


def test_an_alarm_that_did_not_leave_is_sounded_again_while_nobody_has_it() -> None:
    """
    The engine's last word is tried again for as long as the incident is nobody's.
    """
    watch = a_watch()
    watch.passes(minutes=60)
    watch.stalls(watch.step("alarm"), "no route")
    watch.retries(watch.step("alarm"))
    again = watch.answer, watch.step("alarm").state
    watch.stalls(watch.step("alarm"), "no route")
    watch.acknowledges("ana")
    watch.retries(watch.step("alarm"))

    assert again == ((True, "tried again by ana"), "started")
    assert watch.answer == (False, "it is acknowledged by ana already")


@pytest.mark.parametrize(("service", "about"), [("checkout", "Service/checkout"), ("else", "Team/platform")])
def test_an_answer_is_about_the_service_or_whoever_it_belongs_to(service: str, about: str) -> None:
    """
    What is said of an incident is answered in the name of its service; where none claims it, of its team.
    """
    watch = Watch(a_shop(an_escalation()))
    watch.receives(an_alert(service=service))
    watch.acknowledges()

    assert [str(reason.policy) for reason in watch.last.reasons if reason.kind == "answer"] == [about]


def test_an_answer_names_the_settings_where_the_team_is_gone() -> None:
    """
    An incident whose service and team are declared no more is answered all the same.
    """
    watch = a_watch()
    watch.bill = Bill.of(a_policy_set())
    watch.notes("hello")

    assert [str(reason.policy) for reason in watch.last.reasons if reason.kind == "answer"] == ["Settings/watchbill"]


@pytest.mark.parametrize(("ended", "said"), [((), "2 alerts still fire"), (("b",), "1 alert still fires")])
def test_who_resolves_is_told_how_many_alerts_still_fire(ended: tuple[str, ...], said: str) -> None:
    """
    A person resolves an incident whose alerts fire: the answer says how many do.
    """
    watch = a_watch()
    watch.receives(an_alert(zone="a"), an_alert(zone="b"))
    watch.receives(an_alert(status="resolved"), *(an_alert(zone=zone, status="resolved") for zone in ended))
    watch.happens(Resolved("bo"))

    assert watch.answer == (True, f"resolved by bo; {said}")
    assert watch.incident.status == "resolved"
