"""Totals by the year of the sale and by what the journal says, and of sessions used. All totals are made again."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from plugin.store import totals

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    """Apply."""
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
    for statement in totals.creation_for_moves(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    for statement in totals.removal_for_moves(op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_column("totals_state", "generation")
    for table in ("moved_use", "use_total", "period_total"):
        op.drop_table(table)
    _create_period_total(("kind", sa.String(length=20)))
    op.execute("UPDATE totals_state SET is_valid = false")


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
