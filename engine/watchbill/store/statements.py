"""Statements of SQLAlchemy Core, compiled once for each dialect and then run by the driver itself.

Going through `Connection.execute` costs ten times what SQLite needs for a small statement. Here it is Core that writes the SQL,
and the driver that runs it: rows are plain tuples, and values are what both databases take as they are (text, bytes, integers,
booleans, None). Instants are integers: microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import CompilerElement

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_MICROSECOND: Final = timedelta(microseconds=1)


def micros(instant: datetime) -> int:
    """This aware *instant* as the record holds it."""
    return (instant - EPOCH) // _MICROSECOND


def micros_or_none(instant: datetime | None) -> int | None:
    """This *instant* as the record holds it, where there is one."""
    return None if instant is None else (instant - EPOCH) // _MICROSECOND


def instant(number: int) -> datetime:
    """The instant that the record holds as this *number*."""
    return EPOCH + timedelta(microseconds=number)


def instant_or_none(number: int | None) -> datetime | None:
    """The instant that the record holds as this *number*, where there is one."""
    return None if number is None else EPOCH + timedelta(microseconds=number)


class Statement:
    """A statement and the *names* of its values, in the order in which they are given when it runs.

    Where dialects write the same thing differently it is given for each of them, by the dialect's name.
    """

    __slots__ = ("_compiled", "_element", "_names")

    def __init__(self, element: CompilerElement | Mapping[str, CompilerElement], *names: str) -> None:
        self._element = element
        self._names = names
        self._compiled: dict[tuple[str, str], tuple[str, tuple[int | None, ...] | None, tuple[Any, ...]]] = {}

    def run(self, connection: Connection, *values: Any) -> Any:
        """Run it once with these *values*; the driver's cursor."""
        text, order, constants = self._on(connection)
        cursor = connection.connection.cursor()
        cursor.execute(text, values if order is None else _placed(values, order, constants))
        return cursor

    def run_many(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Run it for each of these *rows* of values."""
        text, order, constants = self._on(connection)
        cursor = connection.connection.cursor()
        cursor.executemany(text, rows if order is None else [_placed(row, order, constants) for row in rows])

    def one(self, connection: Connection, *values: Any) -> tuple[Any, ...] | None:
        """The first row it finds, None where there is none."""
        found: tuple[Any, ...] | None = self.run(connection, *values).fetchone()
        return found

    def all(self, connection: Connection, *values: Any) -> list[tuple[Any, ...]]:
        """Every row it finds."""
        found: list[tuple[Any, ...]] = self.run(connection, *values).fetchall()
        return found

    def count(self, connection: Connection, *values: Any) -> int:
        """How many rows it has changed."""
        return int(self.run(connection, *values).rowcount)

    def new_id(self, connection: Connection, *values: Any) -> int:
        """The number that the database gave to the row it has added; for a statement made by `numbering`."""
        cursor = self.run(connection, *values)
        # Asking SQLite to return it costs as much as half the insert; its driver knows it anyway.
        return int(cursor.lastrowid if connection.dialect.name == "sqlite" else cursor.fetchone()[0])

    def _on(self, connection: Connection) -> tuple[str, tuple[int | None, ...] | None, tuple[Any, ...]]:
        dialect = connection.dialect
        known = self._compiled.get((dialect.name, dialect.paramstyle))
        return known or self._compile(connection)

    def _compile(self, connection: Connection) -> tuple[str, tuple[int | None, ...] | None, tuple[Any, ...]]:
        dialect = connection.dialect
        element = self._element[dialect.name] if isinstance(self._element, Mapping) else self._element
        compiled: Any = element.compile(dialect=dialect, column_keys=list(self._names))
        places: list[str] = list(compiled.positiontup or ())
        missing = set(self._names) - set(places)
        if missing:
            raise ValueError(f"a statement has no place for {sorted(missing)}: {compiled.string}")
        if tuple(places) == self._names:
            order: tuple[int | None, ...] | None = None
            constants: tuple[Any, ...] = ()
        else:
            numbers = {name: number for number, name in enumerate(self._names)}
            order = tuple(numbers.get(name) for name in places)
            constants = tuple(compiled.params[name] for name in places)
        known = self._compiled[dialect.name, dialect.paramstyle] = (compiled.string, order, constants)
        return known


def inserting(table: Table, *names: str) -> Statement:
    """A statement that adds a row with values for the columns of these *names*."""
    return Statement(table.insert().values({name: bindparam(name) for name in names}), *names)


def numbering(table: Table, *names: str) -> Statement:
    """A statement that adds a row, and tells with `Statement.new_id` which number it got."""
    row = table.insert().values({name: bindparam(name) for name in names})
    return Statement({"sqlite": row, "postgresql": row.returning(*table.primary_key)}, *names)


def upserting(table: Table, *names: str, by: tuple[str, ...] = (), **changes: Any) -> Statement:
    """A statement that adds a row, or changes the one with the same primary key, or the same values of *by*, which are unique.

    *changes* are what becomes of the columns that are named there; without any, each takes the new row's value.
    """
    key = list(by) or [column.name for column in table.primary_key]
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    found: dict[str, CompilerElement] = {}
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert)):
        row = insert(table).values(values)
        taken: dict[str, Any] = {name: row.excluded[name] for name in names if name not in key}
        if changes:
            taken = {name: row.excluded[name] if change is NEW else change for name, change in changes.items()}
        found[dialect] = row.on_conflict_do_update(index_elements=key, set_=taken)
    return Statement(found, *names)


def adding(table: Table, *names: str, by: tuple[str, ...] = ()) -> Statement:
    """A statement that adds a row where there is none with the same primary key, or the same values of *by*, which are unique."""
    key = list(by) or [column.name for column in table.primary_key]
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    each = (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
    return Statement({dialect: insert(table).values(values).on_conflict_do_nothing(index_elements=key) for dialect, insert in each}, *names)


NEW: Final = object()
"""In `upserting`: the value of the row that was to be added."""


def _placed(values: Sequence[Any], order: tuple[int | None, ...], constants: tuple[Any, ...]) -> list[Any]:
    """These *values* where the SQL wants them, with what the statement itself fixes between them."""
    return [constant if number is None else values[number] for number, constant in zip(order, constants, strict=True)]
