"""Outbox jobs about sales that are fetched from Square again."""

from dataclasses import replace

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE
from plugin.courses.base.outbox import Job
from plugin.courses.base.work import Work
from plugin.courses.documents.enqueue import enqueue_invoice
from plugin.courses.documents.sale_record import save_sale_in
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.inbox import SWEPT_ORDER, SWEPT_REFUND, receive_synthetic
from plugin.square.models import Order
from plugin.square.sale_record import sold_sale


def record_sale(services: Services, job: Job) -> str:
    """Record a sale that could not be read for its invoice when it was booked; that follows. Raises SquareFailed."""
    try:
        order = Order.read(services.square.order(job.subject))
    except SquareNotFound:
        reason = "Square no longer shows this sale, so no invoice can be made of it here."
        raise SquareFailed(reason, permanent=True, code="square_no_order") from None
    record = sold_sale(order)
    actor = replace(SQUARE, name=job.payload.get("by", SQUARE.name))
    act = job.act(actor, services.clock())

    def work(session: Session) -> None:
        save_sale_in(session, act, record)
        enqueue_invoice(Work(session, services.store, act), job.subject)

    services.store.transact(work)
    return "Sale recorded; its invoice follows."


def look_at_sale(services: Services, job: Job) -> str:
    """Add events for a sale whose line was linked since, and for the refunds of it."""
    receive_synthetic(services, SWEPT_ORDER, job.subject, job.id)
    for refund_id in job.payload.get("refund_ids", ()):
        receive_synthetic(services, SWEPT_REFUND, refund_id, job.id)
    return "The sale is handled again."
