"""Through which day the owner has closed the books: used by reports only, not by the ledger."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Name


class BooksClosed(Base):
    """A closing of the books: from `closed_at` on, events before `closed_before` count when they are written."""

    __tablename__ = "books_closed"

    # The first moment after the last closed day, so that one lookup by key finds what closed an entry's day.
    closed_before: Mapped[datetime] = mapped_column(primary_key=True)
    closed_through: Mapped[date] = mapped_column(unique=True)
    closed_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
