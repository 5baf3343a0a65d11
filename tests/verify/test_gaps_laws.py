"""Gaps against the turns themselves: for every schedule, and above all in the nights when clocks change."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings

from tests.laws.test_oncall_laws import NAME, bills, instants
from watchbill.decide.oncall import shifts
from watchbill.model.policyset import PolicySet
from watchbill.model.times import Span
from watchbill.verify.gaps import gaps


@settings(max_examples=150)
@given(bills, instants)
def test_a_gap_is_where_nobody_has_a_turn(policies: PolicySet, start: datetime) -> None:
    """
    For all schedules, leave and overrides, the gaps are the turns of nobody.
    """
    span = Span(start, start + timedelta(days=9, hours=5))
    turns = [turn.span for turn in shifts(policies, NAME, span) if turn.person is None]

    assert list(gaps(policies, policies.schedules[NAME], span)) == turns
