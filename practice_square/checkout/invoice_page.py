"""Payments and refunds of a published invoice, by a client or the desk."""

from practice_square.checkout.invoices import COLLECTING, change_invoice, due_now, find_invoice
from practice_square.checkout.payment_requests import left_of, spread_payment
from practice_square.checkout.taking import source_of, take
from practice_square.customers import current_id
from practice_square.events import announce_invoice
from practice_square.merchant import money
from practice_square.orders import find_order, invoice_of
from practice_square.refusals import bad_request
from practice_square.storage import Json, Work


def pay_invoice(work: Work, id_: str, amount: int | None = None, tender: str = "card") -> Json:
    """Pay what is next due, or an amount. Returns {"invoice", "payment", "order"}."""
    invoice = find_invoice(work, id_)
    if invoice["status"] not in COLLECTING:
        raise bad_request(f"A {invoice['status']} invoice takes no payment.", "invoice_id")
    amount = due_now(work, invoice) if amount is None else amount
    if not 0 < amount <= still_due(invoice):
        raise bad_request("The amount is more than nothing and no more than is due.", "amount")
    payment = take(
        work,
        find_order(work, invoice["order_id"]),
        amount=amount,
        source=source_of(work, tender, amount, "KEYED"),
        square_product="INVOICES",
        named={"customer_id": current_id(work, invoice["primary_recipient"]["customer_id"])},
    )
    paid = _paid(work, invoice, amount)
    announce_invoice(work, "payment_made", paid)
    return {"invoice": paid, "payment": payment, "order": find_order(work, invoice["order_id"])}


def still_due(invoice: Json) -> int:
    """Return what is still due of the whole invoice, in minor units."""
    return sum(left_of(part) for part in invoice["payment_requests"])


def follow_refund(work: Work, order_id: str) -> None:
    """Update an invoice after a refund of its order."""
    invoice_id = invoice_of(work, order_id)
    if invoice_id is None:
        return
    tenders = find_order(work, order_id).get("tenders", [])
    payments = [work.get("payment", tender["id"]) or {} for tender in tenders]
    taken = sum(one["total_money"]["amount"] for one in payments)
    back = sum(one.get("refunded_money", {}).get("amount", 0) for one in payments)
    status = "REFUNDED" if back == taken else "PARTIALLY_REFUNDED"
    change_invoice(work, find_invoice(work, invoice_id), {"status": status}, what="refunded")


def _paid(work: Work, invoice: Json, amount: int) -> Json:
    parts = spread_payment(work, invoice["payment_requests"], amount)
    change: Json = {"payment_requests": parts, "status": "PARTIALLY_PAID"}
    if still_due(change) == 0:
        change["status"] = "PAID"
        invoice = {name: one for name, one in invoice.items() if name != "next_payment_amount_money"}
    else:
        change["next_payment_amount_money"] = money(work, due_now(work, change))
    return change_invoice(work, invoice, change)
