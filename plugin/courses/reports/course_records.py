"""Courses as records for an export, many at once: agreed prices, and the ledger of each allowance summed by kind."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from plugin.core.terms import terms_from_json
from plugin.courses.base.course_record import AllowanceRecord, CourseRecord, summed
from plugin.store.changes import AllowedAhead
from plugin.store.ledger import Allowance, Course, Entry
from plugin.store.people import Client


def records_in(session: Session, course_ids: Sequence[str]) -> dict[str, CourseRecord]:
    """Return the record of each course by its id."""
    allowances: dict[str, list[Allowance]] = defaultdict(list)
    for allowance in session.scalars(
        select(Allowance).where(Allowance.course_id.in_(course_ids)).order_by(Allowance.position)
    ):
        allowances[allowance.course_id].append(allowance)
    sums: dict[str, list[tuple[str, int, int, int]]] = defaultdict(list)
    for allowance_id, *numbers in session.execute(_sums(course_ids)):
        kind, sessions, value, granted = numbers
        sums[allowance_id].append((kind, int(sessions), int(value), int(granted)))
    ahead: dict[str, int] = dict(
        session.execute(
            select(AllowedAhead.allowance_id, func.max(AllowedAhead.sessions))
            .join(Allowance, Allowance.id == AllowedAhead.allowance_id)
            .where(Allowance.course_id.in_(course_ids))
            .group_by(AllowedAhead.allowance_id)
        ).all()
    )
    courses = (
        select(Course, Client)
        .outerjoin(Client, Client.id == Course.client_id)
        .where(Course.id.in_(course_ids))
    )
    return {
        course.id: _record(course, client, allowances[course.id], sums, ahead)
        for course, client in session.execute(courses)
    }


def _sums(course_ids: Sequence[str]) -> Select[*tuple[Any, ...]]:
    """Sum the entries by kind; a reversal counts against the kind of what it reverses."""
    undone = aliased(Entry)
    kind = func.coalesce(undone.kind, Entry.kind)
    return (
        select(
            Entry.allowance_id,
            kind,
            func.sum(Entry.sessions_delta),
            func.sum(Entry.value_delta),
            func.sum(Entry.granted_after - Entry.granted_before),
        )
        .join(Allowance, Allowance.id == Entry.allowance_id)
        .outerjoin(undone, undone.id == Entry.reverses)
        .where(Allowance.course_id.in_(course_ids))
        .group_by(Entry.allowance_id, kind)
    )


def _record(
    course: Course,
    client: Client | None,
    allowances: Sequence[Allowance],
    sums: dict[str, list[tuple[str, int, int, int]]],
    ahead: dict[str, int],
) -> CourseRecord:
    return CourseRecord(
        course_id=course.id,
        client_id=course.client_id,
        language=client.language if client else "en",
        wants_mail=client.wants_mail if client else True,
        currency=course.currency,
        terms=terms_from_json(course.terms),
        frozen_at=course.frozen_at,
        closed_as=course.closed_as,
        closed_at=course.closed_at,
        allowances=tuple(
            AllowanceRecord(
                treatment=each.treatment,
                kind=each.kind,
                single_price=each.single_price,
                price=each.price,
                usable_from_session=each.usable_from_session,
                ahead=ahead.get(each.id, 0),
                changes=summed(sums[each.id]),
            )
            for each in allowances
        ),
    )
