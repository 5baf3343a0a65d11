"""Remediation: how far a repair is trusted, what it waits for, and what follows when it does not work."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.language.makers import PAGE, RESTART, TELL, Written, a_watch, plans, policies, rules
from tests.makers import NOON, an_alert, at
from tests.watch import Watch
from watchbill.decide import Bill
from watchbill.model.decision import RepairRun
from watchbill.model.event import Approved, Requested
from watchbill.model.plan import Stalled, Step
from watchbill.model.question import question_of

OVERSIGHT = RESTART.replace("phase: fallback\nhold: 6m", "phase: oversight")
BY_HAND = """\
phase: human-initiated
target: "{{ service.name }}"
steps: [{name: restart, use: cluster.rollout-restart, with: {deployment: checkout}}]
allow: {run: [role/lead]}
"""


def restart(spec: str = RESTART, name: str = "restart-checkout") -> Written:
    """A remediation that says this."""
    return ("Remediation", name, spec)


def under_way(*documents: Written, alerts: int = 1) -> Watch:
    """A critical alert fires on each of so many instances of checkout."""
    watch = a_watch(PAGE, *documents)
    watch.receives(*(an_alert(instance=f"worker-{number}") for number in range(1, alerts + 1)))
    return watch


def verifying(watch: Watch) -> Step:
    """The verification of the first repair, whose steps are carried out."""
    watch.finishes(watch.step("repair"))
    return watch.step("verify")


# --- phases ---------------------------------------------------------------------------


def test_the_example():
    """
    A remediation that heals by itself says when it applies, how far it is trusted, how long a page may wait for it, its target, its
    steps, how it is seen to have worked, how it is undone, what limits it, who may run and approve it, and what people do otherwise.
    """
    spec = r"""
match: ['service="checkout"', 'alertname=~"HighErrorRate|Stuck.*"']
when: "env == 'prod' && incident.reopen_count < `3`"
phase: fallback
hold: 6m
target: "{{ alert.labels.instance }}"
steps:
  - {name: restart, use: cluster.rollout-restart, with: {deployment: "{{ service.name }}"}, timeout: 2m}
verify: {use: metrics.query, with: {query: 'error_rate{service="checkout"}'}, expect: "value < `0.01`", for: 2m, within: 5m}
rollback: {none: a restart leaves nothing to undo}
guards: {rate: {max: 2, in: 1d, per: target}, cooldown: 15m, concurrency: {max: 1, per: service}}
approvals: 0
allow: {run: [team/payments], approve: [role/incident-commander]}
runbook: docs/runbooks/checkout.md
"""
    watch = under_way(restart(spec.strip()))
    repair = watch.step("repair")
    verify = verifying(watch)
    watch.passes(minutes=1)
    watch.observes(verify, {"value": 0.001})
    watch.passes(minutes=2)
    watch.observes(verify, {"value": 0.001})

    assert repair.calls[0].arguments == {"deployment": "checkout"}
    assert repair.timeout == timedelta(minutes=2)
    assert (watch.incident.status, watch.paged) == ("mitigated", [])


def test_an_opportunity_does_nothing():
    """
    A remediation in phase *opportunity* does nothing and is offered to nobody; it is only counted.
    """
    watch = under_way(restart('{phase: opportunity, target: "{{ service.name }}"}'))

    assert watch.steps("repair") + watch.steps("offer") == []


def test_human_initiated():
    """
    A remediation in phase *human-initiated* is offered to whom `allow.run` names, and does not begin by itself.
    """
    watch = under_way(restart(BY_HAND))
    watch.passes(minutes=3)

    assert [(step.state, step.because.name) for step in watch.steps("offer")] == [("waiting", "restart-checkout")]
    assert [str(target) for target in policies(restart(BY_HAND)).remediations["restart-checkout"].may_run] == ["role/lead"]
    assert watch.steps("repair") == []


def test_an_offer_is_taken():
    """
    An offer is taken by one of those whom `allow.run` names, and by nobody else; the remediation begins then.
    """
    watch = under_way(restart(BY_HAND))
    offer = watch.step("offer")
    watch.happens(Requested(offer.id, "guy"))
    before = watch.calls("repair")
    watch.happens(Requested(offer.id, "cy"))

    assert before == []
    assert watch.calls("repair") == [("12:00", "cluster.rollout-restart")]


def test_oversight():
    """
    A remediation in phase *oversight* runs by itself, and people are paged at once all the same.
    """
    watch = under_way(restart(OVERSIGHT))

    assert watch.calls("repair") == [("12:00", "cluster.rollout-restart")]
    assert watch.paged == [("12:00", "ana")]


def test_fallback():
    """
    A remediation in phase *fallback* runs by itself, and withholds the page of the alerts it matches for at most its `hold`.
    """
    watch = under_way(restart())
    watch.passes(minutes=7)

    assert watch.calls("repair") == [("12:00", "cluster.rollout-restart")]
    assert watch.paged == [("12:06", "ana")]


def test_an_alert_that_it_does_not_match_is_paged():
    """
    An alert that no fallback matches is paged at once, whatever repairs the others.
    """
    watch = a_watch(PAGE, restart(RESTART.replace("'service=\"checkout\"'", "'alertname=\"HighErrorRate\"'")))
    watch.receives(an_alert(instance="a"), an_alert(alertname="CardsRefused"))

    assert watch.paged == [("12:00", "ana")]


@pytest.mark.parametrize(
    ("document", "paged_at"),
    [
        (("Guardrail", "short", "{hold: 4m}", ""), "12:04"),
        (("Service", "checkout", "{tier: 1, deadline: 3m}"), "12:03"),
        (("Guardrail", "long", "{hold: 30m}", ""), "12:06"),
    ],
    ids=["guardrail", "deadline", "own"],
)
def test_hold_is_bounded(document: Written, paged_at: str):
    """
    The hold is bounded by every guardrail and by the service's `deadline` to reach a person.
    """
    watch = under_way(restart(), document)
    watch.passes(minutes=7)

    assert watch.paged == [(paged_at, "ana")]


# --- what starts the escalation -------------------------------------------------------


def test_a_refusal_pages_at_once():
    """
    Where a guard refuses a fallback, people are paged at once.
    """
    watch = a_watch(PAGE, restart())
    run = RepairRun("restart-checkout", "before", "worker-1", "checkout", "payments", NOON - timedelta(hours=2), NOON - timedelta(hours=1))
    watch.snapshot = replace(watch.snapshot, runs=(run, run))
    watch.receives(an_alert(instance="worker-1"))

    assert watch.steps("repair") == []
    assert watch.paged == [("12:00", "ana")]


def test_a_failed_precondition_pages_at_once():
    """
    Where the precondition of a fallback does not hold, people are paged at once.
    """
    watch = under_way(restart(RESTART + "precondition: \"env == 'staging'\"\n"))

    assert watch.steps("repair") == []
    assert watch.paged == [("12:00", "ana")]


def test_a_wait_for_approval_pages_at_once():
    """
    Where a fallback waits for an approval, people are paged at once.
    """
    watch = under_way(restart(RESTART + "approvals: 1\nallow: {approve: [role/incident-commander]}\n"))

    assert watch.step("repair").state == "waiting"
    assert watch.paged == [("12:00", "ana")]


def test_a_failed_verification_pages_at_once():
    """
    Where a fallback is not seen to work, or a step of it fails, people are paged at once.
    """
    unseen = under_way(restart(RESTART.replace("hold: 6m", "hold: 30m")))
    unseen.passes(minutes=1)
    verifying(unseen)
    unseen.passes(minutes=5)
    failed = under_way(restart())
    failed.passes(minutes=2)
    failed.stalls(failed.step("repair"))

    assert unseen.paged == [("12:06", "ana")]
    assert failed.paged == [("12:02", "ana")]


def test_the_page_says_what_was_tried():
    """
    A page that had waited for a repair begins at level one, and says what was tried.
    """
    watch = under_way(restart())
    watch.stalls(watch.step("repair"), "the cluster refused it")

    assert (watch.step("page").slot, watch.step("page").round) == ("0", 0)
    assert "restart-checkout did not work: the cluster refused it" in watch.step("page").text


# --- runs -----------------------------------------------------------------------------


def test_once_per_target():
    """
    A remediation runs once for each target of an incident.
    """
    watch = under_way(restart(), alerts=2)
    watch.receives(an_alert(alertname="StuckWorker", instance="worker-1"))

    assert [step.slot for step in watch.steps("repair")] == ["worker-1/restart", "worker-2/restart"]


def test_unattended_ones_one_at_a_time():
    """
    What runs by itself in an incident runs one at a time, the highest `priority` first.
    """
    other = restart(RESTART.replace("match:", "priority: 9\nmatch:"), "first-of-all")
    watch = under_way(restart(), other)
    before = [step.because.name for _, step in watch.started if step.kind == "repair"]
    watch.stalls(watch.step("repair"))
    after = [step.because.name for _, step in watch.started if step.kind == "repair"]

    assert before == ["first-of-all"]
    assert after == ["first-of-all", "restart-checkout"]


def test_for_must_hold_unbroken():
    """
    What `verify` expects must hold unbroken for as long as `for` says, inside `within`.
    """
    watch = under_way(restart(RESTART.replace("hold: 6m", "hold: 30m")))
    verify = verifying(watch)
    for value in (0.0, 0.0, 0.5, 0.0, 0.0):
        watch.observes(verify, {"value": value})
        watch.passes(minutes=0.75)
    broken = watch.incident.status
    watch.observes(verify, {"value": 0.0})
    watch.passes(seconds=30)
    watch.observes(verify, {"value": 0.0})

    assert broken == "triggered"
    assert watch.incident.status == "mitigated"


def test_every_series():
    """
    What `verify` expects must hold for every series that comes back; where none comes back it does not hold.
    """
    spec = RESTART.replace("for: 2m", "for: 0")

    def seen(result):
        watch = under_way(restart(spec))
        watch.observes(verifying(watch), result)
        return watch.incident.status

    rows = [{"labels": {}, "value": 0.0}, {"labels": {}, "value": 0.5}]
    assert seen({"value": 0.0, "values": rows[:1]}) == "mitigated"
    assert seen({"value": 0.0, "values": rows}) == "triggered"
    assert seen({"value": None, "values": []}) == "triggered"
    assert seen({}) == "triggered"


def test_rollback():
    """
    A remediation that does not work is undone by the steps of its `rollback` if one of its steps was done or may have been.
    """
    undo = "rollback: {steps: [{name: undo, use: cluster.rollout-restart, with: {deployment: old}}]}"
    broken, refused = (under_way(restart(RESTART.replace("rollback: {none: a restart leaves nothing to undo}", undo))) for _ in range(2))
    broken.stalls(broken.step("repair"))
    refused.finishes(refused.step("repair"), Stalled("the cluster gives no leave", is_refused=True))

    assert [call.arguments for call in broken.step("rollback").calls] == [{"deployment": "old"}]
    assert (refused.step("repair").state, refused.steps("rollback")) == ("failed", [])


def test_guards():
    """
    Guards limit how often a remediation runs in a span of time, how long it rests after a run and how many of its runs go on at once,
    counted per target, service, team or in the whole repository.
    """

    def begins(guards: str, *runs: tuple[str, float, float | None]) -> bool:
        watch = a_watch(PAGE, restart(RESTART.replace("guards: {rate: {max: 2, in: 1d, per: target}}", f"guards: {guards}")))
        ago = [
            (target, NOON - timedelta(hours=began), None if ended is None else NOON - timedelta(hours=ended))
            for target, began, ended in runs
        ]
        record = (RepairRun("restart-checkout", "other", target, "checkout", "payments", began, ended) for target, began, ended in ago)
        watch.snapshot = replace(watch.snapshot, runs=tuple(record))
        watch.receives(an_alert(instance="worker-1"))
        return bool(watch.steps("repair"))

    here, there = ("worker-1", 2, 1), ("worker-2", 2, 1)
    assert begins("{rate: {max: 2, in: 1d, per: target}}", here, there)
    assert not begins("{rate: {max: 2, in: 1d, per: service}}", here, there)
    assert begins("{rate: {max: 2, in: 1h, per: service}}", here, there)
    assert not begins("{rate: {max: 9, in: 1d}, cooldown: 90m}", here)
    assert begins("{rate: {max: 9, in: 1d}, cooldown: 45m}", here)
    assert not begins("{rate: {max: 9, in: 1d}, concurrency: {max: 1, per: service}}", ("worker-2", 1, None))
    assert begins("{rate: {max: 9, in: 1d}, concurrency: {max: 1, per: target}}", ("worker-2", 1, None))


# --- approvals ------------------------------------------------------------------------


APPROVED = RESTART + "approvals: 2\napproval_expires: 10m\nallow: {approve: [role/incident-commander, team/data, role/lead]}\n"


def test_as_many_approvals_as_it_asks_for():
    """
    What needs approval begins once as many of those whom `allow.approve` names have said yes as `approvals` asks for, nobody counting
    twice.
    """
    watch = under_way(restart(APPROVED))
    question = watch.step("repair")
    states = []
    for by in ("eve", "eve", "bo", "dan"):
        watch.approves(question, by)
        states.append(watch.step("repair").state)

    assert states == ["waiting", "waiting", "waiting", "started"]


def test_nobody_approves_what_they_started():
    """
    Nobody approves what they have started themselves.
    """
    watch = under_way(restart(BY_HAND.replace("allow: {run", "approvals: 1\nallow: {approve: [team/payments], run")))
    watch.happens(Requested(watch.step("offer").id, "cy"))
    states = []
    for by in ("cy", "bo"):
        watch.approves(watch.step("repair"), by)
        states.append(watch.step("repair").state)

    assert states == ["waiting", "started"]


def test_an_approval_unanswered_is_a_no():
    """
    A question for approval that nobody answers in time is a no.
    """
    watch = under_way(restart(APPROVED))
    watch.approves(watch.step("repair"), "eve")
    watch.passes(minutes=10)

    assert watch.step("repair").state == "failed"
    assert watch.calls("repair") == []


EVE = ("Person", "eve", '{contacts: [{use: phone.call, to: "+351 555 0104"}, {use: phone.sms, to: "+351 555 0104"}]}')
ASKED = APPROVED.replace("approvals: 2", "approvals: 1").replace("role/incident-commander, team/data, role/lead", "role/incident-commander")


def test_who_may_approve_is_told():
    """
    Whoever may approve is told by their contact that tells that a question waits: the action, its arguments, the target, who asked, until
    when, and the digest of action, arguments, target and revision.
    """
    watch = a_watch(PAGE, restart(ASKED), EVE)
    watch.receives(an_alert(instance="worker-1"))
    told, question = watch.step("tell"), question_of(watch.step("repair"), watch.incident.revision)

    assert question is not None
    assert [(each.person, each.use) for each in told.deliveries] == [("eve", "phone.sms")]
    for said in ("cluster.rollout-restart", "deployment: checkout", "worker-1", "watchbill", "12:10 UTC", question.digest):
        assert said in told.text


def test_a_yes_is_to_what_was_shown():
    """
    A yes may name the digest of what was shown; where something else waits nothing is done. Over the API a yes to a remediation names it.
    """
    watch = under_way(restart(ASKED))
    question = question_of(watch.step("repair"), watch.incident.revision)
    states = []
    for digest in ("0123456789ab", question.digest if question is not None else ""):
        watch.happens(Approved(watch.step("repair").id, "eve", digest))
        states.append(watch.step("repair").state)

    assert states == ["waiting", "started"]


def test_the_policies_in_force_say_who_may():
    """
    Who may start a remediation and who may approve it is said by the policies in force, not by those that the incident began with.
    """
    watch = under_way(restart(ASKED))
    watch.bill = Bill.of(watch.bill.policies, in_force=policies(PAGE, restart(ASKED.replace("role/incident-commander", "person/bo"))))
    states = []
    for by in ("eve", "bo"):
        watch.approves(watch.step("repair"), by)
        states.append(watch.step("repair").state)

    assert states == ["waiting", "started"]


def test_a_plan_says_what_is_asked():
    """
    A plan, and an explanation, says of a remediation that needs approval who is asked, until when, and what follows if nobody answers.
    """
    (found,) = plans(PAGE, restart(ASKED), alerts=(an_alert(instance="worker-1"),))
    (repair,) = found.repairs
    said = next(reason.note for reason in found.reasons if reason.policy.name == "restart-checkout" and reason.applied)

    assert repair.question is not None
    assert (repair.question.people, repair.question.until) == (("eve",), NOON + timedelta(minutes=10))
    assert repair.question.unanswered == "unanswered it is a no; people are paged at once, and wait for none of it"
    assert said == f"waits for 1 approval (fallback) until 12:10 UTC, asks eve; {repair.question.unanswered}"


# --- guardrails -----------------------------------------------------------------------


def test_a_ceiling():
    """
    No remediation goes further than the `ceiling` of a guardrail.
    """
    watch = under_way(restart(), ("Guardrail", "careful", "{ceiling: human-initiated, reason: we are new to this}", ""))

    assert watch.steps("repair") == []
    assert [step.state for step in watch.steps("offer")] == ["waiting"]


def test_a_freeze():
    """
    While a guardrail's `freeze` lasts nothing runs unattended.
    """
    times = "from: 2026-11-20T00:00:00Z, to: 2026-11-30T00:00:00Z"
    frozen = under_way(restart(), ("Guardrail", "season", f"{{freeze: {{{times}}}}}", ""))
    over = a_watch(PAGE, restart(), ("Guardrail", "season", f"{{freeze: {{{times}}}}}", ""), now=at("2026-11-30T00:00Z"))
    over.receives(an_alert(instance="a"))

    assert frozen.steps("repair") == []
    assert frozen.paged == [("12:00", "ana")]
    assert len(over.steps("repair")) == 1


def test_a_freeze_for_people():
    """
    In a freeze people may start what is offered to them, unless it says `humans_too`.
    """
    begun = []
    for humans_too in ("false", "true"):
        watch = under_way(restart(BY_HAND), ("Guardrail", "season", f"{{freeze: {{humans_too: {humans_too}}}}}", ""))
        watch.happens(Requested(watch.step("offer").id, "cy"))
        begun.append(len(watch.calls("repair")))

    assert begun == [1, 0]


def test_the_strictest_wins():
    """
    Guardrails compose, and the strictest of them wins.
    """
    rails = (
        ("Guardrail", "one", "{approvals: 1, hold: 5m}", ""),
        ("Guardrail", "two", "{approvals: 2, hold: 1h}", ""),
        ("Guardrail", "three", "{ceiling: oversight}", ""),
        ("Guardrail", "four", "{ceiling: fallback}", ""),
    )
    watch = under_way(restart(RESTART + "allow: {approve: [role/incident-commander, role/lead]}\n"), *rails)
    watch.approves(watch.step("repair"), "eve")

    assert watch.step("repair").note == "1 of 2 approved"
    assert watch.paged == [("12:00", "ana")]


def test_a_guardrail_reaches_as_far_as_its_team():
    """
    A guardrail limits what is done to services of its team and of teams below it; one without a team limits everything.
    """
    narrow = under_way(restart(), ("Guardrail", "theirs", "{ceiling: opportunity}", "data"))
    above = under_way(restart(), ("Guardrail", "ours", "{ceiling: opportunity}", "engineering"))

    assert len(narrow.steps("repair")) == 1
    assert above.steps("repair") == []


def test_caps():
    """
    The `rate` and the `concurrency` of a guardrail count the runs of all remediations in its scope together.
    """
    for cap in ("{rate: {max: 1, in: 1h, per: repository}}", "{concurrency: {max: 1, per: repository}}"):
        watch = a_watch(PAGE, restart(), ("Guardrail", "cap", cap, ""))
        watch.snapshot = replace(
            watch.snapshot, runs=(RepairRun("another", "other", "db-1", "orders-db", "data", NOON - timedelta(minutes=5)),)
        )
        watch.receives(an_alert(instance="worker-1"))

        assert watch.steps("repair") == []
        assert watch.paged == [("12:00", "ana")]


def test_shadow():
    """
    A remediation in `mode: shadow` is decided and recorded, holds no page and is marked to touch nothing.
    """
    watch = under_way(restart(RESTART + "mode: shadow\n"))

    assert [step.note for step in watch.steps("repair")] == ["shadow"]
    assert watch.paged == [("12:00", "ana")]


@pytest.mark.parametrize("key", ["verify", "rollback", "guards", "hold"])
def test_what_runs_by_itself_is_safe(key: str):
    """
    What runs by itself has a verification, a rollback and a rate, and a fallback has a hold.
    """
    lines = [line for line in RESTART.splitlines() if not line.startswith(f"{key}:")]

    assert rules(restart("\n".join(lines))) == ["unverifiable"]


# --- watchbill's own observations -----------------------------------------------------


def test_watchbills_own_observations_are_alerts():
    """
    What watchbill observes of itself is an alert of the source `watchbill`: claimed, paged and told of like any other.
    """
    service = ("Service", "self-healing", """{tier: 2, claims: ['source="watchbill"']}""")
    observed = replace(an_alert(alertname="RemediationRanOften", service="", source="watchbill", severity="warning"), source="watchbill")
    said = ("Escalation", "often", """{when: "alert.source == 'watchbill'", levels: [{page: role/lead}]}""")
    watch = a_watch(service, said, ("Comms", "tell", TELL, "support"))
    watch.receives(observed)

    assert watch.incident.service == "self-healing"
    assert watch.paged == [("12:00", "cy")]
    assert len(watch.steps("update")) == 1
