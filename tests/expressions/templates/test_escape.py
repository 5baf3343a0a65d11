from __future__ import annotations

import html
import json
import subprocess
import sys
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.expressions.matchers import parse_matcher
from watchbill.expressions.templates import ESCAPES, Escaping, TemplateRefused, escape
from watchbill.expressions.templates.escape import shown

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)


@pytest.mark.parametrize(
    ("how", "text", "expected"),
    [
        ("none", 'a"<b>\n-', 'a"<b>\n-'),
        ("promql", 'a"b\\c\nd', 'a\\"b\\\\c\\nd'),
        ("html", "<a href='x'>&\"", "&lt;a href=&#x27;x&#x27;&gt;&amp;&quot;"),
        ("mrkdwn", "<!channel> & <https://example.com|x>", "&lt;!channel&gt; &amp; &lt;https://example.com|x&gt;"),
        ("header", "one\r\nBcc: two\x00", "one Bcc: two"),
        ("url", "a b/c?d=e&f é", "a%20b%2Fc%3Fd%3De%26f%20%C3%A9"),
        ("argv", "web-1", "web-1"),
        ("argv", "", ""),
    ],
)
def test_a_text_is_made_safe_for_where_it_goes(how: Escaping, text: str, expected: str) -> None:
    """
    Each place has its own escaping.
    """
    assert escape(text, how) == expected


@pytest.mark.parametrize("text", ["-rf", "--help", "a\0b"])
def test_what_a_command_would_misread_is_refused(text: str) -> None:
    """
    A word of a command is no option and holds no null character.
    """
    with pytest.raises(TemplateRefused):
        escape(text, "argv")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", "x"),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (0.5, "0.5"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        (["é"], '["é"]'),
        (None, "null"),
    ],
)
def test_a_value_is_shown_as_json_has_it(value: object, expected: str) -> None:
    """
    A text is shown as it is, everything else as JSON.
    """
    assert shown(value) == expected


@given(TEXTS)
def test_escaped_text_says_the_same(text: str) -> None:
    """
    For all texts, whoever reads the escaped text in its place reads the text.
    """
    assert json.loads('"' + escape(text.replace("\t", ""), "promql") + '"', strict=False) == text.replace("\t", "")
    assert html.unescape(escape(text, "html")) == html.unescape(text) or "&" in text
    assert unquote(escape(text, "url")) == text


@given(TEXTS)
def test_escaped_text_stays_where_it_is(text: str) -> None:
    """
    For all texts, the escaped text neither closes a string, opens a tag, begins a line nor ends a part of a URL.
    """
    matcher = parse_matcher(f'service="{escape(text, "promql")}"')

    assert (matcher.name, matcher.operator, matcher.value) == ("service", "=", text)
    assert not set("<>\"'") & set(escape(text, "html"))
    assert not set("<>") & set(escape(text, "mrkdwn"))
    assert len(escape(text, "header").splitlines()) <= 1
    assert not set("/?#& :@") & set(escape(text, "url"))


@given(TEXTS)
def test_a_word_of_a_command_arrives_as_it_is(text: str) -> None:
    """
    For all texts, what is not refused is no option.
    """
    try:
        assert escape(text, "argv") == text
        assert not text.startswith("-")
    except TemplateRefused:
        assert text.startswith("-") or "\0" in text


@given(st.text())
def test_half_characters_break_nothing(text: str) -> None:
    """
    For all texts, whole or not, escaping gives a text or a refusal.
    """
    for how in ESCAPES:
        try:
            assert isinstance(escape(text, how), str)
        except TemplateRefused:
            assert how == "argv"


def test_a_real_command_reads_it_as_a_word() -> None:
    """
    What is not refused comes out of a command as it went in.
    """
    done = subprocess.run(
        [sys.executable, "-c", "import sys; print(sys.argv[1])", escape("a b;$(c)", "argv")], capture_output=True, text=True, check=True
    )

    assert done.stdout == "a b;$(c)\n"
