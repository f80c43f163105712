"""The names of Square items beside those of their variations, and the items that are no package."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("listing", sa.Column("agreed_item_name", sa.String(length=160), nullable=True))
    op.add_column("listing", sa.Column("seen_item_name", sa.String(length=160), nullable=True))
    op.create_table(
        "ignored_item",
        sa.Column("square_variation_id", sa.String(length=192), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("ignored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("square_variation_id", name=op.f("pk_ignored_item")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("ignored_item")
    op.drop_column("listing", "seen_item_name")
    op.drop_column("listing", "agreed_item_name")
