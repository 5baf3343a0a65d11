from __future__ import annotations

import types
import warnings
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from jmespath.parser import Parser
from jmespath.visitor import Options, TreeInterpreter

from tests.expressions.conditions.makers import CONTEXT, a_condition, documents, expressions
from watchbill.expressions.conditions import compile_condition, compile_value
from watchbill.expressions.problems import EvaluationError, ExpressionError


class Reference(TreeInterpreter):
    """jmespath's interpreter, with the specification's answer where a text is ordered against a number: null."""

    def visit_comparator(self, node: Any, value: Any) -> Any:
        try:
            return super().visit_comparator(node, value)
        except TypeError as error:
            if "not supported between" in str(error):
                return None
            raise


def by_jmespath(text: str, document: Any) -> Any:
    """What jmespath's interpreter gives, or `EvaluationError` for whatever it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = Parser().parse(text).parsed
    try:
        return Reference(Options()).visit(parsed, document)
    except (ValueError, TypeError, ArithmeticError):
        return EvaluationError


def by_us(text: str, document: Any) -> Any:
    """What the generated function gives."""
    try:
        return compile_value(a_condition(text))(document)
    except EvaluationError:
        return EvaluationError


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal with their types, so that 1 is not true."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


DOCUMENT = {
    "a": {"b": {"c": 1}, "d": [1, 2, 3], "e": [{"k": "x", "v": 1}, {"k": "y", "v": 2}, {"k": None}], "n": None},
    "nested": [[1, [2]], 3, [[4]]],
    "s": "text",
    "zero": 0,
    "yes": True,
    "no": False,
    "empty": {"list": [], "text": "", "object": {}},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b.c", 1),
        ("a.x.y", None),
        ('a."b".c', 1),
        ("@.s", "text"),
        ("s.length(@)", 4),
        ("a.d[0]", 1),
        ("a.d[-1]", 3),
        ("a.d[9]", None),
        ("s[0]", None),
        ("a.d[1:]", [2, 3]),
        ("a.d[::-1]", [3, 2, 1]),
        ("s[1:]", None),
        ("a.e[*].v", [1, 2]),
        ("a.e[?v > `1`].k", ["y"]),
        ("a.e[?k == 'x'] | [0].v", 1),
        ("a.b[*]", None),
        ("a.b.*", [1]),
        ("s.*", None),
        ("nested[]", [1, [2], 3, [4]]),
        ("nested[][]", [1, 2, 3, 4]),
        ("a[]", None),
        ("[s, zero]", ["text", 0]),
        ("{x: s, y: a.b.c}", {"x": "text", "y": 1}),
        ("missing.[a, b]", None),
        ("missing.{a: b}", None),
        ("a.e[*].[k, v]", [["x", 1], ["y", 2], [None, None]]),
        ("zero || 'other'", 0),
        ("empty.text || 'other'", "other"),
        ("empty.list || 'other'", "other"),
        ("zero && 'other'", "other"),
        ("no && 'other'", False),
        ("!zero", False),
        ("!(empty.text)", True),
        ("!empty.text", None),
        ("!missing", True),
        ("yes == `true`", True),
        ("yes == `1`", False),
        ("zero == `false`", False),
        ("zero == no", False),
        ("`1` == a.b.c", True),
        ("a.d == `[1, 2, 3]`", True),
        ("missing == `null`", True),
        ("s != 'text'", False),
        ("a.b.c < `2`", True),
        ("a.b.c >= `1`", True),
        ("s < `2`", None),
        ("yes < `2`", None),
        ("s < 'u'", True),
        ("`1` < a.b.c", False),
        ("missing < `1`", None),
        ("`2` > zero", True),
        ("`1` == `true`", False),
        ("'a' != 'b'", True),
        ("length(a.d)", 3),
        ("contains(a.d, `2`)", True),
        ("contains(s, 'ex')", True),
        ("contains(['text', 'other'], s)", True),
        ("starts_with(s, 'te')", True),
        ("ends_with(s, s)", True),
        ("max_by(a.e[?v], &v).k", "y"),
        ("sort_by(a.e[?v], &k)[*].v", [1, 2]),
        ("map(&k, a.e)", ["x", "y", None]),
        ("not_null(missing, s)", "text"),
        ("to_number('12')", 12),
        ("to_number('x')", None),
        ("sum(a.d)", 6),
        ("join('-', keys(empty))", "list-text-object"),
        ('`{"a": [1]}`.a', [1]),
        ("a | b | c", 1),
        ("a.e[?contains(['x'], k)].v", [1]),
        ("weekday('2026-11-23T03:12:00Z')", "mon"),
        ("weekday('2026-11-23T03:12:00Z', 'America/New_York')", "sun"),
        ("weekday('2026-11-23T03:12:00Z', zone || 'Asia/Tokyo')", "mon"),
        ("hour('2026-11-23T03:12:00Z')", 3),
        ("hour('2026-07-23T23:12:00Z', 'Europe/Lisbon')", 0),
        ("hour('2026-11-23T03:12:00+02:00')", 1),
    ],
)
def test_each_kind_of_expression_gives_its_value(text: str, expected: Any) -> None:
    """
    Every kind of node and the functions of ours give the value that JMESPath says.
    """
    assert same(by_us(text, DOCUMENT), expected)


@pytest.mark.parametrize(
    "text",
    [
        "length(zero)",
        "starts_with(missing, 'x')",
        "contains(missing, 'x')",
        "nope(s)",
        "length()",
        "abs('x')",
        "contains(s, `1`)",
        'sort(`[1, "a"]`)',
        "max_by(a.e, &k)",
        "starts_with(s, `1`)",
        "missing[0].length(@)",
        "weekday(zero)",
        "weekday('soon')",
        "weekday('2026-11-23T03:12:00')",
        "weekday('2026-11-23T03:12:00Z', 'Nowhere')",
        "hour(s, s, s)",
        "weekday('2026-11-23T03:12:00Z', `1`)",
        "weekday('2026-11-23T03:12:00Z', zero)",
        "ceil(to_number('1e999'))",
    ],
)
def test_what_cannot_be_worked_out_does_not_hold(text: str) -> None:
    """
    A function that is given what it does not take makes the whole condition not hold; asked for its value, it says why.
    """
    with pytest.raises(EvaluationError, match="cannot be worked out"):
        compile_value(a_condition(text))(DOCUMENT)

    assert compile_condition(a_condition(text))(DOCUMENT) is False
    assert compile_condition(a_condition(f"!({text})"))(DOCUMENT) is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("env == 'prod' && incident.reopen_count < `3`", True),
        ("incident.reopen_count", True),
        ("alert.annotations", False),
        ("alert.labels.nope", False),
        ("alert.labels.team", True),
        ("!(incident.is_acknowledged)", True),
        ("service.tier == `1` || tier == `2`", True),
        ("'always'", True),
        ("`[]`", False),
        ("severity < 'z'", True),
        ("env < `1`", False),
        ("contains(['a', 'b'], env)", False),
    ],
)
def test_a_condition_holds_where_its_value_is_true(text: str, expected: bool) -> None:
    """
    True in JMESPath's sense is what is not null, false or empty; zero is true, and the answer is a plain boolean.
    """
    assert compile_condition(a_condition(text))(CONTEXT) is expected


def test_other_mappings_than_dict_are_looked_into() -> None:
    """
    A context may hold mappings that are no dict, as long as only their fields are asked for.
    """
    context = types.MappingProxyType({"alert": types.MappingProxyType({"name": "x"})})

    assert compile_condition(a_condition("alert.name == 'x' && !(alert.nope)"))(context)


def test_what_people_write_never_becomes_code() -> None:
    """
    Names and texts that look like Python are names and texts.
    """
    text = "\"__import__('os')\" == 'x' || \"a\\\"]\" == '\\'); raise'"

    assert compile_condition(a_condition(text))({"__import__('os')": "x"}) is True
    assert compile_value(a_condition("__builtins__"))({}) is None
    assert compile_value(a_condition("ctx"))({"ctx": 1}) == 1


@pytest.mark.parametrize(
    "text", ["!(" * 99 + "a" + ")" * 99, "a" + "[*].a" * 60, "a" + "[]" * 45, " && ".join(["a"] * 100), "a" + "[?a]" * 90]
)
def test_the_deepest_conditions_are_compiled(text: str) -> None:
    """
    Whatever can be parsed can be generated and run.
    """
    condition = a_condition(text)

    assert compile_condition(condition)({"a": [1]}) is bool(compile_value(condition)({"a": [1]}))


@settings(max_examples=1000)
@given(expressions(), documents())
@example("a[*].b[*] | [0]", {"a": [{"b": [1, None]}, {"b": None}]})
@example("[?contains(['a'], @)]", ["a", None])
@example("a && b", {"a": 0, "b": []})
def test_the_generated_code_gives_what_jmespath_gives(text: str, document: Any) -> None:
    """
    For all expressions and documents, the value is the one jmespath's interpreter gives, and so is the truth of it.
    """
    try:
        condition = a_condition(text)
    except ExpressionError:
        assume(False)
        return
    expected = by_jmespath(text, document)

    assert same(by_us(text, document), expected)
    is_true = expected is not EvaluationError and TreeInterpreter()._is_true(expected)
    assert compile_condition(condition)(document) is is_true
