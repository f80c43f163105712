"""The public page, totals and sums of the lists, wallet passes, booked appointments, and indexes of what is sorted."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from plugin.store import listing, totals, versions
from plugin.store.migrations.frozen import where

revision = "0062"
down_revision = "0052"

_ORDER_TERMS = (
    ("terms_content", sa.Text()),
    ("terms_sha256", sa.String(64)),
    ("terms_mind", sa.String(20)),
    ("terms_pdf", sa.LargeBinary()),
    ("terms_signed_pdf", sa.LargeBinary()),
)
_SUM_KEY = ("kind", "day", "status", "package_id", "practitioner_id", "currency", "square_location_id")
_IF_CURRENT = "WHERE sessions_left > 0 AND status IN ('open', 'part_paid', 'frozen', 'gift', 'unassigned')"
_HAS_LEFT = "value != 0 OR sessions_left != 0"
# Table, columns, and the name where it is not that of the columns; with the condition of an index of some rows.
_DOCUMENTS = (["issued_at", "id"], ["number", "id"], ["total", "id"])
_CURRENT = (["is_current", "expires_on", "course_id"], ["is_current", "last_visit_on", "course_id"])
_SOME_LISTED = (
    ("ix_listed_course_lapsing", ["lapses_on", "course_id"], _HAS_LEFT),
    ("ix_listed_course_late", ["late_at"], "late_at IS NOT NULL"),
    (
        "ix_listed_course_left",
        ["client_id", "currency", "last_seen_on", "sessions_left", "value"],
        _HAS_LEFT,
    ),
)


def upgrade() -> None:
    """Apply."""
    engine = op.get_bind().dialect.name
    op.add_column("package", sa.Column("is_public", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column(
        "payment_fee", sa.Column("is_of_refund", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    _make_totals(engine)
    _make_wallet_pass()
    _book_planned_visits(engine)
    _make_sums(engine)
    for columns in _DOCUMENTS:
        op.create_index(op.f(f"ix_document_{'_'.join(columns)}"), "document", columns)
    _make_agreement_order()
    searched = ["merged_into", "erased_at", "name_folded", "id", "search_text"]
    op.create_index("ix_client_search", "client", searched)
    op.drop_index(op.f("ix_client_merged_into"), "client")


def _make_totals(engine: str) -> None:
    """Make totals by the year of the sale and by what the journal says, and of sessions used."""
    op.drop_table("period_total")
    _create_period_total(("sold_in", sa.Date()), ("what", sa.String(length=20)))
    _create(
        "use_total",
        (
            *(("counted_in", sa.Date()), ("package_id", sa.String(length=40))),
            *(("treatment_id", sa.String(length=40)), ("practitioner", sa.String(length=40))),
            ("currency", sa.String(length=3)),
        ),
        ("sessions", "treated", "value", "list_value", "entries"),
    )
    op.create_table(
        "moved_use",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("entry_id", sa.String(length=40), nullable=False),
        sa.Column("practitioner_before", sa.String(length=40), nullable=False),
        sa.Column("practitioner_after", sa.String(length=40), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moved_use")),
    )
    op.add_column("totals_state", sa.Column("generation", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE totals_state SET is_valid = false")
    for statement in totals.creation_for_moves(engine):
        op.execute(statement)


def _create_period_total(*last: tuple[str, Any]) -> None:
    months = [(name, sa.Date()) for name in ("counted_in", "happened_in", "written_in")]
    of_course = (
        *(("package_id", sa.String(length=40)), ("square_location_id", sa.String(length=192))),
        ("currency", sa.String(length=3)),
    )
    _create("period_total", (*months, *last[:-1], *of_course, last[-1]), ("value", "sessions", "entries"))


def _create(table: str, key: tuple[tuple[str, Any], ...], sums: tuple[str, ...]) -> None:
    op.create_table(
        table,
        *(sa.Column(name, kind, nullable=False) for name, kind in key),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in sums),
        sa.PrimaryKeyConstraint(*(name for name, _kind in key), name=op.f(f"pk_{table}")),
    )


def _make_wallet_pass() -> None:
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
            *("device", "course_id", "client_id", "place"),
            name=op.f("uq_wallet_pass_device_course_id_client_id_place"),
        ),
    )
    for column in ("client_id", "course_id"):
        op.create_index(op.f(f"ix_wallet_pass_{column}"), "wallet_pass", [column])


def _book_planned_visits(engine: str) -> None:
    op.add_column("treatment", sa.Column("square_service_id", sa.String(192), nullable=True))
    op.add_column("planned_visit", sa.Column("square_booking_id", sa.String(192), nullable=True))
    for name, length in (("booking_state", 12), ("booking_problem", 400)):
        column = sa.Column(name, sa.String(length), nullable=False, server_default="")
        op.add_column("planned_visit", column)
    op.create_index("ix_planned_visit_square_booking_id", "planned_visit", ["square_booking_id"], unique=True)
    for statement in versions.creation(engine, revision):
        op.execute(statement)


def _make_sums(engine: str) -> None:
    """Make sums of the list of courses, in place of what is left of each; all rows are made again."""
    op.drop_table("course_total")
    for column in (
        sa.Column("square_location_id", sa.String(length=192), server_default="", nullable=False),
        sa.Column("lapses_on", sa.Date(), server_default="9999-12-31", nullable=False),
        sa.Column("late_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_current", sa.Boolean(), server_default=sa.false(), nullable=False),
    ):
        op.add_column("listed_course", column)
    op.execute(f"UPDATE listed_course SET is_current = true {_IF_CURRENT}")  # noqa: S608 - a constant
    for columns in _CURRENT:
        op.create_index(op.f(f"ix_listed_course_{'_'.join(columns)}"), "listed_course", columns)
    for name, columns, condition in _SOME_LISTED:
        op.create_index(name, "listed_course", columns, **where(condition))
    op.create_table(
        "listed_sum",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("package_id", sa.String(length=40), nullable=False),
        sa.Column("practitioner_id", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("square_location_id", sa.String(length=192), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("courses", "sessions", "value")),
        sa.PrimaryKeyConstraint(*_SUM_KEY, name=op.f("pk_listed_sum")),
    )
    _add_up()
    for statement in listing.creation_of_sums(engine):
        op.execute(statement)
    op.execute("INSERT INTO unlisted_course (course_id) SELECT id FROM course")


def _add_up() -> None:
    """Add up the rows there are; none has a day after which it is expired until it is made again."""
    for kind, day, names, condition in (
        ("all", "'0001-01-01'", "status, package_id, COALESCE(practitioner_id, '')", ""),
        ("expires", "expires_on", "'', '', ''", _IF_CURRENT),
        ("seen", "last_seen_on", "'', '', ''", _IF_CURRENT),
    ):
        key = "status, package_id, practitioner_id" if kind == "all" else day
        op.execute(
            f"INSERT INTO listed_sum ({', '.join(_SUM_KEY)}, courses, sessions, value)"  # noqa: S608  # no values
            f" SELECT '{kind}', {day}, {names}, currency, '', COUNT(*), SUM(sessions_left), SUM(value)"
            f" FROM listed_course {condition} GROUP BY {key}, currency"
        )


def _make_agreement_order() -> None:
    """Keep the terms ticked on the public page as a course agreement, and the order that was paid under it."""
    for name, kind in _ORDER_TERMS:
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
    engine = op.get_bind().dialect.name
    op.create_index(op.f("ix_client_merged_into"), "client", ["merged_into"])
    op.drop_index("ix_client_search", "client")
    op.drop_table("agreement_order")
    for columns in _DOCUMENTS:
        op.drop_index(op.f(f"ix_document_{'_'.join(columns)}"), "document")
    for statement in (*listing.removal_of_sums(engine), *versions.removal(engine, revision)):
        op.execute(statement)
    for name in (
        *(f"ix_listed_course_{'_'.join(columns)}" for columns in _CURRENT),
        *(name for name, _columns, _condition in _SOME_LISTED),
    ):
        op.drop_index(op.f(name), "listed_course")
    op.drop_index("ix_planned_visit_square_booking_id", "planned_visit")
    for statement in totals.removal_for_moves(engine):
        op.execute(statement)
    for table in ("listed_sum", "wallet_pass", "moved_use", "use_total", "period_total"):
        op.drop_table(table)
    for table, columns in (
        ("public_order", [name for name, _kind in _ORDER_TERMS]),
        ("listed_course", ["is_current", "late_at", "lapses_on", "square_location_id"]),
        ("planned_visit", ["booking_problem", "booking_state", "square_booking_id"]),
        ("treatment", ["square_service_id"]),
        ("totals_state", ["generation"]),
        ("payment_fee", ["is_of_refund"]),
        ("package", ["is_public"]),
    ):
        for column in columns:
            op.drop_column(table, column)
    op.create_table(
        "course_total",
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_course_total")),
    )
    op.create_index(op.f("ix_course_total_last_at"), "course_total", ["last_at"])
    _create_period_total(("kind", sa.String(length=20)))
    op.execute("UPDATE totals_state SET is_valid = false")
