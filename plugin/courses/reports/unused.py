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

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.courses.base.sheet import Columns, Sheet, major, sheet_of
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.listing import ListedCourse
from plugin.store.people import IS_LIVING_PROFILE, Client, SquareCustomer
from plugin.wording import _

MOST_YEARS = 30
_AT_ONCE = 500
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
    course = ListedCourse
    last = func.max(course.last_seen_on)
    rows = session.execute(
        select(
            course.client_id,
            course.currency,
            last,
            func.count(),
            func.sum(course.sessions_left),
            func.sum(course.value),
        )
        .where(or_(course.sessions_left > 0, course.value != 0))
        .group_by(course.client_id, course.currency)
        .having(last <= until)
        .order_by(last, course.client_id, course.currency)
    ).all()
    names, places = _people(session, sorted({row[0] for row in rows if row[0]}))
    for client_id, currency, seen, courses, sessions, value in rows:
        country, region = places.get(client_id or "", ("", ""))
        name = names.get(client_id or "", "")
        yield UnusedBalance(
            client_id, name, country, region, seen, courses, int(sessions), Money(int(value), currency)
        )


def _people(session: Session, ids: Sequence[str]) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Return names, and countries with regions, by client."""
    names: dict[str, str] = {}
    places: dict[str, tuple[str, str]] = {}
    for some in (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE)):
        for client_id, name in session.execute(select(Client.id, Client.name).where(Client.id.in_(some))):
            names[client_id] = name
        profiles = select(SquareCustomer).where(SquareCustomer.client_id.in_(some), *IS_LIVING_PROFILE)
        for profile in session.scalars(profiles):
            places[profile.client_id] = profile.country, region_of(profile.address)
    return names, places


def region_of(address: str) -> str:
    """Return the state or province of an address that is written line by line, "" where none can be told."""
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
