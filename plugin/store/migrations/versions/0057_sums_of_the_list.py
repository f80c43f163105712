"""Sums of the list of courses, in place of what is left of each course. All rows are made again."""

import sqlalchemy as sa
from alembic import op

from plugin.store import listing

revision = "0057"
down_revision = "0056"

_KEY = ("kind", "day", "status", "package_id", "practitioner_id", "currency", "square_location_id")
_IF_CURRENT = "WHERE sessions_left > 0 AND status IN ('open', 'part_paid', 'frozen', 'gift', 'unassigned')"


def upgrade() -> None:
    """Apply."""
    op.drop_table("course_total")
    place = sa.Column("square_location_id", sa.String(length=192), server_default="", nullable=False)
    op.add_column("listed_course", place)
    lapses = sa.Column("lapses_on", sa.Date(), server_default="9999-12-31", nullable=False)
    op.add_column("listed_course", lapses)
    op.add_column("listed_course", sa.Column("late_at", sa.DateTime(timezone=True), nullable=True))
    _create_indexes()
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
        sa.PrimaryKeyConstraint(*_KEY, name=op.f("pk_listed_sum")),
    )
    _add_up()
    for statement in listing.creation_of_sums(op.get_bind().dialect.name):
        op.execute(statement)
    op.execute("INSERT INTO unlisted_course (course_id) SELECT id FROM course")


def _create_indexes() -> None:
    for name, columns, where in (
        ("ix_listed_course_lapsing", ["lapses_on", "course_id"], "value != 0 OR sessions_left != 0"),
        ("ix_listed_course_late", ["late_at"], "late_at IS NOT NULL"),
    ):
        condition = sa.text(where)
        op.create_index(name, "listed_course", columns, sqlite_where=condition, postgresql_where=condition)


def _add_up() -> None:
    """Add up the rows there are; none has a day after which it is expired until it is made again."""
    for kind, day, names, condition in (
        ("all", "'0001-01-01'", "status, package_id, COALESCE(practitioner_id, '')", ""),
        ("expires", "expires_on", "'', '', ''", _IF_CURRENT),
        ("seen", "last_seen_on", "'', '', ''", _IF_CURRENT),
    ):
        key = "status, package_id, practitioner_id" if kind == "all" else day
        op.execute(
            f"INSERT INTO listed_sum ({', '.join(_KEY)}, courses, sessions, value)"  # noqa: S608  # no values
            f" SELECT '{kind}', {day}, {names}, currency, '', COUNT(*), SUM(sessions_left), SUM(value)"
            f" FROM listed_course {condition} GROUP BY {key}, currency"
        )


def downgrade() -> None:
    """Undo."""
    for statement in listing.removal_of_sums(op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("listed_sum")
    for name in ("ix_listed_course_lapsing", "ix_listed_course_late"):
        op.drop_index(name, "listed_course")
    for name in ("late_at", "lapses_on", "square_location_id"):
        op.drop_column("listed_course", name)
    op.create_table(
        "course_total",
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("sessions", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_course_total")),
    )
    op.create_index(op.f("ix_course_total_last_at"), "course_total", ["last_at"])
    op.execute("UPDATE totals_state SET is_valid = false")
