"""Which courses of the list are current, with indexes, and an index of what is left by client."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"

_LEFT = ["client_id", "currency", "last_seen_on", "sessions_left", "value"]
_OF_CURRENT = (["is_current", "expires_on", "course_id"], ["is_current", "last_visit_on", "course_id"])


def upgrade() -> None:
    """Apply."""
    current: sa.Column[bool] = sa.Column(
        "is_current", sa.Boolean(), server_default=sa.false(), nullable=False
    )
    op.add_column("listed_course", current)
    op.execute(
        "UPDATE listed_course SET is_current = true WHERE sessions_left > 0"
        " AND status IN ('open', 'part_paid', 'frozen', 'gift', 'unassigned')"
    )
    for columns in _OF_CURRENT:
        op.create_index(op.f(f"ix_listed_course_{'_'.join(columns)}"), "listed_course", columns)
    has_left = sa.text("value != 0 OR sessions_left != 0")
    op.create_index(
        "ix_listed_course_left", "listed_course", _LEFT, sqlite_where=has_left, postgresql_where=has_left
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_listed_course_left", "listed_course")
    for columns in _OF_CURRENT:
        op.drop_index(op.f(f"ix_listed_course_{'_'.join(columns)}"), "listed_course")
    op.drop_column("listed_course", "is_current")
