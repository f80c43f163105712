"""Unused balances by client: the last activity and the region, for laws on unclaimed property. Never income by itself.

The term of a law is the clinic's own setting (`UNUSED_YEARS`): laws differ by state, and whether they cover prepaid
sessions is a question for counsel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.courses.base.columns import Column, Columns, Kind, Person, file_of
from plugin.courses.base.sheet import Sheet
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.list_totals import BalanceSum, ListedBalance
from plugin.store.people import Client
from plugin.wording import _

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


def place_of(balance: UnusedBalance) -> str:
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
