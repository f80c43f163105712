"""Effects of an event: writes that all run in the caller's one transaction. Makes no network call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plugin.courses.base.events import Refunded, publish
from plugin.courses.base.work import Work
from plugin.courses.clients.buyers import merge_square_customers, update_from_square_in
from plugin.courses.clients.contacts import Buyer
from plugin.courses.documents.sale_record import SoldSale, save_refund_in, save_sale_in
from plugin.courses.refunds.refund import record_refund
from plugin.courses.sales.book import book_sale
from plugin.courses.sales.sales import Booking, Refund, Sale

# Writes what was fetched, within the caller's transaction; returns an outcome that names no client.
Effect = Callable[[Work], str]


@dataclass(frozen=True, slots=True)
class Effects:
    """The writes in order; `says`: why there is nothing to write; `has_sale`: whether a sale is among them."""

    effects: tuple[Effect, ...] = ()
    says: str = ""
    has_sale: bool = False

    def __add__(self, other: Effects) -> Effects:
        says = " ".join(one for one in (self.says, other.says) if one)
        return Effects(self.effects + other.effects, says, self.has_sale or other.has_sale)


def write_effects(work: Work, found: Effects) -> str:
    outcomes = [effect(work) for effect in found.effects]
    return " ".join(dict.fromkeys([*outcomes, found.says])).strip()


def sale_effects(sale: Sale, records: Sequence[SoldSale]) -> Effects:
    """Return the booking of a sale; `records`: the sale recorded for its invoice, where that can be read."""

    def book(work: Work) -> str:
        for record in records:
            save_sale_in(work.session, work.act, record)
        return _booked(book_sale(work, sale))

    return Effects((book,), has_sale=True)


def refund_effects(refund: Refund) -> Effects:
    """Return the booking of a refund and its credit note."""

    def book(work: Work) -> str:
        outcome = record_refund(work, refund)
        save_refund_in(work.session, refund)
        if refund.status != "PENDING":
            publish(work, Refunded(refund.square_refund_id))
        return outcome

    return Effects((book,))


def profile_effects(buyer: Buyer, merged_ids: Sequence[str] = ()) -> Effects:
    """Return the update of a client from their Square profile, after a merge of these ids into it."""

    def update(work: Work) -> str:
        if merged_ids:
            merge_square_customers(work, from_ids=merged_ids, into=buyer)
            return "Customers merged in Square; their courses stay together."
        update_from_square_in(work.session, buyer)
        return "Client details compared with Square."

    return Effects((update,))


def _booked(booking: Booking) -> str:
    if booking.opened:
        many = len(booking.opened)
        return "Opened one course." if many == 1 else f"Opened {many} courses."
    if booking.paid:
        return "Payment recorded for its courses."
    if booking.already:
        return "Its courses are already open."
    return "It waits under Attention." if booking.attention else "No course was opened."
