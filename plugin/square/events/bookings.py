"""Handler of appointment events (Square Appointments), with the names behind a booking's ids."""

from dataclasses import replace
from datetime import timedelta
from typing import Literal

from sqlalchemy import select

from plugin.core.text import NAME_LENGTH, clean, full_name
from plugin.courses.base.suppression import is_erased
from plugin.courses.base.work import Work
from plugin.courses.clients.buyers import link_if_ours_in
from plugin.courses.clients.contacts import Buyer
from plugin.courses.handouts.status import booking_changed
from plugin.courses.visits.bookings import BookingRecord, save_booking_in
from plugin.courses.visits.plan_bookings import follow_booking_in
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.buyers import knows_any, read_profile
from plugin.square.client import SquareNotFound
from plugin.square.events.effects import Effects
from plugin.square.events.orders import OTHER_LOCATION, is_at_other_location
from plugin.square.inbox import object_in
from plugin.square.parsing import (
    Json,
    moment,
    optional_id,
    optional_moment,
    record,
    records,
    square_id,
    text,
    unreadable,
    words,
)
from plugin.store.square_side import Booking

# The stored bookings carry these names.
_NAMES_KEPT_FOR = timedelta(days=7)
# What Square and its sellers call the only variation of an item.
_PLAIN = ("", "regular", "standard", "default")


def handle_booking_updated(services: Services, data: Json) -> Effects:
    """Return the effects of a change of an appointment."""
    carried = object_in(data, "booking")
    # Of a booking's event, `data.id` is the booking's id with its version.
    booking_id = square_id((carried or {}).get("id") or text(data.get("id")).partition(":")[0], "booking id")
    try:
        booking = booking_of(services.square.booking(booking_id))
    except SquareNotFound:
        # The event was signed, so the booking that it carries is authentic as well.
        if carried is None:
            raise
        return booking_effects(services, booking_of(carried))
    # Square may answer with the state before the event.
    versions = [booking] if carried is None else [booking, booking_of(carried)]
    return booking_effects(services, max(versions, key=lambda one: one.version))


def handle_synced_booking(services: Services, data: Json) -> Effects:
    """Return the effects of a booking found by a sync: Square has just listed it, so it is not fetched again."""
    carried = object_in(data, "booking")
    if carried is None:
        raise unreadable("booking")
    return booking_effects(services, booking_of(carried))


def booking_effects(services: Services, booking: BookingRecord) -> Effects:
    """Return the saving of an appointment, with the names behind its ids; the planned visit follows it."""
    if is_at_other_location(services, booking.square_location_id):
        return OTHER_LOCATION
    if booking.square_customer_id is not None and is_erased(services.store, booking.square_customer_id):
        booking = replace(booking, square_customer_id=None)
    person = _other_person(services, booking.square_customer_id)
    named = replace(
        booking,
        square_customer_id=person.square_customer_id if person else booking.square_customer_id,
        customer_name=clean(person.name)[:NAME_LENGTH] if person else "",
        service_name=_service_name(services, booking.square_variation_id),
        team_member_name=_team_member_name(services, booking.square_team_member_id),
    )

    def keep(work: Work) -> str:
        if person is not None:
            link_if_ours_in(work.session, work.act, person)
        follow_booking_in(work, named)
        before = work.session.get(Booking, named.square_booking_id)
        whose = before.square_customer_id if before is not None else None
        outcome = save_booking_in(work.session, work.act, named)
        # Cached papers name the next visit.
        booking_changed(work, {whose, named.square_customer_id})
        return outcome

    return Effects((keep,))


def _other_person(services: Services, customer_id: str | None) -> Buyer | None:
    """Return the profile of the customer who booked, None for a client whom we know by this id."""
    if customer_id is None or knows_any(services, customer_id):
        return None
    try:
        return read_profile(services.square.customer(customer_id), customer_id)
    except SquareNotFound:
        return None


def booking_of(answer: Json) -> BookingRecord:
    """Read an appointment; raises SquareFailed. Of several treatments in one, the first is used."""
    segments = records(answer.get("appointment_segments"), "appointment segments")
    first = segments[0] if segments else {}
    start_at = moment(answer.get("start_at"), "booking start_at")
    return BookingRecord(
        square_booking_id=square_id(answer.get("id"), "booking id"),
        version=_version(answer.get("version")),
        status=text(answer.get("status"))[:40],
        start_at=start_at,
        minutes=sum(minutes for one in segments if isinstance(minutes := one.get("duration_minutes"), int)),
        square_location_id=optional_id(answer.get("location_id"), "booking location_id"),
        square_customer_id=optional_id(answer.get("customer_id"), "booking customer_id"),
        square_variation_id=optional_id(first.get("service_variation_id"), "service_variation_id"),
        square_team_member_id=optional_id(first.get("team_member_id"), "team_member_id"),
        updated_at=optional_moment(answer.get("updated_at"), "booking updated_at") or start_at,
    )


def _version(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise unreadable("booking version")
    return value


def _service_name(services: Services, variation_id: str | None) -> str:
    """Return the booked service as the clinic calls it: "Touch-up, 45 min"; "" where Square names none."""
    if variation_id is None:
        return ""
    return _known_name(services, "service", variation_id) or _fetched_service(services, variation_id)


def _team_member_name(services: Services, team_member_id: str | None) -> str:
    """Return who gives the treatment; "" where Square names no one, or the scope is not granted."""
    if team_member_id is None:
        return ""
    return _known_name(services, "team_member", team_member_id) or _fetched_team_member(
        services, team_member_id
    )


def _known_name(services: Services, what: Literal["service", "team_member"], id_: str) -> str:
    known = {
        "service": (Booking.square_variation_id, Booking.service_name),
        "team_member": (Booking.square_team_member_id, Booking.team_member_name),
    }
    square_id, name = known[what]
    recent = select(name).where(
        square_id == id_, name != "", Booking.seen_at >= services.clock() - _NAMES_KEPT_FOR
    )
    with services.store.reading() as session:
        return session.scalar(recent.order_by(Booking.seen_at.desc()).limit(1)) or ""


def _fetched_service(services: Services, variation_id: str) -> str:
    try:
        variation = _data(services.square.catalog_object(variation_id), "item_variation_data")
        item_id = optional_id(variation.get("item_id"), "item_id")
        item = _data(services.square.catalog_object(item_id), "item_data") if item_id else {}
    except SquareFailed as error:
        return _or_nothing(error)
    of_item, of_variation = words(item.get("name"), 100), words(variation.get("name"), 50)
    if of_item and (of_variation.casefold() in _PLAIN or of_variation == of_item):
        return of_item
    return ", ".join(name for name in (of_item, of_variation) if name)


def _fetched_team_member(services: Services, team_member_id: str) -> str:
    try:
        member = services.square.team_member(team_member_id)
    except SquareFailed as error:
        return _or_nothing(error)
    return full_name(text(member.get("given_name")), text(member.get("family_name")))[:NAME_LENGTH]


def _or_nothing(error: SquareFailed) -> str:
    # An appointment is shown without the name of a service that was deleted, or of a team we may not see.
    if isinstance(error, SquareNotFound) or error.code == "square_scope":
        return ""
    raise error


def _data(answer: Json, name: str) -> Json:
    return record(answer.get(name) or {}, name)
