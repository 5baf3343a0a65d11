"""The eighth version: the row of a delivery is there from the moment at which its call begins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let an attempt at a delivery be under way, and find those that are."""
    with op.batch_alter_table("delivery") as table:
        table.alter_column("settled_at", existing_type=sa.BigInteger(), nullable=True)
    is_under_way = sa.text("settled_at IS NULL")
    op.create_index("delivery_under_way", "delivery", ["begun_at"], sqlite_where=is_under_way, postgresql_where=is_under_way)
