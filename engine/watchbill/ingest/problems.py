"""One thing that is wrong in what was sent, and how it is said: what was expected, what came, where, and what to do."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from watchbill.errors import Place, UserError

_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Problem(Exception):
    """One thing that is wrong, at a *path* in the document, or at a *place* in its text (an index into the bytes)."""

    def __init__(self, expected: str, got: str, help: str, path: str = "", place: int | None = None) -> None:
        super().__init__(expected)
        self.expected, self.got, self.help, self.path, self.place = expected, got, help, path, place


def as_error(problem: Problem, text: bytes, file: str) -> UserError:
    """The error that says this *problem* of *text* to a person; it is not raised here."""
    path = f" at `{problem.path}`" if problem.path else ""
    place = Place(file)
    if problem.place is not None:
        before = text[: problem.place].decode(errors="replace")
        place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
    return UserError(f"expected {problem.expected}, got {problem.got}{path}", problem.help, rule="bad-payload", place=place)


def kind_of(value: Any) -> str:
    """The word for what a *value* of a document is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    for type_, word in ((str, "text"), (int | float, "a number"), (list, "a list")):
        if isinstance(value, type_):
            return word
    return "an object"


def at(path: str, name: str) -> str:
    """The path to the value called *name* in the object at *path*."""
    if not _PLAIN_NAME.fullmatch(name):
        return f"{path}[{json.dumps(short(name), ensure_ascii=False)}]"
    return f"{path}.{short(name)}" if path else short(name)


def short(text: str) -> str:
    """The beginning of a *text*, at most forty characters."""
    return text if len(text) <= 40 else text[:39] + "…"
