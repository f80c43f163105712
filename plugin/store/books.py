"""Up to which day the owner has closed the books: reports alone look at it, the ledger does not."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Name


class BooksClosed(Base):
    """The books were closed: from `closed_at` on, what happened before `closed_before` counts when it is written."""

    __tablename__ = "books_closed"

    # The first moment after the last closed day, so that one look by key tells what closed an entry's day.
    closed_before: Mapped[datetime] = mapped_column(primary_key=True)
    closed_through: Mapped[date] = mapped_column(unique=True)
    closed_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
