"""The menu of a course on its client's page: what the signed-in person can do with it now, and what that does."""

from collections.abc import Iterator
from dataclasses import dataclass

from plugin.core.acts import Role
from plugin.core.status import IN_USE, Status
from plugin.courses.base.views import ClinicView, CourseView
from plugin.courses.base.words import day_text, money_text
from plugin.courses.changes.adjust import KINDS
from plugin.web.translations import N_, _, ngettext

# What is done with a course of a client who is chosen next, where nobody is in view.
OF_A_COURSE = {
    "changes.visit": N_("Add past visit"),
    "plans.show_plan": N_("Plan visits"),
    "changes.missed": N_("Record no-show"),
    "changes.share": N_("Share"),
    "changes.give": N_("Gift this package"),
    "changes.extend": N_("Extend"),
    "changes.freeze": N_("Freeze"),
    "changes.goodwill": N_("Add goodwill session"),
    "changes.adjust": N_("Adjust balance"),
    "exchanges.choose": N_("Exchange for another package"),
    "changes.allow": N_("Unlock unpaid sessions"),
    "refunds.choose_refund": N_("Refund this package"),
    "changes.transfer": N_("Transfer remaining sessions"),
    "changes.write_off": N_("Write off balance"),
}


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
        MenuGroup("visit", _("Visit"), tuple(_visit(course))),
        MenuGroup("package", _("Package"), tuple(_package(course, clinic, is_desk, is_owner))),
        MenuGroup("money", _("Money"), tuple(_money(course, clinic, is_desk, is_owner, is_refunding))),
        MenuGroup("danger", _("Ends or removes"), tuple(_danger(course, clinic, is_desk, is_owner))),
    )
    return tuple(group for group in groups if group.items)


def takes_visit(course: CourseView) -> bool:
    """Return whether a visit of another day could use a session."""
    has_left = any(each.left for each in course.allowances)
    return has_left and course.waiting_gift is None and course.status in (*IN_USE, Status.EXPIRED)


def _visit(course: CourseView) -> Iterator[MenuItem]:
    if takes_visit(course):
        yield _item("changes.visit", _("Uses a session on another day"))
        if course.is_live:
            yield _item("plans.show_plan", _("Dates for the sessions left"))
        yield _item("changes.missed", _("Waives it, or charges 1 session"))


def _package(course: CourseView, clinic: ClinicView, is_desk: bool, is_owner: bool) -> Iterator[MenuItem]:
    left, is_waiting = _sessions(course.not_used), course.waiting_gift is not None
    if is_desk and is_waiting:
        yield MenuItem("changes.give", _("Show the voucher"), _("Its code, and the paper to print"))
    if is_desk and not is_waiting and course.status in (*IN_USE, Status.FROZEN):
        if course.shares:
            yield MenuItem("changes.share", _("Sharing"), _("Who uses its sessions now"))
        else:
            yield _item("changes.share", _("Another client can use its {sessions}", sessions=left))
    if is_desk and not is_waiting and course.status is Status.OPEN and course.is_untouched:
        locks = _("Locks its {sessions} until the voucher is redeemed", sessions=left)
        yield _item("changes.give", locks)
    if is_owner:
        yield from _package_of_owner(course, clinic, left)


def _package_of_owner(course: CourseView, clinic: ClinicView, left: str) -> Iterator[MenuItem]:
    if course.expires_on is None:
        yield MenuItem("changes.extend", _("Set expiration"), _expiry(course, clinic))
    else:
        yield _item("changes.extend", _expiry(course, clinic))
    if course.status in IN_USE and course.waiting_gift is None:
        pauses = _("Pauses its {sessions}", sessions=left)
        if course.expires_on is not None:
            pauses = _("Pauses its {sessions} and its expiration date", sessions=left)
        yield _item("changes.freeze", pauses)
    numbers = {"n": course.left + 1, "total": course.granted + 1}
    more = _("Adds 1 session at no charge: {n} of {total} left", **numbers)
    yield _item("changes.goodwill", more, is_tap=True)
    adjusts = _("Adds or removes sessions; {n} left now", n=course.left)
    yield _item("changes.adjust", adjusts)
    if restores := _written_off(course):
        said = _("Restores {sessions}", sessions=_sessions(restores))
        yield MenuItem("changes.undo_write_off", _("Undo write-off"), said, is_tap=True)


def _money(
    course: CourseView, clinic: ClinicView, is_desk: bool, is_owner: bool, is_refunding: bool
) -> Iterator[MenuItem]:
    left = _sessions(course.not_used)
    if is_desk and course.waiting_gift is None and course.status is Status.OPEN:
        credit = _("Credits the {sessions} left toward the new one", sessions=left)
        yield _item("exchanges.choose", credit)
    if is_owner and course.status is Status.PART_PAID:
        due = money_text(course.due, clinic)
        locked = _("{sessions} locked, {amount} due", sessions=_sessions(course.locked), amount=due)
        yield _item("changes.allow", locked)
    if is_desk and course.waiting_gift is None and course.square_order_id:
        again = _("Makes a link to pay the same package at today’s price, and e-mails it")
        yield MenuItem("again.propose", _("Sell it again"), again, is_tap=True)
    is_refundable = course.paid.amount and course.square_order_id and course.waiting_gift is None
    if is_owner and is_refundable and not is_refunding:
        paid = money_text(course.gross_paid, clinic)
        said = _("You choose how much of {amount} is refunded", amount=paid)
        if course.not_used:
            said = _(
                "Removes {sessions}; you choose how much of {amount} is refunded", sessions=left, amount=paid
            )
        yield _item("refunds.choose_refund", said)
    if is_owner and course.square_order_id:
        what = _("Agreement, visits, e-mails, payments and ledger as one ZIP")
        yield MenuItem("evidence.save", _("Evidence for a dispute"), what)


def _danger(course: CourseView, clinic: ClinicView, is_desk: bool, is_owner: bool) -> Iterator[MenuItem]:
    left = _sessions(course.not_used)
    if is_desk and course.waiting_gift is not None:
        said = _("Its code stops working; {sessions} can be used again", sessions=left)
        yield MenuItem("changes.take_gift_back", _("Cancel gift"), said, is_tap=True)
    if not is_owner or course.waiting_gift is not None:
        return
    if course.status is Status.OPEN:
        moves = _("Moves up to {sessions} to another client", sessions=left)
        yield _item("changes.transfer", moves)
    if any(each.left for each in course.allowances) and course.status is not Status.FROZEN:
        value = money_text(course.value_left, clinic)
        said = _("Removes {sessions} worth {amount}; refunds nothing", sessions=left, amount=value)
        yield _item("changes.write_off", said)


def _item(endpoint: str, does: str, *, is_tap: bool = False) -> MenuItem:
    return MenuItem(endpoint, str(OF_A_COURSE[endpoint]), does, is_tap)


def _sessions(count: int) -> str:
    return ngettext("{n} session", "{n} sessions", count)


def _expiry(course: CourseView, clinic: ClinicView) -> str:
    if course.expires_on is None:
        return _("No expiration now")
    day = day_text(course.expires_on, clinic)
    if course.status is Status.EXPIRED:
        return _("Expired {date}", date=day)
    return _("Expires {date}", date=day)


def _written_off(course: CourseView) -> int:
    """Return how many sessions the last write-off removed, 0 where none stands."""
    gone = [each for each in course.entries if each.kind in KINDS and each.reversed_by is None]
    last = max((each.written_at for each in gone), default=None)
    return -sum(each.sessions_delta for each in gone if each.written_at == last)
