"""Stories of remediations that people start, try again, approve and stop; on virtual time, from noon."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.decide.test_repairing import a_restart
from tests.makers import (
    NOON,
    Document,
    a_freeze,
    a_guardrail,
    a_place,
    a_remediation,
    a_repair_step,
    a_shop,
    a_span,
    an_alert,
    an_escalation,
)
from tests.watch import Watch
from watchbill.decide.runs import runs_after
from watchbill.expressions.conditions import parse_condition
from watchbill.model.decision import RepairRun
from watchbill.model.plan import Retry
from watchbill.model.policies import Concurrency, Guards, Rate, Rollback

WINTER = a_span("2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z")


def an_offer(*steps: Any, **more: Any) -> Any:
    """A restart that payments and eve may start; it is verified."""
    may_run = more.pop("may_run", ("team/payments", "role/incident-commander"))
    return a_restart("undo", *steps, phase="human-initiated", may_run=may_run, **more)


def a_watch(*documents: Document, runs: tuple[RepairRun, ...] = (), **more: Any) -> Watch:
    """The shop with an escalation and these documents; an alert has come in."""
    watch = Watch(a_shop(an_escalation(), *documents), runs=runs, **more)
    watch.receives(an_alert())
    return watch


def a_past_run(remediation: str = "undo", ago: timedelta = timedelta(hours=1)) -> RepairRun:
    """A run that is over."""
    return RepairRun(remediation, "before", "checkout", "checkout", "payments", NOON - ago, NOON - ago)


# --- starting what is offered ---------------------------------------------------------


@pytest.mark.parametrize("by", ["ana", "cy", "eve"])
def test_those_whom_allow_names_may_start_it(by: str) -> None:
    """
    Anybody of the team, and whoever has the role, starts what is offered; its first step begins at once and says who.
    """
    watch = a_watch(an_offer())
    watch.passes(minutes=3)
    watch.starts(watch.step("offer"), by)

    assert watch.answer == (True, f"started by {by}")
    assert watch.calls("repair") == [("12:03", "cluster.rollout-restart")]
    assert watch.step("repair").note == f"started by {by}"
    assert (watch.step("offer").state, watch.step("offer").note) == ("done", f"started by {by}")


def test_nobody_else_may() -> None:
    """
    Somebody whom `allow.run` does not name is told so, and nothing happens.
    """
    watch = a_watch(an_offer())
    decision = watch.starts(watch.step("offer"), "dan")

    assert watch.answer == (False, "dan is not among those who may run it")
    assert decision.changes == ()
    assert watch.step("offer").state == "waiting"


def test_it_goes_on_as_any_other() -> None:
    """
    Its steps follow one another, its check shows that it worked, and then nobody is paged any more.
    """
    watch = a_watch(an_offer(a_repair_step("drain", "cluster.drain"), a_repair_step("restart")))
    watch.starts(watch.step("offer"))
    watch.finishes(watch.step("repair", 0))
    watch.finishes(watch.step("repair", 1))
    watch.observes(watch.step("verify"), {"value": 0})
    watch.passes(minutes=2)
    watch.observes(watch.step("verify"), {"value": 0})

    assert watch.incident.status == "mitigated"


def test_a_second_click_hears_that_it_has_begun() -> None:
    """
    An offer is taken once.
    """
    watch = a_watch(an_offer())
    watch.starts(watch.step("offer"), "ana")
    watch.starts(watch.step("offer"), "bo")

    assert watch.answer == (False, "it is done already")
    assert len(watch.calls("repair")) == 1


def test_an_offer_that_is_over_is_answered() -> None:
    """
    After the incident was resolved nothing is begun for it.
    """
    watch = a_watch(an_offer())
    watch.resolves("bo")
    watch.starts(watch.step("offer"))

    assert watch.answer == (False, "it was withdrawn: resolved by bo")


def test_only_what_is_offered_can_be_started() -> None:
    """
    A step of another kind is not started by a person.
    """
    watch = a_watch(an_offer())
    watch.starts(watch.step("page"))

    assert watch.answer == (False, "only what is offered can be started: it has begun already")


@pytest.mark.parametrize(
    ("rails", "more", "why"),
    [
        ((), {"guards": Guards(Rate(1, timedelta(days=1), "target"))}, "1 of 1 in 1d"),
        ((), {"guards": Guards(cooldown=timedelta(hours=2))}, "cooldown of 2h ends in 1h"),
        ((a_guardrail("no", freeze=a_freeze(WINTER, humans_too=True)),), {}, "frozen by no: frozen"),
        ((a_guardrail("no", rate=Rate(1, timedelta(days=1), "team")),), {}, "1 of 1 in 1d for this team"),
        (
            (),
            {"precondition": parse_condition("env == 'prod'", a_place())},
            "its precondition does not hold: env == 'prod', saw \"\"",
        ),
    ],
)
def test_guards_and_guardrails_are_decided_when_it_starts(rails: tuple[Any, ...], more: dict[str, Any], why: str) -> None:
    """
    What forbids it is the answer, and it stays offered: a cooldown ends, a freeze is lifted.
    """
    watch = Watch(a_shop(an_escalation(), an_offer()), runs=(a_past_run(),))
    watch.receives(an_alert())
    watch.bill = Watch(a_shop(an_escalation(), an_offer(**more), *rails)).bill
    watch.starts(watch.step("offer"))

    assert watch.answer == (False, why)
    assert watch.steps("repair") == []
    assert watch.step("offer").state == "waiting"


def test_a_freeze_that_lets_people_through_lets_them_through() -> None:
    """
    A fallback that a freeze stops is offered, and a person may start it; so it is with a freeze by hand.
    """
    for rails, frozen in (((a_guardrail("winter", freeze=a_freeze(WINTER)),), False), ((), True)):
        watch = a_watch(a_restart(), *rails, frozen=frozen)
        unattended = watch.steps("repair")
        watch.starts(watch.step("offer"))

        assert (unattended, watch.answer) == ([], (True, "started by ana"))
        assert watch.step("repair").state == "started"


def test_approvals_are_asked_for_where_they_are_demanded() -> None:
    """
    What needs a yes waits for it after somebody started it, and whoever started it does not count.
    """
    watch = a_watch(an_offer(approvals=1, may_approve=("team/payments",)))
    watch.starts(watch.step("offer"), "ana")
    waiting = watch.answer, watch.step("repair").state
    watch.approves(watch.step("repair"), "ana")
    own = watch.answer
    watch.approves(watch.step("repair"), "bo")

    assert waiting == ((True, "started by ana; waits for 1 to approve"), "waiting")
    assert own == (False, "ana asked for it, and somebody else has to approve it")
    assert (watch.step("repair").state, watch.step("repair").note) == ("started", "started by ana, approved by bo")


def test_whoever_started_it_may_take_it_back() -> None:
    """
    While it waits for a yes, the person who asked for it may say no.
    """
    watch = a_watch(an_offer(approvals=1, may_approve=("person/bo",)))
    watch.starts(watch.step("offer"), "cy")
    watch.denies(watch.step("repair"), "dan")
    other = watch.answer
    watch.denies(watch.step("repair"), "cy")

    assert other == (False, "dan is not among those who may approve")
    assert watch.answer == (True, "cy said no")
    assert watch.step("repair").state == "failed"


def test_approvals_are_answered_one_by_one() -> None:
    """
    Whoever approves hears how many are still missing; twice counts once, and late is too late.
    """
    watch = a_watch(a_restart(approvals=2, may_approve=("team/payments",)))
    answers = []
    for by in ("ana", "ana", "dan"):
        watch.approves(watch.step("repair"), by)
        answers.append(watch.answer)
    watch.now += timedelta(hours=1)
    watch.approves(watch.step("repair"), "bo")

    assert answers == [(True, "1 of 2 approved"), (False, "ana has approved it already"), (False, "dan is not among those who may approve")]
    assert watch.answer == (False, "too late: it waited until 12:15 UTC")


def test_unattended_work_waits_until_what_a_person_started_is_over() -> None:
    """
    While a person's remediation is at work on an incident, nothing begins by itself there.
    """
    watch = a_watch(an_offer(), a_restart("later", match=['alertname="Slow"']))
    watch.starts(watch.step("offer"))
    watch.receives(an_alert(alertname="Slow"))
    during = watch.step("repair", 1).state
    watch.finishes(watch.step("repair"))
    watch.stalls(watch.step("verify"))

    assert (during, watch.step("repair", 1).state) == ("planned", "started")


def test_what_a_person_started_holds_no_page() -> None:
    """
    A fallback that somebody had to start does not keep people from being called when it gets worse.
    """
    watch = Watch(a_shop(an_escalation(), a_restart()), frozen=True)
    watch.receives(an_alert(severity="warning"))
    watch.starts(watch.step("offer"))
    watch.acknowledges("ana")
    watch.passes(minutes=1)
    watch.receives(an_alert())

    assert watch.paged == [("12:00", "ana"), ("12:01", "ana")]


def test_an_argument_that_cannot_be_filled_in_is_the_answer() -> None:
    """
    A step refuses an absent label; whoever starts it hears so, and it stays offered.
    """
    watch = a_watch(an_offer(a_repair_step(deployment="{{ alert.labels.deployment }}")))
    watch.starts(watch.step("offer"))

    assert watch.answer[0] is False
    assert "deployment" in watch.answer[1]
    assert watch.step("offer").state == "waiting"


# --- trying again ---------------------------------------------------------------------


def test_a_step_that_failed_is_tried_again_by_whoever_may_run_it() -> None:
    """
    A failed step begins once more as the very same step; a cooldown or a rate does not count the run against itself.
    """
    guards = Guards(Rate(1, timedelta(days=1), "target"), timedelta(minutes=15), Concurrency(1, "service"))
    watch = a_watch(a_restart(guards=guards))
    watch.stalls(watch.step("repair"))
    watch.snapshot = _with_runs(watch, watch.a_run("restart-checkout", "checkout"))
    watch.passes(minutes=1)
    watch.retries(watch.step("repair"), "dan")
    refused = watch.answer
    watch.retries(watch.step("repair"), "bo")

    assert refused == (False, "dan is not among those who may run it")
    assert watch.answer == (True, "tried again by bo")
    assert (len(watch.steps("repair")), watch.step("repair").state) == (1, "started")
    assert watch.calls("repair") == [("12:00", "cluster.rollout-restart"), ("12:01", "cluster.rollout-restart")]


def _with_runs(watch: Watch, *runs: RepairRun) -> Any:
    return replace(watch.snapshot, runs=runs)


def test_a_step_that_a_person_has_tried_again_has_all_its_attempts_anew() -> None:
    """
    Its attempts were used up before it failed; those after a person's wish are counted from there, also where a yes is asked for first.
    """
    watch = a_watch(a_restart(approvals=1, may_approve=("person/eve",)))
    counts = []
    for _ in range(2):
        watch.approves(watch.step("repair"), "eve")
        counts.append(watch.step("repair").retried)
        watch.finishes(watch.step("repair"), Retry(watch.now + timedelta(minutes=1), "503"))
        watch.passes(minutes=1)
        watch.stalls(watch.step("repair"), "503")
        watch.retries(watch.step("repair"), "bo")

    assert counts == [0, 0]
    assert (watch.step("repair").state, watch.step("repair").retried, watch.step("repair").error) == ("waiting", 0, "")


def test_one_that_was_refused_before_it_began_is_still_guarded() -> None:
    """
    Trying again goes round no guard: what other runs have used up is used up.
    """
    watch = a_watch(a_restart(approvals=1, may_approve=("person/eve",)))
    watch.snapshot = _with_runs(watch, a_past_run("restart-checkout"), a_past_run("restart-checkout"))
    watch.denies(watch.step("repair"), "eve")
    watch.retries(watch.step("repair"), "ana")

    assert watch.answer == (False, "2 of 2 in 1d")
    assert (watch.step("repair").state, watch.step("repair").note) == ("failed", "eve said no")


def test_trying_again_asks_for_approval_again() -> None:
    """
    The yes that was missing is asked for once more, and not of the person who tries again.
    """
    watch = a_watch(a_restart(approvals=1, may_approve=("team/payments",)))
    watch.passes(minutes=16)
    watch.retries(watch.step("repair"), "ana")
    watch.approves(watch.step("repair"), "ana")
    own = watch.answer
    watch.approves(watch.step("repair"), "cy")

    assert own == (False, "ana asked for it, and somebody else has to approve it")
    assert watch.step("repair").state == "started"


def test_a_check_that_is_tried_again_begins_its_count_anew() -> None:
    """
    A verification that ran out of time looks again, for as long as it is given, and must hold unbroken from then.
    """
    watch = a_watch(a_restart())
    watch.finishes(watch.step("repair"))
    watch.observes(watch.step("verify"), {"value": 0})
    watch.passes(minutes=6)
    failed = watch.step("verify").state
    watch.retries(watch.step("verify"), "bo")
    watch.observes(watch.step("verify"), {"value": 0})
    at_once = watch.incident.status
    watch.passes(minutes=2)
    watch.observes(watch.step("verify"), {"value": 0})

    assert (failed, at_once, watch.incident.status) == ("failed", "triggered", "mitigated")


def test_what_is_undone_is_not_tried_again_meanwhile_and_is_undone_again() -> None:
    """
    A rollback comes to its end first; if the second try fails too, it is undone once more.
    """
    watch = a_watch(a_restart(rollback=Rollback((a_repair_step("undo", "cluster.rollout-undo"),))))
    watch.stalls(watch.step("repair"))
    watch.retries(watch.step("repair"))
    meanwhile = watch.answer
    watch.passes(minutes=1)
    watch.finishes(watch.step("rollback"))
    watch.retries(watch.step("repair"))
    watch.passes(minutes=1)
    watch.stalls(watch.step("repair"))

    assert meanwhile == (False, "restart-checkout is being undone")
    assert watch.calls("rollback") == [("12:00", "cluster.rollout-undo"), ("12:02", "cluster.rollout-undo")]


def test_nothing_of_before_a_reopening_is_tried_again() -> None:
    """
    A step belongs to the time before its incident was reopened.
    """
    watch = a_watch(a_restart())
    watch.stalls(watch.step("repair"))
    watch.resolves()
    watch.retries(watch.step("repair"))
    over = watch.answer
    watch.passes(minutes=5)
    watch.receives(an_alert(starts_at=watch.now))
    watch.retries(watch.step("repair"))

    assert over == watch.answer == (False, "nobody needs it any more")


# --- kill -----------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["started", "waiting", "planned"])
def test_a_kill_takes_back_what_runs_by_itself(state: str) -> None:
    """
    Whatever began by itself, waits for a yes or is yet to begin is withdrawn, and pages wait for it no longer.
    """
    first = a_restart("first", approvals=1, may_approve=("person/eve",)) if state == "waiting" else a_restart("first")
    watch = a_watch(first, *([a_restart("second", match=['alertname=~".+"'])] if state == "planned" else []))
    step = next(step for step in watch.steps("repair") if step.state == state)
    watch.passes(minutes=1)
    watch.kills()
    killed = watch.incident.steps[step.id]

    assert (killed.state, killed.note) == ("withdrawn", "killed by hand: nothing runs unattended")
    assert watch.people_paged == ["ana"]
    assert [each for each in watch.steps("repair") if each.state in ("planned", "waiting", "started")] == []


def test_a_kill_stops_checks_and_rollbacks_too() -> None:
    """
    What goes on with unattended work is unattended work.
    """
    undone = a_restart(rollback=Rollback((a_repair_step("undo", "cluster.rollout-undo"),)))
    checking, undoing = a_watch(a_restart()), a_watch(undone)
    checking.finishes(checking.step("repair"))
    undoing.stalls(undoing.step("repair"))
    checking.kills()
    undoing.kills()

    assert (checking.step("verify").state, undoing.step("rollback").state) == ("withdrawn", "withdrawn")


def test_what_a_person_started_survives_a_kill() -> None:
    """
    A kill stops what runs unattended; what somebody started goes on to its end.
    """
    watch = a_watch(an_offer())
    watch.starts(watch.step("offer"))
    watch.kills()
    watch.finishes(watch.step("repair"))

    assert watch.step("verify").state == "started"


def test_what_was_killed_is_offered_and_begins_anew_only_if_a_person_says_so() -> None:
    """
    A killed run is not begun again by itself, not even when the kill is lifted; a person may, as the same step.
    """
    watch = a_watch(a_restart())
    first = watch.step("repair")
    watch.kills()
    offer = watch.step("offer")
    watch.snapshot = replace(watch.snapshot, is_killed=False)
    watch.receives(an_alert(alertname="Slow"))
    by_itself = watch.step("repair").state
    watch.starts(watch.step("offer"), "bo")

    assert offer.note == "it had begun, and was stopped: killed by hand: nothing runs unattended"
    assert by_itself == "withdrawn"
    assert (watch.step("repair").id, watch.step("repair").state) == (first.id, "started")


def test_under_a_kill_nothing_begins_by_itself_and_people_may() -> None:
    """
    An incident that opens under a kill pages at once, and its fallback is offered.
    """
    watch = Watch(a_shop(an_escalation(), a_restart()))
    watch.snapshot = _killed(watch)
    watch.receives(an_alert())
    watch.starts(watch.step("offer"))

    assert watch.paged == [("12:00", "ana")]
    assert watch.step("offer").note == "started by ana"
    assert watch.answer == (True, "started by ana")


def _killed(watch: Watch) -> Any:
    return replace(watch.snapshot, is_killed=True)


def test_what_was_stopped_in_its_middle_is_tried_again_by_a_person() -> None:
    """
    A later step that a kill has stopped goes on when somebody has it tried again.
    """
    watch = a_watch(a_restart("two", a_repair_step("drain", "cluster.drain"), a_repair_step("restart")))
    watch.finishes(watch.step("repair", 0))
    watch.kills()
    watch.snapshot = replace(watch.snapshot, is_killed=False)
    watch.retries(watch.step("repair", 1), "bo")

    assert watch.answer == (True, "tried again by bo")
    assert watch.step("repair", 1).state == "started"


def test_a_run_without_a_check_ends_with_its_last_step() -> None:
    """
    Guards that count runs at work see that one is over which has no verification.
    """
    plain = a_remediation("undo", guards=Guards(concurrency=Concurrency(1, "service")))
    watch = a_watch(plain)
    runs = runs_after((), watch.starts(watch.step("offer")), watch.now)
    during = runs[0].ended_at
    watch.passes(minutes=1)
    runs = runs_after(runs, watch.finishes(watch.step("repair")), watch.now)

    assert (during, runs[0].ended_at) == (None, NOON + timedelta(minutes=1))


def test_shadow_remediations_say_so_when_a_person_starts_them() -> None:
    """
    In shadow a start is recorded and touches nothing; its note says both.
    """
    watch = a_watch(an_offer(shadow=True, approvals=1, may_approve=("person/eve",)))
    watch.starts(watch.step("offer"))

    assert watch.step("repair").note == "shadow; started by ana"


def test_what_is_declared_no_more_is_not_begun() -> None:
    """
    An offer, a failed step or an approval of a remediation that is gone is answered, and nothing begins.
    """
    gone = Watch(a_shop(an_escalation())).bill
    said = (False, "undo is declared no more")
    offered = a_watch(an_offer())
    failed = a_watch(an_offer())
    failed.starts(failed.step("offer"))
    failed.stalls(failed.step("repair"))
    for watch in (offered, failed):
        watch.bill = gone
    offered.starts(offered.step("offer"))
    failed.retries(failed.step("repair"))

    assert offered.answer == failed.answer == said


@pytest.mark.parametrize("word", ["approves", "denies"])
def test_a_yes_to_what_is_declared_no_more_takes_it_back(word: str) -> None:
    """
    A remediation that waits for approval and is gone is withdrawn with the next answer.
    """
    watch = a_watch(an_offer(approvals=1, may_approve=("person/bo",)))
    watch.starts(watch.step("offer"))
    watch.bill = Watch(a_shop(an_escalation())).bill
    getattr(watch, word)(watch.step("repair"), "bo")

    assert watch.answer == (False, "undo is declared no more")
    assert watch.step("repair").state == "withdrawn"


def test_a_guard_that_forbids_it_meanwhile_outweighs_the_yes() -> None:
    """
    Guards are asked once more when it begins: a freeze that came while it waited makes it fail.
    """
    offer = an_offer(approvals=1, may_approve=("person/bo",))
    watch = a_watch(offer)
    watch.starts(watch.step("offer"))
    watch.bill = Watch(a_shop(an_escalation(), offer, a_guardrail("no", freeze=a_freeze(WINTER, humans_too=True)))).bill
    watch.approves(watch.step("repair"), "bo")

    assert watch.answer == (False, "frozen by no: frozen")
    assert watch.step("repair").state == "failed"


def test_what_a_guardrail_makes_an_opportunity_nobody_starts() -> None:
    """
    Under a ceiling of opportunity nothing is begun, by nobody.
    """
    watch = a_watch(an_offer())
    watch.bill = Watch(a_shop(an_escalation(), an_offer(), a_guardrail("never", ceiling="opportunity"))).bill
    watch.starts(watch.step("offer"))

    assert watch.answer == (False, "an opportunity: nobody may start it")
