"""The tables: how they come to be, from nothing and from every version there was."""

from __future__ import annotations

import ast
import hashlib
import re
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.schema import CreateIndex, CreateTable

from tests.makers import NOON
from watchbill.errors import Place
from watchbill.model.plan import Delivery, Step
from watchbill.model.references import Ref
from watchbill.store import (
    alerts,
    delivery_rows,
    effects,
    inbox,
    incidents,
    lease,
    migrating,
    observations,
    remembering,
    revisions,
    saving,
    signing_keys,
    steps,
    switches,
    tokens,
)
from watchbill.store.migrating import NEWEST, VERSIONS, bring_up_to_date, upgrade, version_of
from watchbill.store.opening import make_file, writing_engine
from watchbill.store.record import Record
from watchbill.store.statements import Statement
from watchbill.store.tables import METADATA


def structure(connection: Connection) -> list[str]:
    """Everything that was made, as SQLite writes it down; the parts of each in one order, and a table that was made anew without quotes."""
    rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    texts = [re.sub(r'^CREATE TABLE "(\w+)"', r"CREATE TABLE \1", str(row[0])) for row in rows]
    return sorted(" / ".join(sorted(re.split(r",\s+(?![^(\n]*\))|\n\s*", text))) for text in texts)


HAS_BEEN: Final = {
    "0001": "893440baacfb",
    "0002": "fe2b930f5259",
    "0003": "16828381b641",
    "0004": "e5c3514313cd",
    "0005": "493b21849a4d",
    "0006": "1d0fc69672ed",
    "0007": "2c002f09e899",
    "0008": "31b637c99573",
}
"""What each version did when records were first brought to it."""


def digest_of(path: Path) -> str:
    """A digest of what a migration does, whatever its comments say."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:12]


def test_no_version_that_has_been_is_changed() -> None:
    """
    Records of each version are in use: what led to it stays as it was, and whatever else is wanted is a version of its own.
    """
    found = {path.name[1:5]: digest_of(path) for path in (Path(migrating.__file__).parent / "migrations" / "versions").glob("v*.py")}

    assert found == HAS_BEEN


@pytest.mark.parametrize("version", [None, *VERSIONS])
def test_every_version_comes_to_the_newest(tmp_path: Path, version: str | None) -> None:
    """
    From an empty file, and from each version there was, the tables become those of the newest, in one transaction.
    """
    path = tmp_path / "x.db"
    make_file(path)
    with writing_engine(path).connect() as connection:
        with connection.begin():
            assert version_of(connection, "x.db") is None
            if version is not None:
                upgrade(connection, version)
                assert version_of(connection, "x.db") == version
        with connection.begin():
            bring_up_to_date(connection, "x.db")
            bring_up_to_date(connection, "x.db")
            assert version_of(connection, "x.db") == NEWEST
            found = structure(connection)
        assert {*METADATA.tables, "alembic_version"} == set(inspect(connection).get_table_names())
    METADATA.create_all(engine := writing_engine(tmp_path / "y.db"))
    with engine.connect() as connection:
        plain = structure(connection)

    assert [text for text in found if "alembic" not in text] == plain


def test_what_somebody_has_gets_an_end(tmp_path: Path) -> None:
    """
    An incident that somebody had in an earlier version is looked at at once, so that its acknowledgement gets an end; another one is not.
    """
    make_file(tmp_path / "x.db")
    with writing_engine(tmp_path / "x.db").connect() as connection, connection.begin():
        upgrade(connection, "0002")
        for number, status in enumerate(("triggered", "acknowledged", "mitigated", "resolved")):
            row = f"('{status}', '{number}', 1, '', '{status}', 'info', NULL, '', 0, NULL, 99, '', 'ana', 1, 0)"
            connection.exec_driver_sql(f"INSERT INTO incident VALUES {row}")
        bring_up_to_date(connection, "x.db")
        found = connection.exec_driver_sql("SELECT id, wake_at FROM incident ORDER BY key").all()

    assert [tuple(row) for row in found] == [("triggered", 99), ("acknowledged", 0), ("mitigated", 0), ("resolved", 99)]


def test_deliveries_of_an_earlier_version_stay_and_others_can_begin(tmp_path: Path) -> None:
    """
    What an earlier version knew of attempts at deliveries is there afterwards, and the next attempt can be under way beside it.
    """
    make_file(tmp_path / "x.db")
    with writing_engine(tmp_path / "x.db").connect() as connection, connection.begin():
        upgrade(connection, "0002")
        names = "step, number, attempt, incident, person, connector, action, result, error, effect, begun_at, settled_at"
        row = "'i/page/p/0/0', 0, 1, 'i', 'ana', 'phone', 'page', 'waiting', '503', '', 1, 2"
        connection.exec_driver_sql(f"INSERT INTO delivery ({names}) VALUES ({row})")
        bring_up_to_date(connection, "x.db")
        again = Delivery("ana", "phone", "page", "1", NOON, attempt=1)
        step = Step(
            "i/page/p/0/0", "page", Ref("Escalation", "p", "t", Place("p.yaml")), Place("p.yaml"), "0", 0, NOON, deliveries=(again,)
        )
        delivery_rows.begin(connection, step, 0, "i", NOON)
        found = delivery_rows.of_incident(connection, "i")

    assert [(each.attempt, each.error, each.settled_at is None) for each in found] == [(1, "503", False), (2, "", True)]


def test_the_tables_are_what_the_code_says(tmp_path: Path) -> None:
    """
    Alembic finds nothing to do between the migrated tables and those of the code.
    """
    make_file(tmp_path / "x.db")
    with writing_engine(tmp_path / "x.db").connect() as connection:
        with connection.begin():
            bring_up_to_date(connection, "x.db")
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """
    If the process dies on the way, the file is as it was.
    """
    make_file(tmp_path / "x.db")
    with writing_engine(tmp_path / "x.db").connect() as connection:
        transaction = connection.begin()
        upgrade(connection, NEWEST)
        assert structure(connection) != []
        transaction.rollback()
        with connection.begin():
            assert structure(connection) == []


def test_every_version_is_named() -> None:
    """
    The versions that the code names are those that have a module, in their order.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())

    assert tuple(script.revision for script in reversed(scripts)) == VERSIONS


MODULES = (
    *(alerts, delivery_rows, effects, inbox, incidents, lease, observations, remembering, revisions, saving, signing_keys, steps, switches),
    tokens,
)


def statements() -> dict[str, Statement]:
    """Every statement of the room, by module and name."""
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}": statement
        for module in MODULES
        for name, statement in vars(module).items()
        if isinstance(statement, Statement)
    }


def test_everything_can_be_said_to_postgresql() -> None:
    """
    Each table and each statement can be written for PostgreSQL as well, with places for all of its values.
    """
    dialect = PGDialect_psycopg(paramstyle="format")
    for statement in statements().values():
        text, _, _ = statement._on(SimpleNamespace(dialect=dialect))  # type: ignore[arg-type]
        assert "?" not in text
    for table in METADATA.sorted_tables:
        assert str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect))


MAY_READ_ALL = {
    *("lease._LOOK", "lease._RENEW", "lease._RELEASE"),  # one row
    *(
        "inbox._FAILURES",
        "alerts._EXPIRIES",
        "alerts._SENT_BY_SEVERAL",
        "switches._HOLDING",
        "switches._ALL",
        "tokens._ALL",
        "tokens._ANY",
        "revisions._UNUSED",
    ),
    "observations._LAST",  # reads the last row and stops
}
"""Statements on tables that stay small, or that are asked once after a start."""


def test_no_statement_reads_a_whole_table(tmp_path: Path) -> None:
    """
    Whatever the engine asks again and again is found by an index, however long the history.
    """
    found = set()
    with closing(Record.open(str(tmp_path / "x.db"), now=NOON, holder="the tests")) as record, record.read() as connection:
        for name, statement in statements().items():
            text = statement._on(connection)[0]
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (None,) * text.count("?"))
            if any(row[3].startswith("SCAN") and "USING" not in row[3] for row in plan):
                found.add(name)

    assert found == MAY_READ_ALL
