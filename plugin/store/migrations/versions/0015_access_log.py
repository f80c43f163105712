"""The access log: who opened which client."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "client_opening",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=True),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("what", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_client_opening_client_id_client")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_opening")),
    )
    op.create_index(op.f("ix_client_opening_client_id"), "client_opening", ["client_id"])
    op.create_index(op.f("ix_client_opening_at"), "client_opening", ["at"])


def downgrade() -> None:
    """Undo."""
    op.drop_index(op.f("ix_client_opening_at"), "client_opening")
    op.drop_index(op.f("ix_client_opening_client_id"), "client_opening")
    op.drop_table("client_opening")
