"""People worth a call: few sessions left, a course that ends soon, long not seen, or money still to come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.orm import Session, aliased

from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.clinic import clinic_in, local_date
from plugin.courses.visiting.bookings import CALLED_OFF
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry, Visit
from plugin.store.people import Client, SquareCustomer
from plugin.store.square_side import Booking

FEW_LEFT = 2
SOON_DAYS, SOONER_DAYS = 60, 30
LONG_NOT_SEEN = timedelta(weeks=6)
# Who used the last session longer ago has gone elsewhere, or was asked then.
JUST_FINISHED = timedelta(days=60)


class Why(StrEnum):
    """Why somebody is worth a call."""

    EXPIRING = "expiring"
    LOW = "low"
    LAPSED = "lapsed"
    PART_PAID = "part_paid"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, and the course it is about; `due` for a part-paid one."""

    why: Why
    course_id: str
    package_name: str
    left: int
    granted: int
    expires_on: date | None
    due: Money | None = None


@dataclass(frozen=True, slots=True)
class ToCall:
    """One client with all reasons to call; `booked_at` is the next appointment that Square knows of."""

    client_id: str
    name: str
    phone: str | None
    email: str | None
    last_visit: date | None
    booked_at: datetime | None
    reasons: tuple[Reason, ...]

    def has(self, why: Why) -> bool:
        """Say whether this is among the reasons."""
        return any(reason.why is why for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class _Standing:
    """A course that is not closed, with what is left and paid of it."""

    course_id: str
    client_id: str
    package_name: str
    sold_at: datetime
    expires_on: date | None
    is_frozen: bool
    price: Money
    left: int
    granted: int
    # What the client is still to pay, tax included.
    due: int

    def is_live(self, today: date) -> bool:
        """Say whether sessions of it could be used today."""
        return not self.is_frozen and (self.expires_on is None or today <= self.expires_on)


def people_to_call(store: Store, now: datetime) -> tuple[ToCall, ...]:
    """Return the people to call, who is in most hurry first."""
    with store.reading() as session:
        today = local_date(clinic_in(session), now)
        courses: defaultdict[str, list[_Standing]] = defaultdict(list)
        for standing in _standings(session):
            courses[standing.client_id].append(standing)
        visits = dict(session.execute(_last_visits()).all())
        booked = dict(session.execute(_next_bookings(now)).all())
        reasons = {
            client_id: found
            for client_id, held in courses.items()
            if (found := tuple(_reasons(held, visits.get(client_id), booked.get(client_id), today)))
        }
        # Who had their data erased is nobody to call any more.
        clients = session.execute(
            select(Client.id, Client.name, Client.phone, Client.email).where(Client.erased_at.is_(None))
        )
        people = [
            ToCall(
                client_id=client.id,
                name=client.name,
                phone=client.phone,
                email=client.email,
                last_visit=visits.get(client.id),
                booked_at=booked.get(client.id),
                reasons=reasons[client.id],
            )
            for client in clients
            if client.id in reasons
        ]
    return tuple(sorted(people, key=_hurry))


def _hurry(one: ToCall) -> tuple[Any, ...]:
    ending = (each.expires_on for each in one.reasons if each.why is Why.EXPIRING and each.expires_on)
    ends = min(ending, default=date.max)
    return (ends, not one.has(Why.LOW), one.last_visit or date.min, one.name, one.client_id)


def _reasons(
    held: Iterable[_Standing], last_visit: date | None, booked_at: datetime | None, today: date
) -> Iterator[Reason]:
    known = sorted(held, key=lambda each: (each.sold_at, each.course_id), reverse=True)
    live = [each for each in known if each.is_live(today)]
    with_sessions = [each for each in live if each.left > 0]
    for each in with_sessions:
        if each.expires_on is not None and (each.expires_on - today).days <= SOON_DAYS:
            yield _reason(Why.EXPIRING, each)
    if live and sum(each.left for each in live) <= FEW_LEFT and _is_recent(live[0], last_visit, today):
        yield _reason(Why.LOW, (with_sessions or live)[0])
    seen = last_visit or max((each.sold_at.date() for each in with_sessions), default=today)
    if with_sessions and booked_at is None and today - seen >= LONG_NOT_SEEN:
        yield _reason(Why.LAPSED, with_sessions[0])
    for each in known:
        if each.due:
            yield _reason(Why.PART_PAID, each)


def _is_recent(newest: _Standing, last_visit: date | None, today: date) -> bool:
    if newest.left > 0:
        return True
    return last_visit is not None and today - last_visit <= JUST_FINISHED


def _reason(why: Why, each: _Standing) -> Reason:
    due = Money(each.due, each.price.currency) if why is Why.PART_PAID else None
    return Reason(why, each.course_id, each.package_name, each.left, each.granted, each.expires_on, due)


def _standings(session: Session) -> Iterator[_Standing]:
    is_main = Allowance.kind == "main"
    sums = (
        select(
            Allowance.course_id,
            func.sum(case((is_main, Entry.sessions_delta), else_=0)).label("left"),
            func.sum(case((is_main, Entry.granted_after - Entry.granted_before), else_=0)).label("granted"),
            func.sum(case((Entry.kind == Kind.PAID.value, Entry.value_delta), else_=0)).label("paid"),
        )
        .join(Entry, Entry.allowance_id == Allowance.id)
        .group_by(Allowance.course_id)
        .subquery()
    )
    rows = (
        select(
            Course.id,
            Course.client_id,
            Course.package_name,
            Course.sold_at,
            Course.expires_on,
            Course.frozen_at,
            Course.price,
            Course.tax,
            Course.tax_paid,
            Course.due_ended_at,
            Course.currency,
            sums.c.left,
            sums.c.granted,
            sums.c.paid,
        )
        .join(sums, sums.c.course_id == Course.id)
        .where(Course.closed_as.is_(None), Course.client_id.is_not(None))
    )
    for row in session.execute(rows):
        yield _Standing(
            course_id=row.id,
            client_id=row.client_id,
            package_name=row.package_name,
            sold_at=row.sold_at,
            expires_on=row.expires_on,
            is_frozen=row.frozen_at is not None,
            price=Money(row.price, row.currency),
            left=int(row.left),
            granted=int(row.granted),
            due=_due(row),
        )


def _due(row: Row[*tuple[Any, ...]]) -> int:
    net = 0 if row.due_ended_at else max(0, row.price - int(row.paid))
    return net + (row.tax or 0) - (row.tax_paid or 0) if net else 0


def _last_visits() -> Select[str, date]:
    """Return the query for each client's last visit that was not undone."""
    undone = aliased(Entry)
    return (
        select(Visit.client_id, func.max(Visit.visited_on))
        .join(Entry, Entry.visit_id == Visit.id)
        .outerjoin(undone, undone.reverses == Entry.id)
        .where(undone.id.is_(None))
        .group_by(Visit.client_id)
    )


def _next_bookings(now: datetime) -> Select[str, datetime]:
    return (
        select(SquareCustomer.client_id, func.min(Booking.start_at))
        .join(Booking, Booking.square_customer_id == SquareCustomer.square_customer_id)
        .where(Booking.start_at >= now, Booking.status.not_in(CALLED_OFF))
        .group_by(SquareCustomer.client_id)
    )
