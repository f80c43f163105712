"""Sums of the ledger for the reports, and the entries that are not in them yet.

A trigger notes every new entry as not totalled, in the transaction that writes it. Whoever adds it to the sums removes
that note in the same transaction. So at any moment each entry is in the sums or noted, never both and never neither,
whatever its times are and however the clocks of the machines differ.
"""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Amount, Base, Id, SquareId
from plugin.store.statements import created


class PeriodTotal(Base):
    """The sum of the entries that count in one month, by all that the reports ask for. Months by their first day."""

    counted_in: Mapped[date] = mapped_column(primary_key=True)
    happened_in: Mapped[date] = mapped_column(primary_key=True)
    written_in: Mapped[date] = mapped_column(primary_key=True)
    # The first day of the year in which the course was sold.
    sold_in: Mapped[date] = mapped_column(primary_key=True)
    package_id: Mapped[str] = mapped_column(Id, primary_key=True)
    # "" where Square named none.
    square_location_id: Mapped[str] = mapped_column(SquareId, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    # What the journal calls the entry (`reports.lines`); a reversal is what it reverses.
    what: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[int] = mapped_column(Amount)
    sessions: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int] = mapped_column(BigInteger)


class UseTotal(Base):
    """The sum of the sessions used that count in one month, by its first day; an undone use is subtracted.

    `practitioner`: an id, or a key of `reports.usage`. `treated`: sessions without add-ons. `list_value`: what single
    visits would have cost.
    """

    counted_in: Mapped[date] = mapped_column(primary_key=True)
    package_id: Mapped[str] = mapped_column(Id, primary_key=True)
    treatment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    practitioner: Mapped[str] = mapped_column(Id, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    sessions: Mapped[int] = mapped_column(BigInteger)
    treated: Mapped[int] = mapped_column(BigInteger)
    value: Mapped[int] = mapped_column(Amount)
    list_value: Mapped[int] = mapped_column(Amount)
    entries: Mapped[int] = mapped_column(BigInteger)


class UntotalledEntry(Base):
    """An entry that is not in the sums yet."""

    entry_id: Mapped[str] = mapped_column(Id, primary_key=True)


class MovedUse(Base):
    """A totalled entry whose visit names another practitioner since, which the sums do not have yet.

    `generation`: of the totals that it was in; a note of earlier ones means nothing.
    """

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    entry_id: Mapped[str] = mapped_column(Id)
    practitioner_before: Mapped[str] = mapped_column(Id)
    practitioner_after: Mapped[str] = mapped_column(Id)
    generation: Mapped[int]


class TotalsState(Base):
    """One row: whether the sums can be used, in which time zone their months are, how often they were made."""

    id: Mapped[int] = mapped_column(primary_key=True)
    time_zone: Mapped[str] = mapped_column(String(64))
    is_valid: Mapped[bool]
    generation: Mapped[int] = mapped_column(server_default="0")


TRIGGER, MOVES = "entry_is_untotalled", "visit_moves_uses"
# The key of a visit without a practitioner.
NOBODY = "none"
_NOTE = "INSERT INTO untotalled_entry (entry_id) VALUES (NEW.id);"
_NOTE_MOVED = (
    "INSERT INTO moved_use (entry_id, practitioner_before, practitioner_after, generation)"
    " SELECT entry.id, COALESCE(OLD.practitioner_id, 'none'), COALESCE(NEW.practitioner_id, 'none'),"
    " totals_state.generation FROM entry CROSS JOIN totals_state"
    " WHERE (entry.visit_id = NEW.id"
    " OR entry.reverses IN (SELECT used.id FROM entry used WHERE used.visit_id = NEW.id))"
    " AND entry.id NOT IN (SELECT entry_id FROM untotalled_entry);"
)
_IF_MOVED = {
    "sqlite": "WHEN OLD.practitioner_id IS NOT NEW.practitioner_id",
    "postgresql": "WHEN (OLD.practitioner_id IS DISTINCT FROM NEW.practitioner_id)",
}


def creation(engine: str) -> Iterator[str]:
    """Yield the statements that create the trigger; `engine` is "sqlite" or "postgresql"."""
    yield from created(engine, TRIGGER, "INSERT", "entry", _NOTE)


def creation_for_moves(engine: str) -> Iterator[str]:
    """Yield the statements that create the trigger which notes uses that another practitioner is named for."""
    yield from created(
        engine, MOVES, "UPDATE OF practitioner_id", "visit", _NOTE_MOVED, when=_IF_MOVED[engine]
    )
