"""Payment of an order made through the API on one of Square's own screens."""

from practice_square.customers import make_instant_profile
from practice_square.events import announce_payment
from practice_square.faults import read_faults
from practice_square.orders import settle_order
from practice_square.payment_sources import card_source, cash_source
from practice_square.payments import capture_payment, new_payment, tender_of
from practice_square.refusals import invalid
from practice_square.storage import Json, Work

TENDERS = ("card", "cash", "other")


def take(
    work: Work,
    order: Json,
    *,
    amount: int,
    tip: int = 0,
    source: Json,
    square_product: str,
    named: Json,
    is_captured: bool = True,
) -> Json:
    """Charge an order and add the tender to it. Returns the payment. `named` are further fields of the payment."""
    payment = new_payment(work, amount=amount, tip=tip, order_id=order["id"], source=source)
    payment |= {name: value for name, value in named.items() if value}
    is_nameless_card = source["source_type"] == "CARD" and not payment.get("customer_id")
    if is_nameless_card and read_faults(work).makes_instant_profiles:
        payment["customer_id"] = make_instant_profile(work)["id"]
    payment["application_details"] = {"square_product": square_product}
    announce_payment(work, work.put("payment", payment), is_new=True)
    if is_captured:
        payment = capture_payment(work, payment)
        settle_order(work, order, [tender_of(payment)])
    return payment


def source_of(work: Work, tender: str, amount: int, entry_method: str) -> Json:
    """Return the payment source. A seller may also record cash, or an external payment."""
    if tender not in TENDERS:
        raise invalid("A tender is card, cash or other.", "tender")
    if tender == "cash":
        return cash_source(work, amount, amount)
    if tender == "other":
        return {"source_type": "EXTERNAL", "external_details": {"type": "OTHER", "source": "Other tender"}}
    return card_source(entry_method)
