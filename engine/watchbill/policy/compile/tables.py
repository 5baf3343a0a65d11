"""Tables of policy tests: the texts of a case, with the values of a row in place of its columns.

Rule: what stands wrong in a cell is said at the cell, and once, however many cases it is used in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from watchbill.model.references import Kind
from watchbill.policy.compile import texts
from watchbill.policy.compile.draft import At
from watchbill.policy.compile.workbench import Workbench
from watchbill.policy.documents import testing as written
from watchbill.policy.suggest import nearest
from watchbill.policy.wording import choice, listed, noun, quoted

COLUMN: Final = re.compile(r"<([a-z][a-z0-9_-]*)>")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: what stands in each of its columns, and where. A case without a table has an empty one."""

    cells: Mapping[str, tuple[Any, At]] = field(default_factory=dict)
    at: At | None = None

    @property
    def label(self) -> str:
        """What tells cases of one table apart: the values of the row."""
        return ", ".join(_said(value) for value, _ in self.cells.values())


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a table and its rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def _said(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(map(_said, value)) or "nothing"
    return str(value).lower() if isinstance(value, bool) else str(value)


def table_of(at: At, keys: written.Table | None) -> Table | None:
    """The table, with findings for columns that are none and rows that do not fit them."""
    if keys is None:
        return None
    columns = tuple(keys.columns)
    for index, name in enumerate(columns):
        spot = at / "columns" / index
        if not COLUMN.fullmatch(f"<{name}>"):
            spot.report("bad-name", f"{quoted(name)} cannot be a column", "take a-z, 0-9, hyphens and underscores, a letter first")
        elif name in columns[:index]:
            spot.report("bad-table", f"the column {quoted(name)} is there already", "give this one another name")
    rows: list[Row] = []
    for index, values in enumerate(keys.rows):
        spot = at / "rows" / index
        if len(values) != len(columns):
            has, wants = len(values), f"{len(columns)} {'column' if len(columns) == 1 else 'columns'}"
            said = f"this row has {has} {'value' if has == 1 else 'values'} for {wants}"
            spot.report("bad-table", said, f"give a value for {listed(columns, 'and')}")
            continue
        for number, value in enumerate(values):
            if value is None or isinstance(value, dict):
                (spot / number).report("wrong-type", f"a value of a table is {noun(value)}", "write text, a number or a list of texts")
        rows.append(Row({name: (value, spot / number) for number, (name, value) in enumerate(zip(columns, values, strict=True))}, spot))
    return Table(columns, tuple(rows))


def texts_in(node: Any) -> Iterator[str]:
    """Every text inside a value of YAML, keys too."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from texts_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts_in(value)


# --- reading --------------------------------------------------------------------------


class Reader:
    """Reads the texts of one case, with the values of its *row* in place of `<column>`."""

    def __init__(self, bench: Workbench, row: Row) -> None:
        self.bench = bench
        self.row = row

    def text(self, at: At, written: str) -> tuple[At, str]:
        """The text that stands here once columns are filled in, and where what is wrong with it is to be said."""
        if not self.row.cells or "<" not in written:
            return at, written
        spots = [at]

        def filled(found: re.Match[str]) -> str:
            if found[1] not in self.row.cells:
                help = choice(nearest(found[1], self.row.cells), list(self.row.cells), "columns")
                at.report("bad-table", f"{quoted(found[0])} is no column of the table", help)
                return found[0]
            value, spot = self.row.cells[found[1]]
            if isinstance(value, list):
                spot.report("wrong-type", f"a list stands where {quoted(found[0])} is one text", "write text")
            spots.append(spot)
            return _said(value)

        text = COLUMN.sub(filled, written)
        return spots[-1], text

    def words(self, at: At, written: str | Iterable[str]) -> list[tuple[At, str]]:
        """The texts of a list, or of one text that stands for a list of one; a cell may hold a whole list."""
        if not isinstance(written, str):
            return [word for index, each in enumerate(written) for word in self.words(at / index, each)]
        whole = COLUMN.fullmatch(written)
        value, spot = self.row.cells.get(whole[1], (None, at)) if whole else (None, at)
        if isinstance(value, list):
            return [(spot / index, _said(each)) for index, each in enumerate(value)]
        return [self.text(at, written)]

    def free(self, at: At, written: str | None) -> str | None:
        """A text of any form."""
        return None if written is None else self.text(at, written)[1]

    def span(self, at: At, written: str) -> timedelta:
        """A duration."""
        return texts.duration(*self.text(at, written))

    def maybe_span(self, at: At, written: str | None) -> timedelta | None:
        """A duration that may be left out."""
        return None if written is None else self.span(at, written)

    def instant(self, at: At, written: str) -> datetime:
        """A moment."""
        return texts.instant(*self.text(at, written))

    def name(self, kind: Kind, at: At, written: str, *, but: tuple[str, ...] = ()) -> str:
        """The name of a document of this *kind*, or one of those words that are none *but* have a meaning here."""
        spot, found = self.text(at, written)
        if found not in but:
            self.bench.names.expect(spot, kind, found)
        return found

    def maybe_name(self, kind: Kind, at: At, written: str | None, *, but: tuple[str, ...] = ()) -> str | None:
        """A name that may be left out."""
        return None if written is None else self.name(kind, at, written, but=but)

    def one_of(self, words: tuple[str, ...], at: At, written: str) -> str:
        """One of these *words*."""
        spot, found = self.text(at, written)
        if found in words:
            return found
        spot.report("bad-value", f"`{at.key}` cannot be {quoted(found)}", choice(nearest(found, words), words, "words it knows"))
        return words[0]

    def labels(self, at: At, written: Mapping[str, str]) -> dict[str, str]:
        """Names and values of an alert, without those that are empty."""
        return {name: value for name, text in written.items() if (value := self.text(at / name, text)[1])}
