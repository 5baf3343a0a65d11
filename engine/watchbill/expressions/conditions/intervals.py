"""Which time intervals a condition asks for, by the names it gives to `in_interval()`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from watchbill.model.references import Condition, Node

FUNCTION: Final = "in_interval"


def interval_names(condition: Condition) -> tuple[str, ...]:
    """The names of the intervals that this *condition* asks for, each once and in order."""
    return tuple(dict.fromkeys(_names(condition.tree))) if FUNCTION in condition.text else ()


def _names(node: Node) -> Iterator[str]:
    if node.type == "function_expression" and node.value == FUNCTION and node.children:
        first = node.children[0]
        if first.type == "literal" and isinstance(first.value, str):
            yield first.value
    for child in node.children:
        yield from _names(child)
