"""Whom a document is made out to: the buyer as the clinic knows them, and the address of their Square profile."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.papers import Party
from plugin.courses.base.views import ClientView
from plugin.store.people import SquareCustomer

_MOST_LINES = 4


def party_in(session: Session, buyer: ClientView) -> Party:
    """Return the buyer as a document names them."""
    profile = session.scalar(
        select(SquareCustomer)
        .where(
            SquareCustomer.client_id == buyer.id,
            SquareCustomer.is_current.is_(True),
            SquareCustomer.is_deleted.is_(False),
            SquareCustomer.address != "",
        )
        .order_by(SquareCustomer.seen_at.desc(), SquareCustomer.square_customer_id)
        .limit(1)
    )
    return Party(
        name=buyer.name,
        email=buyer.email or "",
        phone=buyer.phone or "",
        country=profile.country if profile is not None else "",
        address_lines=tuple(profile.address.splitlines()[:_MOST_LINES]) if profile is not None else (),
    )
