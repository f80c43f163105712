"""Letters to clients: which kinds are sent, who declined which, and what was written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "letter_setting",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_letter_setting")),
    )
    op.create_table(
        "letter_choice",
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_letter_choice_client_id")),
        sa.PrimaryKeyConstraint("client_id", "kind", name=op.f("pk_letter_choice")),
    )
    op.create_table(
        "client_letter",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("occasion", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("mail_to", sa.String(length=254), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("said", sa.String(length=400), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('planned', 'sending', 'sent', 'left', 'refused')", name=op.f("ck_client_letter_state")
        ),
        sa.CheckConstraint(
            "(state in ('planned', 'sending')) = (done_at is null)",
            name=op.f("ck_client_letter_done_together"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_client_letter_client_id")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_client_letter_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_letter")),
        sa.UniqueConstraint(
            "course_id", "kind", "occasion", name=op.f("uq_client_letter_course_id_kind_occasion")
        ),
    )
    op.create_index(
        op.f("ix_client_letter_client_id_planned_at"), "client_letter", ["client_id", "planned_at"]
    )
    op.create_index(op.f("ix_client_letter_planned_at"), "client_letter", ["planned_at"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("client_letter")
    op.drop_table("letter_choice")
    op.drop_table("letter_setting")
