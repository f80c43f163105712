"""Two clients beside each other, for whoever must say whether they are one; and who looks like a client's double."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from plugin.courses.base.read import courses_of_client
from plugin.courses.base.views import ClientView, CourseView
from plugin.courses.clients.clients import IS_SOMEBODY, client_in, shares_contact
from plugin.store import Store
from plugin.store.changes import CourseShare
from plugin.store.ledger import Visit
from plugin.store.people import Client, SquareCustomer

_MOST_ALIKE = 8


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: all that would move, or be moved to."""

    client: ClientView
    courses: tuple[CourseView, ...]
    visits: int
    last_visit: date | None
    profiles: int
    shared_with_them: int


@dataclass(frozen=True, slots=True)
class Particulars:
    """What the one client would be called and reached by; `taken_over` names what comes from the other."""

    name: str
    phone: str | None
    email: str | None
    taken_over: tuple[str, ...]


def particulars_after(stays: ClientView, goes: ClientView) -> Particulars:
    """Return the particulars of the one client they would be."""
    fills = {"phone": goes.phone, "email": goes.email}
    taken = tuple(name for name, value in fills.items() if value and not getattr(stays, name))
    return Particulars(stays.name, stays.phone or goes.phone, stays.email or goes.email, taken)


def side_of(store: Store, client_id: str, *, today: date) -> Side:
    """Return one of the two; raises NotFound."""
    with store.reading() as session:
        client = client_in(session, client_id)
        came = session.execute(
            select(func.count(), func.max(Visit.visited_on)).where(Visit.client_id == client.id)
        ).one()
        profiles = _count(session, SquareCustomer.client_id == client.id)
        shares = _count(session, CourseShare.client_id == client.id, CourseShare.ended_at.is_(None))
    courses = courses_of_client(store, client.id, today=today)
    return Side(client, courses, came[0], came[1], profiles, shares)


def looking_alike(store: Store, client_id: str) -> Sequence[ClientView]:
    """Return the clients of the same name, phone or e-mail: most doubles are among them."""
    with store.reading() as session:
        client = client_in(session, client_id)
        row = session.get_one(Client, client.id)
        same = [Client.name_folded == row.name_folded, *shares_contact(row.phone, row.email)]
        others = (
            select(Client.id)
            .where(or_(*same), Client.id != row.id, *IS_SOMEBODY)
            .order_by(Client.name_folded, Client.id)
        )
        return [client_in(session, each) for each in session.scalars(others.limit(_MOST_ALIKE)).all()]


def _count(session: Session, *where: object) -> int:
    return int(session.scalar(select(func.count()).where(*where)) or 0)  # type: ignore[arg-type]
