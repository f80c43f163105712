"""What a use, or a charge for a missed visit, has to know of its course: one statement, however much it was used."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, select
from sqlalchemy.orm import Session

from plugin.core.course import CourseState
from plugin.core.ledger import Head
from plugin.core.moments import day_at
from plugin.courses.base.chain import NO_COURSE
from plugin.courses.base.course_extras import HAS_DRAFT, HAS_RELATIONS
from plugin.courses.base.state import parts_with_heads, state_of
from plugin.courses.visits.same_day import IS_MISSED
from plugin.errors import NotFound
from plugin.store.prepared import Prepared, all_together
from plugin.store.tables import Client, Course, Entry, Operation, Visit


class CourseInHand(NamedTuple):
    """A course that the transaction has locked, on `state.today`, and the head of each allowance's chain, by id.

    Its sessions have no numbers. `last_used_on`: the latest day of its uses, also of those undone. `last_charged_on`:
    the latest day on which its owner came, or anybody missed a visit that was charged. `has_draft`: a note waits for a
    visit of its owner, or of a client it is shared with. `has_relations`: it is shared, or its sessions were
    transferred from another course. `answered`: the rows of `work.ANSWER` for the key.
    """

    state: CourseState
    heads: Mapping[str, Head]
    client_id: str | None
    sold_at: datetime
    zone: ZoneInfo
    last_used_on: date | None
    last_charged_on: date | None
    has_draft: bool
    has_relations: bool
    answered: tuple[Any, ...]

    @property
    def id(self) -> str:
        return self.state.facts.id

    def is_after_all_uses(self, day: date) -> bool:
        """Return whether a use of that day is the last one by its day: then no other one's number changes."""
        return self.last_used_on is None or day > self.last_used_on

    def is_first_charge(self, client_id: str, day: date) -> bool:
        """Return whether that client is known to have no charge on that day yet."""
        is_after = self.last_charged_on is None or day > self.last_charged_on
        return is_after and client_id == self.client_id


def course_in_hand(session: Session, course_id: str, now: datetime, key: str = "") -> CourseInHand:
    """Lock the course and read it; raises NotFound. PostgreSQL, which is sent all of it at once, locks its owner, too.

    Two tablets with two courses of one client lock different courses: the later one must see the earlier charge.
    SQLite has one writer at a time.
    """
    session.flush()
    connection = session.connection()
    locks = () if connection.dialect.name == "sqlite" else (_LOCK_COURSE, _LOCK_OWNER)
    *_locked, rows = all_together(connection, {"course_id": course_id, "key": key}, *locks, _IN_HAND)
    if not rows:
        raise NotFound(NO_COURSE)
    course = rows[0]
    zone = ZoneInfo(course.time_zone)
    days = [
        course.visited_on,
        *(day_at(row.used_without_visit_at, zone) for row in rows if row.used_without_visit_at),
    ]
    charged = [course.came_on, day_at(course.missed_at, zone) if course.missed_at else None]
    return CourseInHand(
        state_of(rows, zone, today=day_at(now, zone)),
        {row.id: Head(*row[-5:]) for row in rows},
        course.client_id,
        course.sold_at,
        zone,
        max(filter(None, days), default=None),
        max(filter(None, charged), default=None),
        bool(course.has_draft),
        bool(course.has_relations),
        (course,) if course.request_sha256 else (),
    )


def _latest_visit(of: ColumnElement[bool]) -> ScalarSelect[Any]:
    return select(func.max(Visit.visited_on)).where(of).correlate(Course).scalar_subquery()


_LOCK_COURSE = Prepared(select(Course.id).where(Course.id == bindparam("course_id")).with_for_update())
_OWNER = select(Course.client_id).where(Course.id == bindparam("course_id")).scalar_subquery()
_LOCK_OWNER = Prepared(select(Client.id).where(Client.id == _OWNER).with_for_update(key_share=True))
_MISSED_AT = select(func.max(Entry.happened_at)).where(*IS_MISSED).scalar_subquery()
_IN_HAND = Prepared(
    parts_with_heads(
        bindparam("course_id"),
        Course.sold_at,
        _latest_visit(Visit.course_id == Course.id).label("visited_on"),
        _latest_visit(Visit.client_id == Course.client_id).label("came_on"),
        _MISSED_AT.label("missed_at"),
        HAS_DRAFT.label("has_draft"),
        HAS_RELATIONS.label("has_relations"),
        Operation.request_sha256,
        Operation.answer,
    ).outerjoin(Operation, Operation.key == bindparam("key"))
)
