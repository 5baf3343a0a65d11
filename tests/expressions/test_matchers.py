from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.expressions.makers import refusal_of
from watchbill.expressions.matchers import compile_matcher, compile_matchers, matches_everything, parse_matcher, parse_matchers
from watchbill.expressions.problems import ExpressionError
from watchbill.model.labels import Matcher


def parts(matcher: Matcher) -> tuple[str, str, str]:
    """Name, operator and value."""
    return (matcher.name, matcher.operator, matcher.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("severity=critical", ("severity", "=", "critical")),
        ('severity="critical"', ("severity", "=", "critical")),
        ('  severity  !=  "critical"  ', ("severity", "!=", "critical")),
        ('alertname=~"Node.*"', ("alertname", "=~", "Node.*")),
        ("alertname!~Node.*", ("alertname", "!~", "Node.*")),
        ('team=""', ("team", "=", "")),
        ("team=", ("team", "=", "")),
        ('quote="a \\"b\\" c"', ("quote", "=", 'a "b" c')),
        ('path="C:\\\\temp"', ("path", "=", "C:\\temp")),
        ('two="a\\nb"', ("two", "=", "a\nb")),
        ("two=a\\nb", ("two", "=", "a\nb")),
        ('pattern=~"\\d+"', ("pattern", "=~", "\\d+")),
        ('pattern=~"\\\\d+"', ("pattern", "=~", "\\d+")),
        ("bare=a b c", ("bare", "=", "a b c")),
        ("bare=it's", ("bare", "=", "it's")),
        ("job:rate=x", ("job:rate", "=", "x")),
        ('value="a,b"', ("value", "=", "a,b")),
        ('value="{x}"', ("value", "=", "{x}")),
        ("tricky=~~~", ("tricky", "=~", "~~")),
        ("odd==x", ("odd", "=", "=x")),
    ],
)
def test_a_matcher_is_read_as_the_classic_parser_does(text: str, expected: tuple[str, str, str]) -> None:
    """
    Where Alertmanager's classic parser reads a text, its reading counts: bare values, and backslashes that escape nothing.
    """
    assert parts(parse_matcher(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name-with-dashes=x", ("name-with-dashes", "=", "x")),
        ("größe=x", ("größe", "=", "x")),
        ('"label with spaces"="x"', ("label with spaces", "=", "x")),
        ('"a\\"b"=x', ('a"b', "=", "x")),
        ('"foo"="\\xf0\\x9f\\x99\\x82"', ("foo", "=", "\N{SLIGHTLY SMILING FACE}")),
        ('"foo"="\\u00e9\\U0001f642\\101"', ("foo", "=", "é\N{SLIGHTLY SMILING FACE}A")),
        ('"foo"=~"[a-z]+"', ("foo", "=~", "[a-z]+")),
    ],
)
def test_other_names_are_read_as_the_utf8_parser_does(text: str, expected: tuple[str, str, str]) -> None:
    """
    Where the classic parser reads nothing, the UTF-8 parser's reading counts: any name, quoted where need be.
    """
    assert parts(parse_matcher(text)) == expected


def test_where_the_parsers_differ_the_classic_one_counts() -> None:
    """
    An escape that only the UTF-8 parser knows stays as it stands in a matcher that the classic one reads.
    """
    assert parse_matcher('foo="\\xf0\\x9f"').value == "\\xf0\\x9f"
    assert parse_matcher('foo=~"\\bweb\\b"').value == "\\bweb\\b"


@pytest.mark.parametrize(
    ("text", "said", "start", "end"),
    [
        ("", "a label name is expected at column 1, not the end", 0, 1),
        ('="x"', "a label name is expected at column 1, not `=`", 0, 1),
        ("severity", "is expected at column 9, not the end", 8, 9),
        ("severity critical", "is expected at column 10, not `critical`", 9, 17),
        ("foo!bar", "`=` or `~` is expected after `!`, at column 5", 3, 5),
        ('foo="bar', "the double quote at column 5 is not closed", 4, 8),
        ('foo=="bar"', "a value is expected at column 5, not `=`", 4, 5),
        ('foo="a" b', "nothing more is expected at column 9, not `b`", 8, 9),
        ('foo=a"b', "the double quote at column 6 is not closed", 5, 7),
        ('{foo="bar"}', "has no braces, at column 1", 0, 1),
        ('foo="bar"}', "has no braces, at column 10", 9, 10),
        ("a=b,c=d", "no comma outside double quotes, at column 4", 3, 4),
        ('""="x"', "a label name is empty", 0, 2),
        ('"\\z"="x"', "`\\z` cannot stand inside the quotes, at column 2", 1, 3),
        ('"\\ud800"="x"', "cannot stand inside the quotes", 1, 3),
        ('"\\xf0"="x"', "do not make up UTF-8", 0, 6),
        ('foo=~"a(?=b)"', "RE2 refuses the pattern", 5, 13),
        ('"foo"=~"(a"', "RE2 refuses the pattern", 7, 11),
        ("foo=\ud800", "half a character", 4, 5),
        ("\\=x", "cannot stand at column 1", 0, 1),
    ],
)
def test_what_is_no_matcher_is_refused_at_its_place(text: str, said: str, start: int, end: int) -> None:
    """
    A refusal names what was expected and at which column, and carries the offsets of what stands there.
    """
    with pytest.raises(ExpressionError) as caught:
        parse_matcher(text)

    assert said in caught.value.message
    assert (caught.value.start, caught.value.end) == (start, end)
    assert caught.value.help


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("{}", []),
        ('{a="b",c=~"d"}', ['a="b"', 'c=~"d"']),
        ("a=b, c!=d", ['a="b"', 'c!="d"']),
        ('{a = "b", c != "d", }', ['a="b"', 'c!="d"']),
        ('{a="b,c"}', ['a="b,c"']),
        ('{a="b\\",c"}', ['a="b\\",c"']),
        ("{a=,b=}}", ['a=""', 'b="}"']),
        ('{größe="x",a=b}', ['größe="x"', 'a="b"']),
        ('{"a b"="c",}', ['"a b"="c"']),
        ('"a b"="c",d=e', ['"a b"="c"', 'd="e"']),
    ],
)
def test_several_matchers_are_read_in_order(text: str, expected: list[str]) -> None:
    """
    Matchers stand between commas, with braces or without, and a comma at the end is allowed.
    """
    assert [str(matcher) for matcher in parse_matchers(text)] == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (",", "a label name is expected at column 1"),
        ("{,}", "a label name is expected at column 2"),
        ("{größe=x", "a comma or a closing brace is expected at column 9, not the end"),
        ("größe=x}", "nothing more is expected at column 8, not `}`"),
        ("{größe=x}}", "nothing more is expected at column 10"),
        ("{größe=x y}", "a comma or a closing brace is expected at column 10, not `y`"),
        ("größe=x y", "a comma is expected at column 9, not `y`"),
        ("{{foo=", "a label name is expected at column 2"),
    ],
)
def test_what_are_no_matchers_is_refused(text: str, said: str) -> None:
    """
    A text that neither parser reads is refused with what the stricter one expected.
    """
    with pytest.raises(ExpressionError) as caught:
        parse_matchers(text)

    assert said in caught.value.message


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ("a=x", {"a": "x"}, True),
        ("a=x", {"a": "y"}, False),
        ("a=x", {}, False),
        ("a=", {}, True),
        ("a=", {"a": ""}, True),
        ("a=", {"a": "x"}, False),
        ("a!=x", {}, True),
        ("a!=x", {"a": "x"}, False),
        ("a!=", {}, False),
        ("a!=", {"a": "x"}, True),
        ("a=~x|y", {"a": "y"}, True),
        ("a=~x.*", {}, False),
        ("a=~.*", {}, True),
        ("a=~|x", {}, True),
        ("a!~x.*", {}, True),
        ("a!~x.*", {"a": "xy"}, False),
        ("a!~.*", {"a": "xy"}, False),
    ],
)
def test_an_absent_label_compares_as_the_empty_text(text: str, labels: dict[str, str], expected: bool) -> None:
    """
    Every operator sees an absent label as the empty text.
    """
    assert compile_matcher(parse_matcher(text))(labels) is expected


@pytest.mark.parametrize("text", ["{}", "{a=x}", "{a=x,b=y}", "{a=x,b=~y.*,c!=z}"])
def test_matchers_that_all_hold_leave_nothing(text: str) -> None:
    """
    Where all matchers hold there is none that fails.
    """
    assert compile_matchers(parse_matchers(text))({"a": "x", "b": "yy" if "~" in text else "y"}) is None


@pytest.mark.parametrize(
    ("text", "labels", "failed"),
    [
        ("{a=x}", {}, 'a="x"'),
        ("{a=x,b=y}", {"a": "x"}, 'b="y"'),
        ("{a=x,b=y}", {}, 'a="x"'),
        ("{a=~x,b!=y,c=z}", {"a": "x", "b": "y"}, 'b!="y"'),
    ],
)
def test_the_first_matcher_that_fails_is_named(text: str, labels: dict[str, str], failed: str) -> None:
    """
    The first matcher that does not hold is what is given back, whatever comes after it.
    """
    assert str(compile_matchers(parse_matchers(text))(labels)) == failed


@pytest.mark.parametrize(
    ("text", "expected"), [('a=~".*"', True), ('a=~".*|x"', True), ('a=~".+"', False), ('a!="x"', False), ('a!~".*"', False)]
)
def test_a_matcher_that_everything_satisfies_is_known(text: str, expected: bool) -> None:
    """
    Only a pattern that takes every value matches everything; being present is a condition.
    """
    assert matches_everything(parse_matcher(text)) is expected


NAMES = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
VALUES = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)


@given(NAMES, st.sampled_from(["=", "!="]), VALUES)
def test_a_written_matcher_is_read_back(name: str, operator: str, value: str) -> None:
    """
    For all names and values, what a matcher is written as is read back as the same matcher, alone and among others.
    """
    matcher = Matcher(name, operator, value)  # type: ignore[arg-type]

    assert parse_matcher(str(matcher)) == matcher
    assert parse_matchers(f"{{{matcher}}}") == (matcher,)


@given(st.text(alphabet="ab={}!~,\\\"\n é'.*(", max_size=14))
def test_any_text_is_a_matcher_or_refused(text: str) -> None:
    """
    For all texts there is a matcher, or a refusal whose place lies in the text; and one matcher alone is one among several.
    """
    error = refusal_of(parse_matcher, text)

    if error is None:
        assert parse_matchers(text) == (parse_matcher(text),)
    else:
        assert 0 <= error.start <= len(text)
        assert error.start < error.end


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["=", "!=", "=~", "!~"]), st.sampled_from(["", "x", "x|y", "x.*"])), max_size=4
    )
)
def test_several_matchers_hold_where_each_does(several: list[tuple[str, str, str]]) -> None:
    """
    For all matchers and labels, the first that fails is the first that fails by itself.
    """
    matchers = tuple(Matcher(*one) for one in several)  # type: ignore[arg-type]
    for labels in ({}, {"a": "x"}, {"a": "x", "b": "xx", "c": "y"}, {"a": "", "b": "z"}):
        failed = [matcher for matcher in matchers if not compile_matcher(matcher)(labels)]

        assert compile_matchers(matchers)(labels) == (failed[0] if failed else None)


@given(VALUES)
def test_equality_is_equality(value: str) -> None:
    """
    For all values, `=` holds for the value itself and `!=` for every other.
    """
    assume(value)

    assert compile_matcher(Matcher("a", "=", value))({"a": value})
    assert compile_matcher(Matcher("a", "!=", value))({"a": value + "x"})
