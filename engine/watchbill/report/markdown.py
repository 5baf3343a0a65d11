"""Pieces of Markdown in which text from outside stays text.

A label must not open a link, a table cell, a tag, or call a person: GitHub turns ``@name`` and ``#12`` into mentions even
where they are escaped, so a zero-width space stands in between.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from watchbill.report.plain import plain

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]|~<>&$]|^[-+=#]|^\d+[.)])")
"""What acts anywhere in a line, and what acts at its beginning."""

_ENTITIES: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_MENTION: Final = re.compile(r"(@|#)(?=\w)")
_SEPARATOR: Final = "\u200b"


def escape(text: str) -> str:
    """The *text* as running text of Markdown, on one line, with nothing in it that acts."""
    escaped = _SPECIAL.sub(lambda found: _ENTITIES.get(found[1], found[1][:-1] + "\\" + found[1][-1]), plain(text))
    return _MENTION.sub(r"\1" + _SEPARATOR, escaped)


def code(text: str, *, cell: bool = False) -> str:
    """The *text* as a code span; in a table's *cell* its bars are escaped as well. Nothing for no text."""
    said = plain(text)
    if not said:
        return ""
    longest = max((len(run) for run in re.findall("`+", said)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if said[0] == "`" or said[-1] == "`" else ""
    return f"{fence}{pad}{said.replace('|', chr(92) + '|') if cell else said}{pad}{fence}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table; columns that are empty in every row are left out. The cells are Markdown already."""
    used = [number for number in range(len(head)) if any(row[number] for row in rows)]
    if not rows or not used:
        return []
    return [
        _row([head[number] for number in used]),
        _row(["---"] * len(used)),
        *(_row([row[number] for number in used]) for row in rows),
    ]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
