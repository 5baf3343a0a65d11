"""Which matchers of which documents were seen to hold and to fail, whatever number of documents there is.

Matchers are asked in order, and those behind the first that fails are not asked. Documents that begin with the same
matchers share them here, and of the equalities of one label a look at its value finds the one that holds: an alert is
looked at as often as documents begin differently, not as often as there are documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from watchbill.expressions.matchers import compile_matchers
from watchbill.model.labels import Labels, Matcher

Seen: TypeAlias = tuple[str, bool, bool]
"""A matcher as it is written, whether it was seen to hold, and whether to fail."""


class _Node:
    """A matcher behind those before it, and all that stand behind it."""

    __slots__ = ("behind", "equalities", "has_failed", "has_held", "others", "unfailed")

    def __init__(self) -> None:
        self.has_held = False
        self.has_failed = False
        self.behind: dict[Matcher, _Node] = {}
        self.equalities: dict[str, dict[str, _Node]] = {}
        self.unfailed: dict[str, dict[str, _Node]] = {}
        self.others: list[tuple[Callable[[Labels], Matcher | None], _Node]] = []

    def add(self, matcher: Matcher) -> _Node:
        """The node of this *matcher* behind this one; of matchers that are the same there is one."""
        node = self.behind.get(matcher)
        if node is None:
            node = self.behind[matcher] = _Node()
            if matcher.operator == "=":
                self.equalities.setdefault(matcher.name, {})[matcher.value] = node
                self.unfailed.setdefault(matcher.name, {})[matcher.value] = node
            else:
                self.others.append((compile_matchers((matcher,)), node))
        return node

    def look(self, labels: Labels) -> Iterator[_Node]:
        """The nodes right behind this one whose matchers hold for these *labels*; those that fail are remembered."""
        for name, by_value in self.equalities.items():
            value = labels.get(name, "")
            holds = by_value.get(value)
            waiting = self.unfailed[name]
            if waiting and (len(waiting) > 1 or value not in waiting):
                # Each fails for the first time once only, so that all of this together costs no more than there are matchers.
                for node in waiting.values():
                    node.has_failed = node.has_failed or node is not holds
                self.unfailed[name] = {value: holds} if holds is not None and not holds.has_failed else {}
            if holds is not None:
                yield holds
        for fails, node in self.others:
            if fails(labels) is None:
                yield node
            else:
                node.has_failed = True


class MatchersSeen:
    """What matchers were seen to be. Make it with all that are to be watched, let it `look`, and then ask what was `seen`."""

    def __init__(self, groups: Iterable[tuple[Matcher, ...]]) -> None:
        self._first = _Node()
        for group in groups:
            node = self._first
            for matcher in group:
                node = node.add(matcher)

    def look(self, labels: Labels) -> None:
        """Ask all matchers of these *labels*."""
        nodes = [self._first]
        while nodes:
            for node in nodes.pop().look(labels):
                node.has_held = True
                nodes.append(node)

    def seen(self, group: tuple[Matcher, ...]) -> Iterator[Seen]:
        """What each matcher of this *group* was seen to be."""
        behind: Mapping[Matcher, _Node] = self._first.behind
        for matcher in group:
            node = behind[matcher]
            yield str(matcher), node.has_held, node.has_failed
            behind = node.behind
