"""Refunds: by amount (API and register) and by lines (register). Each makes a separate return order, as in Square."""

from collections.abc import Mapping

from practice_square.checkout.invoice_page import follow_refund
from practice_square.disputes import require_undisputed
from practice_square.events import announce_payment, announce_refund
from practice_square.faults import read_faults
from practice_square.merchant import money, require_currency
from practice_square.payments import read_payment
from practice_square.refusals import Refusal, bad_request, find, not_played
from practice_square.returns import custom_line, make_return, returned_line, returned_tips
from practice_square.shapes import PRICE, Flag, Record, Text, checked
from practice_square.storage import Json, Work

REFUND = Record(
    idempotency_key=Text(1, required=True),
    amount_money=Record(required=True, **PRICE.fields),
    payment_id=Text(),
    reason=Text(most=192),
    location_id=Text(most=50),
    team_member_id=Text(most=192),
    unlinked=Flag(),
)


def refund_payment(work: Work, body: Json) -> Json:
    """Refund part or all of one payment. It does not name the returned line."""
    checked(body, REFUND)
    if not body.get("payment_id"):
        raise not_played("Unlinked refunds are", "payment_id")
    payment = read_payment(work, body["payment_id"])
    require_currency(work, body["amount_money"], "amount_money")
    amount = body["amount_money"].get("amount") or 0
    require_refundable(payment, amount)
    order = make_return(work, payment["order_id"], [custom_line(work, amount)])
    refund = _start_refund(work, payment, amount, order["id"], body.get("reason"))
    _attach_refunds(work, order, [refund])
    settle_refunds(work, [refund])
    return {"refund": refund}


def refund_amount(work: Work, payment: Json, amount: int, reason: str | None) -> Json:
    """Refund an amount at the register. Returns the refund."""
    refund: Json = refund_payment(
        work,
        {
            "idempotency_key": work.make_id(),
            "payment_id": payment["id"],
            "amount_money": money(work, amount),
            "reason": reason,
        },
    )["refund"]
    return refund


def refund_over_tenders(work: Work, order: Json, amount: int, reason: str | None) -> list[Json]:
    """Refund an amount of a sale at the register, over its payments, first paid first."""
    return [refund_amount(work, payment, part, reason) for payment, part in _shares(work, order, amount)]


def refund_lines(
    work: Work, order: Json, quantities: Mapping[str, str], reason: str | None, *, tip: int = 0
) -> list[Json]:
    """Return lines and tip at the register, refunded over the order's payments, first paid first."""
    lines = [returned_line(work, order, uid, text) for uid, text in quantities.items()]
    if not lines and not tip:
        raise bad_request("Choose at least one line to refund.", "lines")
    tips = returned_tips(work, order, tip)
    total = sum(line["total_money"]["amount"] for line in lines) + tip
    _shares(work, order, total)
    refunds = refund_return(work, order, make_return(work, order["id"], lines, tips), total, reason)
    settle_refunds(work, refunds)
    return refunds


def refund_return(work: Work, source: Json, returning: Json, total: int, reason: str | None) -> list[Json]:
    """Begin the refunds of a return order, over the payments of the sale it belongs to."""
    refunds = [
        _start_refund(work, payment, part, returning["id"], reason)
        for payment, part in _shares(work, source, total)
    ]
    _attach_refunds(work, returning, refunds)
    return refunds


def settle_refunds(work: Work, refunds: list[Json]) -> None:
    """End each refund as the faults state: completed by default."""
    for refund in refunds:
        finish_refund(work, refund, read_faults(work).refund_outcome)


def refundable(payment: Json) -> int:
    """Return how much of a payment can still be refunded, in minor units."""
    if payment["status"] != "COMPLETED":
        return 0
    taken: int = payment["total_money"]["amount"]
    given_back: int = payment.get("refunded_money", {}).get("amount", 0)
    return taken - given_back


def require_refundable(payment: Json, amount: int) -> None:
    if payment["status"] != "COMPLETED":
        raise Refusal(
            "REFUND_ERROR_PAYMENT_NEEDS_COMPLETION",
            "Only a completed payment can be refunded.",
            category="REFUND_ERROR",
            field="payment_id",
        )
    if not 0 < amount <= refundable(payment):
        raise Refusal(
            "REFUND_AMOUNT_INVALID",
            "The requested refund amount exceeds the amount available to refund.",
            category="REFUND_ERROR",
            field="amount_money.amount",
        )


def read_refund(work: Work, id_: str) -> Json:
    refund = find(work, "refund", id_, "Refund", "refund_id")
    return refund | _fee_returned(work, refund)


def _fee_returned(work: Work, refund: Json) -> Json:
    """Return what Square gives back of the payment's fee, in proportion; nothing unless that is switched on."""
    payment = read_payment(work, refund["payment_id"])
    fees = payment.get("processing_fee", [])
    if refund["status"] != "COMPLETED" or not fees or not read_faults(work).returns_fees:
        return {}
    whole = sum(each["amount_money"]["amount"] for each in fees)
    part = whole * refund["amount_money"]["amount"] // payment["total_money"]["amount"]
    fee = {"effective_at": refund["updated_at"], "type": "ADJUSTMENT", "amount_money": money(work, -part)}
    return {"processing_fee": [fee]}


def finish_refund(work: Work, refund: Json, outcome: str) -> Json:
    """End a refund as COMPLETED, FAILED or REJECTED, and send its event; PENDING leaves it pending."""
    if outcome == "PENDING":
        return refund
    done = work.put("refund", refund | {"status": outcome, "updated_at": work.now()})
    announce_refund(work, done, is_new=False)
    if outcome == "COMPLETED":
        _take_from_payment(work, refund)
    return done


def _take_from_payment(work: Work, refund: Json) -> None:
    payment = read_payment(work, refund["payment_id"])
    so_far = payment.get("refunded_money", {}).get("amount", 0)
    changed = payment | {
        "refunded_money": money(work, so_far + refund["amount_money"]["amount"]),
        "refund_ids": [*payment.get("refund_ids", []), refund["id"]],
        "updated_at": work.now(),
        "version_token": work.make_id(),
    }
    announce_payment(work, work.put("payment", changed), is_new=False)
    follow_refund(work, payment["order_id"])


def _start_refund(work: Work, payment: Json, amount: int, order_id: str, reason: str | None) -> Json:
    require_undisputed(work, payment["id"])
    refund = {
        "id": f"{payment['id']}_{work.make_id()}",
        "status": "PENDING",
        "location_id": payment["location_id"],
        "destination_type": payment["source_type"],
        "amount_money": money(work, amount),
        "payment_id": payment["id"],
        "order_id": order_id,
        **work.stamps(),
    }
    if reason:
        refund["reason"] = reason[:192]
    announce_refund(work, work.put("refund", refund), is_new=True)
    return refund


def _shares(work: Work, order: Json, total: int) -> list[tuple[Json, int]]:
    shares: list[tuple[Json, int]] = []
    left = total
    for tender in order.get("tenders", []):
        payment = read_payment(work, tender["id"])
        part = min(left, refundable(payment))
        if part:
            shares.append((payment, part))
            left -= part
    if left:
        raise Refusal(
            "REFUND_AMOUNT_INVALID",
            "The payments of this sale do not hold that much any more.",
            category="REFUND_ERROR",
            field="lines",
        )
    return shares


def _attach_refunds(work: Work, order: Json, refunds: list[Json]) -> None:
    """Name the refunds on their return order, unless a fault leaves them out."""
    if read_faults(work).hides_return_refunds:
        return
    told = [
        {
            "id": refund["id"],
            "location_id": refund["location_id"],
            "transaction_id": read_payment(work, refund["payment_id"])["order_id"],
            "tender_id": refund["payment_id"],
            "created_at": refund["created_at"],
            "reason": refund.get("reason") or "Refund",
            "amount_money": refund["amount_money"],
            "status": "APPROVED",
        }
        for refund in refunds
    ]
    work.put("order", order | {"refunds": told})
