"""The errand for a sale that was booked before sales were kept: Square is asked for it, then its invoice is owed."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.documents.owed import owe_invoice_in
from plugin.courses.documents.sale_record import keep_sale_in
from plugin.courses.queues.outbox import Owed
from plugin.errors import SquareFailed
from plugin.house import House
from plugin.square.client import SquareNotFound
from plugin.square.sale_records import sold_sale


def record_sale(house: House, owed: Owed) -> str:
    """Keep the sale as Square has it now; raises SquareFailed."""
    try:
        sale = sold_sale(house.square.order(owed.subject))
    except SquareNotFound:
        said = "Square does not show this sale any more, so no invoice can be made of it here."
        raise SquareFailed(said, permanent=True, code="square_no_order") from None
    actor = replace(SQUARE, name=owed.payload.get("by", SQUARE.name))
    act = Act(actor, house.clock(), f"outbox:{owed.id}")

    def work(session: Session) -> None:
        keep_sale_in(session, act, sale)
        owe_invoice_in(session, house.store, act, owed.subject)

    house.store.transact(work)
    return "The sale was kept as Square has it; its invoice follows."
