"""Sums of who is worth a call, and the digits by which a part of a phone number is found."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from plugin.store import listing, totals
from plugin.store.triggers import dropped

revision = "0070"
down_revision = "0069"

_OPEN = ("is_open", "done_on", "client_id", "ends_on", "sessions_left", "seen_on", "due_back_on", "is_due")
# The reasons of this revision, for the day of the list.
_REASONS = """
UPDATE listed_client SET reasons = CASE WHEN ends_on <= :soon THEN 1 ELSE 0 END
 + CASE WHEN sessions_left BETWEEN 1 AND 2 OR (sessions_left = 0 AND done_on >= :since) THEN 2 ELSE 0 END
 + CASE WHEN sessions_left > 0 AND due_back_on < :today THEN 4 ELSE 0 END
 + CASE WHEN is_due THEN 8 ELSE 0 END
"""


def upgrade() -> None:
    engine = op.get_bind().dialect.name
    op.add_column("listed_client", sa.Column("reasons", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "follow_up_sum",
        sa.Column("reasons", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("clients", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reasons", name=op.f("pk_follow_up_sum")),
    )
    op.create_table(
        "client_digits",
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("digits", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "digits", name=op.f("pk_client_digits")),
        sqlite_with_rowid=False,
    )
    _fill(engine)
    op.drop_index("ix_listed_client_open", "listed_client")
    condition = sa.text("reasons != 0")
    op.create_index(
        "ix_listed_client_reasons",
        "listed_client",
        ["ends_on", "seen_on", "reasons", "client_id"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
    op.create_index("ix_client_digits_digits_client_id", "client_digits", ["digits", "client_id"])
    op.create_index("ix_client_merged_into_erased_at", "client", ["merged_into", "erased_at"])
    for statement in _triggers(engine):
        op.execute(statement)


def _triggers(engine: str) -> tuple[str, ...]:
    return (*totals.creation_for_follow_ups(engine), *listing.creation_of_digits(engine))


def _fill(engine: str) -> None:
    days = sa.select(sa.column("listed_for", sa.Date())).select_from(sa.table("listing_state"))
    if (today := op.get_bind().scalar(days)) is not None:
        values = {"today": today, "soon": today + timedelta(days=60), "since": today - timedelta(days=60)}
        typed = (sa.bindparam(name, type_=sa.Date()) for name in values)
        op.get_bind().execute(sa.text(_REASONS).bindparams(*typed), values)
    op.execute(
        "INSERT INTO follow_up_sum (reasons, clients) SELECT reasons, count(*) FROM listed_client GROUP BY reasons"
    )
    op.get_bind().exec_driver_sql(listing.filling(engine))


def downgrade() -> None:
    engine = op.get_bind().dialect.name
    for statement in dropped(engine, _triggers(engine)):
        op.execute(statement)
    op.drop_index("ix_client_merged_into_erased_at", "client")
    op.drop_table("client_digits")
    op.drop_table("follow_up_sum")
    op.drop_index("ix_listed_client_reasons", "listed_client")
    op.create_index("ix_listed_client_open", "listed_client", list(_OPEN))
    op.drop_column("listed_client", "reasons")
