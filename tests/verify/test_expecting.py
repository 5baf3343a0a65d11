"""What a case expects is compared with what its play did, and each difference says why."""

from __future__ import annotations

import pytest

from tests.policy.makers import CATALOGUE, compiled
from tests.verify.makers import CRITICAL, SHOP, SILENCE, SLOW, STUCK, WARNING, a_test, differing, reasons, the_case, what_comes_of
from watchbill.decide import Bill
from watchbill.verify.running import run_tests

ALERT = f"alerts: [{CRITICAL}]"
ACK = f"{ALERT}, answers: [{{at: 3m, acknowledge: ana}}]"
DISK = "{labels: {alertname: DiskFull, service: checkout, severity: critical}, at: 10m}"
JOINS = f"alerts: [{CRITICAL}, {DISK}], answers: [{{at: 3m, acknowledge: ana}}]"
SEEN = "observed: [{value: 0.5}, {after: 1m, value: 0}]"
WORKS = f"alerts: [{STUCK}], outcomes: [{{remediation: restart-checkout, result: done, after: 30s, {SEEN}}}]"
RAN = "{remediation: restart-checkout, target: a, ago: 2h}"
FAILS = f"alerts: [{STUCK}], outcomes: [{{remediation: restart-checkout, result: failed, after: 30s}}]"

AS_EXPECTED = {
    "whose it is": (ALERT, "owner: payments, service: checkout, escalation: payments-critical"),
    "pages": (ALERT, "pages: [{at: 0s, people: bo}]"),
    "who paged": (ALERT, "pages: [{at: 0s, people: [bo], by: payments-critical}]"),
    "nobody at first": (f"alerts: [{WARNING}]", "pages: [{at: 0s, people: nobody}]"),
    "nobody for a day": (f"alerts: [{WARNING}]", "no_pages: true"),
    "an empty list of pages": (f"alerts: [{WARNING}]", "pages: []"),
    "an answer": (ACK, "until: 2h, pages: [{at: 0s, people: bo}], status: [{at: 2m, is: triggered}, {at: 3m, is: acknowledged}]"),
    "a post": (ALERT, "posts: [{use: chat.post, contains: HighErrorRate}]"),
    "a hub by its name": (ALERT, "hub: inc-checkout"),
    "a hub": (ALERT, "hub: {channel: 'inc-*', bridge: false, invited: [eve, bo]}"),
    "evidence": (ALERT, "evidence: [error-rate]"),
    "no evidence": (f"alerts: [{WARNING}]", "evidence: []"),
    "an update": (ALERT, "updates: [{audience: customers, at: 15m, reviewer: eve, sent: 25m, contains: checkout is disturbed}]"),
    "an update that was read": (
        f"{ALERT}, answers: [{{at: 18m, approve: {{audience: customers, by: eve}}}}]",
        "updates: [{audience: customers, at: 15m, sent: 18m}, {audience: customers, at: 45m, contains: no change}]",
    ),
    "no update": (f"alerts: [{WARNING}]", "updates: []"),
    "an alert that ends": (
        "alerts: [{labels: {alertname: A, service: checkout, severity: critical}, until: 4m}]",
        "until: 1h, pages: [{at: 0s, people: bo}], updates: [], status: {at: 4m, is: resolved}",
    ),
    "a repair that works": (WORKS, "until: 1h, no_pages: true, status: {at: 3m30s, is: mitigated}"),
    "a repair that fails": (FAILS, "pages: [{at: 30s, people: bo}]"),
    "a repair that is not seen to work": (
        f"alerts: [{STUCK}], outcomes: [{{remediation: restart-checkout, result: done, after: 30s}}]",
        "pages: [{at: 5m30s, people: bo}]",
    ),
    "a repair that never ends": (f"alerts: [{STUCK}]", "pages: [{at: 6m, people: bo}]"),
    "where repairs stand": (
        f"alerts: [{STUCK}]",
        "remediations: [{name: restart-checkout, is: runs}, {name: roll-back, is: offered}, {name: scale-checkout, is: absent}]",
    ),
    "a repair that waits": (f"alerts: [{SLOW}]", "remediations: [{name: scale-checkout, is: waiting}]"),
    "a repair that is approved": (
        f"alerts: [{SLOW}], answers: [{{at: 2m, approve: {{remediation: scale-checkout, by: eve}}}}]",
        "remediations: [{name: scale-checkout, is: runs, because: approved by eve}]",
    ),
    "a repair that is denied": (
        f"alerts: [{SLOW}], answers: [{{at: 2m, deny: {{remediation: scale-checkout, by: eve}}}}]",
        "remediations: [{name: scale-checkout, is: refused, because: eve said no}]",
    ),
    "an offer that is started": (
        f"alerts: [{STUCK}], answers: [{{at: 2m, run: {{remediation: roll-back, by: ana}}}}]",
        "remediations: [{name: roll-back, is: runs, because: started by ana}]",
    ),
    "an offer that somebody may not start": (
        f"alerts: [{STUCK}], answers: [{{at: 2m, run: {{remediation: roll-back, by: eve}}}}]",
        "remediations: [{name: roll-back, is: offered, because: eve is not among those who may run it}]",
    ),
    "a repair that is tried again": (
        f"{FAILS}, answers: [{{at: 2m, retry: {{remediation: restart-checkout, step: restart, by: bo}}}}]",
        "pages: [{at: 30s, people: bo}], until: 2m, remediations: [{name: restart-checkout, is: runs, because: tried again by bo}]",
    ),
    "more people": (f"{ALERT}, answers: [{{at: 1m, escalate: bo}}]", "pages: [{at: 0s, people: bo}, {at: 1m, people: bo}]"),
    "a snooze": (
        f"{ALERT}, answers: [{{at: 1m, snooze: {{by: bo, for: 2h}}}}]",
        "pages: [{at: 0s, people: bo}, {at: 2h1m, people: bo}], status: [{at: 1m, is: acknowledged}, {at: 2h1m, is: triggered}]",
    ),
    "what joins is told": (JOINS, "until: 2h, pages: [{at: 0s, people: bo}], deliveries: [{use: phone.sms, person: ana, at: 10m}]"),
    "an acknowledgement that ends": (
        f"{ALERT}, answers: [{{at: 1m, acknowledge: bo}}]",
        "pages: [{at: 0s, people: bo}, {at: 4h1m, people: bo}], status: [{at: 4h, is: acknowledged}, {at: 4h1m, is: triggered}]",
    ),
    "one that is kept": (
        f"{ALERT}, answers: [{{at: 1m, acknowledge: bo}}, {{at: 3h50m, extend: {{by: bo, for: 2h}}}}]",
        "pages: [{at: 0s, people: bo}, {at: 5h50m, people: ana}], status: [{at: 5h49m, is: acknowledged}]",
    ),
    "one that is kept for as long as before": (
        f"{ALERT}, answers: [{{at: 1m, acknowledge: bo}}, {{at: 3h50m, extend: {{by: bo}}}}]",
        "pages: [{at: 0s, people: bo}, {at: 7h50m, people: ana}]",
    ),
    "a note": (f"{ALERT}, answers: [{{at: 1m, note: {{by: bo, text: I am on it}}}}]", "until: 4m, pages: [{at: 0s, people: bo}]"),
    "a guard": (
        f"alerts: [{STUCK}], runs: [{RAN}, {RAN}]",
        "remediations: [{name: restart-checkout, is: refused, because: 2 of 2 in 1d}]",
    ),
    "a stop by hand": (f"alerts: [{STUCK}], frozen: true", "remediations: [{name: restart-checkout, is: refused, because: by hand}]"),
    "nothing": ("alerts: [{labels: {alertname: A, service: refunds, severity: none}, at: 1h}]", "nothing: true, until: 59m"),
    "nobody's service": ("alerts: [{labels: {alertname: A}}]", "service: nobody, owner: platform, escalation: fallback-team"),
}


@pytest.mark.parametrize("what", AS_EXPECTED)
def test_what_is_as_expected_passes(what: str):
    """
    Each sort of expectation passes where the play did just that.
    """
    assert differing(*AS_EXPECTED[what]) == []


OTHERWISE = {
    "another owner": (ALERT, "owner: platform", "owner: expected platform, got payments"),
    "another service": (ALERT, "service: nobody", "service: expected nobody, got checkout"),
    "another escalation": (ALERT, "escalation: payments-warning", "escalation: expected payments-warning, got payments-critical"),
    "somebody else": (ALERT, "pages: [{at: 0s, people: ana}]", "page at 0s: expected ana, got bo"),
    "somebody besides": (ALERT, "pages: [{at: 0s, people: [bo, ana]}]", "page at 0s: expected bo and ana, got bo"),
    "nobody": (ALERT, "until: 4m, no_pages: true", "page at 0s: expected nobody, got bo"),
    "one page more": (ALERT, "until: 6m, pages: [{at: 0s, people: eve}, {at: 0s, people: bo}]", "page at 0s: expected eve, got nobody"),
    "another moment": (ALERT, "pages: [{at: 1m, people: bo}]", "page at 0s: expected nobody, got bo"),
    "another's page": (
        ALERT,
        "pages: [{at: 0s, people: bo, by: payments-warning}]",
        "page at 0s: expected bo by payments-warning, got bo by payments-critical",
    ),
    "no such post": (ALERT, "posts: [{use: chat.post, at: 1m}]", "post at 1m: expected chat.post, got chat.post at 0s"),
    "another text": (
        ALERT,
        "posts: [{use: chat.post, contains: Help}]",
        "post at 0s: expected chat.post with «Help», got chat.post: «#payments HighErrorRate»",
    ),
    "another channel": (ALERT, "hub: war-room", "hub: expected war-room, got inc-checkout"),
    "no channel": (f"alerts: [{WARNING}]", "hub: 'inc-*'", "hub: expected inc-*, got no channel"),
    "a bridge": (ALERT, "hub: {bridge: true}", "hub: expected a bridge, got no bridge"),
    "another guest": (ALERT, "hub: {invited: [ana]}", "hub: expected ana invited, got bo and eve invited"),
    "no evidence": (f"alerts: [{WARNING}]", "evidence: [error-rate]", "evidence: expected error-rate runs, got it does not run"),
    "some evidence": (ALERT, "evidence: [], until: 1m", "evidence: expected nothing, got collect at 0s"),
    "an update at another time": (
        ALERT,
        "until: 50m, updates: [{audience: customers, at: 20m}]",
        "update to customers at 20m: expected it is due, got due at 15m and 45m",
    ),
    "no update": (
        f"alerts: [{WARNING}]",
        "updates: [{audience: customers, at: 15m}]",
        "update to customers at 15m: expected it is due, got none is due",
    ),
    "another text of an update": (
        ALERT,
        "updates: [{audience: customers, at: 15m, contains: sorry}]",
        "update to customers at 15m: expected «sorry», got «checkout is disturbed»",
    ),
    "another reviewer": (
        ALERT,
        "updates: [{audience: customers, at: 15m, reviewer: ana}]",
        "update to customers at 15m: expected reviewed by ana, got eve is asked",
    ),
    "sent at another time": (
        ALERT,
        "until: 1h, updates: [{audience: customers, at: 15m, sent: 15m}]",
        "update to customers at 15m: expected sent at 15m, got sent at 25m",
    ),
    "a repair that does not run": (
        f"alerts: [{STUCK}], frozen: true",
        "remediations: [{name: restart-checkout, is: runs}]",
        "remediation restart-checkout: expected runs, got refused",
    ),
    "another reason": (
        f"alerts: [{STUCK}], frozen: true",
        "remediations: [{name: restart-checkout, is: refused, because: holidays}]",
        "remediation restart-checkout: expected «holidays», got «frozen by hand: nothing runs unattended»",
    ),
    "another status": (ACK, "status: {at: 5m, is: triggered}", "status at 5m: expected triggered, got acknowledged since 3m"),
    "something": (f"alerts: [{WARNING}]", "nothing: true", "what follows: expected nothing, got notify at 0s"),
    "an answer that nobody asked for": (
        f"{ALERT}, answers: [{{at: 2m, approve: {{remediation: scale-checkout, by: eve}}}}]",
        "owner: payments",
        "answer at 2m: expected eve approves scale-checkout, got scale-checkout waits for nobody then",
    ),
    "a start of what is not offered": (
        f"{ALERT}, answers: [{{at: 2m, run: {{remediation: roll-back, by: ana}}}}]",
        "owner: payments",
        "answer at 2m: expected ana starts roll-back, got roll-back is not offered then",
    ),
    "a second try of what has not failed": (
        f"alerts: [{STUCK}], answers: [{{at: 2m, retry: {{remediation: restart-checkout, by: ana}}}}]",
        "owner: payments",
        "answer at 2m: expected ana has restart-checkout tried again, got nothing of restart-checkout has failed by then",
    ),
    "a second try of a step that has not failed": (
        f"alerts: [{STUCK}], answers: [{{at: 2m, retry: {{remediation: restart-checkout, step: restart, by: ana}}}}]",
        "owner: payments",
        "answer at 2m: expected ana has restart-checkout/restart tried again, got nothing of restart-checkout/restart has failed by then",
    ),
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_what_is_otherwise_is_said(what: str):
    """
    Where the play did something else, it is said what was expected and what came.
    """
    given, expect, said = OTHERWISE[what]

    assert differing(given, expect)[0] == said


WHY = {
    "who is on call": (ALERT, "pages: [{at: 0s, people: ana}]", "payments-critical: bo is role/primary: payments-primary, layer base"),
    "which claim": (ALERT, "owner: platform", 'Service/checkout: claimed by service="checkout"'),
    "an acknowledgement": (ACK, "pages: [{at: 0s, people: bo}, {at: 5m, people: bo}]", "Escalation/payments-critical: acknowledged by ana"),
    "a hold": (
        f"alerts: [{STUCK}]",
        "pages: [{at: 0s, people: bo}]",
        "Escalation/payments-critical: its pages are held until 6m for a remediation to work",
    ),
    "a condition": (
        "alerts: [{labels: {alertname: Stuck, service: checkout, severity: critical, env: test, instance: a}}]",
        "remediations: [{name: restart-checkout, is: runs}]",
        "Remediation/restart-checkout: needs env == 'prod', saw \"test\"",
    ),
    "a matcher of a policy that no decision has looked at": (
        ALERT,
        "remediations: [{name: restart-checkout, is: runs}]",
        'Remediation/restart-checkout: needs alertname="Stuck", saw HighErrorRate',
    ),
    "a guard": (
        f"alerts: [{STUCK}], frozen: true",
        "remediations: [{name: restart-checkout, is: runs}]",
        "Remediation/restart-checkout: frozen by hand: nothing runs unattended",
    ),
    "an offer that there is not": (
        f"{ALERT}, answers: [{{at: 2m, run: {{remediation: roll-back, by: ana}}}}]",
        "owner: payments",
        'Remediation/roll-back: needs alertname=~"Slow|Stuck", saw HighErrorRate',
    ),
    "evidence": (f"alerts: [{WARNING}]", "evidence: [error-rate]", 'Triage/http: needs severity="critical", saw warning'),
    "updates": (
        f"alerts: [{WARNING}]",
        "updates: [{audience: customers, at: 15m}]",
        'Comms/customers-critical: needs severity="critical", saw warning',
    ),
}


@pytest.mark.parametrize("what", WHY)
def test_a_difference_brings_its_reason(what: str):
    """
    With what differs comes why it came so, in the words of the decision.
    """
    given, expect, said = WHY[what]

    assert said in reasons(given, expect)


def test_a_difference_is_at_the_line_of_its_expectation():
    """
    A difference names the line that is wrong, and the case the line it begins at; of a table, its row.
    """
    found = what_comes_of(
        a_test(
            "{name: it, given: {alerts: [{labels: {alertname: A, service: checkout, severity: <severity>}}]}, expect: {owner: <owner>}}",
            table="{columns: [severity, owner], rows: [[critical, payments], [warning, platform]]}",
        )
    )
    (result,) = found.results
    good, bad = result.cases

    assert (good.case.name, good.has_passed) == ("it [critical, payments]", True)
    assert bad.case.name == "it [warning, platform]"
    assert bad.case.place.column > good.case.place.column
    assert bad.differences[0].place.line == bad.case.place.line - 1


def test_several_escalations_may_page_at_once():
    """
    Two escalations that page at the same moment are told apart where an expectation names them, and may be listed in any order.
    """
    besides = """
apiVersion: watchbill/v1
kind: Escalation
metadata: {name: also, team: payments}
spec: {match: ['severity="critical"'], continue: true, levels: [{page: person/ana}]}
---
"""
    given = f"given: {{alerts: [{CRITICAL}]}}"
    both = f"{{name: both, {given}, expect: {{pages: [{{at: 0s, people: ana, by: also}}, {{at: 0s, people: bo}}]}}}}"
    together = f"{{name: together, {given}, expect: {{pages: [{{at: 0s, people: [bo, ana]}}]}}}}"
    found = what_comes_of(besides + a_test(f"{both}\n{together}"))

    assert found.failed == 0


def test_alerts_of_two_services_are_two_incidents():
    """
    Pages of all incidents of a case count, and its single facts are those of the first alert's.
    """
    other = "{labels: {alertname: A, service: orders-db, severity: critical}}"
    result = the_case(f"alerts: [{CRITICAL}, {other}]", "owner: payments, until: 4m, pages: [{at: 0s, people: bo}, {at: 0s, people: eve}]")

    assert result.has_passed


def test_a_silence_is_the_reason_where_nobody_is_paged():
    """
    Where an alert was silenced, a page that was expected and did not come is explained by the silence.
    """
    lines = f"{{name: it, given: {{alerts: [{CRITICAL}]}}, expect: {{pages: [{{at: 0s, people: bo}}]}}}}"
    (result,) = what_comes_of(SILENCE + a_test(lines)).results
    (difference,) = result.cases[0].differences

    assert [f"{why.policy}: {why.text}" for why in difference.because] == ["Silence/move: silenced by ana: we move house"]


def test_what_is_hidden_calls_again_when_its_cause_ends():
    """
    An alert that another service's alert hides pages nobody until that one is over.
    """
    hides = """
apiVersion: watchbill/v1
kind: Service
metadata: {name: checkout, team: payments}
spec: {tier: 1, depends_on: [{service: orders-db, inhibits: true}]}
---
apiVersion: watchbill/v1
kind: Inhibition
metadata: {name: db-hides, team: platform}
spec: {source: {match: ['alertname="DatabaseDown"']}, target: {match: ['severity="critical"']}, depends_on: true}
---
"""
    down = "{labels: {alertname: DatabaseDown, service: orders-db, severity: critical, env: prod}, until: 20m}"
    lines = (
        f"{{name: it, given: {{alerts: [{down}, {CRITICAL}]}}, "
        "expect: {until: 24m, pages: [{at: 0s, people: eve}, {at: 15m, people: eve}, {at: 20m, people: bo}]}}"
    )
    (result,) = what_comes_of(hides + a_test(lines)).results

    assert [f"{each.subject}: {each.got}" for each in result.cases[0].differences] == []


REFUSED = "`impact` of statuspage.post is none of `none` and `minor`, now that it is filled in"
UNFIT = "{use: statuspage.post, with: {impact: '{{ body }}'}}"


@pytest.mark.parametrize(
    ("channels", "expected", "wanted", "got"),
    [
        (f"[{UNFIT}]", "{audience: customers, at: 15m, sent: 25m}", "it is sent", f"it is not sent: {REFUSED}"),
        (f"[{UNFIT}]", "{audience: customers, at: 15m}", "it leaves by every channel", f"it does not: {REFUSED}"),
        (
            f"[{{use: statuspage.post}}, {UNFIT}]",
            "{audience: customers, at: 15m, sent: 25m}",
            "it leaves by every channel",
            f"it does not: {REFUSED}",
        ),
    ],
)
def test_an_update_that_the_engine_would_refuse(channels: str, expected: str, wanted: str, got: str):
    """
    A case that expects an update fails where a channel cannot take it, whether it has been sent or still waits for its review.
    """
    audience = f"apiVersion: watchbill/v1\nkind: Audience\nmetadata: {{name: customers}}\nspec: {{channels: {channels}}}\n"
    case = a_test(f"{{name: it, given: {{{ALERT}}}, expect: {{updates: [{expected}]}}}}")
    # What validate warns of is there all the same.
    shop = compiled(SHOP + "---\n".join((case, audience))).policies
    assert shop is not None
    (result,) = (each for found in run_tests(Bill.of(shop, CATALOGUE)).results for each in found.cases)
    (difference,) = result.differences

    assert (difference.subject, difference.expected, difference.got) == ("update to customers at 15m", wanted, got)
