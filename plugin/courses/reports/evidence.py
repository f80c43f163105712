"""Everything about one course for a disputed payment, in one ZIP: agreement, visits, e-mails, payments, the ledger.

Tables are CSV with times in UTC. `SHA256SUMS` lists the digest of each file, as `sha256sum -c` checks it.
"""

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, require
from plugin.core.course import AllowanceState
from plugin.core.ledger import Kind
from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.core.status import Status
from plugin.courses.agreements.prepare import agreement_pdf, agreements_of_course
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.read import read_course
from plugin.courses.base.sheet import Cell, Format, Sheet, major, write
from plugin.courses.base.views import CourseView
from plugin.courses.catalog.terms_text import terms_of
from plugin.courses.clients.clients import read_client
from plugin.courses.documents.files import document_bytes
from plugin.courses.documents.read import BILLED, documents_of_courses
from plugin.courses.documents.sale_record import kept_refund_in, paid_sale_in
from plugin.courses.documents.statement import statement_of_course
from plugin.courses.handouts.cache import Render
from plugin.courses.privacy.access_log import record_download
from plugin.courses.quotes.views import quote_pdf, quotes_of_course
from plugin.errors import CoursekeeperError
from plugin.store import Store
from plugin.store.tables import Booking, ClientLetter, SquareRefund, Visit, VisitLetter
from plugin.wording import N_

_CALLED = N_("Evidence for a dispute")
# By the visit, of which there is an index.
_AFTER_VISITS = select(VisitLetter).join(Visit, Visit.id == VisitLetter.visit_id)


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    content: bytes


def write_evidence(store: Store, render: Render, act: Act, course_id: str, out: IO[bytes]) -> CourseView:
    """Write the ZIP and record in the activity log who took it; raises NotFound, NotAllowed unless the owner."""
    require(act.actor)
    clinic = read_clinic(store)
    course = read_course(store, course_id, today=day_at(act.now, clinic.zone))
    at = act.now.astimezone(clinic.zone).timetuple()[:6]
    sums = []
    with ZipFile(out, "w", ZIP_DEFLATED) as packed:
        for file in _files(store, render, act, course):
            _add(packed, file, at)
            sums.append(f"{hashlib.sha256(file.content).hexdigest()}  {file.name}\n")
        _add(packed, _File("SHA256SUMS", "".join(sums).encode()), at)
    record_download(store, act, _CALLED, client_id=course.client_id)
    return course


def _add(packed: ZipFile, file: _File, at: tuple[int, ...]) -> None:
    entry = ZipInfo(file.name, at)  # type: ignore[arg-type]  # six numbers, sliced from a time
    entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
    packed.writestr(entry, file.content)


def _files(store: Store, render: Render, act: Act, course: CourseView) -> Iterator[_File]:
    yield _File("README.txt", _readme(store, act, course).encode())
    for number, each in enumerate(agreements_of_course(store, course.id), start=1):
        yield _File(f"agreement-{number}-signed.pdf", agreement_pdf(store, each.id))
        yield _File(f"agreement-{number}-as-shown.pdf", agreement_pdf(store, each.id, is_signed=False))
    for number, quote_id in enumerate(quotes_of_course(store, course.id), start=1):
        yield _File(f"quote-{number}.pdf", quote_pdf(store, quote_id))
    yield from _papers(store, render, act, course)
    yield _table("visits.csv", _VISITS, _visits(course, *_arrivals(store, course.id)))
    yield _table("payments.csv", _PAYMENTS, _payments(store, course))
    yield _table("emails.csv", _EMAILS, _emails(store, course))
    yield _table("ledger.csv", _LEDGER, _ledger(course))
    yield _table("history.csv", _HISTORY, _history(course))


def _papers(store: Store, render: Render, act: Act, course: CourseView) -> Iterator[_File]:
    """Yield the invoices and credit notes, and the statement of account, as far as there are any."""
    for each in documents_of_courses(store, [course.id])[course.id]:
        if each.kind not in BILLED:
            continue
        if file := _made(lambda each=each: document_bytes(store, render, each.id, now=act.now)):  # type: ignore[misc]  # bound now
            # A prefix of numbers may contain what would be a folder in the ZIP.
            number = each.number.replace("/", "-")
            yield _File(f"{each.kind.replace('_', '-')}-{number}.pdf", file)
    if file := _made(lambda: statement_of_course(store, render, act, course.id).pdf):
        yield _File("statement-of-account.pdf", file)


def _made(make: Callable[[], bytes]) -> bytes | None:
    try:
        return make()
    except CoursekeeperError:
        # Not sold through Square, or not drawn yet: the rest is evidence all the same.
        return None


def _readme(store: Store, act: Act, course: CourseView) -> str:
    clinic = read_clinic(store)
    client = read_client(store, course.client_id) if course.client_id else None
    given = course.origin
    lines = [
        f"{_CALLED[:]}: {course.package_name}",
        "",
        f"Clinic: {clinic.name}",
        f"Client: {client.name if client else 'no client'}",
        f"Course: {course.id}, Square order {course.square_order_id or 'none'}",
        f"Sold: {_utc(course.sold_at)}, paid {_written(course.gross_paid)} of {_written(course.gross_price)}",
        *([f"Transferred: {_utc(given.transferred_at)}, from course {given.course_id}"] if given else []),
        *(
            f"Sessions, {each.treatment}: {_sums(course, each)}, {each.left} left"
            for each in course.allowances
        ),
        f"Status: {'on hold' if course.status is Status.FROZEN else course.status}",
        f"Expires: {course.expires_on.isoformat() if course.expires_on else 'no expiration'}",
        "",
        "Terms of the sale:",
        *(f"- {sentence}" for sentence in terms_of(course, "en", has_no_expiry=False)),
        "",
        f"Made: {_utc(act.now)} by {act.actor.name}",
        "",
        "agreement-*      the agreement as it was signed, and the file that was shown",
        "quote-*          what was offered, and paid from it",
        "invoice-*, credit-note-*, receipt-*, statement-of-account.pdf      what was billed, paid and refunded",
        "visits.csv       each visit: when, which session, with whom, checked in when, recorded by whom;",
        "                 one that was undone is in ledger.csv alone, as a line “used” and the one that reverses it",
        "payments.csv     each payment and refund of the sale with its id at Square, tips included",
        "emails.csv       e-mails to the client about this course, and what came of them",
        "ledger.csv       every change of sessions and value; each line begins where the one before it ended",
        "history.csv      what else was done with the course, by whom and when",
        "SHA256SUMS       the digest of each file",
        "",
        f"Times are UTC; visited_on is the clinic’s day ({clinic.time_zone}).",
        "Nothing in the ledger can be changed or deleted; mistakes are corrected by reversing lines.",
    ]
    return "\n".join(lines) + "\n"


def _sums(course: CourseView, allowance: AllowanceState) -> str:
    """Return how many sessions each kind of entry has added or taken, without those undone."""
    counts = Counter[str]()
    for each in course.entries:
        if each.allowance_id == allowance.id and each.kind is not Kind.REVERSED and each.reversed_by is None:
            counts[each.kind.value.replace("_", " ")] += each.sessions_delta
    return ", ".join(
        f"{n:+} {kind}" if kind == Kind.ADJUSTED.value else f"{abs(n)} {kind}"
        for kind, n in counts.items()
        if n
    )


_VISITS = (
    *("visited_on", "session", "treatments", "practitioner", "checked_in_at", "checked_in_by"),
    *("recorded_at", "recorded_by", "client"),
)
_PAYMENTS = (
    *("kind", "square_id", "of_payment", "paid_by", "amount", "currency", "at", "status", "square_receipt"),
)
_EMAILS = ("kind", "to", "state", "asked_at", "done_at", "note")
_LEDGER = (
    *("treatment", "seq", "kind", "sessions_delta", "sessions_after", "value_delta", "value_after"),
    *("currency", "happened_at", "written_at", "by", "source", "reason", "id", "reverses"),
)
_HISTORY = ("at", "by", "kind", "text", "reason")


def _table(name: str, headings: tuple[str, ...], rows: Iterator[list[Cell]]) -> _File:
    out = io.BytesIO()
    write(Sheet(name, headings, rows), Format.CSV, out, for_people=True)
    return _File(name, out.getvalue())


def _arrivals(store: Store, course_id: str) -> tuple[dict[str, Booking], dict[str, datetime]]:
    """Return the appointment behind each entry that has one, and when each visit was recorded."""
    with store.reading() as session:
        bookings = {row.entry_id: row for row in _bookings(session, course_id) if row.entry_id}
        visits = session.execute(select(Visit.id, Visit.created_at).where(Visit.course_id == course_id))
        session.expunge_all()
        return bookings, dict(visits.all())


def _bookings(session: Session, course_id: str) -> list[Booking]:
    return list(session.scalars(select(Booking).where(Booking.course_id == course_id)))


def _visits(
    course: CourseView, bookings: dict[str, Booking], recorded: dict[str, datetime]
) -> Iterator[list[Cell]]:
    entries = {each.id: each for each in course.entries}
    for visit in course.visits:
        booking = next((bookings[each] for each in visit.entry_ids if each in bookings), None)
        by = next((entries[each].by for each in visit.entry_ids if each in entries), "")
        yield [
            visit.visited_on,
            visit.number,
            ", ".join(visit.treatments),
            visit.practitioner,
            _utc(booking.arrived_at) if booking and booking.arrived_at else "",
            booking.arrived_by if booking else "",
            _utc(recorded[visit.id]) if visit.id in recorded else "",
            by,
            visit.guest or course.client_name or "",
        ]


def _payments(store: Store, course: CourseView) -> Iterator[list[Cell]]:
    """Yield each payment and refund of the sale as Square recorded it; the reason of a refund is in the history."""
    order_id = course.square_order_id
    if not order_id:
        return
    refunds = select(SquareRefund).where(SquareRefund.square_order_id == order_id)
    with store.reading() as session:
        sale = paid_sale_in(session, order_id)
        if sale is not None:
            for each in sale.tenders:
                yield [
                    *("payment", each.square_payment_id, "", each.label or each.how),
                    *(major(Money(each.amount, sale.currency)), sale.currency),
                    *(_utc(each.at), "COMPLETED", each.receipt_url),
                ]
        for row in session.scalars(refunds.order_by(SquareRefund.seen_at)):
            known = kept_refund_in(session, order_id, row.square_refund_id)
            yield [
                *("refund", row.square_refund_id, known.square_payment_id if known else "", ""),
                *(-major(Money(row.amount, row.currency)), row.currency),
                *(_utc(known.at if known else row.seen_at), row.status, ""),
            ]


def _emails(store: Store, course: CourseView) -> Iterator[list[Cell]]:
    with store.reading() as session:
        after = session.scalars(_AFTER_VISITS.where(Visit.course_id == course.id))
        about = session.scalars(select(ClientLetter).where(ClientLetter.course_id == course.id))
        rows = [
            ("after a visit", each.mail_to, each.state, each.owed_at, each.done_at, each.said)
            for each in after
        ]
        rows += [
            (each.kind, each.mail_to, each.state, each.planned_at, each.done_at, each.said) for each in about
        ]
    papers = [each for each in course.happenings if each.kind == "paper_mailed"]
    rows += [("paper", "", "", each.at, each.at, each.text) for each in papers]
    for kind, to, state, asked_at, done_at, said in sorted(rows, key=lambda each: each[3]):
        yield [kind, to, state, _utc(asked_at), _utc(done_at) if done_at else "", said]


def _ledger(course: CourseView) -> Iterator[list[Cell]]:
    for each in course.entries:
        yield [
            each.treatment,
            each.seq,
            each.kind.value,
            each.sessions_delta,
            each.sessions_after,
            major(each.value_delta),
            major(each.value_after),
            each.value_after.currency,
            _utc(each.happened_at),
            _utc(each.written_at),
            each.by,
            each.source,
            each.reason,
            each.id,
            each.reverses or "",
        ]


def _history(course: CourseView) -> Iterator[list[Cell]]:
    for each in course.happenings:
        yield [_utc(each.at), each.by, each.kind, each.text, each.reason]


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _written(money: Money) -> str:
    return f"{major(money)} {money.currency}"
