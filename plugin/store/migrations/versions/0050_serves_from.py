"""The oldest revision whose program may go on serving after an upgrade that only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
serves_older = True


def upgrade() -> None:
    op.add_column("installation", sa.Column("serves_from", sa.String(10), server_default="", nullable=False))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("installation") as table:
        table.drop_column("serves_from")
