"""Appointments of Square Appointments: what an event or a look through the calendar brings to our own list of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from plugin.core.text import NAME_LENGTH, clean
from plugin.courses.base.clinic import local_date, read_clinic
from plugin.courses.base.inbox import receive
from plugin.courses.base.suppression import is_erased
from plugin.courses.base.work import Work
from plugin.courses.clients.buyers import link_if_ours_in
from plugin.courses.clients.contacts import Buyer
from plugin.courses.handouts.next_visit import booking_changed
from plugin.courses.visits.bookings import CALLED_OFF, BookingRecord, save_booking_in
from plugin.services import Services
from plugin.square.booked_names import service_name, team_member_name
from plugin.square.buyers import knows_any, read_profile
from plugin.square.client import SquareNotFound
from plugin.square.client.bookings import MOST_BY_ID
from plugin.square.effects import Effects
from plugin.square.event_body import object_in
from plugin.square.parsing import (
    Json,
    moment,
    optional_id,
    optional_moment,
    records,
    square_id,
    text,
    unreadable,
)
from plugin.square.synthetic_events import Looked
from plugin.store import Store
from plugin.store.square_side import Booking

SWEPT_BOOKING = "sweep.booking"
DAYS_BACK, DAYS_AHEAD = 1, 14


def handle_booking(services: Services, data: Json) -> Effects:
    """Say what an event about an appointment brings."""
    told = object_in(data, "booking")
    # Of a booking's event, `data.id` is the booking's id with its version.
    booking_id = square_id((told or {}).get("id") or text(data.get("id")).partition(":")[0], "booking id")
    try:
        booking = booking_of(services.square.booking(booking_id))
    except SquareNotFound:
        # The event was signed, so what it carries is Square's word as well.
        if told is None:
            raise
        return _kept(services, booking_of(told))
    # Square may answer with what was before the event.
    versions = [booking] if told is None else [booking, booking_of(told)]
    return _kept(services, max(versions, key=lambda one: one.version))


def handle_synced_booking(services: Services, data: Json) -> Effects:
    """Say what a look through the calendar brought: Square has just listed it, so it is not fetched again."""
    told = object_in(data, "booking")
    if told is None:
        raise unreadable("booking")
    return _kept(services, booking_of(told))


def _kept(services: Services, told: BookingRecord) -> Effects:
    ours = services.settings.square_location_id
    if ours and told.square_location_id not in (None, ours):
        return Effects(says="It belongs to another location than SQUARE_LOCATION_ID.")
    if told.square_customer_id is not None and is_erased(services.store, told.square_customer_id):
        told = replace(told, square_customer_id=None)
    stranger = _stranger(services, told.square_customer_id)
    named = replace(
        told,
        square_customer_id=stranger.square_customer_id if stranger else told.square_customer_id,
        customer_name=clean(stranger.name)[:NAME_LENGTH] if stranger else "",
        service_name=service_name(services, told.square_variation_id),
        team_member_name=team_member_name(services, told.square_team_member_id),
    )

    def keep(work: Work) -> str:
        if stranger is not None:
            link_if_ours_in(work.session, work.act, stranger)
        before = work.session.get(Booking, named.square_booking_id)
        whose = before.square_customer_id if before is not None else None
        said = save_booking_in(work.session, work.act, named)
        # What is kept ready names the next visit.
        booking_changed(work, {whose, named.square_customer_id})
        return said

    return Effects(effects=(keep,))


def _stranger(services: Services, customer_id: str | None) -> Buyer | None:
    """Return who booked as Square has them, None for nobody, or somebody whom we know by this id."""
    if customer_id is None or knows_any(services, customer_id):
        return None
    try:
        return read_profile(services.square.customer(customer_id), customer_id)
    except SquareNotFound:
        return None


def sync_bookings(services: Services, _since: datetime) -> Iterator[Looked]:
    """Look through the calendar from yesterday on; what we expect and Square lists no more is asked for by its id."""
    begins, ends = _window(services)
    unseen = _expected_ids(services.store, begins, ends)
    for page in services.square.bookings(begins, ends, services.settings.square_location_id or None):
        unseen -= {text(one.get("id")) for one in page}
        yield Looked(len(page), _take_up(services, page))
    moved = sorted(unseen)
    for start in range(0, len(moved), MOST_BY_ID):
        found = services.square.bookings_by_id(moved[start : start + MOST_BY_ID])
        yield Looked(len(found), _take_up(services, found))


def booking_of(answer: Json) -> BookingRecord:
    """Read an appointment; raises SquareFailed. Of several treatments in one, the first stands for it."""
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


def _window(services: Services) -> tuple[datetime, datetime]:
    clinic = read_clinic(services.store)
    today = local_date(clinic, services.clock())
    begins, ends = (
        datetime.combine(today + timedelta(days=days), time(), ZoneInfo(clinic.time_zone)).astimezone(UTC)
        for days in (-DAYS_BACK, DAYS_AHEAD + 1)
    )
    return begins, ends


def _expected_ids(store: Store, begins: datetime, ends: datetime) -> set[str]:
    expected = select(Booking.square_booking_id).where(
        Booking.start_at >= begins, Booking.start_at < ends, Booking.status.not_in(CALLED_OFF)
    )
    with store.reading() as session:
        return set(session.scalars(expected))


def _versions(store: Store, page: Sequence[Json]) -> dict[str, int]:
    ids = [text(one.get("id")) for one in page]
    rows = select(Booking.square_booking_id, Booking.version).where(Booking.square_booking_id.in_(ids))
    with store.reading() as session:
        return dict(session.execute(rows).all())


def _take_up(services: Services, page: Sequence[Json]) -> list[Json]:
    known = _versions(services.store, page)
    return [
        {"kind": "booking", "id": id_, "what": "An appointment"}
        for one in page
        if (id_ := text(one.get("id"))) and _is_newer(one, known.get(id_)) and _receive(services, id_, one)
    ]


def _is_newer(answer: Json, known: int | None) -> bool:
    version = answer.get("version")
    # What can't be read is taken up too: the worker fails to read it, and says so where a person sees it.
    return known is None or not isinstance(version, int) or version > known


def _receive(services: Services, id_: str, booking: Json) -> bool:
    event_id = f"{SWEPT_BOOKING}:{id_[:192]}:{str(booking.get('version'))[:20]}"
    data = {"id": id_, "object": {"booking": booking}}
    body = json.dumps({"event_id": event_id, "type": SWEPT_BOOKING, "data": data})
    return receive(
        services.store, event_id=event_id, event_type=SWEPT_BOOKING, body=body, now=services.clock()
    )
