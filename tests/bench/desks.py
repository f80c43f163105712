"""Desks of clinics that are measured."""

from datetime import date, datetime, timedelta
from itertools import count

from plugin.core.acts import Role
from plugin.courses.accounts.api_tokens import add_token
from plugin.courses.clients.contacts import Buyer
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import Desk

SOLD_DAYS_AGO = 900


def reopened(store: Store, now: datetime | None = None) -> Desk:
    """Return the desk of a clinic that is there; its keys are not those of before."""
    desk = Desk.__new__(Desk)
    desk.store, desk._numbers = store, count(10**6)
    desk.clock = HandMovedClock(now) if now else HandMovedClock()
    return desk


def sold_to(desk: Desk, package_id: str, number: int) -> str:
    """Sell a course to a client of its own, long ago; return its id."""
    buyer = Buyer(f"BENCH-{number}", name=f"Bo Li {number}", phone=f"+1415666{number:04d}")
    paid_at = desk.clock() - timedelta(days=SOLD_DAYS_AGO)
    return desk.book(desk.sale(desk.line(package_id), buyer=buyer, paid_at=paid_at)).opened[0]


def day_of_use(today: date, number: int) -> date:
    """Return the day of the use of a course that so many came before: one a day since it was sold, as in life."""
    return today - timedelta(days=SOLD_DAYS_AGO - 1 - number)


def furnish(
    desk: Desk, *, tokens: int, courses: int, sessions: int, package: str = ""
) -> tuple[list[str], list[str]]:
    """Make so many tokens for tablets, and sell so many courses long ago; return the tokens and the courses."""
    made = [
        add_token(desk.store, name=f"Tablet {number}", role=Role.DESK, now=desk.clock())
        for number in range(tokens)
    ]
    package_id = desk.package(sessions=sessions, name=package)
    return made, [sold_to(desk, package_id, number) for number in range(courses)]
