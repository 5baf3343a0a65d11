"""`in_interval()`: whether it is that time."""

from __future__ import annotations

import copy
import warnings
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jmespath.functions import Functions, signature
from jmespath.parser import Parser
from jmespath.visitor import Options, TreeInterpreter

from tests.expressions.conditions.makers import CONTEXT as SEEN
from tests.expressions.conditions.makers import a_condition
from tests.makers import a_recurrence, hours
from watchbill.expressions.conditions import (
    check_condition,
    compile_condition,
    compile_value,
    explain_condition,
    interval_names,
)
from watchbill.expressions.context import CONTEXT, Anything
from watchbill.expressions.problems import EvaluationError, ExpressionError
from watchbill.model.references import Condition
from watchbill.model.times import Recurrence

NIGHTS = a_recurrence(hours("22:00", "06:00"), name="nights")
OFFICE = a_recurrence(hours("09:00", "18:00", "mon-fri"), zone="Europe/Lisbon", name="office")


def asking(text: str, *intervals: Recurrence) -> Condition:
    """The condition that *text* is, with what its intervals are."""
    return replace(a_condition(text), intervals=intervals or (NIGHTS, OFFICE))


def problems(text: str, root: Any = CONTEXT) -> list[str]:
    return [f"{each.rule}: {each.message}" for each in check_condition(a_condition(text), root)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in_interval('nights')", True),
        ("in_interval('office')", False),
        ("!in_interval('office')", True),
        ("in_interval('nights', now)", True),
        ("in_interval('office', alert.starts_at)", True),
        ("in_interval('office', '2026-11-23T12:00:00+01:00')", True),
        ("in_interval('office', '2026-11-22T12:00:00Z')", False),
        ("in_interval('nights') && tier == `1`", True),
        ("alert.labels | in_interval('nights')", True),
        ("[alert, service][?in_interval('nights')].name | length(@) == `2`", True),
        ("in_interval('office', alert.labels.nope)", False),
        ("in_interval('office', 'yesterday')", False),
        ("in_interval('office', '2026-11-23T12:00:00')", False),
    ],
)
def test_it_holds_while_a_time_lies_in_the_interval(text: str, expected: bool) -> None:
    """
    It is true while `now`, or the time that is given, lies in the interval, wherever in a condition it is asked; what is no time breaks.
    """
    context = {**SEEN, "alert": {**SEEN["alert"], "starts_at": "2026-11-20T10:00:00Z"}}

    assert compile_condition(asking(text))(context) is expected


def test_the_same_text_may_ask_for_another_interval() -> None:
    """
    A condition is told apart by what its intervals are, so that a changed interval is another answer.
    """
    text = "in_interval('nights')"
    days = a_recurrence(hours("06:00", "22:00"), name="nights")

    assert compile_condition(asking(text, NIGHTS))(SEEN) is True
    assert compile_condition(asking(text, days))(SEEN) is False
    assert compile_value(asking(text, NIGHTS))(SEEN) is True
    assert compile_value(asking(text, days))(SEEN) is False


def test_an_interval_that_nobody_resolved_does_not_hold() -> None:
    """
    Where an interval is not known the condition cannot be worked out, and says so.
    """
    holds, failed, saw = explain_condition(a_condition("in_interval('nights')"), SEEN)

    assert (holds, failed) == (False, "in_interval('nights')")
    assert saw == "it cannot be worked out: there is no time interval `nights`"


def test_the_time_is_what_is_seen() -> None:
    """
    Where it does not hold, the time that was asked about is what was seen.
    """
    text = "tier == `1` && in_interval('office')"
    given = "in_interval('office', '2026-11-22T12:00:00Z')"

    assert explain_condition(asking(text), SEEN) == (False, "in_interval('office')", '"2026-11-23T03:12:00Z"')
    assert explain_condition(asking("!in_interval('nights')"), SEEN) == (False, "!in_interval('nights')", '"2026-11-23T03:12:00Z"')
    assert explain_condition(asking(given), SEEN) == (False, given, "false")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("in_interval(env)", "wrong-arguments: `in_interval()` takes the name of an interval as it is written out"),
        ("in_interval(`5`)", "wrong-arguments: `in_interval()` takes a string, and `` `5` `` is a number"),
        ("in_interval()", "wrong-arguments: `in_interval()` takes 1 or 2 arguments, not 0"),
        ("in_interval('a', now, now)", "wrong-arguments: `in_interval()` takes 1 or 2 arguments, not 3"),
        ("in_interval('a', tier)", "wrong-arguments: `in_interval()` takes a string, and `tier` is a number or null"),
    ],
)
def test_what_it_takes(text: str, found: str) -> None:
    """
    It takes a name that is written out, and perhaps a time.
    """
    assert problems(text) == [found]


def test_it_is_known_where_the_time_is() -> None:
    """
    What is asked of a result or of a payload has no intervals: there is one finding, and it says where they are known.
    """
    assert problems("in_interval('nights')") == []
    assert problems("in_interval(x)", Anything()) == ["unknown-function: `in_interval()` is known in `when` and `precondition` only"]


def test_which_intervals_a_condition_asks_for() -> None:
    """
    Every name is found, wherever it stands, once and in order; what is no name written out is none.
    """
    text = "a[?in_interval('x')] || !(in_interval('y', now) && in_interval('x')) || in_interval(z) || contains('in_interval', 'q')"

    assert interval_names(a_condition(text)) == ("x", "y")
    assert interval_names(a_condition("env == 'prod'")) == ()


# --- the law --------------------------------------------------------------------------------


class Intervals(Functions):
    """jmespath's functions, and ours as anybody would write it for the interpreter."""

    now = SEEN["now"]

    @signature({"types": ["string"]}, {"types": ["string"]})
    def _func_at(self, name: str, time: str) -> bool:
        return datetime.fromisoformat(time) in {"nights": NIGHTS, "office": OFFICE}[name]

    @signature({"types": ["string"]})
    def _func_in_interval(self, name: str) -> bool:
        return bool(self._func_at(name, self.now))


PARTS = st.sampled_from(
    [
        "in_interval('nights')",
        "in_interval('office')",
        "in_interval('nights', '2026-11-23T12:00:00Z')",
        "in_interval('office', alert.labels.t)",
        "in_interval('office', t)",
        "a",
        "t",
        "`0`",
        "tier == `1`",
    ]
)
FORMS = st.sampled_from(
    ["{} && {}", "{} || {}", "!({}) && {}", "list[?{} && {}]", "list[*].[{}, {}]", "({}) == ({})", "{} | {}", "[{}, {}] | [0]"]
)


@st.composite
def conditions(draw: st.DrawFn, depth: int = 0) -> str:
    """Conditions that ask for intervals, at any depth."""
    if depth > 2 or draw(st.booleans()):
        return draw(PARTS)
    return draw(FORMS).format(draw(conditions(depth=depth + 1)), draw(conditions(depth=depth + 1)))


def by_jmespath(text: str, document: Any) -> Any:
    """What jmespath's interpreter gives; a second argument is another function there, since its functions have fixed arguments."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = copy.deepcopy(Parser().parse(text).parsed)  # the parser keeps what it has parsed
    for node in _calls(tree):
        if node["value"] == "in_interval" and len(node["children"]) == 2:
            node["value"] = "at"
    try:
        return TreeInterpreter(Options(custom_functions=Intervals())).visit(tree, document)
    except (ValueError, TypeError, ArithmeticError):
        return EvaluationError


def _calls(tree: dict[str, Any]) -> list[dict[str, Any]]:
    below = [call for child in tree["children"] if isinstance(child, dict) for call in _calls(child)]
    return [tree, *below] if tree["type"] == "function_expression" else below


@settings(max_examples=150)
@given(conditions(), st.sampled_from(["2026-11-20T10:00:00Z", "2026-11-22T10:00:00+02:00", "never", None, 5]))
def test_the_generated_code_gives_what_the_interpreter_gives(text: str, time: Any) -> None:
    """
    For all conditions that ask for intervals, the value is what jmespath's interpreter gives.
    """
    document = {**SEEN, "t": time, "alert": {"labels": {"t": time}}, "list": [{"t": time}, {"a": 1}, {}]}
    try:
        condition = asking(text)
    except ExpressionError:
        assume(False)
        return
    expected = by_jmespath(text, document)
    try:
        found = compile_value(condition)(document)
    except EvaluationError:
        found = EvaluationError

    assert found == expected
    assert type(found) is type(expected)
