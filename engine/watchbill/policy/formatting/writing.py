"""From a tree to the text in canonical form.

Rule 1: two blanks for each level, and two for the items of a list below its key.
Rule 2: what was written in brackets stays so while a line of the width holds it and no comment is in it; else it becomes a block.
Rule 3: `---` between documents and nowhere else. At most one empty line in a row, and none where something begins or ends.
Rule 4: a comment stands above what it belongs to, or behind it at the distance at which it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from watchbill.policy.formatting.scalars import in_lines, on_one_line
from watchbill.policy.formatting.tree import Collection, Comment, Document, Entry, File, Scalar

WIDTH: Final = 140
"""How long a line in brackets may be."""

_SETS_ASIDE: Final = re.compile(r"#\s*watchbill:\s*ignore")
_BLOCKS: Final = ("|", ">")
_LONGEST_KEY: Final = 1000
"""Beyond this a key needs a `?` in front of it."""


def written(file: File) -> str:
    """The text of this *file*."""
    lines: list[str] = []
    _put_above(lines, file.loose, 0)
    for position, document in enumerate(file.documents):
        if document.directives:
            lines += ["...", *document.directives] if position else document.directives
        if position or document.directives:
            lines.append("---" + _behind(document.marker))
        lines += _document(document)
    return "".join(f"{line}\n" for line in lines)


def _document(document: Document) -> list[str]:
    lines: list[str] = []
    _put_above(lines, document.before, 0)
    if document.root.properties:
        lines.append(document.root.properties)
    if document.root.entries:
        return _block(document.root, 0, lines)
    lines.append("{}")
    _put_above(lines, document.root.end, 0)
    return lines


def _block(node: Collection, column: int, lines: list[str] | None = None) -> list[str]:
    """The entries of a collection in this *column*, put below the *lines* that are there."""
    lines = [] if lines is None else lines
    for entry in node.entries:
        _raise_comments(entry, column)
        _put_above(lines, entry.before, column)
        if entry.blank:
            _part(lines)
        lines += _entry(entry, column)
    _put_above(lines, node.end, column)
    return lines


def _put_above(lines: list[str], comments: Iterable[Comment], column: int) -> None:
    for comment in comments:
        if comment.blank:
            _part(lines)
        lines.append(" " * column + comment.text)


def _part(lines: list[str]) -> None:
    """Put an empty line at the end, unless something begins there or there is one, which may belong to a text."""
    if lines and lines[-1]:
        lines.append("")


def _behind(comment: Comment | None) -> str:
    return "" if comment is None else comment.gap + comment.text


# --- entries --------------------------------------------------------------------------


def _raise_comments(entry: Entry, column: int) -> None:
    """Put above the *entry* those of its comments that have no place where its value goes."""
    value = entry.value
    if value.style in _BLOCKS if isinstance(value, Scalar) else _bracketed(entry, value, column) is not None:
        entry.before += [*_given(entry.beside), *entry.between]
        entry.beside, entry.between = None, []
    elif isinstance(value, Scalar):
        if entry.beside and not value.source and not value.properties:
            entry.before += _given(entry.behind)
            entry.beside, entry.behind = None, entry.beside
    elif entry.key is None:
        entry.before += _given(entry.behind)
        entry.behind = None
        if not value.properties:
            first = value.entries[0]
            _raise_comments(first, column + 2)
            entry.before += first.before
            first.before = []


def _given(comment: Comment | None) -> list[Comment]:
    return [] if comment is None else [Comment(comment.text)]


def _entry(entry: Entry, column: int) -> list[str]:
    if isinstance(entry.value, Scalar):
        return _scalar(entry, entry.value, column)
    lines = _bracketed(entry, entry.value, column)
    if lines is None:
        return _collection(entry, entry.value, column)
    return [*lines[:-1], lines[-1] + _behind(entry.behind)]


def _head(entry: Entry, column: int) -> list[str]:
    """What stands in front of the value; the last of these lines goes on with it."""
    margin = " " * column
    if entry.key is None:
        return [f"{margin}-"]
    key = on_one_line(entry.key)
    return [f"{margin}? {key}", f"{margin}:"] if len(key) > _LONGEST_KEY else [margin + _as_key(entry.key)]


def _as_key(key: Scalar) -> str:
    return f"{on_one_line(key)} :" if key.style == "*" else f"{on_one_line(key)}:"


def _scalar(entry: Entry, value: Scalar, column: int) -> list[str]:
    """An entry whose value is a scalar: behind its key, or below where it was and a comment or its length asks for it."""
    *above, head = _head(entry, column)
    words = in_lines(value)
    margin = " " * (column + 2)
    rest = [margin + line if line else "" for line in words.rest]
    behind = _behind(entry.behind) + (f" {words.comment}" if words.comment else "")
    is_wide = (value.style not in _BLOCKS and bool(rest)) or len(f"{head} {words.first}") > WIDTH
    if entry.beside or entry.between or (entry.is_below and entry.key is not None and is_wide):
        lines = [head + _behind(entry.beside)]
        _put_above(lines, entry.between, column + 2)
        lines += [margin + words.first, *rest]
    else:
        lines = [f"{head} {words.first}".rstrip(" "), *rest]
    lines[-1] += behind
    return above + lines


def _collection(entry: Entry, value: Collection, column: int) -> list[str]:
    """An entry whose value is a block; that of an item begins on the line of its `-`."""
    *above, head = _head(entry, column)
    body: list[str] = []
    _put_above(body, entry.between, column + 2)
    _block(value, column + 2, body)
    if entry.key is None and not value.properties:
        return [*above, f"{head} {body[0][column + 2 :]}", *body[1:]]
    if entry.beside:
        _put_above(body, _given(entry.behind), column + 2)
    return [*above, f"{head} {value.properties}".rstrip(" ") + _behind(entry.beside or entry.behind), *body]


# --- brackets -------------------------------------------------------------------------


def _bracketed(entry: Entry, value: Collection, column: int) -> list[str] | None:
    """The entry with its *value* in brackets, behind the key or, where it was there and fits better, below; None for a block."""
    text = _in_brackets(value)
    if text is None:
        return None
    *above, head = _head(entry, column)
    # A comment that sets findings of this line aside would be beside them no more if the line were taken apart.
    is_held = any(_SETS_ASIDE.match(comment.text) for comment in (*entry.before[-1:], *_given(entry.behind)))
    if len(f"{head} {text}") <= WIDTH or is_held or not value.entries:
        return [*above, f"{head} {text}"]
    below = " " * (column + 2) + text
    return [*above, head, below] if entry.is_below and len(below) <= WIDTH else None


def _in_brackets(node: Collection) -> str | None:
    """The collection on one line; None where it is a block, or holds a comment."""
    if not node.is_flow or node.end:
        return None
    parts = []
    for entry in node.entries:
        value = on_one_line(entry.value) if isinstance(entry.value, Scalar) else _in_brackets(entry.value)
        if value is None or entry.before or entry.beside or entry.between or entry.behind:
            return None
        parts.append(value if entry.key is None else f"{_as_key(entry.key)} {value}")
    inside = ", ".join(parts)
    return f"{node.properties} {{{inside}}}".lstrip() if node.is_mapping else f"{node.properties} [{inside}]".lstrip()
