"""The accountant's journal: accounts, the money of each sale as pairs of them, Square's fees, and closed books.

The pairs are append-only. Where Square later shows a sale otherwise, the difference is one more row, so that what a
closed month says does not change (`plugin.courses.reports.books`).
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Amount, Base, Id, Name, SquareId, only_where
from plugin.store.personal import OF_ORDER


class JournalChart(Base):
    """The accounts chosen by the owner: one row. `accounts`: number and name by role, where not the default."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    accounts: Mapped[dict[str, Any]]
    # The name of the tax rate that Xero requires on each line.
    xero_tax_rate: Mapped[str] = mapped_column(String(80))
    # Square's own connector books payments, tax, tips and fees already.
    is_money_elsewhere: Mapped[bool]
    changed_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)

    __table_args__ = (CheckConstraint("id = 1", name="one_chart"),)


class MoneyPosting(Base):
    """An amount of a sale's money that moves from one account to another; below zero for a correction.

    `source` is the payment, the refund or the order that it comes from, `debit` and `credit` are roles of accounts.
    """

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    square_order_id: Mapped[str] = mapped_column(SquareId, index=True, info=OF_ORDER)
    source: Mapped[str] = mapped_column(SquareId)
    what: Mapped[str] = mapped_column(String(20))
    debit: Mapped[str] = mapped_column(String(20))
    credit: Mapped[str] = mapped_column(String(20))
    amount: Mapped[int] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(String(3))
    happened_at: Mapped[datetime] = mapped_column(index=True)
    written_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (CheckConstraint("debit <> credit", name="two_accounts"),)


class PaymentFee(Base):
    """Square's fee of one card payment, or of a refund, None until Square shows it: that takes minutes to days.

    `square_payment_id` is the refund's id where `is_of_refund`. `due_at`: when to ask next; None once it is known,
    or given up.
    """

    square_payment_id: Mapped[str] = mapped_column(SquareId, primary_key=True)
    square_order_id: Mapped[str] = mapped_column(SquareId, info=OF_ORDER)
    amount: Mapped[int | None] = mapped_column(Amount)
    happened_at: Mapped[datetime]
    seen_at: Mapped[datetime | None] = mapped_column(index=True)
    due_at: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(default=0)
    is_of_refund: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (
        Index(None, "square_order_id"),
        only_where("ix_payment_fee_due", "due_at", where="due_at IS NOT NULL"),
    )


class BooksClosed(Base):
    """A closing of the books: from `closed_at` on, events before `closed_before` count when they are written."""

    # The first moment after the last closed day, so that one lookup by key finds what closed an entry's day.
    closed_before: Mapped[datetime] = mapped_column(primary_key=True)
    closed_through: Mapped[date] = mapped_column(unique=True)
    closed_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
