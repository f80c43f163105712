"""The menu of a course on its client's page: what the signed-in person can do with it now, and what that does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plugin.core.acts import Role
from plugin.core.status import Status
from plugin.courses.base.views import ClinicView, CourseView
from plugin.courses.base.words import day_text, money_text, sessions_text
from plugin.courses.changes.write_off import KINDS

_USABLE = (Status.OPEN, Status.PART_PAID)


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One act: the endpoint it opens or posts to with one tap, and its consequence in words and numbers."""

    endpoint: str
    text: str
    does: str
    is_tap: bool = False


@dataclass(frozen=True, slots=True)
class MenuGroup:
    """Acts of one kind under a heading."""

    name: str
    title: str
    items: tuple[MenuItem, ...]


def menu_of(
    course: CourseView, role: str, clinic: ClinicView, *, is_refunding: bool
) -> tuple[MenuGroup, ...]:
    """Return what this person can do with the course now, by kind; `is_refunding`: a refund is under way."""
    if course.client_id is None or course.status in (Status.REFUNDED, Status.TRANSFERRED):
        return ()
    is_desk, is_owner = role != Role.PRACTITIONER, role == Role.OWNER
    groups = (
        MenuGroup("visit", "Visit", tuple(_visit(course))),
        MenuGroup("package", "Package", tuple(_package(course, clinic, is_desk, is_owner))),
        MenuGroup("money", "Money", tuple(_money(course, clinic, is_desk, is_owner, is_refunding))),
        MenuGroup("danger", "Ends or removes", tuple(_danger(course, clinic, is_desk, is_owner))),
    )
    return tuple(group for group in groups if group.items)


def _visit(course: CourseView) -> Iterator[MenuItem]:
    has_left = any(each.left for each in course.allowances)
    if has_left and course.gift is None and course.status in (*_USABLE, Status.EXPIRED):
        yield MenuItem("changes.visit", "Add past visit", "Uses a session on another day")
        yield MenuItem("changes.missed", "Record no-show", "Waives it, or charges 1 session")


def _package(course: CourseView, clinic: ClinicView, is_desk: bool, is_owner: bool) -> Iterator[MenuItem]:
    left, is_waiting = sessions_text(course.state.not_used), course.gift is not None
    if is_desk and is_waiting:
        yield MenuItem("changes.give", "Show the voucher", "Its code, and the paper to print")
    if is_desk and not is_waiting and course.status in (*_USABLE, Status.FROZEN):
        shared = "Who uses its sessions now" if course.shares else f"Another client can use its {left}"
        yield MenuItem("changes.share", "Sharing" if course.shares else "Share", shared)
    if is_desk and not is_waiting and course.status is Status.OPEN and course.is_untouched:
        locks = f"Locks its {left} until the voucher is redeemed"
        yield MenuItem("changes.give", "Gift this package", locks)
    if not is_owner:
        return
    yield MenuItem("changes.extend", "Extend", _expiry(course, clinic))
    if course.status in _USABLE and not is_waiting:
        yield MenuItem("changes.freeze", "Freeze", f"Pauses its {left} and its expiration date")
    more = f"Adds 1 session at no charge: {course.left + 1} of {course.granted + 1} left"
    yield MenuItem("changes.goodwill", "Add goodwill session", more, is_tap=True)
    yield MenuItem("changes.adjust", "Adjust balance", f"Adds or removes sessions; {course.left} left now")
    if any(each.kind in KINDS and each.reversed_by is None for each in course.entries):
        restores = _written_off(course)
        yield MenuItem("changes.undo_write_off", "Undo write-off", restores, is_tap=True)


def _money(
    course: CourseView, clinic: ClinicView, is_desk: bool, is_owner: bool, is_refunding: bool
) -> Iterator[MenuItem]:
    if is_desk and course.gift is None and course.status is Status.OPEN:
        credit = f"Credits the {sessions_text(course.state.not_used)} left toward the new one"
        yield MenuItem("exchanges.choose", "Exchange for another package", credit)
    if not is_owner:
        return
    if course.status is Status.PART_PAID:
        due = money_text(course.due, clinic)
        locked = f"{sessions_text(course.state.locked)} locked, {due} due"
        yield MenuItem("changes.allow", "Unlock unpaid sessions", locked)
    if course.paid.amount and course.square_order_id and course.gift is None and not is_refunding:
        paid = money_text(course.gross_paid, clinic)
        said = f"Removes {sessions_text(course.state.not_used)}; you choose how much of {paid} is refunded"
        yield MenuItem("refunds.choose", "Refund this package", said)


def _danger(course: CourseView, clinic: ClinicView, is_desk: bool, is_owner: bool) -> Iterator[MenuItem]:
    if is_desk and course.gift is not None:
        said = f"Its code stops working; {sessions_text(course.left)} can be used again"
        yield MenuItem("changes.take_gift_back", "Cancel gift", said, is_tap=True)
    if not is_owner or course.gift is not None:
        return
    if course.status is Status.OPEN:
        moves = f"Moves up to {sessions_text(course.state.not_used)} to another client"
        yield MenuItem("changes.transfer", "Transfer remaining sessions", moves)
    if any(each.left for each in course.allowances) and course.status is not Status.FROZEN:
        value = money_text(course.value_left, clinic)
        said = f"Removes {sessions_text(course.state.not_used)} worth {value}; refunds nothing"
        yield MenuItem("changes.write_off", "Write off balance", said)


def _expiry(course: CourseView, clinic: ClinicView) -> str:
    if course.expires_on is None:
        return "No expiration now"
    verb = "Expired" if course.status is Status.EXPIRED else "Expires"
    return f"{verb} {day_text(course.expires_on, clinic)}"


def _written_off(course: CourseView) -> str:
    gone = [each for each in course.entries if each.kind in KINDS and each.reversed_by is None]
    last = max(each.written_at for each in gone)
    return f"Restores {sessions_text(-sum(each.sessions_delta for each in gone if each.written_at == last))}"
