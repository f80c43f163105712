"""A payment link's page: whether it can still be paid, and its payment by a buyer."""

from practice_square.checkout.taking import take
from practice_square.customers import INSTANT, create_customer, current_id
from practice_square.events import announce_order
from practice_square.faults import read_faults
from practice_square.orders import find_order
from practice_square.payment_sources import card_source
from practice_square.refusals import bad_request
from practice_square.storage import Json, Work


def standing(order: Json) -> str:
    """Return the status of a link's order: open, paid or closed."""
    if order["net_amount_due_money"]["amount"] == 0 and order.get("tenders"):
        return "paid"
    return "open" if order["state"] in ("DRAFT", "OPEN") else "closed"


def pay_link(work: Work, link: Json, *, email: str | None = None, tip: int = 0) -> Json:
    """Pay a link's order by card. Returns {"payment", "order"}."""
    order = find_order(work, link["order_id"])
    if standing(order) != "open":
        raise bad_request("This payment link no longer takes payments.", "payment_link_id")
    if tip and not (link.get("checkout_options") or {}).get("allow_tipping"):
        raise bad_request("This payment link does not ask for a tip.", "tip")
    email = email or (link.get("pre_populated_data") or {}).get("buyer_email")
    if read_faults(work).drops_link_customer:
        order = {name: value for name, value in order.items() if name != "customer_id"}
    customer_id = _customer_for(work, order, email)
    payment = take(
        work,
        _opened(work, order),
        amount=order["net_amount_due_money"]["amount"],
        tip=tip,
        source=card_source("KEYED"),
        square_product="ECOMMERCE_API",
        named={
            "customer_id": customer_id,
            "buyer_email_address": email,
            "note": link.get("payment_note"),
        },
    )
    return {"payment": payment, "order": find_order(work, order["id"])}


def _opened(work: Work, order: Json) -> Json:
    """A draft cannot be paid: the page opens it at the moment of payment."""
    if order["state"] == "OPEN":
        return order
    opened = order | {"state": "OPEN", "version": order["version"] + 1, "updated_at": work.now()}
    announce_order(work, work.put("order", opened), is_new=False)
    return opened


def _customer_for(work: Work, order: Json, email: str | None) -> str | None:
    """Return the customer of the payment: the order's, or the profile Square makes of a buyer.

    Square first searches for a matching profile, by rules it does not publish. Here only profiles match that it
    made itself: the harder case for finding out who paid.
    """
    if order.get("customer_id"):
        return current_id(work, order["customer_id"])
    if not email:
        return None
    for customer in work.all("customer"):
        is_same = customer.get("email_address", "").casefold() == email.casefold()
        if is_same and customer["creation_source"] == INSTANT:
            return str(customer["id"])
    made = create_customer(work, {"email_address": email}, INSTANT)["customer"]
    return str(made["id"])
