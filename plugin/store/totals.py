"""Sums of the ledger for the reports, and the entries that are not in them yet.

A trigger notes every new entry as not totalled, in the transaction that writes it. Whoever adds it to the sums removes
that note in the same transaction. So at any moment each entry is in the sums or noted, never both and never neither,
whatever its times are and however the clocks of the machines differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Amount, Base, Id, SquareId


class PeriodTotal(Base):
    """The sum of the entries that count in one month, by all that the reports ask for. Months by their first day."""

    __tablename__ = "period_total"

    counted_in: Mapped[date] = mapped_column(primary_key=True)
    happened_in: Mapped[date] = mapped_column(primary_key=True)
    written_in: Mapped[date] = mapped_column(primary_key=True)
    package_id: Mapped[str] = mapped_column(Id, primary_key=True)
    # "" where Square named none.
    square_location_id: Mapped[str] = mapped_column(SquareId, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    # A reversal counts as the kind of the entry that it reverses.
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[int] = mapped_column(Amount)
    sessions: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int] = mapped_column(BigInteger)


class CourseTotal(Base):
    """What the totalled entries of a course leave of it, and when the last of them happened or was written."""

    __tablename__ = "course_total"

    course_id: Mapped[str] = mapped_column(Id, primary_key=True)
    value: Mapped[int] = mapped_column(Amount)
    sessions: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[datetime] = mapped_column(index=True)


class UntotalledEntry(Base):
    """An entry that is not in the sums yet."""

    __tablename__ = "untotalled_entry"

    entry_id: Mapped[str] = mapped_column(Id, primary_key=True)


class TotalsState(Base):
    """One row: whether the sums can be used, and in which time zone their months are."""

    __tablename__ = "totals_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    time_zone: Mapped[str] = mapped_column(String(64))
    is_valid: Mapped[bool]


TRIGGER = "entry_is_untotalled"


def creation(engine: str) -> Iterator[str]:
    """Yield the statements that create the trigger; `engine` is "sqlite" or "postgresql"."""
    note = "INSERT INTO untotalled_entry (entry_id) VALUES (NEW.id);"
    if engine == "sqlite":
        yield f"CREATE TRIGGER {TRIGGER} AFTER INSERT ON entry BEGIN {note} END"
        return
    yield f"CREATE FUNCTION {TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {note} RETURN NULL; END $$"
    yield f"CREATE TRIGGER {TRIGGER} AFTER INSERT ON entry FOR EACH ROW EXECUTE FUNCTION {TRIGGER}()"


def removal(engine: str) -> Iterator[str]:
    """Yield the statements that drop the trigger."""
    if engine == "sqlite":
        yield f"DROP TRIGGER {TRIGGER}"
        return
    yield f"DROP TRIGGER {TRIGGER} ON entry"
    yield f"DROP FUNCTION {TRIGGER}()"
