from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.expressions.makers import refusal_of
from watchbill.expressions.durations import LONGEST, format_duration, parse_duration
from watchbill.expressions.problems import ExpressionError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("1h30m", 5400),
        ("1d", 86_400),
        ("2w", 1_209_600),
        ("500ms", 0.5),
        ("1y", 31_536_000),
        ("0", 0),
        ("0s", 0),
        ("1m1ms", 60.001),
    ],
)
def test_a_duration_is_read_as_prometheus_reads_it(text: str, seconds: float) -> None:
    """
    Units are those of Prometheus: a week is seven days, a year 365, and a bare 0 is nothing.
    """
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "said", "start"),
    [
        ("", "empty", 0),
        ("5", "`5` has no unit", 0),
        ("1h30", "`30` has no unit", 2),
        ("5x", "no unit `x`", 1),
        ("30m1h", "after a smaller unit", 3),
        ("1h1h", "twice", 2),
        ("-5m", "column 1", 0),
        ("1.5h", "has no unit", 0),
        ("1 h", "has no unit", 0),
        ("h", "column 1", 0),
        ("11y", "longer than ten years", 0),
        ("9" * 500 + "s", "longer than ten years", 0),
    ],
)
def test_what_is_no_duration_is_refused_at_its_place(text: str, said: str, start: int) -> None:
    """
    A refusal says what is wrong, where, and how a duration is written.
    """
    with pytest.raises(ExpressionError, match=said) as caught:
        parse_duration(text)

    assert caught.value.start == start
    assert caught.value.help


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5400, "1h30m"), (0, "0s"), (604_800, "1w"), (864_000, "10d"), (31_536_000, "1y"), (0.5, "500ms"), (0.0001, "0s"), (-90, "-1m30s")],
)
def test_a_duration_is_written_in_its_shortest_form(seconds: float, text: str) -> None:
    """
    Years and weeks are written where nothing is left over; what is below a millisecond is not written.
    """
    assert format_duration(timedelta(seconds=seconds)) == text


@given(st.integers(0, int(LONGEST / timedelta(milliseconds=1))))
def test_a_written_duration_is_read_back(milliseconds: int) -> None:
    """
    For all durations up to the longest, what is written is read back as the same.
    """
    duration = timedelta(milliseconds=milliseconds)

    assert parse_duration(format_duration(duration)) == duration


@given(st.text(alphabet="0123456789ywdhms -.", max_size=12))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    """
    For all texts there is a duration within the bounds, or a refusal inside the text.
    """
    error = refusal_of(parse_duration, text)

    assert 0 <= error.start <= len(text) if error else timedelta(0) <= parse_duration(text) <= LONGEST
