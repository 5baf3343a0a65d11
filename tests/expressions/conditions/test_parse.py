from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.expressions.conditions.makers import HERE, a_condition
from tests.expressions.makers import refusal_of
from watchbill.expressions.conditions import parse_condition
from watchbill.expressions.problems import ExpressionError
from watchbill.model.references import Node


def test_a_condition_keeps_its_text_its_place_and_its_tree() -> None:
    """
    What was written, where, and the syntax tree stand side by side; the tree is plain values.
    """
    condition = parse_condition("env == 'prod'", HERE)

    assert (condition.text, condition.place) == ("env == 'prod'", HERE)
    assert condition.tree == Node("comparator", "eq", (Node("field", "env"), Node("literal", "prod")))


def test_a_slice_keeps_its_three_parts() -> None:
    """
    The parts of a slice are a value of its node, since they are no nodes.
    """
    assert a_condition("a[1::2]").tree.children[0].children[1] == Node("slice", (1, None, 2))


@pytest.mark.parametrize(
    ("text", "said", "help", "start"),
    [
        ("", "empty", "env == 'prod'", 0),
        ("  ", "empty", "env == 'prod'", 0),
        ("v < 1", "the number `1` is not in backticks", "`` `1` ``", 4),
        ("v < -1.5", "the number `-1.5` is not in backticks", "`` `-1.5` ``", 4),
        ("incident.reopen_count >= 3 && a", "the number `3`", "`` `3` ``", 25),
        ("env = 'prod'", "a single `=` compares nothing", "write `==`", 4),
        ("env =", "a single `=`", "write `==`", 4),
        ("env =~ 'p.*'", "no patterns", "match:", 4),
        ("a and b", "`and` is not an operator", "write `&&`", 2),
        ("a or b", "`or` is not an operator", "write `||`", 2),
        ("not a", "cannot stand here", "write `!` for `not`", 4),
        ("a in b", "`in` is not an operator", "contains(", 2),
        ("a & b", "a single `&`", "write `&&`", 2),
        ("{{ env }} == 'x'", "not a template", "without braces", 1),
        ("env == “prod”", "typographic quote", "'prod'", 7),
        ("env == 'prod", "the single quote at column 8 is not closed", "end it with '", 7),
        ("v < `1", "the backtick at column 5 is not closed", "another backtick", 4),
        ("a + b", "no arithmetic", "`3`", 2),
        ("a - b", "no subtraction", "`3`", 2),
        ("a ==", "ends too early", "missing", 4),
        ("(a", "ends too early", "not closed", 2),
        ("a)", "cannot stand here", "closes nothing", 1),
        ("a b", "`b` cannot stand here", "&&", 2),
        ("a == && b", "cannot stand here", "a value is missing", 5),
        ('"f"(a)', "not the name of a function", "without quotes", 0),
        ("a[::0]", "a step of 0", "[::2]", 3),
        ("a ? b", "means nothing here", "single quotes", 2),
        ("(" * 150 + "a" + ")" * 150, None, None, None),
        ("!(" * 150 + "a" + ")" * 150, "nested more than 100 deep", "take it apart", 0),
        ("(" * 4000 + "a" + ")" * 4000, "nested more than 100 deep", "take it apart", 0),
        ("a" * 9000, "too long", "keep it under", 8192),
        ("[" + "9" * 5000 + "]", "too long", "shorten", 0),
    ],
)
def test_what_is_no_condition_is_refused_so_that_it_can_be_mended(text: str, said: str | None, help: str | None, start: int | None) -> None:
    """
    A refusal says what is wrong at which place, and what to write instead; parentheses that only enclose are no depth.
    """
    if said is None or help is None:
        assert a_condition(text).tree == Node("field", "a")
        return
    with pytest.raises(ExpressionError) as caught:
        a_condition(text)

    assert said in caught.value.message
    assert help in caught.value.help
    assert caught.value.start == start


@given(st.text(alphabet="ab.[]*?:(){}<>=!&|'`\"@,-1 ~\\n", max_size=16))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    """
    For all texts there is a tree, or a refusal with a place and a way out.
    """
    error = refusal_of(a_condition, text)

    assert error is None or (error.message and error.help and 0 <= error.start <= len(text))
