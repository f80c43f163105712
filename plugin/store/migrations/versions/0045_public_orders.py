"""Packages chosen on the public page, and tips from the private page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "public_order",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("token", sa.String(length=43), nullable=True),
        sa.Column("package_id", sa.String(length=40), nullable=False),
        sa.Column("package_version", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("agreed", sa.JSON(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=True),
        sa.Column("square_location_id", sa.String(length=192), nullable=True),
        sa.Column("square_order_id", sa.String(length=192), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_public_order_amount")),
        sa.CheckConstraint(
            "(state in ('paid', 'failed')) = (ended_at is not null)",
            name=op.f("ck_public_order_ended_together"),
        ),
        sa.CheckConstraint(
            "state in ('asking', 'waiting', 'paid', 'failed')", name=op.f("ck_public_order_state")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_public_order_client_id")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_public_order_package_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_order")),
        sa.UniqueConstraint("square_order_id", name=op.f("uq_public_order_square_order_id")),
        sa.UniqueConstraint("token", name=op.f("uq_public_order_token")),
    )
    op.create_index(op.f("ix_public_order_begun_at"), "public_order", ["begun_at"])
    op.create_index(op.f("ix_public_order_client_id"), "public_order", ["client_id"])
    op.create_table(
        "tip",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("practitioner_id", sa.String(length=40), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=True),
        sa.Column("square_location_id", sa.String(length=192), nullable=True),
        sa.Column("square_order_id", sa.String(length=192), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_tip_amount")),
        sa.CheckConstraint(
            "(state in ('paid', 'unpaid')) = (ended_at is not null)", name=op.f("ck_tip_ended_together")
        ),
        sa.CheckConstraint("state in ('asking', 'waiting', 'paid', 'unpaid')", name=op.f("ck_tip_state")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_tip_client_id")),
        sa.ForeignKeyConstraint(["practitioner_id"], ["staff.id"], name=op.f("fk_tip_practitioner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip")),
        sa.UniqueConstraint("square_order_id", name=op.f("uq_tip_square_order_id")),
    )
    op.create_index(op.f("ix_tip_begun_at"), "tip", ["begun_at"])
    op.create_index(op.f("ix_tip_client_id"), "tip", ["client_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("tip")
    op.drop_table("public_order")
