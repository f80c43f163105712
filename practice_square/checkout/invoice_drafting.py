"""Drafting of invoices: the order, the fields, the recipient as Square copies them."""

from practice_square.checkout.payment_requests import draft_schedule, merge_schedule, read_date
from practice_square.customers import read_customer
from practice_square.merchant import require_location
from practice_square.orders import find_order, invoice_of, require_payable
from practice_square.refusals import bad_request, invalid, missing, not_played
from practice_square.shapes import moment
from practice_square.storage import Json, Work

PLAIN = (
    "delivery_method",
    "invoice_number",
    "title",
    "description",
    "scheduled_at",
    "accepted_payment_methods",
    "sale_or_service_date",
    "store_payment_method_enabled",
)
SNAPSHOT = ("given_name", "family_name", "email_address", "phone_number", "company_name", "address")
METHODS = ("card", "square_gift_card", "bank_account", "buy_now_pay_later", "cash_app_pay")


def order_for(work: Work, given: Json) -> Json:
    """Find the order an invoice is drafted for. Raises Refusal for one that cannot be invoiced."""
    if not given.get("order_id"):
        raise missing("invoice.order_id")
    order = find_order(work, given["order_id"])
    if given.get("location_id"):
        require_location(work, given["location_id"], "invoice.location_id")
    if invoice_of(work, order["id"]) and work.get("invoice", invoice_of(work, order["id"]) or ""):
        raise bad_request("This order has an invoice already.", "invoice.order_id")
    require_payable(work, order)
    if "version" not in order or order.get("tenders"):
        raise bad_request("An invoice is for an unpaid order made through the API.", "invoice.order_id")
    if order["total_money"]["amount"] <= 0:
        raise bad_request("There is nothing to pay on this order.", "invoice.order_id")
    return order


def filled(work: Work, invoice: Json, given: Json, order: Json) -> Json:
    """Merge the given fields into the invoice and validate the whole."""
    for name in ("custom_fields", "payment_conditions"):
        if given.get(name):
            raise not_played(f"`{name}` is", f"invoice.{name}")
    whole = invoice | {name: given[name] for name in PLAIN if given.get(name) is not None}
    if given.get("primary_recipient"):
        whole["primary_recipient"] = _recipient(work, given["primary_recipient"])
    if given.get("payment_requests"):
        wanted = merge_schedule(invoice.get("payment_requests", []), given["payment_requests"])
        whole["payment_requests"] = draft_schedule(work, wanted, order["total_money"]["amount"])
    whole["accepted_payment_methods"] = _methods(whole)
    _check_whole(work, whole)
    if whole.get("scheduled_at"):
        whole["scheduled_at"] = moment(whole["scheduled_at"], "invoice.scheduled_at")
    return whole


def next_number(work: Work) -> str:
    """Count the invoices that were given no number: 0000001 and on."""
    last = int(work.note("last_invoice_number") or 0) + 1
    work.keep_note("last_invoice_number", last)
    return f"{last:07d}"


def _check_whole(work: Work, invoice: Json) -> None:
    for name in ("payment_requests", "delivery_method"):
        if not invoice.get(name):
            raise missing(f"invoice.{name}")
    if invoice["delivery_method"] == "SMS":
        raise invalid("SMS can only be chosen in Square's own apps.", "invoice.delivery_method")
    if not any(invoice["accepted_payment_methods"].values()):
        raise bad_request("Accept at least one payment method.", "invoice.accepted_payment_methods")
    if invoice.get("sale_or_service_date"):
        read_date(invoice["sale_or_service_date"], "invoice.sale_or_service_date")
    for other in work.all("invoice"):
        if other["invoice_number"] == invoice.get("invoice_number") and other["id"] != invoice["id"]:
            raise bad_request("This invoice number is taken.", "invoice.invoice_number")


def _methods(invoice: Json) -> Json:
    given = invoice.get("accepted_payment_methods") or {}
    return {name: bool(given.get(name)) for name in METHODS}


def _recipient(work: Work, given: Json) -> Json:
    """Copy the customer's profile as it is now; later changes of the profile do not follow."""
    if not given.get("customer_id"):
        return {}
    customer = read_customer(work, given["customer_id"])
    return {"customer_id": customer["id"]} | {name: customer[name] for name in SNAPSHOT if customer.get(name)}
