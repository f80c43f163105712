"""Planned visits that are booked in Square Appointments: what a job has to do, and what came of it.

Makes no network call. Whoever writes here locks the course first, then the planned visit, then the booking.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from plugin.core.moments import day_at
from plugin.core.status import IN_USE
from plugin.courses.base.attention import open_item, settle_item_in, settle_items_in
from plugin.courses.base.chain import add_history, course_for_change
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.events import CourseFrozen
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.read import course_in
from plugin.courses.base.words import moment_text
from plugin.courses.base.work import Work
from plugin.courses.visits.bookings import CALLED_OFF, BookingRecord
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.tables import Allowance, Booking, Course, PlannedVisit, Treatment
from plugin.wording import N_n, _, joined

# The outbox job that books, moves or cancels the appointment of a planned visit.
PLANNED_BOOKING = "planned_booking"
NOT_BOOKED = "planned_not_booked"
WAITING, BOOKED, FAILED = "waiting", "booked", "failed"
# The kind of history line that each change of a plan writes.
PLANNED = "planned"
# Free times that a question offers.
MOST_OFFERED = 3
_NOT_ALLOWED = "planned:not-allowed"


@dataclass(frozen=True, slots=True)
class PlannedBooking:
    """A planned visit as its job sees it. `is_dropped`: it was moved or removed; `refusal`: why it can't be booked."""

    visit_id: str
    client_id: str | None
    at: datetime
    state: str
    is_dropped: bool
    square_booking_id: str | None
    square_service_id: str | None
    refusal: str = ""


def planned_booking(store: Store, visit_id: str, *, now: datetime) -> PlannedBooking | None:
    """Return a planned visit; None where there is none."""
    with store.reading() as session:
        row = session.get(PlannedVisit, visit_id)
        if row is None:
            return None
        course = session.get_one(Course, row.course_id)
        view = course_in(session, course, today=local_date_in(session, now))
        service_id = session.scalar(
            select(Treatment.square_service_id)
            .join(Allowance, Allowance.treatment_id == Treatment.id)
            .where(Allowance.course_id == course.id, Allowance.kind == "main")
            .order_by(Allowance.position)
            .limit(1)
        )
        is_usable = view.status in IN_USE
        return PlannedBooking(
            visit_id=row.id,
            client_id=course.client_id,
            at=row.start_at,
            state=row.booking_state,
            is_dropped=row.replaced_at is not None,
            square_booking_id=row.square_booking_id,
            square_service_id=service_id,
            refusal="" if is_usable else _("the course can’t be used now."),
        )


def is_planned_in(session: Session, square_booking_id: str) -> bool:
    """Return whether a visit is planned that has this appointment."""
    return _visit_with(session, square_booking_id) is not None


def _visit_with(session: Session, square_booking_id: str) -> str | None:
    rows = select(PlannedVisit.id).where(
        PlannedVisit.square_booking_id == square_booking_id, PlannedVisit.replaced_at.is_(None)
    )
    return session.scalar(rows)


def book_visits_in(work: Work, rows: Iterable[PlannedVisit]) -> None:
    """Have these planned visits booked, or moved to their time, unless they are; a failed one is tried again."""
    for row in rows:
        if row.booking_state != BOOKED:
            row.booking_state, row.booking_problem = WAITING, ""
            settle_item_in(work.session, work.act, _mark(row.id), _("It is tried again."))
            enqueue(work, PLANNED_BOOKING, row.id)


def hand_over_in(work: Work, gone: Sequence[PlannedVisit], new: Sequence[PlannedVisit]) -> None:
    """Give the appointments of visits that are planned no more to new ones, by time: they are moved, not canceled."""
    booked = [row for row in gone if row.square_booking_id]
    for before, after in zip(booked, new, strict=False):
        booking_id, before.square_booking_id, before.booking_state = before.square_booking_id, None, ""
        work.session.flush()
        after.square_booking_id = booking_id


def release_visits_in(work: Work, gone: Iterable[PlannedVisit]) -> None:
    """Have the appointments of visits that are planned no more canceled; also one whose answer is not here yet."""
    for row in gone:
        settle_item_in(work.session, work.act, _mark(row.id), _("The visit is no longer planned."))
        if row.square_booking_id or row.booking_state == WAITING:
            row.booking_state = WAITING
            enqueue(work, PLANNED_BOOKING, row.id)


def cancel_plan_of_frozen(work: Work, event: CourseFrozen) -> None:
    """Have the appointments to come of a course on hold canceled in Square, where that was chosen."""
    if not event.is_canceling:
        return
    to_come = work.session.scalars(
        select(PlannedVisit).where(
            PlannedVisit.course_id == event.course_id,
            PlannedVisit.replaced_at.is_(None),
            PlannedVisit.start_at > work.now,
            or_(PlannedVisit.square_booking_id.is_not(None), PlannedVisit.booking_state == WAITING),
        )
    )
    if not (gone := list(to_come)):
        return
    for row in gone:
        row.replaced_at = work.now
    release_visits_in(work, gone)
    said = N_n("{n} appointment is canceled in Square", "{n} appointments are canceled in Square", len(gone))
    add_history(work, event.course_id, PLANNED, str(said))


def booked_in(work: Work, visit_id: str, told: BookingRecord) -> str:
    """Record that Square has this appointment for the planned visit; return the outcome.

    Where the visit was dropped meanwhile, the appointment is canceled by a further job.
    """
    row = _locked(work, visit_id)
    row.square_booking_id, row.booking_problem = told.square_booking_id, ""
    if row.replaced_at is not None:
        release_visits_in(work, [row])
        return "Booked; the visit is planned no more, so the appointment is canceled next."
    row.booking_state = BOOKED
    settle_items_in(work.session, work.act, [_mark(row.id), _NOT_ALLOWED], _("The appointment is booked."))
    if row.start_at != told.start_at:
        _moved(work, row, told.start_at)
    return "The appointment is booked."


def unbooked_in(work: Work, visit_id: str, outcome: str) -> str:
    """Record that nothing is to be booked for the visit, or that its appointment is canceled; return the outcome."""
    _locked(work, visit_id).booking_state = ""
    return outcome


def refused_in(
    work: Work, visit_id: str, why: str, *, nearest: Sequence[datetime] = (), is_of_all: bool = False
) -> str:
    """Record why Square did not book, move or cancel, and ask a person; return the outcome.

    A visit that could not be moved is planned again for when its appointment is. `nearest`: free times close to the
    visit. `is_of_all`: nothing can be booked from here, so that one question is asked for all planned visits.
    """
    row = _locked(work, visit_id)
    clinic = clinic_in(work.session)
    at = moment_text(row.start_at, clinic)
    if row.replaced_at is not None:
        row.booking_state = ""
        said = _("The appointment of {moment} is not canceled in Square: {why}", moment=at, why=why)
    elif booked := _booked_elsewhen(work, row):
        problem = _("It could not be moved to {moment}: {why}", moment=at, why=why)
        row = _moved(work, row, booked)
        row.booking_problem = problem[:400]
        at = moment_text(booked, clinic)
        said = _("The appointment of {moment}: {problem}", moment=at, problem=problem)
    else:
        row.booking_state, row.booking_problem = FAILED, why[:400]
        said = _("The visit planned for {moment} is not booked in Square: {why}", moment=at, why=why)
    # An appointment left behind in Square is asked about by itself: it is no longer in any plan.
    if is_of_all and row.replaced_at is None:
        said = _("Planned visits are not booked in Square: {why}", why=why)
        open_item(work, kind=NOT_BOOKED, dedupe=_NOT_ALLOWED, summary=said, details={})
    else:
        _ask(work, row, said, nearest)
    return why


def _booked_elsewhen(work: Work, row: PlannedVisit) -> datetime | None:
    booking = work.session.get(Booking, row.square_booking_id) if row.square_booking_id else None
    return booking.start_at if booking is not None and booking.start_at != row.start_at else None


def follow_booking_in(work: Work, told: BookingRecord) -> None:
    """Move or drop the planned visit whose appointment was moved or canceled in Square.

    To be called before the booking is saved. One that waits to be moved by us is left alone.
    """
    visit_id = _visit_with(work.session, told.square_booking_id)
    if visit_id is None:
        return
    row = _locked(work, visit_id)
    known = work.session.get(Booking, told.square_booking_id)
    if row.booking_state != BOOKED or (known is not None and known.version > told.version):
        return
    if told.status in CALLED_OFF:
        _drop(work, row)
    elif told.start_at != row.start_at:
        _moved(work, row, told.start_at)


def called_off_in(work: Work, visit_id: str) -> str:
    """Record that the appointment of the visit was canceled in Square before we knew of it; return the outcome."""
    row = _locked(work, visit_id)
    if row.replaced_at is None:
        settle_item_in(work.session, work.act, _mark(row.id), _("The visit is no longer planned."))
        _drop(work, row)
    return "The appointment was canceled in Square; the visit is planned no more."


def _drop(work: Work, row: PlannedVisit) -> None:
    row.replaced_at, row.booking_state = work.now, ""
    said = moment_text(row.start_at, clinic_in(work.session))
    add_history(work, row.course_id, PLANNED, _("Appointment of {time} canceled in Square", time=said))


def book_instead_in(work: Work, visit_id: str, at: datetime) -> None:
    """Plan a visit that could not be booked, or moved, at another time, and have it booked there.

    Raises Refused where the plan is another one by now, or the time has passed.
    """
    row = _locked(work, visit_id)
    if row.replaced_at is not None or _is_day_taken(work, row, at):
        raise Refused(_("The plan was changed since. Look at it again."), code="plan_changed")
    if at <= work.now:
        raise Refused(_("This time has passed. Choose another one."), code="time_passed")
    said = moment_text(at, clinic_in(work.session))
    after = _instead(work, row, at, by=work.act.actor.name, state=WAITING)
    add_history(work, row.course_id, PLANNED, _("Visit planned for {time}", time=said))
    book_visits_in(work, [after])


def _is_day_taken(work: Work, row: PlannedVisit, at: datetime) -> bool:
    zone = clinic_in(work.session).zone
    others = select(PlannedVisit.start_at).where(
        PlannedVisit.course_id == row.course_id,
        PlannedVisit.replaced_at.is_(None),
        PlannedVisit.id != row.id,
    )
    day = day_at(at, zone)
    return any(day_at(each, zone) == day for each in work.session.scalars(others))


def _moved(work: Work, row: PlannedVisit, at: datetime) -> PlannedVisit:
    """Plan the visit at the time of its appointment, in place of the row; return the new one."""
    after = _instead(work, row, at, by=row.by, state=BOOKED)
    said = moment_text(at, clinic_in(work.session))
    add_history(work, row.course_id, PLANNED, _("Appointment is at {time} in Square", time=said))
    return after


def _instead(work: Work, row: PlannedVisit, at: datetime, *, by: str, state: str) -> PlannedVisit:
    """Return a visit at another time, planned in place of the row; it has the appointment that the row had."""
    booking_id = row.square_booking_id
    row.square_booking_id, row.replaced_at, row.booking_state = None, work.now, ""
    work.session.flush()
    after = PlannedVisit(
        id=work.new_id(),
        course_id=row.course_id,
        start_at=at,
        planned_at=row.planned_at,
        by=by,
        square_booking_id=booking_id,
        booking_state=state,
    )
    work.add(after)
    return after


def _ask(work: Work, row: PlannedVisit, said: str, nearest: Sequence[datetime]) -> None:
    clinic = clinic_in(work.session)
    client_id = work.session.get_one(Course, row.course_id).client_id
    # What is planned no more is only to be canceled.
    free = nearest[:MOST_OFFERED] if row.replaced_at is None else ()
    times = " · ".join(moment_text(each, clinic) for each in free)
    open_item(
        work,
        kind=NOT_BOOKED,
        dedupe=_mark(row.id),
        summary=joined([said, _("Free close to it: {times}.", times=times)]) if times else said,
        details={
            "course_ids": [row.course_id],
            "client_ids": [client_id] if client_id else [],
            "visit_id": row.id,
            "free_times": [each.isoformat() for each in free],
            "decisions": [*(f"book_{number}" for number, _at in enumerate(free, start=1)), "dismiss"],
        },
    )


def _locked(work: Work, visit_id: str) -> PlannedVisit:
    course_id = work.session.scalar(select(PlannedVisit.course_id).where(PlannedVisit.id == visit_id))
    course_for_change(work.session, course_id or "")
    return work.session.get_one(PlannedVisit, visit_id, with_for_update=True, populate_existing=True)


def _mark(visit_id: str) -> str:
    return f"planned:{visit_id}"
