"""Descriptions of the scopes for the seller."""

from collections.abc import Iterable

WHAT = {
    "APPOINTMENTS": "appointments",
    "APPOINTMENTS_ALL": "everybody’s appointments",
    "APPOINTMENTS_BUSINESS_SETTINGS": "the settings for appointments",
    "BANK_ACCOUNTS": "your bank accounts",
    "CUSTOMERS": "your clients",
    "DEVICES": "your terminals",
    "DISPUTES": "disputed payments",
    "EMPLOYEES": "your team",
    "GIFTCARDS": "gift cards",
    "INVENTORY": "your stock",
    "INVOICES": "invoices",
    "ITEMS": "what you sell",
    "LOYALTY": "your loyalty program",
    "MERCHANT_PROFILE": "your business and its locations",
    "ORDERS": "orders and sales",
    "PAYMENTS": "payments and refunds",
    "SETTLEMENTS": "what Square pays out to you",
}
DOES = {"READ": "See", "WRITE": "Change"}
SPECIAL = {
    "DEVICE_CREDENTIAL_MANAGEMENT": "Pair terminals",
    "PAYMENTS_WRITE": "Take payments and give refunds",
    "PAYMENTS_WRITE_IN_PERSON": "Take payments in person",
}


def say_scopes(scopes: Iterable[str]) -> list[tuple[str, str]]:
    """Pair each scope with its sentence: ("CUSTOMERS_READ", "See your clients")."""
    return [(scope, _sentence(scope)) for scope in scopes]


def _sentence(scope: str) -> str:
    what, _, act = scope.rpartition("_")
    if scope in SPECIAL:
        return SPECIAL[scope]
    if act not in DOES:
        return scope.replace("_", " ").capitalize()
    return f"{DOES[act]} {WHAT.get(what, what.replace('_', ' ').lower())}"
