"""The Square profiles of each client: the lookups, and the small changes that no sale causes."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, String, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from invoices.language import is_supported
from plugin.core.acts import Act
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.outbox import profile_changed
from plugin.courses.base.work import Work
from plugin.courses.clients.clients import IS_NAMESAKE, living_client_in, namesake_of, shares_contact
from plugin.courses.clients.contacts import Buyer, Contact, contact_from_square
from plugin.store import Store
from plugin.store.database import write
from plugin.store.people import IS_LIVING_PROFILE, Client, SquareCustomer
from plugin.store.prepared import Prepared, prepared_insert
from plugin.wording import _

# Each is fetched from Square, one by one.
_MOST_ALIKE = 30
_SHORTEST_WORD = 3


def link_in(
    session: Session, act: Act, square_customer_id: str, client_id: str, *, is_current: bool
) -> SquareCustomer:
    """Link this Square customer to the client, as the current profile or as an earlier one."""
    link = session.get(SquareCustomer, square_customer_id)
    if link is None:
        link = SquareCustomer(square_customer_id=square_customer_id, seen_at=act.now)
        session.add(link)
    link.client_id, link.is_current = client_id, is_current
    session.flush()
    return link


def add_link_in(session: Session, act: Act, buyer: Buyer, square_customer_id: str, client_id: str) -> None:
    """Link an id of this buyer that is known not to be linked yet."""
    session.flush()
    is_current = square_customer_id == buyer.square_customer_id
    link = {
        "square_customer_id": square_customer_id,
        "client_id": client_id,
        "is_current": is_current,
        "address": buyer.address if is_current else "",
        "country": buyer.country if is_current else "",
        "seen_at": act.now,
    }
    write(session, _NEW_LINK, link)


_NEW_LINK = prepared_insert(SquareCustomer)


def gone_from_square_in(session: Session, square_customer_id: str) -> None:
    """Record that Square has deleted a profile; the client and every course remain."""
    link = session.get(SquareCustomer, square_customer_id)
    if link is not None:
        link.is_deleted = True


def alive_in_square(work: Work, square_customer_id: str) -> str:
    """Record that a profile of a client exists in Square; return what is new about that, in words, or ""."""
    link = work.session.get_one(SquareCustomer, square_customer_id)
    has_another = bool(living_links_in(work.session, link.client_id, besides=square_customer_id))
    if not link.is_deleted and (link.is_current or has_another):
        return ""
    link.is_deleted = False
    if not has_another:
        link.is_current = True
    profile_changed(work, link.client_id)
    return _("Back in Square’s directory.")


def living_links_in(session: Session, client_id: str, *, besides: str = "") -> Sequence[str]:
    """Return the existing profiles of the client."""
    return session.scalars(
        select(SquareCustomer.square_customer_id).where(
            SquareCustomer.client_id == client_id,
            SquareCustomer.square_customer_id != besides,
            *IS_LIVING_PROFILE,
        )
    ).all()


def all_living_links(store: Store, *, besides: Sequence[str] = ()) -> list[str]:
    """Return each client's existing profile, without these."""
    living = (
        select(SquareCustomer.square_customer_id)
        .where(*IS_LIVING_PROFILE, SquareCustomer.square_customer_id.not_in(besides))
        .order_by(SquareCustomer.square_customer_id)
    )
    with store.reading() as session:
        return list(session.scalars(living))


def client_with_another_profile(store: Store, square_customer_id: str) -> str | None:
    """Return the client into whom this profile was merged, if they have another one, or should have."""
    with store.reading() as session:
        link = session.get(SquareCustomer, square_customer_id)
        if link is None:
            return None
        many = select(func.count()).where(SquareCustomer.client_id == link.client_id)
        has_others = (session.scalar(many) or 0) > 1
        is_settled = link.is_current and not living_links_in(
            session, link.client_id, besides=square_customer_id
        )
        return link.client_id if has_others and not is_settled else None


def might_be(store: Store, buyer: Buyer) -> list[str]:
    """Return the profiles of our clients that could have been merged into this one, the likeliest first.

    Merged profiles are taken for one person: they share a phone, an e-mail or a word of their name.
    """
    with store.reading() as session:
        contact = contact_of_buyer(session, buyer)
        words = [word for word in contact.name_folded.split() if len(word) >= _SHORTEST_WORD]
        same = or_(Client.name_folded == contact.name_folded, *shares_contact(contact.phone, contact.email))
        alike = [Client.name_folded.contains(word, autoescape=True) for word in words]
        return _living_profiles(session, buyer, or_(same, *alike), first=same)


def links_of_namesakes(store: Store, buyer: Buyer) -> list[str]:
    """Return the existing profiles of our clients of this name and phone or e-mail."""
    with store.reading() as session:
        wanted = {**namesake_of(contact_of_buyer(session, buyer)), "known_as": buyer.known_as}
        return [row.square_customer_id for row in _OF_NAMESAKES.all(session.connection(), wanted)]


_OF_NAMESAKES = Prepared(
    select(SquareCustomer.square_customer_id)
    .join(Client, Client.id == SquareCustomer.client_id)
    .where(
        IS_NAMESAKE,
        *IS_LIVING_PROFILE,
        SquareCustomer.square_customer_id.not_in(bindparam("known_as", type_=String, expanding=True)),
    )
    .order_by(SquareCustomer.seen_at.desc())
    .limit(_MOST_ALIKE)
)


def was_before(store: Store, buyer: Buyer) -> str | None:
    """Return the client into whom a client of this name and phone or e-mail was merged, before Square undid it."""
    with store.reading() as session:
        merged = select(Client).where(IS_NAMESAKE, Client.merged_into.is_not(None)).limit(1)
        row = session.scalar(merged, namesake_of(contact_of_buyer(session, buyer)))
        return living_client_in(session, row.id).id if row is not None else None


def contact_of_buyer(session: Session, buyer: Buyer) -> Contact:
    """Return the details of a Square customer, as clients have them."""
    clinic = clinic_in(session)
    return contact_from_square(
        name=buyer.name,
        phone=buyer.phone,
        email=buyer.email,
        country=clinic.country,
        language=clinic.language if is_supported(clinic.language) else "en",
    )


def _living_profiles(
    session: Session, buyer: Buyer, who: ColumnElement[bool], *, first: ColumnElement[bool]
) -> list[str]:
    rows = (
        select(SquareCustomer.square_customer_id)
        .join(Client, Client.id == SquareCustomer.client_id)
        .where(who, *IS_LIVING_PROFILE, SquareCustomer.square_customer_id.not_in(buyer.known_as))
        .order_by(case((first, 0), else_=1), SquareCustomer.seen_at.desc())
        .limit(_MOST_ALIKE)
    )
    return list(session.scalars(rows))
