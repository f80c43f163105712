"""Sales whose lines look like packages that are not linked: put before a person, with what Square says of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from plugin.courses.base.outbox import Job
from plugin.courses.base.work import Work
from plugin.courses.documents.sale_record import SoldSale, save_sale_in
from plugin.courses.sales.lookalikes import Offers, SoldItem
from plugin.courses.sales.sales import Refund, Sale
from plugin.courses.sales.unlinked import ask_about_unlinked, note_refund_in
from plugin.services import Services
from plugin.square.buyers import Bought
from plugin.square.effects import Effect, Effects
from plugin.square.models import Order
from plugin.square.parsing import Json
from plugin.square.sale_record import sales_recorded
from plugin.square.sales import other_items, sale_of
from plugin.square.synthetic_events import SWEPT_ORDER, SWEPT_REFUND, receive_synthetic

Alike = tuple[Json, SoldItem, str]


def lines_like_packages(lines: Sequence[Json], known: Sequence[Json], offers: Offers) -> list[Alike]:
    """Return the lines, beside those known to sell packages, that seem to, each with the package."""
    seeming = ((line, sold, offers.package_like(sold)) for line, sold in other_items(lines, known))
    return [(line, sold, package_id) for line, sold, package_id in seeming if package_id is not None]


def asked_about(order: Order, alike: Iterable[Alike], bought: Bought, *, of_invoice: bool) -> Effects:
    """Have each of these lines asked about, and the sale kept as its invoice will need it."""
    records = sales_recorded(order)
    effects = [
        partial(_ask, sale_of(order, [line], bought, of_invoice=of_invoice), records, sold, package_id)
        for line, sold, package_id in alike
    ]
    return Effects(effects=tuple(effects))


def noted(refund: Refund) -> Effect:
    """Have a refund kept beside what is asked about its sale."""
    return lambda work: note_refund_in(work.session, work.act, refund)


def look_at_sale(services: Services, owed: Job) -> str:
    """Look at a sale again, and at refunds that came before it was booked."""
    receive_synthetic(services, SWEPT_ORDER, owed.subject, owed.id)
    for refund_id in owed.payload.get("refund_ids", ()):
        receive_synthetic(services, SWEPT_REFUND, refund_id, owed.id)
    return "The sale is looked at again."


def _ask(
    sale: Sale,
    records: Sequence[SoldSale],
    sold: SoldItem,
    package_id: str,
    work: Work,
) -> str:
    for record in records:
        save_sale_in(work.session, work.act, record)
    ask_about_unlinked(work, sale, sold, package_id)
    return "It looks like a package that is not linked; a person is asked."
