"""Alembic's door: takes the connection that it is handed, inside the transaction that is open on it."""

from __future__ import annotations

from alembic import context

from watchbill.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
