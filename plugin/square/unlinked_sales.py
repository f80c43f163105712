"""Sales whose lines look like packages that are not linked: put before a person, with what Square says of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.documents.sale_record import SoldSale, keep_sale_in
from plugin.courses.queues.outbox import Owed
from plugin.courses.selling.lookalikes import Offers, SoldItem
from plugin.courses.selling.sales import Refund, Sale
from plugin.courses.selling.unlinked import ask_about_unlinked_in, note_refund_in
from plugin.house import House
from plugin.square.buyers import Bought
from plugin.square.fields import Json
from plugin.square.found import Deed, Found
from plugin.square.objects import Order
from plugin.square.sale_records import sales_recorded
from plugin.square.sales import other_items, sale_of
from plugin.square.taken_up import SWEPT_ORDER, SWEPT_REFUND, take_up
from plugin.store import Store

Alike = tuple[Json, SoldItem, str]


def lines_like_packages(lines: Sequence[Json], known: Sequence[Json], offers: Offers) -> list[Alike]:
    """Return the lines, beside those known to sell packages, that seem to, each with the package."""
    seeming = ((line, sold, offers.package_like(sold)) for line, sold in other_items(lines, known))
    return [(line, sold, package_id) for line, sold, package_id in seeming if package_id is not None]


def asked_about(order: Order, alike: Iterable[Alike], bought: Bought, *, of_invoice: bool) -> Found:
    """Have each of these lines asked about, and the sale kept as its invoice will need it."""
    records = sales_recorded(order.answer)
    deeds = [
        partial(_ask, sale_of(order, [line], bought, of_invoice=of_invoice), records, sold, package_id)
        for line, sold, package_id in alike
    ]
    return Found(deeds=tuple(deeds))


def noted(refund: Refund) -> Deed:
    """Have a refund kept beside what is asked about its sale."""
    return lambda session, _store, act: note_refund_in(session, act, refund)


def look_at_sale(house: House, owed: Owed) -> str:
    """Look at a sale again, and at refunds that came before it was booked."""
    take_up(house, SWEPT_ORDER, owed.subject, owed.id)
    for refund_id in owed.payload.get("refund_ids", ()):
        take_up(house, SWEPT_REFUND, refund_id, owed.id)
    return "The sale is looked at again."


def _ask(
    sale: Sale,
    records: Sequence[SoldSale],
    sold: SoldItem,
    package_id: str,
    session: Session,
    store: Store,
    act: Act,
) -> str:
    for record in records:
        keep_sale_in(session, act, record)
    ask_about_unlinked_in(session, store, act, sale, sold, package_id)
    return "It looks like a package that is not linked; a person is asked."
