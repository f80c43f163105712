"""Cash and other tender recorded in Square as payments of the order, and a sale that costs nothing."""

from __future__ import annotations

from plugin.core.money import Money
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.words import money_text
from plugin.errors import SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.checkout.order import is_sold, with_order
from plugin.square.checkout.saving import about_to_ask, save_waiting
from plugin.square.parsing import Json, square_id
from plugin.store.selling import Checkout

PAYMENT = "payment"
NOTHING = "nothing"


def go_on(services: Services, row: Checkout) -> str | RunAgain:
    """Record the payment of the order."""
    row = with_order(services, row)
    if row.amount == 0:
        return pay_nothing(services, row)
    if row.square_object_id is None:
        row = record(services, row)
    return _booked_next(services, row)


def go_on_for_nothing(services: Services, row: Checkout) -> str | RunAgain:
    """Close the order of a package without a price, unless Square asks money for it after all."""
    row = with_order(services, row)
    if row.amount == 0:
        return pay_nothing(services, row)
    if row.way == "link":
        raise SquareFailed(f"{row.notice} Begin again.", permanent=True, code="price_changed")
    return RunAgain(0, "Square asks money for it; it is sold the usual way.")


def record(services: Services, row: Checkout) -> Checkout:
    """Record what the client has handed over; raises SquareFailed, permanent, where it is too little."""
    _enough(services, row)
    about_to_ask(services, row, PAYMENT)
    source = "CASH" if row.way == "cash" else "EXTERNAL"
    answer = services.square.create_payment(f"{row.id}-pay", source, _wanted(row))
    return save_waiting(services, row, square_object_id=square_id(answer.get("id"), "payment id"))


def pay_nothing(services: Services, row: Checkout) -> str | RunAgain:
    """Close an order on which nothing is to pay."""
    if not is_sold(services, row):
        about_to_ask(services, row, NOTHING)
        ask_nothing(services, row)
    return _booked_next(services, row)


def ask_nothing(services: Services, row: Checkout) -> Checkout:
    """Close the order without a payment."""
    services.square.pay_order(f"{row.id}-nothing", square_id(row.square_order_id, "order id"))
    return save_waiting(services, row)


def _booked_next(services: Services, row: Checkout) -> str | RunAgain:
    if is_sold(services, row):
        return "Paid; the sale is booked next."
    return RunAgain(1, "Paid; Square does not show it on the order so far.")


def _enough(services: Services, row: Checkout) -> None:
    if row.way != "cash" or row.supplied is None or row.supplied >= row.amount:
        return
    clinic = read_clinic(services.store)
    to_pay, given = (money_text(Money(amount, row.currency), clinic) for amount in (row.amount, row.supplied))
    said = f"{to_pay} is to pay, {given} was given. Nothing was recorded; begin again with the right amount."
    raise SquareFailed(said, permanent=True, code="too_little")


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
