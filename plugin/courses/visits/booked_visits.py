"""A booked visit that took place uses a session, once per booking, however often it is tapped.

Where no one has chosen, the course and its session are chosen here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role
from plugin.core.course import AllowanceState
from plugin.core.text import REASON_LENGTH, is_same_name, required
from plugin.courses.base.chain import add_history, course_for_change
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.read import entry_in, summaries_in
from plugin.courses.base.views import CourseSummary, Used
from plugin.courses.base.words import day_text
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.changes.gifts import shared_in
from plugin.courses.visits import bookings
from plugin.courses.visits.in_hand import course_in_hand
from plugin.courses.visits.reverse import undo_use
from plugin.courses.visits.same_day import DayCharge, charges_that_day, confirmed
from plugin.courses.visits.use import UseSession, record_use, used_answer
from plugin.errors import NoneLeft, Refused
from plugin.store.tables import Booking, Course, Entry, Visit
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class NextSession:
    """What would be used; `is_named` where its treatment has the same name as the booked service."""

    course: CourseSummary
    allowance: AllowanceState
    is_named: bool

    @property
    def is_usable(self) -> bool:
        """Return whether it can be used now, as it may be locked until more is paid."""
        return self.allowance.usable_now > 0


def next_session(courses: Iterable[CourseSummary], service: str) -> NextSession | None:
    """Return the sessions of the service's name, else main ones, else any; None where no course has any open.

    Usable sessions are preferred to those that await payment; then the course that expires first, then the
    oldest (docs/rules.md, rule 6).
    """
    live = sorted((each for each in courses if each.is_live), key=_order)
    found = [(course, each) for course in live for each in course.allowances if each.is_usable]
    usable = [pair for pair in found if pair[1].usable_now] or found
    for course, each in usable:
        if is_same_name(each.treatment, service):
            return NextSession(course, each, is_named=True)
    usable.sort(key=lambda pair: pair[1].kind != "main")
    return NextSession(*usable[0], is_named=False) if usable else None


def _order(course: CourseSummary) -> tuple[date, object, str]:
    return (course.expires_on or date.max, course.sold_at, course.id)


@allowed(Role.DESK, Role.PRACTITIONER)
def use_booking(
    work: Work,
    booking_id: str,
    *,
    course_id: str | None = None,
    allowance_id: str | None = None,
    known_charges: int = 0,
    has_mail: bool = False,
    needs_check: bool = False,
) -> Used:
    """Use one session for a booked visit; what the desk does not choose is chosen by the booked service.

    If it was used before, by any tap, returns that use again. Raises Refused, NoneLeft or NotFound.
    `known_charges` and `needs_check`: as for `use_session`.
    """
    request = {"booking": booking_id, "course": course_id, "allowance": allowance_id}
    course, chosen = course_of_booking_in(work.session, work.act, booking_id, course_id, allowance_id)
    booking = bookings.booking_for_change(work.session, booking_id)
    was_used = booking.outcome == "used" and booking.entry_id is not None

    def use() -> dict[str, Any]:
        if was_used:
            return {"entry_id": booking.entry_id}
        wish = _wish(work.session, work.act, booking, course, chosen)
        used = record_use(
            work,
            wish,
            course_in_hand(work.session, course.id, work.now),
            known_charges=known_charges,
            has_mail=has_mail,
            needs_check=needs_check,
        )
        bookings.settle_in(
            work.session, work.act, booking, "used", course_id=course.id, entry_id=used.entry.id
        )
        return {"entry_id": used.entry.id}

    done = work.once("use_booking", request | confirmed(known_charges), use)
    return used_answer(work.session, done.answer["entry_id"], is_repeat=done.is_repeat or was_used)


@allowed(Role.DESK, Role.PRACTITIONER)
def link_booking(work: Work, booking_id: str, entry_id: str) -> Used:
    """Check in a booked visit with a session that was already charged for it; nothing more is charged.

    If it was linked before, by any tap, returns the same again. Raises Refused or NotFound.
    """
    course = course_for_change(work.session, entry_in(work.session, entry_id)[1].id)
    booking = bookings.booking_for_change(work.session, booking_id)
    was_linked = booking.entry_id == entry_id

    def link() -> dict[str, Any]:
        if not was_linked:
            charge = _linkable(work.session, booking, entry_id)
            outcome: bookings.Outcome = "charged" if charge.is_no_show else "used"
            bookings.settle_in(
                work.session, work.act, booking, outcome, course_id=course.id, entry_id=entry_id
            )
            _name_practitioner(work, booking)
        return {"entry_id": entry_id}

    linked = work.once("link_booking", {"booking": booking_id, "entry": entry_id}, link)
    return used_answer(work.session, entry_id, is_repeat=linked.is_repeat or was_linked)


@allowed(Role.DESK, Role.PRACTITIONER)
def take_back(work: Work, booking_id: str, reason: str) -> str | None:
    """Undo the outcome of a booked visit; return the entry that undid a session, None where none was charged.

    The booking can be settled again. One not settled is left unchanged. A session that was charged elsewhere
    and only linked to the booking remains charged.
    """
    said = required(reason, field="reason", called=_("The reason"), most=REASON_LENGTH)
    settled = work.session.get(Booking, booking_id)
    course = course_for_change(work.session, settled.course_id) if settled and settled.course_id else None
    booking = bookings.booking_for_change(work.session, booking_id)

    def undo() -> dict[str, Any]:
        # Without a course the booking is not settled; with another one a second tablet was faster, and
        # this tap is stale.
        if course is None or booking.course_id != course.id:
            return {"undone_by": None}
        return {"undone_by": _take_back(work, booking, course, said)}

    undone: str | None = work.once("take_back", {"booking": booking_id, "reason": said}, undo).answer[
        "undone_by"
    ]
    return undone


def course_of_booking_in(
    session: Session, act: Act, booking_id: str, course_id: str | None, allowance_id: str | None
) -> tuple[Course, str | None]:
    """Return the course, locked, and the allowance of a booked visit; the service chooses what is not given.

    Raises Refused where the client has no course to use, or the chosen one belongs to another client.
    """
    booking = require_row(session, Booking, booking_id, _("There is no such appointment."))
    if booking.course_id is not None:
        return course_for_change(session, booking.course_id), allowance_id
    client_id = bookings.client_of_in(session, booking)
    if course_id is None:
        course_id, allowance_id = _proposed(session, act, client_id, booking.service_name)
    course = course_for_change(session, course_id)
    today = local_date_in(session, act.now)
    is_theirs = client_id is not None and course.client_id == client_id
    if not is_theirs and course.id not in shared_in(session, [client_id or ""], today=today):
        raise Refused(_("This course belongs to another client."), code="not_theirs")
    return course, allowance_id


def day_of(session: Session, booking: Booking) -> date:
    return local_date_in(session, booking.start_at)


def _proposed(session: Session, act: Act, client_id: str | None, service: str) -> tuple[str, str]:
    if client_id is None:
        raise Refused(
            _("This client is not known here yet, so there is no course to use."), code="unknown_client"
        )
    ids = session.scalars(select(Course.id).where(Course.client_id == client_id)).all()
    today = local_date_in(session, act.now)
    own = summaries_in(session, ids, today=today)
    found = next_session(own, service)
    if found is None or not found.is_usable:
        shared = shared_in(session, [client_id], today=today)
        found = next_session([*own, *summaries_in(session, shared, today=today)], service)
    if found is None:
        raise NoneLeft(_("No session is left. Sell a new course, or choose another one."))
    return found.course.id, found.allowance.id


def _wish(
    session: Session, act: Act, booking: Booking, course: Course, allowance_id: str | None
) -> UseSession:
    day, today = day_of(session, booking), local_date_in(session, act.now)
    _refuse_settled(booking)
    if booking.status in bookings.CALLED_OFF:
        said = _("This appointment was canceled in Square. Use the session from the client’s page.")
        raise Refused(said, code="called_off")
    if day > today:
        said = _(
            "This appointment is on {day}. Use the session from the client’s page.",
            day=day_text(day, clinic_in(session)),
        )
        raise Refused(said, code="still_to_come")
    practitioner_id = bookings.practitioner_named(
        bookings.practitioners_in(session), booking.team_member_name
    )
    came = bookings.client_of_in(session, booking)
    return UseSession(
        course.id, allowance_id, visited_on=day, client_id=came, practitioner_id=practitioner_id
    )


def _refuse_settled(booking: Booking) -> None:
    if booking.outcome == "used":
        raise Refused(_("This visit used another session. Undo that first."), code="settled")
    if booking.outcome is not None:
        raise Refused(_("This visit was settled as a no-show. Undo that first."), code="settled")


def _linkable(session: Session, booking: Booking, entry_id: str) -> DayCharge:
    _refuse_settled(booking)
    if booking.status in bookings.CALLED_OFF:
        raise Refused(_("This appointment was canceled in Square."), code="called_off")
    client_id = bookings.client_of_in(session, booking)
    charges = charges_that_day(session, [client_id or ""], day_of(session, booking))
    charge = next((each for each in charges if each.entry_id == entry_id), None)
    if charge is None:
        raise Refused(
            _("That session was undone, or was used for another client or day."), code="not_linkable"
        )
    if charge.booking_id is not None:
        raise Refused(_("That session is linked to another appointment."), code="linked")
    return charge


def _name_practitioner(work: Work, booking: Booking) -> None:
    """Record the practitioner, as a check-in does: the use entered elsewhere may lack one."""
    entry = work.session.get_one(Entry, booking.entry_id)
    visit = work.session.get(Visit, entry.visit_id) if entry.visit_id else None
    found = bookings.practitioner_named(bookings.practitioners_in(work.session), booking.team_member_name)
    if found is not None and visit is not None and visit.practitioner_id is None:
        visit.practitioner_id = found
        publish(work, CourseChanged(visit.course_id))


def _take_back(work: Work, booking: Booking, course: Course, reason: str) -> str | None:
    if booking.entry_id is not None and _is_linked(work.session, booking):
        bookings.free_in(work.session, booking)
        return None
    if booking.entry_id is not None:
        return undo_use(work, course, booking.entry_id, reason).id
    day = day_text(day_of(work.session, booking), clinic_in(work.session))
    add_history(work, course.id, "no_show", _("No-show on {day}: no longer waived", day=day), reason=reason)
    bookings.free_in(work.session, booking)
    return None


def _is_linked(session: Session, booking: Booking) -> bool:
    """Return whether the booking was checked in with a session charged before."""
    written_at = session.get_one(Entry, booking.entry_id).written_at
    return booking.outcome_at is not None and written_at < booking.outcome_at
