"""Whether a fee of Square is that of a refund."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
serves_older = True


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "payment_fee", sa.Column("is_of_refund", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    """Undo."""
    op.drop_column("payment_fee", "is_of_refund")
