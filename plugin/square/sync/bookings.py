"""Sync of appointments: the calendar from yesterday to three months ahead."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from sqlalchemy import select

from plugin.core.batches import batched
from plugin.courses.base.clinic import local_date, read_clinic
from plugin.courses.visits.bookings import CALLED_OFF
from plugin.services import Services
from plugin.square.client.bookings import MOST_BY_ID
from plugin.square.inbox import SWEPT_BOOKING, receive_synthetic
from plugin.square.parsing import Json, text
from plugin.square.sync.pages import SyncPage
from plugin.store import Store
from plugin.store.square_side import Booking

# Square lists at most 31 times 24 hours in one call; 31 days have an hour more when summer time ends.
DAYS_BACK, DAYS_A_CALL, CALLS = 1, 30, 3


def sync_bookings(services: Services, _since: datetime) -> Iterator[SyncPage]:
    """Sync the calendar from yesterday on; a booking that Square no longer lists is fetched by its id."""
    moments = _moments(services)
    unseen = _expected_ids(services.store, moments[0], moments[-1])
    for begins, ends in pairwise(moments):
        for page in services.square.bookings(begins, ends, services.settings.square_location_id or None):
            unseen -= {text(one.get("id")) for one in page}
            yield SyncPage(len(page), _receive_new(services, page))
    for moved in batched(sorted(unseen), MOST_BY_ID):
        found = services.square.bookings_by_id(moved)
        yield SyncPage(len(found), _receive_new(services, found))


def _moments(services: Services) -> list[datetime]:
    """Return the beginnings of days at the clinic between which one call asks each time."""
    clinic = read_clinic(services.store)
    first = local_date(clinic, services.clock()) - timedelta(days=DAYS_BACK)
    days = (first + timedelta(days=DAYS_A_CALL * number) for number in range(CALLS + 1))
    return [datetime.combine(day, time(), clinic.zone).astimezone(UTC) for day in days]


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


def _receive_new(services: Services, page: Sequence[Json]) -> list[Json]:
    known = _versions(services.store, page)
    return [
        {"kind": "booking", "id": id_, "what": "An appointment"}
        for one in page
        if (id_ := text(one.get("id")))
        and _is_newer(one, known.get(id_))
        and receive_synthetic(
            services, SWEPT_BOOKING, id_, str(one.get("version"))[:20], carried={"booking": one}
        )
    ]


def _is_newer(answer: Json, known: int | None) -> bool:
    version = answer.get("version")
    # What can't be read is added too: the worker fails to read it, and reports it where a person sees it.
    return known is None or not isinstance(version, int) or version > known
