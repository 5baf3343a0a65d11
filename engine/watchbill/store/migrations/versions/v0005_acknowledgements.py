"""The fifth version: until when somebody has an incident who acknowledged it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to incidents until when somebody has them; those that somebody has already are looked at at once, so that each gets an end."""
    op.add_column("incident", sa.Column("acknowledged_until", sa.BigInteger(), nullable=True))
    op.execute("UPDATE incident SET wake_at = 0 WHERE status IN ('acknowledged', 'mitigated')")
