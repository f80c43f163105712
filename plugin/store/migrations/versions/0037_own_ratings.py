"""Clients' own ratings, and the hand-over of a device to one client."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugin.store import versions

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Apply."""
    _create_concerns()
    _create_ratings()
    op.create_table(
        "rating_choice",
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("is_declined", sa.Boolean(), nullable=False),
        sa.Column("is_on_papers", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_rating_choice_client_id")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_rating_choice")),
    )
    op.create_table(
        "hand_over",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.String(length=160), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_hand_over_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_hand_over_token_sha256")),
    )
    op.create_index(op.f("ix_hand_over_client_id"), "hand_over", ["client_id"])
    for statement in versions.creation(op.get_bind().dialect.name, revision):
        op.execute(statement)


def downgrade() -> None:
    """Undo; every rating is lost."""
    for statement in versions.removal(op.get_bind().dialect.name, revision):
        op.execute(statement)
    for table in ("hand_over", "rating_choice", "own_rating", "rated_concern"):
        op.drop_table(table)


def _create_concerns() -> None:
    op.create_table(
        "rated_concern",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("words", sa.String(length=80), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_rated_concern_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rated_concern")),
    )
    op.create_index(op.f("ix_rated_concern_client_id"), "rated_concern", ["client_id"])


def _create_ratings() -> None:
    op.create_table(
        "own_rating",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("concern_id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("value between 0 and 10", name=op.f("ck_own_rating_value")),
        sa.CheckConstraint("source in ('page', 'handed', 'api')", name=op.f("ck_own_rating_source")),
        sa.ForeignKeyConstraint(
            ["concern_id"], ["rated_concern.id"], name=op.f("fk_own_rating_concern_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_own_rating_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_rating")),
    )
    op.create_index(op.f("ix_own_rating_client_id_on_day"), "own_rating", ["client_id", "on_day"])
    op.create_index(
        "uq_own_rating_day",
        "own_rating",
        ["concern_id", "on_day"],
        unique=True,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
