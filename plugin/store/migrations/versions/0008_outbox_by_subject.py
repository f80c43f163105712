"""The outbox by what a job is about: every use asks whether such a job waits already."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_outbox_subject_kind_state", "outbox", ["subject", "kind", "state"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_outbox_subject_kind_state", table_name="outbox")
