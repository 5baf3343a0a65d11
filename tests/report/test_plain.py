"""Text from outside cannot act on a terminal, and is as wide as we say."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.report.plain import columns, first_line, plain


@given(st.text(st.characters()))
def test_nothing_that_acts_is_left(text):
    """
    Whatever the text, what is shown holds no control character, no line end and no turn of direction.
    """
    shown = plain(text)

    assert not {unicodedata.category(each) for each in shown if each not in "\u200c\u200d"} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert plain(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("up\x9b1A", "up\\x9b1A"),
        ("abc\u202edcba", "abc\\u202edcba"),
        ("two\r\nlines\tand  more ", "two lines and more"),
        ("lone \ud800 half", "lone \\ud800 half"),
        ("Zoë, 東京, 👩\u200d🔧", "Zoë, 東京, 👩\u200d🔧"),
    ],
)
def test_what_acts_is_written_out(text, shown):
    """
    Escapes, ends of lines and halves of characters are written out; what people write with stays as it is.
    """
    assert plain(text) == shown


def test_the_first_line_that_says_anything():
    """
    Of a text of many lines the first one that is not blank is shown.
    """
    assert first_line("\n  \nPayments are slow\nNext update soon") == "Payments are slow"
    assert first_line(" \n") == ""


@pytest.mark.parametrize(("text", "wide"), [("abc", 3), ("東京", 4), ("e\u0301", 1), ("", 0)])
def test_columns_are_those_of_the_terminal(text, wide):
    """
    A wide character takes two columns and a combining one none.
    """
    assert columns(text) == wide
