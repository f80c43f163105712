"""The Square order of a sale begun at the desk: created, read, and canceled where it is not paid."""

from plugin.core.money import Money
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.views import ClinicView
from plugin.courses.base.words import money_text
from plugin.errors import NotYet, SquareFailed
from plugin.services import Services
from plugin.square.checkout.row import note_call, save
from plugin.square.customers import ensure_customer
from plugin.square.inbox import receive_order
from plugin.square.locations import adopt_location
from plugin.square.models import Order
from plugin.square.parsing import Json, square_id, unreadable
from plugin.square.sales import is_paid
from plugin.store.selling import Checkout
from plugin.wording import _

ORDER = "order"
CREDIT = "credit"


def with_customer(services: Services, row: Checkout) -> Checkout:
    """Set the client's profile and the location in the row. Only an invoice needs a profile."""
    if row.asked_for:
        # A call is repeated with the same body: Square refuses a key with another one.
        return row
    if row.square_location_id is None:
        row = save(services, row, square_location_id=location_of(services))
    if row.square_customer_id is not None:
        return row
    try:
        customer_id = ensure_customer(services, row.client_id, f"{row.id}-customer")
    except SquareFailed as error:
        if not error.permanent or row.way == "invoice":
            raise
        return row
    return save(services, row, square_customer_id=customer_id)


def with_order(services: Services, row: Checkout) -> Checkout:
    """Create the order, and set it in the row with the total that Square computed."""
    if row.square_order_id is not None:
        return row
    row = with_customer(services, row)
    note_call(services, row, ORDER)
    return save_order(services, row, services.square.create_order(f"{row.id}-order", order_wanted(row)))


def order_wanted(row: Checkout) -> Json:
    """Return the request for the order: the same at each try."""
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
                "name": _("Credit from your course"),
                "type": "FIXED_AMOUNT",
                "amount_money": {"amount": credit, "currency": row.currency},
                "scope": "LINE_ITEM",
            }
        ]
    return wanted | ({"customer_id": row.square_customer_id} if row.square_customer_id else {})


def save_order(services: Services, row: Checkout, answer: Json, **more: object) -> Checkout:
    """Save the order that Square created; raises SquareFailed, permanent, for another currency or another credit."""
    order = Order.read(answer)
    if order.total is None:
        raise unreadable("order without a total")
    if order.total.currency != row.currency:
        reason = _(
            "Square sells in {currency}, the package is priced in {currency2}.",
            currency=order.total.currency,
            currency2=row.currency,
        )
        save(services, row, square_order_id=order.id, **more)
        raise SquareFailed(reason, permanent=True, code="foreign_currency")
    if _discount(order) != _credit(row):
        save(services, row, square_order_id=order.id, **more)
        reason = _(
            "Square deducts another amount than the credit: its price of the package has changed. Begin again."
        )
        raise SquareFailed(reason, permanent=True, code="credit_changed")
    notice = _notice(read_clinic(services.store), order, Money(row.amount, row.currency))
    return save(services, row, square_order_id=order.id, amount=order.total.amount, notice=notice, **more)


def _credit(row: Checkout) -> int:
    return int((row.credit_for or {}).get("discount", 0))


def _discount(order: Order) -> int:
    """Return what our own discount took off; any other discount is the seller's."""
    ours = [one.applied for one in order.discounts if one.uid == CREDIT]
    return sum(one.amount for one in ours if one is not None)


def read_order(services: Services, row: Checkout) -> Order:
    """Return the order as it is in Square now."""
    return Order.read(services.square.order(square_id(row.square_order_id, "order id")))


def paid_of(order: Order) -> int:
    """Return what is paid of the order, minor units."""
    return sum(tender.amount.amount for tender in order.tenders if tender.is_captured and tender.amount)


def is_sold(services: Services, row: Checkout) -> bool:
    """Return whether the order is paid; if so an event is added that books it, webhooks or not."""
    order = read_order(services, row)
    if _is_sale(order, row):
        receive_order(services, order.id, order.updated_at)
        return True
    return False


def close_order(services: Services, row: Checkout) -> bool:
    """Cancel the order unless it is paid; True where it is a sale after all."""
    if row.square_order_id is None:
        return False
    order = read_order(services, row)
    if _is_sale(order, row):
        receive_order(services, order.id, order.updated_at)
        return True
    if order.state not in ("OPEN", "DRAFT") or paid_of(order) > 0:
        return False
    changes = {"location_id": order.location_id, "version": order.version, "state": "CANCELED"}
    try:
        services.square.update_order(f"{row.id}-void-{order.version}", order.id, changes)
    except SquareFailed as error:
        if not error.permanent:
            raise
        # Refused because it has just been paid, or because it can't be canceled: then it stays unpaid.
        return is_sold(services, row)
    return False


def _is_sale(order: Order, row: Checkout) -> bool:
    # Of a part-paid invoice that was canceled Square leaves one custom amount: paid, but no sale of the package.
    sold = [line.get("catalog_object_id") for line in order.lines]
    return is_paid(order) and (not sold or row.square_variation_id in sold)


def location_of(services: Services) -> str:
    """Return the location that sales are made at; raises NotYet."""
    found = services.settings.square_location_id or read_clinic(services.store).square_location_id
    if found is None:
        adopt_location(services)
        found = read_clinic(services.store).square_location_id
    if found is None:
        raise NotYet(_("Square does not show the clinic’s location yet."))
    return found


def _notice(clinic: ClinicView, order: Order, expected: Money) -> str:
    total = order.total or expected
    tax = order.tax or Money(0, total.currency)
    asked, ours = (money_text(one, clinic) for one in (total, expected))
    if total == expected:
        return ""
    if total == expected + tax:
        added = money_text(tax, clinic)
        return _("{added} tax is added in Square: {asked} due.", added=added, asked=asked)
    return _(
        "Square charges {asked} for this, not {ours} as the package says. Square’s amount is due.",
        asked=asked,
        ours=ours,
    )
