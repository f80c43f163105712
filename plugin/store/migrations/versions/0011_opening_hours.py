"""The opening hours of the clinic."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "opening_hours",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("week", sa.JSON(), nullable=False),
        sa.Column("closed", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_opening_hours_one_week")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_hours")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("opening_hours")
