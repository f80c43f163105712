"""Possible duplicate clients: the question at a purchase, suggestions for staff, both clients side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.base.attention import open_item, settle_item_in
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.views import ClientView, CourseView
from plugin.courses.base.work import Work
from plugin.courses.clients.clients import (
    IS_NAMESAKE,
    IS_SOMEBODY,
    IS_SOMEBODY_HERE,
    client_in,
    namesake_of,
    shares_contact,
)
from plugin.courses.clients.contacts import Contact
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import IS_LIVING_PROFILE, Client, CourseShare, SquareCustomer, Visit
from plugin.wording import _

POSSIBLE_DUPLICATE = "possible_duplicate"
# More clients of one name and phone without a profile are not duplicates.
_MOST_ASKED = 3
_MOST_ALIKE = 8


def ask_about_duplicates(work: Work, new_id: str, new: Contact | Client) -> None:
    """Ask whether a new client is the same person as one whom Square has deleted.

    Candidates have the same name and phone or e-mail.
    """
    for before in _namesakes_in(work.session, new_id, new):
        shared = _shared(before, new)
        open_item(
            work,
            kind=POSSIBLE_DUPLICATE,
            dedupe=_mark(before.id, new_id),
            summary=(
                _(
                    "Possible duplicate: {new} bought with a new Square profile. An existing client has "
                    "the same {shared}; that client’s Square profile was deleted.",
                    new=new.name,
                    shared=shared,
                )
            ),
            details={
                "client_ids": [before.id, new_id],
                "proposal": _(
                    "Merge the clients: packages and visits of both are kept. A merge can be undone."
                ),
                "proposed_decision": "merge_clients",
            },
        )


def settle_duplicates_in(session: Session, act: Act, one_id: str, other_id: str) -> None:
    """Close the questions about two clients who are one now."""
    for mark in (_mark(one_id, other_id), _mark(other_id, one_id)):
        settle_item_in(session, act, mark, _("They are one client now."))


def _mark(before_id: str, new_id: str) -> str:
    return f"{POSSIBLE_DUPLICATE}:{before_id}:{new_id}"


def _namesakes_in(session: Session, new_id: str, new: Contact | Client) -> Sequence[Client]:
    rows = _NAMESAKES.all(session.connection(), {**namesake_of(new), "new_id": new_id})
    return [session.get_one(Client, row.id) for row in rows]


_HAS_PROFILE = select(SquareCustomer.client_id)
_NAMESAKES = Prepared(
    select(Client.id)
    .where(
        IS_NAMESAKE,
        Client.id != bindparam("new_id"),
        *IS_SOMEBODY,
        Client.id.in_(_HAS_PROFILE),
        Client.id.not_in(_HAS_PROFILE.where(*IS_LIVING_PROFILE)),
    )
    .order_by(Client.created_at, Client.id)
    .limit(_MOST_ASKED)
)


def _shared(before: Client, new: Contact | Client) -> str:
    has_phone = before.phone is not None and before.phone == new.phone
    has_email = before.email is not None and before.email.lower() == (new.email or "").lower()
    if has_phone and has_email:
        return "name, phone and e-mail"
    return "name and phone" if has_phone else "name and e-mail"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: all that would be moved, or be added to."""

    client: ClientView
    courses: tuple[CourseView, ...]
    visits: int
    last_visit: date | None
    profiles: int
    shared_with_them: int


@dataclass(frozen=True, slots=True)
class Particulars:
    """The details of the merged client; `taken_over` names what is copied from the other."""

    name: str
    phone: str | None
    email: str | None
    taken_over: tuple[str, ...]


def particulars_after(stays: ClientView, goes: ClientView) -> Particulars:
    """Return the details of the merged client."""
    fills = {"phone": goes.phone, "email": goes.email}
    taken = tuple(name for name, value in fills.items() if value and not getattr(stays, name))
    return Particulars(stays.name, stays.phone or goes.phone, stays.email or goes.email, taken)


def side_of(store: Store, client_id: str, *, today: date) -> Side:
    """Return one of the two; raises NotFound."""
    with store.reading() as session:
        client = client_in(session, client_id)
        visits = session.execute(
            select(func.count(), func.max(Visit.visited_on)).where(Visit.client_id == client.id)
        ).one()
        profiles = _count(session, SquareCustomer.client_id == client.id)
        shares = _count(session, CourseShare.client_id == client.id, CourseShare.ended_at.is_(None))
    courses = courses_of_client(store, client.id, today=today)
    return Side(client, courses, visits[0], visits[1], profiles, shares)


def looking_alike(store: Store, client_id: str) -> Sequence[ClientView]:
    """Return the clients of the same name, phone or e-mail: most duplicates are among them."""
    with store.reading() as session:
        client = client_in(session, client_id)
        row = session.get_one(Client, client.id)
        same = [Client.name_folded == row.name_folded, *shares_contact(row.phone, row.email)]
        others = (
            select(Client.id)
            .where(or_(*same), Client.id != row.id, *IS_SOMEBODY_HERE)
            .order_by(Client.name_folded, Client.id)
        )
        return [client_in(session, each) for each in session.scalars(others.limit(_MOST_ALIKE)).all()]


def _count(session: Session, *where: object) -> int:
    return int(session.scalar(select(func.count()).where(*where)) or 0)  # type: ignore[arg-type]
