"""How a page went comes back into the judgement: refused contacts, dead levels, unknown outcomes; all on virtual time, from noon."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.makers import (
    NOON,
    Document,
    a_comms,
    a_level,
    a_person,
    a_recurrence,
    a_review,
    a_shop,
    a_team,
    an_alert,
    an_audience,
    an_escalation,
    hours,
)
from tests.watch import Watch
from watchbill.decide.deliveries import amended
from watchbill.model.event import DeliveryReported
from watchbill.model.ownership import Contact
from watchbill.model.plan import LEFT, LOST, Delivery, DeliveryResult, Retry

MINUTE = timedelta(minutes=1)
RESULTS: tuple[DeliveryResult, ...] = (*LOST, *LEFT, "waiting", "unknown", "shadow")


def a_watch(*documents: Document, **more: Any) -> Watch:
    """The shop with two levels, each with five minutes to answer; a page calls, and writes two minutes later."""
    watch = Watch(a_shop(an_escalation("payments-critical", a_level("role/primary"), a_level("role/secondary"), **more), *documents))
    watch.receives(an_alert())
    return watch


def results(watch: Watch, number: int = 0) -> list[str]:
    """What became of the deliveries of the *number*-th page."""
    return [each.result for each in watch.steps("page")[number].deliveries]


def times(watch: Watch, number: int = 0) -> list[str]:
    """When the deliveries of the *number*-th page are still to leave; nothing for those that are not."""
    return [f"{each.leaves_at:%H:%M}" if each.leaves_at else "" for each in watch.steps("page")[number].deliveries]


# --- one contact, and the next --------------------------------------------------------


@pytest.mark.parametrize("result", ["refused", "unable", "failed"])
def test_a_contact_that_is_refused_brings_the_next_one_forward(result: DeliveryResult) -> None:
    """
    The call is refused, so the message that was to follow two minutes later is due at once; the level keeps its time.
    """
    watch = a_watch()
    watch.reports(result, error="401")

    assert (results(watch), times(watch)) == ([result, "waiting"], ["", "12:00"])
    assert watch.step("page").state == "started"
    assert watch.paged == [("12:00", "ana")]


def test_of_several_contacts_behind_one_that_is_refused_only_the_next_is_brought_forward() -> None:
    """
    Each contact that fails brings one more forward.
    """
    number = "+1 555 0100"
    contacts = tuple(Contact("phone", "sms", number, minutes * MINUTE) for minutes in (0, 2, 4))
    watch = a_watch(a_person("ana", contacts=contacts))
    watch.reports("refused")
    first = times(watch)
    watch.reports("refused", 1)

    assert (first, times(watch)) == (["", "12:00", "12:04"], ["", "", "12:00"])


def test_the_other_persons_of_a_level_keep_their_times() -> None:
    """
    A contact that is refused says nothing of the others whom the level pages.
    """
    watch = Watch(a_shop(an_escalation("both", a_level("person/ana", "person/bo"))))
    watch.receives(an_alert())
    watch.reports("refused")

    assert times(watch) == ["", "12:00", "12:00", "12:02"]


def test_a_contact_that_comes_back_later_brings_the_next_one_forward() -> None:
    """
    The other side took it and reports later that it could not be delivered: what was to come after that is due at once.
    """
    watch = a_watch()
    watch.reports("sent")
    watch.passes(minutes=1)
    watch.reports("bounced", error="no such mailbox")

    assert (results(watch), times(watch)) == (["bounced", "waiting"], ["", "12:01"])


# --- the level ------------------------------------------------------------------------


def test_a_level_all_of_whose_deliveries_have_failed_is_passed_at_once() -> None:
    """
    Neither the call nor the message leaves: the next level is paged now, and not when the first has had its five minutes.
    """
    watch = a_watch()
    watch.reports("refused", error="401")
    watch.reports("unable", 1, error="the secret is missing")
    first, second = watch.steps("page")[:2]

    assert watch.paged == [("12:00", "ana"), ("12:00", "bo")]
    assert (first.state, first.note) == ("failed", "")
    assert first.problem == "ana: phone.call refused (401); ana: phone.sms unable (the secret is missing)"
    assert second.note == "no page of the level before it left"
    assert second.text.endswith(f"\n{second.note}: {first.problem}")


def test_where_every_level_has_failed_the_fallback_team_and_the_alarm_come_at_once() -> None:
    """
    A pager that refuses everything costs no round its time.
    """
    watch = a_watch(repeat=2)
    for _ in range(7):
        page = next(step for step in watch.steps("page") if step.state == "started")
        watch.reports("refused", 0, page)
        watch.reports("refused", 1, page)

    assert watch.people_paged == ["ana", "bo", "ana", "bo", "ana", "bo", "dan"]
    assert [f"{at:%H:%M}" for at, step in watch.started if step.kind == "alarm"] == ["12:00"]


@pytest.mark.parametrize("other", ["unknown", "shadow", "sent"])
def test_an_outcome_that_is_no_failure_keeps_the_level_waiting(other: DeliveryResult) -> None:
    """
    Nobody knows whether the call went through, or the connector is in shadow: the level has its time to answer.
    """
    watch = a_watch()
    watch.reports(other)
    watch.reports("refused", 1)
    watch.passes(minutes=4)
    before = watch.people_paged
    watch.passes(minutes=1)

    assert (before, watch.people_paged) == (["ana"], ["ana", "bo"])
    assert watch.steps("page")[0].state == "done"


def test_a_page_that_bounces_when_all_else_has_failed_passes_its_level() -> None:
    """
    What was taken and comes back has failed as well, so nothing is left to wait for.
    """
    watch = a_watch()
    watch.reports("sent")
    watch.reports("refused", 1)
    watch.passes(minutes=2)
    watch.reports("bounced")

    assert watch.paged == [("12:00", "ana"), ("12:02", "bo")]


def test_a_late_failure_of_a_level_that_was_passed_already_hurries_nothing() -> None:
    """
    The second level was paged in its time; that the first one's pages come back then does not cut short the second's.
    """
    watch = a_watch()
    watch.reports("sent")
    watch.reports("sent", 1)
    watch.passes(minutes=6)
    watch.reports("bounced")
    watch.reports("bounced", 1)
    watch.passes(minutes=3)

    assert watch.paged == [("12:00", "ana"), ("12:05", "bo")]


def test_a_level_with_hours_waits_for_them_though_the_one_before_has_failed() -> None:
    """
    Passing a level at once opens no interval: the next level is paged when its own begins.
    """
    levels = (a_level("role/primary"), a_level("role/secondary", during=a_recurrence(hours("13:00", "18:00"))))
    watch = Watch(a_shop(an_escalation("payments-critical", *levels)))
    watch.receives(an_alert())
    watch.reports("refused")
    watch.reports("refused", 1)
    watch.passes(minutes=90)

    assert watch.paged[:2] == [("12:00", "ana"), ("13:00", "bo")]


# --- attempts -------------------------------------------------------------------------


def test_an_attempt_that_may_be_repeated_is_made_again_and_the_clock_of_the_escalation_runs_on() -> None:
    """
    No answer from the provider: it is tried again in a minute, and the next level is paged in its time.
    """
    watch = a_watch()
    watch.reports("unknown", error="no answer", retry_at=NOON + MINUTE)
    again = watch.step("page").deliveries[0]
    watch.passes(minutes=6)

    assert (again.result, again.attempt, again.retry_at) == ("unknown", 1, NOON + MINUTE)
    assert watch.paged == [("12:00", "ana"), ("12:05", "bo")]


def test_no_attempt_is_put_off_beyond_the_next_level() -> None:
    """
    The other side asks for an hour: the next attempt is made when the level has had its time, at the latest.
    """
    watch = a_watch()
    watch.reports("waiting", error="429", retry_at=NOON + 60 * MINUTE)

    assert times(watch) == ["12:05", "12:02"]


def test_what_may_have_left_is_not_known_to_have_failed() -> None:
    """
    The first attempt may have got there, and the second is refused: still nobody knows, so the level keeps its time.
    """
    watch = a_watch()
    watch.reports("unknown", retry_at=NOON)
    watch.reports("refused", error="401")
    watch.reports("refused", 1)

    assert results(watch) == ["unknown", "refused"]
    assert watch.people_paged == ["ana"]


def test_what_cannot_be_tried_any_more_has_failed() -> None:
    """
    An attempt that was not carried out and is not to be made again is a failure for good.
    """
    watch = a_watch()
    watch.reports("waiting", error="cannot be reached")

    assert results(watch) == ["failed", "waiting"]


def test_a_page_that_a_person_has_made_again_counts_its_attempts_on() -> None:
    """
    Nothing of the first page left; tried again by a person, its contacts begin with the attempt after the last.
    """
    watch = a_watch()
    watch.reports("refused")
    watch.reports("refused", 1)
    watch.retries(watch.step("page"), "dan")
    watch.reports("refused")

    assert [(each.result, each.attempt) for each in watch.step("page").deliveries] == [("refused", 2), ("waiting", 1)]
    assert times(watch) == ["", "12:00"]


def test_a_report_about_an_old_page_does_not_touch_one_that_a_person_wants_again() -> None:
    """
    A page that failed waits for its hours to be made again: what comes in late of the old one leaves it planned, and it leaves then.
    """
    watch = Watch(a_shop(an_escalation("payments-critical", a_level("role/primary", during=a_recurrence(hours("11:00", "12:30"))))))
    watch.receives(an_alert())
    watch.reports("refused")
    watch.reports("sent", 1)
    watch.reports("bounced", 1)
    watch.now = NOON + 31 * MINUTE
    watch.retries(watch.step("page"), "dan")
    planned = watch.step("page")
    for result in RESULTS:
        watch.reports(result, error="late")
        watch.reports(result, 1, error="late")
    after = watch.step("page")
    watch.passes(minutes=24 * 60)

    assert (planned.state, planned.due_at, planned.leaves_at) == ("planned", NOON + 23 * 60 * MINUTE, None)
    assert after == planned
    assert watch.paged[0] == ("12:00", "ana")
    assert ("11:00", "ana") in watch.paged
    assert [(each.attempt, each.earlier) for each in watch.step("page").deliveries] == [(1, 1), (1, 1)]


def test_a_reminder_that_a_person_wants_again_counts_its_attempts_on() -> None:
    """
    The liaison could not be reminded; tried again by a person, each contact begins with the attempt after the last, and counts from there.
    """
    liaison = a_team("engineering", members=["eve"], roles={"lead": "person/eve", "customer-liaison": "person/eve"})
    audience = an_audience("customers", liaison="role/customer-liaison")
    watch = a_watch(liaison, audience, a_comms(first=10 * MINUTE, remind=5 * MINUTE))
    watch.passes(minutes=5)
    for number in (0, 1):
        watch.reports("refused", number, watch.step("remind"))
    failed = watch.step("remind").state
    watch.retries(watch.step("remind"), "ana")

    assert (failed, watch.step("remind").state) == ("failed", "started")
    assert [(each.result, each.attempt, each.earlier) for each in watch.step("remind").deliveries] == [("waiting", 1, 1), ("waiting", 1, 1)]


# --- what was answered ----------------------------------------------------------------


@pytest.mark.parametrize("word", ["acknowledges", "mitigates", "resolves", "snoozes"])
def test_no_contact_of_a_page_that_was_answered_leaves_later(word: str) -> None:
    """
    Somebody has the incident, so the message that was to follow the call is withdrawn; also when it is given back before its time.
    """
    watch = a_watch()
    watch.reports("sent")
    watch.snoozes(minutes=1) if word == "snoozes" else getattr(watch, word)()
    watch.passes(seconds=30)
    if word == "acknowledges":
        watch.unacknowledges()
    if word == "resolves":
        watch.receives(an_alert(starts_at=NOON + timedelta(seconds=20)))
    watch.passes(minutes=3)

    assert results(watch) == ["sent", "withdrawn"]
    assert watch.steps("page")[0].state == "done"


def test_what_left_before_it_could_be_stopped_is_recorded_all_the_same() -> None:
    """
    The call was being made when somebody took the incident: that it left is known, and nothing is tried again.
    """
    watch = a_watch()
    watch.acknowledges()
    withdrawn = watch.step("page").state
    watch.reports("sent")
    sent = watch.step("page").state
    watch.reports("waiting", 1, error="503", retry_at=NOON + MINUTE)

    assert (withdrawn, sent) == ("withdrawn", "done")
    assert (results(watch), times(watch)) == (["sent", "withdrawn"], ["", ""])


def test_another_escalation_that_takes_over_leaves_the_first_ones_later_contacts_behind() -> None:
    """
    A worse alert brings another escalation: what the first one had still to send is not sent.
    """
    mild = an_escalation("mild", a_level("role/secondary"), match=['severity="warning"'])
    harsh = an_escalation("harsh", a_level("role/lead"), match=['severity="critical"'])
    watch = Watch(a_shop(mild, harsh))
    watch.receives(an_alert(severity="warning"))
    watch.reports("sent")
    watch.receives(an_alert(alertname="Down"))

    assert results(watch) == ["sent", "withdrawn"]


def test_a_repeated_attempt_that_was_under_way_at_the_answer_still_tells_how_it_ended() -> None:
    """
    Of the first attempt nobody knows, the second is being made when somebody takes the incident: that it left is recorded.
    """
    watch = a_watch()
    watch.reports("unknown", retry_at=NOON)
    watch.acknowledges()
    watch.reports("sent")

    assert results(watch) == ["sent", "withdrawn"]
    assert times(watch) == ["", ""]


@pytest.mark.parametrize("result", ["delivered", "bounced", "answered"])
def test_nothing_is_believed_of_a_contact_that_has_not_left(result: DeliveryResult) -> None:
    """
    A report about a contact whose time has not come, or that was withdrawn before it, changes nothing: the contact leaves as it would.
    """
    watch = a_watch()
    watch.reports(result, 1)
    before = (results(watch), times(watch))
    watch.acknowledges()
    watch.reports(result, 1)

    assert before == (["waiting", "waiting"], ["12:00", "12:02"])
    assert results(watch)[1] == "withdrawn"


def test_a_contact_that_waits_for_its_next_attempt_is_called_at_once_when_a_person_says_so() -> None:
    """
    The gateway is mended: a person has the page tried again now, and not after its back-off.
    """
    watch = a_watch()
    watch.reports("waiting", error="503", retry_at=NOON + 3 * MINUTE)
    watch.retries(watch.step("page"), "bo")

    assert watch.answer == (True, "tried again by bo")
    assert times(watch)[0] == "12:00"


def test_a_worse_alert_that_is_paged_anew_is_not_unanswered() -> None:
    """
    Every round of the mild escalation went by; then the harsh one begins, and its people have not had their time yet.
    """
    mild = an_escalation("mild", a_level("role/secondary"), match=['severity="warning"'])
    harsh = an_escalation("harsh", a_level("role/lead"), match=['severity="critical"'])
    watch = Watch(a_shop(mild, harsh))
    watch.receives(an_alert(severity="warning"))
    watch.passes(minutes=60)
    before = watch.incident.is_unanswered
    watch.receives(an_alert(alertname="Down"))

    assert (before, watch.incident.is_unanswered) == (True, False)


# --- reviews and reminders ------------------------------------------------------------


@pytest.mark.parametrize(("then", "state", "note"), [("send", "started", "nobody could be reached"), ("hold", "waiting", "held")])
def test_a_review_that_reaches_nobody_is_not_waited_for(then: str, state: str, note: str) -> None:
    """
    The reviewer's contacts all refuse: `then` is followed at once.
    """
    comms = a_comms(first=timedelta(0), review=a_review("person/eve", wait=10 * MINUTE, hold=then == "hold"))
    watch = a_watch(an_audience("customers"), comms)
    review = watch.step("review")
    for number in range(len(review.deliveries)):
        watch.reports("refused", number, watch.step("review"))

    assert (watch.step("update").state, watch.step("review").state) == (state, "failed")
    assert note in watch.step("update").note


def test_a_review_that_was_answered_asks_nobody_any_more() -> None:
    """
    The reviewer said yes after the first message: the second is not sent.
    """
    watch = a_watch(an_audience("customers"), a_comms(first=timedelta(0), review=a_review("person/eve", wait=10 * MINUTE)))
    watch.reports("sent", 0, watch.step("review"))
    watch.approves(watch.step("update"), "eve")
    watch.passes(minutes=3)

    assert [each.result for each in watch.step("review").deliveries] == ["sent", "withdrawn"]


def test_a_review_is_not_tried_again() -> None:
    """
    None of a review's contacts took it, and the update is held: whoever wants to go on answers the update.
    """
    watch = a_watch(an_audience("customers"), a_comms(first=timedelta(0), review=a_review("person/eve", wait=10 * MINUTE, hold=True)))
    for number in range(len(watch.step("review").deliveries)):
        watch.reports("refused", number, watch.step("review"))
    watch.retries(watch.step("review"), "ana")

    assert watch.answer == (False, "its update is what waits: approve or deny that")


# --- laws -----------------------------------------------------------------------------

_reports = st.builds(
    DeliveryReported,
    st.just("step"),
    st.just(0),
    st.sampled_from(RESULTS),
    st.just(""),
    st.one_of(st.none(), st.integers(0, 60).map(lambda minutes: NOON + minutes * MINUTE)),
)


@given(st.lists(_reports, max_size=6))
def test_what_has_left_never_becomes_a_failure_of_ours(reports: list[DeliveryReported]) -> None:
    """
    Once a delivery has left, only the other side's own report changes what is known of it; once that has come, no attempt of ours does.
    """
    was = Delivery("ana", "phone", "call", "1", NOON)
    for event in reports:
        now_is = amended(was, event, NOON)
        if was.result in LEFT and event.result not in ("delivered", "bounced", "answered"):
            assert now_is == was
        if was.result == "answered":
            assert now_is == was
        was = now_is


@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from(RESULTS), st.sampled_from((None, 1, 3, 90))), max_size=12))
def test_a_page_is_over_exactly_when_nothing_of_it_is_to_leave(reports: list[tuple[int, DeliveryResult, int | None]]) -> None:
    """
    Whatever is reported in whatever order: a page is at work while any of its deliveries is to leave, and has failed only if all have.
    """
    watch = a_watch()
    for number, result, minutes in reports:
        watch.reports(result, number, retry_at=NOON + minutes * MINUTE if minutes else None)
        page = watch.step("page")
        assert (page.state == "started") == (page.leaves_at is not None)
        assert (page.state == "failed") == all(each.result in LOST for each in page.deliveries)
        latest: datetime | None = page.leaves_at
        assert latest is None or latest <= NOON + 5 * MINUTE or "bo" in watch.people_paged


def test_an_outcome_of_the_whole_page_is_one_for_each_delivery() -> None:
    """
    Whoever carries a page out as a whole reports one outcome; it counts for all of its deliveries that had still to leave.
    """
    done, again = a_watch(), a_watch()
    done.finishes(done.step("page"))
    again.finishes(again.step("page"), Retry(NOON + MINUTE, "503"))

    assert (results(done), done.step("page").state) == (["sent", "sent"], "done")
    assert (results(again), times(again)) == (["waiting", "waiting"], ["12:01", "12:01"])


# --- calls that end late ----------------------------------------------------------------


def test_a_call_that_ends_late_counts_for_its_own_attempt_only() -> None:
    """
    A page bounced while its call hung, and was tried again: that the old call ends well at last is nothing to the new attempt.
    """
    watch = a_watch()
    page = watch.step("page")
    watch.reports("bounced")
    watch.reports("refused", 1)
    watch.retries(page, "bo")
    again = watch.step("page").deliveries[0]
    watch.happens(DeliveryReported(page.id, 0, "sent", attempt=1))
    late = watch.step("page").deliveries[0]
    watch.happens(DeliveryReported(page.id, 0, "sent", attempt=2))

    assert (again.attempt, again.result, again.leaves_at) == (1, "waiting", NOON)
    assert late == again
    assert watch.step("page").deliveries[0].result == "sent"


def test_a_page_that_was_called_off_while_it_left_is_another_attempt() -> None:
    """
    Taken while the call hangs, given back, and wanted again: the old call may be under way, so the new one is the next attempt.
    """
    watch = a_watch()
    watch.acknowledges("ana")
    watch.unacknowledges("ana")
    old, new = watch.steps("page")[0], next(step for step in watch.steps("page") if step.state == "started")
    watch.retries(old, "bo")

    assert watch.answer == (False, "its escalation has begun anew since; escalate instead")
    assert [each.attempt for each in new.deliveries] == [0, 0]


def test_what_was_called_off_while_it_left_may_be_reported() -> None:
    """
    A page was answered while its call was under way: that it bounced is taken down, and calls nobody.
    """
    watch = a_watch()
    watch.acknowledges("ana")
    watch.reports("bounced", error="no such number")

    assert watch.step("page").deliveries[0].result == "bounced"
    assert watch.people_paged == ["ana"]
