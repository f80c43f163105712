"""The seller's own calendar: booking at the desk, and the day as the page shows it."""

from practice_square.appointments.bookings import STATUSES, book
from practice_square.appointments.team import team_name
from practice_square.catalog import items_for_sale, variation_with_item
from practice_square.customers import current_id, name_of
from practice_square.figures import as_line, as_local_clock
from practice_square.merchant import location_id
from practice_square.refusals import Refusal
from practice_square.shapes import Record, Text, Whole, checked
from practice_square.storage import Json, Work

BOOK = Record(
    start_at=Text(1, required=True),
    customer_id=Text(),
    variation_id=Text(),
    team_member_id=Text(),
    duration_minutes=Whole(1, 1500),
    customer_note=Text(most=4096),
    seller_note=Text(most=4096),
    status=Text(one_of=STATUSES),
)


def services(work: Work) -> list[Json]:
    """List what can be booked: [{"id", "name"}], the variations of appointment services."""
    return [
        {"id": variation["id"], "name": _service_name(item, variation)}
        for item in items_for_sale(work)
        if item["item_data"].get("product_type") == "APPOINTMENTS_SERVICE"
        for variation in item["item_data"]["variations"]
    ]


def therapists(work: Work) -> list[Json]:
    """List who can be booked: [{"id", "name"}]."""
    return [
        {"id": one["id"], "name": team_name(one)}
        for one in work.all("team_member")
        if one["status"] == "ACTIVE"
    ]


def book_as_seller(work: Work, body: Json) -> Json:
    """Book from the desk; service and team member default to the first."""
    checked(body, BOOK)
    variation_id = body.get("variation_id") or _first(services(work), "There is no service to book.")
    member_id = body.get("team_member_id") or _first(therapists(work), "There is nobody to book.")
    segment = {
        "service_variation_id": variation_id,
        "service_variation_version": variation_with_item(work, variation_id)[0]["version"],
        "team_member_id": member_id,
        "duration_minutes": body.get("duration_minutes"),
    }
    asked = body | {"location_id": location_id(work), "appointment_segments": [segment]}
    return book(work, asked, source="FIRST_PARTY_MERCHANT", status=body.get("status") or "ACCEPTED")


def as_shown(work: Work, booking: Json) -> Json:
    """Return a booking with the names of its client, service and therapist, and its time of day."""
    segment = booking["appointment_segments"][0]
    customer = work.get("customer", current_id(work, booking.get("customer_id", "")))
    variation = work.get("catalog", segment["service_variation_id"])
    item = work.get("catalog", variation["item_variation_data"]["item_id"]) if variation else None
    member = work.get("team_member", segment["team_member_id"])
    return booking | {
        "client": name_of(customer) if customer else "No client",
        "service": _service_name(item, variation) if item and variation else "A service no longer sold",
        "clock": as_local_clock(booking["start_at"]),
        "therapist": team_name(member) if member else "",
    }


def _service_name(item: Json, variation: Json) -> str:
    return as_line(
        {"name": item["item_data"]["name"], "variation_name": variation["item_variation_data"].get("name")}
    )


def _first(choices: list[Json], nothing: str) -> str:
    if not choices:
        raise Refusal("INVALID_VALUE", nothing)
    return str(choices[0]["id"])
