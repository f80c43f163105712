"""A booked visit that took place uses a session, once for one booking, whoever taps how often on how many iPads."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role, require
from plugin.core.text import REASON_LENGTH, required
from plugin.courses.chain import course_for_change, tell
from plugin.courses.changes.sharing import shared_in
from plugin.courses.clinic import clinic_in, local_date
from plugin.courses.operations import answered_before, digest, remember
from plugin.courses.read import courses_in
from plugin.courses.views import Used
from plugin.courses.visiting.bookings import CALLED_OFF, booking_for_change, client_of_in, free_in, settle_in
from plugin.courses.visiting.next_session import is_same_name, next_session
from plugin.courses.visiting.reverse import undo_use_in
from plugin.courses.visiting.use import UseSession, use_in, used_answer
from plugin.courses.words import day_text
from plugin.errors import NoneLeft, NotFound, Refused
from plugin.store import Store
from plugin.store.ledger import Course
from plugin.store.people import Staff
from plugin.store.square_side import Booking

_TREATS = (Role.PRACTITIONER.value, Role.OWNER.value)


def use_booking(
    store: Store,
    act: Act,
    booking_id: str,
    *,
    course_id: str | None = None,
    allowance_id: str | None = None,
    has_mail: bool = False,
) -> Used:
    """Use one session for a booked visit; what the desk does not choose follows the booked service.

    Used before, by whichever tap, answers that use again. Raises Refused, NoneLeft or NotFound.
    """
    require(act.actor, Role.DESK, Role.PRACTITIONER)
    asked = digest("use_booking", {"booking": booking_id, "course": course_id, "allowance": allowance_id})

    def work(session: Session) -> Used:
        course, chosen = course_of_booking_in(session, act, booking_id, course_id, allowance_id)
        booking = booking_for_change(session, booking_id)
        if known := answered_before(session, act, asked):
            return used_answer(session, known["entry_id"], is_repeat=True)
        if booking.outcome == "used" and booking.entry_id is not None:
            return used_answer(session, booking.entry_id, is_repeat=True)
        wish = _wish(session, act, booking, course, chosen)
        entry_id = use_in(session, store, act, wish, course, has_mail=has_mail)
        settle_in(session, act, booking, "used", course_id=course.id, entry_id=entry_id)
        remember(session, act, asked, {"entry_id": entry_id})
        return used_answer(session, entry_id, is_repeat=False)

    return store.transact(work)


def take_back(store: Store, act: Act, booking_id: str, reason: str) -> str | None:
    """Undo what became of a booked visit; return the entry that undid a session, None where none had moved.

    The booking can be settled again. One that is free already stays so.
    """
    require(act.actor, Role.DESK, Role.PRACTITIONER)
    said = required(reason, field="reason", called="The reason", most=REASON_LENGTH)
    asked = digest("take_back", {"booking": booking_id, "reason": said})

    def work(session: Session) -> str | None:
        settled = session.get(Booking, booking_id)
        course = course_for_change(session, settled.course_id) if settled and settled.course_id else None
        booking = booking_for_change(session, booking_id)
        if known := answered_before(session, act, asked):
            undone: str | None = known["undone_by"]
            return undone
        # Without a course here it is free; with another one somebody was quicker, and this tap is old.
        if course is None or booking.course_id != course.id:
            return None
        undone = _take_back_in(session, store, act, booking, course, said)
        remember(session, act, asked, {"undone_by": undone})
        return undone

    return store.transact(work)


def course_of_booking_in(
    session: Session, act: Act, booking_id: str, course_id: str | None, allowance_id: str | None
) -> tuple[Course, str | None]:
    """Return the course that a booked visit is settled with, held, and the allowance; the service decides what is open.

    Raises Refused where the client has no course to use, or another's was chosen.
    """
    booking = session.get(Booking, booking_id)
    if booking is None:
        raise NotFound("There is no such appointment.")
    if booking.course_id is not None:
        return course_for_change(session, booking.course_id), allowance_id
    client_id = client_of_in(session, booking)
    if course_id is None:
        course_id, allowance_id = _proposed(session, act, client_id, booking.service_name)
    course = course_for_change(session, course_id)
    today = local_date(clinic_in(session), act.now)
    is_theirs = client_id is not None and course.client_id == client_id
    if not is_theirs and course.id not in _shared_with(session, client_id, today):
        raise Refused("This course belongs to another client.", code="not_theirs")
    return course, allowance_id


def _shared_with(session: Session, client_id: str | None, today: date) -> set[str]:
    return {row.id for row in shared_in(session, [client_id or ""], today=today)}


def day_of(session: Session, booking: Booking) -> date:
    """Return the clinic's day of the booking."""
    return local_date(clinic_in(session), booking.start_at)


def _proposed(session: Session, act: Act, client_id: str | None, service: str) -> tuple[str, str]:
    if client_id is None:
        raise Refused(
            "This client is not known here yet, so there is no course to use.", code="unknown_client"
        )
    rows = list(session.scalars(select(Course).where(Course.client_id == client_id)))
    today = local_date(clinic_in(session), act.now)
    own = courses_in(session, rows, today=today)
    found = next_session(own, service)
    if found is None or not found.is_usable:
        shared = shared_in(session, [client_id], today=today)
        found = next_session([*own, *courses_in(session, shared, today=today)], service)
    if found is None:
        raise NoneLeft("No session is left. Sell a new course, or choose another one.")
    return found.course.id, found.allowance.id


def _wish(
    session: Session, act: Act, booking: Booking, course: Course, allowance_id: str | None
) -> UseSession:
    day, today = day_of(session, booking), local_date(clinic_in(session), act.now)
    if booking.outcome is not None:
        raise Refused("This visit was settled as a no-show. Undo that first.", code="settled")
    if booking.status in CALLED_OFF:
        said = "This appointment was called off in Square. Use the session from the client's page."
        raise Refused(said, code="called_off")
    if day > today:
        said = f"This appointment is on {day_text(day, clinic_in(session))}. Use the session from the client's page."
        raise Refused(said, code="still_to_come")
    practitioner_id = _practitioner(session, booking.team_member_name)
    came = client_of_in(session, booking)
    return UseSession(
        course.id, allowance_id, visited_on=day, client_id=came, practitioner_id=practitioner_id
    )


def _practitioner(session: Session, name: str) -> str | None:
    """Return who treats under that name, None unless exactly one does."""
    rows = session.execute(
        select(Staff.id, Staff.name).where(Staff.is_active.is_(True), Staff.role.in_(_TREATS))
    )
    same = [staff_id for staff_id, called in rows if is_same_name(called, name)]
    return same[0] if len(same) == 1 else None


def _take_back_in(
    session: Session, store: Store, act: Act, booking: Booking, course: Course, reason: str
) -> str | None:
    if booking.entry_id is not None:
        return undo_use_in(session, store, act, course, booking.entry_id, reason).id
    day = day_text(day_of(session, booking), clinic_in(session))
    tell(session, store, act, course.id, "no_show", f"No-show on {day}: no longer forgiven", reason=reason)
    free_in(session, booking)
    return None
