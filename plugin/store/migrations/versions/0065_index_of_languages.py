"""An index of the languages of clients, in which a list finds which there are."""

from alembic import op

revision = "0065"
down_revision = "0052"


def upgrade() -> None:
    """Apply."""
    op.create_index(op.f("ix_client_language"), "client", ["language"])


def downgrade() -> None:
    """Undo."""
    op.drop_index(op.f("ix_client_language"), "client")
