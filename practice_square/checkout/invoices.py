"""Invoices through the API: drafting, publishing, changing, canceling. Their payment is in invoice_page."""

from practice_square.checkout.invoice_drafting import PLAIN, filled, next_number, order_for
from practice_square.checkout.invoice_shapes import CANCEL, CREATE, PUBLISH, UPDATE
from practice_square.checkout.payment_requests import next_due
from practice_square.events import announce_invoice
from practice_square.merchant import TIMEZONE, currency, money, today
from practice_square.orders import cancel_order, close_order, find_order
from practice_square.pricing import price_order
from practice_square.refusals import Refusal, bad_request, find, missing, version_mismatch
from practice_square.shapes import checked
from practice_square.storage import Json, Work

COLLECTING = ("UNPAID", "PARTIALLY_PAID")
CANCELABLE = ("SCHEDULED", *COLLECTING)


def create_invoice(work: Work, body: Json) -> Json:
    """Draft an invoice for an open order. From now on the order is paid through the invoice alone."""
    given = checked(body, CREATE)["invoice"]
    order = order_for(work, given)
    invoice: Json = {
        "id": "inv:0-" + work.make_id(),
        "version": 0,
        "location_id": order["location_id"],
        "order_id": order["id"],
        "status": "DRAFT",
        "timezone": TIMEZONE,
        "store_payment_method_enabled": False,
        **work.stamps(),
    }
    invoice = filled(work, invoice | {"invoice_number": next_number(work)}, given, order)
    work.keep_note(f"invoice_of:{order['id']}", invoice["id"])
    announce_invoice(work, "created", work.put("invoice", invoice))
    return {"invoice": invoice}


def find_invoice(work: Work, id_: str) -> Json:
    """Return an invoice; one that was scheduled becomes payable at its time."""
    invoice = find(work, "invoice", id_, "Invoice", "invoice_id")
    return as_of_now(work, invoice)


def as_of_now(work: Work, invoice: Json) -> Json:
    if invoice["status"] == "SCHEDULED" and invoice["scheduled_at"] <= work.now():
        return change_invoice(work, invoice, _collecting(work, invoice))
    if "next_payment_amount_money" not in invoice:
        return invoice
    return invoice | {"next_payment_amount_money": money(work, due_now(work, invoice))}


def read_invoice(work: Work, id_: str) -> Json:
    return {"invoice": find_invoice(work, id_)}


def update_invoice(work: Work, id_: str, body: Json) -> Json:
    """Change an invoice sparsely; null clears a field. A published one can't change its recipient or number."""
    change = checked(body, UPDATE)["invoice"]
    invoice = _for_change(work, id_, change["version"])
    if invoice["status"] not in ("DRAFT", *CANCELABLE):
        raise bad_request(f"A {invoice['status']} invoice cannot be changed.", "invoice")
    kept: tuple[str, ...] = ("order_id", "location_id")
    if invoice["status"] != "DRAFT":
        kept += ("primary_recipient", "invoice_number")
    for name in kept:
        if change.get(name) not in (None, invoice.get(name)):
            raise bad_request(f"`{name}` cannot be changed any more.", f"invoice.{name}")
    cleared = [*(body.get("fields_to_clear") or []), *(name for name, one in change.items() if one is None)]
    bare = {name: one for name, one in invoice.items() if name not in cleared or name not in PLAIN}
    merged = filled(work, bare, change, find_order(work, invoice["order_id"]))
    return {"invoice": change_invoice(work, merged, {})}


def publish_invoice(work: Work, id_: str, body: Json, base_url: str) -> Json:
    """Publish an invoice: payable at once, or from the scheduled time on."""
    invoice = _for_change(work, id_, checked(body, PUBLISH)["version"])
    if invoice["status"] != "DRAFT":
        raise bad_request(f"The invoice is {invoice['status']}, not a DRAFT.", "invoice_id")
    recipient = invoice.get("primary_recipient") or {}
    if not recipient.get("customer_id"):
        raise missing("invoice.primary_recipient.customer_id", "An invoice is published to somebody.")
    if invoice["delivery_method"] == "EMAIL" and not recipient.get("email_address"):
        raise Refusal(
            "CUSTOMER_MISSING_EMAIL",
            "The recipient has no email address.",
            field="invoice.primary_recipient.customer_id",
        )
    if find_order(work, invoice["order_id"])["state"] != "OPEN":
        raise bad_request("The order of this invoice is not OPEN.", "invoice.order_id")
    work.keep_note(f"invoice_page:{id_}", f"{base_url}/invoice/{id_}")
    is_later = invoice.get("scheduled_at", "") > work.now()
    stands = {"status": "SCHEDULED"} if is_later else _collecting(work, invoice)
    return {"invoice": change_invoice(work, invoice, stands, what="published")}


def cancel_invoice(work: Work, id_: str, body: Json) -> Json:
    """Cancel an invoice and its order; of a part payment only its amount remains, and no line."""
    invoice = _for_change(work, id_, checked(body, CANCEL)["version"])
    if invoice["status"] not in CANCELABLE:
        raise bad_request(f"A {invoice['status']} invoice cannot be canceled.", "invoice_id")
    order = find_order(work, invoice["order_id"])
    if invoice["status"] == "PARTIALLY_PAID":
        close_order(work, _cut_to_paid(work, order), "COMPLETED")
    else:
        cancel_order(work, order)
    bare = {name: one for name, one in invoice.items() if name != "next_payment_amount_money"}
    return {"invoice": change_invoice(work, bare, {"status": "CANCELED"}, what="canceled")}


def delete_invoice(work: Work, id_: str, version: int | None) -> Json:
    """Delete a draft, and its order with it."""
    invoice = _for_change(work, id_, version)
    if invoice["status"] != "DRAFT":
        raise bad_request("Only a DRAFT can be deleted. Cancel this invoice.", "invoice_id")
    order = find_order(work, invoice["order_id"])
    if order["state"] == "OPEN":
        cancel_order(work, order)
    work.remove("invoice", id_)
    announce_invoice(work, "deleted", invoice)
    return {}


def change_invoice(work: Work, invoice: Json, change: Json, *, what: str = "updated") -> Json:
    """Write the invoice's next version and send its event."""
    version, now = invoice["version"] + 1, work.now()
    changed = work.put("invoice", invoice | change | {"version": version, "updated_at": now})
    announce_invoice(work, what, changed)
    return changed


def due_now(work: Work, invoice: Json) -> int:
    return next_due(invoice["payment_requests"], today(work))


def _collecting(work: Work, invoice: Json) -> Json:
    return {
        "status": "UNPAID",
        "public_url": str(work.note(f"invoice_page:{invoice['id']}")),
        "next_payment_amount_money": money(work, due_now(work, invoice)),
    }


def _for_change(work: Work, id_: str, version: int | None) -> Json:
    invoice = find_invoice(work, id_)
    if version not in (None, invoice["version"]):
        raise version_mismatch(f"Version mismatch: the invoice is at version {invoice['version']}.")
    return invoice


def _cut_to_paid(work: Work, order: Json) -> Json:
    """Square replaces the lines of a part-paid order by one custom amount: what was paid."""
    paid = sum(tender["amount_money"]["amount"] for tender in order.get("tenders", []))
    line = {
        "uid": work.make_id(),
        "quantity": "1",
        "item_type": "CUSTOM_AMOUNT",
        "base_price_money": money(work, paid),
    }
    bare = {name: one for name, one in order.items() if name not in ("discounts", "taxes", "service_charges")}
    return price_order(bare | {"line_items": [line]}, currency(work))
