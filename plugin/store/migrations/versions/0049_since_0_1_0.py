"""What was added since version 0.1.0: lists, the activity log, notes, letters, ratings, agreements, events, quotes, ..."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from plugin.errors import Refused
from plugin.store import listing, queues, totals, triggers, versions
from plugin.store.creation import add_first_rows
from plugin.store.migrations.frozen import MOMENT, Tables, where
from plugin.store.triggers import dropped

revision = "0049"
down_revision = "0022"

_FUNCTION = "refuse_young_activity"
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = Tables()
# What the new tables refer to.
_THERE = [
    _TABLES.add(name, sa.Column("id", sa.String(40), primary_key=True))
    for name in ("checkout", "client", "course", "package", "staff", "visit")
]
_INDEXES = (
    ("ix_client_search", "client", ["merged_into", "erased_at", "name_folded", "id", "search_text"]),
    ("ix_client_language", "client", ["language"]),
    ("ix_course_expires_on", "course", ["expires_on"]),
    ("ix_document_issued_at_id", "document", ["issued_at", "id"]),
    ("ix_document_number_id", "document", ["number", "id"]),
    ("ix_document_total_id", "document", ["total", "id"]),
    ("ix_history_at_id", "history", ["at", "id"]),
    ("ix_sale_record_taken_at", "sale_record", ["taken_at"]),
    (
        "ix_square_customer_of_client",
        "square_customer",
        ["client_id", "is_current", "is_deleted", "square_customer_id"],
    ),
    ("ix_square_refund_seen_at", "square_refund", ["seen_at"]),
)
# What those of above replace.
_INDEXES_BEFORE = (
    ("ix_client_merged_into", "client", ["merged_into"]),
    ("ix_square_customer_client_id", "square_customer", ["client_id"]),
)
_HAS_LEFT = "value != 0 OR sessions_left != 0"
_KINDS_BEFORE = "kind in ('invoice', 'credit_note', 'gift_voucher')"
_KINDS = "kind in ('invoice', 'credit_note', 'gift_voucher', 'receipt', 'prepaid_balance')"
_INTO = "INSERT INTO activity (id, kind, at, by, source, client_id, subject_id, name, before, after, reason) SELECT "


def upgrade() -> None:
    for table in ("course_total", "period_total"):
        op.drop_table(table)
    _TABLES.create_all(op.get_bind(), tables=_new(), checkfirst=False)
    for table, column in _added():
        op.add_column(table, column)
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)
    for name, table, _columns in _INDEXES_BEFORE:
        op.drop_index(name, table)
    _allow_kinds(_KINDS_BEFORE, _KINDS)
    _fill()
    for statement in _guards():
        op.execute(statement)


def _added() -> tuple[tuple[str, sa.Column[Any]], ...]:
    # Made each time: a column belongs to the one table it was added to.
    return (
        ("booking", sa.Column("arrived_at", MOMENT)),
        ("booking", sa.Column("arrived_by", sa.String(160), nullable=False, server_default="")),
        ("client", sa.Column("sounds_like", sa.String(160), nullable=False, server_default="")),
        ("client", sa.Column("postal_address", sa.Text, nullable=False, server_default="")),
        ("client", sa.Column("large_print", sa.Boolean, nullable=False, server_default=sa.false())),
        ("clinic", sa.Column("offers_next_course", sa.Boolean, nullable=False, server_default=sa.false())),
        ("clinic", sa.Column("voucher_form", sa.String(10), nullable=False, server_default="fold")),
        ("clinic", sa.Column("address_place", sa.String(10), nullable=False, server_default="plain")),
        ("package", sa.Column("is_public", sa.Boolean, nullable=False, server_default=sa.true())),
        ("staff", sa.Column("language", sa.String(16), nullable=False, server_default="")),
        ("staff", sa.Column("sees_own_clients", sa.Boolean, nullable=False, server_default=sa.false())),
        ("totals_state", sa.Column("generation", sa.Integer, nullable=False, server_default="0")),
        ("treatment", sa.Column("square_service_id", sa.String(192))),
        ("treatment_text", sa.Column("reviewer", sa.String(250), nullable=False, server_default="")),
    )


def _new() -> list[sa.Table]:
    return [each for each in _TABLES.sorted_tables if each not in _THERE]


def _fill() -> None:
    """Bring what was kept elsewhere into the new tables, and what a clinic starts with."""
    op.execute("INSERT INTO unlisted_course (course_id) SELECT id FROM course")
    op.execute("UPDATE totals_state SET is_valid = false")
    settings = "id, 'setting.changed', changed_at, changed_by, 'desk', NULL, name, '', before, after, ''"
    op.execute(f"{_INTO}{settings} FROM setting_change")
    merges = "id, 'client.merged', at, by, 'desk', into_id, from_id, '', '', '', ''"
    op.execute(f"{_INTO}{merges} FROM client_merge")
    erased = "id, 'client.erased', erased_at, erased_by, 'desk', id, '', '', '', '', ''"
    op.execute(f"{_INTO}{erased} FROM client WHERE erased_at IS NOT NULL AND merged_into IS NULL")
    closings = "'books-' || closed_through, 'setting.books_closed', closed_at, by, 'desk', NULL, '', '', '',"
    op.execute(f"{_INTO}{closings} CAST(closed_through AS VARCHAR(10)), '' FROM books_closed")
    op.drop_table("setting_change")
    # The id of a visit's note is the visit's: ids sort by time, and no two visits share one.
    op.execute(
        "INSERT INTO visit_note (id, visit_id, focus, note, version, changed_at, changed_by)"
        " SELECT id, id, focus, note, 1, created_at, '' FROM visit WHERE focus <> '' OR note <> ''"
    )
    op.drop_column("visit", "focus")
    op.drop_column("visit", "note")
    add_first_rows(op.get_bind())


def _guards() -> Iterator[str]:
    engine = op.get_bind().dialect.name
    yield from listing.creation(engine)
    yield from totals.creation_of_lists(engine)
    yield from totals.creation_for_moves(engine)
    yield from triggers.functions(engine, _FUNCTION)
    yield from triggers.creation(engine, triggers.ACTIVITY)
    yield from versions.creation(engine, versions.SINCE_0_1_0)
    yield from triggers.creation(engine, triggers.SIGNED, triggers.SHOWN)
    yield from queues.creation(engine)


def downgrade() -> None:
    """Undo, all that only the new tables hold is lost.

    Raises Refused once a receipt was issued, because an issued document is never deleted.
    """
    issued = f"SELECT count(*) FROM document WHERE NOT ({_KINDS_BEFORE})"  # noqa: S608 - a constant
    if op.get_bind().exec_driver_sql(issued).scalar():
        raise Refused(
            "Receipts were issued, and the version before can't keep them. To go back, restore the copy made before"
            " the upgrade."
        )
    for statement in dropped(op.get_bind().dialect.name, _guards()):
        op.execute(statement)
    for name in ("focus", "note"):
        op.add_column("visit", sa.Column(name, sa.String(500), server_default="", nullable=False))
        op.execute(
            f"UPDATE visit SET {name} = (SELECT {name} FROM visit_note WHERE visit_id = visit.id)"  # noqa: S608 - our own names
            " WHERE id IN (SELECT visit_id FROM visit_note)"
        )
    op.create_table(
        "setting_change",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(160), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setting_change")),
    )
    changes = "SELECT id, subject_id, before, after, at, by FROM activity WHERE kind = 'setting.changed'"
    op.execute(f"INSERT INTO setting_change (id, name, before, after, changed_at, changed_by) {changes}")
    _allow_kinds(_KINDS, _KINDS_BEFORE)
    for name, table, columns in _INDEXES_BEFORE:
        op.create_index(name, table, columns)
    for name, table, _columns in _INDEXES:
        op.drop_index(name, table)
    for table, column in reversed(_added()):
        op.drop_column(table, column.name)
    for each in reversed(_new()):
        op.drop_table(each.name)
    before = Tables()
    before.add(
        "course_total",
        sa.Column("course_id", sa.String(40), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.Column("sessions", sa.BigInteger, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False, index=True),
    )
    before.add(
        "period_total",
        *(sa.Column(name, sa.Date, primary_key=True) for name in ("counted_in", "happened_in", "written_in")),
        sa.Column("package_id", sa.String(40), primary_key=True),
        sa.Column("square_location_id", sa.String(192), primary_key=True),
        sa.Column("currency", sa.String(3), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("value", "sessions", "entries")),
    )
    before.create_all(op.get_bind(), checkfirst=False)
    op.execute("UPDATE totals_state SET is_valid = false")


def _allow_kinds(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild(before, after)
        return
    op.drop_constraint(op.f("ck_document_kind"), "document", type_="check")
    op.create_check_constraint(op.f("ck_document_kind"), "document", after)


def _rebuild(before: str, after: str) -> None:
    """Make the table again with another check: SQLite can't change one, and Alembic's copy would lose them all.

    Indexes and triggers are made again as they were; those of other tables that name this one stay as they are,
    because the old way of renaming leaves them alone.
    """
    connection = op.get_bind()
    parts = connection.exec_driver_sql(
        "SELECT type, sql FROM sqlite_master WHERE tbl_name = 'document' AND sql IS NOT NULL"
    ).all()
    (table,) = (sql for kind, sql in parts if kind == "table")
    if before not in table:
        raise RuntimeError("The table of documents is not as the version before left it.")
    rows = connection.exec_driver_sql("SELECT name FROM pragma_table_xinfo('document') WHERE hidden = 0")
    columns = ", ".join(f'"{name}"' for name in rows.scalars())
    connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")
    connection.exec_driver_sql("ALTER TABLE document RENAME TO document_before")
    connection.exec_driver_sql(table.replace(before, after))
    connection.exec_driver_sql(f"INSERT INTO document ({columns}) SELECT {columns} FROM document_before")  # noqa: S608 - constants
    connection.exec_driver_sql("DROP TABLE document_before")
    for kind, sql in parts:
        if kind != "table":
            connection.exec_driver_sql(sql)
    connection.exec_driver_sql("PRAGMA legacy_alter_table = OFF")


_TABLES.add(
    "activity",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("staff_id", sa.String(40)),
    sa.Column("source", sa.String(20), nullable=False),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), index=True),
    sa.Column("subject_id", sa.String(60), nullable=False, index=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("reason", sa.String(300), nullable=False),
    sa.Index(None, "at", "id"),
)
_TABLES.add(
    "agreement",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False),
    sa.Column("package_id", sa.String(40), sa.ForeignKey("package.id"), nullable=False),
    sa.Column("package_version", sa.Integer, nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("channel", sa.String(10), nullable=False),
    sa.Column("change_of_mind", sa.String(20), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("terms_sha256", sa.String(64), nullable=False),
    sa.Column("pdf", sa.LargeBinary, nullable=False),
    sa.Column("pdf_sha256", sa.String(64), nullable=False),
    sa.Column("made_at", MOMENT, nullable=False, index=True),
    sa.Column("by", sa.String(160), nullable=False),
    sa.CheckConstraint("channel in ('clinic', 'distance')", name="channel"),
    sa.Index(None, "client_id", "package_id"),
)
_TABLES.add(
    "agreement_order",
    sa.Column(
        "agreement_id", sa.String(40), sa.ForeignKey("agreement_signature.agreement_id"), primary_key=True
    ),
    sa.Column("order_id", sa.String(40), sa.ForeignKey("public_order.id"), nullable=False, unique=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False),
)
_TABLES.add(
    "agreement_sale",
    sa.Column("checkout_id", sa.String(40), sa.ForeignKey("checkout.id"), primary_key=True),
    sa.Column(
        "agreement_id",
        sa.String(40),
        sa.ForeignKey("agreement_signature.agreement_id"),
        nullable=False,
        index=True,
    ),
)
_TABLES.add(
    "agreement_signature",
    sa.Column("agreement_id", sa.String(40), sa.ForeignKey("agreement.id"), primary_key=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False, index=True),
    sa.Column("way", sa.String(10), nullable=False),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("present", sa.String(160), nullable=False),
    sa.Column("shown_sha256", sa.String(64), nullable=False),
    sa.Column("signed_at", MOMENT, nullable=False, index=True),
    sa.Column("pdf", sa.LargeBinary, nullable=False),
    sa.Column("pdf_sha256", sa.String(64), nullable=False),
    sa.CheckConstraint("way in ('drawn', 'typed', 'paper')", name="way"),
)
_TABLES.add(
    "balance_sum",
    sa.Column("last_seen_on", sa.Date, primary_key=True),
    sa.Column("country", sa.String(2), primary_key=True),
    sa.Column("region", sa.String(3), primary_key=True),
    sa.Column("currency", sa.String(3), primary_key=True),
    sa.Column("clients", sa.BigInteger, nullable=False),
    sa.Column("value", sa.BigInteger, nullable=False),
)
_TABLES.add(
    "bulk_act",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("days", sa.Integer),
    sa.Column("reason", sa.String(300), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("staff_id", sa.String(40), sa.ForeignKey("staff.id")),
    sa.Column("started_at", MOMENT),
    sa.Column("ended_at", MOMENT),
    sa.CheckConstraint("kind in ('extend', 'email')", name="kind"),
    sa.CheckConstraint(
        "state in ('preview', 'running', 'done', 'undoing', 'undone', 'canceled', 'failed')", name="state"
    ),
    sa.Index(None, "state", "created_at"),
)
_TABLES.add(
    "bulk_item",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("bulk_id", sa.String(40), sa.ForeignKey("bulk_act.id"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), nullable=False, index=True),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("why", sa.String(400), nullable=False),
    sa.Column("before", sa.Date),
    sa.Column("after", sa.Date),
    sa.UniqueConstraint("bulk_id", "course_id"),
    sa.UniqueConstraint("bulk_id", "position"),
    sa.CheckConstraint("state in ('chosen', 'refused', 'done', 'undone', 'kept')", name="state"),
    sa.Index(None, "bulk_id", "state", "position"),
)
_TABLES.add(
    "buy_again",
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), primary_key=True),
    sa.Column("checkout_id", sa.String(40), sa.ForeignKey("checkout.id"), nullable=False, unique=True),
    sa.Column("begun_at", MOMENT, nullable=False),
)
_TABLES.add(
    "check_answer",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False, index=True),
    sa.Column("on_day", sa.Date, nullable=False),
    sa.Column("answer", sa.String(4), nullable=False),
    sa.Column("list_version", sa.Integer, sa.ForeignKey("check_list.version"), nullable=False),
    sa.Column("answered_at", MOMENT, nullable=False),
    sa.Column("source", sa.String(10), nullable=False),
    sa.Column("talked_at", MOMENT),
    sa.Column("talked_by", sa.String(160), nullable=False, server_default=""),
    sa.Column("replaced_at", MOMENT),
    sa.CheckConstraint("answer in ('none', 'ask')", name="answer"),
    sa.CheckConstraint("source in ('page', 'screen', 'handed', 'api')", name="source"),
    sa.Index("uq_check_answer_day", "client_id", "on_day", unique=True, **where("replaced_at IS NULL")),
)
_TABLES.add(
    "check_in_screen",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("token_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("device", sa.String(160), nullable=False),
    sa.Column("started_at", MOMENT, nullable=False),
    sa.Column("started_by", sa.String(160), nullable=False),
    sa.Column("ended_at", MOMENT),
    sa.Column("ended_by", sa.String(160), nullable=False, server_default=""),
)
_TABLES.add(
    "check_list",
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("points", sa.JSON, nullable=False),
    sa.Column("reviewed_by", sa.String(160), nullable=False),
    sa.Column("written_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
)
_TABLES.add(
    "client_letter",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("occasion", sa.String(40), nullable=False),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False),
    sa.Column("mail_to", sa.String(254), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("said", sa.String(400), nullable=False),
    sa.Column("planned_at", MOMENT, nullable=False, index=True),
    sa.Column("done_at", MOMENT, index=True),
    sa.UniqueConstraint("course_id", "kind", "occasion"),
    sa.CheckConstraint("(state in ('planned', 'sending')) = (done_at is null)", name="done_together"),
    sa.CheckConstraint("state in ('planned', 'sending', 'sent', 'left', 'refused')", name="state"),
    sa.Index(None, "client_id", "planned_at"),
)
_TABLES.add(
    "event_delivery",
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("event_id", _NUMBER, sa.ForeignKey("outgoing_event.id"), nullable=False, index=True),
    sa.Column("receiver_id", sa.String(40), sa.ForeignKey("event_receiver.id"), nullable=False),
    sa.Column("course_id", sa.String(40), nullable=False, index=True),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("due_at", MOMENT, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("said", sa.String(300), nullable=False),
    sa.Column("tried_at", MOMENT),
    sa.UniqueConstraint("receiver_id", "event_id"),
    sa.CheckConstraint("state in ('pending', 'delivered', 'failed')", name="state"),
    sa.Index("ix_event_delivery_order", "receiver_id", "course_id", "event_id", **where("state = 'pending'")),
    sa.Index("ix_event_delivery_pending", "due_at", "id", **where("state = 'pending'")),
)
_TABLES.add(
    "event_receiver",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("url", sa.String(2000), nullable=False),
    sa.Column("kinds", sa.JSON, nullable=False),
    sa.Column("has_names", sa.Boolean, nullable=False),
    sa.Column("may_be_private", sa.Boolean, nullable=False),
    sa.Column("secret_sealed", sa.Text, nullable=False),
    sa.Column("old_secret_sealed", sa.Text),
    sa.Column("old_until", MOMENT),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("ended_at", MOMENT),
)
_TABLES.add(
    "hand_over",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("token_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False, index=True),
    sa.Column("started_at", MOMENT, nullable=False),
    sa.Column("started_by", sa.String(160), nullable=False),
    sa.Column("ended_at", MOMENT),
)
_TABLES.add(
    "journal_chart",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("accounts", sa.JSON, nullable=False),
    sa.Column("xero_tax_rate", sa.String(80), nullable=False),
    sa.Column("is_money_elsewhere", sa.Boolean, nullable=False),
    sa.Column("changed_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
    sa.CheckConstraint("id = 1", name="one_chart"),
)
_TABLES.add(
    "letter_choice",
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("declined_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
)
_TABLES.add(
    "letter_setting",
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("is_on", sa.Boolean, nullable=False),
    sa.Column("words", sa.JSON, nullable=False),
    sa.Column("changed_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
)
_TABLES.add(
    "listed_balance",
    sa.Column("client_id", sa.String(40), primary_key=True),
    sa.Column("currency", sa.String(3), primary_key=True),
    sa.Column("client_name", sa.String(160), nullable=False),
    sa.Column("country", sa.String(2), nullable=False),
    sa.Column("region", sa.String(3), nullable=False),
    sa.Column("last_seen_on", sa.Date, nullable=False),
    sa.Column("courses", sa.Integer, nullable=False),
    sa.Column("sessions", sa.Integer, nullable=False),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.Index(None, "last_seen_on", "client_id", "currency"),
    sa.Index(None, "client_name", "last_seen_on", "client_id", "currency"),
    sa.Index(None, "sessions", "last_seen_on", "client_id", "currency"),
    sa.Index(None, "value", "last_seen_on", "client_id", "currency"),
)
_TABLES.add(
    "listed_client",
    sa.Column("client_id", sa.String(40), primary_key=True),
    sa.Column("is_open", sa.Boolean, nullable=False),
    sa.Column("done_on", sa.Date, nullable=False),
    sa.Column("ends_on", sa.Date, nullable=False),
    sa.Column("sessions_left", sa.Integer, nullable=False),
    sa.Column("seen_on", sa.Date, nullable=False),
    sa.Column("due_back_on", sa.Date, nullable=False),
    sa.Column("is_due", sa.Boolean, nullable=False),
    sa.Index(
        "ix_listed_client_open",
        *("is_open", "done_on", "client_id", "ends_on", "sessions_left", "seen_on", "due_back_on", "is_due"),
    ),
)
_TABLES.add(
    "listed_course",
    sa.Column("course_id", sa.String(40), primary_key=True),
    sa.Column("client_id", sa.String(40)),
    sa.Column("client_name", sa.String(160), nullable=False),
    sa.Column("package_id", sa.String(40), nullable=False, index=True),
    sa.Column("package_name", sa.String(160), nullable=False),
    sa.Column("practitioner_id", sa.String(40), index=True),
    sa.Column("practitioner_name", sa.String(160), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("sold_at", MOMENT, nullable=False),
    sa.Column("expires_on", sa.Date, nullable=False),
    sa.Column("sessions_left", sa.Integer, nullable=False),
    sa.Column("granted", sa.Integer, nullable=False),
    sa.Column("usable", sa.Integer, nullable=False),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.Column("due", sa.BigInteger, nullable=False),
    sa.Column("last_visit_on", sa.Date, nullable=False),
    sa.Column("last_seen_on", sa.Date, nullable=False, index=True),
    sa.Column("main_granted", sa.Integer, nullable=False, server_default="0"),
    sa.Column("main_used", sa.Integer, nullable=False, server_default="0"),
    sa.Column("main_left", sa.Integer, nullable=False, server_default="0"),
    sa.Column("visits", sa.Integer, nullable=False, server_default="0"),
    sa.Column("visit_days", sa.Integer, nullable=False, server_default="0"),
    sa.Column("due_back_on", sa.Date, nullable=False, server_default="0001-01-01"),
    sa.Column("square_location_id", sa.String(192), nullable=False, server_default=""),
    sa.Column("lapses_on", sa.Date, nullable=False, server_default="9999-12-31"),
    sa.Column("late_at", MOMENT),
    sa.Column("is_current", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("sold_in", sa.Date, nullable=False, server_default="0001-01-01"),
    sa.Column("outcome", sa.String(12), nullable=False, server_default=""),
    sa.Column("had_time", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("bought_again", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index(None, "client_id", "sold_at", "status"),
    sa.Index(None, "client_name", "course_id"),
    sa.Index(None, "due", "course_id"),
    sa.Index(None, "expires_on", "course_id"),
    sa.Index(None, "is_current", "expires_on", "course_id"),
    sa.Index(None, "is_current", "last_visit_on", "course_id"),
    sa.Index("ix_listed_course_lapsing", "lapses_on", "course_id", **where(_HAS_LEFT)),
    sa.Index("ix_listed_course_late", "late_at", **where("late_at IS NOT NULL")),
    sa.Index(None, "last_visit_on", "course_id"),
    sa.Index(None, "package_name", "course_id"),
    sa.Index(None, "practitioner_name", "course_id"),
    sa.Index(
        "ix_listed_course_progress",
        *("sold_in", "outcome", "package_id", "practitioner_id", "main_used", "visits", "had_time"),
        *("bought_again", "course_id"),
    ),
    sa.Index(None, "sessions_left", "course_id"),
    sa.Index(None, "sold_at", "course_id"),
    sa.Index(None, "status", "course_id"),
    sa.Index(None, "value", "course_id"),
)
_TABLES.add(
    "listed_sum",
    sa.Column("kind", sa.String(10), primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("status", sa.String(20), primary_key=True),
    sa.Column("package_id", sa.String(40), primary_key=True),
    sa.Column("practitioner_id", sa.String(40), primary_key=True),
    sa.Column("currency", sa.String(3), primary_key=True),
    sa.Column("square_location_id", sa.String(192), primary_key=True),
    sa.Column("courses", sa.BigInteger, nullable=False),
    sa.Column("sessions", sa.BigInteger, nullable=False),
    sa.Column("value", sa.BigInteger, nullable=False),
)
_TABLES.add(
    "listing_state",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("listed_for", sa.Date),
    sa.Column("time_zone", sa.String(64), nullable=False, server_default=""),
)
_TABLES.add(
    "money_posting",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("square_order_id", sa.String(192), nullable=False, index=True),
    sa.Column("source", sa.String(192), nullable=False),
    sa.Column("what", sa.String(20), nullable=False),
    sa.Column("debit", sa.String(20), nullable=False),
    sa.Column("credit", sa.String(20), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("happened_at", MOMENT, nullable=False, index=True),
    sa.Column("written_at", MOMENT, nullable=False, index=True),
    sa.CheckConstraint("debit <> credit", name="two_accounts"),
)
_TABLES.add(
    "moved_use",
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("entry_id", sa.String(40), nullable=False),
    sa.Column("practitioner_before", sa.String(40), nullable=False),
    sa.Column("practitioner_after", sa.String(40), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
)
_TABLES.add(
    "name_translation",
    sa.Column("name", sa.String(160), primary_key=True),
    sa.Column("language", sa.String(16), primary_key=True),
    sa.Column("text", sa.String(160), nullable=False),
)
_TABLES.add(
    "outgoing_event",
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(300), nullable=False, unique=True),
    sa.Column("course_id", sa.String(40), nullable=False, index=True),
    sa.Column("entry_id", sa.String(40)),
    sa.Column("noted_at", MOMENT, nullable=False, index=True),
    sa.Column("document", sa.JSON),
    sa.Index("ix_outgoing_event_new", "id", **where("document IS NULL")),
)
_TABLES.add(
    "own_rating",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column(
        "concern_id", sa.String(40), sa.ForeignKey("rated_concern.id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False),
    sa.Column("on_day", sa.Date, nullable=False),
    sa.Column("value", sa.Integer, nullable=False),
    sa.Column("rated_at", MOMENT, nullable=False),
    sa.Column("source", sa.String(10), nullable=False),
    sa.Column("replaced_at", MOMENT),
    sa.CheckConstraint("source in ('page', 'handed', 'api')", name="source"),
    sa.CheckConstraint("value between 0 and 10", name="value"),
    sa.Index(None, "client_id", "on_day"),
    sa.Index("uq_own_rating_day", "concern_id", "on_day", unique=True, **where("replaced_at IS NULL")),
)
_TABLES.add(
    "payment_fee",
    sa.Column("square_payment_id", sa.String(192), primary_key=True),
    sa.Column("square_order_id", sa.String(192), nullable=False, index=True),
    sa.Column("amount", sa.BigInteger),
    sa.Column("happened_at", MOMENT, nullable=False),
    sa.Column("seen_at", MOMENT, index=True),
    sa.Column("due_at", MOMENT),
    sa.Column("asked", sa.Integer, nullable=False),
    sa.Column("is_of_refund", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("ix_payment_fee_due", "due_at", **where("due_at IS NOT NULL")),
)
_TABLES.add(
    "period_total",
    sa.Column("counted_in", sa.Date, primary_key=True),
    sa.Column("happened_in", sa.Date, primary_key=True),
    sa.Column("written_in", sa.Date, primary_key=True),
    sa.Column("sold_in", sa.Date, primary_key=True),
    sa.Column("package_id", sa.String(40), primary_key=True),
    sa.Column("square_location_id", sa.String(192), primary_key=True),
    sa.Column("currency", sa.String(3), primary_key=True),
    sa.Column("what", sa.String(20), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.Column("sessions", sa.BigInteger, nullable=False),
    sa.Column("entries", sa.BigInteger, nullable=False),
)
_TABLES.add(
    "planned_visit",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), nullable=False),
    sa.Column("start_at", MOMENT, nullable=False, index=True),
    sa.Column("planned_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("replaced_at", MOMENT),
    sa.Column("square_booking_id", sa.String(192)),
    sa.Column("booking_state", sa.String(12), nullable=False, server_default=""),
    sa.Column("booking_problem", sa.String(400), nullable=False, server_default=""),
    sa.Index(None, "course_id", "start_at"),
    sa.Index(None, "square_booking_id", unique=True),
)
_TABLES.add(
    "progress_sum",
    sa.Column("kind", sa.String(12), primary_key=True),
    sa.Column("sold_in", sa.Date, primary_key=True),
    sa.Column("key", sa.String(40), primary_key=True),
    sa.Column("outcome", sa.String(12), primary_key=True),
    sa.Column("used", sa.Integer, primary_key=True, autoincrement=False),
    *(
        sa.Column(name, sa.BigInteger, nullable=False)
        for name in ("courses", "intervals", "interval_days", "had_time", "again")
    ),
)
_TABLES.add(
    "public_order",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("token", sa.String(43), unique=True),
    sa.Column("package_id", sa.String(40), sa.ForeignKey("package.id"), nullable=False),
    sa.Column("package_version", sa.Integer, nullable=False),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), index=True),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("phone", sa.String(32), nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("agreed", sa.JSON, nullable=False),
    sa.Column("agreed_at", MOMENT, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("url", sa.String(2000)),
    sa.Column("square_location_id", sa.String(192)),
    sa.Column("square_order_id", sa.String(192), unique=True),
    sa.Column("begun_at", MOMENT, nullable=False, index=True),
    sa.Column("ended_at", MOMENT),
    sa.CheckConstraint("amount > 0", name="amount"),
    sa.Column("terms_content", sa.Text),
    sa.Column("terms_sha256", sa.String(64)),
    sa.Column("terms_mind", sa.String(20)),
    sa.Column("terms_pdf", sa.LargeBinary),
    sa.Column("terms_signed_pdf", sa.LargeBinary),
    sa.CheckConstraint("(state in ('paid', 'failed')) = (ended_at is not null)", name="ended_together"),
    sa.CheckConstraint("state in ('asking', 'waiting', 'paid', 'failed')", name="state"),
)
_TABLES.add(
    "quote",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("code", sa.String(12), nullable=False, unique=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False),
    sa.Column("package_id", sa.String(40), sa.ForeignKey("package.id"), nullable=False),
    sa.Column("package_version", sa.Integer, nullable=False),
    sa.Column("price", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("concern", sa.String(300), nullable=False),
    sa.Column("valid_until", sa.Date, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("pdf", sa.LargeBinary, nullable=False),
    sa.Column("pdf_sha256", sa.String(64), nullable=False),
    sa.Column("made_at", MOMENT, nullable=False, index=True),
    sa.Column("by", sa.String(160), nullable=False),
    sa.Column("withdrawn_at", MOMENT),
    sa.Column("checkout_id", sa.String(40), sa.ForeignKey("checkout.id"), unique=True),
    sa.CheckConstraint("price >= 0", name="price"),
    sa.Index(None, "client_id", "package_id"),
)
_TABLES.add(
    "rated_concern",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False, index=True),
    sa.Column("words", sa.String(80), nullable=False),
    sa.Column("chosen_at", MOMENT, nullable=False),
    sa.Column("ended_at", MOMENT),
)
_TABLES.add(
    "rating_choice",
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), primary_key=True),
    sa.Column("is_declined", sa.Boolean, nullable=False),
    sa.Column("is_on_papers", sa.Boolean, nullable=False),
    sa.Column("changed_at", MOMENT, nullable=False),
)
_TABLES.add(
    "saved_view",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("listing", sa.String(20), nullable=False),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("query", sa.JSON, nullable=False),
    sa.Column("staff_id", sa.String(40), sa.ForeignKey("staff.id")),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("by", sa.String(160), nullable=False),
    sa.UniqueConstraint("listing", "staff_id", "name"),
)
_TABLES.add(
    "tip",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False, index=True),
    sa.Column("practitioner_id", sa.String(40), sa.ForeignKey("staff.id")),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("url", sa.String(2000)),
    sa.Column("square_location_id", sa.String(192)),
    sa.Column("square_order_id", sa.String(192), unique=True),
    sa.Column("begun_at", MOMENT, nullable=False, index=True),
    sa.Column("ended_at", MOMENT),
    sa.CheckConstraint("amount > 0", name="amount"),
    sa.CheckConstraint("(state in ('paid', 'unpaid')) = (ended_at is not null)", name="ended_together"),
    sa.CheckConstraint("state in ('asking', 'waiting', 'paid', 'unpaid')", name="state"),
)
_TABLES.add(
    "unlisted_course",
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("course_id", sa.String(40), nullable=False),
    sa.Column("client_id", sa.String(40)),
)
_TABLES.add(
    "use_total",
    sa.Column("counted_in", sa.Date, primary_key=True),
    sa.Column("package_id", sa.String(40), primary_key=True),
    sa.Column("treatment_id", sa.String(40), primary_key=True),
    sa.Column("practitioner", sa.String(40), primary_key=True),
    sa.Column("currency", sa.String(3), primary_key=True),
    *(
        sa.Column(name, sa.BigInteger, nullable=False)
        for name in ("sessions", "treated", "value", "list_value", "entries")
    ),
)
_TABLES.add(
    "visit_note",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("visit_id", sa.String(40), sa.ForeignKey("visit.id"), unique=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id")),
    sa.Column("on_day", sa.Date),
    sa.Column("practitioner_id", sa.String(40), sa.ForeignKey("staff.id")),
    sa.Column("focus", sa.String(500), nullable=False, server_default=""),
    sa.Column("note", sa.String(500), nullable=False, server_default=""),
    sa.Column("points", sa.Text, nullable=False, server_default=""),
    sa.Column("observations", sa.Text, nullable=False, server_default=""),
    sa.Column("interval_days", sa.Integer),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.Column("changed_at", MOMENT, nullable=False),
    sa.Column("changed_by", sa.String(160), nullable=False),
    sa.CheckConstraint("(client_id is null) = (on_day is null)", name="draft_has_day"),
    sa.CheckConstraint("interval_days between 1 and 365", name="interval_days"),
    sa.CheckConstraint("(visit_id is null) = (client_id is not null)", name="visit_or_client"),
    sa.Index("ix_visit_note_asked_back", "visit_id", **where("interval_days IS NOT NULL")),
    sa.Index(None, "client_id", "on_day"),
)
_TABLES.add(
    "visit_note_option",
    sa.Column("note_id", sa.String(40), sa.ForeignKey("visit_note.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("option_id", sa.String(40), sa.ForeignKey("visit_option.id"), primary_key=True),
)
_TABLES.add(
    "visit_option",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("name", sa.String(160), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("retired_at", MOMENT),
    sa.CheckConstraint("kind in ('focus', 'add_on')", name="kind"),
)
_TABLES.add(
    "wallet_pass",
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("place", sa.String(10), nullable=False),
    sa.Column("course_id", sa.String(40), sa.ForeignKey("course.id"), nullable=False, index=True),
    sa.Column("client_id", sa.String(40), sa.ForeignKey("client.id"), nullable=False, index=True),
    sa.Column("device", sa.String(100), nullable=False),
    sa.Column("push_token", sa.String(200), nullable=False),
    sa.Column("added_at", MOMENT, nullable=False),
    sa.Column("changed_at", MOMENT, nullable=False),
    sa.CheckConstraint("place in ('google', 'apple')", name="place"),
    sa.CheckConstraint("(place = 'google') = (device = '')", name="device"),
    sa.UniqueConstraint("device", "course_id", "client_id", "place"),
)
