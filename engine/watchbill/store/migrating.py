"""Which version of the tables a record has, and how it comes to the newest.

Versions only go up. A record that a newer watchbill has written is refused, since what it holds would be misread.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from watchbill.errors import Place, UserError

VERSIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
"""Every version there has been, the newest last; each has its module in `migrations/versions`."""

NEWEST: Final = VERSIONS[-1]


def version_of(connection: Connection, record: str) -> str | None:
    """The version of the tables; None for a database that is empty. Raises UserError for one that is not ours."""
    names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return str(found) if found is not None else None
    if names:
        raise UserError(
            f"this database is something else's: it has a table `{sorted(names)[0]}` and no record of watchbill",
            "name another file with `--database`",
            rule="record-foreign",
            place=Place(record),
        )
    return None


def bring_up_to_date(connection: Connection, record: str) -> None:
    """Bring the tables to the newest version, in the transaction of this *connection*."""
    found = version_of(connection, record)
    if found == NEWEST:
        return
    if found is not None and found not in VERSIONS:
        raise UserError(
            f"a newer watchbill has written this record (version {found}; this one knows {NEWEST})",
            "install that version again, or name another file with `--database`",
            rule="record-newer",
            place=Place(record),
        )
    upgrade(connection, NEWEST)


def upgrade(connection: Connection, version: str) -> None:
    """Take the tables up to this *version*."""
    # Alembic is slow to import, and a record that is up to date does not need it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, version)
