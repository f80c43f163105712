"""Who reviewed a version of an aftercare text, with the license, as papers print it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Apply."""
    op.add_column("treatment_text", sa.Column("reviewer", sa.String(250), server_default="", nullable=False))


def downgrade() -> None:
    """Undo."""
    op.drop_column("treatment_text", "reviewer")
