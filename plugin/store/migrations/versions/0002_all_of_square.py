"""All of Square."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""

    op.create_table(
        "bookmark",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bookmark")),
    )
    op.create_table(
        "connection",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("square_merchant_id", sa.String(length=192), nullable=True),
        sa.Column("merchant_name", sa.String(length=160), nullable=False),
        sa.Column("access_token_sealed", sa.Text(), nullable=True),
        sa.Column("refresh_token_sealed", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refresh_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("connected_by", sa.String(length=160), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=400), nullable=False),
        sa.Column("problem_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("square_subscription_id", sa.String(length=192), nullable=True),
        sa.Column("subscription_url", sa.String(length=2000), nullable=False),
        sa.Column("signature_key_sealed", sa.Text(), nullable=True),
        sa.Column("test_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("test_came_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_connection_one_connection")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
    )
    op.create_table(
        "dispute",
        sa.Column("square_dispute_id", sa.String(length=192), nullable=False),
        sa.Column("square_payment_id", sa.String(length=192), nullable=True),
        sa.Column("square_order_id", sa.String(length=192), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("square_dispute_id", name=op.f("pk_dispute")),
    )
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dispute_square_order_id"), ["square_order_id"], unique=False)

    op.create_table(
        "terminal",
        sa.Column("square_device_id", sa.String(length=192), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("square_location_id", sa.String(length=192), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("square_device_id", name=op.f("pk_terminal")),
    )
    op.create_table(
        "checkout",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("package_id", sa.String(length=40), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("came", sa.BigInteger(), nullable=False),
        sa.Column("supplied", sa.BigInteger(), nullable=True),
        sa.Column("deposit", sa.BigInteger(), nullable=True),
        sa.Column("deposit_due_on", sa.Date(), nullable=True),
        sa.Column("balance_due_on", sa.Date(), nullable=True),
        sa.Column("tender", sa.String(length=80), nullable=False),
        sa.Column("square_device_id", sa.String(length=192), nullable=True),
        sa.Column("square_variation_id", sa.String(length=192), nullable=True),
        sa.Column("square_location_id", sa.String(length=192), nullable=True),
        sa.Column("square_customer_id", sa.String(length=192), nullable=True),
        sa.Column("square_order_id", sa.String(length=192), nullable=True),
        sa.Column("square_object_id", sa.String(length=192), nullable=True),
        sa.Column("square_object_version", sa.BigInteger(), nullable=True),
        sa.Column("url", sa.String(length=2000), nullable=True),
        sa.Column("mail_to", sa.String(length=254), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=400), nullable=False),
        sa.Column("cancel_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(ended_at is not null) = (state in ('paid', 'canceled', 'timed_out', 'failed'))",
            name=op.f("ck_checkout_ended_together"),
        ),
        sa.CheckConstraint(
            "state in ('asking', 'waiting', 'paid', 'canceled', 'timed_out', 'failed')",
            name=op.f("ck_checkout_state"),
        ),
        sa.CheckConstraint(
            "way in ('till', 'terminal', 'link', 'cash', 'other', 'invoice')", name=op.f("ck_checkout_way")
        ),
        sa.CheckConstraint("amount >= 0 and came >= 0", name=op.f("ck_checkout_amount")),
        sa.CheckConstraint("quantity between 1 and 20", name=op.f("ck_checkout_quantity")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_checkout_client_id")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_checkout_package_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_checkout_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkout")),
        sa.UniqueConstraint("square_object_id", name=op.f("uq_checkout_square_object_id")),
        sa.UniqueConstraint("square_order_id", name=op.f("uq_checkout_square_order_id")),
    )
    with op.batch_alter_table("checkout", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_checkout_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_checkout_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_checkout_state_way"), ["state", "way"], unique=False)

    op.create_table(
        "oauth_attempt",
        sa.Column("state_sha256", sa.String(length=64), nullable=False),
        sa.Column("verifier_sealed", sa.Text(), nullable=True),
        sa.Column("staff_id", sa.String(length=40), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_oauth_attempt_staff_id")),
        sa.PrimaryKeyConstraint("state_sha256", name=op.f("pk_oauth_attempt")),
    )
    op.create_table(
        "profile_note",
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("written", sa.String(length=500), nullable=False),
        sa.Column("square_customer_id", sa.String(length=192), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_profile_note_client_id")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_profile_note")),
    )
    op.create_table(
        "desk_refund",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("formula", sa.String(length=30), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("problem", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "under_way",
            sa.String(length=40),
            sa.Computed("CASE WHEN ended_at IS NULL THEN course_id END", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint(
            "(ended_at is not null) = (state in ('completed', 'failed'))",
            name=op.f("ck_desk_refund_ended_together"),
        ),
        sa.CheckConstraint(
            "state in ('asking', 'pending', 'completed', 'failed')", name=op.f("ck_desk_refund_state")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_desk_refund_amount")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_desk_refund_course_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_desk_refund_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_refund")),
        sa.UniqueConstraint("under_way", name=op.f("uq_desk_refund_under_way")),
    )
    with op.batch_alter_table("desk_refund", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_desk_refund_course_id"), ["course_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_desk_refund_created_at"), ["created_at"], unique=False)

    op.create_table(
        "desk_refund_part",
        sa.Column("desk_refund_id", sa.String(length=40), nullable=False),
        sa.Column("square_payment_id", sa.String(length=192), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("square_refund_id", sa.String(length=192), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_desk_refund_part_amount")),
        sa.ForeignKeyConstraint(
            ["desk_refund_id"], ["desk_refund.id"], name=op.f("fk_desk_refund_part_desk_refund_id")
        ),
        sa.PrimaryKeyConstraint("desk_refund_id", "square_payment_id", name=op.f("pk_desk_refund_part")),
        sa.UniqueConstraint("square_refund_id", name=op.f("uq_desk_refund_part_square_refund_id")),
    )
    op.create_table(
        "booking",
        sa.Column("square_booking_id", sa.String(length=192), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("square_customer_id", sa.String(length=192), nullable=True),
        sa.Column("square_location_id", sa.String(length=192), nullable=True),
        sa.Column("service_name", sa.String(length=160), nullable=False),
        sa.Column("team_member_name", sa.String(length=160), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome_by", sa.String(length=160), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=True),
        sa.Column("entry_id", sa.String(length=40), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "entry_id is null or outcome in ('used', 'charged')", name=op.f("ck_booking_entry_has_outcome")
        ),
        sa.CheckConstraint(
            "outcome in ('used', 'charged', 'forgiven', 'dismissed')", name=op.f("ck_booking_outcome")
        ),
        sa.CheckConstraint(
            "(outcome is null) = (outcome_at is null)", name=op.f("ck_booking_outcome_together")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_booking_course_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_booking_entry_id")),
        sa.PrimaryKeyConstraint("square_booking_id", name=op.f("pk_booking")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_booking_entry_id")),
    )
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_booking_course_id"), ["course_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_booking_course_id_outcome"), ["course_id", "outcome"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_booking_square_customer_id"), ["square_customer_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_booking_start_at"), ["start_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_booking_starts_on"), ["starts_on"], unique=False)

    with op.batch_alter_table("clinic", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("has_square_notes", sa.Boolean(), server_default=sa.true(), nullable=False)
        )

    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seen_name", sa.String(length=160), nullable=True))
        batch_op.add_column(sa.Column("seen_price", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("seen_currency", sa.String(length=3), nullable=True))
        batch_op.add_column(sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("square_customer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Take back."""

    with op.batch_alter_table("square_customer", schema=None) as batch_op:
        batch_op.drop_column("is_deleted")

    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.drop_column("is_deleted")
        batch_op.drop_column("seen_at")
        batch_op.drop_column("seen_currency")
        batch_op.drop_column("seen_price")
        batch_op.drop_column("seen_name")

    with op.batch_alter_table("clinic", schema=None) as batch_op:
        batch_op.drop_column("has_square_notes")

    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_booking_starts_on"))
        batch_op.drop_index(batch_op.f("ix_booking_start_at"))
        batch_op.drop_index(batch_op.f("ix_booking_square_customer_id"))
        batch_op.drop_index(batch_op.f("ix_booking_course_id_outcome"))
        batch_op.drop_index(batch_op.f("ix_booking_course_id"))

    op.drop_table("booking")
    op.drop_table("desk_refund_part")
    with op.batch_alter_table("desk_refund", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_desk_refund_created_at"))
        batch_op.drop_index(batch_op.f("ix_desk_refund_course_id"))

    op.drop_table("desk_refund")
    op.drop_table("profile_note")
    op.drop_table("oauth_attempt")
    with op.batch_alter_table("checkout", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checkout_state_way"))
        batch_op.drop_index(batch_op.f("ix_checkout_created_at"))
        batch_op.drop_index(batch_op.f("ix_checkout_client_id"))

    op.drop_table("checkout")
    op.drop_table("terminal")
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dispute_square_order_id"))

    op.drop_table("dispute")
    op.drop_table("connection")
    op.drop_table("bookmark")
