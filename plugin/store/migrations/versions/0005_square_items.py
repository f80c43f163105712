"""The names of Square items beside those of their variations."""

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


def downgrade() -> None:
    """Take back."""
    op.drop_column("listing", "seen_item_name")
    op.drop_column("listing", "agreed_item_name")
