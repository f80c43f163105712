"""Payment links that clients begin themselves: a package chosen on the public page, and a tip.

The payment of a package is found as any other sale’s. The order of a tip sells no package, so it is no sale.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from plugin.courses.agreements.public_signing import draw_ticked_terms
from plugin.courses.base.outbox import Job
from plugin.courses.catalog.packages import listing_in
from plugin.courses.journal.keep import expect_fee
from plugin.courses.sales.public_orders import public_order_for_change
from plugin.courses.sales.tips import tip_for_change
from plugin.errors import SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.checkout.link import make_link
from plugin.square.checkout.order import location_of
from plugin.square.models import Order
from plugin.square.parsing import Json, square_id
from plugin.square.sales import is_paid
from plugin.store.selling import PublicOrder, Tip
from plugin.wording import _


def make_public_link(services: Services, job: Job) -> str:
    """Have Square make the link, once: a lost answer is asked for again under the same key. Raises SquareFailed."""
    location_id = location_of(services)
    draw_ticked_terms(services.store, services.render, job.subject)

    def prepare(session: Session) -> Json | None:
        row = public_order_for_change(session, job.subject)
        if row.state != "asking":
            return None
        row.square_location_id = row.square_location_id or location_id
        return _wanted(services, session, row)

    wanted = services.store.transact(prepare)
    if wanted is None:
        return "It has its link, or has ended."
    made = make_link(services, f"{job.subject}-link", wanted)
    _save(services, job.subject, Order.read(made.order), made.url)
    return "The link is made."


def give_up_public_link(services: Services, job: Job, _sentence: str) -> None:
    """End the order: its page says that it could not be prepared."""

    def end(session: Session) -> None:
        row = public_order_for_change(session, job.subject)
        if row.state == "asking":
            row.state, row.ended_at = "failed", services.clock()

    services.store.transact(end)


def _wanted(services: Services, session: Session, row: PublicOrder) -> Json:
    listing = listing_in(session, row.package_id)
    if listing is None or listing.is_deleted:
        raise SquareFailed(_("The package is no longer sold in Square."), permanent=True, code="not_sold")
    wanted: Json = {
        "order": {
            "location_id": row.square_location_id,
            "reference_id": row.id,
            "line_items": [{"catalog_object_id": listing.square_variation_id, "quantity": "1"}],
        },
        "pre_populated_data": {"buyer_email": row.email},
    }
    if services.settings.is_https:
        back = f"{services.settings.public_url.rstrip('/')}/shop/orders/{row.token}"
        wanted["checkout_options"] = {"redirect_url": back}
    return wanted


def _save(services: Services, order_id: str, order: Order, url: str) -> None:
    def save(session: Session) -> None:
        row = public_order_for_change(session, order_id)
        row.square_order_id = order.id
        if order.total is not None and order.total.currency == row.currency and order.total.amount > 0:
            row.amount = order.total.amount
        if row.state == "asking":
            row.state, row.url = "waiting", url

    services.store.transact(save)


_WATCHED_FOR = timedelta(minutes=15)
_AT_FIRST_S, _LATER_S = 10.0, 3600.0
LATEST = timedelta(days=3)


def run_tip(services: Services, job: Job) -> str | RunAgain:
    """Make the link, then look for the payment until it is there or three days have passed; raises SquareFailed."""
    row = _read_tip(services, job.subject)
    if row.ended_at is not None:
        return "It has ended."
    if row.square_order_id is None:
        _make_tip_link(services, row)
        return RunAgain(_AT_FIRST_S, "The client has the link.")
    order = Order.read(services.square.order(row.square_order_id))
    if is_paid(order):
        _end_tip(services, row.id, "paid", order)
        return "The tip is paid."
    waited = services.clock() - row.begun_at
    if waited > LATEST:
        _end_tip(services, row.id, "unpaid")
        return "It was not paid."
    return RunAgain(_AT_FIRST_S if waited < _WATCHED_FOR else _LATER_S, "It is not paid yet.")


def give_up_tip(services: Services, job: Job, _sentence: str) -> None:
    """End a tip that Square does not take."""
    _end_tip(services, job.subject, "unpaid")


def _make_tip_link(services: Services, row: Tip) -> None:
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
    made = make_link(services, f"{row.id}-tip", wanted)

    def save(session: Session) -> None:
        current = tip_for_change(session, row.id)
        current.square_order_id, current.url = square_id(made.order.get("id"), "order id"), made.url
        if current.state == "asking":
            current.state = "waiting"

    services.store.transact(save)


def _read_tip(services: Services, tip_id: str) -> Tip:
    def read(session: Session) -> Tip:
        row = tip_for_change(session, tip_id)
        session.expunge(row)
        return row

    return services.store.transact(read)


def _end_tip(services: Services, tip_id: str, state: str, order: Order | None = None) -> None:
    now: datetime = services.clock()

    def end(session: Session) -> None:
        row = tip_for_change(session, tip_id)
        if row.ended_at is None:
            row.state, row.ended_at = state, now
            for tender in order.tenders if order else ():
                if tender.payment_id:
                    expect_fee(session, tender.payment_id, row.square_order_id or "", now)

    services.store.transact(end)
