"""The postal address of a client, for invoices, as the desk typed it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Apply."""
    column = sa.Column("postal_address", sa.Text(), nullable=False, server_default=sa.text("''"))
    op.add_column("client", column)


def downgrade() -> None:
    """Undo."""
    op.drop_column("client", "postal_address")
