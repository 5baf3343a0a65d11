"""A case is played for as long as it has to be, and a test runs the cases that are asked for."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.verify.makers import CRITICAL, SILENCE, STUCK, WARNING, a_bill, a_test
from watchbill.expressions.durations import format_duration
from watchbill.verify.cases import horizon, play_case
from watchbill.verify.running import run_tests
from watchbill.verify.telling import timelines

HORIZONS = {
    "the last page listed": ("", "pages: [{at: 0s, people: bo}, {at: 5m, people: ana}]", "5m"),
    "until": ("", "until: 2h, owner: payments", "2h"),
    "an answer": ("answers: [{at: 41m, resolve: ana}]", "owner: payments", "41m"),
    "a status": ("", "status: {at: 9m, is: triggered}", "9m"),
    "an update": ("", "updates: [{audience: customers, at: 15m}]", "15m"),
    "an update that is to be read": ("", "updates: [{audience: customers, at: 15m, contains: a}]", "25m"),
    "an update that is sent": ("", "updates: [{audience: customers, at: 15m, sent: 40m}]", "40m"),
    "nobody": ("", "no_pages: true", "1d"),
    "nothing up to then": ("", "nothing: true, until: 3h", "3h"),
    "the moment itself": ("", "owner: payments", "0s"),
}


def bill_of(given: str, expect: str):
    """The shop with one case of a critical alert."""
    more = f", {given}" if given else ""
    return a_bill(a_test(f"{{name: it, given: {{alerts: [{CRITICAL}]{more}}}, expect: {{{expect}}}}}"))


@pytest.mark.parametrize("what", HORIZONS)
def test_a_case_is_played_as_long_as_it_looks(what: str):
    """
    A case is played until the last moment that it speaks of, and no longer.
    """
    given, expect, lasting = HORIZONS[what]
    bill = bill_of(given, expect)
    (case,) = bill.policies.tests["checkout"].cases

    assert format_duration(horizon(bill.policies, case)) == lasting


def test_playing_twice_plays_the_same():
    """
    A case is a value, and its play follows from it alone.
    """
    bill = bill_of("answers: [{at: 7m, acknowledge: ana}]", "until: 2h, owner: payments")
    (case,) = bill.policies.tests["checkout"].cases

    assert play_case(bill, case).incidents == play_case(bill, case).incidents


def test_an_alert_may_come_back_again_and_again():
    """
    A case may give the same alert several times, one after another: what comes back too often pages no more, and stays open until it was
    quiet.
    """
    alerts = ", ".join(f"{CRITICAL[:-1]}, at: {number}m, until: {number}m30s}}" for number in range(6))
    pages = ", ".join(f"{{at: {minute}m, people: bo}}" for minute in range(3))
    expect = f"pages: [{pages}], status: [{{at: 20m, is: triggered}}, {{at: 21m, is: resolved}}]"
    bill = a_bill(a_test(f"{{name: it, given: {{alerts: [{alerts}]}}, expect: {{{expect}}}}}"))

    assert [case.differences for result in run_tests(bill).results for case in result.cases] == [()]


def test_only_cases_that_match_are_run():
    """
    A case runs if the pattern is found in TEST/CASE; a test none of whose cases runs is not in the results.
    """
    case = f"given: {{alerts: [{WARNING}]}}, expect: {{owner: payments}}"
    bill = a_bill(a_test(f"{{name: one, {case}}}\n{{name: two, {case}}}", name="first"), a_test(f"{{name: one, {case}}}", name="second"))

    def names(pattern: str) -> list[str]:
        found = run_tests(bill, re.compile(pattern))
        return [f"{result.test.name}/{case.case.name}" for result in found.results for case in result.cases]

    assert names("one") == ["first/one", "second/one"]
    assert names("^first/t") == ["first/two"]
    assert names("third") == []


def test_tests_that_are_left_out_are_named():
    """
    A test that did not compile is no passed test.
    """
    bill = bill_of("", "owner: payments")
    bill.policies = replace(bill.policies, quarantined=("PolicyTest/broken", "Person/cy"))

    assert run_tests(bill).left_out == ("broken",)


def test_a_timeline_tells_what_was_decided():
    """
    A timeline has a line for each thing that happens, with whom it concerns and the place that is the reason.
    """
    bill = a_bill(
        a_test(
            f"{{name: it, given: {{alerts: [{STUCK}], outcomes: [{{remediation: restart-checkout, result: failed, after: 30s}}], "
            "answers: [{at: 3m, acknowledge: bo}]}, expect: {owner: payments}}"
        )
    )
    (case,) = bill.policies.tests["checkout"].cases
    (told,) = timelines(bill, play_case(bill, case, timedelta(hours=1)))
    lines = [(f"{each.at:%H:%M:%S}", each.what, each.people) for each in told.happenings]

    assert told.status == "acknowledged"
    assert ("03:12:00", "repair", ()) in lines
    assert ("03:12:30", "fails", ()) in lines
    assert ("03:12:30", "page", ("bo",)) in lines
    assert ("03:15:00", "status", ("bo",)) in lines
    page = next(each for each in told.happenings if each.what == "page")
    assert (page.because, page.place and page.place.line) == ("payments-critical", 8)


def test_a_timeline_tells_what_is_muted():
    """
    That an alert is silenced stands in the timeline, with the silence as the reason.
    """
    bill = a_bill(SILENCE + a_test(f"{{name: it, given: {{alerts: [{CRITICAL}]}}, expect: {{nothing: true}}}}"))
    (case,) = bill.policies.tests["checkout"].cases
    (told,) = timelines(bill, play_case(bill, case, timedelta(hours=1)))

    assert ("muted", "HighErrorRate: silenced by ana: we move house", "move") in [(e.what, e.text, e.because) for e in told.happenings]
    assert "page" not in [each.what for each in told.happenings]


def test_a_case_may_have_an_incident_that_a_person_declares():
    """
    An alert of the source `watchbill` fires until somebody resolves the incident; of any other it goes on.
    """
    alert = "{labels: {alertname: IncidentDeclared, service: checkout, severity: critical}"
    ended = []
    for source in (", source: watchbill", ""):
        given = f"{{alerts: [{alert}{source}}}], answers: [{{at: 3m, resolve: bo}}]}}"
        bill = a_bill(a_test(f"{{name: it, given: {given}, expect: {{owner: payments}}}}"))
        (case,) = bill.policies.tests["checkout"].cases
        (played,) = play_case(bill, case, timedelta(hours=1)).incidents
        assert played.incident is not None
        ended.append((played.incident.status, len(played.incident.firing)))

    assert ended == [("resolved", 0), ("resolved", 1)]
