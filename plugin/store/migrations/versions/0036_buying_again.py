"""The sale that was begun from a course, of its package once more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "buy_again",
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("checkout_id", sa.String(length=40), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["checkout_id"], ["checkout.id"], name=op.f("fk_buy_again_checkout_id")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_buy_again_course_id")),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_buy_again")),
        sa.UniqueConstraint("checkout_id", name=op.f("uq_buy_again_checkout_id")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("buy_again")
