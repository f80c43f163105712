"""The Square order of a sale begun at the desk: opened, looked at, and canceled where nobody paid it."""

from __future__ import annotations

from plugin.core.money import Money
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.views import ClinicView
from plugin.courses.base.words import money_text
from plugin.errors import NotYet, SquareFailed
from plugin.services import Services
from plugin.square.checkout.saving import about_to_ask, keep
from plugin.square.customers import ensure_customer
from plugin.square.locations import adopt_location
from plugin.square.models import Order
from plugin.square.parsing import Json, square_id, unreadable
from plugin.square.sales import is_paid
from plugin.square.synthetic_events import receive_order
from plugin.store.selling import Checkout

ORDER = "order"
CREDIT = "credit"


def with_customer(services: Services, row: Checkout) -> Checkout:
    """Have the client and the place in the row. Without a profile only an invoice can't be sold."""
    if row.asked_for:
        # What was asked for is asked again word for word: Square refuses a key with another body.
        return row
    if row.square_location_id is None:
        row = keep(services, row, square_location_id=_location(services))
    if row.square_customer_id is not None:
        return row
    try:
        customer_id = ensure_customer(services, row.client_id, f"{row.id}-customer")
    except SquareFailed as error:
        if not error.permanent or row.way == "invoice":
            raise
        return row
    return keep(services, row, square_customer_id=customer_id)


def with_order(services: Services, row: Checkout) -> Checkout:
    """Have the order in the row, and what Square reckons is to pay."""
    if row.square_order_id is not None:
        return row
    row = with_customer(services, row)
    about_to_ask(services, row, ORDER)
    return save_order(services, row, services.square.create_order(f"{row.id}-order", order_wanted(row)))


def order_wanted(row: Checkout) -> Json:
    """Return the order as it is asked for: the same however often it is."""
    line: Json = {"catalog_object_id": row.square_variation_id, "quantity": str(row.quantity)}
    wanted: Json = {
        "location_id": row.square_location_id,
        "reference_id": row.id,
        "line_items": [line],
    }
    if credit := _credit(row):
        line["applied_discounts"] = [{"discount_uid": CREDIT}]
        wanted["discounts"] = [
            {
                "uid": CREDIT,
                "name": "Credit from your course",
                "type": "FIXED_AMOUNT",
                "amount_money": {"amount": credit, "currency": row.currency},
                "scope": "LINE_ITEM",
            }
        ]
    return wanted | ({"customer_id": row.square_customer_id} if row.square_customer_id else {})


def save_order(services: Services, row: Checkout, answer: Json, **more: object) -> Checkout:
    """Keep the order Square opened; raises SquareFailed, permanent, for one in another currency."""
    order = Order.read(answer)
    if order.total is None:
        raise unreadable("order without a total")
    if order.total.currency != row.currency:
        said = f"Square sells in {order.total.currency}, the package is priced in {row.currency}."
        keep(services, row, square_order_id=order.id, **more)
        raise SquareFailed(said, permanent=True, code="foreign_currency")
    if _discount(order) != _credit(row):
        keep(services, row, square_order_id=order.id, **more)
        said = "Square takes another amount off than the credit: its price of the package has changed. Begin again."
        raise SquareFailed(said, permanent=True, code="credit_changed")
    notice = _notice(read_clinic(services.store), order, Money(row.amount, row.currency))
    return keep(services, row, square_order_id=order.id, amount=order.total.amount, notice=notice, **more)


def _credit(row: Checkout) -> int:
    return int((row.credit_for or {}).get("discount", 0))


def _discount(order: Order) -> int:
    """Return what our own discount took off; any other discount is the seller's."""
    ours = [one.applied for one in order.discounts if one.uid == CREDIT]
    return sum(one.amount for one in ours if one is not None)


def read_order(services: Services, row: Checkout) -> Order:
    """Return the order as it stands."""
    return Order.read(services.square.order(square_id(row.square_order_id, "order id")))


def came_for(order: Order) -> int:
    """Return what has come for the order, minor units."""
    return sum(tender.amount.amount for tender in order.tenders if tender.is_captured and tender.amount)


def is_sold(services: Services, row: Checkout) -> bool:
    """Say whether the order is paid; if so its booking is owed, webhooks or not."""
    order = read_order(services, row)
    if _is_sale(order, row):
        receive_order(services, order.id, order.updated_at)
        return True
    return False


def close_order(services: Services, row: Checkout) -> bool:
    """Cancel the order, unless somebody has paid it: True where it is a sale after all."""
    if row.square_order_id is None:
        return False
    order = read_order(services, row)
    if _is_sale(order, row):
        receive_order(services, order.id, order.updated_at)
        return True
    if order.state not in ("OPEN", "DRAFT") or came_for(order) > 0:
        return False
    changes = {"location_id": order.location_id, "version": order.version, "state": "CANCELED"}
    try:
        services.square.update_order(f"{row.id}-void-{order.version}", order.id, changes)
    except SquareFailed as error:
        if not error.permanent:
            raise
        # Refused because it has just been paid, or because it never can be canceled: then it stays unpaid.
        return is_sold(services, row)
    return False


def _is_sale(order: Order, row: Checkout) -> bool:
    # Of a part-paid invoice that was canceled Square leaves one custom amount: paid, but no sale of the package.
    sold = [line.get("catalog_object_id") for line in order.lines]
    return is_paid(order) and (not sold or row.square_variation_id in sold)


def _location(services: Services) -> str:
    found = services.settings.square_location_id or read_clinic(services.store).square_location_id
    if found is None:
        adopt_location(services)
        found = read_clinic(services.store).square_location_id
    if found is None:
        raise NotYet("Square does not say so far where the clinic sells.")
    return found


def _notice(clinic: ClinicView, order: Order, expected: Money) -> str:
    total = order.total or expected
    tax = order.tax or Money(0, total.currency)
    asked, ours = (money_text(one, clinic) for one in (total, expected))
    if total == expected:
        return ""
    if total == expected + tax:
        added = money_text(tax, clinic)
        return f"{added} tax is added in Square: {asked} to pay."
    return f"Square asks {asked} for this, not {ours} as the package says. What Square asks is to pay."
