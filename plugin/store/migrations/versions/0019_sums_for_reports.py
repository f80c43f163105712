"""Sums of the ledger for the reports; a trigger notes each new entry until it is in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugin.store import totals

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "period_total",
        sa.Column("counted_in", sa.Date(), nullable=False),
        sa.Column("happened_in", sa.Date(), nullable=False),
        sa.Column("written_in", sa.Date(), nullable=False),
        sa.Column("package_id", sa.String(length=40), nullable=False),
        sa.Column("square_location_id", sa.String(length=192), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            *("counted_in", "happened_in", "written_in", "package_id"),
            *("square_location_id", "currency", "kind"),
            name=op.f("pk_period_total"),
        ),
    )
    op.create_table(
        "course_total",
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_course_total")),
    )
    op.create_table(
        "untotalled_entry",
        sa.Column("entry_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_untotalled_entry")),
    )
    op.create_table(
        "totals_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("is_valid", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_totals_state")),
    )
    for statement in totals.creation(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    for statement in totals.removal(op.get_bind().dialect.name):
        op.execute(statement)
    for table in ("totals_state", "untotalled_entry", "course_total", "period_total"):
        op.drop_table(table)
