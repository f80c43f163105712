"""Events for other programs: receivers, what happened, deliveries, and the trigger that notes an entry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugin.store import webhooks

revision = "0041"
down_revision = "0040"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "event_receiver",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("has_names", sa.Boolean(), nullable=False),
        sa.Column("may_be_private", sa.Boolean(), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("old_secret_sealed", sa.Text(), nullable=True),
        sa.Column("old_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_receiver")),
    )
    op.create_table(
        "outgoing_event",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("entry_id", sa.String(length=40), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_event")),
        sa.UniqueConstraint("subject", name=op.f("uq_outgoing_event_subject")),
    )
    op.create_table(
        "event_delivery",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("event_id", _NUMBER, nullable=False),
        sa.Column("receiver_id", sa.String(length=40), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("said", sa.String(length=300), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('pending', 'delivered', 'failed')", name=op.f("ck_event_delivery_state")
        ),
        sa.ForeignKeyConstraint(["event_id"], ["outgoing_event.id"], name=op.f("fk_event_delivery_event_id")),
        sa.ForeignKeyConstraint(
            ["receiver_id"], ["event_receiver.id"], name=op.f("fk_event_delivery_receiver_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_delivery")),
        sa.UniqueConstraint("receiver_id", "event_id", name=op.f("uq_event_delivery_receiver_id_event_id")),
    )
    for name, table, columns, where in _INDEXES:
        only = sa.text(where) if where else None
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)
    for statement in webhooks.creation(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    for statement in webhooks.removal(op.get_bind().dialect.name):
        op.execute(statement)
    for name, table, *_rest in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
    for table in ("event_delivery", "outgoing_event", "event_receiver"):
        op.drop_table(table)


_PENDING = "state = 'pending'"
_INDEXES = (
    ("ix_outgoing_event_course_id", "outgoing_event", ["course_id"], ""),
    ("ix_outgoing_event_noted_at", "outgoing_event", ["noted_at"], ""),
    ("ix_outgoing_event_new", "outgoing_event", ["id"], "document IS NULL"),
    ("ix_event_delivery_event_id", "event_delivery", ["event_id"], ""),
    ("ix_event_delivery_pending", "event_delivery", ["due_at", "id"], _PENDING),
    ("ix_event_delivery_order", "event_delivery", ["receiver_id", "course_id", "event_id"], _PENDING),
)
