"""All of Square."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugin.store import triggers

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
        "books_closed",
        sa.Column("closed_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_through", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("closed_before", name=op.f("pk_books_closed")),
        sa.UniqueConstraint("closed_through", name=op.f("uq_books_closed_closed_through")),
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
        sa.Column("locations", sa.JSON(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=400), nullable=False),
        sa.Column("problem_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("square_subscription_id", sa.String(length=192), nullable=True),
        sa.Column("subscription_url", sa.String(length=2000), nullable=False),
        sa.Column("signature_key_sealed", sa.Text(), nullable=True),
        sa.Column("test_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("test_event_id", sa.String(length=255), nullable=True),
        sa.Column("test_said", sa.String(length=400), nullable=False),
        sa.Column("failing_code", sa.String(length=40), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
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
        "erased_profile",
        sa.Column("square_customer_sha256", sa.String(length=64), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("square_customer_sha256", name=op.f("pk_erased_profile")),
    )
    op.create_table(
        "square_person",
        sa.Column("square_customer_id", sa.String(length=192), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("name_folded", sa.String(length=160), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("square_customer_id", name=op.f("pk_square_person")),
    )
    with op.batch_alter_table("square_person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_square_person_name_folded"), ["name_folded"], unique=False)

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
        "client_merge",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("from_id", sa.String(length=40), nullable=False),
        sa.Column("into_id", sa.String(length=40), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=160), nullable=False),
        sa.CheckConstraint("from_id <> into_id", name=op.f("ck_client_merge_another")),
        sa.ForeignKeyConstraint(["from_id"], ["client.id"], name=op.f("fk_client_merge_from_id")),
        sa.ForeignKeyConstraint(["into_id"], ["client.id"], name=op.f("fk_client_merge_into_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_merge")),
    )
    with op.batch_alter_table("client_merge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_client_merge_from_id"), ["from_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_client_merge_into_id"), ["into_id"], unique=False)

    op.create_table(
        "import_batch",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column(
            "imported_sha256",
            sa.String(length=64),
            sa.Computed("CASE WHEN state IN ('importing', 'imported') THEN sha256 END", persisted=True),
            nullable=True,
        ),
        sa.Column("shape", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=True),
        sa.Column("wrong", sa.JSON(), nullable=True),
        sa.Column("problem", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=True),
        sa.Column("imported_by", sa.String(length=160), nullable=False),
        sa.Column("imported_staff_id", sa.String(length=40), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=160), nullable=False),
        sa.Column("undone_because", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "(undone_at is not null) = (state = 'undone')", name=op.f("ck_import_batch_undone_together")
        ),
        sa.CheckConstraint(
            "state in ('mapping', 'checking', 'checked', 'importing', 'imported', 'canceled', 'undone')",
            name=op.f("ck_import_batch_state"),
        ),
        sa.CheckConstraint("rows_total >= 0 and rows_done >= 0", name=op.f("ck_import_batch_rows")),
        sa.ForeignKeyConstraint(
            ["imported_staff_id"], ["staff.id"], name=op.f("fk_import_batch_imported_staff_id")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_import_batch_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        sa.UniqueConstraint("imported_sha256", name=op.f("uq_import_batch_imported_sha256")),
    )
    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_batch_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_import_batch_sha256"), ["sha256"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_import_batch_state_created_at"), ["state", "created_at"], unique=False
        )

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
        sa.Column("asked_for", sa.String(length=20), nullable=False),
        sa.Column("square_object_id", sa.String(length=192), nullable=True),
        sa.Column("square_object_version", sa.BigInteger(), nullable=True),
        sa.Column("url", sa.String(length=2000), nullable=True),
        sa.Column("mail_to", sa.String(length=254), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=400), nullable=False),
        sa.Column("notice", sa.String(length=400), nullable=False),
        sa.Column("cancel_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_as", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exchanges_course_id", sa.String(length=40), nullable=True),
        sa.Column("credit", sa.BigInteger(), nullable=True),
        sa.Column("credit_for", sa.JSON(), nullable=True),
        sa.Column("exchanged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "exchange_under_way",
            sa.String(length=40),
            sa.Computed("CASE WHEN ended_at IS NULL THEN exchanges_course_id END", persisted=True),
            nullable=True,
        ),
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
        sa.CheckConstraint(
            "(exchanges_course_id is null) = (credit is null) and coalesce(credit, 0) >= 0",
            name=op.f("ck_checkout_credit"),
        ),
        sa.CheckConstraint("amount >= 0 and came >= 0", name=op.f("ck_checkout_amount")),
        sa.CheckConstraint(
            "exchanges_course_id is null or quantity = 1", name=op.f("ck_checkout_exchanges_one")
        ),
        sa.CheckConstraint("quantity between 1 and 20", name=op.f("ck_checkout_quantity")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_checkout_client_id")),
        sa.ForeignKeyConstraint(
            ["exchanges_course_id"], ["course.id"], name=op.f("fk_checkout_exchanges_course_id")
        ),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_checkout_package_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_checkout_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkout")),
        sa.UniqueConstraint("exchange_under_way", name=op.f("uq_checkout_exchange_under_way")),
        sa.UniqueConstraint("square_object_id", name=op.f("uq_checkout_square_object_id")),
    )
    with op.batch_alter_table("checkout", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_checkout_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_checkout_created_at"), ["created_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_checkout_exchanges_course_id"), ["exchanges_course_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_checkout_square_order_id"), ["square_order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_checkout_state_way"), ["state", "way"], unique=False)

    op.create_table(
        "course_origin",
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("origin_id", sa.String(length=40), nullable=False),
        sa.Column("transferred_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("course_id <> origin_id", name=op.f("ck_course_origin_another")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_origin_course_id")),
        sa.ForeignKeyConstraint(["origin_id"], ["course.id"], name=op.f("fk_course_origin_origin_id")),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_course_origin")),
    )
    with op.batch_alter_table("course_origin", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_course_origin_origin_id"), ["origin_id"], unique=False)

    op.create_table(
        "course_share",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("shared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=160), nullable=False),
        sa.Column(
            "standing",
            sa.String(length=40),
            sa.Computed("CASE WHEN ended_at IS NULL THEN client_id END", persisted=True),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_course_share_client_id")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_share_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_share")),
        sa.UniqueConstraint("course_id", "standing", name=op.f("uq_course_share_course_id_standing")),
    )
    with op.batch_alter_table("course_share", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_course_share_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_course_share_course_id"), ["course_id"], unique=False)

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
        "gift",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("giver_name", sa.String(length=160), nullable=False),
        sa.Column("recipient_name", sa.String(length=160), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("redeemed_by", sa.String(length=160), nullable=False),
        sa.Column("giver_id", sa.String(length=40), nullable=False),
        sa.Column("recipient_id", sa.String(length=40), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_by", sa.String(length=160), nullable=False),
        sa.Column(
            "waiting",
            sa.String(length=40),
            sa.Computed(
                "CASE WHEN redeemed_at IS NULL AND taken_back_at IS NULL THEN course_id END", persisted=True
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "(redeemed_at is null) = (recipient_id is null)", name=op.f("ck_gift_redeemed_together")
        ),
        sa.CheckConstraint("redeemed_at is null or taken_back_at is null", name=op.f("ck_gift_ends_once")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_gift_course_id")),
        sa.ForeignKeyConstraint(["giver_id"], ["client.id"], name=op.f("fk_gift_giver_id")),
        sa.ForeignKeyConstraint(["recipient_id"], ["client.id"], name=op.f("fk_gift_recipient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift")),
        sa.UniqueConstraint("code", name=op.f("uq_gift_code")),
        sa.UniqueConstraint("waiting", name=op.f("uq_gift_waiting")),
    )
    with op.batch_alter_table("gift", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gift_course_id"), ["course_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_gift_giver_id"), ["giver_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_gift_recipient_id"), ["recipient_id"], unique=False)

    op.create_table(
        "imported_course",
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("has_new_client", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_imported_course_batch_id")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_imported_course_course_id")),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_imported_course")),
    )
    with op.batch_alter_table("imported_course", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_imported_course_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "allowed_ahead",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("allowance_id", sa.String(length=40), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint("sessions between 1 and 999", name=op.f("ck_allowed_ahead_sessions")),
        sa.ForeignKeyConstraint(
            ["allowance_id"], ["allowance.id"], name=op.f("fk_allowed_ahead_allowance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowed_ahead")),
    )
    with op.batch_alter_table("allowed_ahead", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_allowed_ahead_allowance_id"), ["allowance_id"], unique=False)

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
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("square_customer_id", sa.String(length=192), nullable=True),
        sa.Column("customer_name", sa.String(length=160), nullable=False),
        sa.Column("square_location_id", sa.String(length=192), nullable=True),
        sa.Column("square_variation_id", sa.String(length=192), nullable=True),
        sa.Column("service_name", sa.String(length=160), nullable=False),
        sa.Column("square_team_member_id", sa.String(length=192), nullable=True),
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
        sa.CheckConstraint("outcome in ('used', 'charged', 'forgiven')", name=op.f("ck_booking_outcome")),
        sa.CheckConstraint(
            "(outcome is null) = (outcome_at is null)", name=op.f("ck_booking_outcome_together")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_booking_course_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_booking_entry_id")),
        sa.PrimaryKeyConstraint("square_booking_id", name=op.f("pk_booking")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_booking_entry_id")),
    )
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_booking_course_id_outcome"), ["course_id", "outcome"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_booking_square_customer_id"), ["square_customer_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_booking_square_team_member_id"), ["square_team_member_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_booking_square_variation_id"), ["square_variation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_booking_start_at"), ["start_at"], unique=False)

    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("erased_by", sa.String(length=160), server_default="", nullable=False))
        batch_op.create_index(batch_op.f("ix_client_merged_into"), ["merged_into"], unique=False)

    with op.batch_alter_table("clinic", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("has_square_notes", sa.Boolean(), server_default=sa.true(), nullable=False)
        )

    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entry_happened_at"), ["happened_at"], unique=False)

    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("agreed_name", sa.String(length=160), nullable=True))
        batch_op.add_column(sa.Column("agreed_price", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("seen_name", sa.String(length=160), nullable=True))
        batch_op.add_column(sa.Column("seen_price", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("seen_currency", sa.String(length=3), nullable=True))
        batch_op.add_column(sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("square_customer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False))

    # A database of the first revision guards its lines by the words of that day; they allow no erasure.
    engine = op.get_bind().dialect.name
    for statement in (*triggers.removal(engine), *triggers.creation(engine)):
        op.execute(statement)


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
        batch_op.drop_column("agreed_price")
        batch_op.drop_column("agreed_name")

    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entry_happened_at"))

    with op.batch_alter_table("clinic", schema=None) as batch_op:
        batch_op.drop_column("has_square_notes")

    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_client_merged_into"))
        batch_op.drop_column("erased_by")
        batch_op.drop_column("erased_at")

    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_booking_start_at"))
        batch_op.drop_index(batch_op.f("ix_booking_square_variation_id"))
        batch_op.drop_index(batch_op.f("ix_booking_square_team_member_id"))
        batch_op.drop_index(batch_op.f("ix_booking_square_customer_id"))
        batch_op.drop_index(batch_op.f("ix_booking_course_id_outcome"))

    op.drop_table("booking")
    op.drop_table("desk_refund_part")
    with op.batch_alter_table("allowed_ahead", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_allowed_ahead_allowance_id"))

    op.drop_table("allowed_ahead")
    with op.batch_alter_table("imported_course", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_imported_course_batch_id"))

    op.drop_table("imported_course")
    with op.batch_alter_table("gift", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gift_recipient_id"))
        batch_op.drop_index(batch_op.f("ix_gift_giver_id"))
        batch_op.drop_index(batch_op.f("ix_gift_course_id"))

    op.drop_table("gift")
    with op.batch_alter_table("desk_refund", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_desk_refund_created_at"))
        batch_op.drop_index(batch_op.f("ix_desk_refund_course_id"))

    op.drop_table("desk_refund")
    with op.batch_alter_table("course_share", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_course_share_course_id"))
        batch_op.drop_index(batch_op.f("ix_course_share_client_id"))

    op.drop_table("course_share")
    with op.batch_alter_table("course_origin", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_course_origin_origin_id"))

    op.drop_table("course_origin")
    with op.batch_alter_table("checkout", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checkout_state_way"))
        batch_op.drop_index(batch_op.f("ix_checkout_square_order_id"))
        batch_op.drop_index(batch_op.f("ix_checkout_exchanges_course_id"))
        batch_op.drop_index(batch_op.f("ix_checkout_created_at"))
        batch_op.drop_index(batch_op.f("ix_checkout_client_id"))

    op.drop_table("checkout")
    op.drop_table("profile_note")
    op.drop_table("oauth_attempt")
    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_batch_state_created_at"))
        batch_op.drop_index(batch_op.f("ix_import_batch_sha256"))
        batch_op.drop_index(batch_op.f("ix_import_batch_created_at"))

    op.drop_table("import_batch")
    with op.batch_alter_table("client_merge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_client_merge_into_id"))
        batch_op.drop_index(batch_op.f("ix_client_merge_from_id"))

    op.drop_table("client_merge")
    op.drop_table("terminal")
    with op.batch_alter_table("square_person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_square_person_name_folded"))

    op.drop_table("square_person")
    op.drop_table("erased_profile")
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dispute_square_order_id"))

    op.drop_table("dispute")
    op.drop_table("connection")
    op.drop_table("books_closed")
    op.drop_table("bookmark")
