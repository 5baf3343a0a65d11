"""Triage: what is there when somebody logs in."""

from __future__ import annotations

from datetime import timedelta

from tests.language.makers import PAGE, a_watch, rules
from tests.makers import an_alert

LOOK = """\
budget: 20s
collect:
  - {name: errors, use: metrics.query, with: {query: errors}, timeout: 5s}
  - {name: region, use: metrics.query, with: {query: "{{ alert.labels.region }}"}}
  - {name: disk, use: local.read, with: {argv: [df]}, timeout: 1m}
"""


def test_collectors_run_in_parallel():
    """
    All collectors begin as soon as the incident opens, in parallel, each with its own `timeout` and none for longer than the `budget`
    of all.
    """
    watch = a_watch(("Triage", "look", LOOK))
    watch.receives(an_alert(region="eu"))

    assert watch.calls("collect") == [("12:00", "metrics.query"), ("12:00", "metrics.query"), ("12:00", "local.read")]
    assert [step.timeout for step in watch.steps("collect")] == [timedelta(seconds=number) for number in (5, 10, 20)]


def test_one_that_fails_fails_alone():
    """
    A collector that fails, fails alone: the others go on, and nobody's page waits for any of them.
    """
    watch = a_watch(PAGE, ("Triage", "look", LOOK))
    watch.receives(an_alert())

    assert [step.state for step in watch.steps("collect")] == ["started", "failed", "started"]
    assert watch.paged == [("12:00", "ana")]


def test_collectors_only_read():
    """
    A collector uses an action that only reads.
    """
    assert rules(("Triage", "look", "{collect: [{name: clean, use: local.run, with: {argv: [rm]}}]}")) == ["collector-must-read"]


def test_once_an_incident():
    """
    Each collector runs once an incident, and again when the incident is reopened.
    """
    watch = a_watch(("Triage", "look", LOOK))
    watch.receives(an_alert(region="eu"))
    watch.receives(an_alert(alertname="Another", region="eu"))
    before = len(watch.calls("collect"))
    watch.receives(an_alert(region="eu", status="resolved"), an_alert(alertname="Another", region="eu", status="resolved"))
    watch.passes(minutes=5)
    watch.receives(an_alert(region="eu", starts_at=watch.now))

    assert (before, len(watch.calls("collect"))) == (3, 6)
