"""The language of a person's screens and e-mails; "" is the clinic's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "staff", sa.Column("language", sa.String(length=16), nullable=False, server_default=sa.text("''"))
    )


def downgrade() -> None:
    """Undo."""
    op.drop_column("staff", "language")
