"""The payment link of a tip, and whether it was paid. Its order sells no package, so it is no sale."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from plugin.courses.base.outbox import Job
from plugin.courses.journal.keep import expect_fee
from plugin.courses.sales.tips import tip_for_change
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.checkout.order import location_of
from plugin.square.models import Order
from plugin.square.parsing import Json, record, square_id, text
from plugin.square.sales import is_paid
from plugin.store.selling import Tip

_WATCHED_FOR = timedelta(minutes=15)
_AT_FIRST_S, _LATER_S = 10.0, 3600.0
LATEST = timedelta(days=3)


def run_tip(services: Services, job: Job) -> str | RunAgain:
    """Make the link, then look for the payment until it is there or three days have passed; raises SquareFailed."""
    row = _read(services, job.subject)
    if row.ended_at is not None:
        return "It has ended."
    if row.square_order_id is None:
        _make_link(services, row)
        return RunAgain(_AT_FIRST_S, "The client has the link.")
    order = Order.read(services.square.order(row.square_order_id))
    if is_paid(order):
        _end(services, row.id, "paid", order)
        return "The tip is paid."
    waited = services.clock() - row.begun_at
    if waited > LATEST:
        _end(services, row.id, "unpaid")
        return "It was not paid."
    return RunAgain(_AT_FIRST_S if waited < _WATCHED_FOR else _LATER_S, "It is not paid yet.")


def give_up_tip(services: Services, job: Job, _sentence: str) -> None:
    """End a tip that Square does not take."""
    _end(services, job.subject, "unpaid")


def _make_link(services: Services, row: Tip) -> None:
    location_id = row.square_location_id or location_of(services)

    def keep(session: Session) -> None:
        # A call is repeated with the same body: Square refuses a key with another one.
        tip_for_change(session, row.id).square_location_id = location_id

    services.store.transact(keep)
    wanted: Json = {
        "quick_pay": {
            "name": "Tip",
            "price_money": {"amount": row.amount, "currency": row.currency},
            "location_id": location_id,
        }
    }
    answer = services.square.create_payment_link(f"{row.id}-tip", wanted)
    link = record(answer.get("payment_link"), "payment_link")
    order_id = square_id(link.get("order_id"), "order id")
    url = text(link.get("url")) or text(link.get("long_url"))

    def save(session: Session) -> None:
        current = tip_for_change(session, row.id)
        current.square_order_id, current.url = order_id, url
        if current.state == "asking":
            current.state = "waiting"

    services.store.transact(save)


def _read(services: Services, tip_id: str) -> Tip:
    def read(session: Session) -> Tip:
        row = tip_for_change(session, tip_id)
        session.expunge(row)
        return row

    return services.store.transact(read)


def _end(services: Services, tip_id: str, state: str, order: Order | None = None) -> None:
    now: datetime = services.clock()

    def end(session: Session) -> None:
        row = tip_for_change(session, tip_id)
        if row.ended_at is None:
            row.state, row.ended_at = state, now
            for tender in order.tenders if order else ():
                if tender.payment_id:
                    expect_fee(session, tender.payment_id, row.square_order_id or "", now)

    services.store.transact(end)
