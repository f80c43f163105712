"""Loads the state of courses: four statements for one of them or for thousands, narrow columns, no rows of the ORM."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from plugin.core.acts import Source
from plugin.core.course import (
    AllowanceFacts,
    CourseFacts,
    CourseState,
    EntryFacts,
    WaitingGift,
    course_state,
)
from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.clinic import clinic_in
from plugin.store.changes import AllowedAhead, Gift
from plugin.store.ledger import Allowance, Course, Entry, Visit
from plugin.store.selling import Checkout

# Ids, or a query for them: a list of ten thousand would not fit into one statement.
Which: TypeAlias = Sequence[str] | Select[str]


def course_states(session: Session, which: Which, *, today: date) -> dict[str, CourseState]:
    """Return these courses as they stand on the clinic's day, by id."""
    return states_of(session, which, session.execute(entry_rows(which)), today=today)


def entry_rows(which: Which, *more: Any) -> Select[Any]:
    """Return the query for the entries of these courses in the order of their chains; `more` columns follow."""
    return (
        select(*_ENTRY, *more)
        .join(Allowance, Allowance.id == Entry.allowance_id)
        .outerjoin(Visit, Visit.id == Entry.visit_id)
        .where(Allowance.course_id.in_(which))
        .order_by(Entry.allowance_id, Entry.seq)
    )


def states_of(
    session: Session, which: Which, rows: Iterable[Row[Any]], *, today: date
) -> dict[str, CourseState]:
    """Return the courses that `entry_rows` of the same courses were read of."""
    zone = ZoneInfo(clinic_in(session).time_zone)
    allowances = _allowances(session, which)
    course_of = {each.id: course_id for course_id, many in allowances.items() for each in many}
    entries: defaultdict[str, list[EntryFacts]] = defaultdict(list)
    for row in rows:
        entries[course_of[row.allowance_id]].append(_entry(row, zone))
    courses = (_course(row, zone) for row in session.execute(_courses(which)))
    return {each.id: course_state(each, allowances[each.id], entries[each.id], today) for each in courses}


_ENTRY: tuple[Any, ...] = (
    Entry.id,
    Entry.allowance_id,
    Entry.seq,
    Entry.kind,
    Entry.sessions_delta,
    Entry.sessions_after,
    Entry.value_delta,
    Entry.value_after,
    Entry.granted_before,
    Entry.granted_after,
    Entry.reverses,
    Entry.happened_at,
    Entry.source,
    Entry.visit_id,
    Visit.visited_on,
)


def _entry(row: Row[Any], zone: ZoneInfo) -> EntryFacts:
    if row.kind != Kind.USED:
        return EntryFacts._make((*row[:11], None, False))
    used_on = row.visited_on or row.happened_at.astimezone(zone).date()
    is_used_before = row.visit_id is None and row.source == Source.IMPORT
    return EntryFacts._make((*row[:11], used_on, is_used_before))


def _courses(which: Which) -> Select[Any]:
    due_on = select(func.max(Checkout.balance_due_on)).where(
        Checkout.square_order_id == Course.square_order_id
    )
    columns: tuple[Any, ...] = (
        Course.id,
        Course.client_id,
        Course.price,
        Course.currency,
        Course.closed_as,
        Course.closed_at,
        Course.frozen_at,
        Course.expires_on,
        Gift.id.label("gift_id"),
        Gift.code,
        Gift.recipient_name,
        Gift.given_at,
        due_on.scalar_subquery().label("balance_due_on"),
    )
    return select(*columns).outerjoin(Gift, Gift.waiting == Course.id).where(Course.id.in_(which))


def _course(row: Row[Any], zone: ZoneInfo) -> CourseFacts:
    gift = WaitingGift(row.gift_id, row.code, row.recipient_name, row.given_at) if row.gift_id else None
    return CourseFacts(
        id=row.id,
        price=Money(row.price, row.currency),
        has_owner=row.client_id is not None,
        closed_as=row.closed_as,
        closed_on=row.closed_at.astimezone(zone).date() if row.closed_at else None,
        frozen_on=row.frozen_at.astimezone(zone).date() if row.frozen_at else None,
        expires_on=row.expires_on,
        waiting_gift=gift,
        balance_due_on=row.balance_due_on,
    )


def _allowances(session: Session, which: Which) -> defaultdict[str, list[AllowanceFacts]]:
    ahead = select(func.max(AllowedAhead.sessions)).where(AllowedAhead.allowance_id == Allowance.id)
    rows = session.execute(
        select(
            Allowance.course_id,
            Allowance.id,
            Allowance.treatment,
            Allowance.kind,
            Allowance.single_price,
            Allowance.price,
            Allowance.usable_from_session,
            func.coalesce(ahead.scalar_subquery(), 0),
        )
        .where(Allowance.course_id.in_(which))
        .order_by(Allowance.course_id, Allowance.position)
    )
    found: defaultdict[str, list[AllowanceFacts]] = defaultdict(list)
    for course_id, *facts in rows:
        found[course_id].append(AllowanceFacts(*facts))
    return found
