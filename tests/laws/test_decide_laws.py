"""Laws of the judgement, for all alerts and all policies that hypothesis thinks of."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.makers import NOON, a_comms, a_matcher, a_remediation, a_shop, a_triage, an_alert, an_audience, an_escalation
from tests.watch import Watch
from watchbill.decide import Bill, correlate, decide
from watchbill.decide.claiming import claim
from watchbill.decide.index import Index
from watchbill.decide.playing import play
from watchbill.decide.selecting import choose_escalation
from watchbill.expressions.matchers import compile_matchers
from watchbill.model.decision import Snapshot
from watchbill.model.event import AlertsReceived
from watchbill.model.incident import fold
from watchbill.model.plan import Reason

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
    """A shop with an escalation, a triage and a remediation for each group of matchers."""
    documents: list[Any] = []
    for number, (group, team) in enumerate(zip(groups, teams, strict=False)):
        match = [str(matcher) for matcher in group]
        documents.append(an_escalation(f"e{number}", team=team, match=match, priority=number % 2))
        documents.append(a_triage(f"t{number}", team=team, match=match))
        documents.append(a_comms(f"c{number}", team=team, match=match))
        documents.append(a_remediation(f"r{number}", team=team, match=match))
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
