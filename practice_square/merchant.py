"""The one merchant of the practice Square, and its one location."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from practice_square.refusals import Refusal, not_found
from practice_square.settings import PracticeSettings
from practice_square.storage import Json, Work

BUSINESS_NAME = "Juniper Facial Acupuncture"
TIMEZONE = "America/Los_Angeles"


def settle(work: Work, settings: PracticeSettings) -> None:
    """Write the merchant on the first start. Raises ValueError when the file belongs to another location."""
    settled = work.note("location_id")
    # On every start: the application's id may change, and older files have none.
    work.keep_note("application_id", settings.application_id)
    if settled is None:
        _write(work, settings)
    elif settled != settings.location_id:
        raise ValueError(
            f"This practice file belongs to location {settled}, not {settings.location_id}:"
            " start with that location id, or with a new file."
        )


def location_id(work: Work) -> str:
    return str(work.note("location_id"))


def application_id(work: Work) -> str:
    """Return the id of the one application that calls here."""
    return str(work.note("application_id"))


def currency(work: Work) -> str:
    return str(work.note("currency"))


def today(work: Work) -> date:
    """Return the date at the location: its calendar's days and its invoices' days are days there."""
    return datetime.fromisoformat(work.now()).astimezone(ZoneInfo(TIMEZONE)).date()


def money(work: Work, amount: int) -> Json:
    return {"amount": amount, "currency": currency(work)}


def read_location(work: Work, id_: str) -> Json:
    location = work.get("location", location_id(work) if id_ == "main" else id_)
    if location is None:
        raise not_found("Location", id_, "location_id")
    return _told(location)


def list_locations(work: Work) -> Json:
    return {"locations": [_told(location) for location in work.all("location")]}


def read_merchant(work: Work, id_: str) -> Json:
    merchant = work.get("merchant", str(work.note("merchant_id")) if id_ == "me" else id_)
    if merchant is None:
        raise not_found("Merchant", id_, "merchant_id")
    return _told(merchant)


def require_location(work: Work, id_: str | None, field: str = "location_id") -> None:
    """Raise Refusal for a location of somebody else's; none named is the merchant's own."""
    if id_ and id_ != location_id(work):
        raise Refusal("INVALID_LOCATION", f"Location `{id_}` is not one of this merchant's.", field=field)


def require_currency(work: Work, given: Json | None, field: str) -> None:
    if given is not None and given.get("currency", currency(work)) != currency(work):
        raise Refusal(
            "CURRENCY_MISMATCH",
            f"The currency is {given['currency']}, the location's is {currency(work)}.",
            field=f"{field}.currency",
        )


def _told(document: Json) -> Json:
    return {name: value for name, value in document.items() if name != "updated_at"}


def _write(work: Work, settings: PracticeSettings) -> None:
    for name in ("location_id", "merchant_id", "currency"):
        work.keep_note(name, getattr(settings, name))
    common = {
        **work.stamps(),
        "country": "US",
        "language_code": "en-US",
        "status": "ACTIVE",
    }
    work.put(
        "merchant",
        common
        | {
            "id": settings.merchant_id,
            "business_name": BUSINESS_NAME,
            "currency": settings.currency,
            "main_location_id": settings.location_id,
        },
    )
    work.put(
        "location",
        common
        | {
            "id": settings.location_id,
            "merchant_id": settings.merchant_id,
            "name": BUSINESS_NAME,
            "business_name": BUSINESS_NAME,
            "currency": settings.currency,
            "timezone": TIMEZONE,
            "capabilities": ["CREDIT_CARD_PROCESSING", "AUTOMATIC_TRANSFERS"],
            "type": "PHYSICAL",
            "mcc": "8099",
            "phone_number": "+1 310-555-0140",
            "business_email": "hello@juniper.example.org",
            "address": {
                "address_line_1": "1180 Ocean Park Boulevard",
                "address_line_2": "Suite 4",
                "locality": "Santa Monica",
                "administrative_district_level_1": "CA",
                "postal_code": "90405",
                "country": "US",
            },
        },
    )
