"""Acts on many courses at once: what was chosen, and what became of each course."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Apply."""
    states = "state in ('preview', 'running', 'done', 'undoing', 'undone', 'canceled', 'failed')"
    op.create_table(
        "bulk_act",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('extend', 'email')", name=op.f("ck_bulk_act_kind")),
        sa.CheckConstraint(states, name=op.f("ck_bulk_act_state")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_bulk_act_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_act")),
    )
    op.create_index(op.f("ix_bulk_act_state_created_at"), "bulk_act", ["state", "created_at"])
    op.create_table(
        "bulk_item",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("bulk_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("why", sa.String(length=400), nullable=False),
        sa.Column("before", sa.Date(), nullable=True),
        sa.Column("after", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "state in ('chosen', 'refused', 'done', 'undone', 'kept')", name=op.f("ck_bulk_item_state")
        ),
        sa.ForeignKeyConstraint(["bulk_id"], ["bulk_act.id"], name=op.f("fk_bulk_item_bulk_id")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_bulk_item_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_item")),
        sa.UniqueConstraint("bulk_id", "course_id", name=op.f("uq_bulk_item_bulk_id_course_id")),
        sa.UniqueConstraint("bulk_id", "position", name=op.f("uq_bulk_item_bulk_id_position")),
    )
    op.create_index(op.f("ix_bulk_item_course_id"), "bulk_item", ["course_id"])
    op.create_index(
        op.f("ix_bulk_item_bulk_id_state_position"), "bulk_item", ["bulk_id", "state", "position"]
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("bulk_item")
    op.drop_table("bulk_act")
