from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings

from tests.expressions.conditions.makers import CONTEXT as SEEN
from tests.expressions.conditions.makers import a_condition, expressions
from watchbill.expressions.conditions import check_condition, compile_value
from watchbill.expressions.context import CONTEXT, Anything, Type, from_json_schema
from watchbill.expressions.problems import ExpressionError

RESULT = from_json_schema(
    {
        "type": "object",
        "properties": {
            "value": {"type": "number"},
            "series": {
                "type": "array",
                "items": {"type": "object", "properties": {"value": {"type": "number"}, "name": {"type": "string"}}, "required": ["value"]},
            },
        },
        "required": ["value", "series"],
    }
)


def found(text: str, root: Type = CONTEXT) -> list[tuple[str, int | None]]:
    """Rule and offset of each problem."""
    return [(problem.rule, problem.offset) for problem in check_condition(a_condition(text), root)]


@pytest.mark.parametrize(
    "text",
    [
        "env == 'prod' && incident.reopen_count < `3`",
        "tier == `1` || service.tier <= `2`",
        "alert.labels.team == 'payments'",
        "alert.labels.\"my-label\" != ''",
        "alert.labels.instance",
        "!(alert.labels.instance)",
        "starts_with(alert.labels.instance, 'db-')",
        "!starts_with(alert.labels.instance || '', 'db-')",
        "contains(['critical', 'warning'], severity)",
        "service == `null`",
        "team.parent != `null`",
        "to_number(alert.labels.code) >= `500`",
        "length(alert.labels) > `3`",
        "contains(keys(alert.labels), 'instance')",
        "weekday(now, 'Europe/Lisbon') != 'sun' && hour(now) < `8`",
        "incident.is_acknowledged",
        "not_null(alert.labels.team, 'none') == 'none'",
        "alert.labels.a == alert.labels.b",
        "(env || 'dev') == 'dev'",
        "length(values(alert.labels)[?@ == 'x']) > `0`",
        "`true`",
        "incident.status == 'triggered'",
    ],
)
def test_a_sound_condition_has_no_problems(text: str) -> None:
    """
    What people sensibly write is found sound.
    """
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "value < `0.01`",
        "max_by(series, &value).value < `1`",
        "length(series[?value > `1`]) == `0`",
        "series[0].value < `1`",
        "sum(series[].value) < `9`",
    ],
)
def test_an_expectation_is_checked_against_what_comes_back(text: str) -> None:
    """
    A condition may speak of another root than the context.
    """
    assert found(text, RESULT) == []


@pytest.mark.parametrize(
    ("text", "rule", "offset", "said", "help"),
    [
        ("evn == 'prod'", "unknown-field", 0, "no field `evn`", "did you mean `env`?"),
        ("env == 'x' && service.nmae == 'y'", "unknown-field", 22, "no field `nmae`", "`name`"),
        ("alert.labels.foo.bar == 'x'", "unknown-field", 17, "a string has no field `bar`", "more than one value"),
        ('env == "prod"', "unknown-field", 7, '"prod" in double quotes is a field', "write 'prod'"),
        ('"prod" == env', "unknown-field", 0, '"prod" in double quotes is a field', "write 'prod'"),
        ("env == prod", "unknown-field", 7, "no field `prod`", "single quotes: 'prod'"),
        ("service == null", "unknown-field", 11, "`null` is read as a field", "`` `null` ``"),
        ("incident.is_acknowledged == true", "unknown-field", 28, "`true` is read as a field", "`` `true` ``"),
        ("env == 'x' | tier", "unknown-field", 13, "true and false have no field", "`||`"),
        ("tier == '1'", "never-equal", 0, "`tier` is a number and `'1'` a string", "`` `1` ``"),
        ("severity == `1`", "never-equal", 0, "never holds", "'1'"),
        ("severity != `1`", "never-equal", 0, "always holds", "'1'"),
        ("env == tier", "never-equal", 0, "never holds", "to_number(env)"),
        ("env == `null`", "never-equal", 0, "`env` is never null", "env == ''"),
        ("incident.is_acknowledged == 'true'", "never-equal", 0, "a boolean", "`` `true` ``"),
        ("keys(alert.labels) == 'x'", "never-equal", 0, "an array", "contains(keys(alert.labels), 'x')"),
        ("severity == 'criticl'", "unknown-value", 12, "never 'criticl'", "did you mean 'critical'?"),
        ("severity == 'sev1'", "unknown-value", 12, "never 'sev1'", "`critical`, `warning` and `info`"),
        ("contains(['critcal'], severity)", "unknown-value", 10, "never 'critcal'", "'critical'"),
        ("weekday(now) == 'monday'", "unknown-value", 16, "never 'monday'", "'mon'"),
        ("tier < '3'", "ordering-numbers", 7, "`<` orders numbers", "`` `3` ``"),
        ("severity > 'info'", "ordering-numbers", 0, "orders numbers", "severities have no order"),
        ("alert.starts_at < now", "ordering-numbers", 0, "orders numbers", "hour(now)"),
        ("alert.labels.code > `5`", "ordering-numbers", 0, "is a string", "to_number(alert.labels.code)"),
        ("alert.labels > `5`", "ordering-numbers", 0, "is an object", "length(alert.labels)"),
        ("!incident.is_acknowledged", "not-binds-tight", 1, "`!` applies to `incident` alone", "!(incident.is_acknowledged)"),
        ("!env == 'prod'", "not-binds-tight", 1, "`!` applies to `env` alone", "!(env == 'prod')"),
        ("env == 'a' || 'b'", "constant-condition", 14, "`'b'` always holds", "env == 'b'"),
        ("env == 'a' && ''", "constant-condition", 14, "`''` never holds", "compare it"),
        ("alert.labels.a || 'x' == 'x'", "constant-condition", 18, "the same whatever happens", "takes in less"),
        ("contians(env, 'p')", "unknown-function", 0, "no function `contians()`", "`contains()`"),
        ("matches(env, 'p')", "unknown-function", 0, "no function `matches()`", "weekday"),
        ("contains(env)", "wrong-arguments", 0, "takes 2 arguments, not 1", "part"),
        ("weekday(now, 'UTC', 'x') == 'mon'", "wrong-arguments", 0, "1 or 2 arguments, not 3", "weekday"),
        ("not_null()", "wrong-arguments", 0, "at least 1 argument, not 0", "not null"),
        ("starts_with(tier, 'a')", "wrong-arguments", 12, "takes a string, and `tier` is a number", "to_string(tier)"),
        ("abs(env) > `1`", "wrong-arguments", 4, "takes a number", "to_number(env)"),
        ("contains(tier, 'a')", "wrong-arguments", 9, "array or string", "comes first"),
        ("contains(env, tier)", "wrong-arguments", 14, "a text contains texts", "to_string(tier)"),
        ("length(max_by(values(alert.labels), env)) > `1`", "wrong-arguments", 36, "wrong kind", "&env"),
        ("length(&env) > `1`", "wrong-arguments", 8, "wrong kind", "leave out"),
        ("weekday(now, 'Europe/Lisbno') == 'mon'", "unknown-zone", 13, "no time zone `Europe/Lisbno`", "Europe/Lisbon"),
        ("env.x[0] == 'a'", "unknown-field", 4, "has no field `x`", "more than one value"),
        ("alert.labels[0] == 'a'", "not-a-list", None, "is not an array", "dot"),
    ],
)
def test_what_cannot_be_meant_is_an_error(text: str, rule: str, offset: int | None, said: str, help: str) -> None:
    """
    Each trap is one error at its place, with the text to write instead.
    """
    problems = check_condition(a_condition(text), CONTEXT)

    assert [(problem.rule, problem.offset, problem.level) for problem in problems if problem.level == "error"] == [(rule, offset, "error")]
    error = next(problem for problem in problems if problem.level == "error")
    assert said in error.message
    assert help in error.help


@pytest.mark.parametrize(
    ("text", "rule", "said"),
    [
        ("severity", "not-boolean", "holds wherever it is not empty"),
        ("incident.alert_count", "not-boolean", "always holds, even as 0"),
        ("env == 'x' && severity", "not-boolean", "`severity` is a text"),
        ("!(severity)", "not-boolean", "`severity` is a text"),
        ("alert.labels", "not-boolean", "is an object"),
        ("keys(alert.labels)", "not-boolean", "is an array"),
        ("!starts_with(alert.labels.x, 'a')", "maybe-null", "where `alert.labels.x` is absent"),
        ("env == 'x' || contains(alert.labels.x, 'a')", "maybe-null", "the whole condition does not hold"),
        ("env == `prod`", "backtick-text", "`prod` in backticks is not JSON"),
    ],
)
def test_what_may_not_be_meant_is_a_warning(text: str, rule: str, said: str) -> None:
    """
    What works and mostly is a slip is a warning, and no more.
    """
    (problem,) = check_condition(a_condition(text), CONTEXT)

    assert (problem.rule, problem.level) == (rule, "warning")
    assert said in problem.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("valu < `1`", ("unknown-field", 0)),
        ("series.value < `1`", ("unknown-field", 7)),
        ("max_by(series, &valu).value < `1`", ("unknown-field", 16)),
        ("length(series[?vale > `1`]) == `0`", ("unknown-field", 15)),
        ("series[0].name < `1`", ("ordering-numbers", 0)),
        ("value.x", ("unknown-field", 6)),
    ],
)
def test_an_expectation_that_cannot_be_met_is_found(text: str, expected: tuple[str, int]) -> None:
    """
    Fields inside lists, filters and expressions are checked as well, and found at their place.
    """
    assert found(text, RESULT) == [expected]


def test_all_problems_come_at_once_and_in_order() -> None:
    """
    One condition with three slips gives three problems, from left to right.
    """
    assert found("evn == 'x' && tier == '1' && contians(env, 'a')") == [("unknown-field", 0), ("never-equal", 14), ("unknown-function", 29)]


@settings(max_examples=300)
@given(expressions())
def test_every_condition_can_be_checked(text: str) -> None:
    """
    For all conditions and roots the check comes to an end, and where nothing is known of the root no field is unknown.
    """
    try:
        condition = a_condition(text)
    except ExpressionError:
        assume(False)
        return
    check_condition(condition, CONTEXT)

    for problem in check_condition(condition, Anything()):
        assert problem.help
        assert problem.offset is None or 0 <= problem.offset < len(text)


@pytest.mark.parametrize("text", ["env == 'prod'", "tier < `3`", "alert.labels.team == 'payments'", "service.owner", "team.parent"])
def test_fields_of_the_table_are_there(text: str) -> None:
    """
    What the table declares can be asked of a context.
    """
    value: Any = compile_value(a_condition(text))(SEEN)

    assert value is True or value in ("payments", None)
