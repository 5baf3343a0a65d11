"""Stories of what repairs itself, what waits for a yes, and what a failure brings; on virtual time, from noon."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.makers import (
    NOON,
    Document,
    a_freeze,
    a_guardrail,
    a_place,
    a_remediation,
    a_repair_step,
    a_service,
    a_shop,
    a_span,
    a_use,
    an_alert,
    an_escalation,
)
from tests.watch import Watch
from watchbill.expressions.conditions import parse_condition
from watchbill.model.decision import RepairRun
from watchbill.model.plan import Done, Stalled
from watchbill.model.policies import Concurrency, Guards, Rate, Remediation, Rollback, Verification

SIX = timedelta(minutes=6)


def a_verification(hold_for: timedelta = timedelta(minutes=2)) -> Verification:
    """The error rate is below one percent, unbroken for two minutes, within five."""
    expect = parse_condition("value < `0.01`", a_place())
    return Verification(a_use("metrics.query", query="error_rate"), expect, hold_for, timedelta(minutes=5))


def a_restart(name: str = "restart-checkout", *steps: Any, phase: str = "fallback", **more: Any) -> Remediation:
    """A restart that runs by itself, and holds the page for six minutes."""
    return a_remediation(name, *steps, phase=phase, verification=a_verification(), hold=more.pop("hold", SIX), **more)


def a_watch(*documents: Document, runs: tuple[RepairRun, ...] = (), frozen: bool = False) -> Watch:
    """The shop with an escalation, and these documents."""
    return Watch(a_shop(an_escalation(), *documents), runs=runs, frozen=frozen)


def test_a_fallback_runs_and_the_page_waits() -> None:
    """
    A remediation of phase fallback runs at once, and the page is held for as long as it says.
    """
    watch = a_watch(a_restart())
    watch.receives(an_alert())
    at_once = list(watch.paged)
    watch.passes(minutes=7)

    assert watch.calls("repair") == [("12:00", "cluster.rollout-restart")]
    assert (at_once, watch.paged) == ([], [("12:06", "ana")])


def test_a_fallback_that_works_pages_nobody() -> None:
    """
    When its verification holds for long enough, the incident is mitigated and the page is withdrawn.
    """
    watch = a_watch(a_restart())
    watch.receives(an_alert())
    watch.passes(minutes=1)
    watch.finishes(watch.step("repair"))
    watch.observes(watch.step("verify"), {"value": 0.001})
    watch.passes(minutes=2)
    watch.observes(watch.step("verify"), {"value": 0.002})
    watch.passes(minutes=60)

    assert watch.incident.status == "mitigated"
    assert watch.paged == []


def test_a_verification_must_hold_unbroken() -> None:
    """
    One bad look in between begins the count anew.
    """
    watch = a_watch(a_restart())
    watch.receives(an_alert())
    watch.finishes(watch.step("repair"))
    for value in (0.001, 0.5, 0.001):
        watch.observes(watch.step("verify"), {"value": value})
        watch.passes(minutes=1)
    watch.observes(watch.step("verify"), {"value": 0.001})

    assert watch.incident.status == "triggered"


def test_an_empty_answer_is_no() -> None:
    """
    A verification that sees nothing has not seen that it works.
    """
    watch = a_watch(a_restart())
    watch.receives(an_alert())
    watch.finishes(watch.step("repair"))
    for _ in range(4):
        watch.observes(watch.step("verify"), {})
        watch.passes(minutes=1)

    assert watch.incident.status == "triggered"


def test_a_failed_step_pages_at_once() -> None:
    """
    When the remediation fails, the page waits no longer, and says what was tried.
    """
    watch = a_watch(a_restart())
    watch.receives(an_alert())
    watch.passes(minutes=1)
    watch.stalls(watch.step("repair"), "no such deployment")

    assert watch.paged == [("12:01", "ana")]
    assert watch.step("repair").note == "no such deployment"


def test_a_verification_out_of_time_pages_at_once() -> None:
    """
    What is not seen to work within its time has failed.
    """
    watch = a_watch(a_restart(hold=timedelta(minutes=30)))
    watch.receives(an_alert())
    watch.passes(minutes=1)
    watch.finishes(watch.step("repair"))
    watch.passes(minutes=10)

    assert watch.paged[0] == ("12:06", "ana")
    assert (watch.step("verify").state, watch.step("verify").note) == ("failed", "it was not seen to work in time")


def test_a_rollback_follows_a_failure() -> None:
    """
    A remediation that had begun and failed is undone by its declared steps.
    """
    rollback = Rollback((a_repair_step("undo", "cluster.rollout-undo"),))
    watch = a_watch(a_restart(rollback=rollback))
    watch.receives(an_alert())
    watch.stalls(watch.step("repair"))

    assert watch.calls("rollback") == [("12:00", "cluster.rollout-undo")]


def test_what_never_began_is_not_undone() -> None:
    """
    A first step that is refused before it begins leaves nothing to undo; one behind a step that was done is undone with it.
    """
    undone = Rollback((a_repair_step("undo", "cluster.rollout-undo"),))
    late = a_repair_step("late", "cluster.scale", replicas="{{ alert.labels.absent }}")
    refused, behind = a_watch(a_restart(rollback=undone)), a_watch(a_restart("two", a_repair_step("first"), late, rollback=undone))
    for watch in (refused, behind):
        watch.receives(an_alert())
    refused.finishes(refused.step("repair"), Stalled("no leave", is_refused=True))
    behind.finishes(behind.step("repair"))

    assert (refused.step("repair").state, refused.calls("rollback"), refused.people_paged) == ("failed", [], ["ana"])
    assert (behind.step("repair", 1).state, behind.step("repair", 1).started_at) == ("failed", None)
    assert behind.calls("rollback") == [("12:00", "cluster.rollout-undo")]


def test_what_was_undone_is_not_undone_again() -> None:
    """
    A second try that is refused before it begins is not undone, for the first one was already; where its undo had failed it is.
    """
    for is_undone in (True, False):
        watch = a_watch(a_restart(rollback=Rollback((a_repair_step("undo", "cluster.rollout-undo"),)), may_run=("person/ana",)))
        watch.receives(an_alert())
        watch.stalls(watch.step("repair"))
        watch.finishes(watch.step("rollback"), Done() if is_undone else Stalled("no answer"))
        watch.passes(minutes=1)
        watch.retries(watch.step("repair"))
        watch.finishes(watch.step("repair"), Stalled("no leave", is_refused=True))

        assert len(watch.calls("rollback")) == (1 if is_undone else 2)


def test_steps_run_one_after_another_and_then_the_verification() -> None:
    """
    Each step begins when the one before was carried out; the verification comes last.
    """
    watch = a_watch(a_restart("two", a_repair_step("drain", "cluster.drain"), a_repair_step("restart")))
    watch.receives(an_alert())
    watch.passes(minutes=1)
    watch.finishes(watch.step("repair", 0))
    watch.passes(minutes=1)
    watch.finishes(watch.step("repair", 1))

    assert watch.calls("repair") == [("12:00", "cluster.drain"), ("12:01", "cluster.rollout-restart")]
    assert watch.calls("verify") == [("12:02", "metrics.query")]


def test_oversight_runs_and_people_are_paged_at_once() -> None:
    """
    A remediation of phase oversight runs by itself, and a person is called all the same.
    """
    watch = a_watch(a_restart(phase="oversight"))
    watch.receives(an_alert())

    assert watch.calls("repair") == [("12:00", "cluster.rollout-restart")]
    assert watch.paged == [("12:00", "ana")]


def test_human_initiated_is_offered_and_runs_nothing() -> None:
    """
    A human-initiated remediation waits for one of those who may run it.
    """
    watch = a_watch(a_restart(phase="human-initiated"))
    watch.receives(an_alert())

    assert watch.calls("repair") == []
    assert watch.step("offer").state == "waiting"
    assert watch.paged == [("12:00", "ana")]


def test_an_opportunity_is_only_counted() -> None:
    """
    An opportunity plans nothing, and leaves a reason.
    """
    watch = a_watch(a_restart(phase="opportunity"))
    decision = watch.receives(an_alert())

    assert watch.steps("repair") == watch.steps("offer") == []
    assert "an opportunity: not automated, only counted" in [reason.note for reason in decision.reasons]


def test_it_runs_once_per_target() -> None:
    """
    Two alerts of one instance restart it once; one of another instance restarts that as well.
    """
    watch = a_watch(a_restart(target="{{ alert.labels.instance }}"))
    watch.receives(an_alert(instance="a"), an_alert(instance="a", alertname="Slow"), an_alert(instance="b"))

    assert [step.slot for step in watch.steps("repair")] == ["a/restart", "b/restart"]


def test_unattended_remediations_run_one_at_a_time_by_priority() -> None:
    """
    Of two that would run by themselves the one of higher priority goes first, and the other waits until it is done.
    """
    watch = a_watch(a_restart("second"), a_restart("first", priority=5))
    watch.receives(an_alert())
    begun = [step.because.name for step in watch.steps("repair") if step.state == "started"]
    watch.stalls(next(step for step in watch.steps("repair") if step.state == "started"))

    assert begun == ["first"]
    assert {step.because.name: step.state for step in watch.steps("repair")} == {"first": "failed", "second": "started"}


def test_a_page_waits_only_if_every_alert_is_covered() -> None:
    """
    One firing alert that no fallback covers pages at once.
    """
    watch = a_watch(a_restart(match=['alertname="HighErrorRate"']))
    watch.receives(an_alert(), an_alert(alertname="Down"))

    assert watch.paged == [("12:00", "ana")]


def test_an_uncovered_alert_that_joins_releases_the_page() -> None:
    """
    A page that is held leaves when an alert joins that nothing repairs.
    """
    watch = a_watch(a_restart(match=['alertname="HighErrorRate"']))
    watch.receives(an_alert())
    watch.passes(minutes=2)
    watch.receives(an_alert(alertname="Down"))

    assert watch.paged == [("12:02", "ana")]


def test_a_hold_is_bounded_by_the_services_deadline_and_by_guardrails() -> None:
    """
    However long a remediation would hold the page, the service's deadline and every guardrail bound it.
    """
    by_deadline = a_watch(a_restart(hold=timedelta(hours=1)), a_service("checkout", deadline=timedelta(minutes=10)))
    by_guardrail = a_watch(a_restart(hold=timedelta(hours=1)), a_guardrail("short-holds", hold=timedelta(minutes=4)))
    for watch in (by_deadline, by_guardrail):
        watch.receives(an_alert())
        watch.passes(minutes=30)

    assert by_deadline.paged[0] == ("12:10", "ana")
    assert by_guardrail.paged[0] == ("12:04", "ana")


def test_a_precondition_that_does_not_hold_refuses_and_pages_at_once() -> None:
    """
    With its precondition false a remediation does not run, and holds back no page.
    """
    precondition = parse_condition("incident.reopen_count < `0`", a_place())
    watch = a_watch(a_restart(precondition=precondition))
    decision = watch.receives(an_alert())

    assert watch.steps("repair") == []
    assert watch.paged == [("12:00", "ana")]
    assert ("its precondition does not hold", "incident.reopen_count < `0`") in [
        (reason.note, reason.failed) for reason in decision.reasons
    ]


def test_waiting_for_approval_pages_at_once() -> None:
    """
    A remediation that needs a yes holds back no page while it waits.
    """
    watch = a_watch(a_restart(approvals=1, may_approve=("person/eve",)))
    watch.receives(an_alert())

    assert watch.paged == [("12:00", "ana")]
    assert watch.step("repair").state == "waiting"


def test_it_begins_with_the_last_approval() -> None:
    """
    Two must say yes; nobody counts twice, nobody who was not asked counts at all.
    """
    watch = a_watch(a_restart(approvals=2, may_approve=("person/eve", "team/payments")))
    watch.receives(an_alert())
    for by in ("eve", "eve", "dan"):
        watch.approves(watch.step("repair"), by)
    before = watch.step("repair").state
    watch.approves(watch.step("repair"), "bo")

    assert (before, watch.step("repair").state) == ("waiting", "started")
    assert watch.step("repair").note == "approved by eve, bo"


def test_an_approval_unanswered_is_a_no() -> None:
    """
    When nobody approves in time the remediation has failed.
    """
    watch = a_watch(a_restart(approvals=1, may_approve=("person/eve",)))
    watch.receives(an_alert())
    watch.passes(minutes=15)

    assert (watch.step("repair").state, watch.step("repair").note) == ("failed", "nobody approved in time")


def test_one_no_is_enough() -> None:
    """
    One of those asked says no: it does not run.
    """
    watch = a_watch(a_restart(approvals=2, may_approve=("person/eve",)))
    watch.receives(an_alert())
    watch.denies(watch.step("repair"), "dan")
    still = watch.step("repair").state
    watch.denies(watch.step("repair"), "eve")

    assert (still, watch.step("repair").state) == ("waiting", "failed")


def test_a_missing_label_in_a_target_refuses_it() -> None:
    """
    A target that cannot be named runs nothing, holds no page, and leaves a reason.
    """
    watch = a_watch(a_restart(target="{{ alert.labels.instance }}"))
    decision = watch.receives(an_alert())

    assert watch.steps("repair") == []
    assert watch.paged == [("12:00", "ana")]
    assert any(reason.note.startswith("its target cannot be named") for reason in decision.reasons)


def test_a_missing_label_in_an_argument_refuses_the_step() -> None:
    """
    An argument that cannot be filled in fails the step, and pages at once.
    """
    watch = a_watch(a_restart("restart", a_repair_step(deployment="{{ alert.labels.deployment }}")))
    watch.receives(an_alert())

    assert watch.step("repair").state == "failed"
    assert watch.paged == [("12:00", "ana")]


def a_run(minutes_ago: int, ended: bool = True, **more: Any) -> RepairRun:
    """A past run of restart-checkout on checkout."""
    began = NOON - timedelta(minutes=minutes_ago)
    fields = {"remediation": "restart-checkout", "incident": "x", "target": "checkout", "service": "checkout", "team": "payments"} | more
    return RepairRun(**fields, started_at=began, ended_at=began + timedelta(minutes=1) if ended else None)


def refused(watch: Watch) -> str:
    """Why restart-checkout does not run, empty if it does."""
    decision = watch.receives(an_alert())
    if watch.steps("repair"):
        return ""
    return next(reason.note for reason in decision.reasons if reason.policy.name == "restart-checkout" and not reason.applied)


def test_a_rate_that_is_used_up_refuses() -> None:
    """
    At most two runs a day: the third is offered to people instead.
    """
    guards = Guards(rate=Rate(2, timedelta(days=1), "target"))

    assert refused(a_watch(a_restart(guards=guards), runs=(a_run(600),))) == ""
    assert refused(a_watch(a_restart(guards=guards), runs=(a_run(600), a_run(60)))) == "2 of 2 in 1d"
    assert refused(a_watch(a_restart(guards=guards), runs=(a_run(1441), a_run(60)))) == ""
    assert refused(a_watch(a_restart(guards=guards), runs=(a_run(600, target="other"), a_run(60)))) == ""


def test_a_cooldown_refuses_until_it_is_over() -> None:
    """
    Fifteen minutes must lie between the end of one run and the next.
    """
    guards = Guards(cooldown=timedelta(minutes=15))

    assert refused(a_watch(a_restart(guards=guards), runs=(a_run(10),))) == "cooldown of 15m ends in 6m"
    assert refused(a_watch(a_restart(guards=guards), runs=(a_run(16),))) == ""


def test_concurrency_counts_runs_that_go_on() -> None:
    """
    One at a time per service: a run that has not ended refuses another.
    """
    guards = Guards(concurrency=Concurrency(1, "service"))

    assert refused(a_watch(a_restart(guards=guards), runs=(a_run(3, ended=False, target="other"),))) == "1 of 1 at once per service"
    assert refused(a_watch(a_restart(guards=guards), runs=(a_run(3),))) == ""


def test_a_guardrail_counts_all_runs_in_its_scope() -> None:
    """
    A cap of the whole repository counts every remediation.
    """
    cap = a_guardrail("cap", rate=Rate(1, timedelta(hours=1), "repository"))

    assert refused(a_watch(a_restart(), cap, runs=(a_run(5, remediation="other"),))) == "1 of 1 in 1h for this repository"


def test_a_freeze_stops_what_is_unattended() -> None:
    """
    While a freeze lasts nothing runs by itself, and the page is not held; before and after it does.
    """
    during = a_guardrail("freeze", freeze=a_freeze(a_span("2026-11-23", "2026-11-24"), reason="sale"))
    before = a_guardrail("freeze", freeze=a_freeze(a_span("2026-11-24", "2026-11-25")))
    watch = a_watch(a_restart(), during)

    assert refused(watch) == "frozen by freeze: sale"
    assert watch.paged == [("12:00", "ana")]
    assert refused(a_watch(a_restart(), before)) == ""


def test_a_freeze_by_hand_stops_what_is_unattended() -> None:
    """
    A person's own freeze needs no guardrail.
    """
    assert refused(a_watch(a_restart(), frozen=True)) == "frozen by hand: nothing runs unattended"


def test_a_ceiling_lowers_the_phase() -> None:
    """
    A guardrail with a ceiling of oversight lets a fallback run, and people are paged at once.
    """
    watch = a_watch(a_restart(), a_guardrail("careful", ceiling="oversight"))
    watch.receives(an_alert())

    assert len(watch.steps("repair")) == 1
    assert watch.paged == [("12:00", "ana")]


def test_the_strictest_guardrail_wins() -> None:
    """
    Several guardrails compose: the lowest ceiling and the most approvals hold.
    """
    watch = a_watch(
        a_restart(may_approve=("person/eve",)),
        a_guardrail("one", ceiling="oversight", approvals=2),
        a_guardrail("two", ceiling="human-initiated", approvals=1),
    )
    watch.receives(an_alert())

    assert watch.steps("repair") == []
    assert watch.step("offer").note == "human-initiated: offered to those who may run it"


def test_a_guardrail_of_a_team_holds_for_its_own_services_only() -> None:
    """
    Another team's guardrail does not bind.
    """
    assert refused(a_watch(a_restart(), a_guardrail("theirs", team="platform", ceiling="opportunity"))) == ""


def test_guards_are_asked_again_when_the_step_starts() -> None:
    """
    What the plan forecast does not bind: a freeze by hand that came in between refuses the step that had waited.
    """
    from dataclasses import replace

    watch = a_watch(a_restart("first", priority=5), a_restart("second"))
    watch.receives(an_alert())
    watch.snapshot = replace(watch.snapshot, is_frozen=True)
    watch.stalls(watch.step("repair", 0))

    assert [step.state for step in watch.steps("repair")] == ["failed", "failed"]
    assert watch.step("repair", 1).note == "frozen by hand: nothing runs unattended"


def test_what_was_planned_for_an_ended_alert_is_withdrawn() -> None:
    """
    A remediation that waits for its turn is wanted no more once its alert has ended.
    """
    watch = a_watch(a_restart(target="{{ alert.labels.instance }}"))
    watch.receives(an_alert(instance="a"), an_alert(instance="b"))
    watch.receives(an_alert(instance="b", status="resolved"))

    assert {step.slot: step.state for step in watch.steps("repair")} == {"a/restart": "started", "b/restart": "withdrawn"}
