"""Passes that clients keep in Google Wallet or Apple Wallet."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
serves_older = True


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "wallet_pass",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=10), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("device", sa.String(length=100), nullable=False),
        sa.Column("push_token", sa.String(length=200), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("place in ('google', 'apple')", name=op.f("ck_wallet_pass_place")),
        sa.CheckConstraint("(place = 'google') = (device = '')", name=op.f("ck_wallet_pass_device")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_wallet_pass_course_id_course")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_wallet_pass_client_id_client")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_pass")),
        sa.UniqueConstraint(
            "device",
            "course_id",
            "client_id",
            "place",
            name=op.f("uq_wallet_pass_device_course_id_client_id_place"),
        ),
    )
    op.create_index(op.f("ix_wallet_pass_client_id"), "wallet_pass", ["client_id"])
    op.create_index(op.f("ix_wallet_pass_course_id"), "wallet_pass", ["course_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("wallet_pass")
