"""The rules of the language as `docs/reference/language.md` lists them: what the tests of `tests/language` say of themselves.

A rule stands on the page because a test holds it, and in no other way.
"""

from __future__ import annotations

import ast
import re
import textwrap
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "reference" / "language.md"
TESTS: Final = ROOT / "tests" / "language"

_PART: Final = re.compile(r"^# --- (.+?) -+$")


def rules_of(name: str) -> str:
    """The rules of one part, as a list: ``labels`` for a module of tests, ``incident: silences`` for a part of one."""
    module, _, part = name.partition(": ")
    return "".join(
        textwrap.fill(f"- {rule}", 140, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False) + "\n"
        for rule in parts(module)[part]
    )


@cache
def parts(module: str) -> dict[str, list[str]]:
    """The sentences of a module's tests, in their order, by the comment that they stand under; "" for those before the first."""
    text = (TESTS / f"test_{module}.py").read_text(encoding="utf-8")
    headings = [(number, found[1]) for number, line in enumerate(text.splitlines(), 1) if (found := _PART.match(line))]
    found_parts: dict[str, list[str]] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            part = next((title for number, title in reversed(headings) if number < node.lineno), "")
            found_parts.setdefault(part, []).append(" ".join((ast.get_docstring(node) or "").split()))
    return found_parts


def names() -> list[str]:
    """Every part there is, under the name by which the page asks for it."""
    modules = sorted(path.stem.removeprefix("test_") for path in TESTS.glob("test_*.py"))
    return [f"{module}: {part}" if part else module for module in modules for part in parts(module)]
