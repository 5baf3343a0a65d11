"""Labels and claims: whose alert it is, and what it is called from then on."""

from __future__ import annotations

import pytest

from tests.language.makers import PAGE, a_bill, a_watch, claimed, plans, policies, rules
from tests.makers import NOON, an_alert
from watchbill.decide import correlate


def test_claims_see_what_was_received():
    """
    The claims of a service see an alert's labels as they were received.
    """
    service = ("Service", "checkout", """{tier: 1, claims: ['severity="page"', 'team="whoever"']}""")

    assert claimed(service, service_label="x", service="", severity="page", team="whoever").service == "checkout"


def test_what_is_set_once_a_service_has_claimed():
    """
    Once a service has claimed an alert, its labels `service`, `team` and `tier` are that service's, and `severity` is one of
    `critical`, `warning` and `info`.
    """
    service = ("Service", "checkout", """{tier: 1, claims: ['job="api"']}""")
    alert = claimed(service, job="api", service="someone", team="else", tier="9", severity="page")

    assert {name: alert.labels[name] for name in ("service", "team", "tier", "severity")} == {
        "service": "checkout",
        "team": "payments",
        "tier": "1",
        "severity": "critical",
    }


def test_originals_stay():
    """
    The labels as received stay beside them, as `alert.received`.
    """
    service = ("Service", "checkout", """{tier: 1, claims: ['job="api"']}""")
    said = ("Escalation", "say", '{levels: [{page: role/primary}], text: "{{ alert.received.severity }} is {{ alert.labels.severity }}"}')
    watch = a_watch(service, said)
    watch.receives(an_alert(job="api", service="", severity="page"))

    assert watch.step("page").text == "page is critical"


def test_other_matchers_see_what_was_set():
    """
    Every matcher but those of claims sees the labels after the claim.
    """
    escalation = (
        "Escalation",
        "by-tier",
        """{match: ['tier="1"', 'severity="critical"', 'team="payments"'], levels: [{page: role/primary}]}""",
    )
    (plan,) = plans(escalation, alerts=(an_alert(severity="sev1"),))

    assert plan.escalations[0].policy.name == "by-tier"


def test_fingerprints_use_what_was_received():
    """
    An alert's fingerprint is worked out from the labels as received, so that no change of owner or tier makes it another alert.
    """
    alert = an_alert(job="api")
    moved = ("Service", "checkout", "{tier: 3}", "data")
    found = [correlate(a_bill(*given), [alert], NOON)[0].alerts[0] for given in ((), (moved,))]

    assert [each.team for each in found] == ["payments", "data"]
    assert {each.fingerprint for each in found} == {alert.fingerprint}


def test_a_service_without_claims():
    """
    A service without `claims` claims `service="NAME"`.
    """
    assert claimed(service="refunds").service == "refunds"
    assert [str(each) for each in policies().services["refunds"].claims[0]] == ['service="refunds"']


def test_most_specific_claim_wins():
    """
    Of several claims that hold, the one with more equalities wins, and between as many the one with more other matchers.
    """
    wide = ("Service", "shop", """{tier: 2, claims: ['namespace="shop"']}""")
    narrow = ("Service", "carts", """{tier: 2, claims: ['namespace="shop"', 'job="carts"']}""")
    patterned = ("Service", "aaa", """{tier: 2, claims: ['namespace="shop"', 'job=~"c.*"']}""")

    assert claimed(wide, narrow, service="", namespace="shop", job="carts").service == "carts"
    assert claimed(wide, narrow, patterned, service="", namespace="shop", job="cash").service == "aaa"
    assert claimed(wide, narrow, service="", namespace="shop", job="x").service == "shop"


def test_any_group_claims():
    """
    A list of lists gives alternatives, any of which claims.
    """
    service = ("Service", "carts", """{tier: 2, claims: [['job="carts"'], ['namespace="shop"', 'app="carts"']]}""")

    assert claimed(service, service="", job="carts").service == "carts"
    assert claimed(service, service="", namespace="shop", app="carts").service == "carts"
    assert claimed(service, service="", namespace="shop").service is None


def test_equal_claims_are_a_finding():
    """
    Two services that claim the same alerts are a finding.
    """
    one = ("Service", "carts", """{tier: 2, claims: ['job="carts"']}""")
    other = ("Service", "baskets", """{tier: 2, claims: ['job="carts"']}""")

    assert rules(one, other) == ["ambiguous-claim"]


@pytest.mark.parametrize(
    ("words", "severity"),
    [
        ("critical CRITICAL page fatal emergency disaster high urgent error sev0 sev1 SEV-2 P0 P1 P2", "critical"),
        ("warning Warn minor average medium ticket sev3 P3", "warning"),
        ("info informational notice none low debug ok sev4 sev5 P4 P5", "info"),
    ],
    ids=["critical", "warning", "info"],
)
def test_the_usual_words(words: str, severity: str):
    """
    The words that sources use for a severity are known in any case: page, error, sev1 and P1 are critical, warn and P3 are a warning,
    none and P5 are info.
    """
    bill = a_bill()
    found = {word: correlate(bill, [an_alert(severity=word)], NOON)[0].alerts[0].severity for word in words.split()}

    assert found == dict.fromkeys(words.split(), severity)


def test_words_of_ones_own():
    """
    `Settings.severities` adds words, and overrules the usual ones.
    """
    settings = "apiVersion: watchbill/v1\nkind: Settings\nmetadata: {name: x}\n"
    settings += "spec: {fallback_team: platform, severities: {Blocker: critical, error: warning}}\n"

    assert claimed(settings=settings, severity="blocker").severity == "critical"
    assert claimed(settings=settings, severity="error").severity == "warning"


def test_an_unknown_word():
    """
    A severity that nobody knows counts as critical, and the decision names the word, so that it can be counted and added to the map.
    """
    watch = a_watch(PAGE)
    decision = watch.receives(an_alert(severity="apocalyptic"))

    assert watch.incident.severity == "critical"
    assert "the severity `apocalyptic` is not known and counts as critical" in [reason.note for reason in decision.reasons]


def test_what_nobody_claims():
    """
    What no service claims goes to the fallback team: nothing is dropped.
    """
    watch = a_watch()
    watch.receives(an_alert(service="", job="nobody-knows"))

    assert (watch.incident.service, watch.incident.team) == (None, "platform")
    assert watch.paged == [("12:00", "fay")]
