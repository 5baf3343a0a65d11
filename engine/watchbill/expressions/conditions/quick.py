"""The functions of a condition that Python has as well, and does at once."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from watchbill.model.references import Node


@dataclass(frozen=True, slots=True)
class Quick:
    """A function that Python has as well, for a first argument of one of these *kinds*.

    A second one has to be written out; with *is_textual* it has to be a text.
    """

    arguments: int
    kinds: tuple[str, ...]
    build: Callable[[ast.expr, list[ast.expr]], ast.expr]
    is_textual: bool = False

    def takes(self, arguments: tuple[Node, ...]) -> bool:
        """Whether a call with these *arguments* can be made so."""
        written = [part.type == "literal" and (isinstance(part.value, str) or not self.is_textual) for part in arguments[1:]]
        return len(arguments) == self.arguments and all(written)


def _method(name: str) -> Callable[[ast.expr, list[ast.expr]], ast.expr]:
    return lambda first, rest: ast.Call(ast.Attribute(first, name, ast.Load()), rest, [])


QUICK: Final[dict[str, Quick]] = {
    "contains": Quick(2, ("list", "str"), lambda first, rest: ast.Compare(rest[0], [ast.In()], [first])),
    "starts_with": Quick(2, ("str",), _method("startswith"), is_textual=True),
    "ends_with": Quick(2, ("str",), _method("endswith"), is_textual=True),
    "length": Quick(1, ("list", "str", "dict"), lambda first, rest: ast.Call(ast.Name("len", ast.Load()), [first], [])),
}
"""Each by its name."""
