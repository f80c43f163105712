"""Answers to the check by their client: the unique index has only those in force."""

from __future__ import annotations

from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_check_answer_client_id", "check_answer", ["client_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_check_answer_client_id", table_name="check_answer")
