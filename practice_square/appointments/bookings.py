"""Bookings: made, changed and canceled through the API or by the seller, each change with a new version.

A booking refers to a client, a service and a team member, never to an order or a payment.
"""

from practice_square.appointments.team import require_bookable
from practice_square.catalog import variation_with_item
from practice_square.customers import read_customer
from practice_square.events import announce_booking
from practice_square.merchant import require_location
from practice_square.refusals import Refusal, bad_request, find, invalid, missing, version_mismatch
from practice_square.shapes import Many, Record, Text, Whole, checked, moment
from practice_square.storage import Json, Work

STATUSES = ("PENDING", "ACCEPTED", "DECLINED", "CANCELLED_BY_CUSTOMER", "CANCELLED_BY_SELLER", "NO_SHOW")
STANDING = ("PENDING", "ACCEPTED")
USUAL_MINUTES = 60
SEGMENT = Record(
    team_member_id=Text(1, 32, required=True),
    service_variation_id=Text(1, 36, required=True),
    service_variation_version=Whole(),
    duration_minutes=Whole(1, 1500),
)
BOOKING = Record(
    required=True,
    version=Whole(),
    status=Text(one_of=STATUSES),
    start_at=Text(1),
    location_id=Text(1, 32),
    customer_id=Text(most=192),
    customer_note=Text(most=4096),
    seller_note=Text(most=4096),
    location_type=Text(one_of=("BUSINESS_LOCATION", "CUSTOMER_LOCATION", "PHONE")),
    appointment_segments=Many(SEGMENT, least=1),
)
WRITE = Record(idempotency_key=Text(most=255), booking=BOOKING)
CANCEL = Record(idempotency_key=Text(most=255), booking_version=Whole())
NOTES = ("customer_note", "seller_note")


def create_booking(work: Work, body: Json) -> Json:
    """Book through the API: accepted at once, as the seller's policy says. Raises Refusal as Square would."""
    given = checked(body, WRITE)["booking"]
    for name in ("location_id", "start_at", "appointment_segments"):
        if not given.get(name):
            raise missing(f"booking.{name}")
    return {"booking": book(work, given, source="API")}


def book(work: Work, given: Json, *, source: str, status: str = "ACCEPTED") -> Json:
    """Add a booking to the calendar and send its event."""
    require_location(work, given["location_id"], "booking.location_id")
    booking = {
        "id": work.make_id().lower()[:14],
        "version": 0,
        "status": status,
        **work.stamps(),
        "location_id": given["location_id"],
        "start_at": moment(given["start_at"], "booking.start_at"),
        "customer_note": "",
        "seller_note": "",
        "appointment_segments": _segments(work, given["appointment_segments"]),
        "transition_time_minutes": 0,
        "all_day": False,
        "location_type": given.get("location_type") or "BUSINESS_LOCATION",
        "creator_details": {"creator_type": "TEAM_MEMBER"},
        "source": source,
    }
    booking |= {name: given[name] for name in NOTES if given.get(name)}
    if given.get("customer_id"):
        booking["customer_id"] = read_customer(work, given["customer_id"])["id"]
    announce_booking(work, work.put("booking", booking), is_new=True)
    return booking


def find_booking(work: Work, id_: str) -> Json:
    return find(work, "booking", id_, "Booking", "booking_id")


def update_booking(work: Work, id_: str, body: Json) -> Json:
    """Change the fields given. Neither location nor status can be changed this way (a status has its own calls)."""
    given = checked(body, WRITE)["booking"]
    booking = _standing(work, id_, given.get("version"))
    for name in ("location_id", "status"):
        if given.get(name) not in (None, booking[name]):
            raise invalid(f"`{name}` cannot be changed.", f"booking.{name}")
    changes = {name: given[name] or "" for name in NOTES if name in given}
    if given.get("start_at"):
        changes["start_at"] = moment(given["start_at"], "booking.start_at")
    if given.get("appointment_segments"):
        changes["appointment_segments"] = _segments(work, given["appointment_segments"])
    if given.get("customer_id"):
        changes["customer_id"] = read_customer(work, given["customer_id"])["id"]
    return {"booking": _changed(work, booking, changes)}


def cancel_booking(work: Work, id_: str, body: Json, *, is_seller: bool = True) -> Json:
    """Cancel: by the seller with seller-level rights, else by the customer."""
    booking = _standing(work, id_, checked(body, CANCEL).get("booking_version"))
    by = "SELLER" if is_seller else "CUSTOMER"
    return {"booking": _changed(work, booking, {"status": f"CANCELLED_BY_{by}"})}


def set_status(work: Work, id_: str, status: str) -> Json:
    """Let the seller decide in the Dashboard: accept, decline, cancel, no-show, or undo that."""
    booking = find_booking(work, id_)
    if status not in STATUSES:
        raise Refusal("INVALID_ENUM_VALUE", f"`{status}` is not a booking's status.", field="status")
    return _changed(work, booking, {"status": status})


def _changed(work: Work, booking: Json, changes: Json) -> Json:
    if all(booking.get(name) == value for name, value in changes.items()):
        return booking
    changed = booking | changes | {"version": booking["version"] + 1, "updated_at": work.now()}
    announce_booking(work, work.put("booking", changed), is_new=False)
    return changed


def _standing(work: Work, id_: str, version: int | None) -> Json:
    booking = find_booking(work, id_)
    if version not in (None, booking["version"]):
        raise version_mismatch(f"Stale version: the booking is at version {booking['version']}.")
    if booking["status"] not in STANDING:
        raise bad_request(f"The booking is {booking['status']}.", "booking_id")
    return booking


def _segments(work: Work, given: list[Json]) -> list[Json]:
    return [_segment(work, one, f"booking.appointment_segments[{place}]") for place, one in enumerate(given)]


def _segment(work: Work, given: Json, field: str) -> Json:
    require_bookable(work, given["team_member_id"], f"{field}.team_member_id")
    variation, item = variation_with_item(work, given["service_variation_id"])
    if item["item_data"].get("product_type") != "APPOINTMENTS_SERVICE":
        raise invalid("The variation is not a bookable service.", f"{field}.service_variation_id")
    version = given.get("service_variation_version")
    if version is None:
        raise missing(f"{field}.service_variation_version")
    if version != variation["version"]:
        raise version_mismatch(
            f"The service is at version {variation['version']}.", f"{field}.service_variation_version"
        )
    usual = variation["item_variation_data"].get("service_duration", USUAL_MINUTES * 60_000) // 60_000
    return {
        "duration_minutes": given.get("duration_minutes") or usual,
        "service_variation_id": variation["id"],
        "service_variation_version": version,
        "team_member_id": given["team_member_id"],
    }
