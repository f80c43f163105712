"""The entries behind a figure of the reports: the same conditions as the figure, so that they add up to it exactly."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session

from plugin.core.ledger import Kind
from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.keyset import Order
from plugin.courses.base.sheet import Columns, Sheet, major, sheet_of
from plugin.courses.base.views import Page
from plugin.courses.base.work import reading
from plugin.courses.reports.books import (
    LINE_OF,
    VISIT_ID,
    Line,
    counts_at,
    counts_within,
    entry_kind,
    with_courses,
)
from plugin.courses.reports.period import Period
from plugin.courses.reports.sums import GroupSum, group_sums
from plugin.courses.reports.usage import is_of_practitioner
from plugin.store import Store
from plugin.store.tables import Allowance, Client, Course, Entry, Visit

# The location of courses for which Square named none.
NOWHERE = "none"
_AT_ONCE = 1000


def _order(key: str, column: Any, *, is_descending: bool = True) -> Order:
    return Order(key, column, Entry.id, is_descending)


# By their size: what was used and refunded is negative in the ledger, and positive on some pages.
ORDERS = {
    each.key: each
    for each in (
        _order("happened", Entry.happened_at),
        _order("client", func.coalesce(Client.name_folded, ""), is_descending=False),
        _order("package", Course.package_name, is_descending=False),
        _order("sessions", func.abs(Entry.sessions_delta)),
        _order("value", func.abs(Entry.value_delta)),
    )
}
NEWEST_FIRST = ORDERS["happened"]


class Late(StrEnum):
    """Entries that were made after the period, or for days before it."""

    MADE_AFTER = "after"
    FROM_BEFORE = "before"


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """The figure that is asked about. `line` None: every line; opening and closing reach back to the first entry.

    `place`: a Square location, or `NOWHERE`. `practitioner`: an id, or a key of `usage`. `is_expired`: of closing,
    what lies in courses that had expired by then.
    """

    period: Period
    currency: str
    line: Line | None = None
    place: str = ""
    package_id: str = ""
    treatment_id: str = ""
    practitioner: str = ""
    late: Late | None = None
    is_expired: bool = False

    @property
    def is_line_alone(self) -> bool:
        """Return whether the roll-forward's own sums have this figure."""
        return not (self.package_id or self.treatment_id or self.practitioner or self.is_expired)


@dataclass(frozen=True, slots=True)
class EntrySum:
    """What the entries add up to, with the signs of the ledger; `at_single_prices` None where it was not asked."""

    entries: int
    sessions: int
    value: Money
    at_single_prices: Money | None = None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry; `kind`: of what it is or undoes. `counts_on`: the day in the reports."""

    id: str
    counts_on: date
    happened_on: date
    written_at: datetime
    kind: Kind
    is_undo: bool
    client_id: str | None
    client_name: str
    package_name: str
    treatment: str
    sessions: int
    value: Money
    at_single_prices: Money
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class EntryPage:
    """A page of the entries, and what all of them add up to."""

    page: Page[EntryRow]
    sum: EntrySum


def entries_behind_in(
    session: Session,
    wanted: EntryFilter,
    order: Order = NEWEST_FIRST,
    *,
    limit: int = 100,
    cursor: str | None = None,
) -> EntryPage:
    """Return the entries behind a figure; raises InvalidField for an unreadable cursor."""
    query = _rows(session, wanted).add_columns(order.column.label("sorted_by"))
    paged = query.where(order.after(cursor)) if cursor else query
    found = session.execute(paged.order_by(*order.by).limit(limit + 1)).all()
    zone = clinic_in(session).zone
    rows = tuple(_row(each, zone) for each in found[:limit])
    last = found[limit - 1] if len(found) > limit else None
    following = order.cursor(last.sorted_by, last.Entry.id) if last else None
    return EntryPage(Page(rows, following), _sum(session, wanted))


entries_behind = reading(entries_behind_in)


def entries_behind_sheet(store: Store, wanted: EntryFilter, order: Order = NEWEST_FIRST) -> Sheet:
    return sheet_of("Entries", _SHEET, _all(store, wanted, order))


def _all(store: Store, wanted: EntryFilter, order: Order) -> Iterator[EntryRow]:
    with store.reading() as session:
        zone = clinic_in(session).zone
        query = _rows(session, wanted).order_by(*order.by)
        for each in session.execute(query).yield_per(_AT_ONCE):
            yield _row(each, zone)


def _rows(session: Session, wanted: EntryFilter) -> Select[*tuple[Any, ...]]:
    columns = select(
        Entry,
        counts_at(session).label("counts_at"),
        entry_kind.label("of_kind"),
        Allowance.treatment,
        Allowance.single_price,
        Course.client_id,
        Course.package_name,
        Course.currency,
        Client.name.label("client_name"),
    )
    return _narrowed(session, columns, wanted).outerjoin(Client, Client.id == Course.client_id)


def _narrowed(
    session: Session, columns: Select[*tuple[Any, ...]], wanted: EntryFilter
) -> Select[*tuple[Any, ...]]:
    query = with_courses(columns).where(*_when(session, wanted), Course.currency == wanted.currency)
    if wanted.line not in (None, Line.OPENING, Line.CLOSING):
        query = query.where(entry_kind.in_([kind.value for kind in kinds_of(wanted.line)]))
    if wanted.place:
        is_there = Course.square_location_id == wanted.place
        query = query.where(Course.square_location_id.is_(None) if wanted.place == NOWHERE else is_there)
    if wanted.package_id:
        query = query.where(Course.package_id == wanted.package_id)
    if wanted.treatment_id:
        query = query.where(Allowance.treatment_id == wanted.treatment_id)
    if wanted.practitioner:
        query = query.outerjoin(Visit, Visit.id == VISIT_ID).where(is_of_practitioner(wanted.practitioner))
    if wanted.is_expired:
        # As `sums.expired_sums` has it: on hold, it does not expire meanwhile.
        query = query.where(Course.expires_on < wanted.period.last, Course.frozen_at.is_(None))
    return query


def kinds_of(line: Line | None) -> tuple[Kind, ...]:
    """Return the kinds of entries in a line of the roll-forward."""
    return tuple(kind for kind, of in LINE_OF.items() if of is line)


def _when(session: Session, wanted: EntryFilter) -> list[ColumnElement[bool]]:
    start, end = wanted.period.moments(clinic_in(session).zone)
    moment = counts_at(session)
    if wanted.is_expired or wanted.line is Line.CLOSING:
        return [moment < end]
    if wanted.line is Line.OPENING:
        return [moment < start]
    within = [counts_within(moment, start, end)]
    if wanted.late is Late.MADE_AFTER:
        within.append(Entry.written_at >= end)
    if wanted.late is Late.FROM_BEFORE:
        within.append(Entry.happened_at < start)
    return within


def _sum(session: Session, wanted: EntryFilter) -> EntrySum:
    if wanted.is_line_alone and wanted.line is not Line.USED:
        # From the kept totals: opening and closing are the sums of all entries there ever were.
        rows = [each for each in group_sums(session, wanted.period) if _is_in(each, wanted)]
        value = Money(sum(each.value for each in rows), wanted.currency)
        return EntrySum(sum(each.entries for each in rows), sum(each.sessions for each in rows), value)
    columns = select(
        func.count().label("entries"),
        func.sum(Entry.sessions_delta).label("sessions"),
        func.sum(Entry.value_delta).label("value"),
        func.sum(Entry.sessions_delta * Allowance.single_price).label("at_single_prices"),
    )
    row = session.execute(_narrowed(session, columns, wanted)).one()
    return EntrySum(
        row.entries,
        int(row.sessions or 0),
        Money(int(row.value or 0), wanted.currency),
        Money(int(row.at_single_prices or 0), wanted.currency),
    )


def _is_in(group: GroupSum, wanted: EntryFilter) -> bool:
    place = group.square_location_id or NOWHERE
    if group.currency != wanted.currency or (wanted.place and place != wanted.place):
        return False
    if wanted.line is Line.OPENING:
        return not group.is_within
    if wanted.line is Line.CLOSING:
        return True
    is_late = {None: True, Late.MADE_AFTER: group.is_made_after, Late.FROM_BEFORE: group.is_from_before}
    return group.is_within and is_late[wanted.late] and wanted.line in (None, LINE_OF[group.kind])


def _row(row: Row[Any], zone: ZoneInfo) -> EntryRow:
    entry = row.Entry
    return EntryRow(
        id=entry.id,
        counts_on=day_at(row.counts_at, zone),
        happened_on=day_at(entry.happened_at, zone),
        written_at=entry.written_at,
        kind=Kind(row.of_kind),
        is_undo=entry.reverses is not None,
        client_id=row.client_id,
        client_name=row.client_name or "",
        package_name=row.package_name,
        treatment=row.treatment,
        sessions=entry.sessions_delta,
        value=Money(entry.value_delta, row.currency),
        at_single_prices=Money(entry.sessions_delta * row.single_price, row.currency),
        by=entry.by,
        reason=entry.reason,
    )


_SHEET: Columns[EntryRow] = {
    "Counts on": lambda row: row.counts_on,
    "Happened on": lambda row: row.happened_on,
    "Entry": lambda row: f"{row.kind.value}, undone" if row.is_undo else row.kind.value,
    "Client": lambda row: row.client_name,
    "Package": lambda row: row.package_name,
    "Treatment": lambda row: row.treatment,
    "Sessions": lambda row: row.sessions,
    "Value": lambda row: major(row.value),
    "Currency": lambda row: row.value.currency,
    "By": lambda row: row.by,
    "Reason": lambda row: row.reason,
    "Id": lambda row: row.id,
}
