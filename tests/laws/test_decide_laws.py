"""Laws of the judgement, for all alerts and all policies that hypothesis thinks of."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.makers import (
    NOON,
    a_comms,
    a_freeze,
    a_guardrail,
    a_hub,
    a_level,
    a_matcher,
    a_place,
    a_remediation,
    a_repair_step,
    a_review,
    a_shop,
    a_span,
    a_team,
    a_triage,
    a_use,
    an_alert,
    an_audience,
    an_escalation,
)
from tests.watch import Watch
from watchbill.decide import Bill, correlate, decide
from watchbill.decide.claiming import claim
from watchbill.decide.index import Index
from watchbill.decide.playing import play
from watchbill.decide.selecting import choose_escalation
from watchbill.expressions.conditions import parse_condition
from watchbill.expressions.matchers import compile_matchers
from watchbill.model.decision import Snapshot
from watchbill.model.event import AlertsReceived, Approved, Denied, Event, Observed, StepFinished
from watchbill.model.fold import fold
from watchbill.model.plan import Done, Reason, Retry, Stalled
from watchbill.model.policies import Rollback, Verification

NAMES = st.sampled_from(["service", "severity", "alertname", "region", "instance", "team"])
VALUES = st.sampled_from(["checkout", "critical", "warning", "HighErrorRate", "eu", "us", "a", "payments", ""])
LABELS = st.dictionaries(NAMES, VALUES, max_size=5)
PATTERNS = st.sampled_from(["checkout|cart", "a|b|", "crit.*", ".*", ".+", "(eu|us)-?1?", "[ae].*"])
MATCHERS = st.one_of(
    st.builds(lambda name, op, value: a_matcher(f'{name}{op}"{value}"'), NAMES, st.sampled_from(["=", "!="]), VALUES),
    st.builds(lambda name, op, value: a_matcher(f'{name}{op}"{value}"'), NAMES, st.sampled_from(["=~", "!~"]), PATTERNS),
)
GROUPS = st.lists(st.lists(MATCHERS, max_size=4), max_size=12)


@given(GROUPS, st.lists(LABELS, min_size=1, max_size=5))
def test_the_index_finds_what_a_full_scan_finds(groups: list[list[Any]], several: list[dict[str, str]]) -> None:
    """
    For all policies and all labels, every policy that matches is among the candidates, in order and once.
    """
    index = Index(groups)
    failing = [compile_matchers(tuple(group)) for group in groups]
    for labels in several:
        candidates = index.candidates(labels)
        matching = [position for position, fails in enumerate(failing) if fails(labels) is None]

        assert [position for position in candidates if failing[position](labels) is None] == matching
        assert candidates == sorted(set(candidates))


def a_bill(groups: list[list[Any]], teams: list[str]) -> Bill:
    """A shop with a policy of each kind for each group of matchers."""
    documents: list[Any] = []
    for number, (group, team) in enumerate(zip(groups, teams, strict=False)):
        match = [str(matcher) for matcher in group]
        documents.append(an_escalation(f"e{number}", team=team, match=match, priority=number % 2))
        documents.append(a_triage(f"t{number}", team=team, match=match))
        documents.append(a_comms(f"c{number}", team=team, match=match))
        documents.append(a_remediation(f"r{number}", team=team, match=match))
        limits = {"ceiling": "oversight"} if number % 2 else {"freeze": a_freeze(a_span("2026-12-20", "2027-01-04"))}
        documents.append(a_guardrail(f"g{number}", team=team, match=match, **limits))
    return Bill.of(a_shop(an_audience("customers"), *documents))


TEAMS = st.lists(st.sampled_from(["payments", "engineering", "platform"]), min_size=12, max_size=12)


@given(GROUPS, TEAMS, LABELS)
def test_every_alert_is_taken_and_a_reason_says_why(groups: list[list[Any]], teams: list[str], labels: dict[str, str]) -> None:
    """
    For all policies and all labels somebody's escalation takes the alert, and a reason names it.
    """
    bill = a_bill(groups, teams)
    alert, _ = claim(bill, an_alert(**labels))
    reasons: list[Reason] = []
    chosen = choose_escalation(bill, alert, dict, reasons)

    assert chosen.escalation.levels
    assert chosen.escalation.ref in [reason.policy for reason in reasons if reason.applied]


@given(GROUPS, TEAMS, LABELS)
def test_a_full_scan_chooses_the_same(groups: list[list[Any]], teams: list[str], labels: dict[str, str]) -> None:
    """
    Looking at every policy chooses what looking at the candidates chose, and gives the candidates the same reasons.
    """
    bill = a_bill(groups, teams)
    alert, _ = claim(bill, an_alert(**labels))
    few: list[Reason] = []
    all_of_them: list[Reason] = []
    indexed = choose_escalation(bill, alert, dict, few)
    scanned = choose_escalation(bill, alert, dict, all_of_them, everything=True)

    assert indexed == scanned
    assert [reason for reason in all_of_them if reason in few] == few


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("alert"), st.sampled_from(["HighErrorRate", "Slow"]), st.sampled_from(["critical", "warning"]), st.booleans()),
        st.tuples(st.just("passes"), st.integers(0, 90)),
        st.tuples(st.sampled_from(["acknowledges", "unacknowledges", "mitigates", "resolves"])),
    ),
    max_size=12,
)


def a_story(events: list[Any]) -> Watch:
    """The shop's watch after these events."""
    documents = (
        an_escalation(repeat=1),
        a_triage(),
        an_audience("customers"),
        a_comms(messages={"triggered": "t", "resolved": "r", "unchanged": "u"}),
        a_remediation(phase="oversight"),
    )
    watch = Watch(a_shop(*documents))
    watch.receives(an_alert())
    for kind, *details in events:
        if kind == "alert":
            name, severity, ended = details
            watch.receives(an_alert(alertname=name, severity=severity, status="resolved" if ended else "firing"))
        elif kind == "passes":
            watch.passes(minutes=details[0])
        else:
            getattr(watch, kind)()
    return watch


@given(EVENTS)
@settings(max_examples=60)
def test_reading_a_timeline_rebuilds_the_incident(events: list[Any]) -> None:
    """
    Whatever happened, the recorded changes in order give the very same incident.
    """
    watch = a_story(events)

    assert fold(None, [change for decision in watch.decisions for change in decision.changes]) == watch.incident


@given(EVENTS)
@settings(max_examples=60)
def test_deciding_twice_decides_the_same(events: list[Any]) -> None:
    """
    The same events at the same times come to equal decisions.
    """
    assert a_story(events).decisions == a_story(events).decisions


@given(EVENTS)
@settings(max_examples=60)
def test_no_step_is_begun_twice(events: list[Any]) -> None:
    """
    Whatever happens, a step id is handed out at most once.
    """
    started = [step.id for _, step in a_story(events).started]

    assert len(started) == len(set(started))


@given(EVENTS)
@settings(max_examples=60)
def test_nothing_is_planned_for_what_is_over(events: list[Any]) -> None:
    """
    A resolved incident waits for nothing, except to say that it is over.
    """
    watch = a_story([*events, ("resolves",)])

    assert watch.incident.status == "resolved"
    assert watch.last.wake_at is None
    assert watch.incident.in_state("planned", "waiting") == ()


@given(EVENTS)
@settings(max_examples=60)
def test_a_triggered_incident_always_has_somebody_to_turn_to(events: list[Any]) -> None:
    """
    While an incident is triggered there is a page still to come, or the engine's own alarm has been raised.
    """
    watch = a_story(events)
    if watch.incident.status == "triggered":
        coming = [step for step in watch.incident.steps.values() if step.kind in ("page", "alarm") and step.state == "planned"]
        alarmed = [step for step in watch.steps("alarm") if step.state == "started"]

        assert coming or alarmed


# --- everything at once ---------------------------------------------------------------

INSTANCE = "{{ alert.labels.instance }}"
CHECK = Verification(
    a_use("metrics.query", query="up"), parse_condition("value < `0.01`", a_place()), timedelta(minutes=2), timedelta(minutes=5)
)
UNDO = Rollback((a_repair_step("undo"), a_repair_step("tell")))


def a_fallback(name: str, *steps: Any, **more: Any) -> Any:
    """A remediation that runs by itself, is verified, and is undone by two steps."""
    return a_remediation(name, *steps, phase="fallback", verification=CHECK, rollback=UNDO, target=INSTANCE, **more)


WORLD = (
    an_escalation("calm", a_level("role/primary"), a_level("role/nobody"), match=['severity="warning"'], hub=a_hub(bridge=True)),
    an_escalation("harsh", a_level("role/secondary", notify=[a_use("chat.post")]), match=['severity="critical"'], repeat=1),
    an_escalation("besides", a_level("person/dan"), a_level("person/eve"), team="platform", proceed=True, own_ack=True),
    a_triage(),
    a_team("engineering", members=["eve"], roles={"customer-liaison": "person/eve"}),
    an_audience("customers", liaison="role/customer-liaison"),
    a_comms(
        "usual", messages={"triggered": "t", "mitigated": "m", "resolved": "r"}, review=a_review(hold=True), remind=timedelta(minutes=5)
    ),
    a_comms("worse", match=['severity="critical"'], messages={"triggered": "t", "resolved": "r"}, review=a_review()),
    a_fallback("first", a_repair_step("drain"), a_repair_step("restart"), hold=timedelta(minutes=6), priority=5),
    a_fallback("second", match=['alertname="Slow"'], hold=timedelta(minutes=3)),
    a_fallback("asks", match=['severity="critical"'], approvals=1, may_approve=("person/eve",)),
    a_fallback("shadow", shadow=True, hold=timedelta(minutes=9)),
    a_remediation("by-hand", target=INSTANCE),
)

HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(
            st.just("alert"),
            st.sampled_from(["HighErrorRate", "Slow"]),
            st.sampled_from(["critical", "warning"]),
            st.sampled_from(["a", "b", "a/restart"]),
            st.booleans(),
        ),
        st.tuples(st.just("passes"), st.integers(0, 40)),
        st.tuples(st.just("back"), st.integers(1, 40)),
        st.tuples(st.sampled_from(["acknowledges", "unacknowledges", "mitigates", "resolves", "freezes", "forgets", "remembers"])),
        st.tuples(st.sampled_from(["done", "works", "retry", "stalled", "observed", "broken", "approved", "denied"]), st.integers(0, 60)),
    ),
    max_size=25,
)


def anything(happenings: list[Any]) -> Watch:
    """The whole world's watch after all this; whatever is asked of a step is asked of any step at all, and of none."""
    whole = Bill.of(a_shop(*WORLD))
    watch = Watch(whole.policies)
    watch.receives(an_alert(instance="a"), an_alert(instance="b"))
    for kind, *details in happenings:
        if kind == "alert":
            name, severity, instance, ended = details
            status = "resolved" if ended else "firing"
            watch.receives(an_alert(alertname=name, severity=severity, instance=instance, status=status, starts_at=watch.now))
        elif kind in ("passes", "back"):
            watch.passes(minutes=details[0] if kind == "passes" else 0)
            watch.now -= timedelta(minutes=details[0] if kind == "back" else 0)
        elif kind == "freezes":
            watch.snapshot = replace(watch.snapshot, is_frozen=not watch.snapshot.is_frozen)
        elif kind in ("forgets", "remembers"):
            watch.bill = whole if kind == "remembers" else Bill.of(replace(a_shop(), audiences={}, schedules={}, people={}))
        elif kind == "works":
            watch.happens(asked_of_a_step(watch, "observed", details[0]))
            watch.passes(minutes=2)
            watch.happens(asked_of_a_step(watch, "observed", details[0]))
        elif details:
            watch.happens(asked_of_a_step(watch, kind, details[0]))
        else:
            getattr(watch, kind)()
    return watch


def asked_of_a_step(watch: Watch, kind: str, number: int) -> Event:
    """An event about one step: the *number*-th of those that go on, or one that nobody has heard of."""
    kinds = ("verify",) if kind in ("observed", "broken") else ("repair", "rollback") if kind == "done" and number % 2 else ()
    going_on = [step.id for step in watch.incident.in_state("started", "waiting") if not kinds or step.kind in kinds]
    step = going_on[number % len(going_on)] if going_on and number else "unheard-of"
    events: dict[str, Event] = {
        "done": StepFinished(step, Done()),
        "retry": StepFinished(step, Retry(watch.now + timedelta(minutes=number % 7), "no answer")),
        "stalled": StepFinished(step, Stalled("refused")),
        "observed": Observed(step, {"value": 0.0}),
        "broken": Observed(step, {}),
        "approved": Approved(step, "eve"),
        "denied": Denied(step, "eve"),
    }
    return events[kind]


@given(HAPPENINGS)
@settings(max_examples=120, deadline=timedelta(seconds=5))
def test_whatever_happens_every_decision_comes_to_its_end(happenings: list[Any]) -> None:
    """
    In any order of events no decision fails, starts what is over or leaves what is due, and its changes are what it did.
    """
    watch = anything(happenings)
    retries = Counter(event.step for event in watch.events if isinstance(event, StepFinished) and isinstance(event.outcome, Retry))

    incident = None
    for decision, now in zip(watch.decisions, watch.times, strict=True):
        incident = fold(incident, decision.changes)
        assert incident == decision.incident
        assert decision.wake_at is None or decision.wake_at > now
    for step, times in Counter(step.id for _, step in watch.started).items():
        assert times <= 1 + retries[step]


@given(HAPPENINGS)
@settings(max_examples=120, deadline=timedelta(seconds=5))
def test_nothing_but_updates_is_planned_or_waited_for_once_it_is_over(happenings: list[Any]) -> None:
    """
    From its resolution on, whatever still comes in, an incident that is not reopened plans and starts nothing but updates.
    """
    watch = anything([*happenings, ("resolves",)])
    begins = len(watch.decisions)
    steps = list(watch.incident.steps)
    for number, kind in enumerate(["done", "retry", "stalled", "observed", "approved", "denied"] * 3):
        watch.happens(asked_of_a_step(watch, kind, number + 1))
    watch.passes(minutes=600)

    for decision in watch.decisions[begins:]:
        assert {step.kind for step in decision.steps} <= {"update", "review"}
    assert {step.kind for name, step in watch.incident.steps.items() if name not in steps} <= {"update", "review"}
    assert {step.kind for step in watch.incident.in_state("planned", "waiting")} <= {"update"}
    assert watch.last.wake_at is None


@given(HAPPENINGS)
@settings(max_examples=120, deadline=timedelta(seconds=5))
def test_unattended_repairs_run_one_at_a_time(happenings: list[Any]) -> None:
    """
    Whatever happens, no two remediations that change something are at it together.
    """
    for decision in anything(happenings).decisions:
        steps = decision.incident.steps.values() if decision.incident else ()
        at_it = [step for step in steps if step.kind in ("repair", "verify", "rollback") and step.state in ("started", "waiting")]

        assert len({step.slot.rsplit("/", 1)[0] + step.because.name for step in at_it if step.because.name != "shadow"}) <= 1


@given(HAPPENINGS)
@settings(max_examples=120, deadline=timedelta(seconds=5))
def test_a_triggered_incident_is_never_forgotten(happenings: list[Any]) -> None:
    """
    Whatever happens, a triggered incident has a page to come, soon enough if it waits for a repair, or the alarm was raised.
    """
    watch = anything(happenings)
    if watch.incident.status == "triggered":
        coming = [step for step in watch.incident.steps.values() if step.kind in ("page", "alarm") and step.state == "planned"]

        assert coming or watch.steps("alarm")
        assert all(
            run.held_until is None or run.held_until <= max(watch.times) + timedelta(minutes=6) for run in watch.incident.escalations
        )


SEEDED = """
from tests.makers import NOON, a_comms, a_remediation, a_shop, a_triage, an_alert, an_audience, an_escalation
from watchbill.decide import Bill
from watchbill.decide.planning import plan
documents = [an_escalation(f"e{n}", match=[f'alertname=~"High.*|{n}"']) for n in range(20)]
documents += [a_triage(f"t{n}") for n in range(20)] + [a_remediation(f"r{n}") for n in range(20)]
documents += [an_audience("customers"), a_comms("c1"), a_comms("c2")]
print(plan(Bill.of(a_shop(*documents)), [an_alert(), an_alert(alertname="Slow", region="eu")], NOON))
"""


def test_a_plan_is_the_same_in_two_processes_with_two_hash_seeds() -> None:
    """
    Nothing in a decision depends on the order in which a process happens to keep its sets.
    """
    import re

    outputs = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        run = subprocess.run([sys.executable, "-c", SEEDED], capture_output=True, text=True, env=environment, check=True)
        outputs.add(re.sub(r"0x[0-9a-f]+", "", run.stdout))

    assert len(outputs) == 1


def test_a_play_ends_though_nobody_ever_answers() -> None:
    """
    A cadence without end is played no further than its horizon.
    """
    bill = Bill.of(a_shop(an_escalation(), an_audience("customers"), a_comms(cadence=timedelta(minutes=1))))
    (correlation,) = correlate(bill, [an_alert()], NOON)
    moments = play(bill, Snapshot(), [(NOON, AlertsReceived(correlation.key, correlation.alerts))], NOON + timedelta(hours=2))

    assert moments[-1].at == NOON + timedelta(hours=2)
    assert decide(bill, Snapshot(), moments[0].event, NOON) == moments[0].decision


# --- what is undone -------------------------------------------------------------------

ENDS = st.lists(st.sampled_from(["done", "failed", "refused", "unknown", "later", "unfilled"]), min_size=1, max_size=6)
"""How the attempts at the steps of a repair end, one after another."""


@given(ENDS, st.booleans())
@settings(max_examples=200, deadline=timedelta(seconds=5))
def test_what_is_undone_was_done_or_may_have_been(ends: list[str], verified: bool) -> None:
    """
    However its steps end, a remediation that fails is undone exactly if one of them was done or may have been.
    """
    filled = [a_repair_step(f"step-{number}") for number in range(3)]
    steps = [*filled, a_repair_step("unfilled", deployment="{{ alert.labels.absent }}")] if "unfilled" in ends else filled
    watch = Watch(a_shop(a_fallback("undone", *steps)))
    watch.receives(an_alert(instance="a"))
    may_have_been = False
    for end in ends:
        at_it = [step for step in watch.steps("repair") if step.state == "started"]
        if not at_it or end == "unfilled":
            continue
        may_have_been = may_have_been or end in ("done", "failed", "unknown")
        if end in ("unknown", "later"):
            watch.finishes(at_it[0], Retry(watch.now + timedelta(minutes=1), "no answer", is_unknown=end == "unknown"))
            watch.passes(minutes=1)
        else:
            outcomes = {"done": Done(), "failed": Stalled("broke off"), "refused": Stalled("no leave", is_refused=True)}
            watch.finishes(at_it[0], outcomes[end])
    for check in (step for step in watch.steps("verify") if verified and step.state == "started"):
        watch.stalls(check)

    has_failed = any(step.state == "failed" for step in (*watch.steps("repair"), *watch.steps("verify")))
    assert bool(watch.steps("rollback")) == (has_failed and may_have_been)
