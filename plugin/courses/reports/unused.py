"""Unused balances by client: the last activity and the region, for laws on unclaimed property. Never income by itself.

The term of a law is the clinic's own setting (`UNUSED_YEARS`): laws differ by state, and whether they cover prepaid
sessions is a question for counsel.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Function, Row, Select, Subquery, func, select
from sqlalchemy.orm import aliased

from plugin.core.money import Money
from plugin.courses.base.columns import Column, Columns, Kind, Person, file_of
from plugin.courses.base.sheet import Sheet
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.listing import HAS_LEFT, ListedCourse
from plugin.store.people import IS_LIVING_PROFILE, Client, SquareCustomer
from plugin.wording import _

MOST_YEARS = 30
# The last line of an address as it is written in North America and Australia: "Santa Monica, CA 90401".
_REGION = re.compile(r", ([A-Z]{2,3})(?: [0-9A-Z]{3,}[0-9A-Z -]*)?$")


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
        rows = tuple(map(_balance, session.execute(_balances(until, order, limit))))
        regions = _by_region(session.execute(_by_address(until)))
    return UnusedPage(rows, sum(each.clients for each in regions), regions)


def unused_sheet(rows: Sequence[UnusedBalance]) -> Sheet:
    """Return the balances as a table."""
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


def _by_region(parts: Iterable[Row[Any]]) -> tuple[RegionSum, ...]:
    """Return the sums by country, region and currency, the largest first."""
    sums: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for part in parts:
        country, _newline, address = (part.place or "").partition("\n")
        total = sums[country, region_of(address), part.currency]
        total[:] = total[0] + part.clients, total[1] + int(part.value)
    found = [
        RegionSum(country, region, clients, Money(amount, currency))
        for (country, region, currency), (clients, amount) in sums.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.value.amount, each.country, each.region)))


def _years_before(today: date, years: int) -> date:
    if not 0 <= years <= MOST_YEARS:
        raise InvalidField(_("Choose 0 to {n} years.", n=MOST_YEARS), field="years")
    # On February 29, the day before: the law's term is over on the 28th.
    day = min(today.day, 28) if today.month == 2 else today.day
    return today.replace(year=today.year - years, day=day)


# Of one client and currency.
_SUMS: dict[str, Function[Any]] = {
    "last": func.max(ListedCourse.last_seen_on),
    "courses": func.count(),
    "sessions": func.sum(ListedCourse.sessions_left),
    "value": func.sum(ListedCourse.value),
    "name_folded": func.max(ListedCourse.client_name),
}
_COLUMN = {
    UnusedSort.LAST: "last",
    UnusedSort.CLIENT: "name_folded",
    UnusedSort.LEFT: "sessions",
    UnusedSort.VALUE: "value",
}


def _left(until: date) -> Select[*tuple[Any, ...]]:
    of = ListedCourse
    columns = select(of.client_id, of.currency, *(each.label(name) for name, each in _SUMS.items()))
    grouped = columns.where(HAS_LEFT).group_by(of.client_id, of.currency)
    return grouped.having(_SUMS["last"] <= until)


def _by(order: UnusedOrder, of: Mapping[str, Any]) -> tuple[ColumnElement[Any], ...]:
    first = of[_COLUMN[order.by]]
    return (first.desc() if order.is_descending else first, of["last"], of["client_id"], of["currency"])


def _is_profile_of(left: Subquery) -> ColumnElement[bool]:
    """Return the condition that a profile is the client's own in Square; of several, one."""
    other = aliased(SquareCustomer)
    newest = select(func.max(other.square_customer_id)).where(
        other.client_id == left.c.client_id, other.is_current.is_(True), other.is_deleted.is_(False)
    )
    return SquareCustomer.square_customer_id == newest.scalar_subquery()


def _balances(until: date, order: UnusedOrder, most: int | None = None) -> Select[*tuple[Any, ...]]:
    of = {**_SUMS, "client_id": ListedCourse.client_id, "currency": ListedCourse.currency}
    left = _left(until).order_by(*_by(order, of)).limit(most).subquery()
    return (
        select(*left.c, Client.name, SquareCustomer.country, SquareCustomer.address)
        .outerjoin(Client, Client.id == left.c.client_id)
        .outerjoin(SquareCustomer, _is_profile_of(left))
        .order_by(*_by(order, dict(left.c)))
    )


def _by_address(until: date) -> Select[*tuple[Any, ...]]:
    """Return the query for the sums by `country` and address, which are one text: each profile is looked up once."""
    left = _left(until).subquery()
    of = SquareCustomer
    profile = (
        select(of.country + "\n" + of.address)
        .where(of.client_id == left.c.client_id, *IS_LIVING_PROFILE)
        .order_by(of.square_customer_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    each = select(profile.label("place"), left.c.currency, left.c.value).subquery().c
    sums = select(
        each.place, each.currency, func.count().label("clients"), func.sum(each.value).label("value")
    )
    return sums.group_by(each.place, each.currency)


def _balance(row: Row[Any]) -> UnusedBalance:
    return UnusedBalance(
        client_id=row.client_id,
        name=row.name or "",
        country=row.country or "",
        region=region_of(row.address or ""),
        last_activity=row.last,
        courses=row.courses,
        sessions=int(row.sessions),
        value=Money(int(row.value), row.currency),
    )


def place_of(balance: UnusedBalance) -> str:
    """Return the state and the country, as far as they are known."""
    return ", ".join(filter(None, (balance.region, balance.country)))


def region_of(address: str) -> str:
    """Return the state or province of an address that is written line by line, "" where none can be told."""
    if not address:
        return ""
    found = (_REGION.search(line.strip()) for line in reversed(address.splitlines()))
    return next((each[1] for each in found if each is not None), "")


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
