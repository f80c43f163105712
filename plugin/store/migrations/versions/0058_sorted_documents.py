"""Indexes of what the list of documents is sorted by."""

from alembic import op

revision = "0058"
down_revision = "0057"
serves_older = True

_SORTED_BY = ("issued_at", "number", "total")


def upgrade() -> None:
    """Apply."""
    for column in _SORTED_BY:
        op.create_index(op.f(f"ix_document_{column}_id"), "document", [column, "id"])


def downgrade() -> None:
    """Undo."""
    for column in _SORTED_BY:
        op.drop_index(op.f(f"ix_document_{column}_id"), "document")
