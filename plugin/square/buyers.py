"""Whose sale it was: the customer on payment, order or tender, and the profile Square has of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import select

from plugin.core.text import full_name
from plugin.courses.base.suppression import is_erased
from plugin.courses.clients.contacts import Buyer
from plugin.courses.clients.square_links import links_of_namesakes, might_be
from plugin.services import Services
from plugin.square.addresses import country_of, postal_address
from plugin.square.client import SquareNotFound
from plugin.square.missed_merges import MERGE, ask_each
from plugin.square.models import Order, Payment
from plugin.square.parsing import Json, square_id, text
from plugin.store.people import SquareCustomer


@dataclass(frozen=True, slots=True)
class Bought:
    """Who bought, None for nobody Square knows; and the profiles on the sale that say nothing of the person."""

    by: Buyer | None
    nameless_ids: tuple[str, ...] = ()


def buyer_of(services: Services, order: Order, payment: Payment | None) -> Bought:
    """Return who bought.

    Payments come before the order, the order before its tenders, in the tenders' order: the same answer
    whichever event brought us here.
    """
    nameless: list[str] = []
    for customer_id in customers_named(services, order, payment):
        buyer = profile_of(services, customer_id)
        if buyer is None:
            continue
        if buyer.is_somebody or knows_any(services, *buyer.known_as):
            return Bought(buyer)
        nameless.append(customer_id)
    return Bought(None, tuple(nameless))


def profile_of(services: Services, customer_id: str) -> Buyer | None:
    """Return the customer as Square has them now; None for one that no directory has.

    One that Square has deleted and we know is still who they were; one who was erased here is nobody.
    """
    if is_erased(services.store, customer_id):
        return None
    try:
        profile = services.square.customer(customer_id)
        buyer = read_profile(profile, customer_id)
        return None if is_erased(services.store, *buyer.known_as) else _followed(services, profile, buyer)
    except SquareNotFound:
        if not knows_any(services, customer_id):
            return None
        return Buyer(square_customer_id=customer_id, known_as=(customer_id,))


def _followed(services: Services, profile: Json, buyer: Buyer) -> Buyer:
    """Return a buyer new to us with what events may have missed: ids before a merge, a profile deleted since."""
    if knows_any(services, *buyer.known_as):
        return buyer
    suspects = links_of_namesakes(services.store, buyer)
    if profile.get("creation_source") == MERGE:
        suspects += might_be(services.store, buyer)
    asked = ask_each(services, dict.fromkeys(suspects), buyer)
    return replace(buyer, known_as=(*buyer.known_as, *asked.joined), gone_ids=asked.gone)


def read_profile(customer: Json, asked_id: str) -> Buyer:
    """Read a profile; after a merge it answers with another id than was asked for."""
    answered_id = square_id(customer.get("id"), "customer id")
    full = full_name(text(customer.get("given_name")), text(customer.get("family_name")))
    return Buyer(
        square_customer_id=answered_id,
        name=full or text(customer.get("company_name")) or text(customer.get("nickname")),
        phone=text(customer.get("phone_number")) or None,
        email=text(customer.get("email_address")) or None,
        known_as=tuple(dict.fromkeys([answered_id, asked_id])),
        address=postal_address(customer.get("address")),
        country=country_of(customer.get("address")),
    )


def knows_any(services: Services, *customer_ids: str) -> bool:
    """Say whether one of these Square customers is a client of ours."""
    wanted = select(SquareCustomer.client_id).where(SquareCustomer.square_customer_id.in_(customer_ids))
    with services.store.reading() as session:
        return session.scalar(wanted.limit(1)) is not None


def customers_named(services: Services, order: Order, payment: Payment | None) -> Iterator[str]:
    """Yield the customer ids that a sale carries, each once, the weightiest first."""
    seen: set[str] = set()
    for customer_id in _candidates(services, order, payment):
        if customer_id is not None and customer_id not in seen:
            seen.add(customer_id)
            yield customer_id


def _candidates(services: Services, order: Order, payment: Payment | None) -> Iterator[str | None]:
    for payment_id in dict.fromkeys(tender.payment_id for tender in order.tenders):
        if payment is not None and payment.id == payment_id:
            yield payment.customer_id
        elif payment_id is not None:
            yield _customer_of_payment(services, payment_id)
    if payment is not None:
        yield payment.customer_id
    yield order.customer_id
    for tender in order.tenders:
        yield tender.customer_id


def _customer_of_payment(services: Services, payment_id: str) -> str | None:
    try:
        return Payment.read(services.square.payment(payment_id)).customer_id
    except SquareNotFound:
        return None
