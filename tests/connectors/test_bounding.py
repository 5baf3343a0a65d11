"""Results that are small enough to be kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.connectors.bounding import MOST, TooLarge, bounded, cut_text, size_of

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_fits_stays(value: Any):
    """
    A value that is small enough is not touched.
    """
    assert bounded(value) == value


@given(values, st.integers(200, 2000))
def test_what_is_too_large_fits_afterwards(value: Any, most: int):
    """
    Whatever comes back is within the bound and of the same shape at its top, or nothing comes back.
    """
    try:
        result = bounded(value, most)
    except TooLarge:
        return

    assert size_of(result) <= most
    assert type(result) is type(value)


def test_long_texts_go_first():
    """
    Long texts are cut before lists lose anything, and say how much is gone.
    """
    result: Any = bounded({"text": "x" * 200_000, "items": list(range(100))})

    assert result["items"] == list(range(100))
    assert result["text"].endswith("more characters)")
    assert size_of(result) > MOST / 4


def test_long_lists_go_next():
    """
    Of a list with too much in it the beginning stays.
    """
    result: Any = bounded([{"n": number} for number in range(100_000)])

    assert result[0] == {"n": 0}
    assert 0 < len(result) < 100_000


def test_what_has_no_end():
    """
    A mapping with too many keys cannot be cut without becoming something else, and what is nested too deeply cannot be kept.
    """
    deep: Any = []
    for _ in range(5000):
        deep = [deep]

    for value in ({str(number): number for number in range(100_000)}, deep):
        with pytest.raises(TooLarge):
            bounded(value)


def test_a_cut_text():
    """
    A text is cut behind as many characters as there is room for.
    """
    assert cut_text("abcdef", 6) == "abcdef"
    assert json.dumps(cut_text("abcdef", 4), ensure_ascii=False) == '"abcd… (2 more characters)"'
