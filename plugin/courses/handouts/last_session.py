"""What a summary says after the last session: what was done, when a touch-up is suggested, what the clinic offers."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.papers import LastSession, Money
from plugin.core.status import Status
from plugin.courses.base.views import ClinicView, CourseView
from plugin.courses.catalog.names import Names
from plugin.store.ledger import Allowance, Course
from plugin.store.offers import Package, Treatment


def last_session_in(
    session: Session, course: CourseView, clinic: ClinicView, names: Names, *, is_told_prices: bool
) -> LastSession | None:
    """Return it once every main session of a course in use is used; None before, and for others.

    `is_told_prices`: the client bought the course, so a price may be named.
    """
    mains = [each for each in course.allowances if each.kind == "main"]
    if course.status not in (Status.OPEN, Status.FINISHED) or not course.visits or course.gift:
        return None
    if not mains or any(each.left or each.locked for each in mains):
        return None
    days = [each.visited_on for each in course.visits]
    offer = _offer(session, course) if clinic.offers_next_course and is_told_prices else None
    return LastSession(
        first_on=min(days),
        last_on=max(days),
        sessions=sum(each.used for each in mains),
        touch_up_on=_touch_up_on(session, course),
        offer=names(offer.name) if offer else "",
        offer_price=Money(offer.price, offer.currency) if offer else None,
    )


def _touch_up_on(session: Session, course: CourseView) -> date | None:
    """Return the day of the first touch-up: as asked at the last visit, else by the treatment's interval."""
    left = [each.id for each in course.allowances if each.kind == "touch_up" and each.left and not each.used]
    if not left:
        return None
    last = course.visits[-1]
    days = last.interval_days or session.scalar(
        select(Treatment.suggested_days)
        .join(Allowance, Allowance.treatment_id == Treatment.id)
        .where(Allowance.id.in_(left))
        .limit(1)
    )
    day = last.visited_on + timedelta(days=days) if days else None
    return day if day and day > course.state.today else None


def _offer(session: Session, course: CourseView) -> Package | None:
    """Return the package of the course, where the clinic still sells it."""
    package_id = select(Course.package_id).where(Course.id == course.id).scalar_subquery()
    return session.scalar(select(Package).where(Package.id == package_id, Package.is_active.is_(True)))
