"""Value left in expired courses until the owner decides, and unused balances by client, for laws on unclaimed property.

Shown, never recognized automatically. Read from the rows of the list of courses and their kept sums; those noted as out
of date, from their entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from plugin.core.batches import batched
from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.columns import Column, Columns, Kind, Person, file_of
from plugin.courses.base.sheet import Sheet
from plugin.courses.base.views import Page
from plugin.courses.reports.books import counts_at
from plugin.courses.reports.period import Period
from plugin.courses.reports.totals import are_usable
from plugin.errors import InvalidField, NotFound
from plugin.store import Store
from plugin.store.listing import HAS_LEFT, ListedCourse, ListedSum, SumOf, UnlistedCourse
from plugin.store.tables import Allowance, Client, Course, Entry
from plugin.store.totals import BalanceSum, ListedBalance
from plugin.wording import _

_AT_ONCE = 1000
_NOTED = select(UnlistedCourse.course_id)


@dataclass(frozen=True, slots=True)
class ExpiredCourse:
    """An expired course with something left; `client_id` None: not assigned to a client."""

    course_id: str
    client_id: str | None
    client_name: str
    package_name: str
    expires_on: date
    sessions_left: int
    value_left: Money


class PlaceSum(NamedTuple):
    """A sum at one location in one currency."""

    currency: str
    square_location_id: str | None
    value: int
    sessions: int


def expired_courses(
    store: Store, today: date, *, limit: int = 50, cursor: str | None = None
) -> Page[ExpiredCourse]:
    """Return the expired courses that wait for a decision, the longest expired first.

    Raises NotFound for an invalid cursor.
    """
    with store.reading() as session:
        listed, noted = _listed(today), _noted(session, today)
        if cursor is not None:
            last = session.get(Course, cursor)
            if last is None or last.expires_on is None:
                raise NotFound(_("The list has changed; start it again."))
            place = (last.expires_on, last.id)
            listed = listed.where(tuple_(ListedCourse.lapses_on, ListedCourse.course_id) > tuple_(*place))
            noted = [each for each in noted if (each.expires_on, each.id) > place]
        listed = listed.order_by(ListedCourse.lapses_on, ListedCourse.course_id).limit(limit + 1)
        rows = sorted([*session.execute(listed), *noted], key=lambda each: (each.expires_on, each.id))
    views = tuple(
        ExpiredCourse(
            course_id=row.id,
            client_id=row.client_id,
            client_name=row.client_name or "",
            package_name=row.package_name,
            expires_on=row.expires_on,
            sessions_left=int(row.sessions),
            value_left=Money(int(row.value), row.currency),
        )
        for row in rows[: limit + 1]
    )
    return Page.of(views, limit, lambda course: course.course_id)


def count_expired(store: Store, today: date) -> int:
    """Return how many expired courses wait for a decision."""
    of = ListedSum
    kept = select(func.sum(of.courses)).where(of.kind == SumOf.LAPSES.value, of.day < today)
    of_noted = select(func.count()).where(
        ListedCourse.course_id.in_(_NOTED), ListedCourse.lapses_on < today, HAS_LEFT
    )
    with store.reading() as session:
        listed = int(session.scalar(kept) or 0) - (session.scalar(of_noted) or 0)
        return listed + len(_noted(session, today))


def _listed(today: date) -> Select[*tuple[Any, ...]]:
    of = ListedCourse
    name = select(Client.name).where(Client.id == of.client_id).scalar_subquery()
    return select(
        of.course_id.label("id"),
        of.client_id,
        name.label("client_name"),
        of.package_name,
        of.lapses_on.label("expires_on"),
        of.currency,
        of.sessions_left.label("sessions"),
        of.value,
    ).where(of.lapses_on < today, HAS_LEFT, of.course_id.not_in(_NOTED))


def _noted(session: Session, today: date) -> list[Any]:
    sessions, value = func.sum(Entry.sessions_delta), func.sum(Entry.value_delta)
    name = select(Client.name).where(Client.id == Course.client_id).scalar_subquery()
    columns = select(
        Course.id,
        Course.client_id,
        name.label("client_name"),
        Course.package_name,
        Course.expires_on,
        Course.currency,
        sessions.label("sessions"),
        value.label("value"),
    )
    left = (
        columns.join(Allowance, Allowance.course_id == Course.id)
        .join(Entry, Entry.allowance_id == Allowance.id)
        # On hold, it does not expire; used up, value may still wait to be written off.
        .where(Course.expires_on < today, Course.closed_as.is_(None), Course.frozen_at.is_(None))
        .group_by(Course.id)
        .having(or_(sessions != 0, value != 0))
    )
    return [row for some in _noted_ids(session) for row in session.execute(left.where(Course.id.in_(some)))]


def _noted_ids(session: Session) -> Iterator[Sequence[str]]:
    """Return the courses whose row is out of date. Ids, as SQLite would begin with all courses that ever expired."""
    return batched(session.scalars(_NOTED.distinct()), _AT_ONCE)


def expired_sums(session: Session, period: Period) -> Iterator[PlaceSum]:
    """Yield what was left at the end of the period in the courses that had expired by then, in parts."""
    _, end = period.moments(clinic_in(session).zone)
    moment, listed = counts_at(session), ListedCourse
    # On hold, it does not expire meanwhile.
    is_expired = and_(Course.expires_on < period.last, Course.frozen_at.is_(None))
    if not are_usable(session):
        yield from _places(session, _by_place(is_expired, moment < end))
        return
    of = ListedSum
    kept = select(of.currency, of.square_location_id, func.sum(of.value), func.sum(of.sessions))
    lapsed = kept.where(of.kind == SumOf.LAPSES.value, of.day < period.last)
    yield from _places(session, lapsed.group_by(of.currency, of.square_location_id))
    place = (listed.currency, listed.square_location_id)
    old = select(*place, func.sum(listed.value), func.sum(listed.sessions_left)).group_by(*place)
    for some in _noted_ids(session):
        of_noted = old.where(listed.course_id.in_(some), listed.lapses_on < period.last)
        yield from _places(session, of_noted, -1)
        yield from _places(session, _by_place(Course.id.in_(some), is_expired, moment < end))
    # What counts after the period has no part in it: of few courses, as an expired one can't be used any more.
    late = select(listed.course_id).where(listed.late_at >= end, listed.lapses_on < period.last)
    for some in batched(session.scalars(late.where(listed.course_id.not_in(_NOTED))), _AT_ONCE):
        yield from _places(session, _by_place(Course.id.in_(some), moment >= end), -1)


def _by_place(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    place = (Course.currency, Course.square_location_id)
    sums = select(*place, func.sum(Entry.value_delta), func.sum(Entry.sessions_delta)).select_from(Entry)
    return (
        sums.join(Allowance, Allowance.id == Entry.allowance_id)
        .join(Course, Course.id == Allowance.course_id)
        .where(*conditions)
        .group_by(*place)
    )


def _places(session: Session, query: Select[*tuple[Any, ...]], sign: int = 1) -> Iterator[PlaceSum]:
    for currency, place_id, value, sessions in session.execute(query):
        yield PlaceSum(currency, place_id or None, sign * int(value), sign * int(sessions))


MOST_YEARS = 30


@dataclass(frozen=True, slots=True)
class UnusedBalance:
    """What is left of a client's courses. `client_id` None: courses without a client. `region`: "" if not known."""

    client_id: str | None
    name: str
    country: str
    region: str
    last_activity: date
    courses: int
    sessions: int
    value: Money


class UnusedSort(StrEnum):
    """What the balances are sorted by."""

    LAST = "last"
    CLIENT = "client"
    LEFT = "left"
    VALUE = "value"


class UnusedOrder(NamedTuple):
    """The order of the balances; as it is, what was not used for longest is first."""

    by: UnusedSort = UnusedSort.LAST
    is_descending: bool = False


_LONGEST_FIRST = UnusedOrder()


def unused_balances(
    store: Store, today: date, *, years: int = 0, order: UnusedOrder = _LONGEST_FIRST
) -> tuple[UnusedBalance, ...]:
    """Return the balances without any activity for so many years; 0 years: all of them.

    An activity is a visit or a sale. Raises InvalidField for years out of range.
    """
    until = _years_before(today, years)
    with store.reading() as session:
        return tuple(map(_balance, session.execute(_balances(until, order))))


def unused_page(
    store: Store, today: date, *, years: int, limit: int, order: UnusedOrder = _LONGEST_FIRST
) -> UnusedPage:
    """Return the first of the same balances, how many there are, and the sums of all by region."""
    until = _years_before(today, years)
    with store.reading() as session:
        regions = _regions(session, until)
        # Where there are none, an index in another order would be read to its end.
        found = session.execute(_balances(until, order, limit)) if regions else ()
        rows = tuple(map(_balance, found))
    return UnusedPage(rows, sum(each.clients for each in regions), regions)


def unused_sheet(rows: Sequence[UnusedBalance]) -> Sheet:
    return file_of("Unused balances", UNUSED, rows)


@dataclass(frozen=True, slots=True)
class RegionSum:
    """What is left in one region."""

    country: str
    region: str
    clients: int
    value: Money


@dataclass(frozen=True, slots=True)
class UnusedPage:
    """The first balances in the order asked for, how many there are in all, and what lies in each region."""

    rows: tuple[UnusedBalance, ...]
    number: int
    regions: tuple[RegionSum, ...]


def _regions(session: Session, until: date) -> tuple[RegionSum, ...]:
    """Return the sums by country, region and currency, the largest first."""
    found = [
        RegionSum(row.country, row.region, int(row.clients), Money(int(row.value), row.currency))
        for row in session.execute(_by_region(until))
    ]
    return tuple(sorted(found, key=lambda each: (-each.value.amount, each.country, each.region)))


def _years_before(today: date, years: int) -> date:
    if not 0 <= years <= MOST_YEARS:
        raise InvalidField(_("Choose 0 to {n} years.", n=MOST_YEARS), field="years")
    # On February 29, the day before: the law's term is over on the 28th.
    day = min(today.day, 28) if today.month == 2 else today.day
    return today.replace(year=today.year - years, day=day)


_COLUMN = {
    UnusedSort.LAST: ListedBalance.last_seen_on,
    UnusedSort.CLIENT: ListedBalance.client_name,
    UnusedSort.LEFT: ListedBalance.sessions,
    UnusedSort.VALUE: ListedBalance.value,
}


def _balances(until: date, order: UnusedOrder, most: int | None = None) -> Select[*tuple[Any, ...]]:
    of = ListedBalance
    # All in one direction, as an index has them.
    by = (_COLUMN[order.by], of.last_seen_on, of.client_id, of.currency)
    rows = (
        select(*of.__table__.columns, Client.name)
        .outerjoin(Client, Client.id == of.client_id)
        .where(of.last_seen_on <= until)
        .limit(most)
    )
    return rows.order_by(*(each.desc() if order.is_descending else each for each in by))


def _by_region(until: date) -> Select[*tuple[Any, ...]]:
    of = BalanceSum
    place = (of.country, of.region, of.currency)
    clients = func.sum(of.clients)
    sums = select(*place, clients.label("clients"), func.sum(of.value).label("value"))
    return sums.where(of.last_seen_on <= until).group_by(*place).having(clients != 0)


def _balance(row: Row[Any]) -> UnusedBalance:
    return UnusedBalance(
        client_id=row.client_id or None,
        name=row.name or "",
        country=row.country,
        region=row.region,
        last_activity=row.last_seen_on,
        courses=row.courses,
        sessions=row.sessions,
        value=Money(row.value, row.currency),
    )


def place_of(balance: UnusedBalance | RegionSum) -> str:
    """Return the state and the country, as far as they are known."""
    return ", ".join(filter(None, (balance.region, balance.country)))


UNUSED: Columns[UnusedBalance] = (
    Column(_("Client"), lambda row: Person(row.client_id, row.name), Kind.CLIENT, sort=UnusedSort.CLIENT),
    Column("Country", lambda row: row.country, is_on_page=False),
    Column("State or region", lambda row: row.region, is_on_page=False),
    Column(_("Last activity"), lambda row: row.last_activity, Kind.DAY, sort=UnusedSort.LAST),
    Column(_("State or region"), place_of, Kind.TEXT, file=None),
    Column("Courses", lambda row: row.courses, is_on_page=False),
    Column(_("Left"), lambda row: row.sessions, file="Sessions left", sort=UnusedSort.LEFT),
    Column(_("Value"), lambda row: row.value, Kind.MONEY, sort=UnusedSort.VALUE),
    Column("Currency", lambda row: row.value.currency, is_on_page=False),
    Column("Client id", lambda row: row.client_id, is_on_page=False),
)
