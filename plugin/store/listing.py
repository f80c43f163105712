"""What the list of all courses is filtered, sorted and added up by, and the courses whose row is out of date.

A row holds what `CourseState` says of its course on one day. Triggers note a course whenever anything that its state
depends on is written, in the same transaction; whoever renews the row removes the notes in the same transaction. Each
event is a note of its own, because a note shared by two writers could be removed before the second one commits.
"""

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    false,
    literal_column,
    or_,
)
from sqlalchemy.orm import Mapped, mapped_column

from plugin.core.status import IN_USE, Status
from plugin.store.base import Amount, Base, Id, Name, SquareId, only_where
from plugin.store.triggers import created

# No expiration, and no visit yet: dates that sort last and first, so that an index has every row in order.
NEVER, NOT_YET = date.max, date.min
# States of a course that its status alone does not tell.
GIFT, UNASSIGNED = "gift", "unassigned"
# Those of a course that is not over.
CURRENT = (*IN_USE, Status.FROZEN, GIFT, UNASSIGNED)
_HAS_LEFT = "value != 0 OR sessions_left != 0"
_OF_PROGRESS = (
    *("sold_in", "outcome", "package_id", "practitioner_id", "main_used", "visits", "had_time"),
    *("bought_again", "course_id"),
)


class ListedCourse(Base):
    """One course as the list finds it. Text and days never change alone: a note renews the whole row.

    `status`: of `Status`, or `gift` and `unassigned`. `sessions_left` and `granted` count the sessions of all
    treatments, `usable` those that can be used on the day; `due` includes tax. `last_seen_on`: the last visit, else
    the sale. `main_*` count main sessions, as `CourseState` does; `visits` the days of its visits, `visit_days` those
    from the first visit to the last.
    """

    course_id: Mapped[str] = mapped_column(Id, primary_key=True)
    client_id: Mapped[str | None] = mapped_column(Id)
    # Folded; renamed and erased by a trigger with the client.
    client_name: Mapped[str] = mapped_column(Name)
    package_id: Mapped[str] = mapped_column(Id)
    package_name: Mapped[str] = mapped_column(Name)
    practitioner_id: Mapped[str | None] = mapped_column(Id)
    practitioner_name: Mapped[str] = mapped_column(Name)
    status: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    sold_at: Mapped[datetime]
    expires_on: Mapped[date]
    sessions_left: Mapped[int]
    granted: Mapped[int]
    usable: Mapped[int]
    # It is not over, and has sessions left.
    is_current: Mapped[bool] = mapped_column(server_default=false())
    value: Mapped[int] = mapped_column(Amount)
    due: Mapped[int] = mapped_column(Amount)
    last_visit_on: Mapped[date]
    last_seen_on: Mapped[date]
    main_granted: Mapped[int] = mapped_column(server_default="0")
    main_used: Mapped[int] = mapped_column(server_default="0")
    main_left: Mapped[int] = mapped_column(server_default="0")
    visits: Mapped[int] = mapped_column(server_default="0")
    visit_days: Mapped[int] = mapped_column(server_default="0")
    # The day by which the client should be back: as asked at the last visit, else some weeks after they were seen.
    due_back_on: Mapped[date] = mapped_column(server_default="0001-01-01")
    # "" where Square named none.
    square_location_id: Mapped[str] = mapped_column(SquareId, server_default="")
    # The last day, unless it is on hold.
    lapses_on: Mapped[date] = mapped_column(server_default="9999-12-31")
    # When its last entry happened or was written, if that was on its last day or later.
    late_at: Mapped[datetime | None]
    # The first day of the month of the sale, at the clinic.
    sold_in: Mapped[date] = mapped_column(server_default="0001-01-01")
    # What became of it by the day of the list: of `Outcome`.
    outcome: Mapped[str] = mapped_column(String(12), server_default="")
    # It was completed so long before that day that its client could have bought again.
    had_time: Mapped[bool] = mapped_column(server_default=false())
    # Its client bought another course after it, which was not refunded.
    bought_again: Mapped[bool] = mapped_column(server_default=false())

    __table_args__ = (
        Index(None, "client_name", "course_id"),
        Index(None, "package_name", "course_id"),
        Index(None, "practitioner_name", "course_id"),
        Index(None, "status", "course_id"),
        Index(None, "sold_at", "course_id"),
        # It has all that is asked of the courses behind a figure of their progress: no row is read to count them.
        Index("ix_listed_course_progress", *_OF_PROGRESS),
        Index(None, "expires_on", "course_id"),
        Index(None, "sessions_left", "course_id"),
        Index(None, "value", "course_id"),
        Index(None, "due", "course_id"),
        Index(None, "last_visit_on", "course_id"),
        Index(None, "last_seen_on"),
        Index(None, "client_id", "sold_at", "status"),
        Index(None, "package_id"),
        Index(None, "practitioner_id"),
        only_where("ix_listed_course_lapsing", "lapses_on", "course_id", where=_HAS_LEFT),
        Index(None, "is_current", "expires_on", "course_id"),
        Index(None, "is_current", "last_visit_on", "course_id"),
        only_where("ix_listed_course_late", "late_at", where="late_at IS NOT NULL"),
    )


# As the indexes have it: SQLite does not see a bound value in them.
HAS_LEFT = or_(ListedCourse.value != literal_column("0"), ListedCourse.sessions_left != literal_column("0"))
IS_CURRENT = ListedCourse.is_current.is_(True)


class ListedClient(Base):
    """A client with sessions left, a balance due or a course used up, by whom follow-ups are found.

    Computed from the client's rows of the list in the transaction that writes those. `sessions_left`, `ends_on`, the
    first last day, and `due_back_on`, the last such day, are of main sessions in courses in use; `done_on` is the last
    visit of a course with none left. `reasons`: why they are worth a call on the day of the list, as
    `plugin.courses.lists.outcomes` counts them, 0 for nothing. Text about the client is not here.
    """

    client_id: Mapped[str] = mapped_column(Id, primary_key=True)
    # Sessions are left, or a balance is due.
    is_open: Mapped[bool]
    done_on: Mapped[date]
    ends_on: Mapped[date]
    sessions_left: Mapped[int]
    seen_on: Mapped[date]
    due_back_on: Mapped[date]
    is_due: Mapped[bool]
    reasons: Mapped[int] = mapped_column(server_default="0")

    # It has all that follow-ups ask for, in their order: no row is read to rank them.
    __table_args__ = (
        only_where(
            "ix_listed_client_reasons", "ends_on", "seen_on", "reasons", "client_id", where="reasons != 0"
        ),
    )


# As the index has it.
IS_WORTH_A_CALL = ListedClient.reasons != literal_column("0")


class SumOf(StrEnum):
    """What `ListedSum` adds up: all courses by status, package and practitioner; current ones by the last day and by
    the day when the client was last seen; and what is left by the day after which it is of an expired course.
    """

    ALL = "all"
    EXPIRES = "expires"
    SEEN = "seen"
    LAPSES = "lapses"


class ListedSum(Base):
    """How many rows of the list there are, and what is left in them: kept by triggers, for pages about all of them.

    What a kind of sum is not grouped by is "", or the day `NOT_YET`.
    """

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(String(20), primary_key=True)
    package_id: Mapped[str] = mapped_column(Id, primary_key=True)
    practitioner_id: Mapped[str] = mapped_column(Id, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    square_location_id: Mapped[str] = mapped_column(SquareId, primary_key=True)
    courses: Mapped[int] = mapped_column(BigInteger)
    sessions: Mapped[int] = mapped_column(BigInteger)
    value: Mapped[int] = mapped_column(Amount)


class UnlistedCourse(Base):
    """A note that the row of this course is out of date; with a client, that only what is kept of them is."""

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    course_id: Mapped[str] = mapped_column(Id)
    client_id: Mapped[str | None] = mapped_column(Id)


class ListingState(Base):
    """One row: the clinic's day and time zone for which the list is made; None and "" before its first row."""

    id: Mapped[int] = mapped_column(primary_key=True)
    listed_for: Mapped[date | None]
    time_zone: Mapped[str] = mapped_column(String(64), server_default="")


class SavedView(Base):
    """The filters and the order of a list under a name. `staff_id` None: shared by all who see the list."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    listing: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[dict[str, Any]]
    staff_id: Mapped[str | None] = mapped_column(Id, ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)

    __table_args__ = (UniqueConstraint("listing", "staff_id", "name"),)


_OF_ALLOWANCE = "SELECT course_id FROM allowance WHERE id = NEW.allowance_id"
# Each table with the events that note a course, and the query for which.
_NOTES = {
    "course": ("INSERT OR UPDATE", "SELECT NEW.id"),
    "entry": ("INSERT", _OF_ALLOWANCE),
    "allowed_ahead": ("INSERT", _OF_ALLOWANCE),
    "visit": ("UPDATE", "SELECT NEW.course_id"),
    "gift": ("INSERT OR UPDATE", "SELECT NEW.course_id"),
    "visit_note": ("INSERT OR UPDATE", "SELECT course_id FROM visit WHERE id = NEW.visit_id"),
}
# Whoever renews rows holds the names that they show, so that none is written beside this.
_RENAMES = {
    "client": (
        "name_folded",
        "UPDATE listed_course SET client_name = NEW.name_folded WHERE client_id = NEW.id",
    ),
    "staff": (
        "name",
        "UPDATE listed_course SET practitioner_name = NEW.name WHERE practitioner_id = NEW.id",
    ),
}
_NOTE = "INSERT INTO unlisted_course (course_id)"


def creation(engine: str) -> Iterator[str]:
    """Yield the statements that create the triggers which note courses and keep the sums.

    `engine` is "sqlite" or "postgresql".
    """
    for table, event, do in _triggers(engine):
        yield from created(engine, _name(engine, table, event), event, table, f"{do};")
    for name, event, row, sign in _SUM_TRIGGERS:
        yield from created(engine, name, event, "listed_course", " ".join(_adding(row, sign)))


def _triggers(engine: str) -> Iterator[tuple[str, str, str]]:
    for table, (events, which) in _NOTES.items():
        # SQLite has one event to a trigger.
        for event in events.split(" OR ") if engine == "sqlite" else (events,):
            yield table, event, f"{_NOTE} {which}"
    for table, (column, do) in _RENAMES.items():
        yield table, f"UPDATE OF {column}", do


def _name(engine: str, table: str, event: str) -> str:
    return f"{table}_lists_{event.split()[0].lower()}" if engine == "sqlite" else f"{table}_lists"


_SUM_KEY = "kind, day, status, package_id, practitioner_id, currency, square_location_id"
_SUMS = ("courses", "sessions", "value")
_IS_CURRENT = (
    "{row}.sessions_left > 0 AND {row}.status IN (" + ", ".join(f"'{each}'" for each in CURRENT) + ")"
)
# What each kind of sum is grouped by, in the order of the key, and of which rows.
_GROUPS = {
    SumOf.ALL: (
        "'0001-01-01', {row}.status, {row}.package_id, COALESCE({row}.practitioner_id, ''), {row}.currency, ''",
        "{row}.course_id <> ''",
    ),
    SumOf.EXPIRES: ("{row}.expires_on, '', '', '', {row}.currency, ''", _IS_CURRENT),
    SumOf.SEEN: ("{row}.last_seen_on, '', '', '', {row}.currency, ''", _IS_CURRENT),
    SumOf.LAPSES: (
        "{row}.lapses_on, '', '', '', {row}.currency, {row}.square_location_id",
        "({row}.value <> 0 OR {row}.sessions_left <> 0) AND {row}.lapses_on < '9999-12-31'",
    ),
}


_SUM_TRIGGERS = (
    ("listed_course_adds", "INSERT", "NEW", ""),
    ("listed_course_subtracts", "DELETE", "OLD", "-"),
)


def _adding(row: str, sign: str) -> Iterator[str]:
    more = ", ".join(f"{name} = listed_sum.{name} + excluded.{name}" for name in _SUMS)
    for kind, (key, condition) in _GROUPS.items():
        # Names of columns; no person's values.
        yield (
            f"INSERT INTO listed_sum ({_SUM_KEY}, {', '.join(_SUMS)})"  # nosec B608
            f" SELECT '{kind.value}', {key.format(row=row)},"
            f" {sign}1, {sign}{row}.sessions_left, {sign}{row}.value WHERE {condition.format(row=row)}"
            f" ON CONFLICT ({_SUM_KEY}) DO UPDATE SET {more};"
        )


FEWEST, MOST = 3, 8
# Constants of ours, and names of columns; no person's values.
_TEN = "(" + " UNION ALL ".join(f"SELECT {n} AS n" for n in range(10)) + ")"
_LAST = f"length({{row}}.search_text) - {FEWEST}"
# A search text has fewer than a thousand characters; each join leaves out what is behind its end.
_PLACES = (
    "(SELECT h.n * 100 + t.n * 10 + o.n + 1 AS place, {row}.id AS id, {row}.search_text AS text"  # noqa: S608 # nosec B608
    f" FROM {{rows}}{_TEN} AS h CROSS JOIN {_TEN} AS t CROSS JOIN {_TEN} AS o"
    f" WHERE h.n * 100 <= {_LAST} AND h.n * 100 + t.n * 10 <= {_LAST}"
    f" AND h.n * 100 + t.n * 10 + o.n <= {_LAST}) AS places"
)
_DIGITS = "[0-9]" * FEWEST
_SELECT = {
    # What is read as a number ends where the digits do; the 1 keeps leading zeros.
    "sqlite": f"SELECT id, substr(CAST('1' || substr(text, place, {MOST}) AS INTEGER), 2) FROM {_PLACES}"  # noqa: S608 # nosec B608
    f" WHERE substr(text, place, {FEWEST}) GLOB '{_DIGITS}'",
    "postgresql": f"SELECT id, substring(substr(text, place, {MOST}) FROM '^[0-9]+') FROM {_PLACES}"  # noqa: S608 # nosec B608
    f" WHERE substr(text, place, {FEWEST}) ~ '^{_DIGITS}'",
}
_DELETE = "DELETE FROM client_digits WHERE client_id = OLD.id;"
_TRIGGERS = (
    ("client_digits_insert", "INSERT", "", "{insert}"),
    (
        *("client_digits_update", "UPDATE OF search_text", "WHEN (OLD.search_text <> NEW.search_text)"),
        f"{_DELETE} {{insert}}",
    ),
    # An import that is undone.
    ("client_digits_delete", "DELETE", "", _DELETE),
)


def filling(engine: str, *, row: str = "client", rows: str = "client CROSS JOIN ") -> str:
    """Return the statement that writes the digits of all clients, or of the one `row` of a trigger."""
    select = _SELECT[engine].format(row=row, rows=rows)
    return f"INSERT INTO client_digits (client_id, digits) {select} ON CONFLICT DO NOTHING"  # nosec B608


def wrong(engine: str) -> str:
    """Return the query for the ids of clients whose digits are not those of their text."""
    wanted = _SELECT[engine].format(row="client", rows="client CROSS JOIN ")
    kept = "SELECT client_id, digits FROM client_digits"
    missing = f"SELECT id FROM ({wanted} EXCEPT {kept}) AS missing"  # noqa: S608 # nosec B608
    return f"{missing} UNION SELECT client_id FROM ({kept} EXCEPT {wanted}) AS others ORDER BY 1"  # noqa: S608 # nosec B608


def creation_of_digits(engine: str) -> Iterator[str]:
    """Yield the statements that create the triggers; `engine` is "sqlite" or "postgresql"."""
    insert = f"{filling(engine, row='NEW', rows='')};"
    for name, event, when, do in _TRIGGERS:
        yield from created(engine, name, event, "client", do.format(insert=insert), when=when)
