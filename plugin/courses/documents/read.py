"""Issued documents for lists, links and spreadsheets. Their content and bytes are read elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.core.text import clean
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.course_extras import COURSE_IDS
from plugin.courses.base.keyset import Order
from plugin.courses.base.sheet import Columns, Sheet, major, sheet_of
from plugin.courses.base.views import CourseView, Page
from plugin.courses.base.work import reading
from plugin.courses.changes.gifts import written_code
from plugin.courses.clients.clients import LONGEST_SEARCH, living_client_in, with_merged, words_in
from plugin.courses.documents.files import DOCUMENT
from plugin.courses.documents.sale_record import buyers_in, sold_courses_in
from plugin.courses.documents.series import written
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Client, Course, Document, DocumentCourse, DocumentSeries, Outbox
from plugin.wording import N_, _

KINDS = {
    "invoice": N_("Invoice"),
    "credit_note": N_("Credit note"),
    "receipt": N_("Receipt"),
    "gift_voucher": N_("Gift voucher"),
    "prepaid_balance": N_("Prepaid balance"),
}
# What is the buyer's, whoever has the course now.
BILLED = ("invoice", "credit_note", "receipt")
_AT_A_TIME = 500
_LONGEST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class DocumentView:
    """One issued document. `client_name` is the client's current name.

    `total` is below zero on a credit note. `waits_for`: why its file could not be rendered so far, "" if
    nothing prevents it.
    """

    id: str
    kind: str
    number: str
    issued_at: datetime
    by: str
    total: int
    currency: str
    client_id: str
    client_name: str
    language: str
    course_ids: tuple[str, ...]
    refers_to_number: str | None
    square_order_id: str | None
    content_sha256: str
    waits_for: str = ""

    @property
    def called(self) -> str:
        """Return the name of its kind."""
        return KINDS[self.kind]

    @property
    def written_number(self) -> str:
        """Return the number as people read it: a voucher's code in groups."""
        return written_code(self.number) if self.kind == "gift_voucher" else self.number

    @property
    def money(self) -> Money:
        return Money(self.total, self.currency)


def read_document(store: Store, document_id: str) -> DocumentView:
    """Return one document; raises NotFound."""
    with store.reading() as session:
        return _one(session, Document.id == document_id)


def document_by_number(store: Store, number: str) -> DocumentView:
    """Return the document with this number, an invoice before a credit note; raises NotFound."""
    with store.reading() as session:
        typed = clean(number[:LONGEST_SEARCH])
        return _one(session, or_(Document.number == typed, _is_code(typed)))


@reading
def documents_of_courses(session: Session, course_ids: Sequence[str]) -> dict[str, tuple[DocumentView, ...]]:
    """Return the documents of each course, oldest first."""
    rows = session.scalars(select(Course).where(Course.id.in_(course_ids)))
    sold = {course_id: row.id for course_id, row in sold_courses_in(session, rows).items()}
    about = select(DocumentCourse.document_id).where(DocumentCourse.course_id.in_(sold.values()))
    views = _oldest_first(session, Document.id.in_(about))
    return {
        course_id: tuple(view for view in views if sold.get(course_id) in view.course_ids)
        for course_id in course_ids
    }


def _in_time(which: ColumnElement[bool]) -> Select[Any]:
    return _ROWS.where(which).order_by(Document.issued_at, Document.id)


def _oldest_first(session: Session, which: ColumnElement[bool]) -> tuple[DocumentView, ...]:
    return _views(session.execute(_in_time(which)).all())


# Each has an index: a clinic issues some hundred thousand documents.
ORDERS = {
    each.key: each
    for each in (
        Order("issued", Document.issued_at, Document.id, is_descending=True),
        Order("number", Document.number, Document.id),
        Order("total", Document.total, Document.id, is_descending=True),
        Order("client", Client.name_folded, Document.id),
    )
}
_NEWEST = ORDERS["issued"]


def find_documents(
    store: Store,
    q: str = "",
    *,
    kind: str | None = None,
    order: Order = _NEWEST,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[DocumentView]:
    """Find documents by a part of the number or the client's name, phone or e-mail.

    Raises InvalidField for an unreadable cursor.
    """
    wanted = _ROWS.where(*_conditions(q, kind)).order_by(*order.by).limit(limit + 1)
    if order.key == "client":
        wanted = wanted.where(_walks_clients(order, cursor))
    if cursor is not None:
        wanted = wanted.where(order.after(cursor))
    with store.reading() as session:
        rows = session.execute(wanted).all()
        views = _views(rows[:limit])
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(views, order.cursor_of(last) if last else None)


def _walks_clients(order: Order, cursor: str | None) -> ColumnElement[bool]:
    """Return a condition that follows from the place, for the index of names to begin there: SQLite does not see it."""
    if cursor is None:
        return Client.name_folded >= ""
    name: str = order.value_of(cursor)
    return Client.name_folded <= name if order.is_descending else Client.name_folded >= name


def documents_numbered(store: Store, typed: str) -> tuple[DocumentView, ...]:
    """Return the invoices and credit notes with this number, with or without its prefix and its zeros."""
    number = clean(typed[:LONGEST_SEARCH])
    with store.reading() as session:
        numbers = {number, number.upper(), *_whole_numbers(session, number)}
        which = and_(Document.kind.in_(BILLED), Document.number.in_(numbers))
        return _oldest_first(session, which) if number else ()


def _whole_numbers(session: Session, number: str) -> Iterator[str]:
    """Yield the numbers that people shorten to these digits."""
    if number.isascii() and number.isdecimal() and len(number) <= _LONGEST_DIGITS:
        for prefix in session.scalars(select(DocumentSeries.prefix)):
            yield written(prefix, int(number), 1)


def document_sheet(store: Store, q: str = "", *, kind: str | None = None, order: Order = _NEWEST) -> Sheet:
    """Return the same documents as a table for a spreadsheet."""
    zone = read_clinic(store).zone
    columns: Columns[DocumentView] = {
        _("Kind"): lambda view: view.called,
        _("Number"): lambda view: view.number,
        _("Issued"): lambda view: day_at(view.issued_at, zone),
        _("Client"): lambda view: view.client_name,
        _("Total"): lambda view: major(view.money),
        _("Currency"): lambda view: view.currency,
        _("Refers to"): lambda view: view.refers_to_number or "",
        _("Square order"): lambda view: view.square_order_id or "",
        _("By"): lambda view: view.by,
    }
    return sheet_of(_("Documents"), columns, _all(store, q, kind, order))


def _all(store: Store, q: str, kind: str | None, order: Order) -> Iterator[DocumentView]:
    cursor: str | None = None
    while True:
        page = find_documents(store, q, kind=kind, order=order, limit=_AT_A_TIME, cursor=cursor)
        yield from page.rows
        if page.cursor is None:
            return
        cursor = page.cursor


_REFERRED = aliased(Document)
# The buyer may have been merged with another client since.
_LIVING = aliased(Client)
# Why the file is not rendered yet; what nothing has prevented so far is rendered soon.
_WAITS_FOR = (
    select(func.max(Outbox.outcome))
    .where(Outbox.kind == DOCUMENT, Outbox.subject == Document.id, Outbox.state == "pending")
    .correlate(Document)
    .scalar_subquery()
)
_COURSE_IDS = (
    select(func.aggregate_strings(DocumentCourse.course_id, " "))
    .where(DocumentCourse.document_id == Document.id)
    .correlate(Document)
    .scalar_subquery()
)
# Without content and bytes: a list of a thousand loads none of them.
_ROWS: Select[*tuple[Any, ...]] = (
    select(
        Document.id,
        Document.kind,
        Document.number,
        Document.issued_at,
        Document.by,
        Document.total,
        Document.currency,
        _LIVING.id.label("client_id"),
        _LIVING.name.label("client_name"),
        Client.name_folded,
        Document.language,
        _REFERRED.number.label("refers_to_number"),
        Document.square_order_id,
        Document.content_sha256,
        func.coalesce(_WAITS_FOR, "").label("waits_for"),
        _COURSE_IDS.label("course_ids"),
    )
    .join(Client, Client.id == Document.client_id)
    .join(_LIVING, _LIVING.id == func.coalesce(Client.merged_into, Client.id))
    .outerjoin(_REFERRED, _REFERRED.id == Document.refers_to)
)


_ABOUT = Prepared(
    _in_time(
        or_(
            Document.id.in_(
                select(DocumentCourse.document_id).where(DocumentCourse.course_id.in_(COURSE_IDS))
            ),
            and_(
                Document.client_id.in_(with_merged(bindparam("client_id"))),
                Document.kind.in_(BILLED),
            ),
        )
    )
)


def _one(session: Session, which: ColumnElement[bool]) -> DocumentView:
    row = session.execute(_ROWS.where(which).order_by(Document.kind.desc()).limit(1)).first()
    if row is None:
        raise NotFound(_("There is no such document."))
    return _views([row])[0]


def _views(rows: Sequence[Row[*tuple[Any, ...]]]) -> tuple[DocumentView, ...]:
    return tuple(_view(row._asdict()) for row in rows)


def _view(values: dict[str, Any]) -> DocumentView:
    course_ids = sorted((values.pop("course_ids") or "").split())
    del values["name_folded"]
    return DocumentView(**values, course_ids=tuple(course_ids))


def _conditions(q: str, kind: str | None) -> list[ColumnElement[bool]]:
    typed = clean(q[:LONGEST_SEARCH])
    # No column: SQLite would read all documents of a kind, whatever the order is.
    found: list[ColumnElement[bool]] = [func.coalesce(Document.kind, "") == kind] if kind else []
    if typed:
        by_number = Document.number.icontains(typed, autoescape=True)
        by_name = and_(*words_in(_LIVING.search_text, typed))
        found.append(or_(by_number, _is_code(typed), by_name))
    return found


def _is_code(typed: str) -> ColumnElement[bool]:
    # A voucher's code is typed as it is printed, in groups.
    code = typed.replace("-", "").replace(" ", "").upper()
    return and_(Document.kind == "gift_voucher", Document.number == code)


@dataclass(frozen=True, slots=True)
class ClientDocuments:
    """The client's documents of each course at hand, oldest first, and those of courses that others have now.

    `bought`: the courses they paid for themselves, which have or will have an invoice issued to them.
    """

    of_course: dict[str, tuple[DocumentView, ...]]
    given_away: tuple[DocumentView, ...]
    bought: frozenset[str]

    @property
    def is_billed(self) -> bool:
        """Return whether an invoice was issued to them, which a statement of account begins with."""
        issued = (*self.given_away, *(each for of_one in self.of_course.values() for each in of_one))
        return any(each.kind == "invoice" for each in issued)


def documents_of_client(store: Store, client_id: str, courses: Sequence[CourseView]) -> ClientDocuments:
    """Return what was issued to the client; `courses` are those at hand."""
    with store.reading() as session:
        sold = _sold_in(session, courses)
        # The documents of these courses, and the client's invoices and credit notes, oldest first.
        course_ids = {each.id for each in sold.values()}
        session.flush()
        asked = {"course_ids": list(course_ids), "client_id": client_id}
        about = _views(_ABOUT.all(session.connection(), asked))
        buyers = _buyers_in(session, courses, sold)
        bought = frozenset(
            course.id for course in courses if _is_now(session, buyers[sold[course.id].id], client_id)
        )
    theirs = {
        course_id: tuple(each for each in about if one.id in each.course_ids and each.client_id == client_id)
        for course_id, one in sold.items()
    }
    at_hand = {one.id for one in sold.values()}
    given_away = tuple(
        each
        for each in about
        if each.client_id == client_id and each.kind in BILLED and not at_hand.intersection(each.course_ids)
    )
    return ClientDocuments(theirs, given_away, bought)


def _sold_in(session: Session, courses: Sequence[CourseView]) -> Mapping[str, Course | CourseView]:
    # Without a transfer, which a view of the course shows, each was sold as it is.
    if not any(course.origin for course in courses):
        return {course.id: course for course in courses}
    ids = [course.id for course in courses]
    return sold_courses_in(session, session.scalars(select(Course).where(Course.id.in_(ids))))


def _buyers_in(
    session: Session, courses: Sequence[CourseView], sold: Mapping[str, Course | CourseView]
) -> dict[str, str | None]:
    # The history of a course shows that a gift was redeemed; that of the course it came from is not at hand.
    if any(course.origin or course.has_history("redeemed") for course in courses):
        return buyers_in(session, sold.values())
    return {course.id: course.client_id for course in sold.values()}


def _is_now(session: Session, buyer_id: str | None, client_id: str) -> bool:
    return buyer_id == client_id or (
        buyer_id is not None and living_client_in(session, buyer_id).id == client_id
    )
