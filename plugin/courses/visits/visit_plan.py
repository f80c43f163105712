"""The plan of a course: dates for the sessions that are left, proposed by rhythm, chosen by the staff, kept.

A booked visit takes the place of a planned one of the same day, whoever booked it in Square Appointments; where the
clinic switched it on, planned visits are booked there by jobs (`plan_bookings`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.core.moments import day_at
from plugin.core.opening_hours import OpeningHours, propose_visits
from plugin.core.status import IN_USE
from plugin.courses.base.chain import NO_COURSE, add_history
from plugin.courses.base.clinic import clinic_in, hours_in
from plugin.courses.base.read import course_in
from plugin.courses.base.views import CourseView
from plugin.courses.base.work import Work, allowed, reading, require_row
from plugin.courses.changes.frame import Changed, CourseChange, change_course, refuse_closed, refuse_ownerless
from plugin.courses.visits import plan_bookings
from plugin.courses.visits.bookings import CALLED_OFF, NO_SHOW
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.tables import Allowance, Booking, Course, PlannedVisit, SquareCustomer, Treatment
from plugin.wording import N_, N_n, _

NOT_USABLE = N_("No visits can be planned: the course can’t be used now.")
MOST_PLANNED, MOST_DAYS = 40, 365
USUAL_DAYS = 7
USUAL_MINUTE = 10 * 60
_FARTHEST = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """From which day, at which minute of the day, every how many days."""

    first: date
    minute: int
    every_days: int


@dataclass(frozen=True, slots=True)
class BookedVisit:
    """An appointment of the client in Square."""

    at: datetime
    minutes: int
    treatment: str
    practitioner: str
    square_booking_id: str = ""


@dataclass(frozen=True, slots=True)
class PlannedDate:
    """A planned visit to come; state booked, waiting (to be booked), failed (`problem` says why), "" (not by us)."""

    at: datetime
    state: str
    problem: str = ""
    square_booking_id: str | None = None


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """The plan of a course: `dates` to come that no other appointment of that day took the place of.

    `booked`: the client's appointments, those of the plan too. `to_plan`: the main sessions left that are not booked.
    `missed`: planned days since the plan was saved on which nobody came. `rhythm`: what is proposed next.
    """

    course: CourseView
    dates: tuple[PlannedDate, ...]
    booked: tuple[BookedVisit, ...]
    to_plan: int
    missed: tuple[date, ...]
    rhythm: Rhythm

    @property
    def planned(self) -> tuple[datetime, ...]:
        """Return the moments of the plan that are not booked."""
        return tuple(each.at for each in self.dates if each.state != plan_bookings.BOOKED)

    @property
    def kept(self) -> tuple[datetime, ...]:
        """Return the moments of the plan that have an appointment; a proposal leaves them."""
        return tuple(each.at for each in self.dates if each.square_booking_id)

    @property
    def appointments(self) -> tuple[datetime, ...]:
        """Return the moments of the plan that are booked in Square, or will be as soon as it answers."""
        return tuple(
            each.at for each in self.dates if each.square_booking_id or each.state == plan_bookings.WAITING
        )

    @property
    def booked_otherwise(self) -> tuple[BookedVisit, ...]:
        """Return the appointments that are not of the plan."""
        ours = {each.square_booking_id for each in self.dates}
        return tuple(each for each in self.booked if each.square_booking_id not in ours)

    @property
    def is_off(self) -> bool:
        """Return whether the plan no longer fits what is left: a visit was missed, or more are planned than are left.

        Fewer may be meant: a day can be left out.
        """
        return bool(self.missed) or len(self.dates) - len(self.kept) > self.to_plan

    @property
    def is_usable(self) -> bool:
        """Return whether visits can be planned: not on hold, expired or finished."""
        return self.course.status in IN_USE

    @property
    def needs_proposal(self) -> bool:
        """Return whether dates are to be proposed: none are planned for what is left, or the plan is off."""
        return self.is_off or bool(self.to_plan and not self.planned)


def plan_in(session: Session, course_id: str, *, now: datetime) -> VisitPlan:
    """Return the plan of a course; raises NotFound."""
    clinic = clinic_in(session)
    row = require_row(session, Course, course_id, NO_COURSE)
    course = course_in(session, row, today=day_at(now, clinic.zone))
    zone = clinic.zone
    booked = booked_visits_in(session, course.client_id, now)
    standing = list(session.scalars(_standing(course_id)))
    dates = dates_in(standing, booked, now, zone)
    to_plan = max(0, sum(each.left for each in course.allowances if each.kind == "main") - len(booked))
    return VisitPlan(
        course=course,
        dates=dates,
        booked=booked,
        to_plan=min(to_plan, MOST_PLANNED) if course.is_live else 0,
        missed=_missed(session, course, standing, now, zone),
        rhythm=_rhythm(session, course, [each.at for each in dates], booked, zone),
    )


read_plan = reading(plan_in)


def dates_in(
    standing: Iterable[PlannedVisit], booked: Iterable[BookedVisit], now: datetime, zone: ZoneInfo
) -> tuple[PlannedDate, ...]:
    """Return the planned visits to come, without those on a day with an appointment that is not of the plan."""
    days = {day_at(each.at, zone) for each in booked}
    return tuple(
        PlannedDate(each.start_at, each.booking_state, each.booking_problem, each.square_booking_id)
        for each in standing
        if each.start_at > now and (each.square_booking_id or day_at(each.start_at, zone) not in days)
    )


def booked_visits_in(session: Session, client_id: str | None, now: datetime) -> tuple[BookedVisit, ...]:
    """Return the client's appointments to come, by time; as Square Appointments last reported them."""
    theirs = select(SquareCustomer.square_customer_id).where(SquareCustomer.client_id == client_id)
    rows = session.scalars(
        select(Booking)
        .where(
            Booking.square_customer_id.in_(theirs),
            Booking.status.not_in(CALLED_OFF),
            Booking.outcome.is_(None),
            Booking.start_at > now,
        )
        .order_by(Booking.start_at, Booking.square_booking_id)
        .limit(MOST_PLANNED)
    )
    return tuple(
        BookedVisit(row.start_at, row.minutes, row.service_name, row.team_member_name, row.square_booking_id)
        for row in rows
    )


def propose_plan(store: Store, plan: VisitPlan, rhythm: Rhythm) -> tuple[datetime, ...]:
    """Return moments for all sessions that are to be planned, on days the clinic is open; nothing is saved.

    Raises InvalidField for a rhythm that no course has.
    """
    if not 1 <= rhythm.every_days <= MOST_DAYS:
        raise InvalidField(_("Between visits there are 1 to {n} days.", n=MOST_DAYS), field="every_days")
    with store.reading() as session:
        hours: OpeningHours = hours_in(session)
    return propose_visits(rhythm.first, rhythm.minute, rhythm.every_days, plan.to_plan, hours)


@dataclass(frozen=True, slots=True)
class UnfitDays:
    """Days of a plan on which the clinic is closed, and those after the expiration of the course."""

    closed: tuple[date, ...]
    expired: tuple[date, ...]


def unfit_days(store: Store, plan: VisitPlan, moments: Iterable[datetime]) -> UnfitDays:
    """Return which days of these moments do not fit the clinic or the course."""
    with store.reading() as session:
        hours, clinic = hours_in(session), clinic_in(session)
    days, last = [day_at(each, clinic.zone) for each in moments], plan.course.expires_on
    return UnfitDays(
        closed=tuple(day for day in days if hours.moment_on(day, 0) is None),
        expired=tuple(day for day in days if last and day > last),
    )


@allowed(Role.DESK, Role.PRACTITIONER)
def save_plan(work: Work, course_id: str, moments: Sequence[datetime], *, books: bool = False) -> Changed:
    """Plan these visits, in place of those planned for later than now; none drops the plan.

    `books`: the clinic has planned visits booked in Square; jobs book, move and cancel them. Raises Refused for a
    course that nobody can use, InvalidField with the field of the moment (`day_1`, …).
    """

    def do(change: CourseChange) -> None:
        refuse_closed(change.view)
        refuse_ownerless(change.view)
        if moments and change.view.status not in IN_USE:
            raise Refused(NOT_USABLE, code="not_usable")
        _check(moments, change)
        _replace(change, moments, books=books)

    request = {"moments": [each.isoformat() for each in moments]}
    return change_course(work, course_id, do, what="plan_visits", request=request)


def _check(moments: Sequence[datetime], change: CourseChange) -> None:
    zone = clinic_in(change.session).zone
    left = sum(each.left for each in change.view.allowances if each.kind == "main")
    if len(moments) > min(left, MOST_PLANNED):
        said = N_n(
            "Plan at most {n} visit: more is not left.", "Plan at most {n} visits: more are not left.", left
        )
        raise InvalidField(said, field=f"day_{min(left, MOST_PLANNED) + 1}")
    seen: set[date] = set()
    for number, moment in enumerate(moments, start=1):
        if moment <= change.now:
            raise InvalidField(_("This visit is in the past."), field=f"day_{number}")
        if moment > change.now + _FARTHEST:
            raise InvalidField(_("This visit is more than three years away."), field=f"day_{number}")
        day = day_at(moment, zone)
        if day in seen:
            raise InvalidField(_("Two visits are on the same day."), field=f"day_{number}")
        seen.add(day)


def _replace(change: CourseChange, moments: Sequence[datetime], *, books: bool) -> None:
    wanted = set(moments)
    kept, gone = [], []
    for row in change.session.scalars(_standing(change.view.id)).all():
        if row.start_at in wanted:
            wanted.discard(row.start_at)
            row.planned_at = change.now
            kept.append(row)
        elif row.start_at > change.now:
            row.replaced_at = change.now
            gone.append(row)
    new = [
        PlannedVisit(
            id=change.new_id(),
            course_id=change.view.id,
            start_at=moment,
            planned_at=change.now,
            by=change.act.actor.name,
        )
        for moment in sorted(wanted)
    ]
    if books:
        plan_bookings.hand_over_in(change, gone, new)
    change.session.add_all(new)
    change.session.flush()
    if books:
        plan_bookings.book_visits_in(change, [*kept, *new])
        plan_bookings.release_visits_in(change, gone)
    planned = len(moments)
    said = N_n("{n} visit planned", "{n} visits planned", planned) if planned else "Plan of visits removed"
    add_history(change, change.view.id, plan_bookings.PLANNED, str(said))


def _standing(course_id: str) -> Select[PlannedVisit]:
    rows = select(PlannedVisit).where(PlannedVisit.course_id == course_id, PlannedVisit.replaced_at.is_(None))
    return rows.order_by(PlannedVisit.start_at)


def _missed(
    session: Session, course: CourseView, standing: Sequence[PlannedVisit], now: datetime, zone: ZoneInfo
) -> tuple[date, ...]:
    """Return the planned days on which nobody came, since the plan was last saved: before today, or a no-show."""
    saved_at = max((each.planned_at for each in standing), default=now)
    over = [each for each in standing if saved_at < each.start_at <= now]
    booked = [each.square_booking_id for each in over if each.square_booking_id]
    no_shows = select(Booking.square_booking_id).where(
        Booking.square_booking_id.in_(booked), Booking.status == NO_SHOW
    )
    absent = set(session.scalars(no_shows)) if booked else set()
    came = {each.visited_on for each in course.visits}
    days = ((day_at(each.start_at, zone), each.square_booking_id in absent) for each in over)
    return tuple(day for day, is_absent in days if day not in came and (is_absent or day < course.today))


def _rhythm(
    session: Session,
    course: CourseView,
    planned: Sequence[datetime],
    booked: Sequence[BookedVisit],
    zone: ZoneInfo,
) -> Rhythm:
    """Return the rhythm: after the last visit or appointment, as asked at it, else as the treatment suggests."""
    today = course.today
    last = course.visits[-1] if course.visits else None
    suggested = session.scalar(
        select(Treatment.suggested_days)
        .join(Allowance, Allowance.treatment_id == Treatment.id)
        .where(Allowance.course_id == course.id, Allowance.kind == "main")
        .order_by(Allowance.position)
        .limit(1)
    )
    every = (last.interval_days if last else None) or suggested or USUAL_DAYS
    at = booked[-1].at if booked else min(planned, default=None)
    local = at.astimezone(zone) if at else None
    known = [*([last.visited_on] if last else []), *(day_at(each.at, zone) for each in booked)]
    after = max(known) + timedelta(days=every) if known else today + timedelta(days=1)
    return Rhythm(
        max(after, today + timedelta(days=1)),
        local.hour * 60 + local.minute if local else USUAL_MINUTE,
        every,
    )


def moment_of(day: date, minute: int, time_zone: str) -> datetime:
    hour, rest = divmod(minute, 60)
    return datetime.combine(day, time(hour, rest), ZoneInfo(time_zone))
