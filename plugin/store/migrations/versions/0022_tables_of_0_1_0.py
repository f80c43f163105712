"""All tables of version 0.1.0. A database of a version before it goes through 0.1.0 first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugin.store import totals, triggers, versions
from plugin.store.migrations.frozen import MOMENT, Tables, where

revision = "0022"
down_revision = None

_TABLES = Tables()


def upgrade() -> None:
    """Apply."""
    connection = op.get_bind()
    _TABLES.create_all(connection, checkfirst=False)
    engine = connection.dialect.name
    for guards in (triggers.creation, triggers.creation_of_whole, versions.creation, totals.creation):
        for statement in guards(engine):
            op.execute(statement)


def downgrade() -> None:
    """Undo."""
    connection = op.get_bind()
    engine = connection.dialect.name
    for guards in (totals.removal, versions.removal, triggers.removal_of_whole, triggers.removal):
        for statement in guards(engine):
            op.execute(statement)
    _TABLES.drop_all(connection, checkfirst=False)


_TABLES.add(
    "alarm",
    sa.Column("name", sa.String(60), primary_key=True),
    sa.Column("said", sa.String(400), nullable=False),
    sa.Column("bad_since", MOMENT),
    sa.Column("good_since", MOMENT),
    sa.Column("began_at", MOMENT),
    sa.Column("told_at", MOMENT),
    sa.Column("ended_at", MOMENT),
    sa.Column("returns", sa.Integer, nullable=False),
)
_TABLES.add(
    "allowance",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("treatment_id", sa.String(40), sa.ForeignKey("treatment.id"), nullable=False),
    sa.Column("treatment", sa.String(160), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("single_price", sa.BigInteger, nullable=False),
    sa.Column("price", sa.BigInteger, nullable=False),
    sa.Column("usable_from_session", sa.Integer),
    sa.UniqueConstraint("course_id", "position"),
    sa.CheckConstraint("kind in ('main', 'touch_up', 'add_on')", name="kind"),
    sa.CheckConstraint("price >= 0", name="price"),
)
_TABLES.add(
    "allowed_ahead",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("allowance_id", sa.String(40), sa.ForeignKey("allowance.id"), nullable=False, index=True),
    sa.Column("sessions", sa.Integer, nullable=False),
    sa.Column("at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("reason", sa.String(300), nullable=False),
    sa.CheckConstraint("sessions between 1 and 999", name="sessions"),
)
_TABLES.add(
    "api_token",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("token_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("expires_at", MOMENT),
    sa.Column("revoked_at", MOMENT),
    sa.Column("last_used_at", MOMENT),
    sa.CheckConstraint("role in ('owner', 'desk', 'practitioner')", name="role"),
)
_TABLES.add(
    "attention",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("dedupe", sa.String(255), nullable=False, unique=True),
    sa.Column("summary", sa.String(400), nullable=False),
    sa.Column("square_order_id", sa.String(192), index=True),
    sa.Column("square_refund_id", sa.String(192)),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Column("opened_at", MOMENT, nullable=False),
    sa.Column("resolved_at", MOMENT),
    sa.Column("resolved_by", sa.String(160)),
    sa.Column("resolution", sa.JSON),
    sa.Index("ix_attention_open", "id", **where("resolved_at IS NULL")),
    sa.Index("ix_attention_resolved", "id", **where("resolved_at IS NOT NULL")),
)
_TABLES.add(
    "audit_run",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("started_at", MOMENT, nullable=False),
    sa.Column("finished_at", MOMENT, nullable=False, index=True),
    sa.Column("findings", sa.Integer, nullable=False),
    sa.Column("first", sa.JSON, nullable=False),
)
_TABLES.add(
    "backup_run",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("cause", sa.String(20), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("step", sa.String(60), nullable=False, server_default=""),
    sa.Column("started_at", MOMENT, nullable=False, index=True),
    sa.Column("ended_at", MOMENT),
    sa.Column("file_name", sa.String(120), nullable=False, server_default=""),
    sa.Column("problem", sa.String(400), nullable=False, server_default=""),
    sa.CheckConstraint("cause in ('schedule', 'request')", name="cause"),
    sa.CheckConstraint("state in ('running', 'good', 'failed')", name="state"),
)
_TABLES.add(
    "backup_state",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("recipient", sa.String(100), nullable=False, server_default=""),
    sa.Column("key_file", sa.LargeBinary),
    sa.Column("key_made_at", MOMENT),
    sa.Column("key_made_by", sa.String(160), nullable=False, server_default=""),
    sa.Column("sent_at", MOMENT),
    sa.Column("send_failed_at", MOMENT),
    sa.Column("send_problem", sa.String(400), nullable=False, server_default=""),
    sa.CheckConstraint("id = 1", name="one_state"),
)
_TABLES.add(
    "booking",
    sa.Column("square_booking_id", sa.String(192), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status", sa.String(40), nullable=False),
    sa.Column("start_at", MOMENT, nullable=False, index=True),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("square_customer_id", sa.String(192), index=True),
    sa.Column("customer_name", sa.String(160), nullable=False),
    sa.Column("square_location_id", sa.String(192)),
    sa.Column("square_variation_id", sa.String(192), index=True),
    sa.Column("service_name", sa.String(160), nullable=False),
    sa.Column("square_team_member_id", sa.String(192), index=True),
    sa.Column("team_member_name", sa.String(160), nullable=False),
    sa.Column("outcome", sa.String(20)),
    sa.Column("outcome_at", MOMENT),
    sa.Column("outcome_by", sa.String(160), nullable=False),
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id")),
    sa.Column("entry_id", sa.String(40), sa.ForeignKey("entry.id"), unique=True),
    sa.Column("updated_at", MOMENT, nullable=False),
    sa.Column("seen_at", MOMENT, nullable=False),
    sa.CheckConstraint("entry_id is null or outcome in ('used', 'charged')", name="entry_has_outcome"),
    sa.CheckConstraint("outcome in ('used', 'charged', 'forgiven')", name="outcome"),
    sa.CheckConstraint("(outcome is null) = (outcome_at is null)", name="outcome_together"),
    sa.Index(None, "course_id", "outcome"),
)
_TABLES.add(
    "bookmark",
    sa.Column("name", sa.String(60), primary_key=True),
    sa.Column("value", sa.String(200), nullable=False),
    sa.Column("at", MOMENT, nullable=False),
)
_TABLES.add(
    "books_closed",
    sa.Column("closed_before", MOMENT, primary_key=True),
    sa.Column("closed_through", sa.Date, nullable=False, unique=True),
    sa.Column("closed_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
)
_TABLES.add(
    "checkout",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False, index=True),
    sa.Column("package_id", sa.String(40), sa.ForeignKey("package.id"), nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("way", sa.String(20), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("came", sa.BigInteger, nullable=False),
    sa.Column("supplied", sa.BigInteger),
    sa.Column("deposit", sa.BigInteger),
    sa.Column("deposit_due_on", sa.Date),
    sa.Column("balance_due_on", sa.Date),
    sa.Column("tender", sa.String(80), nullable=False),
    sa.Column("square_device_id", sa.String(192)),
    sa.Column("square_variation_id", sa.String(192)),
    sa.Column("square_location_id", sa.String(192)),
    sa.Column("square_customer_id", sa.String(192)),
    sa.Column("square_order_id", sa.String(192), index=True),
    sa.Column("asked_for", sa.String(20), nullable=False),
    sa.Column("square_object_id", sa.String(192), unique=True),
    sa.Column("square_object_version", sa.BigInteger),
    sa.Column("url", sa.String(2000)),
    sa.Column("mail_to", sa.String(254)),
    sa.Column("mailed_at", MOMENT),
    sa.Column("problem", sa.String(400), nullable=False),
    sa.Column("notice", sa.String(400), nullable=False),
    sa.Column("cancel_asked_at", MOMENT),
    sa.Column("ends_as", sa.String(20), nullable=False),
    sa.Column("created_at", MOMENT, nullable=False, index=True),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("staff_id", sa.String(40), sa.ForeignKey("staff.id")),
    sa.Column("ended_at", MOMENT),
    sa.Column("exchanges_course_id", sa.String(40), sa.ForeignKey("course.id"), index=True),
    sa.Column("credit", sa.BigInteger),
    sa.Column("credit_for", sa.JSON),
    sa.Column("exchanged_at", MOMENT),
    sa.Column(
        "exchange_under_way",
        sa.String(40),
        sa.Computed("CASE WHEN ended_at IS NULL THEN exchanges_course_id END", persisted=True),
        unique=True,
    ),
    sa.CheckConstraint("amount >= 0 and came >= 0", name="amount"),
    sa.CheckConstraint(
        "(exchanges_course_id is null) = (credit is null) and coalesce(credit, 0) >= 0", name="credit"
    ),
    sa.CheckConstraint(
        "(ended_at is not null) = (state in ('paid', 'canceled', 'timed_out', 'failed'))",
        name="ended_together",
    ),
    sa.CheckConstraint("exchanges_course_id is null or quantity = 1", name="exchanges_one"),
    sa.CheckConstraint("quantity between 1 and 20", name="quantity"),
    sa.CheckConstraint(
        "state in ('asking', 'waiting', 'paid', 'canceled', 'timed_out', 'failed')", name="state"
    ),
    sa.CheckConstraint("way in ('till', 'terminal', 'link', 'cash', 'other', 'invoice')", name="way"),
    sa.Index("ix_checkout_open", "created_at", "id", **where("ended_at IS NULL")),
    sa.Index(None, "state", "way"),
)
_TABLES.add(
    "client",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("search_text", sa.Text, nullable=False),
    sa.Column("name_folded", sa.String(160), nullable=False),
    sa.Column("phone", sa.String(32)),
    sa.Column("email", sa.String(254)),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("created_at", MOMENT, nullable=False, index=True),
    sa.Column("merged_into", sa.String(40), sa.ForeignKey("client.id"), index=True),
    sa.Column("erased_at", MOMENT),
    sa.Column("erased_by", sa.String(160), nullable=False, server_default=""),
    sa.Column("wants_mail", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("mail_problem", sa.String(400), nullable=False, server_default=""),
    sa.Index(None, "name_folded", "id"),
)
_TABLES.add(
    "client_merge",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("from_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False, index=True),
    sa.Column("into_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False, index=True),
    sa.Column("moved", sa.JSON, nullable=False),
    sa.Column("at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("undone_at", MOMENT),
    sa.Column("undone_by", sa.String(160), nullable=False),
    sa.CheckConstraint("from_id <> into_id", name="another"),
)
_TABLES.add(
    "client_opening",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column(
        "client_id",
        sa.String(40),
        sa.ForeignKey("client.id", name="fk_client_opening_client_id_client"),
        nullable=False,
        index=True,
    ),
    sa.Column("staff_id", sa.String(40)),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("source", sa.String(20), nullable=False),
    sa.Column("what", sa.String(60), nullable=False),
    sa.Column("at", MOMENT, nullable=False, index=True),
)
_TABLES.add(
    "clinic",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("address", sa.String(400), nullable=False),
    sa.Column("phone", sa.String(40), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("website", sa.String(254), nullable=False),
    sa.Column("country", sa.String(2), nullable=False),
    sa.Column("time_zone", sa.String(64), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("accent", sa.String(7), nullable=False),
    sa.Column("page_size", sa.String(10), nullable=False),
    sa.Column("square_location_id", sa.String(192)),
    sa.Column("has_square_notes", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("legal_name", sa.String(160), nullable=False, server_default=""),
    sa.Column("tax_id", sa.String(40), nullable=False, server_default=""),
    sa.Column("logo_sha256", sa.String(64), sa.ForeignKey("logo.sha256")),
    sa.Column("has_e_invoices", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("sends_papers", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.CheckConstraint("id = 1", name="one_clinic"),
)
_TABLES.add(
    "connection",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("square_merchant_id", sa.String(192)),
    sa.Column("merchant_name", sa.String(160), nullable=False),
    sa.Column("access_token_sealed", sa.Text),
    sa.Column("refresh_token_sealed", sa.Text),
    sa.Column("expires_at", MOMENT),
    sa.Column("refresh_expires_at", MOMENT),
    sa.Column("connected_at", MOMENT),
    sa.Column("connected_by", sa.String(160), nullable=False),
    sa.Column("refreshed_at", MOMENT),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("locations", sa.JSON, nullable=False),
    sa.Column("checked_at", MOMENT),
    sa.Column("problem", sa.String(400), nullable=False),
    sa.Column("problem_at", MOMENT),
    sa.Column("square_subscription_id", sa.String(192)),
    sa.Column("subscription_url", sa.String(2000), nullable=False),
    sa.Column("signature_key_sealed", sa.Text),
    sa.Column("test_asked_at", MOMENT),
    sa.Column("test_event_id", sa.String(255)),
    sa.Column("test_said", sa.String(400), nullable=False),
    sa.Column("failing_code", sa.String(40), nullable=False),
    sa.Column("failing_since", MOMENT),
    sa.CheckConstraint("id = 1", name="one_connection"),
)
_TABLES.add(
    "course",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id")),
    sa.Column("package_id", sa.String(40), sa.ForeignKey("package.id"), nullable=False),
    sa.Column("package_name", sa.String(160), nullable=False),
    sa.Column("package_version", sa.Integer, nullable=False),
    sa.Column("terms", sa.JSON, nullable=False),
    sa.Column("price", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("sold_at", MOMENT, nullable=False, index=True),
    sa.Column("booked_at", MOMENT, nullable=False, index=True),
    sa.Column("expires_on", sa.Date),
    sa.Column("frozen_at", MOMENT),
    sa.Column("closed_as", sa.String(20)),
    sa.Column("closed_at", MOMENT),
    sa.Column("closed_by", sa.String(255), unique=True),
    sa.Column("square_order_id", sa.String(192)),
    sa.Column("square_line_uid", sa.String(60)),
    sa.Column("unit", sa.Integer),
    sa.Column("square_location_id", sa.String(192)),
    sa.Column("tax", sa.BigInteger),
    sa.Column("tax_in_price", sa.BigInteger),
    sa.Column("tax_paid", sa.BigInteger),
    sa.Column("due_ended_at", MOMENT),
    sa.UniqueConstraint("square_order_id", "square_line_uid", "unit"),
    sa.CheckConstraint("closed_as in ('refunded', 'transferred')", name="closed_as"),
    sa.CheckConstraint("(closed_as is null) = (closed_at is null)", name="closed_together"),
    sa.CheckConstraint("price >= 0", name="price"),
    sa.CheckConstraint(
        "tax >= 0 and tax_in_price between 0 and tax and tax_paid between 0 and tax and (tax is null) = (tax_in_price is null) and (tax is null) = (tax_paid is null)",
        name="tax",
    ),
    sa.Index(None, "client_id", "booked_at"),
)
_TABLES.add(
    "course_origin",
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), primary_key=True),
    sa.Column("origin_id", sa.String(40), sa.ForeignKey("course.id"), nullable=False, index=True),
    sa.Column("transferred_at", MOMENT, nullable=False),
    sa.CheckConstraint("course_id <> origin_id", name="another"),
)
_TABLES.add(
    "course_share",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), nullable=False, index=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False, index=True),
    sa.Column("until", sa.Date),
    sa.Column("shared_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("ended_at", MOMENT),
    sa.Column("ended_by", sa.String(160), nullable=False),
    sa.Column(
        "standing",
        sa.String(40),
        sa.Computed("CASE WHEN ended_at IS NULL THEN client_id END", persisted=True),
    ),
    sa.UniqueConstraint("course_id", "standing"),
)
_TABLES.add(
    "course_total",
    sa.Column("course_id", sa.String(40), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.Column("sessions", sa.BigInteger, nullable=False),
    sa.Column("last_at", MOMENT, nullable=False, index=True),
)
_TABLES.add(
    "desk_refund",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), nullable=False, index=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("formula", sa.String(30), nullable=False),
    sa.Column("reason", sa.String(300), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("problem", sa.String(400), nullable=False),
    sa.Column("created_at", MOMENT, nullable=False, index=True),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("staff_id", sa.String(40), sa.ForeignKey("staff.id")),
    sa.Column("ended_at", MOMENT),
    sa.Column(
        "under_way",
        sa.String(40),
        sa.Computed("CASE WHEN ended_at IS NULL THEN course_id END", persisted=True),
        unique=True,
    ),
    sa.CheckConstraint("amount > 0", name="amount"),
    sa.CheckConstraint("(ended_at is not null) = (state in ('completed', 'failed'))", name="ended_together"),
    sa.CheckConstraint("state in ('asking', 'pending', 'completed', 'failed')", name="state"),
)
_TABLES.add(
    "desk_refund_part",
    sa.Column("desk_refund_id", sa.String(40), sa.ForeignKey("desk_refund.id"), primary_key=True),
    sa.Column("square_payment_id", sa.String(192), primary_key=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("square_refund_id", sa.String(192), unique=True),
    sa.Column("status", sa.String(20), nullable=False),
    sa.CheckConstraint("amount > 0", name="amount"),
)
_TABLES.add(
    "dispute",
    sa.Column("square_dispute_id", sa.String(192), primary_key=True),
    sa.Column("square_payment_id", sa.String(192)),
    sa.Column("square_order_id", sa.String(192), index=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("reason", sa.String(80), nullable=False),
    sa.Column("state", sa.String(40), nullable=False),
    sa.Column("due_at", MOMENT),
    sa.Column("version", sa.BigInteger),
    sa.Column("updated_at", MOMENT, nullable=False),
    sa.Column("seen_at", MOMENT, nullable=False),
)
_TABLES.add(
    "document",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column(
        "place_before", sa.Integer, sa.Computed("CASE WHEN place > 1 THEN place - 1 END", persisted=True)
    ),
    sa.Column("number", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(192), nullable=False),
    sa.Column("refers_to", sa.String(40), sa.ForeignKey("document.id"), index=True),
    sa.Column("square_order_id", sa.String(192), index=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False, index=True),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("content_sha256", sa.String(64), nullable=False),
    sa.Column("issued_at", MOMENT, nullable=False, index=True),
    sa.Column("by", sa.String(160), nullable=False),
    sa.ForeignKeyConstraint(
        ["kind", "place_before"], ["document.kind", "document.place"], name="fk_document_no_gap"
    ),
    sa.UniqueConstraint("kind", "number"),
    sa.UniqueConstraint("kind", "place"),
    sa.UniqueConstraint("kind", "subject"),
    sa.CheckConstraint("(kind = 'credit_note') = (refers_to is not null)", name="credit_note_refers"),
    sa.CheckConstraint("kind in ('invoice', 'credit_note', 'gift_voucher')", name="kind"),
    sa.CheckConstraint("place >= 1", name="place"),
)
_TABLES.add(
    "document_course",
    sa.Column("document_id", sa.String(40), sa.ForeignKey("document.id"), primary_key=True),
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), primary_key=True, index=True),
)
_TABLES.add(
    "document_file",
    sa.Column("document_id", sa.String(40), sa.ForeignKey("document.id"), primary_key=True),
    sa.Column("pdf", sa.LargeBinary, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("drawn_at", MOMENT, nullable=False),
)
_TABLES.add(
    "document_series",
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("prefix", sa.String(12), nullable=False),
    sa.Column("first", sa.Integer, nullable=False),
    sa.CheckConstraint("first between 1 and 9999999", name="first"),
)
_TABLES.add(
    "entry",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("allowance_id", sa.String(40), sa.ForeignKey("allowance.id"), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("prev_seq", sa.Integer, sa.Computed("CASE WHEN seq > 1 THEN seq - 1 END", persisted=True)),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("sessions_before", sa.Integer, nullable=False),
    sa.Column("sessions_delta", sa.Integer, nullable=False),
    sa.Column("sessions_after", sa.Integer, nullable=False),
    sa.Column("value_before", sa.BigInteger, nullable=False),
    sa.Column("value_delta", sa.BigInteger, nullable=False),
    sa.Column("value_after", sa.BigInteger, nullable=False),
    sa.Column("granted_before", sa.Integer, nullable=False),
    sa.Column("granted_after", sa.Integer, nullable=False),
    sa.Column("happened_at", MOMENT, nullable=False, index=True),
    sa.Column("written_at", MOMENT, nullable=False, index=True),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("staff_id", sa.String(40), sa.ForeignKey("staff.id")),
    sa.Column("source", sa.String(20), nullable=False),
    sa.Column("reason", sa.String(300), nullable=False),
    sa.Column("reverses", sa.String(40), unique=True),
    sa.Column("visit_id", sa.String(40), sa.ForeignKey("visit.id"), index=True),
    sa.Column("idempotency_key", sa.String(255), nullable=False, unique=True),
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
    sa.UniqueConstraint("allowance_id", "id", name="uq_entry_of_allowance"),
    sa.UniqueConstraint(
        "allowance_id", "seq", "sessions_after", "value_after", "granted_after", name="uq_entry_head"
    ),
    sa.UniqueConstraint("allowance_id", "seq"),
    sa.CheckConstraint(
        "granted_after = granted_before or kind in ('sold', 'adjusted', 'transferred_in', 'transferred_out', 'reversed')",
        name="grants",
    ),
    sa.CheckConstraint("(kind = 'reversed') = (reverses is not null)", name="reversal_names_entry"),
    sa.CheckConstraint("reverses <> id", name="reverses_another"),
    sa.CheckConstraint(
        "kind <> 'sold' or granted_after - granted_before = sessions_delta", name="sale_grants_sessions"
    ),
    sa.CheckConstraint("sessions_after = sessions_before + sessions_delta", name="sessions_add_up"),
    sa.CheckConstraint("sessions_after >= 0 and sessions_after <= granted_after", name="sessions_in_bounds"),
    sa.CheckConstraint(
        "(kind = 'sold' and sessions_delta > 0 and value_delta >= 0) or (kind = 'paid' and sessions_delta = 0 and value_delta >= 0) or (kind = 'used' and sessions_delta < 0 and value_delta <= 0) or (kind in ('refunded', 'expired', 'written_off', 'transferred_out') and sessions_delta <= 0 and value_delta <= 0) or (kind = 'transferred_in' and sessions_delta >= 0 and value_delta >= 0) or kind in ('reversed', 'adjusted')",
        name="signs",
    ),
    sa.CheckConstraint(
        "seq > 1 or (seq = 1 and sessions_before = 0 and value_before = 0 and granted_before = 0)",
        name="starts_at_zero",
    ),
    sa.CheckConstraint("value_after = value_before + value_delta", name="value_adds_up"),
    sa.CheckConstraint("value_after >= 0", name="value_in_bounds"),
    sa.CheckConstraint(
        "sessions_delta = cast(sessions_delta as integer) and value_delta = cast(value_delta as bigint) and granted_after = cast(granted_after as integer)",
        name="whole_numbers",
    ),
)
_TABLES.add(
    "erased_profile",
    sa.Column("square_customer_sha256", sa.String(64), primary_key=True),
    sa.Column("erased_at", MOMENT, nullable=False),
)
_TABLES.add(
    "gift",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), nullable=False, index=True),
    sa.Column("code", sa.String(12), nullable=False, unique=True),
    sa.Column("giver_name", sa.String(160), nullable=False),
    sa.Column("recipient_name", sa.String(160), nullable=False),
    sa.Column("message", sa.String(500), nullable=False),
    sa.Column("given_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("redeemed_at", MOMENT),
    sa.Column("redeemed_by", sa.String(160), nullable=False),
    sa.Column("giver_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False, index=True),
    sa.Column("recipient_id", sa.String(40), sa.ForeignKey("client.id"), index=True),
    sa.Column("taken_back_at", MOMENT),
    sa.Column("taken_back_by", sa.String(160), nullable=False),
    sa.Column(
        "waiting",
        sa.String(40),
        sa.Computed(
            "CASE WHEN redeemed_at IS NULL AND taken_back_at IS NULL THEN course_id END", persisted=True
        ),
        unique=True,
    ),
    sa.CheckConstraint("redeemed_at is null or taken_back_at is null", name="ends_once"),
    sa.CheckConstraint("(redeemed_at is null) = (recipient_id is null)", name="redeemed_together"),
)
_TABLES.add(
    "handout",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("course_id", sa.String(40), nullable=False, index=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("content_sha256", sa.String(64), nullable=False),
    sa.Column("handed_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
    sa.UniqueConstraint("course_id", "kind", "language", "content_sha256"),
)
_TABLES.add(
    "heartbeat",
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("seen_at", MOMENT, nullable=False),
)
_TABLES.add(
    "history",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("text", sa.String(400), nullable=False),
    sa.Column("at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("source", sa.String(20), nullable=False),
    sa.Column("reason", sa.String(300), nullable=False),
)
_TABLES.add(
    "ignored_item",
    sa.Column("square_variation_id", sa.String(192), primary_key=True),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("ignored_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
)
_TABLES.add(
    "import_batch",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, index=True),
    sa.Column("file", sa.LargeBinary),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column(
        "imported_sha256",
        sa.String(64),
        sa.Computed("CASE WHEN state IN ('importing', 'imported') THEN sha256 END", persisted=True),
        unique=True,
    ),
    sa.Column("shape", sa.JSON, nullable=False),
    sa.Column("mapping", sa.JSON, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("rows_total", sa.Integer, nullable=False),
    sa.Column("rows_done", sa.Integer, nullable=False),
    sa.Column("found", sa.JSON),
    sa.Column("wrong", sa.JSON),
    sa.Column("problem", sa.String(400), nullable=False),
    sa.Column("created_at", MOMENT, nullable=False, index=True),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("staff_id", sa.String(40), sa.ForeignKey("staff.id")),
    sa.Column("imported_by", sa.String(160), nullable=False),
    sa.Column("imported_staff_id", sa.String(40), sa.ForeignKey("staff.id")),
    sa.Column("ended_at", MOMENT),
    sa.Column("undone_at", MOMENT),
    sa.Column("undone_by", sa.String(160), nullable=False),
    sa.Column("undone_because", sa.String(300), nullable=False),
    sa.CheckConstraint("rows_total >= 0 and rows_done >= 0", name="rows"),
    sa.CheckConstraint(
        "state in ('mapping', 'checking', 'checked', 'importing', 'imported', 'canceled', 'undone')",
        name="state",
    ),
    sa.CheckConstraint("(undone_at is not null) = (state = 'undone')", name="undone_together"),
    sa.Index(None, "state", "created_at"),
)
_TABLES.add(
    "imported_course",
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), primary_key=True),
    sa.Column("batch_id", sa.String(40), sa.ForeignKey("import_batch.id"), nullable=False, index=True),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("has_new_client", sa.Boolean, nullable=False),
)
_TABLES.add(
    "inbox",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("event_id", sa.String(255), nullable=False, unique=True),
    sa.Column("event_type", sa.String(80), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("received_at", MOMENT, nullable=False, index=True),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("due_at", MOMENT, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("outcome", sa.String(400), nullable=False),
    sa.Column("done_at", MOMENT),
    sa.CheckConstraint("state in ('pending', 'done', 'ignored', 'failed')", name="state"),
    sa.Index("ix_inbox_pending", "due_at", "id", **where("state = 'pending'")),
    sa.Index(None, "state", "done_at"),
)
_TABLES.add(
    "installation",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("uid", sa.String(40), nullable=False),
    sa.Column("version", sa.String(40), nullable=False, server_default=""),
    sa.Column("version_at", MOMENT),
    sa.Column("published", sa.String(40), nullable=False, server_default=""),
    sa.Column("published_checked_at", MOMENT),
    sa.CheckConstraint("id = 1", name="one_installation"),
)
_TABLES.add(
    "limit_hit",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("key", sa.String(300), nullable=False),
    sa.Column("at", MOMENT, nullable=False),
    sa.Column("expires_at", MOMENT, nullable=False, index=True),
    sa.Index(None, "key", "at"),
)
_TABLES.add(
    "listing",
    sa.Column("square_variation_id", sa.String(192), primary_key=True),
    sa.Column("square_item_id", sa.String(192)),
    sa.Column("package_id", sa.String(40), sa.ForeignKey("package.id"), nullable=False, index=True),
    sa.Column("square_version", sa.BigInteger),
    sa.Column("is_current", sa.Boolean, nullable=False),
    sa.Column("listed_at", MOMENT, nullable=False),
    sa.Column("agreed_name", sa.String(160)),
    sa.Column("agreed_price", sa.BigInteger),
    sa.Column("seen_name", sa.String(160)),
    sa.Column("seen_price", sa.BigInteger),
    sa.Column("seen_currency", sa.String(3)),
    sa.Column("seen_at", MOMENT),
    sa.Column("is_deleted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("agreed_item_name", sa.String(160)),
    sa.Column("seen_item_name", sa.String(160)),
)
_TABLES.add(
    "logo",
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("png", sa.LargeBinary, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("added_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
)
_TABLES.add(
    "oauth_attempt",
    sa.Column("state_sha256", sa.String(64), primary_key=True),
    sa.Column("verifier_sealed", sa.Text),
    sa.Column("staff_id", sa.String(40), sa.ForeignKey("staff.id")),
    sa.Column("asked_at", MOMENT, nullable=False),
)
_TABLES.add(
    "opening_hours",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("week", sa.JSON, nullable=False),
    sa.Column("closed", sa.JSON, nullable=False),
    sa.Column("changed_at", MOMENT, nullable=False),
    sa.CheckConstraint("id = 1", name="one_week"),
)
_TABLES.add(
    "operation",
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("request_sha256", sa.String(64), nullable=False),
    sa.Column("answer", sa.JSON, nullable=False),
    sa.Column("at", MOMENT, nullable=False, index=True),
)
_TABLES.add(
    "outbox",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("due_at", MOMENT, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("outcome", sa.String(400), nullable=False),
    sa.Column("done_at", MOMENT),
    sa.CheckConstraint("state in ('pending', 'done', 'failed')", name="state"),
    sa.Index("ix_outbox_pending", "kind", "due_at", "id", **where("state = 'pending'")),
    sa.Index(None, "state", "done_at"),
    sa.Index(None, "subject", "kind", "state"),
)
_TABLES.add(
    "package",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("price", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("terms", sa.JSON, nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.CheckConstraint("price >= 0", name="price"),
)
_TABLES.add(
    "package_content",
    sa.Column("package_id", sa.String(40), sa.ForeignKey("package.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("treatment_id", sa.String(40), sa.ForeignKey("treatment.id"), nullable=False),
    sa.Column("sessions", sa.Integer, nullable=False),
    sa.Column("single_price", sa.BigInteger, nullable=False),
    sa.Column("usable_from_session", sa.Integer),
    sa.UniqueConstraint("package_id", "treatment_id"),
    sa.CheckConstraint("sessions between 1 and 999", name="sessions"),
    sa.CheckConstraint("single_price >= 0", name="single_price"),
)
_TABLES.add(
    "paper",
    sa.Column("course_id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("language", sa.String(16), primary_key=True),
    sa.Column("mark", sa.String(64), nullable=False),
    sa.Column("pdf", sa.LargeBinary, nullable=False),
    sa.Column("made_at", MOMENT, nullable=False),
)
_TABLES.add(
    "paper_batch",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("wish", sa.JSON, nullable=False),
    sa.Column("form", sa.String(10), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("left_out", sa.JSON, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False, index=True),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("staff_id", sa.String(40), sa.ForeignKey("staff.id")),
    sa.Column("cancel_asked_at", MOMENT),
    sa.Column("ended_at", MOMENT),
    sa.Column("file", sa.LargeBinary),
    sa.Column("forgotten_at", MOMENT),
    sa.CheckConstraint("done between 0 and total", name="done"),
    sa.CheckConstraint("form in ('pdf', 'zip')", name="form"),
    sa.CheckConstraint("state in ('waiting', 'making', 'ready', 'canceled', 'failed')", name="state"),
)
_TABLES.add(
    "passkey",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column(
        "staff_id",
        sa.String(40),
        sa.ForeignKey("staff.id", name="fk_passkey_staff_id_staff"),
        nullable=False,
        index=True,
    ),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("credential_id", sa.String(1400), nullable=False, unique=True),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("transports", sa.JSON, nullable=False),
    sa.Column("is_synced", sa.Boolean, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("last_used_at", MOMENT),
)
_TABLES.add(
    "period_total",
    sa.Column("counted_in", sa.Date, primary_key=True),
    sa.Column("happened_in", sa.Date, primary_key=True),
    sa.Column("written_in", sa.Date, primary_key=True),
    sa.Column("package_id", sa.String(40), primary_key=True),
    sa.Column("square_location_id", sa.String(192), primary_key=True),
    sa.Column("currency", sa.String(3), primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.Column("sessions", sa.BigInteger, nullable=False),
    sa.Column("entries", sa.BigInteger, nullable=False),
)
_TABLES.add(
    "pin_tries",
    sa.Column(
        "device_id",
        sa.String(40),
        sa.ForeignKey("shared_device.id", name="fk_pin_tries_device_id_shared_device"),
        primary_key=True,
    ),
    sa.Column(
        "staff_id",
        sa.String(40),
        sa.ForeignKey("staff.id", name="fk_pin_tries_staff_id_staff"),
        primary_key=True,
    ),
    sa.Column("wrong", sa.Integer, nullable=False),
)
_TABLES.add(
    "private_page",
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), primary_key=True),
    sa.Column("token", sa.String(43), nullable=False, unique=True),
    sa.Column("made_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
)
_TABLES.add(
    "profile_note",
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), primary_key=True),
    sa.Column("written", sa.String(500), nullable=False),
    sa.Column("square_customer_id", sa.String(192), nullable=False),
    sa.Column("written_at", MOMENT, nullable=False),
)
_TABLES.add(
    "sale_record",
    sa.Column("square_order_id", sa.String(192), primary_key=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("taken_at", MOMENT, nullable=False),
)
_TABLES.add(
    "setting",
    sa.Column("name", sa.String(60), primary_key=True),
    sa.Column("value", sa.Text),
    sa.Column("sealed", sa.Text),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("changed_at", MOMENT, nullable=False),
    sa.Column("changed_by", sa.String(160), nullable=False),
    sa.CheckConstraint("value is null or sealed is null", name="value_or_sealed"),
)
_TABLES.add(
    "setting_change",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("changed_at", MOMENT, nullable=False),
    sa.Column("changed_by", sa.String(160), nullable=False),
)
_TABLES.add(
    "setup",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("code_hmac", sa.String(64), nullable=False, server_default=""),
    sa.Column("browser_mark", sa.String(64), nullable=False),
    sa.Column("wrong_since_code", sa.Integer, nullable=False, server_default="0"),
    sa.Column("wrong_in_minute", sa.Integer, nullable=False, server_default="0"),
    sa.Column("minute_began_at", MOMENT),
    sa.Column("begun_at", MOMENT, nullable=False),
    sa.Column("closed_at", MOMENT),
    sa.Column("browser_zone", sa.String(64), nullable=False, server_default=""),
    sa.Column("steps", sa.JSON, nullable=False),
    sa.Column("hidden_at", MOMENT),
    sa.CheckConstraint("id = 1", name="one"),
    sa.CheckConstraint("closed_at is null or code_hmac = ''", name="void_once_closed"),
)
_TABLES.add(
    "shared_device",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("token_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("declared_by", sa.String(160), nullable=False),
    sa.Column("declared_at", MOMENT, nullable=False),
    sa.Column("opened_at", MOMENT, nullable=False),
    sa.Column("revoked_at", MOMENT),
)
_TABLES.add(
    "sign_in",
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column(
        "staff_id",
        sa.String(40),
        sa.ForeignKey("staff.id", name="fk_sign_in_staff_id_staff"),
        nullable=False,
        index=True,
    ),
    sa.Column("started_at", MOMENT, nullable=False, index=True),
    sa.Column("ended_at", MOMENT),
    sa.Column("proved_at", MOMENT),
    sa.Column(
        "device_id",
        sa.String(40),
        sa.ForeignKey("shared_device.id", name="fk_sign_in_device_id_shared_device"),
    ),
    sa.Column("active_at", MOMENT),
    sa.Column("device", sa.String(80), nullable=False, server_default=""),
    sa.Column("last_seen_at", MOMENT),
)
_TABLES.add(
    "square_customer",
    sa.Column("square_customer_id", sa.String(192), primary_key=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False, index=True),
    sa.Column("is_current", sa.Boolean, nullable=False),
    sa.Column("seen_at", MOMENT, nullable=False),
    sa.Column("is_deleted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("address", sa.Text, nullable=False, server_default=""),
    sa.Column("country", sa.String(2), nullable=False, server_default=""),
)
_TABLES.add(
    "square_person",
    sa.Column("square_customer_id", sa.String(192), primary_key=True),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("name_folded", sa.String(160), nullable=False, index=True),
    sa.Column("search_text", sa.Text, nullable=False),
    sa.Column("phone", sa.String(32)),
    sa.Column("email", sa.String(254)),
    sa.Column("seen_at", MOMENT, nullable=False),
)
_TABLES.add(
    "square_refund",
    sa.Column("square_refund_id", sa.String(192), primary_key=True),
    sa.Column("square_order_id", sa.String(192), index=True),
    sa.Column("return_order_id", sa.String(192)),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("seen_at", MOMENT, nullable=False),
    sa.Column("course_id", sa.String(40), index=True),
    sa.Column("tip", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("for_course", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.CheckConstraint("tip >= 0 and for_course >= 0 and tip + for_course <= amount", name="parts"),
)
_TABLES.add(
    "staff",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("email", sa.String(254), nullable=False, unique=True),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("password_hash", sa.String(255), nullable=False),
    sa.Column("session_mark", sa.String(64), nullable=False, unique=True),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("last_signed_in_at", MOMENT),
    sa.Column("totp_secret", sa.Text),
    sa.Column("totp_counter", sa.BigInteger),
    sa.Column("recovery_codes", sa.JSON),
    sa.Column("pin_hash", sa.String(255)),
    sa.Column("printed_name", sa.String(160), nullable=False, server_default=""),
    sa.Column("license", sa.String(80), nullable=False, server_default=""),
    sa.Column("mail_problem", sa.String(400), nullable=False, server_default=""),
    sa.Column("invited_at", MOMENT),
    sa.CheckConstraint("role in ('owner', 'desk', 'practitioner')", name="role"),
)
_TABLES.add(
    "sweep",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("since", MOMENT, nullable=False),
    sa.Column("started_at", MOMENT, nullable=False, index=True),
    sa.Column("finished_at", MOMENT),
    sa.Column("looked_at", sa.Integer, nullable=False),
    sa.Column("found", sa.JSON, nullable=False),
    sa.Column("error", sa.String(400), nullable=False),
)
_TABLES.add(
    "terminal",
    sa.Column("square_device_id", sa.String(192), primary_key=True),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("square_location_id", sa.String(192)),
    sa.Column("status", sa.String(40), nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("seen_at", MOMENT, nullable=False),
)
_TABLES.add(
    "totals_state",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("time_zone", sa.String(64), nullable=False),
    sa.Column("is_valid", sa.Boolean, nullable=False),
)
_TABLES.add(
    "treatment",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(160), nullable=False, unique=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("single_price", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("suggested_days", sa.Integer),
    sa.CheckConstraint("kind in ('main', 'touch_up', 'add_on')", name="kind"),
    sa.CheckConstraint("single_price >= 0", name="single_price"),
    sa.CheckConstraint("suggested_days between 1 and 365", name="suggested_days"),
)
_TABLES.add(
    "treatment_text",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("treatment_id", sa.String(40), sa.ForeignKey("treatment.id"), nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("markdown", sa.Text, nullable=False),
    sa.Column("is_reviewed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("written_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
    sa.UniqueConstraint("treatment_id", "language", "version"),
    sa.CheckConstraint("version >= 1", name="version"),
)
_TABLES.add(
    "untotalled_entry",
    sa.Column("entry_id", sa.String(40), primary_key=True),
)
_TABLES.add(
    "version",
    sa.Column("subject", sa.String(40), primary_key=True),
    sa.Column("slot", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("counted_by", sa.BigInteger, nullable=False, server_default="0"),
)
_TABLES.add(
    "visit",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False),
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), nullable=False, index=True),
    sa.Column("visited_on", sa.Date, nullable=False, index=True),
    sa.Column("practitioner_id", sa.String(40), sa.ForeignKey("staff.id")),
    sa.Column("focus", sa.String(500), nullable=False),
    sa.Column("note", sa.String(500), nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Index(None, "client_id", "visited_on"),
)
_TABLES.add(
    "visit_letter",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("visit_id", sa.String(40), sa.ForeignKey("visit.id"), nullable=False),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False, index=True),
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), nullable=False),
    sa.Column("mail_to", sa.String(254), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("said", sa.String(400), nullable=False),
    sa.Column("owed_at", MOMENT, nullable=False),
    sa.Column("done_at", MOMENT),
    sa.UniqueConstraint("visit_id", "client_id"),
    sa.CheckConstraint("(state = 'owed') = (done_at is null)", name="done_together"),
    sa.CheckConstraint("state in ('owed', 'sent', 'refused', 'left')", name="state"),
    sa.Index(None, "state", "done_at"),
)
