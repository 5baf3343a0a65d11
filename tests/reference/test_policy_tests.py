"""The reference repository keeps what it promises, and has tried all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchbill.connectors.catalogue import catalogue
from watchbill.decide import Bill
from watchbill.model.testing import Tested
from watchbill.policy import load
from watchbill.verify.running import run_tests

ROOT = Path(__file__).parents[2]
TEAMS = ("data", "payments", "platform", "storefront", "support")


@pytest.fixture(scope="module")
def tested() -> Tested:
    """Every policy test of the shop, tried."""
    policies = load(ROOT, catalogue()).policies
    assert policies is not None
    return run_tests(Bill.of(policies, catalogue()), covering=True)


def test_all_pass(tested: Tested):
    """
    Every case of every team is as it expects, and none was left out.
    """
    told = [f"{each.place}: {each.subject}" for result in tested.results for case in result.failed for each in case.differences]

    assert told == []
    assert tested.left_out == ()


def test_everything_has_taken_part(tested: Tested):
    """
    Every document that can take part in an incident has done so in a case.
    """
    assert tested.coverage is not None
    assert [str(each.policy) for each in tested.coverage.documents if not each.cases] == []


def test_most_conditions_were_seen_both_ways(tested: Tested):
    """
    Of a hundred conditions at least eighty were seen to hold in one case and to fail in another.
    """
    assert tested.coverage is not None
    seen, conditions = tested.coverage.conditions

    assert seen >= 0.8 * conditions


def test_every_team_has_tests_beside_its_policies(tested: Tested):
    """
    Each team keeps its tests in its own folder.
    """
    folders = {(result.test.ref.team, Path(result.test.ref.place.file).parent.name) for result in tested.results}

    assert folders == {(team, team) for team in TEAMS}


@pytest.mark.parametrize("day", ["2026-10-25", "2027-03-28", "2026-11-02", "2035-12-24", "2035-11-23"])
def test_the_days_that_go_wrong_are_among_the_cases(tested: Tested, day: str):
    """
    There are cases on the nights on which clocks are set, around New York's own, at Christmas and on black friday.
    """
    assert any(f"{case.case.at:%Y-%m-%d}" == day for result in tested.results for case in result.cases)
