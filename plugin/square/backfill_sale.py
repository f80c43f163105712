"""The errand for a sale that was booked before sales were kept: Square is asked for it, then its invoice is owed."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.outbox import Job
from plugin.courses.base.work import Work
from plugin.courses.catalog.packages import known_variations_in
from plugin.courses.documents.enqueue import enqueue_invoice
from plugin.courses.documents.sale_record import save_sale_in
from plugin.courses.sales.payments import learn_taxes_in
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.buyers import Bought
from plugin.square.client import SquareNotFound
from plugin.square.models import Order
from plugin.square.sale_record import sold_sale
from plugin.square.sales import package_lines, sale_of


def record_sale(services: Services, owed: Job) -> str:
    """Keep the sale as Square has it now; raises SquareFailed."""
    try:
        order = Order.read(services.square.order(owed.subject))
    except SquareNotFound:
        said = "Square does not show this sale any more, so no invoice can be made of it here."
        raise SquareFailed(said, permanent=True, code="square_no_order") from None
    record = sold_sale(order)
    actor = replace(SQUARE, name=owed.payload.get("by", SQUARE.name))
    act = Act(actor, services.clock(), f"outbox:{owed.id}")

    def work(session: Session) -> None:
        save_sale_in(session, act, record)
        lines = package_lines(order.lines, known_variations_in(session))
        learn_taxes_in(session, sale_of(order, lines, Bought(None)))
        enqueue_invoice(Work(session, services.store, act), owed.subject)

    services.store.transact(work)
    return "The sale was kept as Square has it; its invoice follows."
