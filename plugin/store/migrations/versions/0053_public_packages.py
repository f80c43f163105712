"""Whether the public page offers a package, where that page is on."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
serves_older = True


def upgrade() -> None:
    """Apply."""
    op.add_column("package", sa.Column("is_public", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Undo."""
    op.drop_column("package", "is_public")
