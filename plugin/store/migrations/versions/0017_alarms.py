"""Alarms as they stand, and the runs of the nightly audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "alarm",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("said", sa.String(length=400), nullable=False),
        sa.Column("bad_since", moment, nullable=True),
        sa.Column("good_since", moment, nullable=True),
        sa.Column("began_at", moment, nullable=True),
        sa.Column("told_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_alarm")),
    )
    op.create_table(
        "audit_run",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("finished_at", moment, nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("first", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_run")),
    )
    op.create_index(op.f("ix_audit_run_finished_at"), "audit_run", ["finished_at"])


def downgrade() -> None:
    """Undo."""
    op.drop_index(op.f("ix_audit_run_finished_at"), "audit_run")
    op.drop_table("audit_run")
    op.drop_table("alarm")
