"""The clinic's list of points to check before a treatment, and what clients answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugin.store import versions

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "check_list",
        sa.Column("version", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("reviewed_by", sa.String(length=160), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_check_list")),
    )
    op.create_table(
        "check_answer",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("answer", sa.String(length=4), nullable=False),
        sa.Column("list_version", sa.Integer(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("talked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("talked_by", sa.String(length=160), server_default="", nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("answer in ('none', 'ask')", name=op.f("ck_check_answer_answer")),
        sa.CheckConstraint(
            "source in ('page', 'screen', 'handed', 'api')", name=op.f("ck_check_answer_source")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_check_answer_client_id")),
        sa.ForeignKeyConstraint(
            ["list_version"], ["check_list.version"], name=op.f("fk_check_answer_list_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_answer")),
    )
    op.create_index(
        "uq_check_answer_day",
        "check_answer",
        ["client_id", "on_day"],
        unique=True,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    for statement in versions.creation(op.get_bind().dialect.name, revision):
        op.execute(statement)


def downgrade() -> None:
    """Undo; the list and every answer are lost."""
    for statement in versions.removal(op.get_bind().dialect.name, revision):
        op.execute(statement)
    op.drop_table("check_answer")
    op.drop_table("check_list")
