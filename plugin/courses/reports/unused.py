"""Unused balances by client: the last activity and the region, for laws on unclaimed property. Never income by itself.

The term of a law is the clinic's own setting (`UNUSED_YEARS`): laws differ by state, and whether they cover prepaid
sessions is a question for counsel.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.courses.base.sheet import Columns, Sheet, major, sheet_of
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


def unused_balances(store: Store, today: date, *, years: int = 0) -> tuple[UnusedBalance, ...]:
    """Return the balances without any activity for so many years, the longest first; 0 years: all of them.

    An activity is a visit or a sale. Raises InvalidField for years out of range.
    """
    if not 0 <= years <= MOST_YEARS:
        raise InvalidField(_("Choose 0 to {n} years.", n=MOST_YEARS), field="years")
    with store.reading() as session:
        return tuple(_found(session, _years_before(today, years)))


def unused_sheet(rows: Sequence[UnusedBalance]) -> Sheet:
    """Return the balances as a table."""
    return sheet_of("Unused balances", _SHEET, rows)


@dataclass(frozen=True, slots=True)
class RegionSum:
    """What is left in one region."""

    country: str
    region: str
    clients: int
    value: Money


def by_region(rows: Sequence[UnusedBalance]) -> tuple[RegionSum, ...]:
    """Return the sums by country, region and currency, the largest first."""
    sums: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        total = sums[row.country, row.region, row.value.currency]
        total[:] = total[0] + 1, total[1] + row.value.amount
    found = [
        RegionSum(country, region, clients, Money(amount, currency))
        for (country, region, currency), (clients, amount) in sums.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.value.amount, each.country, each.region)))


def _years_before(today: date, years: int) -> date:
    # On February 29, the day before: the law's term is over on the 28th.
    day = min(today.day, 28) if today.month == 2 else today.day
    return today.replace(year=today.year - years, day=day)


def _found(session: Session, until: date) -> Iterator[UnusedBalance]:
    of, last = ListedCourse, func.max(ListedCourse.last_seen_on)
    left = (
        select(
            of.client_id,
            of.currency,
            last.label("last"),
            func.count().label("courses"),
            func.sum(of.sessions_left).label("sessions"),
            func.sum(of.value).label("value"),
        )
        .where(HAS_LEFT)
        .group_by(of.client_id, of.currency)
        .having(last <= until)
        .subquery()
        .c
    )
    columns = (*left, Client.name, SquareCustomer.country, SquareCustomer.address)
    query = (
        select(*columns)
        .outerjoin(Client, Client.id == left.client_id)
        .outerjoin(SquareCustomer, and_(SquareCustomer.client_id == left.client_id, *IS_LIVING_PROFILE))
        .order_by(left.last, left.client_id, left.currency, SquareCustomer.square_customer_id.desc())
    )
    known: tuple[str | None, str] | None = None
    for client_id, currency, seen, courses, sessions, value, name, country, address in session.execute(query):
        # Of several profiles, the first.
        if (client_id, currency) != known:
            amount, region = Money(int(value), currency), region_of(address or "")
            yield UnusedBalance(
                client_id, name or "", country or "", region, seen, courses, int(sessions), amount
            )
        known = client_id, currency


def region_of(address: str) -> str:
    """Return the state or province of an address that is written line by line, "" where none can be told."""
    if not address:
        return ""
    found = (_REGION.search(line.strip()) for line in reversed(address.splitlines()))
    return next((each[1] for each in found if each is not None), "")


_SHEET: Columns[UnusedBalance] = {
    "Client": lambda row: row.name,
    "Country": lambda row: row.country,
    "State or region": lambda row: row.region,
    "Last activity": lambda row: row.last_activity,
    "Courses": lambda row: row.courses,
    "Sessions left": lambda row: row.sessions,
    "Value": lambda row: major(row.value),
    "Currency": lambda row: row.value.currency,
    "Client id": lambda row: row.client_id,
}
