"""From syntax tree back to text.

What comes out means the same tree again when it is parsed. The grammar has places where parentheses
may stand and places where they may not: behind a dot or a projection the text goes on bare, and there the
tree is such that it needs none.
"""

from __future__ import annotations

import json
import re
from typing import Final

from watchbill.model.references import Json, Node

_BARE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COMPARATORS: Final = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_STRENGTH: Final = {"expref": 0, "pipe": 1, "or_expression": 2, "and_expression": 3, "comparator": 5, "not_expression": 45}
_PROJECTIONS: Final = ("projection", "filter_projection", "value_projection", "flatten")
_ATOM: Final = 100


def unparse(node: Node) -> str:
    """The text of this *node*: the shortest that parses to the same tree, or nearly so."""
    return _expression(node)


def _expression(node: Node) -> str:
    match node.type:
        case "pipe" | "or_expression" | "and_expression" | "comparator":
            strength = _STRENGTH[node.type]
            word = {"pipe": "|", "or_expression": "||", "and_expression": "&&"}.get(node.type) or _COMPARATORS[str(node.value)]
            left, right = node.children
            # a chain of comparisons is legal and never meant: parentheses show how it is read
            return f"{_within(left, strength + (node.type == 'comparator'))} {word} {_within(right, strength + 1)}"
        case "not_expression":
            return "!" + _operand(node.children[0])
        case "expref":
            return "&" + _expression(node.children[0])
        case _:
            return _chain(node, is_bare=False)


def _within(node: Node, least: int) -> str:
    """The text of *node* as part of something that binds with *least*; parentheses where it binds less."""
    text = _expression(node)
    return f"({text})" if _STRENGTH.get(node.type, _ATOM) < least else text


def _operand(node: Node) -> str:
    """What `!` applies to: everything longer than a word or a call stands in parentheses, so that nobody misreads it."""
    text = _expression(node)
    return text if node.type in ("field", "literal", "current", "function_expression", "not_expression") else f"({text})"


def _chain(node: Node, *, is_bare: bool) -> str:
    """A path: a head, then dots, brackets and stars.

    With *is_bare* no parentheses may stand at its head, and the head may be nothing at all.
    """
    match node.type:
        case "field":
            return _name(str(node.value))
        case "literal":
            return _literal(node.value)
        case "current":
            return "@"
        case "identity":
            return ""
        case "function_expression":
            return f"{node.value}({', '.join(_expression(argument) for argument in node.children)})"
        case "multi_select_list":
            parts = [_expression(child) for child in node.children]
            if parts[0].startswith("*"):  # `[*]` alone would be a projection
                parts[0] = f"({parts[0]})"
            return "[" + ", ".join(parts) + "]"
        case "multi_select_dict":
            return "{" + ", ".join(f"{_name(str(pair.value))}: {_expression(pair.children[0])}" for pair in node.children) + "}"
        case "index":
            return f"[{node.value}]"
        case "slice":
            return _slice(node.value)
        case "subexpression":
            return _dotted(node.children, is_bare)
        case "index_expression":
            head, *rest = node.children
            return _bracketed(head, is_bare) + "".join(_chain(child, is_bare=True) for child in rest)
        case "flatten":
            return _head(node.children[0], is_bare, keeps_projection=True) + "[]"
        case "projection":
            return _projection(node, is_bare)
        case "filter_projection":
            base, each, condition = node.children
            return f"{_head(base, is_bare)}[?{_expression(condition)}]{_rest(each)}"
        case "value_projection":
            base, each = node.children
            text = _head(base, is_bare)
            return f"{text}.*{_rest(each)}" if text else f"*{_rest(each)}"
        case _:
            return f"({_expression(node)})"


def _dotted(parts: tuple[Node, ...], is_bare: bool) -> str:
    head, *rest = parts
    text = _head(head, is_bare)
    for place, part in enumerate(rest):
        if place and _is_open(rest[place - 1]) and not is_bare:
            text = f"({text})"
        text += "." + _chain(part, is_bare=True)
    return text


def _projection(node: Node, is_bare: bool) -> str:
    base, rest = node.children
    if base.type == "flatten":
        return _chain(base, is_bare=is_bare) + _rest(rest)
    if base.type == "index_expression" and len(base.children) == 2 and base.children[1].type == "slice":
        return _chain(base, is_bare=is_bare) + _rest(rest)
    return f"{_bracketed(base, is_bare)}[*]{_rest(rest)}"


def _head(node: Node, is_bare: bool, *, keeps_projection: bool = False) -> str:
    """The left side of a path's next part.

    Whatever would go on taking in what follows stands in parentheses: operators, and projections, which apply
    to all that comes behind them. A flattening ends a projection by itself, which *keeps_projection* says.
    """
    text = _chain(node, is_bare=is_bare)
    return f"({text})" if _is_open(node) and not is_bare and not keeps_projection else text


def _is_open(node: Node) -> bool:
    """Whether *node* ends in a projection, which would take in whatever comes behind it."""
    return node.type in _PROJECTIONS or (node.type == "subexpression" and _is_open(node.children[-1]))


def _bracketed(node: Node, is_bare: bool) -> str:
    """The left side of a bracket, which binds more tightly than a dot: behind ``a.b`` it would apply to ``b`` alone."""
    text = _head(node, is_bare)
    return f"({text})" if node.type == "subexpression" and not is_bare else text


def _rest(node: Node) -> str:
    """What a projection applies to each element."""
    if node.type == "identity":
        return ""
    text = _chain(node, is_bare=True)
    starts_with_bracket = text.startswith("[") and node.type != "multi_select_list"
    return text if starts_with_bracket else "." + text


def _name(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name)


def _slice(value: Json) -> str:
    assert isinstance(value, tuple)
    start, stop, step = ("" if part is None else str(part) for part in value)
    return f"[{start}:{stop}:{step}]" if step else f"[{start}:{stop}]"


def _literal(value: Json) -> str:
    if isinstance(value, str) and "\\" not in value:
        return "'" + value.replace("'", "\\'") + "'"
    return "`" + json.dumps(value).replace("`", "\\u0060") + "`"
