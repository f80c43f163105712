"""What a sync reads page by page: appointments, invoices, Terminals, disputes, and the packages’ items."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.batches import batched
from plugin.core.moments import day_at
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.course_extras import question_mark
from plugin.courses.visits.bookings import CALLED_OFF
from plugin.errors import SquareFailed
from plugin.services import Services
from plugin.square.checkout.terminal import refresh_terminals
from plugin.square.client.calls import MOST_BY_ID
from plugin.square.events.catalog import changed_items
from plugin.square.events.invoices import ENDED_STATUSES, PAID_STATUSES, paid_of
from plugin.square.events.orders import dispute_id
from plugin.square.inbox import SWEPT_BOOKING, SWEPT_DISPUTE, SWEPT_INVOICE, SWEPT_ITEM, receive_synthetic
from plugin.square.locations import watched_locations
from plugin.square.parsing import Json, optional_moment, readable, text
from plugin.store import Store
from plugin.store.square_side import Booking
from plugin.store.tables import Attention, Checkout, Course, Dispute


@dataclass(frozen=True, slots=True)
class SyncPage:
    """How many objects a page had, which of them are new to us, when the latest was changed."""

    seen: int
    news: list[Json]
    newest: datetime | None = None


def newest(page: Iterable[Json]) -> datetime | None:
    """Return the time of the latest change, according to Square."""
    return max((changed for one in page if (changed := _updated_at(one)) is not None), default=None)


def _updated_at(one: Json) -> datetime | None:
    try:
        return optional_moment(one.get("updated_at"), "updated_at")
    except SquareFailed:
        # The handler reads the whole of it, and reports that it can't be read.
        return None


def sync_catalog(services: Services, _since: datetime) -> Iterator[SyncPage]:
    """Find changed items that no event reported."""
    changed = changed_items(services)
    news = [
        {"kind": "item", "id": seen.square_variation_id, "what": "A package’s item in Square"}
        for seen in changed
        if receive_synthetic(services, SWEPT_ITEM, seen.square_variation_id, str(seen.version))
    ]
    yield SyncPage(len(changed), news)


def sync_invoices(services: Services, since: datetime) -> Iterator[SyncPage]:
    for location_id in watched_locations(services):
        for page in services.square.invoices(location_id):
            news = readable(lambda invoice: _news(services, invoice, since), page, "invoice")
            yield SyncPage(len(page), [one for one in news if one is not None])


def sync_terminals(services: Services, _since: datetime) -> Iterator[SyncPage]:
    """Update the list of Terminals; no event reports it."""
    refresh_terminals(services)
    yield SyncPage(0, [])


def _news(services: Services, invoice: Json, since: datetime) -> Json | None:
    invoice_id, status = text(invoice.get("id")), text(invoice.get("status"))
    updated_at = optional_moment(invoice.get("updated_at"), "invoice updated_at")
    if not invoice_id or updated_at is None or updated_at < since:
        return None
    if not _lacks(services, invoice_id, status, invoice):
        return None
    state = f"{text(invoice.get('updated_at'))[:40]}:{status}"
    if not receive_synthetic(services, SWEPT_INVOICE, invoice_id, state):
        return None
    return {"kind": "invoice", "id": invoice_id, "what": f"An invoice, {status}"}


def _lacks(services: Services, invoice_id: str, status: str, invoice: Json) -> bool:
    """Return whether the invoice's end, or a payment of it, is not known here."""
    with services.store.reading() as session:
        row = session.scalar(select(Checkout).where(Checkout.square_object_id == invoice_id))
        if status in ENDED_STATUSES:
            return (row is not None and row.ended_at is None) or _has_open_balance(session, invoice)
        is_paid = status in PAID_STATUSES
        return is_paid and row is not None and row.state != "paid" and row.came < paid_of(invoice)


def _has_open_balance(session: Session, invoice: Json) -> bool:
    """Return whether a course still expects the rest of an invoice."""
    expects_it = select(Course.id).where(
        Course.square_order_id == text(invoice.get("order_id")),
        Course.closed_as.is_(None),
        Course.due_ended_at.is_(None),
    )
    return session.scalar(expects_it.limit(1)) is not None


def sync_disputes(services: Services, _since: datetime) -> Iterator[SyncPage]:
    """Sync all disputes: new are those in another state, and those whose sale was booked after them."""
    for page in services.square.disputes():
        known = _known(services.store, page)
        found = [
            {"kind": "dispute", "id": id_, "what": f"A dispute, {text(one.get('state'))}"}
            for one in page
            if (id_ := dispute_id(one))
            and known.get(id_) != text(one.get("state"))
            and _receive(services, id_, one)
        ]
        yield SyncPage(len(page), found)


def _known(store: Store, page: Sequence[Json]) -> dict[str, str]:
    """Return the state in which each of these disputes is known; "" where its attention item is not open yet."""
    rows = select(Dispute).where(Dispute.square_dispute_id.in_([dispute_id(one) for one in page]))
    with store.reading() as session:
        return {
            row.square_dispute_id: "" if _is_unasked(session, row) else row.state
            for row in session.scalars(rows)
        }


def _is_unasked(session: Session, row: Dispute) -> bool:
    if row.square_order_id is None or row.state in ("WON", "INQUIRY_CLOSED"):
        return False
    mark = question_mark(row.square_dispute_id)
    if session.scalar(select(Attention.id).where(Attention.dedupe == mark)) is not None:
        return False
    open_course = select(Course.id).where(
        Course.square_order_id == row.square_order_id, Course.closed_as.is_(None)
    )
    return session.scalar(open_course.limit(1)) is not None


def _receive(services: Services, id_: str, dispute: Json) -> bool:
    # With the hour: a dispute may be new again though Square changed nothing, as its sale was booked since.
    state = f"{text(dispute.get('state'))[:40]}:{services.clock():%Y%m%d%H}"
    return receive_synthetic(services, SWEPT_DISPUTE, id_, state)


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
    first = day_at(services.clock(), clinic.zone) - timedelta(days=DAYS_BACK)
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
