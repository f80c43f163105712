"""An index for the visits of a client on a day: without it, using a session reads all visits of the day."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index(op.f("ix_visit_client_id_visited_on"), "visit", ["client_id", "visited_on"])
    op.drop_index(op.f("ix_visit_client_id"), "visit")


def downgrade() -> None:
    """Undo."""
    op.create_index(op.f("ix_visit_client_id"), "visit", ["client_id"])
    op.drop_index(op.f("ix_visit_client_id_visited_on"), "visit")
