"""Whether the summary after the last session names the price of another course; off at first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "clinic", sa.Column("offers_next_course", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    """Undo."""
    op.drop_column("clinic", "offers_next_course")
