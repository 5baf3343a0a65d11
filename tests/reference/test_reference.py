"""The reference repository at the top of the checkout is as it should be: a shop's whole watch bill without a finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchbill.connectors.catalogue import catalogue
from watchbill.model.policies import PHASES
from watchbill.model.policyset import PolicySet
from watchbill.policy import load
from watchbill.policy.documents import KINDS
from watchbill.policy.loading import load_repository

ROOT = Path(__file__).parents[2]
COMPILED = load(ROOT, catalogue())


@pytest.fixture(scope="module")
def shop() -> PolicySet:
    assert COMPILED.policies is not None
    return COMPILED.policies


def test_nothing_is_found():
    """
    The reference has no error and no warning, and nothing in it is quarantined.
    """
    assert [str(finding) for finding in COMPILED.findings] == []


def test_it_is_the_shop_that_is_described(shop: PolicySet):
    """
    Five teams stand below engineering, with a dozen services and more in three tiers, and people in many zones.
    """
    assert sorted(name for name, team in shop.teams.items() if team.parent == "engineering") == [
        "data",
        "payments",
        "platform",
        "storefront",
        "support",
    ]
    assert len(shop.services) >= 12
    assert {service.tier for service in shop.services.values()} == {1, 2, 3}
    assert {service.owner for service in shop.services.values()} == set(shop.teams) - {"engineering"}
    assert len({person.zone.name for person in shop.people.values()}) >= 5


def test_every_team_has_who_is_called(shop: PolicySet):
    """
    Each team that owns services has a primary, a secondary and a lead; commander and liaison are found from anywhere.
    """
    for name in {service.owner for service in shop.services.values()}:
        assert {"primary", "secondary", "lead"} <= {role.name for role in shop.teams[name].roles}
    assert {"incident-commander", "customer-liaison"} <= {role.name for role in shop.teams["engineering"].roles}


def test_everybody_can_be_reached_in_two_ways(shop: PolicySet):
    """
    Everybody has a second way to be reached, should the first one fail.
    """
    assert [name for name, person in shop.people.items() if len(person.contacts) < 2] == []


def test_every_phase_of_trust_is_shown(shop: PolicySet):
    """
    There are remediations in each of the four phases that are declared, and one in shadow.
    """
    assert {remediation.phase for remediation in shop.remediations.values()} == set(PHASES)
    assert [name for name, remediation in shop.remediations.items() if remediation.shadow] == ["restart-notifications"]


def test_every_remediation_has_a_runbook_that_exists(shop: PolicySet):
    """
    Whoever is called because a remediation did not help finds the page that it links to.
    """
    assert [name for name, each in shop.remediations.items() if not (each.runbook and (ROOT / each.runbook).is_file())] == []


def test_no_page_waits_past_a_deadline(shop: PolicySet):
    """
    What a fallback may hold a page back for is shorter than the shortest deadline of its team's services.
    """
    for remediation in shop.remediations.values():
        deadlines = [service.deadline for service in shop.services.values() if service.owner == remediation.ref.team and service.deadline]
        assert remediation.phase != "fallback" or remediation.hold < min(deadlines)


def test_each_kind_of_guardrail_is_there(shop: PolicySet):
    """
    Among the guardrails are a freeze of a season and one of hours, a ceiling, a cap, an approval and a limit to holding.
    """
    rails = shop.guardrails.values()

    assert any(rail.freeze and rail.freeze.span for rail in rails)
    assert any(rail.freeze and rail.freeze.during for rail in rails)
    for kind in ("ceiling", "rate", "concurrency", "approvals", "hold"):
        assert any(getattr(rail, kind) is not None for rail in rails), kind


def test_every_kind_of_the_language_is_shown():
    """
    The reference has a document of every kind there is.
    """
    settings, loaded = load_repository(ROOT)
    assert settings is not None

    assert {document.data["kind"] for document in (settings, *loaded.documents)} == set(KINDS)
