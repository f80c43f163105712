"""Sums of the ledger for the reports, and of the lists for pages: kept by triggers, and the entries not in them yet."""

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Amount, Base, Id, Name, SquareId
from plugin.store.triggers import created


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


_Trigger: TypeAlias = tuple[str, str, str, str, str]


class ProgressOf(StrEnum):
    """What a `ProgressSum` is grouped by: the package, or the practitioner of the last visit ("": none)."""

    PACKAGE = "package"
    PRACTITIONER = "practitioner"


class ProgressSum(Base):
    """How the courses go that were sold in one month, by what became of them on the day of the list.

    `used`: main sessions, of courses that stalled or expired; else 0. `intervals` and `interval_days`: between visits.
    `had_time`: completed courses whose client could have bought again; `again`: those whose client did.
    """

    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    sold_in: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Id, primary_key=True)
    outcome: Mapped[str] = mapped_column(String(12), primary_key=True)
    used: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    courses: Mapped[int] = mapped_column(BigInteger)
    intervals: Mapped[int] = mapped_column(BigInteger)
    interval_days: Mapped[int] = mapped_column(BigInteger)
    had_time: Mapped[int] = mapped_column(BigInteger)
    again: Mapped[int] = mapped_column(BigInteger)


class ListedBalance(Base):
    """What is left of a client's courses in one currency; "": of courses without a client.

    Computed from the rows of the list in the transaction that writes those. `last_seen_on`: the last visit or sale.
    """

    client_id: Mapped[str] = mapped_column(Id, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    # Folded; renamed and erased by a trigger with the client.
    client_name: Mapped[str] = mapped_column(Name)
    # Of the client's profile in Square; "" if not known.
    country: Mapped[str] = mapped_column(String(2))
    region: Mapped[str] = mapped_column(String(3))
    last_seen_on: Mapped[date]
    courses: Mapped[int]
    sessions: Mapped[int]
    value: Mapped[int] = mapped_column(Amount)

    __table_args__ = (
        Index(None, "last_seen_on", "client_id", "currency"),
        Index(None, "client_name", "last_seen_on", "client_id", "currency"),
        Index(None, "sessions", "last_seen_on", "client_id", "currency"),
        Index(None, "value", "last_seen_on", "client_id", "currency"),
    )


class BalanceSum(Base):
    """How many balances there are, and their value, by the day of the last activity and the place."""

    last_seen_on: Mapped[date] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    region: Mapped[str] = mapped_column(String(3), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    clients: Mapped[int] = mapped_column(BigInteger)
    value: Mapped[int] = mapped_column(Amount)


class FollowUpSum(Base):
    """How many rows of `ListedClient` have just these reasons for a call."""

    reasons: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    clients: Mapped[int] = mapped_column(BigInteger)


# The columns of the key, those of the numbers, and the values of both for a row, each number after its sign.
_PROGRESS = (
    ("kind", "sold_in", "key", "outcome", "used"),
    ("courses", "intervals", "interval_days", "had_time", "again"),
)
_PROGRESS_KEYS = {
    ProgressOf.PACKAGE: "{row}.package_id",
    ProgressOf.PRACTITIONER: "COALESCE({row}.practitioner_id, '')",
}
_PROGRESS_ROW = (
    "('{kind}', {{row}}.sold_in, {key}, {{row}}.outcome,"
    " CASE WHEN {{row}}.outcome IN ('stalled', 'expired') THEN {{row}}.main_used ELSE 0 END, {{sign}}1,"
    " {{sign}}CASE WHEN {{row}}.visits > 1 THEN {{row}}.visits - 1 ELSE 0 END,"
    " {{sign}}CASE WHEN {{row}}.visits > 1 THEN {{row}}.visit_days ELSE 0 END,"
    " {{sign}}CASE WHEN {{row}}.had_time THEN 1 ELSE 0 END,"
    " {{sign}}CASE WHEN {{row}}.had_time AND {{row}}.bought_again THEN 1 ELSE 0 END)"
)
_PROGRESS_ROWS = ", ".join(
    _PROGRESS_ROW.format(kind=kind.value, key=key) for kind, key in _PROGRESS_KEYS.items()
)
_BALANCE = (("last_seen_on", "country", "region", "currency"), ("clients", "value"))
_BALANCE_ROW = (
    "({row}.last_seen_on, {row}.country, {row}.region, {row}.currency, {sign}1, {sign}({row}.value))"
)
_OF_PROFILE = ("client_id", "is_current", "is_deleted", "address", "country")
_MOVED = " OR ".join(f"OLD.{each} <> NEW.{each}" for each in _OF_PROFILE)
_NOTE_OF_LISTS = "INSERT INTO unlisted_course (course_id, client_id)"


def _adding(
    table: str, columns: tuple[tuple[str, ...], tuple[str, ...]], rows: str, row: str, sign: str
) -> str:
    key, numbers = columns
    more = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in numbers)
    # Names of columns; no person's values.
    return (
        f"INSERT INTO {table} ({', '.join((*key, *numbers))}) VALUES {rows.format(row=row, sign=sign)}"  # noqa: S608  # nosec B608
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {more};"
    )


def _progress(row: str, sign: str = "") -> str:
    return _adding("progress_sum", _PROGRESS, _PROGRESS_ROWS, row, sign)


def _balance(row: str, sign: str = "") -> str:
    return _adding("balance_sum", _BALANCE, _BALANCE_ROW, row, sign)


def _follow_up(row: str, sign: str = "") -> str:
    return _adding("follow_up_sum", (("reasons",), ("clients",)), "({row}.reasons, {sign}1)", row, sign)


# Each trigger: its name, event and table, the condition, and what it does.
_FOLLOW_UPS = (
    ("follow_up_adds", "INSERT", "listed_client", "", _follow_up("NEW")),
    ("follow_up_subtracts", "DELETE", "listed_client", "", _follow_up("OLD", "-")),
)
_TRIGGERS = (
    ("progress_adds", "INSERT", "listed_course", "", _progress("NEW")),
    ("progress_subtracts", "DELETE", "listed_course", "", _progress("OLD", "-")),
    (
        *("progress_moves", "UPDATE OF bought_again", "listed_course", ""),
        f"{_progress('OLD', '-')} {_progress('NEW')}",
    ),
    ("balance_adds", "INSERT", "listed_balance", "", _balance("NEW")),
    ("balance_subtracts", "DELETE", "listed_balance", "", _balance("OLD", "-")),
    (
        *("client_renames_balance", "UPDATE OF name_folded", "client", ""),
        "UPDATE listed_balance SET client_name = NEW.name_folded WHERE client_id = NEW.id;",
    ),
    (
        "profile_lists_insert",
        "INSERT",
        "square_customer",
        "",
        f"{_NOTE_OF_LISTS} VALUES ('', NEW.client_id);",
    ),
    (
        "profile_lists_delete",
        "DELETE",
        "square_customer",
        "",
        f"{_NOTE_OF_LISTS} VALUES ('', OLD.client_id);",
    ),
    (
        *("profile_lists_update", f"UPDATE OF {', '.join(_OF_PROFILE)}", "square_customer"),
        f"WHEN ({_MOVED})",
        f"{_NOTE_OF_LISTS} SELECT '', OLD.client_id UNION SELECT '', NEW.client_id;",
    ),
)


def creation_of_lists(engine: str) -> Iterator[str]:
    """Yield the statements that create the triggers; `engine` is "sqlite" or "postgresql"."""
    yield from _created(engine, _TRIGGERS)


def creation_for_follow_ups(engine: str) -> Iterator[str]:
    """Yield the statements that create the triggers of `FollowUpSum`."""
    yield from _created(engine, _FOLLOW_UPS)


def _created(engine: str, triggers: Iterable[_Trigger]) -> Iterator[str]:
    for name, event, table, when, do in triggers:
        yield from created(engine, name, event, table, do, when=when)
