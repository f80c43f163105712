"""Indexes for what a use asks for: the missed visits of a day, and the latest visit of a course."""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"

_IS_MISSED = "coalesce(visit_id, '') = '' and kind = 'used' and source != 'import'"


def upgrade() -> None:
    """Apply."""
    condition = sa.text(_IS_MISSED)
    op.create_index(
        "ix_entry_missed", "entry", ["happened_at"], sqlite_where=condition, postgresql_where=condition
    )
    op.create_index("ix_visit_course_id_visited_on", "visit", ["course_id", "visited_on"])
    op.drop_index("ix_visit_course_id", "visit")


def downgrade() -> None:
    """Undo."""
    op.create_index("ix_visit_course_id", "visit", ["course_id"])
    op.drop_index("ix_visit_course_id_visited_on", "visit")
    op.drop_index("ix_entry_missed", "entry")
