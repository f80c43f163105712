"""An invoice's payment schedule: a balance, or a deposit and a balance; each part's amount and what is due next."""

from datetime import date
from decimal import Decimal

from practice_square.merchant import money, require_currency
from practice_square.payment_sources import amount_of
from practice_square.pricing import read_percentage, rounded
from practice_square.refusals import Refusal, bad_request, invalid, missing, not_played
from practice_square.storage import Json, Work

SCHEDULES = (("BALANCE",), ("DEPOSIT", "BALANCE"))


def draft_schedule(work: Work, given: list[Json], total: int) -> list[Json]:
    """Draft the parts of a payment schedule. Raises Refusal for one that Square would not accept."""
    kinds = tuple(one.get("request_type") or "" for one in given)
    if "INSTALLMENT" in kinds:
        raise Refusal(
            "MERCHANT_SUBSCRIPTION_NOT_FOUND",
            "Installments need an Invoices Plus subscription.",
            status=403,
            category="MERCHANT_SUBSCRIPTION_ERROR",
            field="invoice.payment_requests",
        )
    if kinds not in SCHEDULES:
        raise bad_request(
            "An invoice asks for one BALANCE, or for one DEPOSIT and then one BALANCE.",
            "invoice.payment_requests",
        )
    parts = [_drafted(work, one, place, total) for place, one in enumerate(given)]
    if parts[0]["due_date"] > parts[-1]["due_date"]:
        raise Refusal(
            "INVALID_DATE", "The deposit is due before the balance.", field="invoice.payment_requests"
        )
    before = sum(part["computed_amount_money"]["amount"] for part in parts[:-1])
    parts[-1]["computed_amount_money"] = money(work, total - before)
    return parts


def merge_schedule(kept: list[Json], given: list[Json]) -> list[Json]:
    """Merge a sparse change into the stored parts, found by their uid. A part without uid is a new one."""
    known = {one["uid"]: one for one in kept}
    for place, one in enumerate(given):
        if one.get("uid") and one["uid"] not in known:
            raise invalid("There is no such payment request.", f"invoice.payment_requests[{place}].uid")
    merged = [known.pop(one["uid"], {}) | one if one.get("uid") else one for one in given]
    return sorted([*merged, *known.values()], key=lambda one: one.get("request_type") == "BALANCE")


def left_of(part: Json) -> int:
    """Return what is still due of a part, in minor units."""
    asked: int = part["computed_amount_money"]["amount"]
    paid: int = part["total_completed_amount_money"]["amount"]
    return asked - paid


def next_due(parts: list[Json], today: date) -> int:
    """Return what is due now: the first part not yet paid, and every other one that is overdue."""
    unpaid = [part for part in parts if left_of(part) > 0]
    return sum(
        left_of(part)
        for place, part in enumerate(unpaid)
        if place == 0 or date.fromisoformat(part["due_date"]) < today
    )


def spread_payment(work: Work, parts: list[Json], amount: int) -> list[Json]:
    """Allocate a payment to the parts, first due first."""
    paid = []
    for part in parts:
        share = min(left_of(part), amount)
        amount -= share
        so_far = part["total_completed_amount_money"]["amount"]
        paid.append(part | {"total_completed_amount_money": money(work, so_far + share)})
    return paid


def read_date(text: str | None, field: str) -> str:
    if not text:
        raise missing(field)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Refusal("INVALID_DATE", f"`{text}` is not a date like 2026-03-31.", field=field) from None


def _drafted(work: Work, given: Json, place: int, total: int) -> Json:
    where = f"invoice.payment_requests[{place}]"
    if given.get("tipping_enabled") or given.get("automatic_payment_source", "NONE") != "NONE":
        raise not_played("Tips and automatic payments are", where)
    part = {
        "uid": given.get("uid") or work.make_id(),
        "request_type": given["request_type"],
        "due_date": read_date(given.get("due_date"), f"{where}.due_date"),
        "tipping_enabled": False,
        "automatic_payment_source": "NONE",
        "computed_amount_money": money(work, _asked(work, given, where, total)),
        "total_completed_amount_money": given.get("total_completed_amount_money") or money(work, 0),
    }
    if given.get("reminders"):
        part["reminders"] = [_reminder(work, one) for one in given["reminders"]]
    named = ("fixed_amount_requested_money", "percentage_requested")
    return part | {name: given[name] for name in named if given.get(name)}


def _asked(work: Work, given: Json, where: str, total: int) -> int:
    fixed, percentage = given.get("fixed_amount_requested_money"), given.get("percentage_requested")
    if given["request_type"] == "BALANCE":
        if fixed or percentage:
            raise bad_request("A BALANCE names no amount: it is what is left.", where)
        return total
    if bool(fixed) == bool(percentage):
        raise bad_request(
            "A DEPOSIT has either `fixed_amount_requested_money` or `percentage_requested`.", where
        )
    require_currency(work, fixed, f"{where}.fixed_amount_requested_money")
    if percentage:
        amount = rounded(read_percentage(percentage, f"{where}.percentage_requested") * Decimal(total) / 100)
    else:
        amount = amount_of(given, "fixed_amount_requested_money") or 0
    if not 0 < amount < total:
        raise invalid("A deposit is more than nothing and less than everything.", where)
    return amount


def _reminder(work: Work, given: Json) -> Json:
    kept = {
        name: given[name] for name in ("relative_scheduled_days", "message") if given.get(name) is not None
    }
    return {"uid": given.get("uid") or work.make_id(), "status": "PENDING"} | kept
