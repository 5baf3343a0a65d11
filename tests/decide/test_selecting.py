"""Which escalation wins, which Comms speaks to an audience, and the reasons of the others."""

from __future__ import annotations

from typing import Any

from tests.makers import NOON, Document, a_claimed_alert, a_comms, a_service, a_shop, a_team, an_alert, an_escalation, some_settings
from watchbill.decide.bill import Bill
from watchbill.decide.selecting import Chosen, choose_comms, choose_escalation
from watchbill.errors import Place
from watchbill.expressions.conditions import parse_condition
from watchbill.model.plan import Reason
from watchbill.model.policyset import Grant


def chosen(*documents: Document, settings: Any = None, service: str | None = "checkout", **labels: str) -> tuple[Chosen, dict[str, Reason]]:
    """The escalation for an alert with these labels, and the reason of each policy by name."""
    shop = a_shop(*documents, settings=settings)
    team = shop.services[service].owner if service else shop.settings.fallback_team
    alert = a_claimed_alert(an_alert(**labels), service=service, team=team)
    context = {"alert": {"labels": alert.labels}, "severity": alert.severity, "tier": 1, "now": f"{NOON:%Y-%m-%dT%H:%M:%SZ}"}
    reasons: list[Reason] = []
    found = choose_escalation(Bill.of(shop), alert, lambda: context, reasons)
    return found, {reason.policy.name: reason for reason in reasons}


def test_the_most_specific_of_the_owner_wins() -> None:
    """
    Of two escalations of one team, the one with more equalities takes the alert.
    """
    found, reasons = chosen(
        an_escalation("wide", match=['severity="critical"']),
        an_escalation("narrow", match=['severity="critical"', 'service="checkout"']),
    )

    assert found.escalation.ref.name == "narrow"
    assert found.why == "most specific of 2 of payments that match"
    assert reasons["wide"].note == "narrow is more specific"


def test_equalities_count_before_other_matchers() -> None:
    """
    One equality is more specific than any number of patterns.
    """
    found, _ = chosen(
        an_escalation("patterns", match=['service=~"check.*"', 'alertname=~"High.*"', 'severity!="info"']),
        an_escalation("equal", match=['severity="critical"']),
    )

    assert found.escalation.ref.name == "equal"


def test_a_matcher_that_matches_everything_adds_nothing() -> None:
    """
    A pattern that every value matches makes no policy more specific than another: then the name decides.
    """
    found, reasons = chosen(
        an_escalation("b", match=['severity="critical"', 'alertname=~".*"']), an_escalation("a", match=['severity="critical"'])
    )

    assert found.escalation.ref.name == "a"
    assert reasons["b"].note == "as specific as a; the name decides"


def test_priority_comes_before_specificity() -> None:
    """
    An explicit priority wins over any number of equalities.
    """
    found, reasons = chosen(
        an_escalation("first", priority=10),
        an_escalation("narrow", match=['severity="critical"', 'service="checkout"']),
    )

    assert found.escalation.ref.name == "first"
    assert reasons["narrow"].note == "first has a higher priority"


def test_the_owner_comes_before_its_ancestors() -> None:
    """
    A document of the owner team wins over a narrower one of a team above it.
    """
    found, reasons = chosen(
        an_escalation("own"),
        an_escalation("above", team="engineering", match=['severity="critical"', 'service="checkout"']),
    )

    assert found.escalation.ref.name == "own"
    assert reasons["above"].note == "own is nearer to the owner"


def test_the_services_default_comes_before_its_teams() -> None:
    """
    Where no document of the owner matches, the service's default is taken, and only then the team's.
    """
    never = ['severity="never"']
    documents = (
        a_service("checkout", escalation="of-service"),
        a_team("payments", parent="engineering", escalation="of-team"),
        an_escalation("of-service", match=never),
        an_escalation("of-team", match=never),
    )
    found, _ = chosen(*documents)
    without, _ = chosen(a_service("checkout"), *documents[1:])

    assert (found.escalation.ref.name, found.why) == ("of-service", "the default of service checkout")
    assert (without.escalation.ref.name, without.why) == ("of-team", "the default of team payments")


def test_an_ancestors_document_comes_before_its_default() -> None:
    """
    Each ancestor is tried like the owner: its matching documents, then its default.
    """
    above = a_team("engineering", escalation="default")
    default = an_escalation("default", team="engineering", match=['severity="never"'])
    matching = an_escalation("matching", team="engineering", match=['severity="critical"'])

    assert chosen(above, default, matching)[0].escalation.ref.name == "matching"
    assert chosen(above, default)[0].why == "the default of team engineering"


def test_the_repositorys_default_comes_before_the_fallback_team() -> None:
    """
    Where nothing of the owner or above it applies, the repository's default does.
    """
    default = an_escalation("everybody-else", team="platform", match=['severity="never"'])
    found, _ = chosen(default, settings=some_settings(escalation="everybody-else"))

    assert (found.escalation.ref.name, found.why) == ("everybody-else", "the default of the repository")


def test_with_no_policy_at_all_the_fallback_team_is_paged() -> None:
    """
    An alert for which there is no escalation anywhere pages the fallback team.
    """
    found, _ = chosen()

    assert found.why == "nothing else matches: the fallback team platform"
    assert [str(target) for target in found.escalation.levels[0].page] == ["team/platform"]


def test_a_document_does_not_reach_beyond_its_team() -> None:
    """
    An escalation that matches an alert of another team takes no part, and says why.
    """
    found, reasons = chosen(an_escalation("theirs", team="platform", match=['service="checkout"']))

    assert found.escalation.ref.name != "theirs"
    assert reasons["theirs"].note == "it is of platform, and the alert of payments, which is neither platform nor below it"


def test_a_grant_widens_the_reach() -> None:
    """
    With a grant, a team's documents apply to other teams' services, after everything nearer.
    """
    theirs = an_escalation("theirs", team="platform", match=['service="checkout"'])
    settings = some_settings(grants=[Grant("platform", services_of=("payments",))])

    assert chosen(theirs, settings=settings)[0].escalation.ref.name == "theirs"
    assert chosen(theirs, an_escalation("own"), settings=settings)[0].escalation.ref.name == "own"


def test_continue_applies_besides_and_never_competes() -> None:
    """
    An escalation with `continue: true` takes part besides the winner, for anybody's alerts.
    """
    found, reasons = chosen(
        an_escalation("own"), an_escalation("security", team="platform", proceed=True, match=['alertname="HighErrorRate"'])
    )

    assert found.escalation.ref.name == "own"
    assert [policy.ref.name for policy in found.besides] == ["security"]
    assert reasons["security"].applied


def test_a_refused_policy_names_the_matcher_that_failed() -> None:
    """
    A candidate that does not match leaves the first matcher that failed, and the value it met.
    """
    _, reasons = chosen(an_escalation("night", match=['service="checkout"', 'region=~"eu-.*"']), region="us-1")

    assert (reasons["night"].failed, reasons["night"].saw) == ('region=~"eu-.*"', "us-1")


def test_a_refused_policy_names_the_condition_that_failed() -> None:
    """
    A candidate whose `when` does not hold leaves the part that failed, and the value it met.
    """
    when = parse_condition("severity == 'critical' && tier > `1`", Place("policies/x.yaml", 7, 9))
    _, reasons = chosen(an_escalation("tier-two", match=['service="checkout"'], when=when))

    assert (reasons["tier-two"].failed, reasons["tier-two"].saw) == ("tier > `1`", "1")


def test_of_each_audience_the_most_specific_comms_speaks() -> None:
    """
    Two Comms for one audience do not both speak; two for different audiences do.
    """
    alert = a_claimed_alert()
    wide, narrow = a_comms("wide"), a_comms("narrow", match=['severity="critical"'])
    other = a_comms("internal", audience="staff")
    reasons: list[Reason] = []

    found = choose_comms([(wide, alert), (narrow, alert), (other, alert)], reasons)

    assert [comms.ref.name for comms, _ in found] == ["narrow", "internal"]
    assert [reason.note for reason in reasons if not reason.applied] == ["narrow is more specific for customers"]
