"""Main sessions and visits of each listed course, for the overview and the follow-ups. All rows are made again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugin.store import listing

revision = "0031"
down_revision = "0030"

_COUNTS = ("main_granted", "main_used", "main_left", "visits", "visit_days")


def upgrade() -> None:
    """Apply."""
    for name in _COUNTS:
        op.add_column("listed_course", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    due = sa.Column("due_back_on", sa.Date(), server_default="0001-01-01", nullable=False)
    op.add_column("listed_course", due)
    op.execute("INSERT INTO unlisted_course (course_id) SELECT id FROM course")
    for statement in listing.creation(op.get_bind().dialect.name, revision):
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    for statement in listing.removal(op.get_bind().dialect.name, revision):
        op.execute(statement)
    for name in (*_COUNTS, "due_back_on"):
        op.drop_column("listed_course", name)
