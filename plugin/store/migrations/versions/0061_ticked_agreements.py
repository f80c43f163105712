"""The terms ticked on the public page as a course agreement, and the order that was paid under it."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
serves_older = True

_COLUMNS = (
    ("terms_content", sa.Text()),
    ("terms_sha256", sa.String(64)),
    ("terms_mind", sa.String(20)),
    ("terms_pdf", sa.LargeBinary()),
    ("terms_signed_pdf", sa.LargeBinary()),
)


def upgrade() -> None:
    """Apply."""
    for name, kind in _COLUMNS:
        op.add_column("public_order", sa.Column(name, kind, nullable=True))
    op.create_table(
        "agreement_order",
        sa.Column("agreement_id", sa.String(40), nullable=False),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement_signature.agreement_id"],
            name=op.f("fk_agreement_order_agreement_id_agreement_signature"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["public_order.id"], name=op.f("fk_agreement_order_order_id_public_order")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.id"], name=op.f("fk_agreement_order_client_id_client")
        ),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_agreement_order")),
        sa.UniqueConstraint("order_id", name=op.f("uq_agreement_order_order_id")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("agreement_order")
    for name, _kind in _COLUMNS:
        op.drop_column("public_order", name)
