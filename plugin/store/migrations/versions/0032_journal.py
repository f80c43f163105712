"""The accountant's journal: its accounts, the money of sales, and Square's fees."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "journal_chart",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("accounts", sa.JSON(), nullable=False),
        sa.Column("xero_tax_rate", sa.String(length=80), nullable=False),
        sa.Column("is_money_elsewhere", sa.Boolean(), nullable=False),
        _moment("changed_at"),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_journal_chart_one_chart")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_chart")),
    )
    op.create_table(
        "money_posting",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("square_order_id", sa.String(length=192), nullable=False),
        sa.Column("source", sa.String(length=192), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("debit", sa.String(length=20), nullable=False),
        sa.Column("credit", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        _moment("happened_at"),
        _moment("written_at"),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_money_posting_two_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_posting")),
    )
    op.create_table(
        "payment_fee",
        sa.Column("square_payment_id", sa.String(length=192), nullable=False),
        sa.Column("square_order_id", sa.String(length=192), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        _moment("happened_at"),
        _moment("seen_at", nullable=True),
        _moment("due_at", nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("square_payment_id", name=op.f("pk_payment_fee")),
    )
    for table, column in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    known = sa.text("due_at IS NOT NULL")
    op.create_index(
        "ix_payment_fee_due", "payment_fee", ["due_at"], sqlite_where=known, postgresql_where=known
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_payment_fee_due", table_name="payment_fee")
    for table, column in reversed(_INDEXES):
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
    for table in ("payment_fee", "money_posting", "journal_chart"):
        op.drop_table(table)


_INDEXES = (
    ("money_posting", "square_order_id"),
    ("money_posting", "happened_at"),
    ("money_posting", "written_at"),
    ("payment_fee", "square_order_id"),
    ("payment_fee", "seen_at"),
    ("sale_record", "taken_at"),
    ("square_refund", "seen_at"),
)
