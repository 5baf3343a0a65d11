"""Which conditions are counted while they run, and how much stands in the part of one that runs for each element.

A condition without loops, functions that go through values, and lists of what is not written out is bounded by its text, and by what
it is asked of: it runs uncounted.
"""

from __future__ import annotations

from typing import Final

from watchbill.expressions.budget import FUNCTION_STEPS
from watchbill.model.references import Node

_PLAIN_CALLS: Final = ("contains", "starts_with", "ends_with", "length", "weekday", "hour", "in_interval", "not_null", "type")
_REPEATING: Final = (
    "multi_select_list",
    "multi_select_dict",
    "projection",
    "value_projection",
    "filter_projection",
    "flatten",
    "slice",
    "expref",
)
_TIMES: Final = ("weekday", "hour", "in_interval")


def is_costly(node: Node) -> bool:
    """Whether what comes of this *node* may be more than its text and the values that it is given."""
    if node.type in _REPEATING and not is_written_list(node):
        return True
    if node.type == "function_expression" and node.value not in _PLAIN_CALLS:
        return True
    return any(is_costly(child) for child in node.children)


def is_written_list(node: Node) -> bool:
    """Whether this *node* is a list of values that are written out."""
    return node.type == "multi_select_list" and all(child.type == "literal" for child in node.children)


def weight_of(node: Node) -> int:
    """How many steps it takes to work this *node* out once."""
    own = 1
    if node.type == "function_expression":
        own += FUNCTION_STEPS * (3 if node.value in _TIMES else 1)
    elif node.type in ("multi_select_list", "multi_select_dict"):
        own += 2
    return own + sum(weight_of(child) for child in node.children)
