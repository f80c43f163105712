"""When the last entry of a course was, beside its total. All totals are made again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _make_again(sa.Column("last_at", sa.DateTime(timezone=True), nullable=False))
    op.create_index(op.f("ix_course_total_last_at"), "course_total", ["last_at"])


def downgrade() -> None:
    """Undo."""
    _make_again()


def _make_again(*more: sa.Column[object]) -> None:
    op.drop_table("course_total")
    op.create_table(
        "course_total",
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        *more,
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_course_total")),
    )
    op.execute("UPDATE totals_state SET is_valid = false")
