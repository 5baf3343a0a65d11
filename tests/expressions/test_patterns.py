from __future__ import annotations

import itertools
import subprocess
import sys

import pytest
import re2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.expressions.makers import refusal_of
from watchbill.expressions.patterns import compile_pattern, is_universal, literal_alternatives, literal_prefixes
from watchbill.expressions.problems import ExpressionError
from watchbill.expressions.sequences import read_branches


def by_re2(pattern: str, value: str) -> bool | None:
    """What google-re2 says of a whole *value*, None where it refuses the *pattern*."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options).fullmatch(value) is not None
    except re2.error:
        return None


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("web", "web", True),
        ("web", "webs", False),
        ("web|db", "db", True),
        ("web|db", "web|db", False),
        ("Node.*", "NodeDown", True),
        ("Node.*", "ANodeDown", False),
        (".*Down", "NodeDown", True),
        (".*Node.*", "my Node is", True),
        (".+", "", False),
        (".*", "", True),
        (".*", "two\nlines", False),
        ("(?s).*", "two\nlines", True),
        ("a\\.b", "a.b", True),
        ("a\\.b", "axb", False),
        ("a.b", "axb", True),
        ("[a-z]+-[0-9]+", "db-12", True),
        ("[a-z]+-[0-9]+", "db-", False),
        ("prod-(eu|us)-.*", "prod-us-1", True),
        ("^web$", "web", True),
        ("(?i)WEB", "web", True),
        ("(a+)+b", "aaab", True),
        ("\\d{3}", "500", True),
        ("\\d", "٣", False),
        ("5..", "503", True),
        ("", "", True),
        ("", "x", False),
        ("|x", "", True),
    ],
)
def test_a_pattern_matches_the_whole_value(pattern: str, value: str, expected: bool) -> None:
    """
    A pattern holds for the whole value or not at all; a dot is no line feed, a digit is an ASCII digit.
    """
    assert compile_pattern(pattern)(value) is expected


@pytest.mark.parametrize(
    ("pattern", "help"),
    [
        ("a(?=b)", "look-around"),
        ("(a", "close every bracket"),
        ("[a", "close every bracket"),
        ("a**", "only once"),
        ("*", "something must stand before"),
        ("(a)\\1", "back-references"),
        ("a{2000}", "1000"),
        ("\ud800", "UTF-8"),
        ("x" * 30_000, "keep it under"),
    ],
)
def test_what_re2_refuses_is_said_with_a_way_out(pattern: str, help: str) -> None:
    """
    A pattern that RE2 refuses is an error of ours, with what to do instead.
    """
    with pytest.raises(ExpressionError) as caught:
        compile_pattern(pattern)

    assert help in caught.value.help


def test_half_a_character_in_a_value_breaks_nothing() -> None:
    """
    A value with half a character in it is judged as if the replacement character stood there.
    """
    assert compile_pattern("(?i)a.")("a\ud800") is True
    assert compile_pattern("a.*")("a\ud800") is True
    assert compile_pattern("(?i)ab")("a\ud800") is False


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a", ("a",)),
        ("a|b|a", ("a", "b")),
        ("web-(1|2)", ("web-1", "web-2")),
        ("a\\.b|c", ("a.b", "c")),
        ("^(?:a|b)$", ("a", "b")),
        ("a|", ("a", "")),
        ("ab{2}", ("abb",)),
        ("a.*", None),
        ("a?", None),
        ("[ab]", None),
        ("(?i)a", None),
        ("(a", None),
    ],
)
def test_a_choice_of_literals_is_told_apart(pattern: str, expected: tuple[str, ...] | None) -> None:
    """
    A pattern that is a choice of literals gives them, once each and in order; any other gives nothing.
    """
    assert literal_alternatives(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("Node.*", ("Node",)),
        ("a+b", ("a",)),
        ("db-[0-9]|web.*", ("db-", "web")),
        (".*x", None),
        ("x?", None),
        ("a|", None),
        ("(?i)a", None),
    ],
)
def test_the_beginnings_of_a_pattern_are_known(pattern: str, expected: tuple[str, ...] | None) -> None:
    """
    A pattern whose values all begin with known texts gives these texts.
    """
    assert literal_prefixes(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (".*", True),
        ("(.*)", True),
        ("^.*$", True),
        ("(?s).*", True),
        ("|.+", True),
        (".*|x", True),
        (".*.*", True),
        (".+", False),
        ("x.*", False),
        ("", False),
        ("[a-z]*", False),
        (".{0,5}", False),
    ],
)
def test_a_pattern_that_says_nothing_is_known(pattern: str, expected: bool) -> None:
    """
    A pattern that matches every value, however it is written, is told from one that asks for something.
    """
    assert is_universal(pattern) is expected


def test_plain_patterns_do_not_load_re2() -> None:
    """
    The patterns that most policies have are run without google-re2, which is not even loaded.
    """
    code = (
        "import sys; from watchbill.expressions.patterns import compile_pattern as c\n"
        "[c(p)('x') for p in ('a|b', 'Node.*', '[a-z]+-[0-9]+', '.*x.*', 'prod-(eu|us)-.*')]\n"
        "sys.exit('re2' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", ".*a.*a.*a.*a.*b", "a?" * 40 + "a" * 40 + "b", "[ab]*a[ab]*a[ab]*c"])
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    """
    Patterns on which backtracking would not come to an end are decided.
    """
    assert compile_pattern(pattern)("a" * 3000) is False


ATOMS = [
    "a",
    "b",
    "-",
    ".",
    "\\.",
    "\\d",
    "\\w",
    "\\S",
    "[a-c]",
    "[^a]",
    "[a-]",
    "[-a]",
    "[\\d.]",
    "\\n",
    "é",
    "^",
    "$",
    "\n",
    "_",
    " ",
    "[--a]",
    "[a-b-c]",
]
REPEATS = ["", "", "", "*", "+", "?", "{2}", "{1,2}", "{0}", "{1,}", "*?", "**", "{3,1}"]


@st.composite
def patterns(draw: st.DrawFn, depth: int = 0) -> str:
    """Patterns of the kinds people write, and some of the kinds they should not."""
    parts = []
    for _ in range(draw(st.integers(0, 4))):
        if depth < 2 and draw(st.integers(0, 4)) == 0:
            mark = draw(st.sampled_from(["", "?:", "?i:"]))
            parts.append(f"({mark}{draw(patterns(depth=depth + 1))}){draw(st.sampled_from(['', '', '?', '*']))}")
        else:
            parts.append(draw(st.sampled_from(ATOMS)) + draw(st.sampled_from(REPEATS)))
        if draw(st.integers(0, 4)) == 0:
            parts.append("|")
    return "".join(parts)


@settings(max_examples=600)
@given(patterns(), st.lists(st.text(alphabet="abc-.1_é \nA", max_size=6), min_size=1, max_size=8))
@example(".*a.*", ["a", "\na", "ba\n"])
@example(".+a.+", ["a", "aa", "aaa"])
@example(".+.+", ["a", "aa"])
@example("a$", ["a", "a\n"])
def test_the_quick_ways_agree_with_re2(pattern: str, values: list[str]) -> None:
    """
    For all patterns and values the answer is RE2's, however it was come by, and what RE2 refuses is refused.
    """
    try:
        matches = compile_pattern(pattern)
    except ExpressionError:
        assert by_re2(pattern, "") is None
        return

    assert [matches(value) for value in values] == [by_re2(pattern, value) for value in values]


SHAPES = ["a", "a|b", "a.*", "a.+", ".*a", ".+a", ".*a.*", ".+a.+", ".*a.+", ".*", ".+", ".+.+", "a.b", "a?b", "[ab]+", "[^a]*", "a+b"]
SHAPES += [
    "\\s*",
    "\\S*",
    "\\w+",
    "\\W",
    "\\d*a",
    "a{1,2}",
    "(a|b).*",
    "(a|.*b)",
    "a\\n.*",
    "\\va",
    "a$",
    "^a",
    "|a",
    "[\\n]a",
    "[^\\n]+",
    "\\D",
]


@pytest.mark.parametrize("pattern", SHAPES)
def test_every_shape_agrees_with_re2_on_every_short_value(pattern: str) -> None:
    """
    For each shape of pattern and all values of up to three characters, line breaks among them, the answer is RE2's.
    """
    values = ["".join(chars) for length in range(4) for chars in itertools.product("ab \n\v", repeat=length)]
    matches = compile_pattern(pattern)

    assert [value for value in values if matches(value)] == [value for value in values if by_re2(pattern, value)]


@settings(max_examples=300)
@given(patterns(), st.text(alphabet="abc-.1_é \n", max_size=6))
def test_what_is_known_of_a_pattern_is_true(pattern: str, value: str) -> None:
    """
    For all patterns: a value that matches is one of its literals, begins as was said, and fails no universal pattern.
    """
    is_match = by_re2(pattern, value)
    literals, prefixes = literal_alternatives(pattern), literal_prefixes(pattern)

    assert literals is None or (value in literals) is is_match
    assert prefixes is None or not is_match or value.startswith(prefixes)
    assert not is_universal(pattern) or is_match or "\n" in value


@given(st.text(max_size=30))
def test_any_text_is_a_pattern_or_refused(text: str) -> None:
    """
    For all texts there is a function or a refusal, and what is read as plain is nothing RE2 refuses.
    """
    error = refusal_of(lambda pattern: compile_pattern(pattern)("x"), text)

    assert error is None or (read_branches(text) is None and 0 <= error.start <= len(text))
