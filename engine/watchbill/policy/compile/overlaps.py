"""Policies that are equally specific, and that one alert may match both of.

Rule 1: two are apart where their matchers prove it: different values of one label, a value that the other's pattern does not take, or
patterns that are choices of different words. Everything else may meet.
Rule 2: a condition or an interval proves nothing, so two policies that differ in these are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from watchbill.expressions.matchers import compile_matchers, matches_everything
from watchbill.expressions.patterns import literal_alternatives
from watchbill.model.labels import Matcher
from watchbill.model.policies import Selector
from watchbill.policy.compile.draft import Draft

_LOOKED_AT: Final = 64
"""How many policies one is compared with that share its values and may still be apart; there is no end to those of a machine."""

Implied: TypeAlias = Callable[[str], dict[str, str]]
"""The labels that every alert of a service has."""


class _Rival(NamedTuple):
    """A policy with the labels that it pins down, and its other matchers."""

    position: int
    draft: Draft
    pinned: dict[str, str]
    others: tuple[Matcher, ...]


def meeting(rivals: Sequence[tuple[Draft, Selector]], implied: Implied) -> Iterator[tuple[Draft, Draft]]:
    """Each of these policies, all of one scope, that may meet an earlier one between which and it only the names decide."""
    groups: dict[tuple[object, ...], list[_Rival]] = {}
    for position, (draft, chosen) in enumerate(rivals):
        rival = _rival(position, draft, chosen, implied)
        when = chosen.when.text if chosen.when else None
        during = chosen.during.name if chosen.during else None
        equalities = sum(1 for each in chosen.match if each.operator == "=")
        others = sum(1 for each in chosen.match if each.operator != "=" and not matches_everything(each))
        groups.setdefault((chosen.priority, equalities, others, when, during), []).append(rival)
    for group in groups.values():
        found = _earliest(group)
        for rival in group:
            if rival.position in found:
                yield rival.draft, found[rival.position].draft


def _rival(position: int, draft: Draft, chosen: Selector, implied: Implied) -> _Rival:
    pinned = {each.name: each.value for each in chosen.match if each.operator == "="}
    if "service" in pinned:
        pinned = implied(pinned["service"]) | pinned
    return _Rival(position, draft, pinned, tuple(each for each in chosen.match if each.operator != "="))


def _earliest(group: Sequence[_Rival]) -> dict[int, _Rival]:
    """By its position, for each that meets an earlier one: the earliest of those it was compared with."""
    by_labels: dict[tuple[str, ...], list[_Rival]] = {}
    for rival in group:
        by_labels.setdefault(tuple(sorted(rival.pinned)), []).append(rival)
    found: dict[int, _Rival] = {}
    for names, some in by_labels.items():
        for other_names, others in by_labels.items():
            shared = [name for name in names if name in other_names]
            by_values: dict[tuple[str, ...], list[_Rival]] = {}
            for other in others:
                by_values.setdefault(tuple(other.pinned[name] for name in shared), []).append(other)
            for rival in some:
                near = by_values.get(tuple(rival.pinned[name] for name in shared), ())
                for other in near[:_LOOKED_AT]:
                    if other.position >= rival.position:
                        break
                    if _may_meet(rival, other):
                        if rival.position not in found or other.position < found[rival.position].position:
                            found[rival.position] = other
                        break
    return found


def _may_meet(one: _Rival, other: _Rival) -> bool:
    """Whether an alert may match both, which agree in the labels that both pin down."""
    pinned = one.pinned | other.pinned
    for matcher in (*one.others, *other.others):
        if matcher.name in pinned and _failing(matcher)({matcher.name: pinned[matcher.name]}) is not None:
            return False
    for matcher in one.others:
        for another in other.others:
            if matcher.name == another.name and _are_apart(matcher, another):
                return False
    return True


def _are_apart(one: Matcher, other: Matcher) -> bool:
    """Whether no value is taken by both, for two patterns that are choices of words, or a matcher and what denies it."""
    if {one.operator, other.operator} in ({"=~", "!~"}, {"=", "!="}) and one.value == other.value:
        return True
    words, other_words = _words(one), _words(other)
    if words is not None and other_words is not None:
        return words.isdisjoint(other_words)
    return any(_refuses(matcher, some) for some, matcher in ((words, other), (other_words, one)) if some is not None)


def _refuses(matcher: Matcher, words: frozenset[str]) -> bool:
    failing = _failing(matcher)
    return all(failing({matcher.name: word}) is not None for word in words)


@lru_cache(maxsize=4096)
def _failing(matcher: Matcher) -> Callable[[Mapping[str, str]], Matcher | None]:
    return compile_matchers((matcher,))


@lru_cache(maxsize=4096)
def _words(matcher: Matcher) -> frozenset[str] | None:
    words = literal_alternatives(matcher.value) if matcher.operator == "=~" else None
    return None if words is None else frozenset(words)
