"""The payment link of a package that was chosen on the public page. Its payment is found as any other sale's."""

from sqlalchemy.orm import Session

from plugin.courses.agreements.public_signing import draw_ticked_terms
from plugin.courses.base.outbox import Job
from plugin.courses.catalog.packages import listing_in
from plugin.courses.sales.public_orders import public_order_for_change
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.checkout.order import location_of
from plugin.square.models import Order
from plugin.square.parsing import Json, record, records, square_id, text
from plugin.store.selling import PublicOrder
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
    answer = services.square.create_payment_link(f"{job.subject}-link", wanted)
    link = record(answer.get("payment_link"), "payment_link")
    order = _order(services, answer, link)
    _save(services, job.subject, order, text(link.get("url")) or text(link.get("long_url")))
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


def _order(services: Services, answer: Json, link: Json) -> Order:
    related = record(answer.get("related_resources") or {}, "related_resources")
    orders = records(related.get("orders"), "orders")
    found = orders[0] if orders else services.square.order(square_id(link.get("order_id"), "order id"))
    return Order.read(found)


def _save(services: Services, order_id: str, order: Order, url: str) -> None:
    def save(session: Session) -> None:
        row = public_order_for_change(session, order_id)
        row.square_order_id = order.id
        if order.total is not None and order.total.currency == row.currency and order.total.amount > 0:
            row.amount = order.total.amount
        if row.state == "asking":
            row.state, row.url = "waiting", url

    services.store.transact(save)
