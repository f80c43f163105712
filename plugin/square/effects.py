"""What an event brought, and its writing: all of it in the caller's one transaction. Asks nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from plugin.courses.base.events import Refunded, publish
from plugin.courses.base.work import Work
from plugin.courses.clients.buyers import merge_square_customers, update_from_square_in
from plugin.courses.clients.contacts import Buyer
from plugin.courses.documents.sale_record import SoldSale, save_refund_in, save_sale_in
from plugin.courses.refunds.refund import record_refund
from plugin.courses.sales.book import book_sale
from plugin.courses.sales.sales import Booking, Refund, Sale

# Writes something that was fetched, within the caller's transaction; says in words what became of it.
Effect = Callable[[Work], str]


@dataclass(frozen=True, slots=True)
class Effects:
    """Sales, then refunds of them, a customer as Square has them now, or other effects.

    `records` are the sales as their invoices are made of. `says` tells why there is nothing to write.
    """

    sales: tuple[Sale, ...] = ()
    records: tuple[SoldSale, ...] = ()
    refunds: tuple[Refund, ...] = ()
    profile: Buyer | None = None
    merged_ids: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    says: str = ""

    def __add__(self, other: Effects) -> Effects:
        return Effects(
            sales=self.sales + other.sales,
            records=self.records + other.records,
            refunds=self.refunds + other.refunds,
            profile=self.profile or other.profile,
            merged_ids=self.merged_ids + other.merged_ids,
            effects=self.effects + other.effects,
            says=" ".join(one for one in (self.says, other.says) if one),
        )

    @property
    def has_news(self) -> bool:
        """Say whether there is anything to write."""
        return bool(self.sales or self.refunds or self.profile or self.effects)


def write_effects(work: Work, found: Effects) -> str:
    """Write it; return what became of it, in words that name nobody."""
    for record in found.records:
        save_sale_in(work.session, work.act, record)
    said = [_booked(book_sale(work, sale)) for sale in found.sales]
    said += [_given_back(work, refund) for refund in found.refunds]
    if found.profile is not None:
        said.append(_known_person(work, found.profile, found.merged_ids))
    said += [effect(work) for effect in found.effects]
    return " ".join(dict.fromkeys([*said, found.says])).strip()


def _given_back(work: Work, refund: Refund) -> str:
    outcome = record_refund(work, refund)
    save_refund_in(work.session, refund)
    if refund.status != "PENDING":
        publish(work, Refunded(refund.square_refund_id))
    return outcome


def _booked(booking: Booking) -> str:
    if booking.opened:
        many = len(booking.opened)
        return "Opened one course." if many == 1 else f"Opened {many} courses."
    if booking.paid:
        return "Money came for its courses."
    if booking.already:
        return "Its courses were open already."
    return "It waits under Attention." if booking.attention else "No course came of it."


def _known_person(work: Work, buyer: Buyer, merged: tuple[str, ...]) -> str:
    if merged:
        merge_square_customers(work, from_ids=merged, into=buyer)
        return "Customers merged in Square; their courses stay together."
    update_from_square_in(work.session, buyer)
    return "The client's particulars were compared with Square's."
