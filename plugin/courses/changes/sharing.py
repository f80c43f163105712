"""Share a course with named clients: their visits use its sessions, and are recorded as theirs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.core.text import REASON_LENGTH, optional
from plugin.courses.base.chain import add_history
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.course_extras import IS_SHARED_TODAY
from plugin.courses.base.read import courses_in
from plugin.courses.base.views import CourseView
from plugin.courses.base.words import day_text
from plugin.courses.base.work import Work, allowed
from plugin.courses.changes import frame
from plugin.courses.clients.clients import living_client_in
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Course, CourseShare
from plugin.wording import _

MOST_PEOPLE = 10


@dataclass(frozen=True, slots=True)
class Share:
    """With whom, and until which day; None: until it is ended."""

    client_id: str
    until: date | None = None
    reason: str = ""


@allowed(Role.DESK)
def share_course(work: Work, course_id: str, wish: Share) -> frame.Changed:
    """Let another client use the course too; raises Refused, InvalidField or NotFound."""
    reason = optional(wish.reason, field="reason", called=_("The reason"), most=REASON_LENGTH)

    def do(change: frame.CourseChange) -> None:
        client = living_client_in(change.session, wish.client_id)
        _may_be_shared(change, client.id, client.name, wish.until)
        row = CourseShare(
            id=work.new_id(),
            course_id=course_id,
            client_id=client.id,
            until=wish.until,
            shared_at=work.now,
            by=work.act.actor.name,
        )
        change.session.add(row)
        said = _("Shared with {client}", client=client.name)
        if wish.until:
            day = day_text(wish.until, clinic_in(change.session))
            said = _("Shared with {client} until {day}", client=client.name, day=day)
        add_history(change, course_id, "shared", said, reason=reason)

    return frame.change_course(work, course_id, do, what="share", request=asdict(wish))


@allowed(Role.DESK)
def end_share(work: Work, course_id: str, share_id: str, *, reason: str = "") -> frame.Changed:
    """End a share; sessions already used remain used. Raises Refused where it has ended, or NotFound."""
    said = optional(reason, field="reason", called=_("The reason"), most=REASON_LENGTH)

    def do(change: frame.CourseChange) -> None:
        row = change.session.get(CourseShare, share_id)
        if row is None or row.course_id != course_id:
            raise NotFound(_("That course has no such share."))
        if row.ended_at is not None:
            raise Refused(_("That share has ended already."), code="not_shared")
        row.ended_at, row.ended_by = work.now, work.act.actor.name
        name = living_client_in(change.session, row.client_id).name
        text = _("No longer shared with {name}", name=name)
        add_history(change, course_id, "share_ended", text, reason=said)

    return frame.change_course(
        work, course_id, do, what="end_share", request={"share_id": share_id, "reason": said}
    )


def _may_be_shared(change: frame.CourseChange, client_id: str, name: str, until: date | None) -> None:
    course = change.view
    frame.refuse_closed(course)
    frame.refuse_ownerless(course)
    frame.refuse_waiting_gift(course)
    if client_id == course.client_id:
        raise Refused(_("This course is {name}’s own.", name=name), code="already_theirs")
    if course.share_of(client_id) is not None:
        raise Refused(_("This course is shared with {name} already.", name=name), code="already_shared")
    if len(course.shares) >= MOST_PEOPLE:
        raise Refused(
            _("A course is shared with {most_people} people at most.", most_people=MOST_PEOPLE),
            code="too_many",
        )
    if until is not None and until < change.today:
        raise InvalidField(_("That day is past. Choose today or later."), field="until")


def shared_with(store: Store, client_id: str, *, today: date) -> tuple[CourseView, ...]:
    """Return the courses of others that this client may use today, the oldest first."""
    with store.reading() as session:
        ids = shared_in(session, [client_id], today=today)
        rows = select(Course).where(Course.id.in_(ids)).order_by(Course.sold_at, Course.id)
        return tuple(courses_in(session, session.scalars(rows).all(), today=today)) if ids else ()


def shared_in(session: Session, client_ids: Sequence[str], *, today: date) -> list[str]:
    """Return the ids of the courses of others that one of these clients may use today."""
    rows = _SHARED.all(session.connection(), {"client_ids": client_ids, "today": today})
    return [row.id for row in rows]


_SHARED = Prepared(select(Course.id).where(IS_SHARED_TODAY))
