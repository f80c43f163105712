"""An index that a search of clients reads alone."""

from alembic import op

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    """Apply."""
    columns = ["merged_into", "erased_at", "name_folded", "id", "search_text"]
    op.create_index("ix_client_search", "client", columns)
    op.drop_index(op.f("ix_client_merged_into"), "client")


def downgrade() -> None:
    """Undo."""
    op.create_index(op.f("ix_client_merged_into"), "client", ["merged_into"])
    op.drop_index("ix_client_search", "client")
