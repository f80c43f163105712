"""Clients who are here and wait; whose Today shows their own clients alone; courses by the day they expire."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Apply."""
    op.add_column("booking", sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True))
    by = sa.Column("arrived_by", sa.String(length=160), nullable=False, server_default=sa.text("''"))
    op.add_column("booking", by)
    op.add_column(
        "staff", sa.Column("sees_own_clients", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(op.f("ix_course_expires_on"), "course", ["expires_on"])


def downgrade() -> None:
    """Undo."""
    op.drop_index(op.f("ix_course_expires_on"), "course")
    op.drop_column("staff", "sees_own_clients")
    op.drop_column("booking", "arrived_by")
    op.drop_column("booking", "arrived_at")
