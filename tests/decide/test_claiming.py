"""Which service an alert belongs to, and the labels it has from then on."""

from __future__ import annotations

import pytest

from tests.makers import a_service, a_shop, an_alert, some_settings
from watchbill.decide.bill import Bill
from watchbill.decide.claiming import claim, severity_of


def test_a_service_claims_alerts_that_carry_its_name() -> None:
    """
    A service that says nothing about claims takes the alerts whose `service` is its name.
    """
    claimed, reasons = claim(Bill.of(a_shop()), an_alert(service="checkout"))

    assert (claimed.service, claimed.team) == ("checkout", "payments")
    assert reasons[0].note == 'claimed by service="checkout"'


def test_the_most_specific_claim_wins() -> None:
    """
    Of two services that claim an alert, the one that names more equalities takes it, and the other leaves a reason.
    """
    narrow = a_service("checkout-eu", claims=[['service="checkout"', 'region="eu"']])
    claimed, reasons = claim(Bill.of(a_shop(narrow)), an_alert(service="checkout", region="eu"))

    assert claimed.service == "checkout-eu"
    assert [(reason.policy.name, reason.applied, reason.note) for reason in reasons] == [
        ("checkout-eu", True, 'claimed by service="checkout" and region="eu"'),
        ("checkout", False, "less specific than checkout-eu"),
    ]


def test_the_name_decides_between_equally_specific_claims() -> None:
    """
    Two claims that are equally specific are decided by the services' names, and a reason says so.
    """
    twin = a_service("checkout-b", claims=[['service="checkout"']])
    claimed, reasons = claim(Bill.of(a_shop(twin)), an_alert(service="checkout"))

    assert claimed.service == "checkout"
    assert reasons[1].note == "as specific as checkout; the name decides"


def test_any_group_of_claims_is_enough() -> None:
    """
    A service claims an alert that any one of its groups of matchers holds for.
    """
    service = a_service("queue", claims=[['job="rabbit"'], ['job="kafka"', 'cluster="orders"']])
    bill = Bill.of(a_shop(service))

    assert claim(bill, an_alert(service="", job="kafka", cluster="orders"))[0].service == "queue"
    assert claim(bill, an_alert(service="", job="kafka"))[0].service is None


def test_what_nobody_claims_goes_to_the_fallback_team() -> None:
    """
    An alert that no service claims belongs to the fallback team, and a reason says so: nothing is dropped.
    """
    claimed, reasons = claim(Bill.of(a_shop()), an_alert(service="unheard-of"))

    assert (claimed.service, claimed.team, claimed.labels["team"]) == (None, "platform", "platform")
    assert reasons[0].note == "no service claims it: it goes to the fallback team platform"


def test_claims_see_the_labels_as_received() -> None:
    """
    A claim on a severity compares with the word of the source, not with the normalised one.
    """
    service = a_service("paged", claims=[['severity="sev1"']])
    claimed, _ = claim(Bill.of(a_shop(service)), an_alert(service="", severity="sev1"))

    assert claimed.service == "paged"
    assert claimed.labels["severity"] == "critical"
    assert claimed.alert.labels["severity"] == "sev1"


def test_service_team_tier_and_severity_are_set_by_the_claim() -> None:
    """
    After the claim an alert carries its service, team, tier and a normalised severity, whatever it came with.
    """
    claimed, _ = claim(Bill.of(a_shop()), an_alert(team="somebody-else", tier="9", severity="WARN"))

    assert {name: claimed.labels[name] for name in ("service", "team", "tier", "severity")} == {
        "service": "checkout",
        "team": "payments",
        "tier": "1",
        "severity": "warning",
    }


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("page", "critical"),
        ("P1", "critical"),
        ("P3", "warning"),
        ("P5", "info"),
        ("Error", "critical"),
        ("warn", "warning"),
        ("none", "info"),
    ],
)
def test_the_usual_words_are_known(word: str, severity: str) -> None:
    """
    The words that the field uses for severities are known, in any case.
    """
    assert severity_of(Bill.of(a_shop()), word) == (severity, None)


def test_an_unknown_word_counts_as_critical_and_is_told() -> None:
    """
    A severity that nobody knows counts as critical, and is named so that somebody can add it.
    """
    assert severity_of(Bill.of(a_shop()), "spicy") == ("critical", "spicy")


def test_no_severity_counts_as_critical() -> None:
    """
    An alert without a severity counts as critical, which is nothing to report.
    """
    assert severity_of(Bill.of(a_shop()), "") == ("critical", None)


def test_the_repository_overrules_the_usual_words() -> None:
    """
    Settings may give a word another severity than the usual one.
    """
    settings = some_settings(severities={"page": "warning", "spicy": "info"})
    bill = Bill.of(a_shop(settings=settings))

    assert severity_of(bill, "page") == ("warning", None)
    assert severity_of(bill, "Spicy") == ("info", None)
