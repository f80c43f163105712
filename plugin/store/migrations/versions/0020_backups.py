"""The installation, its backups, and what they are encrypted with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("uid", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=40), server_default="", nullable=False),
        sa.Column("version_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published", sa.String(length=40), server_default="", nullable=False),
        sa.Column("published_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_one_installation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "backup_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recipient", sa.String(length=100), server_default="", nullable=False),
        sa.Column("key_file", sa.LargeBinary(), nullable=True),
        sa.Column("key_made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key_made_by", sa.String(length=160), server_default="", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("send_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("send_problem", sa.String(length=400), server_default="", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_backup_state_one_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_state")),
    )
    op.create_table(
        "backup_run",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("step", sa.String(length=60), server_default="", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("problem", sa.String(length=400), server_default="", nullable=False),
        sa.CheckConstraint("cause in ('schedule', 'request')", name=op.f("ck_backup_run_cause")),
        sa.CheckConstraint("state in ('running', 'good', 'failed')", name=op.f("ck_backup_run_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_run")),
    )
    op.create_index(op.f("ix_backup_run_started_at"), "backup_run", ["started_at"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("backup_run")
    op.drop_table("backup_state")
    op.drop_table("installation")
