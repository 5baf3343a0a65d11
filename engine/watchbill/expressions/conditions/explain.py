"""Why a condition does not hold: the first part of it that fails, and what was seen there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from watchbill.errors import Place
from watchbill.expressions.conditions.generate import Key, compile_condition, compile_value
from watchbill.expressions.conditions.unparse import unparse
from watchbill.expressions.problems import EvaluationError
from watchbill.model.references import Condition, Json, Node

_WIDEST: Final = 120
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


def explain_condition(condition: Condition, context: Mapping[str, Any]) -> tuple[bool, str, str]:
    """Whether this *condition* holds in a *context*, and if not: the first part that fails, and what was seen.

    Of a chain of ``&&`` the part is the first that is not true; of anything else it is the whole. What was seen is the
    value of the part's left side as compact JSON, or why the part could not be worked out. Both are empty where it holds.
    """
    if compile_condition(condition)(context):
        return True, "", ""
    for part in _parts(Key(condition)):
        if not compile_condition(part)(context):
            return False, part.text, _seeing(Key(part))(context)
    # a part that breaks further right makes the whole break, and each part before it holds: it was met above
    return False, condition.text, _seeing(Key(condition))(context)


@lru_cache(maxsize=4096)
def _parts(key: Key) -> tuple[Condition, ...]:
    """The parts of a chain of ``&&``, each a condition of its own."""
    return tuple(_part(node, key) for node in _conjuncts(key.tree))


def _part(node: Node, whole: Key) -> Condition:
    return Condition(unparse(node), node, Place(""), whole.intervals)


def _conjuncts(node: Node) -> Iterator[Node]:
    if node.type == "and_expression":
        for child in node.children:
            yield from _conjuncts(child)
    else:
        yield node


@lru_cache(maxsize=4096)
def _seeing(part: Key) -> Callable[[Mapping[str, Any]], str]:
    """What gives the value that decided: of the left side, or of all left sides where any would have done."""
    if part.tree.type == "or_expression":
        every = [_seeing(Key(_part(child, part))) for child in part.tree.children]
        return lambda context: _short(", ".join(dict.fromkeys(text for sees in every if (text := sees(context)))))
    value = compile_value(_part(part.tree, part))
    told = compile_value(_part(_telling(part.tree), part))

    def seen(context: Mapping[str, Any]) -> str:
        try:
            value(context)
            return _compact(told(context))
        except EvaluationError as error:
            return _short(error.message)

    return seen


def _telling(node: Node) -> Node:
    """The part of *node* whose value says most: not what is written out in it, and not the outcome itself."""
    if node.type == "not_expression":
        return _telling(node.children[0])
    if node.type == "function_expression" and node.value == "in_interval" and len(node.children) == 1:
        return Node("field", "now")
    if node.type in ("comparator", "function_expression"):
        told = [child for child in node.children if not _is_written(child) and child.type != "expref"]
        return told[0] if told else node
    return node


def _is_written(node: Node) -> bool:
    if node.type == "literal":
        return True
    return node.type == "multi_select_list" and all(_is_written(child) for child in node.children)


def _compact(value: Json) -> str:
    """The beginning of the *value* as JSON; no more of it is worked out, since a value may hold one list many times over."""
    texts: list[str] = []
    length = 0
    try:
        for text in _JSON.iterencode(value):
            texts.append(text)
            length += len(text)
            if length > _WIDEST:
                break
    except RecursionError:
        texts.append("…")
    return _short("".join(texts))


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
