"""Cash and other tender recorded in Square as payments of the order, and sales without a price."""

from plugin.core.money import Money
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.words import money_text
from plugin.errors import SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.checkout.order import is_sold
from plugin.square.checkout.row import note_call, save_waiting
from plugin.square.parsing import Json, square_id
from plugin.store.selling import Checkout
from plugin.wording import _

PAYMENT = "payment"
NOTHING = "nothing"


def record_payment(services: Services, row: Checkout) -> Checkout:
    """Record what the client has paid; raises SquareFailed, permanent, where it is too little."""
    _check_enough(services, row)
    note_call(services, row, PAYMENT)
    source = "CASH" if row.way == "cash" else "EXTERNAL"
    answer = services.square.create_payment(f"{row.id}-pay", source, _wanted(row))
    return save_waiting(services, row, square_object_id=square_id(answer.get("id"), "payment id"))


def pay_nothing(services: Services, row: Checkout) -> str | RunAgain:
    """Close an order on which nothing is due."""
    if not is_sold(services, row):
        note_call(services, row, NOTHING)
        close_without_payment(services, row)
    return check(services, row)


def close_without_payment(services: Services, row: Checkout) -> Checkout:
    """Close the order without a payment."""
    services.square.pay_order(f"{row.id}-nothing", square_id(row.square_order_id, "order id"))
    return save_waiting(services, row)


def check(services: Services, row: Checkout) -> str | RunAgain:
    """Check whether the order shows the payment, and enqueue its booking."""
    if is_sold(services, row):
        return _("Paid; the sale is booked next.")
    return RunAgain(1, _("Paid; Square does not show it on the order yet."))


def _check_enough(services: Services, row: Checkout) -> None:
    if row.way != "cash" or row.supplied is None or row.supplied >= row.amount:
        return
    clinic = read_clinic(services.store)
    due, given = (money_text(Money(amount, row.currency), clinic) for amount in (row.amount, row.supplied))
    reason = _(
        "{due} is due, {given} was given. Nothing was recorded; begin again with the right amount.",
        due=due,
        given=given,
    )
    raise SquareFailed(reason, permanent=True, code="too_little")


def _wanted(row: Checkout) -> Json:
    due = {"amount": row.amount, "currency": row.currency}
    wanted: Json = {
        "amount_money": due,
        "order_id": row.square_order_id,
        "location_id": row.square_location_id,
        "reference_id": row.id,
    }
    if row.square_customer_id:
        wanted["customer_id"] = row.square_customer_id
    if row.way == "cash":
        supplied = row.amount if row.supplied is None else row.supplied
        return wanted | {"cash_details": {"buyer_supplied_money": due | {"amount": supplied}}}
    return wanted | {"external_details": {"type": "OTHER", "source": row.tender}}
