"""Which matchers were seen to hold and to fail."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.test_decide_laws import GROUPS, LABELS
from tests.makers import a_matcher
from watchbill.expressions.matchers import compile_matchers
from watchbill.verify.matching import MatchersSeen


def group(*texts: str) -> tuple[Any, ...]:
    return tuple(a_matcher(text) for text in texts)


def test_matchers_behind_the_first_that_fails_are_not_asked() -> None:
    """
    What stands behind the first matcher that fails was seen neither way, until an alert gets that far.
    """
    these = group('service="checkout"', 'severity=~"critical|warning"', 'env="prod"')
    seen = MatchersSeen([these])
    seen.look({"service": "search", "env": "prod"})
    seen.look({"service": "checkout", "severity": "info"})

    assert list(seen.seen(these)) == [
        ('service="checkout"', True, True),
        ('severity=~"critical|warning"', False, True),
        ('env="prod"', False, False),
    ]


@given(GROUPS, st.lists(LABELS, max_size=6))
@settings(max_examples=200)
def test_it_sees_what_asking_each_document_sees(groups: list[list[Any]], several: list[dict[str, str]]) -> None:
    """
    For all documents and alerts, what was seen is what asking each document, matcher by matcher, shows.
    """
    documents = [tuple(matchers) for matchers in groups]
    seen = MatchersSeen(documents)
    for labels in several:
        seen.look(labels)

    for matchers in documents:
        expected = []
        for number, matcher in enumerate(matchers):
            asked = [labels for labels in several if compile_matchers(matchers[:number])(labels) is None]
            fails = [compile_matchers((matcher,))(labels) is not None for labels in asked]
            expected.append((str(matcher), False in fails, True in fails))
        assert list(seen.seen(matchers)) == expected
