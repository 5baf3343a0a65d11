"""The name somebody probably meant."""

from __future__ import annotations

import pytest

from watchbill.policy.suggest import nearest


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
