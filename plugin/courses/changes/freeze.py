"""Put a course on hold and resume it: the days on hold are added to its expiry.

Only the owner may put it on hold, as that extends it; anyone at the desk may resume it.
"""

from datetime import timedelta

from plugin.core.acts import Act, Role, require
from plugin.core.status import Status
from plugin.courses.base.chain import add_history
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.words import day_text
from plugin.courses.changes.frame import (
    Changed,
    CourseChange,
    change_course,
    checked_reason,
    refuse_closed,
    refuse_ownerless,
    refuse_waiting_gift,
)
from plugin.errors import Refused
from plugin.store import Store
from plugin.wording import N_n, _


def freeze_course(store: Store, act: Act, course_id: str, reason: str) -> Changed:
    """Put a course on hold: no use until it is resumed. Raises Refused, InvalidField or NotFound."""
    require(act.actor)
    said = checked_reason(reason)

    def do(change: CourseChange) -> None:
        _may_freeze(change)
        change.row.frozen_at = act.now
        add_history(change, course_id, "frozen", "Frozen", reason=said)

    return change_course(store, act, course_id, do, what="freeze", request={"reason": said})


def thaw_course(store: Store, act: Act, course_id: str, reason: str = "") -> Changed:
    """Resume a course; the days it was on hold are added to its last day. Raises Refused or NotFound."""
    require(act.actor, Role.DESK)
    said = checked_reason(reason or _("The client is back"))

    def do(change: CourseChange) -> None:
        refuse_closed(change.view)
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

    return change_course(store, act, course_id, do, what="thaw", request={"reason": said})


def _may_freeze(change: CourseChange) -> None:
    refuse_closed(change.view)
    refuse_ownerless(change.view)
    refuse_waiting_gift(change.view)
    refusal = {
        Status.FROZEN: _("This course is frozen already."),
        Status.EXPIRED: _("This course has expired. Extend it first."),
        Status.FINISHED: _("All sessions are used; there is nothing to freeze."),
    }.get(change.view.status)
    if refusal is not None:
        raise Refused(refusal, code=change.view.status.value)
