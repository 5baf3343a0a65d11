"""`in_interval()` wherever conditions are asked: in a decision, an explanation, a policy test and its coverage."""

from __future__ import annotations

from datetime import datetime

from tests.makers import an_alert, at
from tests.policy.makers import CATALOGUE, header, policies
from tests.verify.makers import SHOP, a_test
from watchbill.decide import Bill
from watchbill.decide.explaining import explain
from watchbill.decide.planning import plan
from watchbill.verify.running import run_tests

DAY, NIGHT = at("2026-11-23 12:00"), at("2026-11-23 03:12")


def a_night(start: str = "22:00", end: str = "06:00") -> str:
    times = f'{{start_time: "{start}", end_time: "{end}"}}'
    return header("TimeInterval", "nights") + f"spec: {{time_intervals: [{{times: [{times}]}}]}}\n---\n"


AT_NIGHT = (
    header("Escalation", "at-night", "payments")
    + "spec:\n  priority: 9\n  when: \"tier == `1` && in_interval('nights')\"\n  levels: [{page: person/bo}]\n---\n"
)
CASES = """
{name: night, given: {alerts: [{labels: {alertname: X, service: checkout, severity: critical}}]}, expect: {escalation: at-night}}
{name: day, at: 2026-11-23T12:00:00Z, given: {alerts: [{labels: {alertname: X, service: checkout, severity: critical}}]}, \
expect: {escalation: payments-critical}}
"""


def a_bill(nights: str, *others: str) -> Bill:
    return Bill.of(policies(SHOP + nights + AT_NIGHT + "".join(others)), CATALOGUE)


def chosen(bill: Bill, moment: datetime) -> str:
    (found,) = plan(bill, [an_alert(service="checkout")], moment)[0].escalations
    return found.policy.name


def test_a_decision_asks_the_interval():
    """
    While the interval is open the policy applies, and otherwise another one does; a changed interval changes the decision.
    """
    bill = a_bill(a_night())

    assert (chosen(bill, NIGHT), chosen(bill, DAY)) == ("at-night", "payments-critical")
    assert chosen(a_bill(a_night("10:00", "14:00")), NIGHT) == "payments-critical"


def test_an_explanation_tells_the_time_that_was_seen():
    """
    Why a policy takes no part: the part of its condition, and the time.
    """
    found = explain(a_bill(a_night()), [an_alert(service="checkout")], DAY)[0]
    (reason,) = (each.reason for each in found.policies if each.policy.name == "at-night")

    assert (reason.kind, reason.failed, reason.saw) == ("when", "in_interval('nights')", '"2026-11-23T12:00:00Z"')


def test_a_policy_test_asks_it_and_covers_it():
    """
    Cases by day and by night are decided by the interval, and both outcomes of the condition are covered.
    """
    tested = run_tests(a_bill(a_night(), a_test(CASES)), covering=True)

    assert [case.differences for each in tested.results for case in each.cases] == [(), ()]
    assert tested.coverage is not None
    (document,) = (each for each in tested.coverage.documents if each.policy.name == "at-night")
    assert [(each.text, each.has_held, each.has_failed) for each in document.conditions] == [
        ("tier == `1` && in_interval('nights')", True, True)
    ]
