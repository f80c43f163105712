"""When a person last signed in and a token was last used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    # Added one by one, not in a batch: other tables refer to these, and SQLite can add a column as it is.
    op.add_column("staff", sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("api_token", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("api_token", "last_used_at")
    op.drop_column("staff", "last_signed_in_at")
