"""The activity log, which the changes of settings become part of. What other tables tell of the past is copied."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugin.store import triggers

revision = "0026"
down_revision = "0025"

_INTO = "INSERT INTO activity (id, kind, at, by, source, client_id, subject_id, name, before, after, reason) SELECT "


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "activity",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=True),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=True),
        sa.Column("subject_id", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_activity_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    op.create_index(op.f("ix_activity_at_id"), "activity", ["at", "id"])
    op.create_index(op.f("ix_activity_client_id"), "activity", ["client_id"])
    op.create_index(op.f("ix_activity_subject_id"), "activity", ["subject_id"])
    op.create_index(op.f("ix_history_at_id"), "history", ["at", "id"])
    settings = "id, 'setting.changed', changed_at, changed_by, 'desk', NULL, name, '', before, after, ''"
    op.execute(f"{_INTO}{settings} FROM setting_change")
    merges = "id, 'client.merged', at, by, 'desk', into_id, from_id, '', '', '', ''"
    op.execute(f"{_INTO}{merges} FROM client_merge")
    erased = "id, 'client.erased', erased_at, erased_by, 'desk', id, '', '', '', '', ''"
    op.execute(f"{_INTO}{erased} FROM client WHERE erased_at IS NOT NULL AND merged_into IS NULL")
    closings = "'books-' || closed_through, 'setting.books_closed', closed_at, by, 'desk', NULL, '', '', '',"
    op.execute(f"{_INTO}{closings} CAST(closed_through AS VARCHAR(10)), '' FROM books_closed")
    op.drop_table("setting_change")
    for statement in triggers.creation_of_activity(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    for statement in triggers.removal_of_activity(op.get_bind().dialect.name):
        op.execute(statement)
    op.create_table(
        "setting_change",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setting_change")),
    )
    changes = "SELECT id, subject_id, before, after, at, by FROM activity WHERE kind = 'setting.changed'"
    op.execute(f"INSERT INTO setting_change (id, name, before, after, changed_at, changed_by) {changes}")
    op.drop_index(op.f("ix_history_at_id"), "history")
    op.drop_table("activity")
