"""A missed visit, decided by a person under the package's rule: forgiven, or charged as one session.

Without a booking, for clinics without Square Appointments and visits agreed by phone; booked ones are settled there.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role
from plugin.core.terms import NoShow, NoShowOffer, no_show_offer, terms_from_json
from plugin.courses.base.chain import NO_COURSE, add_history
from plugin.courses.base.clinic import clinic_in, local_date_in, noon_of
from plugin.courses.base.course_extras import COURSE_IDS
from plugin.courses.base.views import Used
from plugin.courses.base.words import day_text, sold_later
from plugin.courses.base.work import Work, allowed, reading, require_row
from plugin.courses.changes.frame import Changed, CourseChange, change_course, refuse_closed, refuse_ownerless
from plugin.courses.visits.booked_visits import course_of_booking_in, day_of
from plugin.courses.visits.bookings import CALLED_OFF, NO_SHOW, booking_for_change, client_of_in, settle_in
from plugin.courses.visits.same_day import confirmed
from plugin.courses.visits.use import charge_in, used_answer
from plugin.errors import InvalidField, Refused
from plugin.store.prepared import Prepared
from plugin.store.tables import Booking, Course, History
from plugin.wording import N_, _

# The history kind of a forgiven missed visit without a booking.
FORGIVEN = "missed_forgiven"


@dataclass(frozen=True, slots=True)
class MissedVisit:
    """The decision: the charge, or None for a forgiven visit, with how many are forgiven now."""

    outcome: str
    charged: Used | None
    offer: NoShowOffer


@allowed(Role.DESK, Role.PRACTITIONER)
def decide_no_show(
    work: Work,
    booking_id: str,
    decision: str,
    *,
    course_id: str | None = None,
    allowance_id: str | None = None,
    known_charges: int = 0,
) -> MissedVisit:
    """Forgive a missed visit or charge a session for it; raises InvalidField, Refused, NoneLeft or NotFound.

    If it was decided before, by any tap, returns that decision again. `known_charges`: as for `use_session`.
    """
    _check_decision(decision)
    request = {"booking": booking_id, "decision": decision, "course": course_id, "allowance": allowance_id}
    course, chosen = course_of_booking_in(work.session, work.act, booking_id, course_id, allowance_id)
    booking = booking_for_change(work.session, booking_id)

    def settle() -> dict[str, Any]:
        if booking.outcome == "used":
            raise Refused(_("This visit used a session. Undo that first."), code="settled")
        if booking.outcome is None:
            _check(booking, work.act)
            if decision == NoShow.CHARGE:
                _charge(work, booking, course, chosen, known_charges)
            else:
                _forgive(work, booking, course)
        return {"entry_id": booking.entry_id}

    work.once("no_show", request | confirmed(known_charges), settle)
    return _answer(work.session, booking, course)


def waived_in(session: Session, course_ids: Sequence[str]) -> dict[str, int]:
    """Return how many missed visits were forgiven on each of these courses."""
    found = Counter[str]()
    if course_ids:
        found.update(dict(_WAIVED.all(session.connection(), {"course_ids": course_ids})))
    return found


_WAIVED_EACH = union_all(
    select(Booking.course_id).where(Booking.course_id.in_(COURSE_IDS), Booking.outcome == "forgiven"),
    select(History.course_id).where(History.course_id.in_(COURSE_IDS), History.kind == FORGIVEN),
).subquery()
_WAIVED = Prepared(select(_WAIVED_EACH.c.course_id, func.count()).group_by(_WAIVED_EACH.c.course_id))


def _check_decision(decision: str) -> None:
    if decision not in (NoShow.CHARGE, NoShow.FORGIVE):
        raise InvalidField(_("A missed visit is charged or waived."), field="decision")


def _check(booking: Booking, act: Act) -> None:
    if booking.status in CALLED_OFF:
        raise Refused(
            _("This appointment was canceled in Square; no client was expected."), code="called_off"
        )
    if booking.start_at > act.now and booking.status != NO_SHOW:
        raise Refused(_("This appointment is in the future."), code="still_to_come")


def _charge(
    work: Work, booking: Booking, course: Course, allowance_id: str | None, known_charges: int
) -> None:
    charged = charge_in(
        work,
        course.id,
        allowance_id,
        client_id=client_of_in(work.session, booking) or course.client_id or "",
        happened_at=min(booking.start_at, work.now),
        reason=_named(work.session, booking),
        known_charges=known_charges,
    )
    settle_in(work.session, work.act, booking, "charged", course_id=course.id, entry_id=charged.entry.id)


def _forgive(work: Work, booking: Booking, course: Course) -> None:
    settle_in(work.session, work.act, booking, "forgiven", course_id=course.id, entry_id=None)
    add_history(work, course.id, "no_show", _("{said}: waived", said=_named(work.session, booking)))


def _named(session: Session, booking: Booking) -> str:
    return _("No-show on {day}", day=day_text(day_of(session, booking), clinic_in(session)))


def _answer(session: Session, booking: Booking, course: Course) -> MissedVisit:
    charged = None
    if booking.entry_id is not None:
        charged = used_answer(session, booking.entry_id, is_repeat=True)
    return MissedVisit(booking.outcome or "", charged, _offer(session, course))


def _offer(session: Session, course: Course) -> NoShowOffer:
    forgiven = waived_in(session, [course.id]).get(course.id, 0)
    return no_show_offer(terms_from_json(course.terms), forgiven)


HOW = {"no_show": N_("No-show"), "late_cancellation": N_("Late cancellation")}


@dataclass(frozen=True, slots=True)
class Missed:
    """What happened and what was decided. `missed_on` is the clinic's day, today by default."""

    decision: str
    how: str = "no_show"
    missed_on: date | None = None
    allowance_id: str | None = None


@allowed(Role.DESK, Role.PRACTITIONER)
def settle_missed(work: Work, course_id: str, missed: Missed, *, known_charges: int = 0) -> Changed:
    """Forgive a missed visit or charge a session for it; raises InvalidField, Refused, NoneLeft or NotFound.

    `known_charges`: as for `use_session`.
    """
    if missed.how not in HOW:
        raise InvalidField(_("Choose no-show or late cancellation."), field="how")
    _check_decision(missed.decision)

    def do(change: CourseChange) -> None:
        refuse_closed(change.view)
        refuse_ownerless(change.view)
        day = _day(change, missed.missed_on)
        said = _("{how} on {day}", how=HOW[missed.how], day=day_text(day, clinic_in(change.session)))
        if missed.decision == NoShow.FORGIVE:
            add_history(change, course_id, FORGIVEN, _("{said}: waived", said=said))
            return
        happened_at = work.now if day == change.today else noon_of(day, clinic_in(change.session).zone)
        charge_in(
            change,
            course_id,
            missed.allowance_id,
            client_id=change.row.client_id or "",
            happened_at=happened_at,
            reason=said,
            known_charges=known_charges,
        )

    request = asdict(missed) | confirmed(known_charges)
    return change_course(work, course_id, do, what="missed", request=request)


@reading
def missed_offer(session: Session, course_id: str) -> NoShowOffer:
    """Return what the course's rule proposes now; raises NotFound."""
    return _offer(session, require_row(session, Course, course_id, NO_COURSE))


def _day(change: CourseChange, day: date | None) -> date:
    day = day or change.today
    if day > change.today:
        said = _("That day is in the future. Choose today or an earlier day.")
        raise InvalidField(said, field="missed_on")
    sold_on = local_date_in(change.session, change.row.sold_at)
    if day < sold_on:
        raise InvalidField(sold_later(sold_on, clinic_in(change.session)), field="missed_on")
    return day
