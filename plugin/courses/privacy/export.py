"""All that is held on a client, table by table, for whoever asks what a clinic knows of them.

Every table is either among the sections or in `NOT_ABOUT_CLIENTS` with the reason: a test asks of a new one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, inspect, or_, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, require
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.views import ClientView
from plugin.courses.clients.clients import client_in
from plugin.courses.privacy.subject import SubjectData, subject_data_in
from plugin.store import Store
from plugin.store.changes import AllowedAhead, CourseOrigin, CourseShare, Gift
from plugin.store.documents import Document, DocumentCourse, DocumentFile, SaleRecord
from plugin.store.imports import ImportedCourse
from plugin.store.ledger import Allowance, Course, Entry, History, Visit
from plugin.store.papers import PrivatePage, VisitLetter
from plugin.store.people import Client, ClientMerge, SquareCustomer, Staff
from plugin.store.queues import Attention, Handout, Inbox, Outbox, Paper, SquareRefund
from plugin.store.selling import Checkout, DeskRefund, DeskRefundPart
from plugin.store.square_side import Booking, Dispute, ProfileNote, SquarePerson

Row = dict[str, Any]

NOT_ABOUT_CLIENTS = {
    "api_token": "Programs of the clinic.",
    "bookmark": "How far Square was read.",
    "books_closed": "The owner's books.",
    "clinic": "The clinic itself.",
    "connection": "How the clinic is let into Square.",
    "document_series": "How the clinic's numbers look.",
    "erased_profile": "Hashes that nobody can be told by.",
    "ignored_item": "What is no package.",
    "import_batch": "A file of the clinic's; what came of it stands with each course.",
    "listing": "What is for sale.",
    "logo": "The clinic's picture.",
    "oauth_attempt": "How the clinic is let into Square.",
    "operation": "Keys and digests of what was asked; what came of it stands in its own table.",
    "package": "What is for sale.",
    "package_content": "What is for sale.",
    "paper_batch": "Which courses' papers were asked for together; the file is forgotten after a day.",
    "staff": "Who works there.",
    "sweep": "When Square was looked through; it names ids of Square's alone.",
    "terminal": "The clinic's card readers.",
    "treatment": "What is for sale.",
    "treatment_text": "What the clinic says of a treatment.",
}


@dataclass(frozen=True, slots=True)
class Section:
    """What one table holds on somebody."""

    name: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class ClientExport:
    """All that is held on a client, at the time it was asked."""

    clinic: str
    client: ClientView
    asked_at: datetime
    sections: tuple[Section, ...]

    def to_json(self) -> str:
        """Return it for programs: UTF-8, times in UTC."""
        told = {each.name: list(each.rows) for each in self.sections}
        head = {"clinic": self.clinic, "client_id": self.client.id, "asked_at": self.asked_at}
        return json.dumps({**head, "held": told}, ensure_ascii=False, indent=2, default=_written)


def export_client(store: Store, act: Act, client_id: str) -> ClientExport:
    """Return all that is held on a client, for the owner; raises NotFound."""
    require(act.actor)
    with store.reading() as session:
        client = client_in(session, client_id)
        traces = subject_data_in(session, client.id)
        staff = {row.id: row.name for row in session.scalars(select(Staff))}
        sections = tuple(each.read(session, traces, staff) for each in SECTIONS)
        return ClientExport(clinic_in(session).name, client, act.now, sections)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a section is read: a table, whose rows of it are theirs, and which columns say nothing about anybody."""

    table: Any
    title: str
    theirs: Callable[[SubjectData], ColumnElement[bool]]
    without: tuple[str, ...] = ()
    # Among the rows found, those that really name them.
    names: Callable[[Any, SubjectData], bool] = lambda _row, _traces: True

    @property
    def name(self) -> str:
        """Return the table's name."""
        return str(self.table.__tablename__)

    def read(self, session: Session, traces: SubjectData, staff: dict[str, str]) -> Section:
        """Return the section."""
        keys = inspect(self.table).primary_key
        found = session.scalars(select(self.table).where(self.theirs(traces)).order_by(*keys))
        rows = tuple(_row(one, self.without, staff) for one in found if self.names(one, traces))
        return Section(self.name, self.title, rows)


def _row(row: Any, without: Iterable[str], staff: dict[str, str]) -> Row:
    columns = inspect(type(row)).columns
    told = {column.key: getattr(row, column.key) for column in columns if column.key not in without}
    for name in ("practitioner_id", "staff_id"):
        if told.get(name) in staff:
            # Whoever reads it knows people, not our ids.
            told[name.removesuffix("_id")] = staff[told[name]]
    if isinstance(told.get("content"), str):
        told["content"] = _parsed(told["content"])
    return told


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else str(value)


def _is_theirs(row: Any, traces: SubjectData) -> bool:
    ids = {*traces.course_ids, *traces.client_ids}
    named = {*row.details.get("course_ids", ()), row.details.get("client_id")}
    return (
        bool(named & ids)
        or row.square_order_id in traces.order_ids
        or traces.words.are_in(_plain(row.details))
    )


def _plain(details: dict[str, Any]) -> str:
    return json.dumps(details, ensure_ascii=False)


def _names_them(row: Any, traces: SubjectData) -> bool:
    if any(one in row.body for one in traces.order_ids):
        return True
    return traces.own_words.are_in(json.dumps(_parsed(row.body), ensure_ascii=False))


def _of(
    column: Any, ids: Callable[[SubjectData], tuple[str, ...]]
) -> Callable[[SubjectData], ColumnElement[bool]]:
    return lambda traces: column.in_(ids(traces))


def _issued(column: Any) -> Callable[[SubjectData], ColumnElement[bool]]:
    # To them, not of courses that others bought and gave to them.
    to_them = select(Document.id)
    return lambda traces: column.in_(to_them.where(Document.client_id.in_(traces.client_ids)))


def _clients(traces: SubjectData) -> tuple[str, ...]:
    return traces.client_ids


def _courses(traces: SubjectData) -> tuple[str, ...]:
    return traces.course_ids


def _allowances(traces: SubjectData) -> tuple[str, ...]:
    return traces.allowance_ids


def _orders(traces: SubjectData) -> tuple[str, ...]:
    return traces.order_ids


def _profiles(traces: SubjectData) -> tuple[str, ...]:
    return traces.square_ids


SECTIONS: tuple[Source, ...] = (
    Source(Client, "Particulars", _of(Client.id, _clients), without=("search_text", "name_folded")),
    Source(ClientMerge, "Made one with others", _of(ClientMerge.into_id, _clients)),
    Source(SquareCustomer, "Profiles in Square", _of(SquareCustomer.client_id, _clients)),
    Source(
        SquarePerson,
        "As Square’s directory has them",
        _of(SquarePerson.square_customer_id, _profiles),
        without=("search_text", "name_folded"),
    ),
    Source(ProfileNote, "Balance written to Square", _of(ProfileNote.client_id, _clients)),
    Source(Course, "Courses", _of(Course.client_id, _clients)),
    Source(Allowance, "Sessions in the courses", _of(Allowance.course_id, _courses)),
    Source(Visit, "Visits", _of(Visit.id, lambda traces: traces.visit_ids)),
    Source(
        Entry,
        "Every change of sessions and value",
        _of(Entry.allowance_id, _allowances),
        without=("prev_seq",),
    ),
    Source(History, "What else became of the courses", _of(History.course_id, _courses)),
    Source(CourseOrigin, "Transferred from", _of(CourseOrigin.course_id, _courses)),
    Source(
        CourseShare,
        "Shared courses",
        lambda traces: or_(
            CourseShare.client_id.in_(traces.client_ids), CourseShare.course_id.in_(traces.course_ids)
        ),
        without=("standing",),
    ),
    Source(
        Gift,
        "Gifts",
        lambda traces: or_(Gift.giver_id.in_(traces.client_ids), Gift.recipient_id.in_(traces.client_ids)),
        without=("waiting",),
    ),
    Source(AllowedAhead, "Allowed before it was paid", _of(AllowedAhead.allowance_id, _allowances)),
    Source(
        Booking,
        "Appointments",
        lambda traces: or_(
            Booking.square_customer_id.in_(traces.square_ids), Booking.course_id.in_(traces.course_ids)
        ),
    ),
    Source(
        Checkout,
        "Sales begun at the desk",
        _of(Checkout.client_id, _clients),
        without=("exchange_under_way",),
    ),
    Source(
        DeskRefund, "Refunds begun at the desk", _of(DeskRefund.course_id, _courses), without=("under_way",)
    ),
    Source(
        DeskRefundPart,
        "Where refunds went",
        _of(DeskRefundPart.desk_refund_id, lambda traces: traces.refund_ids),
    ),
    Source(SquareRefund, "Refunds as Square told them", _of(SquareRefund.square_order_id, _orders)),
    Source(Dispute, "Disputed payments", _of(Dispute.square_order_id, _orders)),
    Source(ImportedCourse, "Brought in from a file", _of(ImportedCourse.course_id, _courses)),
    Source(Handout, "Papers handed out", _of(Handout.course_id, _courses)),
    # The bytes are made of what stands here already.
    Source(Paper, "Papers kept ready", _of(Paper.course_id, _courses), without=("pdf",)),
    Source(SaleRecord, "Sales as Square told them", _of(SaleRecord.square_order_id, _orders)),
    Source(
        Document,
        "Invoices, credit notes and vouchers",
        _of(Document.client_id, _clients),
        without=("place_before",),
    ),
    Source(DocumentCourse, "What they are about", _issued(DocumentCourse.document_id)),
    Source(DocumentFile, "Their files", _issued(DocumentFile.document_id), without=("pdf",)),
    Source(VisitLetter, "Letters after visits", _of(VisitLetter.client_id, _clients)),
    Source(PrivatePage, "Their own page", _of(PrivatePage.client_id, _clients)),
    Source(
        Attention, "Questions that were asked", lambda _traces: Attention.id.is_not(None), names=_is_theirs
    ),
    Source(
        Inbox,
        "Messages from Square",
        lambda traces: or_(
            traces.own_words.might_be_in(Inbox.body), *(Inbox.body.contains(one) for one in traces.order_ids)
        ),
        names=_names_them,
    ),
    Source(Outbox, "Done for them", _of(Outbox.subject, lambda traces: traces.subjects)),
)
