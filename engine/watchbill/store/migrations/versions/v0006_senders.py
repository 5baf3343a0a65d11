"""The sixth version: who says that an alert fires: one sender that says it is over does not speak for the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to alerts the senders that say that they fire."""
    op.add_column("alert", sa.Column("senders", sa.Text(), server_default="{}", nullable=False))
