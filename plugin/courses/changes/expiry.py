"""The last day of a course: moved by the owner, set by the first use where the terms count from it, and put on hold.

The days on hold are added to it, so only the owner may put a course on hold; anyone at the desk may resume it.
"""

from dataclasses import asdict, dataclass
from datetime import date, timedelta

from plugin.core.acts import Role
from plugin.core.moments import day_at
from plugin.core.status import Status
from plugin.core.terms import terms_from_json
from plugin.courses.base.chain import LockedCourse, add_history
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.events import CourseFrozen, publish
from plugin.courses.base.words import day_text, sold_later
from plugin.courses.base.work import Work, allowed
from plugin.courses.changes import frame
from plugin.errors import InvalidField, Refused
from plugin.store.ledger import Course
from plugin.wording import N_n, _

# A later date is a typing error; None means no expiration.
FURTHEST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Extension:
    """The new last day, None for no expiration. One earlier than agreed requires `is_shortening`."""

    expires_on: date | None
    reason: str
    is_shortening: bool = False


@allowed()
def extend_course(work: Work, course_id: str, wish: Extension) -> frame.Changed:
    """Move the last day of a course, also of an expired one; raises InvalidField, Refused or NotFound.

    An extension is undone by another one. The same act again changes nothing.
    """
    frame.checked_reason(wish.reason)
    return frame.change_course(
        work, course_id, lambda change: _extend(change, wish), what="extend", request=asdict(wish)
    )


@allowed()
def move_last_day(work: Work, course_id: str, before: date, wish: Extension) -> frame.Changed:
    """Move the last day as `extend_course` does, if it still is `before`; raises Refused where it is not."""
    frame.checked_reason(wish.reason)

    def do(change: frame.CourseChange) -> None:
        if change.row.expires_on != before:
            raise Refused(
                _("Its expiration is now: {end}.", end=_end(change, change.row.expires_on)), code="changed"
            )
        _extend(change, wish)

    request = {**asdict(wish), "before": before}
    return frame.change_course(work, course_id, do, what="extend", request=request)


def _extend(change: frame.CourseChange, wish: Extension) -> None:
    frame.refuse_closed(change.view)
    _check(change, wish)
    before, change.row.expires_on = change.row.expires_on, wish.expires_on
    _add_extension(change, before, frame.checked_reason(wish.reason))


def _check(change: frame.CourseChange, wish: Extension) -> None:
    day, now = wish.expires_on, change.row.expires_on
    clinic = clinic_in(change.session)
    if day == now:
        raise Refused(_("Its expiration is already: {end}.", end=_end(change, day)), code="already_so")
    if day is None:
        return
    sold_on = day_at(change.row.sold_at, clinic.zone)
    if day < sold_on:
        raise InvalidField(sold_later(sold_on, clinic), field="expires_on")
    furthest = change.today + timedelta(FURTHEST_DAYS)
    if day > furthest:
        said = _(
            "That is more than ten years from now. Choose {day} or earlier.", day=day_text(furthest, clinic)
        )
        raise InvalidField(said, field="expires_on")
    if now is not None and now < day < change.today:
        said = _(
            "The course would still be expired. Choose {day} or later.", day=day_text(change.today, clinic)
        )
        raise InvalidField(said, field="expires_on")
    if wish.is_shortening:
        return
    if now is None and day < change.today:
        said = _("The course would expire at once. Tick “Set a date in the past”, or choose a later day.")
        raise InvalidField(said, field="expires_on")
    if now is not None and day < now:
        said = _("That shortens the course. Its expiration is now: {end}.", end=_end(change, now))
        said += _(" Tick “Set an earlier date than agreed”, or choose a later day.")
        raise InvalidField(said, field="expires_on")


def _add_extension(change: frame.CourseChange, before: date | None, reason: str) -> None:
    text = _(
        "Expiration: {end}; before: {end2}",
        end=_end(change, change.row.expires_on),
        end2=_end(change, before),
    )
    add_history(change, change.row.id, "extended", text, reason=reason)


def _end(change: frame.CourseChange, day: date | None) -> str:
    return day_text(day, clinic_in(change.session)) if day else _("none")


def follow_first_use(work: Work, course: LockedCourse, was: date | None, is_now: date | None) -> None:
    """Update the last day when a use or an undo changes the day of the first use, unless a person has set it since."""
    if is_now == was:
        return
    terms = terms_from_json(course.terms)
    if not terms.waits_for_first_use or course.expires_on != terms.expiry_from_first_use(was):
        return
    expires_on = terms.expiry_from_first_use(is_now)
    work.session.get_one(Course, course.id).expires_on = expires_on
    months = terms.expires_after_months
    text = N_n(
        "No expiration yet: {n} month from the first visit",
        "No expiration yet: {n} months from the first visit",
        months or 0,
    )
    if expires_on is not None:
        text = N_n(
            "Expires on {day}: {n} month from the first visit",
            "Expires on {day}: {n} months from the first visit",
            months or 0,
            day=day_text(expires_on, clinic_in(work.session)),
        )
    add_history(work, course.id, "first_use", text)


@allowed()
def freeze_course(
    work: Work, course_id: str, reason: str, *, cancels_appointments: bool = False
) -> frame.Changed:
    """Put a course on hold: no use until it is resumed. Raises Refused, InvalidField or NotFound.

    `cancels_appointments`: those that its plan booked in Square are canceled there, by jobs; else they stay.
    """
    said = frame.checked_reason(reason)

    def do(change: frame.CourseChange) -> None:
        _may_freeze(change)
        change.row.frozen_at = work.now
        add_history(change, course_id, "frozen", _("Frozen"), reason=said)
        publish(change, CourseFrozen(course_id, cancels_appointments))

    request = {"reason": said, **({"cancels_appointments": True} if cancels_appointments else {})}
    return frame.change_course(work, course_id, do, what="freeze", request=request)


@allowed(Role.DESK)
def thaw_course(work: Work, course_id: str, reason: str = "") -> frame.Changed:
    """Resume a course; the days it was on hold are added to its last day. Raises Refused or NotFound."""
    said = frame.checked_reason(reason or _("The client is back"))

    def do(change: frame.CourseChange) -> None:
        frame.refuse_closed(change.view)
        if change.view.frozen_on is None:
            raise Refused(_("This course is not frozen."), code="not_frozen")
        days = (change.today - change.view.frozen_on).days
        change.row.frozen_at = None
        text = N_n("Unfrozen after {n} day", "Unfrozen after {n} days", days)
        if change.row.expires_on is not None and days:
            change.row.expires_on += timedelta(days)
            text = N_n(
                "Unfrozen after {n} day; expires on {day}",
                "Unfrozen after {n} days; expires on {day}",
                days,
                day=day_text(change.row.expires_on, clinic_in(change.session)),
            )
        add_history(change, course_id, "thawed", text, reason=said)

    return frame.change_course(work, course_id, do, what="thaw", request={"reason": said})


def _may_freeze(change: frame.CourseChange) -> None:
    frame.refuse_closed(change.view)
    frame.refuse_ownerless(change.view)
    frame.refuse_waiting_gift(change.view)
    refusal = {
        Status.FROZEN: _("This course is frozen already."),
        Status.EXPIRED: _("This course has expired. Extend it first."),
        Status.FINISHED: _("All sessions are used; there is nothing to freeze."),
    }.get(change.view.status)
    if refusal is not None:
        raise Refused(refusal, code=change.view.status.value)
