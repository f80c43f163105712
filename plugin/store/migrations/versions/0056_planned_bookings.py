"""Appointments in Square that are booked for planned visits, and the service that each treatment is booked as."""

import sqlalchemy as sa
from alembic import op

from plugin.store import versions

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    """Apply."""
    op.add_column("treatment", sa.Column("square_service_id", sa.String(192), nullable=True))
    op.add_column("planned_visit", sa.Column("square_booking_id", sa.String(192), nullable=True))
    op.add_column(
        "planned_visit", sa.Column("booking_state", sa.String(12), nullable=False, server_default="")
    )
    op.add_column(
        "planned_visit", sa.Column("booking_problem", sa.String(400), nullable=False, server_default="")
    )
    op.create_index("ix_planned_visit_square_booking_id", "planned_visit", ["square_booking_id"], unique=True)
    for statement in versions.creation(op.get_bind().dialect.name, revision):
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    for statement in versions.removal(op.get_bind().dialect.name, revision):
        op.execute(statement)
    op.drop_index("ix_planned_visit_square_booking_id", "planned_visit")
    op.drop_column("planned_visit", "booking_problem")
    op.drop_column("planned_visit", "booking_state")
    op.drop_column("planned_visit", "square_booking_id")
    op.drop_column("treatment", "square_service_id")
