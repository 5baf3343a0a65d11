"""Lines that fit a width: words wrapped, places at the right, columns that become a list where there is no room.

Nothing is ever cut off. A word that is wider than the whole line stands on a line of its own and is left to the terminal,
so that a path can still be copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from watchbill.report.paint import Line, Span, line
from watchbill.report.plain import columns

MEASURE: Final = 100
"""Wider than this the eye loses the line, so a wide window is not filled."""

ROOMY: Final = 72
"""From this width on places stand at the right edge; below it they stand where the eye already is, at the left."""

GAP: Final = 2

COLUMN: Final = 30
"""A last column narrower than this reads badly, so it goes on a row of its own."""


def width_of(spans: Line) -> int:
    """How many columns the line takes."""
    return sum(columns(span.text) for span in spans)


def indented(spans: Line, indent: int) -> Line:
    """The line, *indent* columns further in."""
    return (Span(" " * indent), *spans) if indent else spans


# --- words ------------------------------------------------------------------------------


class _Word(NamedTuple):
    """Spans without a space between them, and how many spaces stand before."""

    spans: list[Span]
    before: int


def wrap(spans: Line, width: int, first: int = 0, hanging: int | None = None) -> list[Line]:
    """The line broken at spaces to fit *width*; the first row indented by *first*, the others by *hanging*."""
    rest = first if hanging is None else hanging
    rows: list[Line] = []
    current: list[Span] = []
    used = first
    for word in _words(spans):
        size = width_of(tuple(word.spans))
        if current and used + word.before + size > width:
            rows.append(indented(tuple(current), rest if rows else first))
            current, used = [], rest
        if current and word.before:
            current.append(Span(" " * word.before))
            used += word.before
        current.extend(word.spans)
        used += size
    if current:
        rows.append(indented(tuple(current), rest if rows else first))
    return rows


def _words(spans: Line) -> list[_Word]:
    words: list[_Word] = []
    blanks = 0
    for span in spans:
        for number, piece in enumerate(span.text.split(" ")):
            blanks += number > 0
            if not piece:
                continue
            if blanks or not words:
                words.append(_Word([], blanks))
            words[-1].spans.append(Span(piece, span.style))
            blanks = 0
    return words


def flow(parts: Sequence[Line], width: int, first: int = 0, hanging: int | None = None, *, dotted: bool = False) -> list[Line]:
    """The *parts* that are not empty, one after another with a dot between, broken between two of them where it must be.

    A *dotted* one shows at the end of a row, where there is room, that more of the same follows.
    """
    rest = first if hanging is None else hanging
    rows: list[Line] = []
    for part in parts:
        if not part:
            continue
        room = width - (width_of(rows[-1]) if rows else 0)
        if rows and width_of(part) + 3 <= room:
            rows[-1] = line(rows[-1], " · ", part)
        else:
            if rows and dotted and room >= 2:
                rows[-1] = line(rows[-1], " ·")
            rows.extend(wrap(part, width, rest if rows else first, rest))
    return rows


# --- places -----------------------------------------------------------------------------


def placed(rows: Sequence[Line], right: Line, width: int, hanging: int = 4) -> list[Line]:
    """The *rows*, and *right* at the right edge of the last that has room for it, else on a row of its own.

    In a narrow window it stands at *hanging* instead, or as far left as it must.
    """
    if not right:
        return list(rows)
    size = width_of(right)
    last = rows[-1] if rows else ()
    room = width - width_of(last) - size
    if rows and room >= GAP and (width >= ROOMY or len(rows) == 1):
        return [*rows[:-1], line(last, " " * room, right)]
    indent = width - size if width >= ROOMY else min(hanging, width - size)
    return [*rows, indented(right, max(0, indent))]


# --- columns ----------------------------------------------------------------------------


def table(rows: Sequence[Sequence[Line]], width: int, indent: int = 2) -> list[list[Line]]:
    """For each of the *rows* its lines: in columns as wide as their widest cell, or as a list where that does not fit.

    In the list the first cell keeps its column, and the others flow beside it; below it, where it is very wide itself.
    """
    if not rows:
        return []
    sizes = _sizes(rows)
    if indent + table_width(rows) <= width:
        return [[_aligned(row, sizes, indent)] for row in rows]
    gutter = indent + sizes[0] + GAP
    if gutter > width // 2:
        return [[indented(row[0], indent), *flow(row[1:], width, indent + 4)] for row in rows]
    return [_beside(_aligned(row[:1], sizes[:1], indent), flow(row[1:], width, gutter)) for row in rows]


def annotated(rows: Sequence[Sequence[Line]], width: int, below: int, indent: int = 2, *, keep: int = 2) -> list[list[Line]]:
    """As `table`, but last columns that do not fit go below their row instead, from the column *below* on.

    At least *keep* columns stay; where not even these fit, each row becomes a list.
    """
    if not rows:
        return []
    number = len(rows[0])
    while number > keep and indent + table_width([row[:number] for row in rows]) > width:
        number -= 1
    if indent + table_width([row[:number] for row in rows]) > width:
        number = len(rows[0])
    drawn = table([row[:number] for row in rows], width, indent)
    return [[*lines, *flow(row[number:], width, below)] for lines, row in zip(drawn, rows, strict=True)]


def entry(cells: Sequence[Line], sizes: Sequence[int], width: int, indent: int = 2) -> list[Line]:
    """One row whose last cell is a sentence: it wraps in its own column, or below the others where that is too narrow.

    *sizes* are the widths of the cells before it, as `sizes_of` finds them for all rows of a section.
    """
    head = _aligned(cells[:-1], sizes, indent)
    column = width_of(head)
    if width - column >= COLUMN:
        return _beside(head, wrap(cells[-1], width, column))
    return [*wrap(line(*cells[:-1]) if len(cells) < 3 else _spaced(cells[:-1]), width, indent, indent + 2), *wrap(cells[-1], width, 9, 9)]


def sizes_of(rows: Sequence[Sequence[Line]]) -> list[int]:
    """The widths of all columns of these *rows* but the last."""
    return _sizes(rows)[:-1] if rows else []


def table_width(rows: Sequence[Sequence[Line]]) -> int:
    """How many columns the *rows* take when they stand in a table; empty columns take none."""
    used = [size for size in _sizes(rows) if size]
    return sum(used) + GAP * (len(used) - 1)


def _sizes(rows: Sequence[Sequence[Line]]) -> list[int]:
    return [max(width_of(cell) for cell in column) for column in zip(*rows, strict=True)]


def _spaced(cells: Sequence[Line]) -> Line:
    return line(*(part for cell in cells if cell for part in (cell, "  ")))


def _beside(head: Line, rows: Sequence[Line]) -> list[Line]:
    """The *rows*, indented as wide as *head*, with *head* in place of the first one's indentation."""
    return [line(head, *rows[0][1:]), *rows[1:]] if rows else [head]


def _aligned(row: Sequence[Line], sizes: Sequence[int], indent: int) -> Line:
    spans: list[Span] = [Span(" " * indent)] if indent else []
    for cell, size in zip(row, sizes, strict=True):
        if size:
            spans.extend((*cell, Span(" " * (size - width_of(cell) + GAP))))
    return tuple(spans)
