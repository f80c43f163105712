"""Sums of how courses go, a row for each client's balance and their sums; the worker fills them with the list.

Names in the list are held by who renews its rows, so that a new name notes no course any more.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from plugin.store import list_totals
from plugin.store.migrations.frozen import Tables, where

revision = "0069"
down_revision = "0068"

_NOT_YET = "0001-01-01"
_PROGRESS = (
    *("sold_in", "outcome", "package_id", "practitioner_id", "main_used", "visits", "had_time"),
    *("bought_again", "course_id"),
)
_SOLD = (
    *("sold_at", "course_id", "client_id", "package_id", "practitioner_id", "status"),
    *("main_granted", "main_used", "main_left", "last_seen_on", "last_visit_on", "visits", "visit_days"),
)
_LEFT = ("client_id", "currency", "last_seen_on", "sessions_left", "value", "client_name")
_RENAMES = {
    "client_lists": (
        "UPDATE listed_course SET client_name = NEW.name_folded WHERE client_id = NEW.id;",
        "INSERT INTO unlisted_course (course_id) SELECT id FROM course WHERE client_id = NEW.id;",
    ),
    "staff_lists": (
        "UPDATE listed_course SET practitioner_name = NEW.name WHERE practitioner_id = NEW.id;",
        "INSERT INTO unlisted_course (course_id) SELECT DISTINCT course_id FROM visit WHERE practitioner_id = NEW.id;",
    ),
}


def _columns() -> Iterator[tuple[str, sa.Column[Any]]]:
    yield ("listed_course", sa.Column("sold_in", sa.Date(), nullable=False, server_default=_NOT_YET))
    yield ("listed_course", sa.Column("outcome", sa.String(12), nullable=False, server_default=""))
    yield ("listed_course", sa.Column("had_time", sa.Boolean(), nullable=False, server_default=sa.false()))
    yield (
        "listed_course",
        sa.Column("bought_again", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    yield ("unlisted_course", sa.Column("client_id", sa.String(40)))
    yield ("listing_state", sa.Column("time_zone", sa.String(64), nullable=False, server_default=""))


def _tables() -> Tables:
    tables = Tables()
    tables.add(
        "progress_sum",
        sa.Column("kind", sa.String(12), primary_key=True),
        sa.Column("sold_in", sa.Date(), primary_key=True),
        sa.Column("key", sa.String(40), primary_key=True),
        sa.Column("outcome", sa.String(12), primary_key=True),
        sa.Column("used", sa.Integer(), primary_key=True, autoincrement=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("courses", "intervals", "interval_days", "had_time", "again")
        ),
    )
    tables.add(
        "listed_balance",
        sa.Column("client_id", sa.String(40), primary_key=True),
        sa.Column("currency", sa.String(3), primary_key=True),
        sa.Column("client_name", sa.String(160), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("region", sa.String(3), nullable=False),
        sa.Column("last_seen_on", sa.Date(), nullable=False),
        sa.Column("courses", sa.Integer(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Index(None, "last_seen_on", "client_id", "currency"),
        *(
            sa.Index(None, first, "last_seen_on", "client_id", "currency")
            for first in ("client_name", "sessions", "value")
        ),
    )
    tables.add(
        "balance_sum",
        sa.Column("last_seen_on", sa.Date(), primary_key=True),
        sa.Column("country", sa.String(2), primary_key=True),
        sa.Column("region", sa.String(3), primary_key=True),
        sa.Column("currency", sa.String(3), primary_key=True),
        sa.Column("clients", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
    )
    return tables


def _engine() -> str:
    return op.get_bind().dialect.name


def _replace(name: str, do: str) -> None:
    if _engine() == "postgresql":
        op.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
            f" AS $$ BEGIN {do} RETURN NULL; END $$"
        )


def _list_again() -> Iterator[str]:
    # No row may be there that the sums do not have. The worker writes the list again, in parts.
    yield "DELETE FROM unlisted_course"
    yield "DELETE FROM listed_course"
    yield "DELETE FROM listed_client"
    yield "DELETE FROM listed_sum"
    yield "INSERT INTO unlisted_course (course_id) SELECT id FROM course"


def upgrade() -> None:
    """Apply."""
    for table, column in _columns():
        op.add_column(table, column)
    _tables().create_all(op.get_bind(), checkfirst=False)
    op.drop_index("ix_listed_course_sold", "listed_course")
    op.drop_index("ix_listed_course_left", "listed_course")
    op.create_index("ix_listed_course_sold_at_course_id", "listed_course", ["sold_at", "course_id"])
    op.create_index("ix_listed_course_progress", "listed_course", list(_PROGRESS))
    op.create_index("ix_client_letter_done_at", "client_letter", ["done_at"])
    for name, (update, _note) in _RENAMES.items():
        _replace(name, update)
    for each in (*_list_again(), *list_totals.creation(_engine())):
        op.execute(each)


def downgrade() -> None:
    """Undo."""
    for each in list_totals.removal(_engine()):
        op.execute(each)
    for name, (update, note) in _RENAMES.items():
        _replace(name, f"{update} {note}")
    op.execute("DELETE FROM unlisted_course WHERE client_id IS NOT NULL")
    op.drop_index("ix_client_letter_done_at", "client_letter")
    op.drop_index("ix_listed_course_progress", "listed_course")
    op.drop_index("ix_listed_course_sold_at_course_id", "listed_course")
    has_left = where("value != 0 OR sessions_left != 0")
    op.create_index("ix_listed_course_left", "listed_course", list(_LEFT), **has_left)
    op.create_index("ix_listed_course_sold", "listed_course", list(_SOLD))
    _tables().drop_all(op.get_bind(), checkfirst=False)
    for table, column in _columns():
        op.drop_column(table, column.name)
