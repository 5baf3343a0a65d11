from __future__ import annotations

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.expressions.conditions.makers import a_condition, expressions
from watchbill.expressions.conditions import unparse
from watchbill.expressions.problems import ExpressionError
from watchbill.model.references import Node

KEPT = [
    "env == 'prod'",
    "a && (b || c)",
    "a || b && c",
    "(a || b).c",
    "!(a && b)",
    "!a",
    "a | (b | c)",
    "a.b.c",
    "a[0].b",
    "a[*].b",
    "(a[*]).b",
    "(a[*].b)[0]",
    "a[*][0]",
    "a[?b == 'x'].c[0]",
    "a[].b",
    "a[1:].b",
    "a[::-1]",
    "*.a",
    "a.*",
    "(a.*).b",
    "(a.b[*]).c",
    "(a.b)[0]",
    "[(*)]",
    "[a, b]",
    '{x: a, "y z": b}',
    "a.[b, c]",
    "(a[*].[b])[0]",
    "a[*][b][0]",
    "max_by(a, &b)",
    "(&a) | b",
    'a."b-c"',
    "@.a",
    "[?a]",
    "`[1, 2]`",
    "'it\\'s'",
    '`"a\\\\b"`',
    "`1.5` < a",
]


@pytest.mark.parametrize("text", KEPT)
def test_a_tree_is_written_as_people_write_it(text: str) -> None:
    """
    Text in its usual form comes back as it was.
    """
    assert unparse(a_condition(text).tree) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [("!a.b", "(!a).b"), ("a==b", "a == b"), ("((a))", "a"), ("a == b == c", "(a == b) == c"), ("a.*.b.c", "(a.*.b).c"), ('`"x"`', "'x'")],
)
def test_what_is_easily_misread_is_written_out(text: str, written: str) -> None:
    """
    Parentheses show how an expression is read, where readers might read it differently.
    """
    assert unparse(a_condition(text).tree) == written


@settings(max_examples=400)
@given(expressions())
@example("a[*].a[*].[b][0]")
@example("*.a[*].*[0]")
@example("a[0][1:].b")
@example("[?a][?b].c")
def test_what_is_written_parses_to_the_same_tree(text: str) -> None:
    """
    For all trees, the text of a tree is parsed to the same tree.
    """
    try:
        tree = a_condition(text).tree
    except ExpressionError:
        assume(False)
        return

    assert a_condition(unparse(tree)).tree == tree


@given(st.text(max_size=8).filter(lambda text: text.isprintable() or "\n" in text), st.text(min_size=1, max_size=8))
def test_texts_and_names_survive(value: str, name: str) -> None:
    """
    For all texts and names, literals and quoted fields come back, whatever characters are in them.
    """
    assume(not any(0xD800 <= ord(char) <= 0xDFFF for char in value + name))
    tree = Node("comparator", "eq", (Node("field", name), Node("literal", value)))

    assert a_condition(unparse(tree)).tree == tree
