"""Deliveries of events by course, for the export of a client's data."""

from __future__ import annotations

from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_event_delivery_course_id", "event_delivery", ["course_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_event_delivery_course_id", table_name="event_delivery")
