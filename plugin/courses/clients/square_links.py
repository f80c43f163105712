"""Which Square profiles are which of our clients: the looks and small changes that no single sale brings."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.outbox import profile_changed_in
from plugin.courses.base.work import Work
from plugin.courses.clients.clients import living_client_in
from plugin.courses.clients.contacts import Contact, contact_from_square
from plugin.courses.sales.sales import Buyer
from plugin.store import Store
from plugin.store.people import Client, SquareCustomer

# Each is asked for at Square, one by one.
_MOST_ALIKE = 30
_SHORTEST_WORD = 3


def gone_from_square_in(session: Session, square_customer_id: str) -> None:
    """Remember that Square has deleted a profile; the client and every course stay."""
    link = session.get(SquareCustomer, square_customer_id)
    if link is not None:
        link.is_deleted = True


def alive_in_square_in(work: Work, square_customer_id: str) -> str:
    """Take note that a profile of ours is there; returns what is new about that, in words, or ""."""
    link = work.session.get_one(SquareCustomer, square_customer_id)
    has_another = bool(living_links_in(work.session, link.client_id, besides=square_customer_id))
    if not link.is_deleted and (link.is_current or has_another):
        return ""
    link.is_deleted = False
    if not has_another:
        link.is_current = True
    profile_changed_in(work, link.client_id)
    return "Back in Square's directory."


def living_links_in(session: Session, client_id: str, *, besides: str = "") -> Sequence[str]:
    """Return the profiles that are this client now."""
    return session.scalars(
        select(SquareCustomer.square_customer_id).where(
            SquareCustomer.client_id == client_id,
            SquareCustomer.square_customer_id != besides,
            SquareCustomer.is_current.is_(True),
            SquareCustomer.is_deleted.is_(False),
        )
    ).all()


def all_living_links(store: Store, *, besides: Sequence[str] = ()) -> list[str]:
    """Return the profile that each client goes by now, without these."""
    living = (
        select(SquareCustomer.square_customer_id)
        .where(
            SquareCustomer.is_current.is_(True),
            SquareCustomer.is_deleted.is_(False),
            SquareCustomer.square_customer_id.not_in(besides),
        )
        .order_by(SquareCustomer.square_customer_id)
    )
    with store.reading() as session:
        return list(session.scalars(living))


def client_with_another_profile(store: Store, square_customer_id: str) -> str | None:
    """Return the client this profile went into by a merge, where they go by another one, or had to."""
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
    """Return the profiles of our clients that could have gone into this one: the likeliest first, not too many.

    Whoever joins two profiles knows them for one person: they share a phone, an e-mail or a word of their name.
    """
    with store.reading() as session:
        contact = _contact(session, buyer)
        same = or_(Client.name_folded == contact.name_folded, *_shared(contact))
        words = [
            Client.name_folded.contains(word, autoescape=True)
            for word in contact.name_folded.split()
            if len(word) >= _SHORTEST_WORD
        ]
        rows = session.scalars(
            select(SquareCustomer.square_customer_id)
            .join(Client, Client.id == SquareCustomer.client_id)
            .where(
                or_(same, *words),
                SquareCustomer.is_current.is_(True),
                SquareCustomer.is_deleted.is_(False),
                SquareCustomer.square_customer_id.not_in(buyer.known_as),
            )
            .order_by(case((same, 0), else_=1), SquareCustomer.seen_at.desc())
            .limit(_MOST_ALIKE)
        )
        return list(rows)


def links_of_namesakes(store: Store, buyer: Buyer) -> list[str]:
    """Return the living profiles of our clients of this name and phone or e-mail."""
    with store.reading() as session:
        contact = _contact(session, buyer)
        shared = _shared(contact)
        if not shared:
            return []
        rows = session.scalars(
            select(SquareCustomer.square_customer_id)
            .join(Client, Client.id == SquareCustomer.client_id)
            .where(
                Client.name_folded == contact.name_folded,
                or_(*shared),
                SquareCustomer.is_current.is_(True),
                SquareCustomer.is_deleted.is_(False),
                SquareCustomer.square_customer_id.not_in(buyer.known_as),
            )
            .order_by(SquareCustomer.seen_at.desc())
            .limit(_MOST_ALIKE)
        )
        return list(rows)


def was_before(store: Store, buyer: Buyer) -> str | None:
    """Return the client whom a client of this name and phone or e-mail was joined with, before Square took it back."""
    with store.reading() as session:
        contact = _contact(session, buyer)
        shared = _shared(contact)
        if not shared:
            return None
        rows = session.scalars(
            select(Client).where(
                Client.name_folded == contact.name_folded, Client.merged_into.is_not(None), or_(*shared)
            )
        ).all()
        return living_client_in(session, rows[0].id).id if rows else None


def _contact(session: Session, buyer: Buyer) -> Contact:
    country = clinic_in(session).country
    return contact_from_square(name=buyer.name, phone=buyer.phone, email=buyer.email, country=country)


def _shared(contact: Contact) -> list[ColumnElement[bool]]:
    shared: list[ColumnElement[bool]] = []
    if contact.phone is not None:
        shared.append(Client.phone == contact.phone)
    if contact.email is not None:
        shared.append(func.lower(Client.email) == contact.email.lower())
    return shared
