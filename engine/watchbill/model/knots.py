"""Knots of a graph: what leads to each other, directly or through others."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def knots(ways: Mapping[T, Collection[T]]) -> Iterator[tuple[T, ...]]:
    """The nodes that lead to each other by these *ways*, knot by knot, in time that grows with their number.

    A node that leads to itself alone is a knot too. Ways to nodes that have none of their own are passed over.

    Tarjan's algorithm, without recursion: *low* is the earliest node that one leads back to, and what leads back to nothing
    earlier closes a knot.
    """
    number: dict[T, int] = {}
    low: dict[T, int] = {}
    opened: dict[T, None] = {}
    for start in ways:
        path: list[tuple[T, Iterator[T]]] = [] if start in number else [(start, iter(ways[start]))]
        while path:
            node, others = path[-1]
            if node not in number:
                number[node] = low[node] = len(number)
                opened[node] = None
            fresh = _first(others, node, ways, number, low, opened)
            if fresh:
                path.append((fresh[0], iter(ways[fresh[0]])))
                continue
            path.pop()
            if path:
                low[path[-1][0]] = min(low[path[-1][0]], low[node])
            if low[node] == number[node]:
                knot = _closed(node, opened)
                if len(knot) > 1 or node in ways[node]:
                    yield knot


def _first(
    others: Iterator[T], node: T, ways: Mapping[T, Collection[T]], number: Mapping[T, int], low: dict[T, int], opened: Mapping[T, None]
) -> tuple[T, ...]:
    """The next of these *others* that was not looked at before, if any; where one leads back into an open knot, *node* does too."""
    for other in others:
        if other not in ways:
            continue
        if other not in number:
            return (other,)
        if other in opened:
            low[node] = min(low[node], number[other])
    return ()


def _closed(node: T, opened: dict[T, None]) -> tuple[T, ...]:
    """The knot that began with this *node*: all that was opened since. It is open no more."""
    knot: list[T] = []
    while not knot or knot[-1] != node:
        knot.append(opened.popitem()[0])
    return tuple(knot)
