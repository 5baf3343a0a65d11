"""Which policies an alert could concern, without looking at them all.

Each policy stands under one *access key*: the equality of its matchers that fewest policies share (a pattern that
is a plain choice of words counts as that many equalities). Looking up the labels of an alert then gives every
policy that could match it, and few others; what has no such key is always a candidate. The index only ever
leaves out what cannot match: `tests/laws` holds it against a scan of everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from watchbill.expressions.patterns import literal_alternatives
from watchbill.model.labels import Labels, Matcher

Key: TypeAlias = tuple[str, str]


class Index:
    """The access keys of a sequence of matcher lists, by position."""

    __slots__ = ("_always", "_keyed")

    def __init__(self, matchers: Sequence[Sequence[Matcher]]) -> None:
        choices = [tuple(_choices(group)) for group in matchers]
        shared = Counter(key for group in choices for keys in group for key in keys)
        always: list[int] = []
        keyed: dict[str, dict[str, list[int]]] = {}
        for position, group in enumerate(choices):
            if not group:
                always.append(position)
                continue
            for name, value in min(group, key=lambda keys: sum(shared[key] for key in keys)):
                keyed.setdefault(name, {}).setdefault(value, []).append(position)
        self._always = tuple(always)
        self._keyed = keyed

    def candidates(self, labels: Labels) -> list[int]:
        """The positions of all that could match these *labels*, in order, each once."""
        found = list(self._always)
        keyed = self._keyed
        for name in keyed if len(keyed) < len(labels) else labels:
            by_value = keyed.get(name)
            if by_value is not None:
                found += by_value.get(labels.get(name, ""), ())
        found.sort()
        return found


def _choices(group: Sequence[Matcher]) -> Iterator[tuple[Key, ...]]:
    """For each matcher that demands one of a few values: those label values, of which an alert has at most one.

    A demand that the empty string meets cannot be looked up, since an absent label meets it too.
    """
    for matcher in group:
        if matcher.is_equality:
            yield ((matcher.name, matcher.value),)
        elif matcher.operator == "=~":
            words = literal_alternatives(matcher.value)
            if words is not None and "" not in words:
                yield tuple((matcher.name, word) for word in dict.fromkeys(words))
