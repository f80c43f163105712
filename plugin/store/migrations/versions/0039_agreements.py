"""Course agreements, their signatures, and the sales begun under them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugin.store import triggers

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "agreement",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("package_id", sa.String(length=40), nullable=False),
        sa.Column("package_version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("change_of_mind", sa.String(length=20), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("terms_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.CheckConstraint("channel in ('clinic', 'distance')", name=op.f("ck_agreement_channel")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_agreement_client_id")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_agreement_package_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
    )
    op.create_index(op.f("ix_agreement_client_id_package_id"), "agreement", ["client_id", "package_id"])
    op.create_index(op.f("ix_agreement_made_at"), "agreement", ["made_at"])
    op.create_table(
        "agreement_signature",
        sa.Column("agreement_id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("present", sa.String(length=160), nullable=False),
        sa.Column("shown_sha256", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint("way in ('drawn', 'typed', 'paper')", name=op.f("ck_agreement_signature_way")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_signature_agreement_id")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_agreement_signature_client_id")),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_agreement_signature")),
    )
    op.create_index(op.f("ix_agreement_signature_client_id"), "agreement_signature", ["client_id"])
    op.create_index(op.f("ix_agreement_signature_signed_at"), "agreement_signature", ["signed_at"])
    op.create_table(
        "agreement_sale",
        sa.Column("checkout_id", sa.String(length=40), nullable=False),
        sa.Column("agreement_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement_signature.agreement_id"],
            name=op.f("fk_agreement_sale_agreement_id"),
        ),
        sa.ForeignKeyConstraint(["checkout_id"], ["checkout.id"], name=op.f("fk_agreement_sale_checkout_id")),
        sa.PrimaryKeyConstraint("checkout_id", name=op.f("pk_agreement_sale")),
    )
    op.create_index(op.f("ix_agreement_sale_agreement_id"), "agreement_sale", ["agreement_id"])
    for statement in triggers.creation_of_agreements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    for statement in triggers.removal_of_agreements(op.get_bind().dialect.name):
        op.execute(statement)
    for table in ("agreement_sale", "agreement_signature", "agreement"):
        op.drop_table(table)
