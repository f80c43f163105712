"""Disputes: a cardholder's bank questions a card payment; the seller accepts, or the bank decides."""

from datetime import datetime, timedelta

from practice_square.cursors import page_of
from practice_square.events import announce_dispute
from practice_square.faults import read_faults
from practice_square.merchant import location_id, money, require_location
from practice_square.payments import read_payment
from practice_square.refusals import Refusal, bad_request, find, invalid
from practice_square.storage import Json, Work, rfc3339

REASONS = (
    "AMOUNT_DIFFERS",
    "CANCELLED",
    "DUPLICATE",
    "NO_KNOWLEDGE",
    "NOT_AS_DESCRIBED",
    "NOT_RECEIVED",
    "PAID_BY_OTHER_MEANS",
    "CUSTOMER_REQUESTS_CREDIT",
    "EMV_LIABILITY_SHIFT",
)
# The transitions of a dispute from each state; the last ones are final.
NEXT_STATES = {
    "INQUIRY_EVIDENCE_REQUIRED": ("INQUIRY_PROCESSING", "INQUIRY_CLOSED", "EVIDENCE_REQUIRED", "ACCEPTED"),
    "INQUIRY_PROCESSING": ("INQUIRY_CLOSED", "EVIDENCE_REQUIRED"),
    "INQUIRY_CLOSED": (),
    "EVIDENCE_REQUIRED": ("PROCESSING", "ACCEPTED", "LOST"),
    "PROCESSING": ("WON", "LOST"),
    "WON": (),
    "LOST": (),
    "ACCEPTED": (),
}
FIRST_STATES = ("INQUIRY_EVIDENCE_REQUIRED", "EVIDENCE_REQUIRED")
# An inquiry alone withholds no money, and a won dispute returned it.
REFUNDABLE = ("INQUIRY_EVIDENCE_REQUIRED", "INQUIRY_PROCESSING", "INQUIRY_CLOSED", "WON")
TIME_TO_ANSWER = timedelta(days=14)
PAGE = 50
# Optional fields of a dispute, and the first version of one that lacks them.
OPTIONAL = ("dispute_id", "due_at", "card_brand", "brand_dispute_id", "reported_at", "location_id")
SPARSE_VERSION = 4


def open_dispute(
    work: Work,
    payment_id: str,
    reason: str = "NOT_AS_DESCRIBED",
    *,
    amount: int | None = None,
    state: str = "EVIDENCE_REQUIRED",
) -> Json:
    """Let the cardholder's bank question a captured card payment, in part or whole."""
    payment = read_payment(work, payment_id)
    if payment["source_type"] != "CARD" or payment["status"] != "COMPLETED":
        raise invalid("Only a completed card payment can be disputed.", "payment_id")
    if reason not in REASONS or state not in FIRST_STATES:
        raise Refusal("INVALID_ENUM_VALUE", "No dispute begins with this reason and state.", field="reason")
    total = payment["total_money"]["amount"]
    if not 1 <= (amount or total) <= total:
        raise invalid(f"The amount is between 1 and {total}.", "amount")
    now = work.now()
    id_ = work.make_id() + "DSP"
    dispute: Json = {
        "id": id_,
        "dispute_id": id_,
        "amount_money": money(work, amount or total),
        "reason": reason,
        "state": state,
        "due_at": rfc3339(datetime.fromisoformat(now) + TIME_TO_ANSWER),
        "disputed_payment": {"payment_id": payment_id},
        "card_brand": payment["card_details"]["card"].get("card_brand", "OTHER_BRAND"),
        "created_at": now,
        "updated_at": now,
        "brand_dispute_id": work.make_id(),
        "reported_at": now,
        "version": 1,
        "location_id": location_id(work),
    }
    if read_faults(work).has_sparse_disputes:
        sparse = {name: value for name, value in dispute.items() if name not in OPTIONAL}
        dispute = sparse | {"version": SPARSE_VERSION}
    announce_dispute(work, work.put("dispute", dispute), is_new=True)
    return dispute


def find_dispute(work: Work, id_: str) -> Json:
    return find(work, "dispute", id_, "Dispute", "dispute_id")


def move_dispute(work: Work, id_: str, state: str) -> Json:
    """Move a dispute to another state. Raises Refusal where no transition exists."""
    dispute = find_dispute(work, id_)
    if state not in NEXT_STATES[dispute["state"]]:
        raise bad_request(f"A dispute in state {dispute['state']} cannot become {state}.", "state")
    moved = dispute | {"state": state, "version": dispute["version"] + 1, "updated_at": work.now()}
    announce_dispute(work, work.put("dispute", moved), is_new=False)
    return moved


def require_undisputed(work: Work, payment_id: str) -> None:
    """Raise Refusal for a refund of a payment that is disputed or lost."""
    for dispute in work.all("dispute"):
        if dispute["disputed_payment"]["payment_id"] == payment_id and dispute["state"] not in REFUNDABLE:
            raise Refusal(
                "PAYMENT_NOT_REFUNDABLE_DUE_TO_DISPUTE",
                "The payment is disputed and cannot be refunded.",
                category="REFUND_ERROR",
                field="payment_id",
            )


def list_disputes(work: Work, query: Json) -> Json:
    """List disputes, the newest first; `states` names one state, or several with commas."""
    require_location(work, query.get("location_id"))
    states = [state for state in query.get("states", "").split(",") if state]
    if any(state not in NEXT_STATES for state in states):
        raise Refusal("INVALID_ENUM_VALUE", "Not a dispute's state.", field="states")
    page = page_of(
        work, "dispute", query, PAGE, fits=lambda one: not states or one["state"] in states, newest_first=True
    )
    return page.as_body("disputes")
