"""The names of clients in the index of unused balances, which are sorted by them."""

from alembic import op

from plugin.store.migrations.frozen import where

revision = "0064"
down_revision = "0063"

_LEFT = ("client_id", "currency", "last_seen_on", "sessions_left", "value")


def _index(*columns: str) -> None:
    op.drop_index("ix_listed_course_left", "listed_course")
    has_left = where("value != 0 OR sessions_left != 0")
    op.create_index("ix_listed_course_left", "listed_course", list(columns), **has_left)


def upgrade() -> None:
    """Apply."""
    _index(*_LEFT, "client_name")


def downgrade() -> None:
    """Undo."""
    _index(*_LEFT)
