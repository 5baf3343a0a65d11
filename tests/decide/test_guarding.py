"""What guardrails, and a remediation's own guards, say of it: each that matches leaves a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.makers import Document, a_freeze, a_guardrail, a_recurrence, a_remediation, a_shop, a_span, an_alert, an_escalation, hours
from tests.watch import Watch
from watchbill.model.policies import Concurrency, Guards, Rate

HOURLY = Rate(5, timedelta(hours=1), "repository")


def reasons(*documents: Document, phase: str = "oversight", **more: Any) -> list[tuple[str, bool, str]]:
    """What is said by guards and guardrails when the shop's remediation, of this *phase*, is asked for: by whom, whether it takes part."""
    remediation = a_remediation(phase=phase, guards=more.pop("guards", Guards()), **more)
    watch = Watch(a_shop(an_escalation(), remediation, *documents))
    watch.receives(an_alert())
    said = (reason for decision in watch.decisions for reason in decision.reasons if reason.kind == "guard")
    return list(dict.fromkeys((reason.policy.name, reason.applied, reason.note) for reason in said))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"ceiling": "fallback"}, "restart-checkout: at most fallback"),
        ({"ceiling": "human-initiated", "reason": "it is young"}, "restart-checkout: at most human-initiated (it is young)"),
        ({"rate": HOURLY}, "restart-checkout: 0 of 5 in 1h for this repository"),
        (
            {"concurrency": Concurrency(2, "team"), "rate": HOURLY},
            "restart-checkout: 0 of 5 in 1h for this repository, 0 of 2 at once per team",
        ),
        ({"approvals": 1}, "restart-checkout: 1 approval"),
        ({"approvals": 2}, "restart-checkout: 2 approvals"),
        ({"hold": timedelta(minutes=4)}, "restart-checkout: a page waits at most 4m"),
        ({"freeze": a_freeze(reason="sale")}, "restart-checkout: frozen by rail: sale"),
    ],
)
def test_a_guardrail_that_has_a_say_takes_part(limits: dict[str, Any], said: str) -> None:
    """
    A guardrail that matches says what it asks of the remediation, whether or not that lets it pass.
    """
    assert [each for each in reasons(a_guardrail("rail", **limits)) if each[0] == "rail"] == [("rail", True, said)]


@pytest.mark.parametrize(
    ("limits", "phase", "said"),
    [
        ({"freeze": a_freeze(a_span("2026-12-20", "2027-01-04"))}, "oversight", "begins 2026-12-20"),
        ({"freeze": a_freeze(a_span("2026-11-20", "2026-11-22"))}, "oversight", "ended 2026-11-22"),
        ({"freeze": a_freeze(during=a_recurrence(hours("20:00", "22:00")))}, "oversight", "not frozen now"),
        ({"freeze": a_freeze()}, "human-initiated", "stops only what runs by itself"),
        ({}, "oversight", "it limits nothing"),
    ],
)
def test_a_freeze_that_stops_nothing_takes_no_part(limits: dict[str, Any], phase: str, said: str) -> None:
    """
    A freeze that is not on, or that lets through what people start, says so and does not count as taking part.
    """
    assert [each for each in reasons(a_guardrail("rail", **limits), phase=phase) if each[0] == "rail"] == [("rail", False, said)]


def test_a_remediations_own_guards_say_what_let_it_pass() -> None:
    """
    Each guard of a remediation that runs by itself is a reason for it.
    """
    guards = Guards(Rate(2, timedelta(days=1), "target"), timedelta(minutes=15), Concurrency(1, "service"))

    assert reasons(guards=guards) == [
        ("restart-checkout", True, "0 of 2 in 1d"),
        ("restart-checkout", True, "cooldown of 15m"),
        ("restart-checkout", True, "0 of 1 at once per service"),
    ]


def test_a_guard_that_refuses_is_the_only_one_of_its_remediation() -> None:
    """
    Of a remediation that a guard refuses, the guards that would have let it pass are no reasons.
    """
    guards = Guards(Rate(0, timedelta(days=1), "target"), timedelta(minutes=15))

    assert reasons(guards=guards) == [("restart-checkout", False, "0 of 0 in 1d")]


def test_a_guard_that_refuses_when_the_step_starts_is_a_reason() -> None:
    """
    What is refused only once its turn has come says by which guard, with the decision that refused it.
    """
    several = (a_remediation(name, phase="oversight", priority=priority) for name, priority in (("first", 5), ("second", 0)))
    watch = Watch(a_shop(an_escalation(), *several))
    watch.receives(an_alert())
    watch.snapshot = replace(watch.snapshot, is_frozen=True)
    watch.stalls(watch.step("repair", 0))

    (reason,) = (each for each in watch.last.reasons if each.kind == "guard")
    assert (reason.policy.name, reason.applied, reason.note) == ("second", False, "frozen by hand: nothing runs unattended")
