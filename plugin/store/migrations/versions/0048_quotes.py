"""Quotes: packages offered to clients before a sale."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "quote",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("package_id", sa.String(length=40), nullable=False),
        sa.Column("package_version", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("concern", sa.String(length=300), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checkout_id", sa.String(length=40), nullable=True),
        sa.CheckConstraint("price >= 0", name=op.f("ck_quote_price")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_quote_client_id_client")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_quote_package_id_package")),
        sa.ForeignKeyConstraint(["checkout_id"], ["checkout.id"], name=op.f("fk_quote_checkout_id_checkout")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
        sa.UniqueConstraint("checkout_id", name=op.f("uq_quote_checkout_id")),
        sa.UniqueConstraint("code", name=op.f("uq_quote_code")),
    )
    op.create_index(op.f("ix_quote_client_id_package_id"), "quote", ["client_id", "package_id"])
    op.create_index(op.f("ix_quote_made_at"), "quote", ["made_at"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("quote")
