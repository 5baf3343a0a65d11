"""Stories of who is told what, by when; all on virtual time, from noon."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.makers import Document, a_comms, a_person, a_review, a_shop, a_team, a_use, an_alert, an_audience, an_escalation, some_days
from tests.watch import Watch
from watchbill.decide.step_words import text_of
from watchbill.model.event import Approved
from watchbill.model.question import question_of

TEXTS = {
    "triggered": "{{ service.name }} is disturbed",
    "unchanged": "no change on {{ service.name }}",
    "mitigated": "{{ service.name }} works again",
    "resolved": "it is over",
}


def a_watch(*documents: Document, **comms: Any) -> Watch:
    """Customers are to hear on the status page; eve is their liaison."""
    page = a_use("statuspage.post", body="{{ body }}")
    liaison = a_team("engineering", members=["eve"], roles={"customer-liaison": "person/eve", "lead": "person/eve"})
    told = a_comms(messages=comms.pop("messages", TEXTS), **comms)
    return Watch(a_shop(an_escalation(), liaison, an_audience("customers", page, liaison="role/customer-liaison"), told, *documents))


def told(watch: Watch) -> list[tuple[str, str]]:
    """When an update left, and what it said."""
    return [(f"{at:%H:%M}", step.text) for at, step in watch.started if step.kind == "update"]


def test_the_first_update_is_due_in_time() -> None:
    """
    Fifteen minutes after the incident opens the audience is told, through its own channel.
    """
    watch = a_watch()
    watch.receives(an_alert())
    watch.passes(minutes=16)

    assert told(watch) == [("12:15", "checkout is disturbed")]
    assert watch.step("update").calls[0].arguments == {"body": "checkout is disturbed"}


def test_updates_follow_every_cadence_though_nothing_is_new() -> None:
    """
    An update is an obligation: without news the audience hears that there is none.
    """
    watch = a_watch()
    watch.receives(an_alert())
    watch.passes(minutes=76)

    assert told(watch)[1:] == [("12:45", "no change on checkout"), ("13:15", "no change on checkout")]


def test_without_a_cadence_there_is_one_update_for_each_status() -> None:
    """
    With no cadence nothing follows until the status changes.
    """
    watch = a_watch(cadence=None)
    watch.receives(an_alert())
    watch.passes(minutes=120)
    watch.mitigates()

    assert told(watch) == [("12:15", "checkout is disturbed"), ("14:00", "checkout works again")]


def test_a_change_of_status_is_told_at_once() -> None:
    """
    When the incident is mitigated those who were told of it hear so, and the cadence counts from then.
    """
    watch = a_watch()
    watch.receives(an_alert())
    watch.passes(minutes=20)
    watch.mitigates()
    watch.passes(minutes=31)

    assert told(watch)[1:] == [("12:20", "checkout works again"), ("12:50", "no change on checkout")]


def test_those_who_were_told_hear_that_it_is_over_and_then_nothing() -> None:
    """
    A resolved incident is told as resolved, and no further update is due.
    """
    watch = a_watch()
    watch.receives(an_alert())
    watch.passes(minutes=20)
    watch.resolves()
    watch.passes(minutes=300)

    assert told(watch)[1:] == [("12:20", "it is over")]
    assert watch.last.wake_at is None


def test_who_was_told_nothing_hears_no_resolution() -> None:
    """
    An incident that is over before the first update was due is not told at all.
    """
    watch = a_watch()
    watch.receives(an_alert())
    watch.passes(minutes=5)
    watch.resolves()
    watch.passes(minutes=60)

    assert told(watch) == []


def test_a_review_comes_before_what_is_sent_not_before_what_is_due() -> None:
    """
    When an update falls due its reviewer is asked; a yes sends it.
    """
    watch = a_watch(review=a_review())
    watch.receives(an_alert())
    watch.passes(minutes=15)
    asked = [duty.person for duty in watch.step("review").people]
    watch.passes(minutes=4)
    watch.approves(watch.step("update"), "eve")

    assert asked == ["eve"]
    assert told(watch) == [("12:19", "checkout is disturbed")]
    assert watch.step("update").note == "reviewed by eve"


def test_a_reviewer_sees_the_words_that_leave_at_their_yes() -> None:
    """
    The message to the reviewer has the words, the channels and their digest; what leaves at a yes to that is what was shown.
    """
    watch = a_watch(review=a_review())
    watch.receives(an_alert())
    watch.passes(minutes=15)
    update = watch.step("update")
    question = question_of(update, watch.incident.revision)
    said = text_of(watch.incident, watch.step("review"))
    watch.happens(Approved(update.id, "eve", "0123456789ab"))
    other = (watch.answer[0], watch.step("update").state)
    watch.happens(Approved(update.id, "eve", question.digest if question is not None else ""))
    sent = watch.step("update")

    assert question is not None
    assert f"Text: {update.text}" in said
    assert f"approve {watch.incident.id} {update.id} --digest {question.digest}" in said
    assert other == (False, "waiting")
    assert (sent.state, sent.subject, sent.text, sent.calls) == ("started", update.subject, update.text, update.calls)


def test_an_unanswered_review_sends_or_holds_as_declared() -> None:
    """
    After its wait a review without an answer sends the update, or holds it.
    """
    for hold, expected in ((False, [("12:25", "checkout is disturbed")]), (True, [])):
        watch = a_watch(review=a_review(hold=hold), cadence=None)
        watch.receives(an_alert())
        watch.passes(minutes=60)

        assert told(watch) == expected


def test_a_review_that_nobody_can_do_follows_then_at_once() -> None:
    """
    With its reviewer on leave, the update leaves when it is due.
    """
    away = a_person("eve", leave=[some_days("2026-11-01", "2026-11-30")])
    watch = a_watch(away, review=a_review())
    watch.receives(an_alert())
    watch.passes(minutes=16)

    assert told(watch) == [("12:15", "checkout is disturbed")]
    assert watch.step("update").note == "nobody could review it"


def test_only_the_reviewer_may_say_yes() -> None:
    """
    A yes by somebody who was not asked sends nothing.
    """
    watch = a_watch(review=a_review())
    watch.receives(an_alert())
    watch.passes(minutes=15)
    watch.approves(watch.step("update"), "bo")

    assert told(watch) == []


def test_a_no_withdraws_this_update_and_not_the_next() -> None:
    """
    A reviewer's no takes back one update; the next one is due all the same.
    """
    watch = a_watch(review=a_review())
    watch.receives(an_alert())
    watch.passes(minutes=15)
    watch.denies(watch.step("update"), "eve")
    watch.passes(minutes=60)

    assert watch.step("update").state == "withdrawn"
    assert told(watch)[0][0] == "12:55"


def test_the_liaison_is_reminded_before_an_update_is_due() -> None:
    """
    Five minutes before an update is due, whoever answers for it hears so.
    """
    watch = a_watch(remind=timedelta(minutes=5))
    watch.receives(an_alert())
    watch.passes(minutes=14)

    assert [(f"{at:%H:%M}", step.people[0].person) for at, step in watch.started if step.kind == "remind"] == [("12:10", "eve")]


def test_a_more_specific_comms_takes_over() -> None:
    """
    When a worse alert joins, the Comms that is more specific for the audience speaks from then on.
    """
    harsh = a_comms("harsh", match=['severity="critical"'], messages={"triggered": "it is bad"}, first=timedelta(minutes=2))
    watch = a_watch(harsh)
    watch.receives(an_alert(severity="warning"))
    watch.receives(an_alert(alertname="Down"))
    watch.passes(minutes=16)

    assert told(watch) == [("12:02", "it is bad")]


def test_a_missing_label_renders_empty_in_an_update() -> None:
    """
    A text that names a label the alert does not have is sent with nothing in its place.
    """
    watch = a_watch(messages={"triggered": "in {{ alert.labels.region }}: trouble"})
    watch.receives(an_alert())
    watch.passes(minutes=15)

    assert told(watch) == [("12:15", "in : trouble")]
