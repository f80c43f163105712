"""Match a booked sale to the checkouts begun at the desk, and mark them paid, in full or in part."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import String, bindparam, func, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.money import Money
from plugin.courses.base.events import SaleBooked
from plugin.courses.base.work import Work
from plugin.courses.clients.clients import living_client_in
from plugin.courses.sales.checkout_views import LONGEST_AT_TILL
from plugin.store.prepared import Prepared
from plugin.store.tables import Checkout, Course, PublicOrder


def begun_of_order_in(session: Session, square_order_id: str) -> tuple[Sequence[Any], Any]:
    """Return the checkouts begun at the desk, and the order of the public page, that this order completes.

    Rows of `_BEGUN`, and of its columns from `public_order_id` on; None for no such order.
    """
    session.flush()
    rows = _BEGUN.all(session.connection(), {"order_id": square_order_id})
    begun = [row for row in rows if row.checkout_id is not None]
    return begun, next((row for row in rows if row.public_order_id is not None), None)


_ORDER = select(bindparam("order_id", type_=String).label("id")).subquery()
_BEGUN = Prepared(
    select(
        Checkout.id.label("checkout_id"),
        Checkout.client_id,
        Checkout.way,
        PublicOrder.id.label("public_order_id"),
        PublicOrder.name,
        PublicOrder.phone,
        PublicOrder.email,
        PublicOrder.language,
    )
    .select_from(_ORDER)
    .outerjoin(Checkout, Checkout.square_order_id == _ORDER.c.id)
    .outerjoin(PublicOrder, PublicOrder.square_order_id == _ORDER.c.id)
)


def begun_for_in(session: Session, begun: Sequence[Any]) -> str | None:
    """Return the client of these checkouts; None for an order that began at Square POS."""
    client_id = next((row.client_id for row in begun if row.way != "till"), None)
    return living_client_in(session, client_id).id if client_id is not None else None


def settle_checkouts(work: Work, sale: SaleBooked) -> None:
    """Mark the checkouts of this booked order paid, or paid in part so far."""
    order_id, so_far = sale.square_order_id, sale.paid_so_far
    begun = [work.session.get_one(Checkout, each) for each in sale.checkout_ids]
    for row in begun:
        _came(row, work.act, so_far)
    if so_far is None and not any(row.way != "till" for row in begun):
        _settle_at_till(work.session, work.act, order_id, {row.package_id for row in begun})
    work.session.flush()


def _came(row: Checkout, act: Act, came: Money | None) -> None:
    if row.state == "paid":
        return
    if came is not None:
        row.came = max(row.came, came.amount)
        return
    # A payment made before the cancellation requested at the desk is a sale, whatever the row's state.
    row.state, row.came, row.problem = "paid", row.amount, ""
    row.ended_at = act.now


def sold_at_till_in(session: Session, act: Act, row: Checkout, square_order_id: str) -> None:
    """Mark a checkout as paid by this order of Square POS, which may have applied a discount."""
    charged = Course.price + func.coalesce(Course.tax, 0)
    prices = select(func.coalesce(func.sum(charged), 0)).where(
        Course.square_order_id == square_order_id, Course.package_id == row.package_id
    )
    row.square_order_id, row.amount = square_order_id, int(session.scalar(prices) or 0)
    _came(row, act, None)


_AT_TILL = Prepared(
    select(Course.id.label("course_id"), Checkout.id.label("checkout_id"))
    .join(Checkout, (Checkout.client_id == Course.client_id) & (Checkout.package_id == Course.package_id))
    .where(
        Course.square_order_id == bindparam("order_id"),
        Checkout.way == "till",
        Checkout.ended_at.is_(None),
        Checkout.created_at <= Course.booked_at,
    )
    .order_by(Course.id, Checkout.created_at.desc(), Checkout.id.desc())
)


def _settle_at_till(session: Session, act: Act, square_order_id: str, settled: set[str]) -> None:
    """Settle one checkout for each package of the order: the client's newest that waits for Square POS."""
    session.flush()
    for waiting in _AT_TILL.all(session.connection(), {"order_id": square_order_id}):
        course = session.get_one(Course, waiting.course_id)
        row = session.get_one(Checkout, waiting.checkout_id)
        # Only checkouts begun shortly before the sale was booked: an older sale's event may repeat.
        is_recent = row.created_at >= course.booked_at - LONGEST_AT_TILL
        if is_recent and course.package_id not in settled:
            sold_at_till_in(session, act, row, square_order_id)
            settled.add(course.package_id)
