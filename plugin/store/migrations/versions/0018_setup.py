"""The set-up of a new clinic in the browser."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "setup",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code_hmac", sa.String(length=64), server_default="", nullable=False),
        sa.Column("browser_mark", sa.String(length=64), nullable=False),
        sa.Column("wrong_since_code", sa.Integer(), server_default="0", nullable=False),
        sa.Column("wrong_in_minute", sa.Integer(), server_default="0", nullable=False),
        sa.Column("minute_began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("browser_zone", sa.String(length=64), server_default="", nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_setup_one")),
        sa.CheckConstraint("closed_at is null or code_hmac = ''", name=op.f("ck_setup_void_once_closed")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setup")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("setup")
