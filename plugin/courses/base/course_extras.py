"""Beside courses: shares, origins of transferred sessions, payments in dispute, refunds that are pending."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Date,
    Row,
    String,
    and_,
    bindparam,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from plugin.core.course import CourseState
from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.base.views import DisputeFlag, EntryView, NoShowView, OriginView, ShareView, VisitView
from plugin.store.prepared import Prepared
from plugin.store.tables import (
    Attention,
    Checkout,
    Client,
    Course,
    CourseOrigin,
    CourseShare,
    DeskRefund,
    Dispute,
    Entry,
    Visit,
    VisitNote,
    VisitNoteOption,
    VisitOption,
)


def shares_and_origins_in(
    session: Session, ids: Sequence[str]
) -> tuple[dict[str, tuple[ShareView, ...]], dict[str, OriginView]]:
    """Return by course its active shares, and the course its sessions were transferred from."""
    if not ids:
        return {}, {}
    shares: defaultdict[str, list[ShareView]] = defaultdict(list)
    origins: dict[str, OriginView] = {}
    for row in _BOTH.all(session.connection(), {"course_ids": list(ids)}):
        if row.is_share:
            view = ShareView(row.id, row.client_id, row.name, row.until, row.at, row.by)
            shares[row.course_id].append(view)
        else:
            origins[row.course_id] = OriginView(row.id, row.client_id, row.name or "", row.at)
    return {course_id: tuple(views) for course_id, views in shares.items()}, origins


# Few courses have either: the query for a course's state selects this, and the others save a statement.
HAS_RELATIONS = or_(
    exists().where(CourseShare.course_id == Course.id, CourseShare.ended_at.is_(None)),
    exists().where(CourseOrigin.course_id == Course.id),
)

# What a checkout became: of all courses of its sale those of its package.
OF_CHECKOUT = and_(
    Course.square_order_id == Checkout.square_order_id, Course.package_id == Checkout.package_id
)

# In prepared queries: the courses, or the clients, that are asked for.
COURSE_IDS: BindParameter[Any] = bindparam("course_ids", type_=String, expanding=True)
CLIENT_IDS: BindParameter[Any] = bindparam("client_ids", type_=String, expanding=True)

# In prepared queries: the courses of others that one of these clients may use on the day `today`.
IS_SHARED_TODAY = and_(
    Course.id.in_(
        select(CourseShare.course_id).where(
            CourseShare.client_id.in_(CLIENT_IDS),
            CourseShare.ended_at.is_(None),
            CourseShare.until.is_(None) | (CourseShare.until >= bindparam("today", type_=Date)),
        )
    ),
    Course.closed_as.is_(None),
)
_SHARE: tuple[Any, ...] = (
    true().label("is_share"),
    CourseShare.course_id,
    CourseShare.id.label("id"),
    CourseShare.client_id,
    Client.name,
    CourseShare.until,
    CourseShare.shared_at.label("at"),
    CourseShare.by,
)
_SHARES = (
    select(*_SHARE)
    .join(Client, Client.id == CourseShare.client_id)
    .where(CourseShare.course_id.in_(COURSE_IDS), CourseShare.ended_at.is_(None))
)
# The same columns as the shares: one statement reads both.
_ORIGIN: tuple[Any, ...] = (
    false().label("is_share"),
    CourseOrigin.course_id,
    CourseOrigin.origin_id.label("id"),
    Client.id.label("client_id"),
    Client.name,
    cast(null(), Date).label("until"),
    CourseOrigin.transferred_at.label("at"),
    literal("").label("by"),
)
_ORIGINS = (
    select(*_ORIGIN)
    .join(Course, Course.id == CourseOrigin.origin_id)
    .outerjoin(Client, Client.id == Course.client_id)
    .where(CourseOrigin.course_id.in_(COURSE_IDS))
)
_BOTH = Prepared(union_all(_SHARES, _ORIGINS).order_by("id"))


UNDER_WAY = ("INQUIRY_EVIDENCE_REQUIRED", "INQUIRY_PROCESSING", "EVIDENCE_REQUIRED", "PROCESSING")
LOST = ("LOST", "ACCEPTED")


def question_mark(square_dispute_id: str) -> str:
    """Return the `dedupe` of a dispute's attention item."""
    return f"dispute:{square_dispute_id}"


def disputed_in(session: Session, order_ids: Sequence[str]) -> dict[str, DisputeFlag]:
    """Return the flag of each of these orders that has one; a lost dispute that was decided has none."""
    rows = session.connection().execute(_DISPUTES, {"order_ids": list(order_ids)}).all() if order_ids else []
    decided = _decided(session, [row for row in rows if row.state in LOST])
    standing = [row for row in rows if question_mark(row.square_dispute_id) not in decided]
    # Of several, a lost one matters most; else the one updated last.
    standing.sort(key=lambda row: row.state in LOST)
    return {row.square_order_id or "": _flag(row) for row in standing}


# The query for a course's state selects this: courses without a dispute save a statement.
HAS_DISPUTE = exists().where(Dispute.square_order_id == Course.square_order_id)

_COLUMNS: tuple[Any, ...] = (
    Dispute.square_dispute_id,
    Dispute.square_order_id,
    Dispute.amount,
    Dispute.currency,
    Dispute.state,
    Dispute.reason,
    Dispute.due_at,
)
_DISPUTES = (
    select(*_COLUMNS)
    .where(
        Dispute.square_order_id.in_(bindparam("order_ids", expanding=True)),
        Dispute.state.in_((*UNDER_WAY, *LOST)),
    )
    .order_by(Dispute.updated_at)
)


def _decided(session: Session, lost: Sequence[Row[Any]]) -> set[str]:
    if not lost:
        return set()
    marks = [question_mark(row.square_dispute_id) for row in lost]
    answered = select(Attention.dedupe).where(Attention.dedupe.in_(marks), Attention.resolved_at.is_not(None))
    return set(session.scalars(answered))


def _flag(row: Row[Any]) -> DisputeFlag:
    money = Money(row.amount, row.currency)
    return DisputeFlag(money, row.state, row.reason, row.due_at, is_lost=row.state in LOST)


def is_refunding_in(session: Session, course_id: str) -> bool:
    """Return whether a refund of the course begun at the desk is in progress."""
    return session.scalar(select(DeskRefund.id).where(DeskRefund.under_way == course_id)) is not None


def attendance(
    state: CourseState, visits: Sequence[Row[Any]], entries: Sequence[EntryView], *, owner_id: str | None
) -> tuple[tuple[VisitView, ...], tuple[NoShowView, ...]]:
    """Return the valid visits and the charged no-shows, by day."""
    days = {each.entry_id: each.used_on for each in state.uses}
    standing = [each for each in entries if each.kind is Kind.USED and each.reversed_by is None]
    uses: dict[str, list[EntryView]] = defaultdict(list)
    for entry in standing:
        uses[entry.visit_id or ""].append(entry)

    came = [visit for visit in visits if visit.id in uses]
    came.sort(key=lambda visit: (visit.visited_on, visit.id))
    missed = [entry for entry in standing if entry.is_no_show]
    missed.sort(key=lambda entry: (days[entry.id], entry.id))
    return (
        tuple(_visit(state, visit, uses[visit.id], owner_id) for visit in came),
        tuple(
            NoShowView(each.id, days[each.id], each.treatment, state.main_number_of(each.id))
            for each in missed
        ),
    )


def _visit(state: CourseState, visit: Row[Any], uses: Sequence[EntryView], owner_id: str | None) -> VisitView:
    areas, add_ons = option_names(visit.options)
    numbers = (state.main_number_of(entry.id) for entry in uses)
    return VisitView(
        id=visit.id,
        visited_on=visit.visited_on,
        treatments=tuple(entry.treatment for entry in uses),
        number=max((each for each in numbers if each), default=None),
        practitioner=visit.practitioner,
        printed_practitioner=visit.printed_practitioner,
        license=visit.license,
        practitioner_id=visit.practitioner_id,
        focus=visit.focus,
        note=visit.note,
        entry_ids=tuple(entry.id for entry in uses),
        client_id=visit.client_id,
        guest="" if visit.client_id == owner_id else visit.client_name,
        areas=areas,
        add_ons=add_ons,
        interval_days=visit.interval_days,
        note_version=visit.note_version,
        noted_at=visit.noted_at,
        noted_by=visit.noted_by or "",
    )


_UNDOING = aliased(Entry)
# Of a query's visit: a session was used for it, and was not undone.
IS_VALID = exists().where(
    Entry.visit_id == Visit.id,
    Entry.kind == Kind.USED.value,
    ~exists().where(_UNDOING.reverses == Entry.id),
)

# Separates what one column holds of several rows; typed text never contains it (`plugin.core.text.clean`).
_SEPARATOR = "\x1f"
_FOCUS = "focus"

# Of the note of the query's row, in one column: it costs no statement, and a page no statement per visit.
OPTIONS_OF_NOTE = (
    select(
        func.aggregate_strings(
            VisitOption.kind + ":" + cast(VisitOption.position, String) + ":" + VisitOption.name, _SEPARATOR
        )
    )
    .join(VisitNoteOption, VisitNoteOption.option_id == VisitOption.id)
    .where(VisitNoteOption.note_id == VisitNote.id)
    .correlate(VisitNote)
    .scalar_subquery()
)

_SHARING = select(CourseShare.client_id).where(CourseShare.course_id == Course.id).correlate(Course)
HAS_DRAFT = exists().where(
    VisitNote.visit_id.is_(None),
    or_(VisitNote.client_id == Course.client_id, VisitNote.client_id.in_(_SHARING)),
)


def option_names(options: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the focus areas and of the add-ons in a column of `OPTIONS_OF_NOTE`, in their order."""
    parts = [each.split(":", 2) for each in options.split(_SEPARATOR)] if options else []
    in_order = sorted((int(position), kind, name) for kind, position, name in parts)
    areas = tuple(name for _, kind, name in in_order if kind == _FOCUS)
    return areas, tuple(name for _, kind, name in in_order if kind != _FOCUS)
