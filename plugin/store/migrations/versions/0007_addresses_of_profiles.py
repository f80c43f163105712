"""The postal address that a client's Square profile has, for the invoices that must name it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""

    op.add_column("square_customer", sa.Column("address", sa.Text(), server_default="", nullable=False))
    op.add_column("square_customer", sa.Column("country", sa.String(2), server_default="", nullable=False))


def downgrade() -> None:
    """Take back."""

    op.drop_column("square_customer", "country")
    op.drop_column("square_customer", "address")
