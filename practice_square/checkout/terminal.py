"""Terminal checkouts through the API: asking a terminal to take a payment, reading and canceling it.

What happens at the terminal itself is in terminal_screen.
"""

import re
from datetime import UTC, datetime, timedelta

from practice_square.checkout.devices import find_terminal
from practice_square.checkout.terminal_shapes import CREATE, SEARCH
from practice_square.cursors import page_of
from practice_square.customers import read_customer
from practice_square.events import announce_checkout
from practice_square.merchant import location_id, require_currency
from practice_square.orders import find_order, require_payable
from practice_square.payment_sources import amount_of
from practice_square.refusals import Refusal, bad_request, find, invalid
from practice_square.shapes import checked, moment
from practice_square.storage import Json, Work, rfc3339

FINAL = ("COMPLETED", "CANCELED")
LONGEST = timedelta(minutes=5)
TOLD_BY_DEFAULT = timedelta(days=1)
KEPT_FIELDS = (
    "amount_money",
    "reference_id",
    "note",
    "order_id",
    "customer_id",
    "team_member_id",
    "payment_options",
    "statement_description_identifier",
    "tip_money",
)


def create_checkout(work: Work, body: Json) -> Json:
    """Ask a terminal for a payment. A busy terminal shows it when it is free."""
    given = checked(body, CREATE)["checkout"]
    find_terminal(work, given["device_options"]["device_id"])
    _check_amounts(work, given)
    if given.get("customer_id"):
        read_customer(work, given["customer_id"])
    if given.get("order_id"):
        _check_order(work, given)
    read_deadline(given.get("deadline_duration") or "PT5M")
    lapse_checkouts(work)
    checkout = {name: given[name] for name in KEPT_FIELDS if given.get(name) is not None}
    checkout |= {
        "id": work.make_id() + "CHKOUT",
        "device_options": _device_options(given),
        "deadline_duration": given.get("deadline_duration") or "PT5M",
        "payment_type": given.get("payment_type") or "CARD_PRESENT",
        "status": "PENDING",
        **work.stamps(),
        "app_id": "sq0idp-practice",
        "location_id": location_id(work),
    }
    announce_checkout(work, work.put("checkout", checkout), is_new=True)
    return {"checkout": checkout}


def find_checkout(work: Work, id_: str) -> Json:
    """Return a checkout as it is now, ended if its deadline has passed."""
    lapse_checkouts(work)
    return find(work, "checkout", id_, "Terminal checkout", "checkout_id")


def read_checkout(work: Work, id_: str) -> Json:
    return {"checkout": find_checkout(work, id_)}


def cancel_checkout(work: Work, id_: str) -> Json:
    """Cancel a checkout. One that is on a terminal's screen is canceled once the terminal answers."""
    checkout = find_checkout(work, id_)
    if checkout["status"] in FINAL:
        raise bad_request(f"The checkout is {checkout['status']} and cannot be canceled.", "checkout_id")
    if checkout["status"] == "PENDING":
        return {"checkout": end_checkout(work, checkout, "SELLER_CANCELED")}
    if checkout["status"] == "IN_PROGRESS":
        checkout = change_checkout(work, checkout, {"status": "CANCEL_REQUESTED"})
    return {"checkout": checkout}


def dismiss_checkout(work: Work, id_: str) -> Json:
    """Clear the last screen of a finished checkout. The checkout does not change."""
    checkout = find_checkout(work, id_)
    if checkout["status"] not in FINAL:
        raise bad_request(f"The checkout is {checkout['status']} and cannot be dismissed.", "checkout_id")
    return {"checkout": checkout}


def search_checkouts(work: Work, body: Json) -> Json:
    """Find checkouts, by default those of the last day."""
    query = checked(body, SEARCH).get("query") or {}
    lapse_checkouts(work)
    asked = query.get("filter") or {}
    times = asked.get("created_at") or {}

    def fits(checkout: Json) -> bool:
        has_device = asked.get("device_id") in (None, checkout["device_options"]["device_id"])
        return has_device and asked.get("status") in (None, checkout["status"])

    page = page_of(
        work,
        "checkout",
        body,
        body.get("limit") or 100,
        fits=fits,
        newest_first=(query.get("sort") or {}).get("sort_order", "DESC") == "DESC",
        start=moment(times.get("start_at"), "query.filter.created_at.start_at") or work.ago(TOLD_BY_DEFAULT),
        end=moment(times.get("end_at"), "query.filter.created_at.end_at"),
    )
    return page.as_body("checkouts")


def lapse_checkouts(work: Work) -> None:
    """End the checkouts past their deadline. No timer runs: they end when next read."""
    now = work.now()
    for checkout in work.all("checkout"):
        if checkout["status"] in FINAL or deadline_of(checkout) > now:
            continue
        was_called_off = checkout["status"] == "CANCEL_REQUESTED"
        end_checkout(work, checkout, "SELLER_CANCELED" if was_called_off else "TIMED_OUT")


def deadline_of(checkout: Json) -> str:
    created_at = datetime.fromisoformat(checkout["created_at"])
    return rfc3339(created_at.astimezone(UTC) + read_deadline(checkout["deadline_duration"]))


def end_checkout(work: Work, checkout: Json, reason: str) -> Json:
    return change_checkout(work, checkout, {"status": "CANCELED", "cancel_reason": reason})


def change_checkout(work: Work, checkout: Json, change: Json) -> Json:
    changed = work.put("checkout", checkout | change | {"updated_at": work.now()})
    announce_checkout(work, changed, is_new=False)
    return changed


def read_deadline(text: str) -> timedelta:
    """Read a duration like PT5M or PT1M30S. Raises Refusal for more than Square allows."""
    match = re.fullmatch(r"PT(?:(\d+)M)?(?:(\d+)S)?", text)
    span = timedelta(minutes=int(match[1] or 0), seconds=int(match[2] or 0)) if match else timedelta()
    if not timedelta() < span <= LONGEST:
        raise invalid("The deadline is at most PT5M.", "checkout.deadline_duration")
    return span


def allows_tip(checkout: Json) -> bool:
    return bool(checkout["device_options"]["tip_settings"].get("allow_tipping"))


def _device_options(given: Json) -> Json:
    options = {name: value for name, value in given["device_options"].items() if value is not None}
    tips = {name: value for name, value in (options.get("tip_settings") or {}).items() if value is not None}
    defaults = {"skip_receipt_screen": False, "collect_signature": False, "show_itemized_cart": True}
    return defaults | options | {"tip_settings": {"allow_tipping": False} | tips}


def _check_amounts(work: Work, given: Json) -> None:
    for name in ("amount_money", "tip_money"):
        require_currency(work, given.get(name), f"checkout.{name}")
    if not amount_of(given, "amount_money"):
        raise bad_request("amount must be > 0", "checkout.amount_money.amount")
    tips = given["device_options"].get("tip_settings") or {}
    if given.get("tip_money") and tips.get("allow_tipping"):
        raise Refusal(
            "CONFLICTING_PARAMETERS",
            "`tip_money` is for a checkout that asks for no tip.",
            field="checkout.tip_money",
        )


def _check_order(work: Work, given: Json) -> None:
    order = find_order(work, given["order_id"])
    require_payable(work, order)
    is_whole = (given.get("payment_options") or {}).get("autocomplete") is not False
    due, amount = order["net_amount_due_money"]["amount"], amount_of(given, "amount_money") or 0
    if amount > due or (is_whole and amount != due):
        raise Refusal(
            "PAYMENT_AMOUNT_MISMATCH",
            "The payment total does not match the order total.",
            field="checkout.amount_money",
        )
