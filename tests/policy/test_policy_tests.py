"""What is wrong in policy tests is found before they run, at its line and with the name that was meant."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.policy.makers import findings, header, policies
from watchbill.model.testing import ExpectedName, ExpectedPages

GIVEN = "given: {alerts: [{labels: {alertname: A, service: checkout, severity: critical}}]}"


def a_test(case: str, more: str = "") -> str:
    """A policy test with one case."""
    return header("PolicyTest", "checkout", "payments") + f"spec:\n  at: 2026-11-23T03:12:00Z\n  cases:\n    - {{{case}}}\n{more}"


def expecting(text: str) -> str:
    """A policy test whose case expects this."""
    return a_test(f"name: it, {GIVEN}, expect: {{{text}}}")


def given(text: str) -> str:
    """A policy test whose case is given this besides an alert."""
    return a_test(f"name: it, {GIVEN[:-1]}, {text}}}, expect: {{owner: payments}}")


def table(columns: str, rows: str, case: str = "owner: <owner>") -> str:
    """A policy test with a table."""
    return a_test(f"name: it, {GIVEN}, expect: {{{case}}}", f"  table:\n    columns: {columns}\n    rows: {rows}\n")


WRONG = {
    "a person": (expecting("pages: [{at: 0s, people: [anna]}]"), "unknown-name", "nobody is called `anna`"),
    "one of several people": (expecting("pages: [{at: 0s, people: [ana, bob]}]"), "unknown-name", "nobody is called `bob`"),
    "an escalation": (expecting("escalation: payments-critica"), "unknown-name", "no escalation is called `payments-critica`"),
    "a team": (expecting("owner: paymints"), "unknown-name", "no team is called `paymints`"),
    "a service": (expecting("service: chekout"), "unknown-name", "no service is called `chekout`"),
    "an audience": (expecting("updates: [{audience: custmers, at: 5m}]"), "unknown-name", "no audience is called `custmers`"),
    "a remediation": (expecting("remediations: [{name: restart, is: runs}]"), "unknown-name", "no remediation is called `restart`"),
    "a collector": (expecting("evidence: [eror-rate]"), "unknown-name", "no collector is called `eror-rate`"),
    "a connector": (expecting("posts: [{use: chut.post}]"), "unknown-name", "no connector is called `chut`"),
    "a use": (expecting("posts: [{use: chat}]"), "bad-use", "`chat` is no action of a connector"),
    "a standing": (expecting("remediations: [{name: x, is: rums}]"), "bad-value", "`is` cannot be `rums`"),
    "a status": (expecting("status: {at: 5m, is: acked}"), "bad-value", "`is` cannot be `acked`"),
    "a duration": (expecting("pages: [{at: 5 min, people: ana}]"), "bad-duration", "`5 min` is not a duration: `5` has no unit"),
    "nobody beside somebody": (expecting("pages: [{at: 0s, people: [ana, nobody]}]"), "bad-value", "`nobody` stands beside somebody"),
    "pages and no pages": (expecting("no_pages: true, pages: [{at: 0s, people: ana}]"), "bad-value", "`no_pages` stands beside `pages`"),
    "nothing and something": (expecting("nothing: true, pages: [{at: 0s, people: ana}]"), "bad-value", "`pages` stands beside `nothing`"),
    "until before the end": (
        expecting("until: 1m, pages: [{at: 2m, people: ana}]"),
        "bad-time",
        "`until` is before the last page that is listed",
    ),
    "sent before due": (
        expecting("updates: [{audience: customers, at: 15m, sent: 5m}]"),
        "bad-time",
        "this update leaves before it is due",
    ),
    "no expectation": (expecting("until: 1h"), "no-expectation", "this case expects nothing, so it cannot fail"),
    "no `expect`": (a_test(f"name: it, {GIVEN}"), "missing-key", "missing key `expect` in `cases`"),
    "no alert": (a_test("name: it, expect: {owner: payments}"), "missing-key", "no alert is given in `it`"),
    "no labels": (a_test("name: it, given: {alerts: [{labels: {}}]}, expect: {owner: payments}"), "bad-value", "this alert has no labels"),
    "an alert that ends before": (
        a_test("name: it, given: {alerts: [{labels: {a: b}, at: 5m, until: 5m}]}, expect: {owner: payments}"),
        "bad-time",
        "this alert ends before it begins",
    ),
    "no clock": (
        header("PolicyTest", "checkout", "payments") + f"spec: {{cases: [{{name: it, {GIVEN}, expect: {{owner: payments}}}}]}}\n",
        "missing-key",
        "no clock is set for `it`",
    ),
    "a clock": (a_test(f"name: it, at: monday, {GIVEN}, expect: {{owner: payments}}"), "bad-time", "`monday` is no time with an offset"),
    "an answer of nobody": (given("answers: [{at: 1m, acknowledge: anna}]"), "unknown-name", "nobody is called `anna`"),
    "an answer that says nothing": (given("answers: [{at: 1m}]"), "bad-value", "this answer says nothing"),
    "an answer that says two things": (
        given("answers: [{at: 1m, acknowledge: ana, resolve: ana}]"),
        "bad-value",
        "this answer says several things",
    ),
    "an approval of nothing": (given("answers: [{at: 1m, approve: {by: ana}}]"), "bad-value", "`approve` is about one thing"),
    "a start of nothing": (
        given("answers: [{at: 1m, run: {remediation: restat, by: ana}}]"),
        "unknown-name",
        "no remediation is called `restat`",
    ),
    "a start by nobody": (given("answers: [{at: 1m, run: {remediation: x, by: anna}}]"), "unknown-name", "nobody is called `anna`"),
    "an extension for no time": (given("answers: [{at: 1m, extend: {by: ana, for: 0s}}]"), "bad-time", "this keeps nothing"),
    "a snooze for no time": (given("answers: [{at: 1m, snooze: {by: ana, for: 0s}}]"), "bad-time", "this puts nothing off"),
    "a note by nobody": (given("answers: [{at: 1m, note: {by: anna, text: hello}}]"), "unknown-name", "nobody is called `anna`"),
    "somebody who escalates": (given("answers: [{at: 1m, escalate: anna}]"), "unknown-name", "nobody is called `anna`"),
    "an outcome": (given("outcomes: [{remediation: x, result: done}]"), "unknown-name", "no remediation is called `x`"),
    "a look at nothing": (
        given("outcomes: [{remediation: restart, result: done, observed: [{after: 1m}]}]"),
        "bad-value",
        "this says nothing, or two things, of what is seen",
    ),
    "a delivery by no connector": (
        given("deliveries: [{use: fone.call, result: failed}]"),
        "unknown-name",
        "no connector is called `fone`",
    ),
    "a delivery by no action": (
        given("deliveries: [{use: phone.cal, result: failed}]"),
        "unknown-action",
        "phone (twilio) has no action `cal`",
    ),
    "a delivery by half a name": (
        given("deliveries: [{use: phone, result: failed}]"),
        "bad-use",
        "`phone` names no action",
    ),
    "a delivery to nobody": (
        given("deliveries: [{use: phone.call, person: anna, result: failed}]"),
        "unknown-name",
        "nobody is called `anna`",
    ),
    "a delivery to somebody without that contact": (
        given("deliveries: [{use: phone.sms, person: bo, result: failed}]"),
        "no-delivery",
        "`bo` has no contact by `phone.sms`",
    ),
    "a delivery to somebody by what reaches nobody": (
        given("deliveries: [{use: statuspage.post, person: bo, result: failed}]"),
        "no-delivery",
        "`statuspage.post` reaches no person",
    ),
    "a delivery by what is not used": (
        given("deliveries: [{use: metrics.query, result: failed}]"),
        "no-delivery",
        "no page, post, room, collector or update here uses `metrics.query`",
    ),
    "an answer of what reaches nobody": (
        given("deliveries: [{use: statuspage.post, result: answered}]"),
        "bad-value",
        "`statuspage.post` reaches no person, so it is not `answered`",
    ),
    "a result of a delivery": (
        given("deliveries: [{use: phone.call, result: lost}]"),
        "bad-value",
        "`result` cannot be `lost`",
    ),
    "a delivery in shadow that is given": (
        given("deliveries: [{use: phone.call, result: shadow}]"),
        "bad-value",
        "`result` cannot be `shadow`",
    ),
    "a delivery that is expected to nobody": (
        expecting("deliveries: [{use: phone.call, person: anna}]"),
        "unknown-name",
        "nobody is called `anna`",
    ),
    "a delivery that is expected by what is not used": (
        expecting("deliveries: [{use: chat.post}]"),
        "no-delivery",
        "no page, post, room, collector or update here uses `chat.post`",
    ),
    "an alarm beside nothing": (expecting("nothing: true, alarms: [{at: 1h}]"), "bad-value", "`alarms` stands beside `nothing`"),
    "a row too short": (table("[owner, x]", "[[payments]]"), "bad-table", "this row has 1 value for 2 columns"),
    "a row too long": (table("[owner]", "[[payments, ana]]"), "bad-table", "this row has 2 values for 1 column"),
    "a column that is none": (
        table("[owner]", "[[payments]]", "owner: <owner>, service: <servise>"),
        "bad-table",
        "`<servise>` is no column of the table",
    ),
    "a column twice": (table("[owner, owner]", "[[payments, payments]]"), "bad-table", "the column `owner` is there already"),
    "a column's name": (table("[Owner]", "[[payments]]", "owner: payments"), "bad-name", "`Owner` cannot be a column"),
    "a table for nothing": (table("[owner]", "[[payments]]", "owner: payments"), "bad-table", "no case says `<owner>`"),
    "a cell": (table("[owner]", "[[payments], [paymints]]"), "unknown-name", "no team is called `paymints`"),
    "a cell of nothing": (table("[owner]", "[[null]]"), "wrong-type", "a value of a table is nothing"),
    "a list where a text is": (table("[owner]", "[[[payments, data]]]"), "wrong-type", "a list stands where `<owner>` is one text"),
    "two cases of one name": (
        a_test(f"name: it, {GIVEN}, expect: {{owner: payments}}", f"    - {{name: it, {GIVEN}, expect: {{owner: payments}}}}\n"),
        "duplicate-name",
        "a case called `it` is there already",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_found(what: str):
    """
    Each slip in a policy test is a finding that says what is wrong, and the test is left out.
    """
    text, rule, message = WRONG[what]

    assert (rule, message) in [(finding.rule, finding.message) for finding in findings(text)]


def test_a_slip_in_a_cell_is_said_once_and_at_the_cell():
    """
    What is wrong in a table is said where it is written, however many cases use it.
    """
    text = a_test(
        f"name: one, {GIVEN}, expect: {{owner: <owner>}}",
        f"    - {{name: two, {GIVEN}, expect: {{owner: <owner>}}}}\n  table:\n    columns: [owner]\n    rows: [[payments], [paymints]]\n",
    )
    (found,) = findings(text)

    assert (found.place.line, found.place.column) == (11, 25)
    assert "`payments` is" in found.help


def test_a_name_has_a_suggestion():
    """
    A finding about a name says which one was probably meant.
    """
    (found,) = findings(expecting("pages: [{at: 0s, people: anna}]"))

    assert found.help.startswith("`ana` is, at ")


def test_rows_are_cases():
    """
    A case that names a column is there once for each row, at the row's place, with the row's values in its name; others are there once.
    """
    text = a_test(
        f"name: whose, {GIVEN}, expect: {{owner: <owner>}}",
        f"    - {{name: 'is it <owner>', {GIVEN}, expect: {{owner: <owner>}}}}\n"
        f"    - {{name: plain, {GIVEN}, expect: {{service: checkout}}}}\n"
        "  table:\n    columns: [owner]\n    rows:\n      - [payments]\n      - [platform]\n",
    )
    cases = policies(text).tests["checkout"].cases

    assert [(case.name, case.place.line) for case in cases] == [
        ("whose [payments]", 13),
        ("whose [platform]", 14),
        ("is it payments", 13),
        ("is it platform", 14),
        ("plain", 9),
    ]
    assert [each.name for case in cases for each in case.expected if isinstance(each, ExpectedName)] == [
        "payments",
        "platform",
        "payments",
        "platform",
        "checkout",
    ]


def test_a_cell_may_hold_several_people_or_nobody():
    """
    A cell is a list where the key takes one, and `nobody` is nobody.
    """
    text = table("[who]", "[[ana], [[ana, bo]], [nobody]]", "pages: [{at: 2m, people: <who>}]")
    cases = policies(text).tests["checkout"].cases
    pages = [each for case in cases for each in case.expected if isinstance(each, ExpectedPages)]

    assert [[page.people for page in each.pages] for each in pages] == [[("ana",)], [("ana", "bo")], []]
    assert {each.until for each in pages} == {timedelta(minutes=2)}


def test_a_case_takes_over_what_it_does_not_say():
    """
    What a case is given stands in place of the test's, key by key.
    """
    text = header("PolicyTest", "checkout", "payments") + (
        "spec:\n  at: 2026-11-23T03:12:00Z\n"
        "  given: {alerts: [{labels: {alertname: A}}], answers: [{at: 1m, acknowledge: ana}], frozen: true}\n"
        "  cases:\n    - {name: all, expect: {owner: payments}}\n"
        "    - {name: some, at: 2026-11-24T00:00:00Z, given: {answers: [], frozen: false}, expect: {owner: payments}}\n"
    )
    whole, some = policies(text).tests["checkout"].cases

    assert (len(whole.given.answers), whole.given.is_frozen) == (1, True)
    assert (len(some.given.alerts), some.given.answers, some.given.is_frozen) == (1, (), False)
    assert (whole.at.day, some.at.day) == (23, 24)


def test_angle_brackets_without_a_table_are_text():
    """
    Without a table nothing is filled in, so a text may hold what looks like a column.
    """
    (case,) = policies(a_test(f"name: a <b> c, {GIVEN}, expect: {{owner: payments}}")).tests["checkout"].cases

    assert case.name == "a <b> c"


REPAIR = """---
apiVersion: watchbill/v1
kind: Remediation
metadata: {name: restart, team: payments}
spec:
  match: ['service="checkout"']
  phase: human-initiated
  target: checkout
  steps: [{name: restart, use: cluster.rollout-restart, with: {deployment: checkout}}]
  allow: {run: [team/payments]}
"""


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("use: phone.sms, person: bo", "`bo` is reached by `phone.call`"),
        ("use: statuspage.post, person: bo", "take it away, or name an action that reaches `bo`: `phone.call`"),
        ("use: statuspage.get", "did you mean `statuspage.post`?"),
        ("use: metrics.query", "the actions in use are `phone.call`, `phone.sms` and `statuspage.post`"),
        ("use: cluster.rollout-restart", "say under `outcomes` how the steps of a remediation end"),
    ],
)
def test_what_cannot_leave_here_says_what_can(written: str, help: str):
    """
    A delivery that no policy makes says by what something leaves here, or where else its end is given.
    """
    (found,) = findings(given(f"deliveries: [{{{written}, result: failed}}]") + REPAIR)

    assert (found.rule, found.help) == ("no-delivery", help)


def test_where_some_policies_cannot_be_read_nothing_is_missed():
    """
    An action that nobody uses may be used by a document that cannot be read, so nothing is said of it.
    """
    broken = "---\n" + header("Triage", "http", "payments") + "spec: {colect: []}\n"

    assert "no-delivery" not in [each.rule for each in findings(given("deliveries: [{use: metrics.query, result: failed}]") + broken)]


def test_a_service_may_bind_the_name_of_a_connector():
    """
    What a service has another connector do leaves by that one.
    """
    text = header("Service", "refunds", "payments") + "spec: {tier: 2, bindings: {statuspage: news}}\n---\n"
    text += header("Connector", "news") + "spec: {type: statuspage}\n---\n"

    assert findings(text + given("deliveries: [{use: news.post, result: failed}]")) == []


def test_a_delivery_may_come_from_a_table():
    """
    The action, the person and the result of a delivery may be columns, and what is wrong in a cell is said at the cell.
    """
    case = f"name: it, {GIVEN[:-1]}, deliveries: [{{use: <use>, person: <who>, result: <result>}}]}}, expect: {{owner: payments}}"
    rows = "      - [phone.call, bo, failed]\n      - [phone.sms, bo, failed]\n"
    (found,) = findings(a_test(case, f"  table:\n    columns: [use, who, result]\n    rows:\n{rows}"))

    assert (found.message, found.place.line) == ("`bo` has no contact by `phone.sms`", 12)
