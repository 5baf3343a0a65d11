"""What must not happen at three in the morning: pages lost, doubled or late, and repairs that nobody asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.makers import (
    NOON,
    Document,
    a_comms,
    a_connector,
    a_guardrail,
    a_hub,
    a_level,
    a_place,
    a_remediation,
    a_repair_step,
    a_review,
    a_service,
    a_shop,
    a_team,
    a_use,
    an_alert,
    an_audience,
    an_escalation,
)
from tests.watch import Watch
from watchbill.decide import Bill
from watchbill.expressions.conditions import parse_condition
from watchbill.model.event import Woken
from watchbill.model.plan import Retry, step_id
from watchbill.model.policies import Concurrency, Guards, Remediation, Rollback, Verification

MINUTE = timedelta(minutes=1)
INSTANCE = "{{ alert.labels.instance }}"


def a_verification() -> Verification:
    """The error rate is below one percent for two minutes, within five."""
    expect = parse_condition("value < `0.01`", a_place())
    return Verification(a_use("metrics.query", query="error_rate"), expect, 2 * MINUTE, 5 * MINUTE)


def a_restart(name: str = "restart-checkout", *steps: Any, **more: Any) -> Remediation:
    """A fallback that holds the page for six minutes."""
    fields = {"phase": "fallback", "hold": 6 * MINUTE, "verification": a_verification()} | more
    return a_remediation(name, *steps, **fields)


def a_watch(*documents: Document, **more: Any) -> Watch:
    """The shop with two levels to page, and these documents."""
    levels = (a_level("role/primary"), a_level("role/secondary"))
    return Watch(a_shop(an_escalation("payments-critical", *levels, **more), *documents))


def works(watch: Watch, number: int = 0) -> None:
    """The *number*-th verification sees for two minutes that it works."""
    verify = watch.steps("verify")[number]
    watch.observes(verify, {"value": 0.0})
    watch.passes(minutes=2)
    watch.observes(verify, {"value": 0.0})


def begun(watch: Watch, kind: str = "repair") -> list[str]:
    """The steps of this *kind* that were handed out, by policy and slot."""
    return [f"{step.because.name}:{step.slot}" for _, step in watch.started if step.kind == kind]


# --- holds ----------------------------------------------------------------------------


def test_a_second_covered_alert_does_not_end_the_wait() -> None:
    """
    A fallback at work uses up its own guards; an alert that joins it is waited for all the same, and nothing is offered twice.
    """
    watch = a_watch(a_restart(guards=Guards(concurrency=Concurrency(1, "service"))))
    watch.receives(an_alert())
    run = watch.a_run("restart-checkout", "checkout")
    watch.snapshot = replace(watch.snapshot, runs=(run,))
    watch.passes(minutes=2)
    watch.receives(an_alert(alertname="Slow"))

    assert watch.paged == []
    assert watch.steps("offer") == []


def test_a_hold_counts_from_when_its_remediation_was_planned() -> None:
    """
    A worse alert joins in the fifth minute and another escalation takes over: the page still leaves in the sixth.
    """
    mild = an_escalation("mild", a_level("role/secondary"), match=['severity="warning"'])
    harsh = an_escalation("harsh", a_level("role/lead"), match=['severity="critical"'])
    watch = Watch(a_shop(mild, harsh, a_restart()))
    watch.receives(an_alert(severity="warning"))
    watch.passes(minutes=5)
    watch.receives(an_alert(alertname="Down"))
    watch.passes(minutes=3)

    assert watch.paged == [("12:06", "cy")]


def test_what_has_failed_is_waited_for_no_more() -> None:
    """
    After a fallback has failed, whoever gives the incident back has it paged at once, not after another hold.
    """
    watch = a_watch(a_restart())
    watch.receives(an_alert())
    watch.stalls(watch.step("repair"))
    watch.acknowledges()
    watch.passes(minutes=1)
    watch.unacknowledges()

    assert watch.paged == [("12:00", "ana"), ("12:01", "ana")]


def test_a_relapse_is_paged_at_once() -> None:
    """
    A fallback worked and the alert came back: it runs once per target, so nothing is waited for.
    """
    watch = a_watch(a_restart())
    watch.receives(an_alert())
    watch.finishes(watch.step("repair"))
    works(watch)
    watch.passes(minutes=1)
    watch.receives(an_alert(starts_at=NOON + 3 * MINUTE))

    assert watch.incident.status == "triggered"
    assert watch.paged == [("12:03", "ana")]


def test_a_failure_after_the_hold_moves_no_later_page() -> None:
    """
    The hold ran out and level one was paged; that the repair then fails does not cut short its time to answer.
    """
    watch = a_watch(a_restart())
    watch.receives(an_alert())
    watch.passes(minutes=7)
    watch.stalls(watch.step("repair"))
    watch.passes(minutes=5)

    assert watch.paged == [("12:06", "ana"), ("12:11", "bo")]


def test_a_page_waits_only_for_its_own_target() -> None:
    """
    A fallback on one instance covers no alert of another one, whose own run is refused.
    """
    limit = a_guardrail("not-b", match=['instance="b"'], ceiling="human-initiated")
    watch = a_watch(a_restart(target=INSTANCE), limit)
    watch.receives(an_alert(instance="a"), an_alert(instance="b"))

    assert watch.paged == [("12:00", "ana")]


def test_a_shorter_hold_that_joins_brings_the_page_forward() -> None:
    """
    A page that waits for two fallbacks waits no longer than the shorter of their holds.
    """
    slow = a_restart("slow", match=['alertname="HighErrorRate"'])
    quick = a_restart("quick", match=['alertname="Slow"'], hold=2 * MINUTE)
    watch = a_watch(slow, quick)
    watch.receives(an_alert())
    watch.passes(minutes=1)
    watch.receives(an_alert(alertname="Slow"))
    watch.passes(minutes=9)

    assert watch.paged[0] == ("12:03", "ana")


def test_a_page_that_applies_besides_waits_too() -> None:
    """
    A fallback that works wakes nobody, not even by an escalation with `continue`.
    """
    besides = an_escalation("security", a_level("person/dan"), team="platform", proceed=True)
    watch = a_watch(besides, a_restart())
    watch.receives(an_alert())
    watch.finishes(watch.step("repair"))
    works(watch)
    watch.passes(minutes=60)

    assert watch.paged == []


def test_the_hub_keeps_company_with_the_first_page() -> None:
    """
    The channel opens when a held page is let go, when somebody takes the incident, and never if the page was not needed.
    """
    failing, working, taken = (a_watch(a_restart(), hub=a_hub()) for _ in range(3))
    for watch in (failing, working, taken):
        watch.receives(an_alert())
        watch.passes(minutes=1)
    failing.stalls(failing.step("repair"))
    working.finishes(working.step("repair"))
    works(working)
    working.passes(minutes=30)
    taken.acknowledges()

    assert failing.calls("hub") == [("12:01", "chat.open-channel")]
    assert working.calls("hub") == []
    assert taken.calls("hub") == [("12:01", "chat.open-channel")]


def test_a_shadow_holds_and_stops_nothing() -> None:
    """
    A remediation in shadow, its own or its connector's, touches nothing: no page waits for it or ends by it, no real one queues behind it.
    """
    cluster = a_connector("cluster", "kubernetes", shadow=True)
    for documents in ((a_restart(shadow=True),), (a_restart(), cluster)):
        watch = a_watch(*documents)
        watch.receives(an_alert())
        watch.finishes(watch.step("repair"))
        works(watch)

        assert watch.people_paged == ["ana"]
        assert watch.incident.status == "triggered"

    both = a_watch(a_restart("shadow", shadow=True, priority=5), a_restart("real"))
    both.receives(an_alert())

    assert begun(both) == ["shadow:checkout/restart", "real:checkout/restart"]


# --- repairs --------------------------------------------------------------------------


def test_one_repair_that_works_does_not_silence_another_alert() -> None:
    """
    People are called for an alert that nothing repairs; that some other alert was repaired stops none of their pages.
    """
    watch = a_watch(a_restart(match=['alertname="HighErrorRate"']))
    watch.receives(an_alert(), an_alert(alertname="Down"))
    watch.finishes(watch.step("repair"))
    works(watch)
    watch.passes(minutes=5)

    assert watch.incident.status == "triggered"
    assert watch.people_paged == ["ana", "bo"]


def test_what_waits_its_turn_is_taken_back_when_the_first_has_worked() -> None:
    """
    Of two remediations for one alert the second does not run once the first has repaired it.
    """
    watch = a_watch(a_restart("second"), a_restart("first", priority=5))
    watch.receives(an_alert())
    watch.finishes(watch.step("repair"))
    works(watch)

    assert watch.incident.status == "mitigated"
    assert begun(watch) == ["first:checkout/restart"]


def test_no_other_repair_begins_between_a_step_and_what_follows_it() -> None:
    """
    One at a time means the whole run: its steps, its verification and its rollback.
    """
    undo = Rollback((a_repair_step("undo"),))
    two = (a_repair_step("drain"), a_repair_step("restart"))
    watch = a_watch(a_restart("second"), a_restart("first", *two, priority=5, rollback=undo))
    watch.receives(an_alert())
    watch.finishes(watch.steps("repair")[0])
    after_a_step = begun(watch)
    watch.finishes(next(step for step in watch.steps("repair") if step.state == "started"))
    under_verification = begun(watch)
    watch.stalls(watch.step("verify"))
    while_undoing = begun(watch)
    watch.finishes(watch.step("rollback"))

    assert after_a_step == under_verification == while_undoing == ["first:checkout/drain", "first:checkout/restart"]
    assert begun(watch)[-1] == "second:checkout/restart"


def test_a_resolution_is_not_followed_by_a_rollback() -> None:
    """
    Alerts end while a repair is still verified: the verification ends too, and what worked is not undone when its time runs out.
    """
    watch = a_watch(a_restart(rollback=Rollback((a_repair_step("undo"),))))
    watch.receives(an_alert())
    watch.finishes(watch.step("repair"))
    watch.receives(an_alert(status="resolved"))
    watch.passes(minutes=60)

    assert watch.step("verify").state == "withdrawn"
    assert watch.calls("rollback") == []


def test_nothing_follows_a_step_that_ends_after_the_resolution() -> None:
    """
    The second step of a remediation is not begun for an incident that is over.
    """
    watch = a_watch(a_restart("two", a_repair_step("drain"), a_repair_step("restart")))
    watch.receives(an_alert())
    watch.resolves()
    watch.finishes(watch.step("repair"))

    assert begun(watch) == ["two:checkout/drain"]


def test_a_reopened_incident_waits_for_the_run_that_still_goes_on() -> None:
    """
    A repair begun before the incident was resolved and reopened must end before it is begun again.
    """
    watch = a_watch(a_restart())
    watch.receives(an_alert())
    watch.resolves()
    watch.passes(minutes=1)
    watch.receives(an_alert(starts_at=NOON + MINUTE))
    still_running = begun(watch)
    watch.finishes(watch.step("repair"))

    assert (len(still_running), len(begun(watch))) == (1, 2)


def test_a_repair_stays_planned_while_any_alert_of_its_target_fires() -> None:
    """
    One of two alerts of an instance ends: what waits its turn for that instance is wanted still.
    """
    watch = a_watch(a_restart(target=INSTANCE))
    watch.receives(an_alert(instance="a"), an_alert(instance="b"), an_alert(instance="b", alertname="Slow"))
    watch.receives(an_alert(instance="b", status="resolved"))

    assert watch.steps("repair")[1].state == "planned"


def test_what_was_taken_back_unbegun_can_be_wanted_again() -> None:
    """
    The alert of an instance ends and comes back before its repair had its turn: it is repaired after all.
    """
    watch = a_watch(a_restart(target=INSTANCE))
    watch.receives(an_alert(instance="a"), an_alert(instance="b"))
    watch.receives(an_alert(instance="b", status="resolved"))
    watch.receives(an_alert(instance="b"))
    watch.stalls(watch.step("repair"))

    assert begun(watch)[-1] == "restart-checkout:b/restart"


def test_a_target_may_hold_slashes() -> None:
    """
    Interfaces `ge-0` and `ge-0/1` are two targets, each repaired once, also after a reopening.
    """
    watch = a_watch(a_restart(target=INSTANCE))
    watch.receives(an_alert(instance="ge-0/restart"), an_alert(instance="ge-0"))

    assert [step.slot for step in watch.steps("repair")] == ["ge-0/restart", "ge-0/restart/restart"]
    assert step_id("i", "offer", "p", "ge-0", 1) != step_id("i", "offer", "p", "ge-0/1", 0)


def test_an_empty_target_is_no_target() -> None:
    """
    A target that comes out empty runs nothing and holds no page.
    """
    watch = a_watch(a_restart(target="{{ alert.labels.instance | default('') }}"))
    watch.receives(an_alert())

    assert watch.steps("repair") == []
    assert watch.people_paged == ["ana"]


def test_every_series_must_hold() -> None:
    """
    A verification of several series holds when it holds for each of them, and not when there is none.
    """
    good, bad = {"labels": {}, "value": 0.0}, {"labels": {}, "value": 0.5}
    for series, status in (([good, good], "mitigated"), ([good, bad], "triggered"), ([], "triggered")):
        watch = a_watch(a_restart())
        watch.receives(an_alert())
        watch.finishes(watch.step("repair"))
        for _ in range(2):
            watch.observes(watch.step("verify"), {"value": None, "values": series, "series": len(series)})
            watch.passes(minutes=2)

        assert watch.incident.status == status


def test_a_verification_is_not_over_because_a_look_was() -> None:
    """
    That a query was carried out is one look, not a success.
    """
    watch = a_watch(a_restart())
    watch.receives(an_alert())
    watch.finishes(watch.step("repair"))
    watch.finishes(watch.step("verify"))

    assert watch.step("verify").state == "started"


def test_a_late_yes_is_no_yes() -> None:
    """
    An approval that comes after its time is over starts nothing, though the clock's own event is not here yet.
    """
    watch = a_watch(a_restart(approvals=1, may_approve=("person/eve",)))
    watch.receives(an_alert())
    watch.now += timedelta(minutes=16)
    watch.approves(watch.step("repair"), "eve")

    assert (watch.step("repair").state, watch.step("repair").note) == ("failed", "nobody approved in time")


def test_a_ceiling_of_opportunity_offers_nothing() -> None:
    """
    A guardrail that lets a remediation only be counted keeps it from being offered as well.
    """
    watch = a_watch(a_restart(), a_guardrail("only-count", ceiling="opportunity"))
    watch.receives(an_alert())

    assert watch.steps("offer") == watch.steps("repair") == []


def test_a_page_says_what_was_tried() -> None:
    """
    Whoever is woken because a repair failed reads so in the page.
    """
    watch = a_watch(a_restart())
    watch.receives(an_alert())
    watch.stalls(watch.step("repair"), "no such deployment")

    assert watch.step("page").text.endswith("(payments)\nrestart-checkout did not work: no such deployment")


# --- alerts ---------------------------------------------------------------------------


@pytest.mark.parametrize("over", ["mitigates", "resolves"])
def test_an_alert_said_again_in_other_words_pages_nobody(over: str) -> None:
    """
    A firing alert re-sent with another value in its summary is neither a relapse nor a return.
    """
    watch = a_watch()
    watch.receives(an_alert(annotations={"summary": "7 %"}))
    getattr(watch, over)()
    status = watch.incident.status
    watch.passes(minutes=1)
    watch.receives(an_alert(annotations={"summary": "8 %"}))

    assert watch.incident.status == status
    assert watch.people_paged == ["ana"]


def test_of_one_alert_twice_in_a_batch_the_last_counts() -> None:
    """
    An alert that fired and ended within one batch opens nothing, and takes a running incident's alert to its end.
    """
    watch = a_watch()
    watch.receives(an_alert(), an_alert(status="resolved"))
    assert watch.snapshot.incident is None
    watch.receives(an_alert())
    watch.receives(an_alert(annotations={"summary": "8 %"}), an_alert(status="resolved"))

    assert watch.incident.status == "resolved"


def test_an_end_that_comes_late_ends_nothing() -> None:
    """
    That an alert's former time had ended, heard after it began anew, does not resolve the incident.
    """
    watch = a_watch()
    watch.receives(an_alert(starts_at=NOON + timedelta(hours=3)))
    watch.receives(an_alert(status="resolved"))

    assert watch.incident.status == "triggered"


# --- paging ---------------------------------------------------------------------------


def test_a_fall_in_severity_changes_nobodys_pages() -> None:
    """
    The critical alert ends and a warning stays: the escalation of the critical one goes on, and no milder one begins.
    """
    mild = an_escalation("mild", a_level("person/eve"), match=['severity="warning"'], priority=1)
    watch = a_watch(mild)
    watch.receives(an_alert(), an_alert(alertname="Slow", severity="warning"))
    watch.receives(an_alert(status="resolved"))
    watch.passes(minutes=5)

    assert watch.people_paged == ["ana", "bo"]


def test_an_escalation_at_work_is_not_begun_a_second_time() -> None:
    """
    One with `ack: own` went on through an acknowledgement; when the incident is given back it keeps its one clock.
    """
    own = an_escalation("own", a_level("person/dan"), a_level("person/eve"), team="platform", proceed=True, own_ack=True)
    watch = a_watch(own)
    watch.receives(an_alert())
    watch.acknowledges("ana")
    watch.passes(minutes=1)
    watch.unacknowledges("ana")
    watch.passes(minutes=60)

    assert [person for person in watch.people_paged if person in ("dan", "eve")] == ["dan", "eve", "dan"]


def test_a_page_that_stalls_stops_no_escalation() -> None:
    """
    A page that could not be carried out is marked so, and the next level is called at once.
    """
    watch = a_watch()
    watch.receives(an_alert())
    watch.stalls(watch.step("page"), "the number is not in service")
    watch.passes(minutes=4)

    assert watch.step("page").state == "failed"
    assert watch.paged == [("12:00", "ana"), ("12:00", "bo")]


@pytest.mark.parametrize("left", [(), (a_level("role/primary"),)])
def test_an_escalation_that_vanishes_is_the_fallback_teams(left: tuple[Any, ...]) -> None:
    """
    An escalation, or a level of it, that is declared no more while it is at work ends with the fallback team, not in silence.
    """
    watch = a_watch()
    watch.receives(an_alert())
    watch.bill = Bill.of(a_shop(*(an_escalation("payments-critical", *left),) if left else ()))
    watch.passes(minutes=5)

    assert watch.paged == [("12:00", "ana"), ("12:05", "dan")]


def test_nothing_that_is_missing_is_a_mistake_of_the_engine() -> None:
    """
    What is quarantined while an incident lasts cannot be reached; the alarm still comes, again and again, and anew for an alert that joins.
    """
    comms = a_comms(review=a_review("person/eve"), remind=5 * MINUTE)
    watch = a_watch(an_audience("customers", liaison="person/eve"), comms, hub=a_hub(invite=["person/eve"]))
    watch.receives(an_alert())
    bare = replace(watch.bill.policies, people={}, teams={}, schedules={}, audiences={}, services={}, connectors={})
    watch.bill = Bill.of(bare)
    watch.passes(minutes=60)
    watch.receives(an_alert(alertname="Down"))
    watch.resolves()

    alarms = [(f"{step.started_at:%H:%M}" if step.started_at else "", step.state) for step in watch.steps("alarm")]
    assert alarms[-2:] == [("13:00", "started"), ("", "withdrawn")]
    assert watch.step("update").state == "failed"


# --- trying again ---------------------------------------------------------------------


def test_what_has_become_moot_is_not_tried_again() -> None:
    """
    No page is repeated after an acknowledgement, nothing at all after the resolution, and no old update after a newer one.
    """
    taken, over, told = a_watch(), a_watch(), a_watch(an_audience("customers"), a_comms(messages={"triggered": "t", "mitigated": "m"}))
    for watch in (taken, over):
        watch.receives(an_alert())
        watch.finishes(watch.step("page"), Retry(NOON + MINUTE, "?"))
    taken.acknowledges()
    over.resolves()
    told.receives(an_alert())
    told.passes(minutes=15)
    told.finishes(told.step("update"), Retry(NOON + timedelta(minutes=20), "?"))
    told.mitigates()
    for watch in (taken, over, told):
        watch.passes(minutes=10)

    assert taken.people_paged == over.people_paged == ["ana"]
    assert over.last.wake_at is None
    assert [step.text for _, step in told.started if step.kind == "update"] == ["t", "m"]


def test_a_verification_that_could_not_look_has_its_time_all_the_same() -> None:
    """
    Trying a verification again does not lengthen the time in which it must hold.
    """
    watch = a_watch(a_restart(hold=timedelta(hours=1)))
    watch.receives(an_alert())
    watch.finishes(watch.step("repair"))
    watch.finishes(watch.step("verify"), Retry(NOON + 3 * MINUTE, "no route"))
    watch.passes(minutes=6)

    assert len(begun(watch, "verify")) == 2
    assert watch.paged == [("12:05", "ana")]


# --- updates --------------------------------------------------------------------------


def told(watch: Watch) -> list[tuple[str, str]]:
    """When an update left, and what it said."""
    return [(f"{at:%H:%M}", step.text) for at, step in watch.started if step.kind == "update"]


def test_an_alert_that_joins_makes_no_second_first_update() -> None:
    """
    Without a cadence one update is sent for each status, however many alerts join.
    """
    watch = a_watch(an_audience("customers"), a_comms(cadence=None))
    watch.receives(an_alert())
    watch.passes(minutes=20)
    watch.receives(an_alert(alertname="Slow"))
    watch.passes(minutes=60)

    assert told(watch) == [("12:15", "checkout is disturbed")]


def test_taking_over_puts_no_update_off() -> None:
    """
    An alert that comes and goes lets two Comms take over from one another; what the audience was promised stays due.
    """
    harsh = a_comms("harsh", match=['severity="critical"'], messages={"triggered": "it is bad"})
    watch = a_watch(an_audience("customers"), a_comms(), harsh)
    watch.receives(an_alert(severity="warning"))
    for _ in range(3):
        watch.passes(minutes=3)
        watch.receives(an_alert(alertname="Down"))
        watch.passes(minutes=3)
        watch.receives(an_alert(alertname="Down", status="resolved"))

    assert told(watch)[0][0] == "12:15"


def test_an_audience_hears_once_that_it_is_over() -> None:
    """
    Two Comms spoke to one audience in turn; only the one that spoke last says the end.
    """
    texts = {"triggered": "t", "resolved": "r"}
    watch = a_watch(an_audience("customers"), a_comms(messages=texts), a_comms("harsh", match=['severity="critical"'], messages=texts))
    watch.receives(an_alert(severity="warning"))
    watch.passes(minutes=15)
    watch.receives(an_alert(alertname="Down"))
    watch.passes(minutes=30)
    watch.resolves()

    assert [text for _, text in told(watch)] == ["t", "t", "r"]


def test_a_held_update_makes_way_for_the_next() -> None:
    """
    With nobody to review it an update is held; the obligation goes on, and the newer one takes its place.
    """
    nobody = a_team("engineering", roles={"customer-liaison": "person/nobody"})
    watch = a_watch(nobody, an_audience("customers"), a_comms(review=a_review(hold=True)))
    watch.receives(an_alert())
    watch.passes(minutes=50)

    assert [step.state for step in watch.steps("update")] == ["withdrawn", "waiting", "planned"]


# --- the clock ------------------------------------------------------------------------


def test_a_clock_that_goes_backwards_does_nothing_early_or_twice() -> None:
    """
    An event that bears an earlier time than the one before pages nobody, and what was due stays due.
    """
    watch = a_watch()
    watch.receives(an_alert())
    watch.now -= timedelta(minutes=30)
    watch.happens(Woken())
    watch.receives(an_alert(alertname="Slow"))
    watch.passes(minutes=36)

    assert watch.paged == [("12:00", "ana"), ("12:05", "bo")]


def test_a_deadline_is_counted_from_when_it_was_triggered() -> None:
    """
    An alert that joins cannot make people wait longer than the service's deadline.
    """
    watch = a_watch(a_restart(target=INSTANCE, hold=timedelta(hours=1)), a_service("checkout", deadline=10 * MINUTE))
    watch.receives(an_alert(instance="a", severity="warning"))
    watch.passes(minutes=5)
    watch.receives(an_alert(instance="b"))
    watch.passes(minutes=6)

    assert watch.paged == [("12:10", "ana")]
