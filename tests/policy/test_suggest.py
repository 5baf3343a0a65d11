"""The name somebody probably meant."""

from __future__ import annotations

import pytest

from watchbill.policy.suggest import bounded, nearest


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("paymnets-primary", ["payments-primary", "search-primary"], "payments-primary"),
        ("triage", ["Team", "Triage"], "Triage"),
        ("colect", ["collect", "collectors"], "collect"),
        ("quite-another", ["payments", "search"], None),
        ("", ["payments"], None),
        ("a", [], None),
    ],
)
def test_the_nearest_name_is_suggested(word: str, known: list[str], meant: str | None) -> None:
    """
    A slip of a letter or two leads to the name that was meant; where none is close, none is suggested.
    """
    assert nearest(word, known) == meant


def test_a_suggestion_does_not_depend_on_order() -> None:
    """
    Of equally close names the same one is suggested, in whatever order they are known.
    """
    assert nearest("team-c", ["team-b", "team-a"]) == nearest("team-c", ["team-a", "team-b"])


def test_suggestions_come_to_an_end() -> None:
    """
    Whoever sets a bound gets suggestions until it is reached, and then none; outside it nothing is bounded.
    """
    names = [f"name-{number}" for number in range(100)]
    with bounded(350):
        found = [nearest("nmae-1", names) for _ in range(5)]

    assert found == ["name-1"] * 4 + [None]
    assert nearest("nmae-1", names) == "name-1"


def test_what_is_too_long_for_a_name_has_no_nearest() -> None:
    """
    A text of hundreds of letters is no slip of the pen, and costs nothing.
    """
    assert nearest("a" * 500, ["a" * 499]) is None
