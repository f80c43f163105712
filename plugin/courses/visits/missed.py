"""A missed or late-canceled visit without a booking: forgiven or charged by the package's rule.

For clinics without Square Appointments, and for visits agreed by phone; booked ones are settled there.
"""

from dataclasses import asdict, dataclass
from datetime import date

from plugin.core.acts import Act, Role, require
from plugin.core.no_show import NoShowOffer, no_show_offer
from plugin.core.terms import NoShow, terms_from_json
from plugin.courses.base.chain import NO_COURSE, add_history
from plugin.courses.base.clinic import clinic_in, local_date, noon_of
from plugin.courses.base.words import day_text
from plugin.courses.base.work import require_row
from plugin.courses.changes.frame import (
    Changed,
    CourseChange,
    change_course,
    refuse_closed,
    refuse_ownerless,
)
from plugin.courses.visits.no_shows import FORGIVEN, waived_in
from plugin.courses.visits.same_day import confirmed
from plugin.courses.visits.use import charge_in
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.ledger import Course
from plugin.wording import N_, _

HOW = {"no_show": N_("No-show"), "late_cancellation": N_("Late cancellation")}


@dataclass(frozen=True, slots=True)
class Missed:
    """What happened and what was decided. `missed_on` is the clinic's day, today by default."""

    decision: str
    how: str = "no_show"
    missed_on: date | None = None
    allowance_id: str | None = None


def settle_missed(
    store: Store, act: Act, course_id: str, missed: Missed, *, known_charges: int = 0
) -> Changed:
    """Forgive a missed visit or charge a session for it; raises InvalidField, Refused, NoneLeft or NotFound.

    `known_charges`: as for `use_session`.
    """
    require(act.actor, Role.DESK, Role.PRACTITIONER)
    if missed.how not in HOW:
        raise InvalidField(_("Choose no-show or late cancellation."), field="how")
    if missed.decision not in (NoShow.CHARGE, NoShow.FORGIVE):
        raise InvalidField(_("A missed visit is charged or forgiven."), field="decision")

    def do(change: CourseChange) -> None:
        refuse_closed(change.view)
        refuse_ownerless(change.view)
        day = _day(change, missed.missed_on)
        said = _("{how} on {day}", how=HOW[missed.how], day=day_text(day, clinic_in(change.session)))
        if missed.decision == NoShow.FORGIVE:
            add_history(change, course_id, FORGIVEN, _("{said}: forgiven", said=said))
            return
        happened_at = act.now if day == change.today else noon_of(day, clinic_in(change.session))
        charge_in(
            change,
            change.row,
            missed.allowance_id,
            client_id=change.row.client_id or "",
            happened_at=happened_at,
            reason=said,
            known_charges=known_charges,
        )

    request = asdict(missed) | confirmed(known_charges)
    return change_course(store, act, course_id, do, what="missed", request=request)


def missed_offer(store: Store, course_id: str) -> NoShowOffer:
    """Return what the course's rule proposes now; raises NotFound."""
    with store.reading() as session:
        row = require_row(session, Course, course_id, NO_COURSE)
        forgiven = waived_in(session, [course_id]).get(course_id, 0)
        return no_show_offer(terms_from_json(row.terms), forgiven)


def _day(change: CourseChange, day: date | None) -> date:
    day = day or change.today
    if day > change.today:
        raise InvalidField(_("That day is in the future."), field="missed_on")
    if day < local_date(clinic_in(change.session), change.row.sold_at):
        raise InvalidField(_("That day was before the course was sold."), field="missed_on")
    return day
