"""What is known of each client for letters: their courses, what they declined, and what was written to them before."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from plugin.core.batches import batched
from plugin.core.letters import LetterFacts, LetterKind, LetterRules, Occasion, choose, may_write
from plugin.core.status import IN_USE
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.state import DUE_ON
from plugin.courses.reports.follow_ups import next_bookings
from plugin.store.listing import NEVER, NOT_YET, ListedCourse
from plugin.store.tables import Allowance, Client, ClientLetter, Course, LetterChoice

# The longest that any rule looks back and ahead (`plugin.core.letters`).
_BACK, _AHEAD = timedelta(days=61), timedelta(days=61)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Circumstances:
    """One client as letters see them; `done`: the keys of the occasions written about before."""

    client_id: str
    client_name: str
    courses: tuple[LetterFacts, ...]
    declined: frozenset[LetterKind]
    done: frozenset[tuple[str, str, str]]
    last_on: date | None

    def letter_on(self, day: date, rules: LetterRules, kinds: Collection[LetterKind]) -> Occasion | None:
        """Return the letter to write to them that day, None for none: the one rule of plans and previews."""
        if not may_write(self.last_on, day):
            return None
        return choose(self.courses, day, rules, set(kinds) - self.declined, self.done)


def circumstances_in(
    session: Session, now: datetime, rules: LetterRules, *, days: int = 0, client_ids: Collection[str] = ()
) -> Iterator[Circumstances]:
    """Yield the clients who can be written to and may have a letter due, by name, today or within so many days.

    `client_ids`: of these clients alone.
    """
    zone = clinic_in(session).zone
    today = now.astimezone(zone).date()
    which = [or_(*_may_be_due(today, rules, timedelta(days=days)))]
    if client_ids:
        which = [ListedCourse.client_id.in_(client_ids)]
    by_client: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in session.execute(_courses(now).where(*which)):
        by_client[row.client_id].append(row)
    for some in batched(by_client.items(), _AT_ONCE):
        yield from _known(session, dict(some), zone)


def _known(session: Session, courses: dict[str, list[Row[Any]]], zone: ZoneInfo) -> Iterator[Circumstances]:
    declined: defaultdict[str, set[LetterKind]] = defaultdict(set)
    chosen = select(LetterChoice.client_id, LetterChoice.kind).where(LetterChoice.client_id.in_(courses))
    for client_id, kind in session.execute(chosen):
        if kind in list(LetterKind):
            declined[client_id].add(LetterKind(kind))
    letters = _letters(session, courses)
    done = frozenset((row.course_id, row.kind, row.occasion) for row in letters)
    counted: defaultdict[str, list[date]] = defaultdict(list)
    for row in letters:
        if row.state != "left":
            counted[row.client_id].append(row.at.astimezone(zone).date())
    for client_id, rows in courses.items():
        yield Circumstances(
            client_id,
            rows[0].client_name,
            tuple(_facts(row, zone) for row in rows),
            frozenset(declined[client_id]),
            done,
            max(counted[client_id], default=None),
        )


def _letters(session: Session, courses: Mapping[str, Sequence[Row[Any]]]) -> Sequence[Any]:
    """Return what was written to these clients or about these courses, which may have been another's before."""
    of = ClientLetter
    at = func.coalesce(of.done_at, of.planned_at, type_=of.planned_at.type).label("at")
    rows = select(of.client_id, of.course_id, of.kind, of.occasion, of.state, at)
    course_ids = [row.ListedCourse.course_id for each in courses.values() for row in each]
    return session.execute(rows.where(or_(of.client_id.in_(courses), of.course_id.in_(course_ids)))).all()


def _courses(now: datetime) -> Any:
    """Return the query for the listed courses of clients who can be written to."""
    of, other, booked = ListedCourse, aliased(ListedCourse), next_bookings(now).subquery()
    client_left = (
        select(func.coalesce(func.sum(other.main_left), 0))
        .where(other.client_id == of.client_id, other.status.in_(IN_USE))
        .scalar_subquery()
    )
    has_touch_ups = exists().where(Allowance.course_id == of.course_id, Allowance.kind == "touch_up")
    return (
        select(
            of,
            Client.name.label("client_name"),
            of.client_id.label("client_id"),
            client_left.label("client_left"),
            has_touch_ups.label("has_touch_ups"),
            DUE_ON.label("due_on"),
            booked.c.start_at,
        )
        .join(Client, Client.id == of.client_id)
        .join(Course, Course.id == of.course_id)
        .outerjoin(booked, booked.c.client_id == of.client_id)
        .where(*IS_REACHABLE)
        .order_by(Client.name_folded, Client.id, of.sold_at.desc(), of.course_id)
    )


# Never to an erased client, to one who unsubscribed, or to an address that bounced.
IS_REACHABLE = (
    Client.erased_at.is_(None),
    Client.merged_into.is_(None),
    Client.wants_mail.is_(True),
    Client.email.is_not(None),
    Client.email != "",
    Client.mail_problem == "",
)


def _may_be_due(today: date, rules: LetterRules, ahead: timedelta) -> Iterator[ColumnElement[bool]]:
    """Yield conditions that no course with a letter due fails, so that few others are read."""
    of, away = ListedCourse, timedelta(weeks=rules.lapsed_weeks)
    in_use = of.status.in_(IN_USE)
    yield of.due > 0
    yield and_(in_use, of.expires_on.between(today, today + _AHEAD + ahead))
    yield of.last_visit_on >= today - _BACK
    yield and_(in_use, of.last_seen_on.between(today - away - _BACK, today - away + ahead))
    yield and_(in_use, of.main_left == 0, of.due_back_on.between(today - _BACK, today + ahead))


def _facts(row: Row[Any], zone: ZoneInfo) -> LetterFacts:
    of: ListedCourse = row.ListedCourse
    return LetterFacts(
        course_id=of.course_id,
        client_id=of.client_id or "",
        status=of.status,
        main_granted=of.main_granted,
        main_used=of.main_used,
        main_left=of.main_left,
        left=of.sessions_left,
        has_touch_ups=bool(row.has_touch_ups),
        is_due=of.due > 0,
        due_on=row.due_on,
        sold_on=of.sold_at.astimezone(zone).date(),
        expires_on=None if of.expires_on == NEVER else of.expires_on,
        last_visit_on=None if of.last_visit_on == NOT_YET else of.last_visit_on,
        last_seen_on=of.last_seen_on,
        due_back_on=of.due_back_on,
        client_left=int(row.client_left),
        booked_on=row.start_at.astimezone(zone).date() if row.start_at else None,
    )
