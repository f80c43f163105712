"""The menu of a course on its client's page: what the signed-in person can do with it now."""

from __future__ import annotations

from dataclasses import dataclass, replace

from plugin.core.acts import Role
from plugin.core.status import Status
from plugin.courses.base.views import CourseView
from plugin.courses.changes.write_off import KINDS

_USABLE = (Status.OPEN, Status.PART_PAID)


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One item: the endpoint it opens or posts to with one tap; a rule separates groups."""

    endpoint: str
    text: str
    is_tap: bool = False
    starts_group: bool = False


def menu_of(course: CourseView, role: str) -> tuple[MenuItem, ...]:
    """Return what this person can do with the course now."""
    if course.client_id is None or course.status in (Status.REFUNDED, Status.TRANSFERRED):
        return ()
    of_desk = _of_desk(course) if role != Role.PRACTITIONER else ()
    of_owner = _of_owner(course) if role == Role.OWNER else ()
    visit = (
        (
            MenuItem("changes.visit", "Add past visit"),
            MenuItem("changes.missed", "Record no-show"),
        )
        if _takes_visit(course)
        else ()
    )
    return (*visit, *_apart(of_desk), *_apart(of_owner))


def _apart(items: tuple[MenuItem, ...]) -> tuple[MenuItem, ...]:
    return (replace(items[0], starts_group=True), *items[1:]) if items else ()


def _takes_visit(course: CourseView) -> bool:
    has_left = any(each.left for each in course.allowances)
    return has_left and course.gift is None and course.status in (*_USABLE, Status.EXPIRED)


def _of_desk(course: CourseView) -> tuple[MenuItem, ...]:
    if course.gift is not None:
        return (
            MenuItem("changes.give", "Show the voucher"),
            MenuItem("changes.take_gift_back", "Cancel gift", is_tap=True),
        )
    is_open = course.status is Status.OPEN
    items = [MenuItem("exchanges.choose", "Exchange for another package")] if is_open else []
    items += [MenuItem("changes.share", "Share" if not course.shares else "Sharing")]
    if course.status is Status.OPEN and course.is_untouched:
        items.append(MenuItem("changes.give", "Gift this package"))
    return tuple(items) if course.status in (*_USABLE, Status.FROZEN) else ()


def _of_owner(course: CourseView) -> tuple[MenuItem, ...]:
    is_waiting, is_usable = course.gift is not None, course.status in _USABLE
    has_left = any(each.left for each in course.allowances)
    is_written_off = any(each.kind in KINDS and each.reversed_by is None for each in course.entries)
    offers = (
        (True, MenuItem("changes.extend", "Extend")),
        (is_usable and not is_waiting, MenuItem("changes.freeze", "Freeze")),
        (
            course.status is Status.OPEN and not is_waiting,
            MenuItem("changes.transfer", "Transfer remaining sessions"),
        ),
        (course.status is Status.PART_PAID, MenuItem("changes.allow", "Unlock unpaid sessions")),
        (True, MenuItem("changes.goodwill", "Add goodwill session", is_tap=True)),
        (True, MenuItem("changes.adjust", "Adjust balance")),
        (
            has_left and not is_waiting and course.status is not Status.FROZEN,
            MenuItem("changes.write_off", "Write off balance", starts_group=True),
        ),
        (is_written_off, MenuItem("changes.undo_write_off", "Undo write-off", is_tap=True)),
    )
    return tuple(item for is_offered, item in offers if is_offered)
