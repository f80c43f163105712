"""Which of a client's courses Square sold to one of the customers they were joined from. Asks order by order."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from plugin.services import Services
from plugin.square.buyers import customers_named
from plugin.square.client import SquareNotFound
from plugin.square.models import Order
from plugin.store.ledger import Course

# More than any client has; each is asked for.
_MOST_ORDERS = 50


def courses_sold_to(services: Services, client_id: str, customer_ids: Collection[str]) -> list[str]:
    """Return the client's courses whose order carries one of these customer ids."""
    with services.store.reading() as session:
        rows = session.execute(
            select(Course.id, Course.square_order_id)
            .where(Course.client_id == client_id, Course.square_order_id.is_not(None))
            .order_by(Course.id)
        ).all()
    orders = list(dict.fromkeys(order_id for _, order_id in rows if order_id is not None))[:_MOST_ORDERS]
    theirs = {order_id for order_id in orders if _names(services, order_id, customer_ids)}
    return [course_id for course_id, order_id in rows if order_id in theirs]


def _names(services: Services, order_id: str, customer_ids: Collection[str]) -> bool:
    try:
        order = Order.read(services.square.order(order_id))
    except SquareNotFound:
        return False
    return any(named in customer_ids for named in customers_named(services, order, None))
