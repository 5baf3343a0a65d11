"""The engine's own alarm: why it is raised, what takes its place while it does not get out, and what ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.makers import NOON, a_level, a_shop, an_alert, an_escalation
from tests.watch import Watch
from watchbill.model.plan import Retry, Step
from watchbill.model.policyset import PolicySet

MINUTE = timedelta(minutes=1)


def a_house(**more: bool) -> PolicySet:
    """One level of five minutes, then the fallback team; the alarm comes at 12:20 and is repeated every quarter of an hour."""
    return a_shop(an_escalation("payments-critical", a_level("role/primary", wait=5 * MINUTE), **more))


def alarmed(policies: PolicySet | None = None) -> Watch:
    """A watch whose first alarm has just been raised, unanswered."""
    watch = Watch(policies or a_house())
    watch.receives(an_alert())
    watch.passes(minutes=20)
    assert len(started(watch)) == 1
    return watch


def started(watch: Watch) -> list[Step]:
    """The alarms that were handed out, as they are now."""
    return [step for step in watch.steps("alarm") if step.started_at is not None]


def fails_to_leave(watch: Watch, step: Step, *, minutes: float = 5, is_unknown: bool = False) -> None:
    """The last resort cannot be reached with this alarm, and it is to be tried again later."""
    watch.finishes(step, Retry(watch.now + timedelta(minutes=minutes), "503 Service Unavailable", is_unknown))


def test_an_alarm_that_does_not_get_out_keeps_its_reason() -> None:
    """
    Why the alarm is raised stands apart from what the last resort answered, at every attempt.
    """
    watch = alarmed()
    for _ in range(2):
        fails_to_leave(watch, watch.step("alarm"))
        watch.passes(minutes=5)
    alarm = watch.step("alarm")

    assert (alarm.note, alarm.error, alarm.retried) == ("nobody answered any page", "503 Service Unavailable", 2)


@pytest.mark.parametrize("is_unknown", [True, False])
def test_only_what_may_have_been_heard_is_possibly_repeated(is_unknown: bool) -> None:
    """
    An alarm that the last resort refused for now is no repeat; one of which nobody knows is.
    """
    watch = alarmed()
    fails_to_leave(watch, watch.step("alarm"), is_unknown=is_unknown)
    watch.passes(minutes=5)

    assert watch.step("alarm").possibly_repeated == is_unknown


def test_a_later_alarm_takes_the_place_of_one_that_did_not_get_out() -> None:
    """
    While the last resort cannot be reached, one alarm of an incident waits for it and no more.
    """
    watch = alarmed()
    fails_to_leave(watch, watch.step("alarm"), minutes=30)
    watch.passes(minutes=15)
    first, second = started(watch)

    assert (first.state, first.note) == ("withdrawn", "a later alarm takes its place")
    assert (second.state, second.note, second.text) == ("started", "nobody answered any page", first.text)


def test_the_reason_is_told_until_it_was_heard() -> None:
    """
    An alarm whose predecessors did not get out says why the first was raised; one behind what was heard says that nobody has answered.
    """
    watch = alarmed()
    watch.finishes(watch.step("alarm"))
    watch.passes(minutes=15)

    assert [step.note for step in started(watch)] == ["nobody answered any page", "nobody has answered yet"]


def test_an_alarm_under_way_that_a_later_one_has_followed_is_not_tried_again() -> None:
    """
    An alarm that hangs until the next one sounds, and then fails, is given up with what it said.
    """
    watch = alarmed()
    first = watch.step("alarm")
    watch.passes(minutes=15)
    fails_to_leave(watch, first)

    assert [(step.state, step.retry_at) for step in started(watch)] == [("withdrawn", None), ("started", None)]
    assert started(watch)[0].error == "503 Service Unavailable"


def test_an_answer_ends_what_waits_to_be_tried_again() -> None:
    """
    Once somebody has taken the incident no alarm that waits is tried again, and none sounds when it is given back but by its own rounds.
    """
    watch = alarmed()
    fails_to_leave(watch, watch.step("alarm"))
    watch.acknowledges("ana")
    acknowledged = [step.state for step in watch.steps("alarm")]
    watch.unacknowledges("ana")
    watch.passes(minutes=6)

    assert acknowledged == ["withdrawn", "withdrawn"]
    assert len(started(watch)) == 1


def test_an_escalation_that_pages_anew_ends_the_alarm_that_waits() -> None:
    """
    Whoever asks for more people begins anew, and the alarm that did not get out is not tried again meanwhile.
    """
    watch = alarmed()
    fails_to_leave(watch, watch.step("alarm"))
    watch.escalates("ana")

    assert {step.state for step in started(watch)} == {"withdrawn"}


def test_with_an_acknowledgement_of_its_own_the_alarm_goes_on() -> None:
    """
    Where only its own team can answer an escalation, the answer of somebody else ends neither the alarm nor its attempts.
    """
    watch = alarmed(a_house(own_ack=True))
    watch.acknowledges("dan")
    fails_to_leave(watch, watch.step("alarm"))
    waits = watch.step("alarm").state, watch.step("alarm").retry_at
    watch.acknowledges("ana")

    assert waits == ("started", watch.now + 5 * MINUTE)
    assert {step.state for step in watch.steps("alarm")} == {"withdrawn"}


def test_an_alarm_that_a_person_wants_again_adds_no_second_one() -> None:
    """
    An alarm that could not get out is sounded again at a person's wish; the next one keeps its time.
    """
    watch = alarmed()
    watch.stalls(watch.step("alarm"), "no such number")
    watch.retries(watch.step("alarm"), "ana")
    planned = [step.due_at for step in watch.steps("alarm") if step.state == "planned"]

    assert watch.step("alarm").state == "started"
    assert planned == [NOON + 35 * MINUTE]


def test_the_alarm_of_a_house_on_trial_does_not_say_that_nobody_answered() -> None:
    """
    Where no page could be answered, since the connectors are in shadow, the alarm says that.
    """
    watch = Watch(a_house())
    watch.receives(an_alert())
    for _ in range(2):
        page = next(step for step in watch.steps("page") if step.state == "started" and step.leaves_at is not None)
        for number in range(len(page.deliveries)):
            watch.reports("shadow", number, page)
        watch.passes(minutes=15)
    watch.passes(minutes=10)

    assert started(watch)[0].note == "no page left: the connectors are in shadow"


def test_the_alarm_says_which_contacts_failed() -> None:
    """
    Where nothing of the last page left the alarm comes at once, and names what failed.
    """
    watch = Watch(a_house())
    watch.receives(an_alert())
    for _ in range(2):
        page = next(step for step in watch.steps("page") if step.state == "started")
        for number in range(len(page.deliveries)):
            watch.reports("refused", number, page, error="401")
    (alarm,) = started(watch)

    assert alarm.note == "no page of the level before it left"
    assert alarm.text.splitlines()[1] == f"{alarm.note}: dan: phone.call refused (401); dan: phone.sms refused (401)"


def test_an_old_alarm_that_a_person_wants_again_sounds_once_beside_what_pages_anew() -> None:
    """
    The alarm failed, and another alert has the escalation begin anew: tried again, it sounds, and neither ends that nor is repeated.
    """
    watch = alarmed()
    watch.stalls(watch.step("alarm"), "no route")
    watch.receives(an_alert(alertname="Other", starts_at=watch.now))
    watch.retries(watch.step("alarm"))
    again, run = watch.step("alarm").state, watch.incident.escalations[-1]
    planned = [step.kind for step in watch.incident.steps.values() if step.state == "planned"]
    watch.passes(minutes=19)
    before = len(started(watch))
    watch.passes(minutes=1)

    assert (again, run.is_over, planned) == ("started", False, ["page"])
    assert (before, len(started(watch))) == (1, 2)
