"""Loads the state of courses: a fixed number of statements for one or thousands, without ORM rows."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Row, Select, Subquery, and_, case, func, select
from sqlalchemy.orm import Session, aliased

from plugin.core.acts import Source
from plugin.core.course import AllowanceFacts, CourseFacts, CourseState, Totals, Use, WaitingGift
from plugin.core.ledger import Kind
from plugin.core.moments import day_at
from plugin.courses.base.course_extras import COURSE_IDS, HAS_DISPUTE, HAS_DRAFT, HAS_RELATIONS
from plugin.store.prepared import Prepared, Values, all_together
from plugin.store.tables import Allowance, AllowedAhead, Checkout, Client, Clinic, Course, Entry, Gift, Visit

# Ids, or a query for them: ten thousand ids would not fit into one statement.
Which: TypeAlias = Sequence[str] | BindParameter[Any] | Select[str]
_AT_ONCE = 1000

# In a query of courses: the name of their client.
CLIENT_NAME = select(Client.name).where(Client.id == Course.client_id).scalar_subquery().label("client_name")


def course_states(session: Session, which: Which, *, today: date) -> dict[str, CourseState]:
    """Return the states of these courses on the clinic's day, by id; their sessions have no numbers."""
    return {state.facts.id: state for state, _ in each_state(session, which, today=today)}


def each_state(
    session: Session, which: Which, *more: Any, today: date, order_by: Sequence[Any] = ()
) -> Iterator[tuple[CourseState, Row[Any]]]:
    """Yield the same one by one for reports over all courses, each with a row of its `more` columns."""
    return _states(session, _parts(which, *more, order_by=order_by), {}, today=today)


def prepared_states(which: Which, *more: Any, order_by: Sequence[Any] = ()) -> Prepared:
    """Return the query of `each_state`, built once, for a page that asks it each time; its values are parameters."""
    return Prepared(_parts(which, *more, order_by=order_by))


def states_of(
    session: Session, query: Prepared, values: Values, *, today: date
) -> Iterator[tuple[CourseState, Row[Any]]]:
    """Yield what `each_state` does, by a prepared query."""
    session.flush()
    return _grouped(query.all(session.connection(), values), {}, today=today)


def numbered_states(session: Session, course_ids: Sequence[str], *, today: date) -> dict[str, CourseState]:
    read = read_states(session, course_ids, today=today)
    return {state.facts.id: state for state, _, _ in read}


def read_states(
    session: Session, course_ids: Sequence[str], *, today: date
) -> Iterator[tuple[CourseState, Row[Any], Sequence[Row[Any]]]]:
    """Yield the same, each with its entries, oldest first.

    The row between them has `client_name`, `has_relations` (shares or an origin), `has_dispute` and `has_draft`.
    """
    session.flush()
    entries, parts = all_together(session.connection(), {"course_ids": list(course_ids)}, _ENTRIES, _PARTS)
    by_course: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in entries:
        by_course[row.course_id].append(row)
    for state, row in _grouped(parts, by_course, today=today):
        yield state, row, by_course[state.facts.id]


def state_of(
    rows: Sequence[Row[Any]], zone: ZoneInfo, uses: tuple[Use, ...] = (), *, today: date
) -> CourseState:
    """Return the state of one course from the rows of its allowances, such as those of `parts_with_heads`."""
    return CourseState(_facts(rows[0], zone), tuple(map(_allowance, rows)), today, uses)


# What numbers a use, beside its time.
_OF_USE: tuple[Any, ...] = (
    Entry.id,
    Entry.allowance_id,
    Entry.kind,
    Entry.sessions_delta,
    Entry.reverses,
    Entry.source,
    Entry.visit_id,
    Visit.visited_on,
    Allowance.course_id,
)
_SHOWN: tuple[Any, ...] = (
    Entry.happened_at,
    Allowance.treatment,
    Entry.seq,
    Entry.sessions_after,
    Entry.value_delta,
    Entry.value_after,
    Entry.written_at,
    Entry.by,
    Entry.reason,
)


def _uses(entries: Sequence[Row[Any]], zone: ZoneInfo) -> tuple[Use, ...]:
    undone = {row.reverses for row in entries if row.reverses}
    return tuple(_use(row, zone, is_undone=row.id in undone) for row in entries if row.kind == Kind.USED)


def _use(row: Row[Any], zone: ZoneInfo, *, is_undone: bool) -> Use:
    return Use(
        entry_id=row.id,
        allowance_id=row.allowance_id,
        sessions=-row.sessions_delta,
        used_on=row.visited_on or day_at(row.happened_at, zone),
        is_undone=is_undone,
        is_used_before=row.visit_id is None and row.source == Source.IMPORT,
    )


def _states(
    session: Session, parts: Select[Any], entries: Mapping[str, Sequence[Row[Any]]], *, today: date
) -> Iterator[tuple[CourseState, Row[Any]]]:
    return _grouped(session.execute(parts.execution_options(yield_per=_AT_ONCE)), entries, today=today)


def _grouped(
    rows: Iterable[Row[Any]], entries: Mapping[str, Sequence[Row[Any]]], *, today: date
) -> Iterator[tuple[CourseState, Row[Any]]]:
    for course_id, group in groupby(rows, key=itemgetter(0)):
        of_course = list(group)
        zone = ZoneInfo(of_course[0].time_zone)
        uses = _uses(entries.get(course_id, ()), zone)
        yield state_of(of_course, zone, uses, today=today), of_course[0]


def _facts(row: Row[Any], zone: ZoneInfo) -> CourseFacts:
    gift = WaitingGift(row.gift_id, row.code, row.recipient_name, row.given_at) if row.gift_id else None
    return CourseFacts(
        id=row.course_id,
        price=row.course_price,
        currency=row.currency,
        has_owner=row.client_id is not None,
        closed_as=row.closed_as,
        frozen_on=day_at(row.frozen_at, zone) if row.frozen_at else None,
        expires_on=row.expires_on,
        waiting_gift=gift,
        balance_due_on=row.balance_due_on,
        tax=row.tax,
        tax_in_price=row.tax_in_price,
        tax_paid=row.tax_paid,
        due_ended_on=day_at(row.due_ended_at, zone) if row.due_ended_at else None,
    )


def _allowance(row: Row[Any]) -> AllowanceFacts:
    # A sum of integers is a decimal in PostgreSQL.
    return AllowanceFacts._make((*row[1:8], Totals._make(map(int, row[8:15])), row.treatment_id))


def parts_with_heads(course_id: BindParameter[Any], *more: Any) -> Select[Any]:
    """Return the query for a course's allowances, each with its course: all the input of a state but its uses.

    The columns after `more`: `used_without_visit_at`, the latest of the uses without a visit, and, last, those of a
    `Head`: of the allowance's chain.
    """
    head = aliased(Entry)
    is_without_visit = and_(Entry.kind == Kind.USED.value, Entry.visit_id.is_(None))
    sums = _sums(
        course_id,
        func.max(Entry.seq).label("seq"),
        func.max(case((is_without_visit, Entry.happened_at))).label("used_without_visit_at"),
    )
    of_head = (
        head.seq,
        head.sessions_after,
        head.value_after,
        head.granted_after,
        func.coalesce(head.sha256, ""),
    )
    is_head = (head.allowance_id == Allowance.id) & (head.seq == sums.c.seq)
    return _parts(course_id, *more, sums.c.used_without_visit_at, *of_head, sums=sums).join(head, is_head)


def _parts(
    which: Which, *more: Any, order_by: Sequence[Any] = (), sums: Subquery | None = None
) -> Select[Any]:
    """Return the query for these courses' allowances, each with its course: all the input of a state."""
    sums = _sums(which) if sums is None else sums
    columns: tuple[Any, ...] = (
        Course.id.label("course_id"),
        Allowance.id,
        Allowance.treatment,
        Allowance.kind,
        Allowance.single_price,
        Allowance.price,
        Allowance.usable_from_session,
        func.coalesce(_AHEAD, 0),
        *(sums.c[name] for name in Totals._fields),
        Allowance.treatment_id,
        Course.client_id,
        Course.price.label("course_price"),
        Course.currency,
        Course.tax,
        Course.tax_in_price,
        Course.tax_paid,
        Course.due_ended_at,
        Course.closed_as,
        Course.frozen_at,
        Course.expires_on,
        DUE_ON.label("balance_due_on"),
        Gift.id.label("gift_id"),
        Gift.code,
        Gift.recipient_name,
        Gift.given_at,
        _TIME_ZONE.label("time_zone"),
    )
    return (
        select(*columns, *more)
        .join(Allowance, Allowance.course_id == Course.id)
        .join(sums, sums.c.allowance_id == Allowance.id)
        .outerjoin(Gift, Gift.waiting == Course.id)
        .where(_among(Course.id, which))
        .order_by(*order_by, Course.id, Allowance.position)
    )


def _among(column: Any, which: Which) -> Any:
    is_one = isinstance(which, BindParameter) and not which.expanding
    return column == which if is_one else column.in_(which)


# Days are the clinic's: UTC until its time zone is set.
_TIME_ZONE = func.coalesce(select(Clinic.time_zone).where(Clinic.id == 1).scalar_subquery(), "UTC")
_AHEAD = (
    select(func.max(AllowedAhead.sessions))
    .where(AllowedAhead.allowance_id == Allowance.id)
    .correlate(Allowance)
    .scalar_subquery()
)
DUE_ON = (
    select(func.max(Checkout.balance_due_on))
    .where(Checkout.square_order_id == Course.square_order_id)
    .correlate(Course)
    .scalar_subquery()
)


def _sums(which: Which, *more: Any) -> Subquery:
    """Return the sums of each allowance's entries, named as in `Totals`; undone ones count as zero."""
    undone = aliased(Entry)
    kind = func.coalesce(undone.kind, Entry.kind)
    granted = Entry.granted_after - Entry.granted_before
    is_used_before = func.coalesce(undone.visit_id, Entry.visit_id).is_(None) & (
        func.coalesce(undone.source, Entry.source) == Source.IMPORT.value
    )

    def total(amount: Any, *conditions: Any) -> Any:
        return func.sum(case((and_(*conditions), amount), else_=0) if conditions else amount)

    columns: tuple[Any, ...] = (
        Entry.allowance_id,
        total(granted).label("granted"),
        total(Entry.sessions_delta).label("left"),
        total(Entry.value_delta).label("value_left"),
        total(-Entry.sessions_delta, kind == Kind.USED.value).label("used"),
        total(-Entry.sessions_delta, kind == Kind.USED.value, is_used_before).label("used_before"),
        total(Entry.value_delta, kind == Kind.PAID.value).label("paid"),
        total(granted, kind == Kind.ADJUSTED.value).label("adjusted"),
    )
    return (
        select(*columns, *more)
        .outerjoin(undone, undone.id == Entry.reverses)
        .where(Entry.allowance_id.in_(select(Allowance.id).where(_among(Allowance.course_id, which))))
        .group_by(Entry.allowance_id)
        .subquery()
    )


# Built once: building them takes longer than reading a course.
_PARTS = Prepared(
    _parts(
        COURSE_IDS,
        CLIENT_NAME,
        HAS_RELATIONS.label("has_relations"),
        HAS_DISPUTE.label("has_dispute"),
        HAS_DRAFT.label("has_draft"),
    )
)
_ENTRIES = Prepared(
    select(*_OF_USE, *_SHOWN)
    .join(Allowance, Allowance.id == Entry.allowance_id)
    .outerjoin(Visit, Visit.id == Entry.visit_id)
    .where(Allowance.course_id.in_(COURSE_IDS))
    .order_by(Entry.id)
)
