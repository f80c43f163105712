"""Payments: made through the API or at the register, captured at once or later, each with a tender on its order."""

from datetime import timedelta

from practice_square.events import announce_payment
from practice_square.merchant import currency, location_id, money, require_currency, require_location
from practice_square.orders import create_order, find_order, require_payable, settle_order
from practice_square.payment_sources import amount_of, chosen_source
from practice_square.refusals import Refusal, bad_request, find, missing, version_mismatch
from practice_square.shapes import PRICE, Flag, Record, Text, checked
from practice_square.storage import Json, Work

CREATE = Record(
    source_id=Text(1, required=True),
    idempotency_key=Text(1, 45, required=True),
    amount_money=PRICE,
    tip_money=PRICE,
    autocomplete=Flag(),
    order_id=Text(),
    customer_id=Text(),
    location_id=Text(),
    team_member_id=Text(),
    reference_id=Text(most=40),
    buyer_email_address=Text(most=255),
    note=Text(most=500),
    cash_details=Record(buyer_supplied_money=Record(required=True, **PRICE.fields)),
    external_details=Record(
        type=Text(1, 50, required=True),
        source=Text(1, 255, required=True),
        source_id=Text(most=255),
    ),
)
KEPT_FIELDS = ("customer_id", "team_member_id", "reference_id", "buyer_email_address", "note")
TENDER_TYPES = {"CARD": "CARD", "CASH": "CASH", "EXTERNAL": "OTHER"}


def create_payment(work: Work, body: Json) -> Json:
    """Take a payment. A payment for no order makes its own order with one custom amount, as Square does."""
    checked(body, CREATE)
    require_location(work, body.get("location_id") or location_id(work))
    for name in ("amount_money", "tip_money"):
        require_currency(work, body.get(name), name)
    amount, tip = amount_of(body, "amount_money"), amount_of(body, "tip_money")
    if amount is None:
        raise missing("amount_money.amount")
    if amount == 0:
        raise Refusal("VALUE_TOO_LOW", "The amount must be at least 1.", field="amount_money.amount")
    is_captured = body.get("autocomplete") is not False
    order = _order_to_pay(work, body, amount, is_captured=is_captured)
    payment = new_payment(
        work, amount=amount, tip=tip or 0, order_id=order["id"], source=chosen_source(work, body, amount)
    )
    payment |= {name: body[name] for name in KEPT_FIELDS if body.get(name)}
    payment["application_details"] = {"square_product": "ECOMMERCE_API"}
    announce_payment(work, work.put("payment", payment), is_new=True)
    if is_captured:
        payment = capture_payment(work, payment)
        settle_order(work, order, [tender_of(payment)])
    return {"payment": payment}


def new_payment(work: Work, *, amount: int, tip: int, order_id: str, source: Json) -> Json:
    """Make an approved payment, not yet captured, without its event."""
    now = work.now()
    id_ = work.make_id() + "PAY"
    payment: Json = {
        "id": id_,
        "created_at": now,
        "updated_at": now,
        "amount_money": money(work, amount),
        "total_money": money(work, amount + tip),
        "approved_money": money(work, amount + tip),
        "status": "APPROVED",
        "location_id": location_id(work),
        "order_id": order_id,
        "receipt_number": id_[:4],
        "version_token": work.make_id(),
    }
    if tip:
        payment["tip_money"] = money(work, tip)
    if source["source_type"] == "CARD":
        delayed_until = work.ago(-timedelta(days=7))
        payment |= {"delay_duration": "PT168H", "delay_action": "CANCEL", "delayed_until": delayed_until}
        source["card_details"]["card_payment_timeline"] = {"authorized_at": now}
    return payment | source


def capture_payment(work: Work, payment: Json, *, is_withheld: bool = False) -> Json:
    """Complete a payment and send its event."""
    now = work.now()
    captured = payment | {
        "status": "COMPLETED",
        "updated_at": now,
        "version_token": work.make_id(),
        "receipt_url": f"https://squareup.com/receipt/preview/{payment['id']}",
    }
    if payment["source_type"] == "CARD":
        details = payment["card_details"]
        timeline = details["card_payment_timeline"] | {"captured_at": now}
        captured["card_details"] = details | {"status": "CAPTURED", "card_payment_timeline": timeline}
    announce_payment(work, work.put("payment", captured), is_new=False, is_withheld=is_withheld)
    return captured


def tender_of(payment: Json) -> Json:
    """Return the tender of a payment for its order."""
    tender: Json = {
        "id": payment["id"],
        "payment_id": payment["id"],
        "location_id": payment["location_id"],
        "transaction_id": payment["order_id"],
        "created_at": payment["created_at"],
        "amount_money": payment["total_money"],
        "type": _tender_type(payment),
    }
    if "tip_money" in payment:
        tender["tip_money"] = payment["tip_money"]
    if payment.get("customer_id"):
        tender["customer_id"] = payment["customer_id"]
    if payment["source_type"] == "CARD":
        card = payment["card_details"]
        tender["card_details"] = {
            "status": "CAPTURED",
            "card": card["card"],
            "entry_method": card["entry_method"],
        }
    elif payment["source_type"] == "CASH":
        cash = payment["cash_details"]
        tender["cash_details"] = {
            "buyer_tendered_money": cash["buyer_supplied_money"],
            "change_back_money": cash["change_back_money"],
        }
    return tender


def _tender_type(payment: Json) -> str:
    card = payment.get("card_details", {}).get("card", {})
    is_gift_card = card.get("card_brand") == "SQUARE_GIFT_CARD"
    return "SQUARE_GIFT_CARD" if is_gift_card else TENDER_TYPES[payment["source_type"]]


def read_payment(work: Work, id_: str) -> Json:
    payment = find(work, "payment", id_, "Payment", "payment_id")
    return payment | _fee(work, payment)


def _fee(work: Work, payment: Json) -> Json:
    """Return the fee of a completed card payment: 2.6 % and 15 cents, as of a card that was dipped."""
    if payment["status"] != "COMPLETED" or _tender_type(payment) != "CARD":
        return {}
    total = payment["total_money"]["amount"]
    amount = money(work, (total * 26 + 500) // 1000 + 15)
    return {
        "processing_fee": [{"effective_at": payment["updated_at"], "type": "INITIAL", "amount_money": amount}]
    }


def complete_payment(work: Work, id_: str, body: Json) -> Json:
    payment = _approved(work, id_, body.get("version_token"))
    order = find_order(work, payment["order_id"])
    if order["net_amount_due_money"]["amount"] != payment["amount_money"]["amount"]:
        raise Refusal(
            "PAYMENT_AMOUNT_MISMATCH", "Pay this order with PayOrder: the payment is not its whole total."
        )
    captured = capture_payment(work, payment)
    settle_order(work, order, [tender_of(captured)])
    return {"payment": captured}


def cancel_payment(work: Work, id_: str) -> Json:
    payment = _approved(work, id_, None) | {"status": "CANCELED", "updated_at": work.now()}
    if payment["source_type"] == "CARD":
        timeline = payment["card_details"]["card_payment_timeline"] | {"voided_at": work.now()}
        payment["card_details"] = payment["card_details"] | {
            "status": "VOIDED",
            "card_payment_timeline": timeline,
        }
    announce_payment(work, work.put("payment", payment), is_new=False)
    return {"payment": payment}


def pay_order(work: Work, id_: str, body: Json) -> Json:
    """Settle an order with approved payments, or with none when its total is zero."""
    order = find_order(work, id_)
    require_payable(work, order)
    if body.get("order_version") not in (None, order.get("version")):
        raise version_mismatch(
            f"Version mismatch: the order is at version {order.get('version')}.", "order_version"
        )
    payments = [_approved(work, payment_id, None) for payment_id in body.get("payment_ids") or []]
    if any(payment["order_id"] != id_ for payment in payments):
        raise bad_request("A payment does not reference this order.", "payment_ids")
    if (
        sum(payment["amount_money"]["amount"] for payment in payments)
        != order["net_amount_due_money"]["amount"]
    ):
        raise Refusal(
            "PAYMENT_AMOUNT_MISMATCH", "The payments' total is not the order's total.", field="payment_ids"
        )
    for stray in work.all("payment"):
        if stray["order_id"] == id_ and stray["status"] == "APPROVED" and stray not in payments:
            cancel_payment(work, stray["id"])
    tenders = [tender_of(capture_payment(work, payment)) for payment in payments]
    return {"order": settle_order(work, order, tenders)}


def _order_to_pay(work: Work, body: Json, amount: int, *, is_captured: bool) -> Json:
    if not body.get("order_id"):
        line = {"quantity": "1", "base_price_money": money(work, amount), "item_type": "CUSTOM_AMOUNT"}
        order = create_order(work, {"order": {"location_id": location_id(work), "line_items": [line]}})[
            "order"
        ]
        return find_order(work, order["id"])
    order = find_order(work, body["order_id"])
    require_payable(work, order)
    due = order["net_amount_due_money"]["amount"]
    if amount > due or (is_captured and amount != due):
        raise Refusal(
            "PAYMENT_AMOUNT_MISMATCH",
            f"The payment of {amount} is not the order's total due of {due} {currency(work)}.",
            field="amount_money.amount",
        )
    return order


def _approved(work: Work, id_: str, version_token: str | None) -> Json:
    payment = read_payment(work, id_)
    if version_token not in (None, payment["version_token"]):
        raise version_mismatch("The payment was changed in between.", "version_token")
    if payment["status"] != "APPROVED":
        raise bad_request(f"The payment is {payment['status']}, not APPROVED.", "payment_id")
    return payment
