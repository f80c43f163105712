"""Appointments as last reported by Square, with whom, and their outcome here. A booking is settled once.

Code that settles or frees one locks its course first and then the booking, which avoids deadlocks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Row, Select, exists, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role
from plugin.core.text import is_same_name
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed
from plugin.courses.clients.clients import living_client_in
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.offers import Package, PackageContent, Treatment
from plugin.store.prepared import Prepared
from plugin.store.tables import Booking, SquareCustomer, Staff
from plugin.wording import _

Outcome = Literal["used", "charged", "forgiven"]

NO_SHOW = "NO_SHOW"
CALLED_OFF = ("DECLINED", "CANCELLED_BY_CUSTOMER", "CANCELLED_BY_SELLER")


@dataclass(frozen=True, slots=True)
class BookingRecord:
    """An appointment as Square reports it, with the names for its ids ("" where it has none)."""

    square_booking_id: str
    version: int
    status: str
    start_at: datetime
    minutes: int
    square_location_id: str | None
    square_customer_id: str | None
    square_variation_id: str | None
    square_team_member_id: str | None
    updated_at: datetime
    customer_name: str = ""
    service_name: str = ""
    team_member_name: str = ""


def save_booking_in(session: Session, act: Act, told: BookingRecord) -> str:
    """Store the record unless a later version is known; return the outcome, in words.

    The visit's outcome here is unchanged: canceling in Square returns no session.
    """
    row = session.scalar(_held(told.square_booking_id))
    if row is not None and row.version > told.version:
        return _("A later version of this appointment is known.")
    if row is None:
        row = Booking(square_booking_id=told.square_booking_id)
        session.add(row)
    if row.start_at is not None and row.start_at != told.start_at:
        # Moved to another time: they are not here for it yet.
        row.arrived_at, row.arrived_by = None, ""
    for name in BookingRecord.__dataclass_fields__:
        setattr(row, name, getattr(told, name))
    row.seen_at = act.now
    session.flush()
    return _("The appointment is kept as Square has it now.")


def booking_for_change(session: Session, booking_id: str) -> Booking:
    """Return the booking, locked for this transaction; raises NotFound."""
    row = session.scalar(_held(booking_id))
    if row is None:
        raise NotFound(_("There is no such appointment."))
    return row


def client_of_in(session: Session, booking: Booking) -> str | None:
    """Return the booking's client, None where Square's customer is no client of ours."""
    link = session.get(SquareCustomer, booking.square_customer_id) if booking.square_customer_id else None
    return living_client_in(session, link.client_id).id if link is not None else None


def settle_in(
    session: Session, act: Act, booking: Booking, outcome: Outcome, *, course_id: str, entry_id: str | None
) -> None:
    """Store the outcome of the visit."""
    booking.outcome, booking.outcome_at, booking.outcome_by = outcome, act.now, act.actor.name
    booking.course_id, booking.entry_id = course_id, entry_id
    session.flush()


def free_in(session: Session, booking: Booking) -> None:
    """Remove the outcome, so that the booking can be settled again."""
    booking.outcome = booking.outcome_at = booking.course_id = booking.entry_id = None
    booking.outcome_by = ""
    session.flush()


def free_booking_of_in(session: Session, entry_id: str) -> None:
    """Free the booking settled by an entry, if any: the entry was undone."""
    held = select(Booking).where(Booking.entry_id == entry_id).with_for_update()
    booking = session.scalar(held.execution_options(populate_existing=True))
    if booking is not None:
        free_in(session, booking)


def _held(booking_id: str) -> Select[Booking]:
    rows = select(Booking).where(Booking.square_booking_id == booking_id).with_for_update()
    return rows.execution_options(populate_existing=True)


_TREATS = (Role.PRACTITIONER.value, Role.OWNER.value)


def practitioners_in(session: Session) -> Sequence[Row[str, str]]:
    """Return the id and name of each active person who treats."""
    session.flush()
    return _TREATING.all(session.connection(), {})


_TREATING = Prepared(select(Staff.id, Staff.name).where(Staff.is_active.is_(True), Staff.role.in_(_TREATS)))


def practitioner_named(known: Sequence[Row[str, str]], name: str) -> str | None:
    """Return the practitioner of Square's name for them, None unless exactly one matches."""
    same = [staff_id for staff_id, called in known if is_same_name(called, name)]
    return same[0] if len(same) == 1 else None


def planned_treatments(store: Store) -> Sequence[Treatment]:
    """Return the main treatments of the packages for sale, and those that have a service, by name."""
    is_sold = exists().where(
        PackageContent.treatment_id == Treatment.id,
        PackageContent.package_id == Package.id,
        Package.is_active.is_(True),
    )
    rows = (
        select(Treatment)
        .where(Treatment.kind == "main", is_sold | Treatment.square_service_id.is_not(None))
        .order_by(Treatment.name)
    )
    with store.reading() as session:
        return session.scalars(rows).all()


@allowed()
def save_services(work: Work, service_of: Mapping[str, str]) -> None:
    """Save the service of each treatment by its id, "" for none; what is not named stays. What changed is recorded."""
    wanted = select(Treatment).where(Treatment.id.in_(service_of)).with_for_update()
    for row in work.session.scalars(wanted):
        before, row.square_service_id = row.square_service_id, service_of[row.id] or None
        if row.square_service_id != before:
            record_in(
                work,
                Did.SERVICE_CHANGED,
                name=row.name,
                before=before or "",
                after=row.square_service_id or "",
                subject_id=row.id,
            )
