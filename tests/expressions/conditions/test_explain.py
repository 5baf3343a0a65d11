from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings

from tests.expressions.conditions.makers import CONTEXT, a_condition, documents, expressions
from watchbill.expressions.conditions import compile_condition, explain_condition
from watchbill.expressions.problems import ExpressionError


def test_a_condition_that_holds_has_nothing_to_explain() -> None:
    """
    Where it holds, there is no part that fails.
    """
    assert explain_condition(a_condition("env == 'prod' && tier == `1`"), CONTEXT) == (True, "", "")


@pytest.mark.parametrize(
    ("text", "failed", "saw"),
    [
        ("env == 'dev'", "env == 'dev'", '"prod"'),
        ("env == 'prod' && tier == `2` && severity == 'info'", "tier == `2`", "1"),
        ("incident.reopen_count > `3`", "incident.reopen_count > `3`", "0"),
        ("'dev' == env", "'dev' == env", '"prod"'),
        ("alert.labels.nope == 'x'", "alert.labels.nope == 'x'", "null"),
        ("alert.labels.nope", "alert.labels.nope", "null"),
        ("!(env == 'prod')", "!(env == 'prod')", '"prod"'),
        ("env == 'dev' || tier == `2`", "env == 'dev' || tier == `2`", '"prod", 1'),
        ("starts_with(env, 'd')", "starts_with(env, 'd')", '"prod"'),
        ("contains(['dev', 'test'], env)", "contains(['dev', 'test'], env)", '"prod"'),
        ("env == 'prod' && (tier == `2` && team.name == 'x')", "tier == `2`", "1"),
        ("team == `{}`", "team == `{}`", '{"name":"payments","parent":null}'),
    ],
)
def test_the_first_part_that_fails_is_told_with_what_was_seen(text: str, failed: str, saw: str) -> None:
    """
    Of a chain the first part that is not true is named, and the value that decided, as compact JSON.
    """
    assert explain_condition(a_condition(text), CONTEXT) == (False, failed, saw)


def test_what_cannot_be_worked_out_says_why() -> None:
    """
    A function that was given what it does not take is the part that fails, and the reason is what was seen.
    """
    holds, failed, saw = explain_condition(a_condition("env == 'prod' && starts_with(alert.labels.nope, 'x')"), CONTEXT)

    assert (holds, failed) == (False, "starts_with(alert.labels.nope, 'x')")
    assert "cannot be worked out" in saw
    assert "starts_with" in saw


def test_what_was_seen_is_kept_short() -> None:
    """
    A long value is cut, so that a reason stays one line.
    """
    _, _, saw = explain_condition(a_condition("alert.labels == `1`"), {"alert": {"labels": {"x": "y" * 500}}})

    assert len(saw) == 120
    assert saw.endswith("…")


@settings(max_examples=200)
@given(expressions(), documents())
def test_the_explanation_agrees_with_the_judgement(text: str, document: Any) -> None:
    """
    For all conditions and contexts: it is said to hold where it holds, and a part is named where it does not, which fails by itself.
    """
    try:
        condition = a_condition(text)
    except ExpressionError:
        assume(False)
        return
    holds, failed, saw = explain_condition(condition, document)

    assert holds is compile_condition(condition)(document)
    assert bool(failed) is not holds
    assert bool(saw) is not holds
    assert holds or not compile_condition(a_condition(failed))(document)
