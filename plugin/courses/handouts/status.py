"""The status of a course on its summary: what can be used, what is due, and the client's next visit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.language import Language, language_for
from invoices.papers import CourseStatus, LastSession, Money, NextVisit, Received
from plugin.core.course import AllowanceState
from plugin.core.ledger import Kind
from plugin.core.moments import day_at
from plugin.core.status import Status
from plugin.core.text import is_same_name
from plugin.courses.base.course_extras import OF_CHECKOUT
from plugin.courses.base.outbox import PAPERS, enqueue
from plugin.courses.base.views import ClinicView, CourseView
from plugin.courses.base.work import Work
from plugin.courses.catalog.names import Names
from plugin.courses.clients.clients import living_client_in
from plugin.courses.refunds.basis import charge_in
from plugin.store.tables import Allowance, Booking, Checkout, Course, Gift, Package, SquareCustomer, Treatment

_OTHERS: dict[Status, CourseStatus] = {
    Status.OPEN: "open",
    Status.PART_PAID: "part_paid",
    Status.REFUNDED: "refunded",
    Status.TRANSFERRED: "transferred",
}
_LOST = {Kind.EXPIRED, Kind.WRITTEN_OFF}
_MOVED = {Kind.TRANSFERRED_IN, Kind.TRANSFERRED_OUT}


@dataclass(frozen=True, slots=True)
class Standing:
    """The status a client reads, and the day it began. `exchanged_for`: the package that replaced the course."""

    status: CourseStatus
    since: date | None
    exchanged_for: str = ""


def standing_in(session: Session, course: CourseView, zone: ZoneInfo) -> Standing:
    """Return the status of the course.

    A written-off course has nothing left, and an exchanged one is closed like a transferred one; to the
    client both are something else.
    """
    closed_on = day_at(course.closed_at, zone) if course.closed_at else None
    if course.status is Status.FROZEN:
        return Standing("frozen", course.frozen_on)
    if course.status is Status.EXPIRED:
        return Standing("expired", course.expires_on)
    if course.status is Status.TRANSFERRED and (package := _exchanged_for(session, course)):
        return Standing("exchanged", closed_on, package)
    if course.status is not Status.FINISHED:
        return Standing(_OTHERS[course.status], closed_on)
    lost = [each for each in course.entries if each.kind in _LOST and each.reversed_by is None]
    if not lost:
        came = [each.visited_on for each in course.visits]
        return Standing("finished", max([*came, *(each.missed_on for each in course.no_shows)], default=None))
    if any(each.kind is Kind.EXPIRED for each in lost) and course.expires_on is not None:
        return Standing("expired", course.expires_on)
    return Standing("written_off", day_at(max(each.happened_at for each in lost), zone))


def expired_sessions(course: CourseView, allowance: AllowanceState) -> int:
    """Return the sessions that expired: those left at that time, until they are written off as expired."""
    if course.status is Status.EXPIRED:
        return allowance.left
    return _gone(course, allowance, {Kind.EXPIRED})


def lost_sessions(course: CourseView, allowance: AllowanceState) -> int:
    """Return the sessions that expired or were written off."""
    return allowance.left if course.status is Status.EXPIRED else _gone(course, allowance, _LOST)


def credit_in(session: Session, course: CourseView) -> Money | None:
    """Return the credit from an earlier course in an exchange, with its tax; None for nothing."""
    moved = sum(each.value_delta.amount for each in course.entries if each.kind in _MOVED)
    if moved <= 0 or course.origin is not None:
        return None
    charge = charge_in(session, session.get_one(Course, course.id))
    return Money(charge.gross_of(moved), course.price.currency)


def received_in(session: Session, course: CourseView, zone: ZoneInfo) -> Received | None:
    """Return who gave the course to its client, None for the buyer."""
    gift = session.scalar(
        select(Gift)
        .where(Gift.course_id == course.id, Gift.redeemed_at.is_not(None))
        .order_by(Gift.redeemed_at.desc(), Gift.id.desc())
        .limit(1)
    )
    if gift is not None and living_client_in(session, gift.giver_id).id != course.client_id:
        return Received(how="gift", giver_name=gift.giver_name, on=day_at(gift.given_at, zone))
    if course.origin is not None:
        on = day_at(course.origin.transferred_at, zone)
        return Received(how="transfer", giver_name=course.origin.client_name, on=on)
    return None


def _gone(course: CourseView, allowance: AllowanceState, kinds: set[Kind]) -> int:
    return -sum(
        each.sessions_delta
        for each in course.entries
        if each.allowance_id == allowance.id and each.kind in kinds and each.reversed_by is None
    )


def _exchanged_for(session: Session, course: CourseView) -> str:
    """Return the package that replaced the course, "" if another client has its sessions now."""
    if not any(each.kind == "exchanged" for each in course.happenings):
        return ""
    into = (
        select(Course.package_name)
        .join(Checkout, OF_CHECKOUT)
        .where(Checkout.exchanges_course_id == course.id, Checkout.exchanged_at.is_not(None))
    )
    return session.scalar(into.order_by(Checkout.exchanged_at.desc()).limit(1)) or ""


def last_session_in(
    session: Session, course: CourseView, clinic: ClinicView, names: Names, *, is_told_prices: bool
) -> LastSession | None:
    """Return it once every main session of a course in use is used; None before, and for others.

    `is_told_prices`: the client bought the course, so a price may be named.
    """
    mains = [each for each in course.allowances if each.kind == "main"]
    if course.status not in (Status.OPEN, Status.FINISHED) or not course.visits or course.waiting_gift:
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
    return day if day and day > course.today else None


def _offer(session: Session, course: CourseView) -> Package | None:
    """Return the package of the course, where the clinic still sells it."""
    package_id = select(Course.package_id).where(Course.id == course.id).scalar_subquery()
    return session.scalar(select(Package).where(Package.id == package_id, Package.is_active.is_(True)))


ACCEPTED = "ACCEPTED"
_DAYS_A_WEEK = 7


def next_visit_in(session: Session, client_ids: Sequence[str], now: datetime) -> NextVisit | None:
    """Return the next booked visit of one of these clients, None if Square has none."""
    theirs = select(SquareCustomer.square_customer_id).where(SquareCustomer.client_id.in_(client_ids))
    booking = session.scalar(
        select(Booking)
        .where(
            Booking.square_customer_id.in_(theirs),
            Booking.status == ACCEPTED,
            Booking.outcome.is_(None),
            Booking.start_at > now,
        )
        .order_by(Booking.start_at, Booking.square_booking_id)
        .limit(1)
    )
    if booking is None:
        return None
    return NextVisit(
        at=booking.start_at, treatment=booking.service_name, practitioner=booking.team_member_name
    )


def suggested_interval_in(
    session: Session, course: CourseView, language: str, next_visit: NextVisit | None
) -> str | None:
    """Return the suggested interval in words: as asked at the last visit, else of the first main treatment.

    None if there is none, if no session of it can be used, or if the booked visit is for something else, such
    as a touch-up.
    """
    if not course.is_live or not course.left or _is_for_another(course, next_visit):
        return None
    spoken = language_for(language)
    last = course.visits[-1] if course.visits else None
    if last is not None and last.interval_days and not last.guest:
        day = last.visited_on + timedelta(days=last.interval_days)
        if day > course.today:
            return spoken.gettext("We suggest your next visit around {date}.", date=spoken.medium_date(day))
        return every_text(spoken, last.interval_days)
    days = session.scalar(
        select(Treatment.suggested_days)
        .join(Allowance, Allowance.treatment_id == Treatment.id)
        # With only touch-ups left, their own interval counts.
        .where(Allowance.id.in_([each.id for each in course.allowances if each.left]))
        .order_by(Allowance.position)
        .limit(1)
    )
    return None if days is None else every_text(spoken, days)


def every_text(spoken: Language, days: int) -> str:
    """Return the suggested interval in words."""
    # No plural forms: Chinese has one, in which a week would be “1 week”.
    if days == 1:
        return spoken.gettext("We suggest a visit every day.")
    if days == _DAYS_A_WEEK:
        return spoken.gettext("We suggest a visit every week.")
    if days % _DAYS_A_WEEK:
        return spoken.gettext("We suggest a visit every {n} days.", n=days)
    return spoken.gettext("We suggest a visit every {n} weeks.", n=days // _DAYS_A_WEEK)


def _is_for_another(course: CourseView, next_visit: NextVisit | None) -> bool:
    others = [each.treatment for each in course.allowances if each.kind != "main"]
    return next_visit is not None and any(is_same_name(next_visit.treatment, each) for each in others)


def booking_changed(work: Work, square_customer_ids: Iterable[str | None]) -> None:
    """Render the papers again that may name the booked visit of these customers."""
    ids = [each for each in square_customer_ids if each]
    clients = select(SquareCustomer.client_id).where(SquareCustomer.square_customer_id.in_(ids))
    courses = select(Course.id).where(Course.client_id.in_(clients), Course.closed_as.is_(None))
    for course_id in work.session.scalars(courses.order_by(Course.id)).all():
        enqueue(work, PAPERS, course_id)
