"""How a client's name is said aloud."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Apply."""
    column = sa.Column("sounds_like", sa.String(length=160), nullable=False, server_default=sa.text("''"))
    op.add_column("client", column)


def downgrade() -> None:
    """Undo."""
    op.drop_column("client", "sounds_like")
