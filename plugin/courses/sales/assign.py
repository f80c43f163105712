"""Assign courses sold without a client to their owner, by a person or once Square names the customer."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role
from plugin.core.status import CLOSED
from plugin.core.text import REASON_LENGTH, required
from plugin.courses.base.chain import add_history, course_for_change
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.events import CourseAssigned, CourseChanged, CourseReassigned, publish
from plugin.courses.base.read import course_in
from plugin.courses.base.views import CourseView
from plugin.courses.base.work import Work, allowed
from plugin.courses.clients.clients import known_client_in
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Attention, Course
from plugin.wording import _


def assign(work: Work, course_ids: Sequence[str], client_id: str, *, reason: str = "") -> None:
    """Assign these courses to a client; raises NotFound, or Refused for one that has another owner."""
    client = known_client_in(work.session, client_id)
    for course_id in course_ids:
        course = course_for_change(work.session, course_id)
        if course.client_id == client.id:
            continue
        if course.client_id is not None:
            raise Refused(_("That course belongs to a client already."), code="already_assigned")
        course.client_id = client.id
        add_history(work, course.id, "assigned", _("Assigned to {name}", name=client.name), reason=reason)
        publish(work, CourseChanged(course.id))
        publish(work, CourseAssigned(course.id, course.square_order_id))
    work.session.flush()


def assign_by_square(work: Work, square_order_id: str, client_id: str) -> None:
    """Assign an order's unowned courses to the client that Square has named since, and resolve its item."""
    ids = ownerless_in(work.session, square_order_id)
    if not ids:
        return
    assign(work, ids, client_id, reason=_("Square named the client later"))
    settle_unassigned_in(
        work.session, work.act, square_order_id, {"client_id": client_id, "reason": _("Named by Square")}
    )


def ownerless_in(session: Session, square_order_id: str) -> list[str]:
    """Return the order's courses without an owner."""
    rows = select(Course.id).where(Course.square_order_id == square_order_id, Course.client_id.is_(None))
    return list(session.scalars(rows.order_by(Course.id)))


def sales_without_a_name(store: Store) -> dict[str, tuple[str, ...]]:
    """Return the fifty newest orders without a client, with the Square customers on them that had no name."""
    named = {
        row.square_order_id: tuple(row.details.get("square_customer_ids", ()))
        for row in store.rows(_UNASSIGNED, {})
    }
    return {order_id: ids for order_id, ids in named.items() if order_id is not None and ids}


_UNASSIGNED = Prepared(
    select(Attention.square_order_id, Attention.details)
    .where(Attention.kind == "unassigned_sale", Attention.resolved_at.is_(None))
    .order_by(Attention.id.desc())
    .limit(50)
)


def settle_unassigned_in(session: Session, act: Act, square_order_id: str, answer: dict[str, str]) -> None:
    """Resolve the order's item once all of its courses have an owner."""
    if ownerless_in(session, square_order_id):
        return
    item = session.scalar(select(Attention).where(Attention.dedupe == f"unassigned:{square_order_id}"))
    if item is not None and item.resolved_at is None:
        item.resolved_at, item.resolved_by, item.resolution = act.now, act.actor.name, dict(answer)


@allowed(Role.DESK)
def move_course(work: Work, course_id: str, client_id: str, reason: str) -> CourseView:
    """Move a course to the client it should have been assigned to, while none of its sessions was used.

    After a use it takes a transfer, which preserves what each of the two has had. Raises Refused.
    """
    said = required(reason, field="reason", called=_("The reason"), most=REASON_LENGTH)
    request = {"course_id": course_id, "client_id": client_id, "reason": said}
    work.once("move", request, lambda: _move(work, course_id, client_id, said))
    course = course_for_change(work.session, course_id)
    return course_in(work.session, course, today=local_date_in(work.session, work.now))


def _move(work: Work, course_id: str, client_id: str, reason: str) -> dict[str, Any]:
    to = known_client_in(work.session, client_id)
    course = course_for_change(work.session, course_id)
    view = course_in(work.session, course, today=local_date_in(work.session, work.now))
    if course.closed_as is not None:
        raise Refused(
            _("This course was {closed_as}.", closed_as=CLOSED[course.closed_as]), code=course.closed_as
        )
    if not view.is_untouched:
        raise Refused(_("Sessions of this course were used, so it can’t be moved as a whole."), code="used")
    if course.client_id is None:
        raise Refused(_("No one owns this course yet. Assign it under Attention."), code="unassigned")
    if course.client_id == to.id:
        raise Refused(_("This course is {to}’s already.", to=to.name), code="already_assigned")
    text = _("Moved from {client_name} to {to}", client_name=view.client_name, to=to.name)
    course.client_id = to.id
    add_history(work, course.id, "assigned", text, reason=reason)
    publish(work, CourseChanged(course.id))
    publish(work, CourseReassigned(course.id, course.square_order_id))
    return {"course_id": course_id}
