"""What a payment is made with: cards (the sandbox's nonces), cash and its change, tenders from outside."""

from practice_square.merchant import money, require_currency
from practice_square.refusals import Refusal, card_refused, missing, not_found
from practice_square.storage import Json, Work

REFUSED_CARDS = {
    "cnon:card-nonce-declined": ("GENERIC_DECLINE", "Authorization error: 'GENERIC_DECLINE'"),
    "cnon:card-nonce-rejected-cvv": ("CVV_FAILURE", "Authorization error: 'CVV_FAILURE'"),
    "cnon:card-nonce-rejected-postalcode": ("ADDRESS_VERIFICATION_FAILURE", "Authorization error"),
    "cnon:card-nonce-rejected-expiration": (
        "INVALID_EXPIRATION",
        "Authorization error: 'INVALID_EXPIRATION'",
    ),
    "cnon:card-nonce-already-used": ("CARD_TOKEN_USED", "The card nonce was used before."),
}


def card_source(entry_method: str, brand: str = "VISA") -> Json:
    card = {
        "card_brand": brand,
        "last_4": "1111",
        "exp_month": 11,
        "exp_year": 2032,
        "card_type": "CREDIT",
        "prepaid_type": "NOT_PREPAID",
        "bin": "411111",
        "fingerprint": "sq-1-practice",
    }
    details = {
        "status": "AUTHORIZED",
        "card": card,
        "entry_method": entry_method,
        "cvv_status": "CVV_ACCEPTED",
        "avs_status": "AVS_ACCEPTED",
        "auth_result_code": "practi",
        "statement_description": "SQ *JUNIPER",
    }
    return {"source_type": "CARD", "card_details": details}


def cash_source(work: Work, amount: int, supplied: int) -> Json:
    details = {
        "buyer_supplied_money": money(work, supplied),
        "change_back_money": money(work, supplied - amount),
    }
    return {"source_type": "CASH", "cash_details": details}


def chosen_source(work: Work, body: Json, amount: int) -> Json:
    source_id = body["source_id"]
    if source_id == "CASH":
        return _cash(work, body, amount)
    if source_id == "EXTERNAL":
        if not body.get("external_details"):
            raise missing("external_details")
        return {"source_type": "EXTERNAL", "external_details": body["external_details"]}
    if source_id in REFUSED_CARDS:
        raise card_refused(*REFUSED_CARDS[source_id])
    if source_id == "cnon:card-nonce-ok" or source_id.startswith("ccof:"):
        return card_source("ON_FILE" if source_id.startswith("ccof:") else "KEYED")
    raise not_found("Card nonce", source_id, "source_id")


def _cash(work: Work, body: Json, amount: int) -> Json:
    details = body.get("cash_details")
    if not details:
        raise missing("cash_details")
    require_currency(work, details["buyer_supplied_money"], "cash_details.buyer_supplied_money")
    owed = amount + (amount_of(body, "tip_money") or 0)
    supplied = details["buyer_supplied_money"].get("amount") or 0
    if supplied < owed:
        raise Refusal(
            "VALUE_TOO_LOW",
            "The cash given is less than the amount.",
            field="cash_details.buyer_supplied_money",
        )
    return cash_source(work, owed, supplied)


def amount_of(body: Json, name: str) -> int | None:
    amount: int | None = (body.get(name) or {}).get("amount")
    return amount
