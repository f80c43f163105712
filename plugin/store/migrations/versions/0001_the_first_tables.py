"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugin.store import triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""

    op.create_table(
        "api_token",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role in ('owner', 'desk', 'practitioner')", name=op.f("ck_api_token_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_api_token_token_sha256")),
    )
    op.create_table(
        "attention",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("dedupe", sa.String(length=255), nullable=False),
        sa.Column("summary", sa.String(length=400), nullable=False),
        sa.Column("square_order_id", sa.String(length=192), nullable=True),
        sa.Column("square_refund_id", sa.String(length=192), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.String(length=160), nullable=True),
        sa.Column("resolution", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attention")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_attention_dedupe")),
    )
    with op.batch_alter_table("attention", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attention_resolved_at"), ["resolved_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_attention_square_order_id"), ["square_order_id"], unique=False)

    op.create_table(
        "client",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.String(length=160), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_into", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["merged_into"], ["client.id"], name=op.f("fk_client_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
    )
    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_client_name_folded_id"), ["name_folded", "id"], unique=False)

    op.create_table(
        "clinic",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("website", sa.String(length=254), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("accent", sa.String(length=7), nullable=False),
        sa.Column("page_size", sa.String(length=10), nullable=False),
        sa.Column("square_location_id", sa.String(length=192), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_clinic_one_clinic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic")),
    )
    op.create_table(
        "handout",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handout")),
        sa.UniqueConstraint(
            "course_id",
            "kind",
            "language",
            "content_sha256",
            name=op.f("uq_handout_course_id_kind_language_content_sha256"),
        ),
    )
    with op.batch_alter_table("handout", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handout_course_id"), ["course_id"], unique=False)

    op.create_table(
        "inbox",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=255), nullable=False),
        sa.Column("event_type", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=400), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('pending', 'done', 'ignored', 'failed')", name=op.f("ck_inbox_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_inbox_event_id")),
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbox_received_at"), ["received_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbox_state_due_at"), ["state", "due_at"], unique=False)

    op.create_table(
        "operation",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_operation")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=400), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('pending', 'done', 'failed')", name=op.f("ck_outbox_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_state_due_at"), ["state", "due_at"], unique=False)

    op.create_table(
        "package",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("price >= 0", name=op.f("ck_package_price")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package")),
    )
    op.create_table(
        "paper",
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("course_id", "kind", "language", name=op.f("pk_paper")),
    )
    op.create_table(
        "square_refund",
        sa.Column("square_refund_id", sa.String(length=192), nullable=False),
        sa.Column("square_order_id", sa.String(length=192), nullable=True),
        sa.Column("return_order_id", sa.String(length=192), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("square_refund_id", name=op.f("pk_square_refund")),
    )
    with op.batch_alter_table("square_refund", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_square_refund_square_order_id"), ["square_order_id"], unique=False
        )

    op.create_table(
        "staff",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("session_mark", sa.String(length=64), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role in ('owner', 'desk', 'practitioner')", name=op.f("ck_staff_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
        sa.UniqueConstraint("session_mark", name=op.f("uq_staff_session_mark")),
    )
    op.create_table(
        "sweep",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep")),
    )
    with op.batch_alter_table("sweep", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sweep_started_at"), ["started_at"], unique=False)

    op.create_table(
        "treatment",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("single_price", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint("kind in ('main', 'touch_up', 'add_on')", name=op.f("ck_treatment_kind")),
        sa.CheckConstraint("single_price >= 0", name=op.f("ck_treatment_single_price")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treatment")),
        sa.UniqueConstraint("name", name=op.f("uq_treatment_name")),
    )
    op.create_table(
        "course",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=True),
        sa.Column("package_id", sa.String(length=40), nullable=False),
        sa.Column("package_name", sa.String(length=160), nullable=False),
        sa.Column("package_version", sa.Integer(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("sold_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_as", sa.String(length=20), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=255), nullable=True),
        sa.Column("square_order_id", sa.String(length=192), nullable=True),
        sa.Column("square_line_uid", sa.String(length=60), nullable=True),
        sa.Column("unit", sa.Integer(), nullable=True),
        sa.Column("square_location_id", sa.String(length=192), nullable=True),
        sa.CheckConstraint("closed_as in ('refunded', 'transferred')", name=op.f("ck_course_closed_as")),
        sa.CheckConstraint(
            "(closed_as is null) = (closed_at is null)", name=op.f("ck_course_closed_together")
        ),
        sa.CheckConstraint("price >= 0", name=op.f("ck_course_price")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_course_client_id")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_course_package_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
        sa.UniqueConstraint("closed_by", name=op.f("uq_course_closed_by")),
        sa.UniqueConstraint(
            "square_order_id",
            "square_line_uid",
            "unit",
            name=op.f("uq_course_square_order_id_square_line_uid_unit"),
        ),
    )
    with op.batch_alter_table("course", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_course_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_course_sold_at"), ["sold_at"], unique=False)

    op.create_table(
        "listing",
        sa.Column("square_variation_id", sa.String(length=192), nullable=False),
        sa.Column("square_item_id", sa.String(length=192), nullable=True),
        sa.Column("package_id", sa.String(length=40), nullable=False),
        sa.Column("square_version", sa.BigInteger(), nullable=True),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_listing_package_id")),
        sa.PrimaryKeyConstraint("square_variation_id", name=op.f("pk_listing")),
    )
    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_listing_package_id"), ["package_id"], unique=False)

    op.create_table(
        "package_content",
        sa.Column("package_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("treatment_id", sa.String(length=40), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("single_price", sa.BigInteger(), nullable=False),
        sa.Column("usable_from_session", sa.Integer(), nullable=True),
        sa.CheckConstraint("sessions between 1 and 999", name=op.f("ck_package_content_sessions")),
        sa.CheckConstraint("single_price >= 0", name=op.f("ck_package_content_single_price")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_package_content_package_id")),
        sa.ForeignKeyConstraint(
            ["treatment_id"], ["treatment.id"], name=op.f("fk_package_content_treatment_id")
        ),
        sa.PrimaryKeyConstraint("package_id", "position", name=op.f("pk_package_content")),
        sa.UniqueConstraint(
            "package_id", "treatment_id", name=op.f("uq_package_content_package_id_treatment_id")
        ),
    )
    op.create_table(
        "square_customer",
        sa.Column("square_customer_id", sa.String(length=192), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_square_customer_client_id")),
        sa.PrimaryKeyConstraint("square_customer_id", name=op.f("pk_square_customer")),
    )
    with op.batch_alter_table("square_customer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_square_customer_client_id"), ["client_id"], unique=False)

    op.create_table(
        "allowance",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("treatment_id", sa.String(length=40), nullable=False),
        sa.Column("treatment", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("single_price", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("usable_from_session", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind in ('main', 'touch_up', 'add_on')", name=op.f("ck_allowance_kind")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_allowance_price")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_allowance_course_id")),
        sa.ForeignKeyConstraint(["treatment_id"], ["treatment.id"], name=op.f("fk_allowance_treatment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowance")),
        sa.UniqueConstraint("course_id", "position", name=op.f("uq_allowance_course_id_position")),
    )
    op.create_table(
        "history",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_history_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_history_course_id"), ["course_id"], unique=False)

    op.create_table(
        "visit",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("practitioner_id", sa.String(length=40), nullable=True),
        sa.Column("focus", sa.String(length=500), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_visit_client_id")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_visit_course_id")),
        sa.ForeignKeyConstraint(["practitioner_id"], ["staff.id"], name=op.f("fk_visit_practitioner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_course_id"), ["course_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_visited_on"), ["visited_on"], unique=False)

    op.create_table(
        "entry",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("allowance_id", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "prev_seq",
            sa.Integer(),
            sa.Computed("CASE WHEN seq > 1 THEN seq - 1 END", persisted=True),
            nullable=True,
        ),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sessions_before", sa.Integer(), nullable=False),
        sa.Column("sessions_delta", sa.Integer(), nullable=False),
        sa.Column("sessions_after", sa.Integer(), nullable=False),
        sa.Column("value_before", sa.BigInteger(), nullable=False),
        sa.Column("value_delta", sa.BigInteger(), nullable=False),
        sa.Column("value_after", sa.BigInteger(), nullable=False),
        sa.Column("granted_before", sa.Integer(), nullable=False),
        sa.Column("granted_after", sa.Integer(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=True),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("reverses", sa.String(length=40), nullable=True),
        sa.Column("visit_id", sa.String(length=40), nullable=True),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.CheckConstraint(
            "(kind = 'reversed') = (reverses is not null)", name=op.f("ck_entry_reversal_names_entry")
        ),
        sa.CheckConstraint(
            "(kind = 'sold' and sessions_delta > 0 and value_delta >= 0) or (kind = 'paid' and sessions_delta = 0 and value_delta >= 0) or (kind = 'used' and sessions_delta < 0 and value_delta <= 0) or (kind in ('refunded', 'expired', 'written_off', 'transferred_out') and sessions_delta <= 0 and value_delta <= 0) or (kind = 'transferred_in' and sessions_delta >= 0 and value_delta >= 0) or kind in ('reversed', 'adjusted')",
            name=op.f("ck_entry_signs"),
        ),
        sa.CheckConstraint(
            "granted_after = granted_before or kind in ('sold', 'adjusted', 'transferred_in', 'transferred_out', 'reversed')",
            name=op.f("ck_entry_grants"),
        ),
        sa.CheckConstraint(
            "kind <> 'sold' or granted_after - granted_before = sessions_delta",
            name=op.f("ck_entry_sale_grants_sessions"),
        ),
        sa.CheckConstraint("reverses <> id", name=op.f("ck_entry_reverses_another")),
        sa.CheckConstraint(
            "seq > 1 or (seq = 1 and sessions_before = 0 and value_before = 0 and granted_before = 0)",
            name=op.f("ck_entry_starts_at_zero"),
        ),
        sa.CheckConstraint(
            "sessions_after = sessions_before + sessions_delta", name=op.f("ck_entry_sessions_add_up")
        ),
        sa.CheckConstraint(
            "sessions_after >= 0 and sessions_after <= granted_after",
            name=op.f("ck_entry_sessions_in_bounds"),
        ),
        sa.CheckConstraint(
            "sessions_delta = cast(sessions_delta as integer) and value_delta = cast(value_delta as bigint) and granted_after = cast(granted_after as integer)",
            name=op.f("ck_entry_whole_numbers"),
        ),
        sa.CheckConstraint("value_after = value_before + value_delta", name=op.f("ck_entry_value_adds_up")),
        sa.CheckConstraint("value_after >= 0", name=op.f("ck_entry_value_in_bounds")),
        sa.ForeignKeyConstraint(
            ["allowance_id", "prev_seq", "sessions_before", "value_before", "granted_before"],
            [
                "entry.allowance_id",
                "entry.seq",
                "entry.sessions_after",
                "entry.value_after",
                "entry.granted_after",
            ],
            name="fk_entry_chain",
        ),
        sa.ForeignKeyConstraint(
            ["allowance_id", "reverses"], ["entry.allowance_id", "entry.id"], name="fk_entry_reverses"
        ),
        sa.ForeignKeyConstraint(["allowance_id"], ["allowance.id"], name=op.f("fk_entry_allowance_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_entry_staff_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_entry_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("allowance_id", "id", name="uq_entry_of_allowance"),
        sa.UniqueConstraint(
            "allowance_id", "seq", "sessions_after", "value_after", "granted_after", name="uq_entry_head"
        ),
        sa.UniqueConstraint("allowance_id", "seq", name=op.f("uq_entry_allowance_id_seq")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_entry_idempotency_key")),
        sa.UniqueConstraint("reverses", name=op.f("uq_entry_reverses")),
    )
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entry_visit_id"), ["visit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_entry_written_at"), ["written_at"], unique=False)
    for statement in triggers.creation(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    for statement in triggers.removal(op.get_bind().dialect.name):
        op.execute(statement)

    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entry_written_at"))
        batch_op.drop_index(batch_op.f("ix_entry_visit_id"))

    op.drop_table("entry")
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_visited_on"))
        batch_op.drop_index(batch_op.f("ix_visit_course_id"))
        batch_op.drop_index(batch_op.f("ix_visit_client_id"))

    op.drop_table("visit")
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_history_course_id"))

    op.drop_table("history")
    op.drop_table("allowance")
    with op.batch_alter_table("square_customer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_square_customer_client_id"))

    op.drop_table("square_customer")
    op.drop_table("package_content")
    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_listing_package_id"))

    op.drop_table("listing")
    with op.batch_alter_table("course", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_course_sold_at"))
        batch_op.drop_index(batch_op.f("ix_course_client_id"))

    op.drop_table("course")
    op.drop_table("treatment")
    with op.batch_alter_table("sweep", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sweep_started_at"))

    op.drop_table("sweep")
    op.drop_table("staff")
    with op.batch_alter_table("square_refund", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_square_refund_square_order_id"))

    op.drop_table("square_refund")
    op.drop_table("paper")
    op.drop_table("package")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_state_due_at"))

    op.drop_table("outbox")
    op.drop_table("operation")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inbox_state_due_at"))
        batch_op.drop_index(batch_op.f("ix_inbox_received_at"))

    op.drop_table("inbox")
    with op.batch_alter_table("handout", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handout_course_id"))

    op.drop_table("handout")
    op.drop_table("clinic")
    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_client_name_folded_id"))

    op.drop_table("client")
    with op.batch_alter_table("attention", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attention_square_order_id"))
        batch_op.drop_index(batch_op.f("ix_attention_resolved_at"))

    op.drop_table("attention")
    op.drop_table("api_token")
