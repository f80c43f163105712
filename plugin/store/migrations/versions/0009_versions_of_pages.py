"""Version numbers of what open pages show, and the indexes that keep pages and queues quick as tables grow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugin.store import versions

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Table, columns, and the condition of an index that holds some rows alone, by name.
_ADDED: dict[str, tuple[str, list[str], str]] = {
    "ix_inbox_pending": ("inbox", ["due_at", "id"], "state = 'pending'"),
    "ix_inbox_state_done_at": ("inbox", ["state", "done_at"], ""),
    "ix_outbox_pending": ("outbox", ["kind", "due_at", "id"], "state = 'pending'"),
    "ix_outbox_state_done_at": ("outbox", ["state", "done_at"], ""),
    "ix_attention_open": ("attention", ["id"], "resolved_at IS NULL"),
    "ix_attention_resolved": ("attention", ["id"], "resolved_at IS NOT NULL"),
    "ix_checkout_open": ("checkout", ["created_at", "id"], "ended_at IS NULL"),
    "ix_course_client_id_booked_at": ("course", ["client_id", "booked_at"], ""),
    "ix_course_booked_at": ("course", ["booked_at"], ""),
    "ix_client_created_at": ("client", ["created_at"], ""),
    "ix_operation_at": ("operation", ["at"], ""),
}
_REPLACED: dict[str, tuple[str, list[str], str]] = {
    "ix_inbox_state_due_at": ("inbox", ["state", "due_at"], ""),
    "ix_outbox_state_due_at": ("outbox", ["state", "due_at"], ""),
    "ix_attention_resolved_at": ("attention", ["resolved_at"], ""),
    "ix_course_client_id": ("course", ["client_id"], ""),
}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "version",
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("counted_by", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("subject", "slot", name=op.f("pk_version")),
    )
    for statement in versions.creation(op.get_bind().dialect.name):
        op.execute(statement)
    _swap(_REPLACED, _ADDED)


def downgrade() -> None:
    """Undo."""
    _swap(_ADDED, _REPLACED)
    for statement in versions.removal(op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("version")


def _swap(gone: dict[str, tuple[str, list[str], str]], made: dict[str, tuple[str, list[str], str]]) -> None:
    for name, (table, _, _) in gone.items():
        op.drop_index(op.f(name), table)
    for name, (table, columns, condition) in made.items():
        where = sa.text(condition) if condition else None
        op.create_index(op.f(name), table, columns, sqlite_where=where, postgresql_where=where)
