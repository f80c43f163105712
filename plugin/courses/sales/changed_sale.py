"""Changes in Square that need a person: a used course that was returned, a sale edited after it was booked.

A return closes the course at once; a person is asked whether that was intended.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.base.attention import open_item, settle_item_in, settle_items_in
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.read import course_in
from plugin.courses.base.views import CourseView
from plugin.courses.base.words import clinic_money, sessions_text
from plugin.courses.base.work import Work
from plugin.courses.sales.sales import Refund, Sale
from plugin.store.tables import Attention, Course
from plugin.wording import _

REFUNDED_USED = "refunded_used_course"
CHANGED_SALE = "changed_sale"


def ask_about_used(work: Work, refund: Refund, course_id: str, closed_by: str) -> None:
    """Open an item: was a used course meant to be returned whole? `closed_by` identifies the return."""
    course = _view(work.session, work.act, course_id)
    if not course.used:
        return
    worth = clinic_money(work.session, _worth_of_uses(course))
    open_item(
        work,
        kind=REFUNDED_USED,
        dedupe=f"{REFUNDED_USED}:{closed_by}",
        summary=(
            _(
                "{package_name} was refunded in Square after {sessions} of it had been used. It is "
                "closed. Is that right?",
                package_name=course.package_name,
                sessions=sessions_text(course.used),
            )
        ),
        details={
            "course_ids": [course.id],
            "proposal": _("Keep it closed. What was used is worth {worth} of what was paid.", worth=worth),
            "proposed_decision": "keep_closed",
            "proposed_course_id": course.id,
        },
        square_order_id=refund.square_order_id,
        square_refund_id=refund.square_refund_id,
    )


def was_asked_in(session: Session, closed_by: str) -> bool:
    """Return whether this return closed a used course before: the same event again closes nothing."""
    asked = select(Attention.id).where(Attention.dedupe == f"{REFUNDED_USED}:{closed_by}"[:255])
    return session.scalar(asked) is not None


def drop_used_question_in(session: Session, act: Act, closed_by: str, reason: str) -> None:
    """Resolve the item of a return that did not happen: the course is open again."""
    settle_item_in(session, act, f"{REFUNDED_USED}:{closed_by}", reason)


class BookedCourse(NamedTuple):
    """A course that a Square order has opened, with the columns of its row: amounts in minor units."""

    id: str
    client_id: str | None
    package_id: str
    package_name: str
    price: int
    tax: int | None
    currency: str
    closed_as: str | None
    square_line_uid: str | None
    unit: int | None


@dataclass(frozen=True, slots=True)
class _Change:
    """A course whose order line differs from when the course was booked."""

    course: BookedCourse
    says: str


def ask_about_changes(work: Work, sale: Sale, booked: Sequence[BookedCourse]) -> tuple[str, ...]:
    """Open items for courses whose sale was edited in Square after booking; return the open items' ids.

    Nothing is changed automatically: sessions may have been used, and the client has a paper with the old
    terms. `booked`: all courses of the sale.
    """
    changes = {change.course.id: change for change in _changes(work.session, booked, sale)}
    unchanged = [
        f"{CHANGED_SALE}:{each.id}" for each in booked if each.closed_as is None and each.id not in changes
    ]
    settle_items_in(work.session, work.act, unchanged, _("The sale is in Square as it was again"))
    return tuple(_ask_about(work, sale, change) for change in changes.values())


def _changes(session: Session, booked: Sequence[BookedCourse], sale: Sale) -> Iterator[_Change]:
    lines = {line.uid: line for line in sale.lines}
    # What each line's courses were booked at, all units together.
    prices = Counter[str | None]()
    for course in booked:
        prices[course.square_line_uid] += course.price
    for course in booked:
        if course.closed_as is not None:
            continue
        line, price = lines.get(course.square_line_uid or ""), prices[course.square_line_uid]
        if line is None or (line.quantity or 0) < (course.unit or 1):
            yield _Change(course, _("is no longer on its sale in Square"))
        elif (course.unit or 1) == 1 and Money(price, course.currency) != line.total:
            now = clinic_money(session, Money(line.total.amount + line.tax, line.total.currency))
            yield _Change(course, _("is on its sale in Square at {now} now", now=now))


def _ask_about(work: Work, sale: Sale, change: _Change) -> str:
    course = change.course
    was = clinic_money(work.session, Money(course.price + (course.tax or 0), course.currency))
    return open_item(
        work,
        kind=CHANGED_SALE,
        dedupe=f"{CHANGED_SALE}:{course.id}",
        summary=_(
            "{package_name}, booked at {was}, {says}. The course is as it was.",
            package_name=course.package_name,
            was=was,
            says=change.says,
        ),
        details={
            "course_ids": [course.id],
            "proposal": _(
                "Close the course if it was removed from the sale; keep it if only the ticket was corrected."
            ),
        },
        square_order_id=sale.square_order_id,
    )


def _worth_of_uses(course: CourseView) -> Money:
    used = [
        -entry.value_delta.amount
        for entry in course.entries
        if entry.kind is Kind.USED and entry.reversed_by is None
    ]
    return Money(course.charge.gross_of(sum(used)), course.price.currency)


def _view(session: Session, act: Act, course_id: str) -> CourseView:
    today = local_date_in(session, act.now)
    return course_in(session, session.get_one(Course, course_id), today=today)
