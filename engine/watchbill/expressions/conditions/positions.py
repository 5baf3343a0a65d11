"""Where each word of a condition stands: jmespath's trees do not say, its words do.

A tree and its words come in the same order, names with names and literals with literals, but for a filter,
whose condition is written before what it is applied to. Where the two do not fit together nothing is known.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from watchbill.model.references import Node


class Positions:
    """The offsets of a condition's nodes, by identity; a node itself may occur once only in its tree."""

    def __init__(self, text: str, tree: Node) -> None:
        self.text = text
        self._offsets: dict[int, int] = {}
        words = _words(text)
        nodes = list(_named(tree))
        if [_kind(node) for node in nodes] == [kind for kind, _ in words]:
            self._offsets = {id(node): start for node, (_, start) in zip(nodes, words, strict=True)}

    def of(self, node: Node) -> int | None:
        """Where this *node* begins, or the first part of it that is known."""
        found = [self._offsets[id(part)] for part in _named(node) if id(part) in self._offsets]
        return min(found, default=None)

    def is_quoted(self, node: Node) -> bool:
        """Whether the field *node* was written in double quotes."""
        at = self._offsets.get(id(node))
        return at is not None and self.text[at] == '"'

    def loose_texts(self) -> Iterator[tuple[int, str]]:
        """Literals in backticks that are not JSON, and are read as texts all the same: where, and what they say."""
        for token in _tokens(self.text):
            at = token["start"]
            if token["type"] == "literal" and self.text[at] == "`" and isinstance(token["value"], str):
                inside = self.text[at + 1 :].lstrip()
                if not inside.startswith('"'):
                    yield at, token["value"]


def _tokens(text: str) -> list[dict[str, Any]]:
    from jmespath.lexer import Lexer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return [dict(token) for token in Lexer().tokenize(text)]


def _words(text: str) -> list[tuple[str, int]]:
    kinds = {"unquoted_identifier": "name", "quoted_identifier": "name", "literal": "literal"}
    return [(kinds[token["type"]], token["start"]) for token in _tokens(text) if token["type"] in kinds]


def _kind(node: Node) -> str:
    return "literal" if node.type == "literal" else "name"


def _named(node: Node) -> Iterator[Node]:
    """The nodes that are words, in the order in which they are written."""
    if node.type in ("field", "function_expression", "key_val_pair", "literal"):
        yield node
    children = node.children
    if node.type == "filter_projection":
        base, rest, condition = children
        children = (base, condition, rest)
    for child in children:
        yield from _named(child)
