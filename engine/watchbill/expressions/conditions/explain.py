"""Why a condition does not hold: the first part of it that fails, and what was seen there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from watchbill.expressions.conditions.generate import compile_condition, compile_value
from watchbill.expressions.conditions.unparse import unparse
from watchbill.expressions.problems import EvaluationError
from watchbill.model.references import Condition, Json, Node

_WIDEST: Final = 120


def explain_condition(condition: Condition, context: Mapping[str, Any]) -> tuple[bool, str, str]:
    """Whether this *condition* holds in a *context*, and if not: the first part that fails, and what was seen.

    Of a chain of ``&&`` the part is the first that is not true; of anything else it is the whole. What was seen is the
    value of the part's left side as compact JSON, or why the part could not be worked out. Both are empty where it holds.
    """
    if compile_condition(condition)(context):
        return True, "", ""
    for part in _conjuncts(condition.tree):
        alone = _part(part, condition)
        if not compile_condition(alone)(context):
            return False, alone.text, _seen(part, condition, context)
    # a part that breaks further right makes the whole break, and each part before it holds: it was met above
    return False, condition.text, _seen(condition.tree, condition, context)


def _part(node: Node, whole: Condition) -> Condition:
    return Condition(unparse(node), node, whole.place)


def _conjuncts(node: Node) -> Iterator[Node]:
    if node.type == "and_expression":
        for child in node.children:
            yield from _conjuncts(child)
    else:
        yield node


def _seen(part: Node, whole: Condition, context: Mapping[str, Any]) -> str:
    """The value that decided: of the left side, or of all left sides where any would have done."""
    if part.type == "or_expression":
        seen = [_seen(child, whole, context) for child in part.children]
        return _short(", ".join(dict.fromkeys(text for text in seen if text)))
    try:
        compile_value(_part(part, whole))(context)
        return _compact(compile_value(_part(_telling(part), whole))(context))
    except EvaluationError as error:
        return _short(error.message)


def _telling(node: Node) -> Node:
    """The part of *node* whose value says most: not what is written out in it, and not the outcome itself."""
    if node.type == "not_expression":
        return _telling(node.children[0])
    if node.type in ("comparator", "function_expression"):
        told = [child for child in node.children if not _is_written(child) and child.type != "expref"]
        return told[0] if told else node
    return node


def _is_written(node: Node) -> bool:
    if node.type == "literal":
        return True
    return node.type == "multi_select_list" and all(_is_written(child) for child in node.children)


def _compact(value: Json) -> str:
    return _short(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
