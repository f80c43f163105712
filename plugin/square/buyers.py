"""Buyers: the customer on payment, order or tender, their Square profile, and merges that no event reported."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import String, bindparam, exists, select

from plugin.core.batches import batched
from plugin.core.text import full_name
from plugin.courses.base.suppression import IS_ERASED, hashes, is_erased
from plugin.courses.clients.contacts import Buyer
from plugin.courses.clients.square_links import all_living_links, links_of_namesakes, might_be
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.client.calls import MOST_BY_ID
from plugin.square.models import Order, Payment
from plugin.square.parsing import Json, country_of, postal_address, square_id, text
from plugin.store.people import SquareCustomer
from plugin.store.prepared import Prepared

# The creation source of a profile that is the result of a merge.
MERGE = "MERGE"


@dataclass(frozen=True, slots=True)
class Bought:
    """The buyer, None where Square names none; and the sale's profiles without name, phone and e-mail."""

    by: Buyer | None
    nameless_ids: tuple[str, ...] = ()


def buyer_of(services: Services, order: Order, payment: Payment | None) -> Bought:
    """Return who bought.

    Payments take precedence over the order, the order over its tenders, in the tenders' order: the same answer
    whichever event is being handled.
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
    """Return the customer's current profile in Square; None for one who is in no directory, or was erased here.

    A client of ours whose profile was deleted in Square keeps its id.
    """
    if is_erased(services.store, customer_id):
        return None
    try:
        profile = services.square.customer(customer_id)
        buyer = read_profile(profile, customer_id)
        was_erased, is_known = _erased_or_known(services, buyer)
        if was_erased:
            return None
        return buyer if is_known else _followed(services, profile, buyer)
    except SquareNotFound:
        if not knows_any(services, customer_id):
            return None
        return Buyer(square_customer_id=customer_id, known_as=(customer_id,))


def _erased_or_known(services: Services, buyer: Buyer) -> tuple[bool, bool]:
    """Return whether the buyer was erased here, and whether they are a client of ours, under any of their ids."""
    wanted = {"hashes": hashes(buyer.known_as), "customer_ids": buyer.known_as}
    ((was_erased, is_known),) = services.store.rows(_ERASED_OR_KNOWN, wanted)
    return bool(was_erased), bool(is_known)


def _followed(services: Services, profile: Json, buyer: Buyer) -> Buyer:
    """Return a new buyer with what no event may have reported: ids from before a merge, a profile deleted since."""
    suspects = links_of_namesakes(services.store, buyer)
    if profile.get("creation_source") == MERGE:
        suspects += might_be(services.store, buyer)
    asked = ask_each(services, dict.fromkeys(suspects), buyer)
    return replace(buyer, known_as=(*buyer.known_as, *asked.joined), gone_ids=asked.gone)


def read_profile(customer: Json, asked_id: str) -> Buyer:
    """Read a profile; after a merge its id is not the one that was asked for."""
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


def read_listed_profile(customer: Json) -> Buyer:
    """Read a profile that was asked for by no id: listed, found or created; raises SquareFailed."""
    return read_profile(customer, text(customer.get("id")))


def knows_any(services: Services, *customer_ids: str) -> bool:
    """Return whether one of these Square customers is a client of ours."""
    return bool(services.store.rows(_KNOWN, {"customer_ids": customer_ids}))


_IS_ONE = SquareCustomer.square_customer_id.in_(bindparam("customer_ids", type_=String, expanding=True))
_KNOWN = Prepared(select(SquareCustomer.client_id).where(_IS_ONE).limit(1))
_ERASED_OR_KNOWN = Prepared(select(exists().where(IS_ERASED), exists().where(_IS_ONE)))


def customers_named(services: Services, order: Order, payment: Payment | None) -> Iterator[str]:
    """Yield the customer ids that a sale carries, each once, the most reliable first."""
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


@dataclass(frozen=True, slots=True)
class Asked:
    """Of the fetched profiles: those merged into the given one, and those that Square no longer has."""

    joined: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def joined_into(services: Services, buyer: Buyer) -> Asked:
    """Find which of our clients' profiles were merged into this one, whatever their names were.

    Square marks a merged profile only as merged; an id from before the merge returns the new profile.
    """
    suspects: Sequence[str]
    try:
        suspects = list(_changed_ids(services, all_living_links(services.store, besides=buyer.known_as)))
    except SquareNotFound:
        # A server without the call for many at once: the likeliest are fetched one by one.
        suspects = might_be(services.store, buyer)
    return ask_each(services, suspects, buyer)


def ask_each(services: Services, customer_ids: Iterable[str], buyer: Buyer) -> Asked:
    """Fetch each of these profiles and compare it with the given one."""
    joined, gone = list[str](), list[str]()
    for customer_id in customer_ids:
        try:
            answered = services.square.customer(customer_id).get("id")
        except SquareNotFound:
            gone.append(customer_id)
            continue
        if answered == buyer.square_customer_id:
            joined.append(customer_id)
    return Asked(tuple(joined), tuple(gone))


def _changed_ids(services: Services, customer_ids: Sequence[str]) -> Iterator[str]:
    """Yield those that Square no longer returns under their own id; raises SquareNotFound."""
    for some in batched(customer_ids, MOST_BY_ID):
        found = services.square.customers_by_id(some)
        yield from (one for one in some if found.get(one, {}).get("id") != one)
