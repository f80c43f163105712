"""A sale as Square computed it, stored until and after its invoice, and who bought its courses.

The buyer is the first owner of a course, even after it was given away: they are billed for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from invoices.papers import PaidBy, Party
from invoices.papers.wire import from_plain, to_plain
from plugin.core.acts import Act
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.views import ClientView, CourseView
from plugin.courses.catalog.names import names_in
from plugin.courses.clients.contacts import written_phone
from plugin.courses.sales.sales import Refund
from plugin.store.database import write
from plugin.store.prepared import Prepared, prepared_insert
from plugin.store.tables import Course, CourseOrigin, Document, Gift, SaleRecord, SquareCustomer

# The version of the format in which a sale is stored.
VERSION = 1


@dataclass(frozen=True, kw_only=True)
class AppliedTax:
    """The amount of one of the sale's taxes on one line, minor units."""

    uid: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class SoldModifier:
    """Something chosen with a line, with its price for one unit."""

    name: str
    price: int


@dataclass(frozen=True, kw_only=True)
class SoldLine:
    """One line, a package or retail; `quantity` is Square's decimal string, amounts are of the whole line."""

    uid: str
    name: str
    variation: str
    quantity: str
    unit_price: int
    discount: int
    tax: int
    service_charge: int
    total: int
    modifiers: tuple[SoldModifier, ...] = ()
    taxes: tuple[AppliedTax, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SaleTax:
    """One tax of the sale; an included one is part of the prices. `percentage` is Square's decimal string."""

    uid: str
    name: str
    percentage: str
    is_included: bool


@dataclass(frozen=True, kw_only=True)
class ServiceCharge:
    """A charge on the whole sale; those that Square allocates to the lines are on the lines."""

    name: str
    total: int
    tax: int
    taxes: tuple[AppliedTax, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tender:
    """A payment, its tip included. `label` is a word such as the card's brand, never a number.

    `receipt_url`: Square's own receipt, "" where it is not known.
    """

    square_payment_id: str
    how: PaidBy
    label: str
    amount: int
    at: datetime
    receipt_url: str = ""


@dataclass(frozen=True, kw_only=True)
class SoldSale:
    """All of one Square order. `exchanged`: what it takes back of another sale, which pays as money does."""

    square_order_id: str
    currency: str
    lines: tuple[SoldLine, ...]
    taxes: tuple[SaleTax, ...]
    charges: tuple[ServiceCharge, ...]
    tenders: tuple[Tender, ...]
    rounding: int
    tip: int
    total: int
    exchanged: int = 0


@dataclass(frozen=True, kw_only=True)
class ReturnedLine:
    """What a refund returns of one line of the sale, as Square computes it."""

    line_uid: str
    quantity: str
    total: int
    tax: int
    discount: int


@dataclass(frozen=True, kw_only=True)
class RefundRecord:
    """What Square states about a refund besides its sum; `reason` until its credit note is issued."""

    at: datetime
    square_payment_id: str
    reason: str
    lines: tuple[ReturnedLine, ...]


def save_sale_in(session: Session, act: Act, sale: SoldSale) -> None:
    """Store the sale as Square has it now; once its invoice is issued it remains as the invoice shows it.

    Later payments are stored separately, for statements of account.
    """
    before = _content_in(session, sale.square_order_id)
    plain = to_plain(_with_known_receipts(sale, before))
    if before is None:
        content = {"version": VERSION, "sale": plain, "refunds": {}}
        new = {"square_order_id": sale.square_order_id, "content": content, "taken_at": act.now}
        write(session, _NEW_RECORD, new)
    elif before["sale"] != plain:
        changed = {"tenders": plain["tenders"]}
        if not _is_invoiced(session, sale.square_order_id):
            changed = {"sale": plain}
        row = session.get_one(SaleRecord, sale.square_order_id)
        row.content, row.taken_at = {**row.content, **changed}, act.now
        session.flush()


_NEW_RECORD = prepared_insert(SaleRecord)
_CONTENT = Prepared(select(SaleRecord.content).where(SaleRecord.square_order_id == bindparam("order_id")))


def is_recorded_in(session: Session, square_order_id: str) -> bool:
    return _content_in(session, square_order_id) is not None


def _content_in(session: Session, square_order_id: str) -> dict[str, Any] | None:
    session.flush()
    row = _CONTENT.first(session.connection(), {"order_id": square_order_id})
    return row.content if row is not None else None


def _with_known_receipts(sale: SoldSale, before: dict[str, Any] | None) -> SoldSale:
    """Return the sale with the links of Square's receipts: an order shows none, and a payment only its own."""
    tenders_before = _tenders(before) if before else []
    known = {each["square_payment_id"]: each.get("receipt_url", "") for each in tenders_before}
    tenders = (
        replace(each, receipt_url=each.receipt_url or known.get(each.square_payment_id, ""))
        for each in sale.tenders
    )
    return replace(sale, tenders=tuple(tenders))


def save_refund_in(session: Session, refund: Refund) -> None:
    """Store what Square states about a refund, for its credit note. Nothing for a sale that was never recorded."""
    row = session.get(SaleRecord, refund.square_order_id)
    if row is None:
        return
    record = RefundRecord(
        at=refund.refunded_at,
        square_payment_id=refund.square_payment_id or "",
        reason=refund.reason,
        lines=tuple(
            ReturnedLine(
                line_uid=line.source_line_uid,
                quantity=str(line.quantity),
                total=line.total,
                tax=line.tax,
                discount=line.discount,
            )
            for line in refund.lines
            if line.source_line_uid is not None
        ),
    )
    _keep_refunds(row, {**row.content["refunds"], refund.square_refund_id: to_plain(record)})


def delete_reason_in(session: Session, square_order_id: str, square_refund_id: str) -> None:
    """Delete the reason of a refund: it is in the credit note now."""
    row = session.get(SaleRecord, square_order_id)
    record = row.content["refunds"].get(square_refund_id) if row is not None else None
    if row is not None and record is not None:
        _keep_refunds(row, {**row.content["refunds"], square_refund_id: {**record, "reason": ""}})


def sale_in(session: Session, square_order_id: str) -> SoldSale | None:
    """Return the sale as recorded, None if it never was."""
    content = _content_in(session, square_order_id)
    return from_plain(SoldSale, content["sale"]) if content is not None else None


def paid_sale_in(session: Session, square_order_id: str) -> SoldSale | None:
    """Return the sale with every payment that Square recorded since, None if it never was recorded."""
    content = _content_in(session, square_order_id)
    if content is None:
        return None
    return from_plain(SoldSale, {**content["sale"], "tenders": _tenders(content)})


def _tenders(content: dict[str, Any]) -> list[dict[str, Any]]:
    tenders: list[dict[str, Any]] = content.get("tenders", content["sale"]["tenders"])
    return tenders


def kept_refund_in(session: Session, square_order_id: str, square_refund_id: str) -> RefundRecord | None:
    """Return what Square recorded of a refund, None for one of a sale that was not recorded."""
    content = _content_in(session, square_order_id)
    return kept_refund(content, square_refund_id) if content is not None else None


def kept_refund(content: dict[str, Any], square_refund_id: str) -> RefundRecord | None:
    record = content["refunds"].get(square_refund_id)
    return from_plain(RefundRecord, record) if record is not None else None


def without_reasons(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a record without what people typed about its refunds, and without where it is paid."""
    return {
        **{key: value for key, value in content.items() if key != "pay_url"},
        "refunds": {key: {**record, "reason": ""} for key, record in content["refunds"].items()},
    }


def _keep_refunds(row: SaleRecord, refunds: dict[str, Any]) -> None:
    if row.content["refunds"] != refunds:
        row.content = {**row.content, "refunds": refunds}


def _is_invoiced(session: Session, square_order_id: str) -> bool:
    issued = select(Document.id).where(Document.kind == "invoice", Document.subject == square_order_id)
    return session.scalar(issued) is not None


def buyer_in(session: Session, course: Course) -> str | None:
    """Return the client who bought the course; None while it has no owner."""
    return buyers_in(session, [course])[course.id]


def buyers_in(session: Session, courses: Iterable[Course | CourseView]) -> dict[str, str | None]:
    """Return the buyer of each course; None while it has no owner."""
    owners = {course.id: course.client_id for course in courses}
    gifts = (
        select(Gift.course_id, Gift.giver_id)
        .where(Gift.course_id.in_(owners), Gift.redeemed_at.is_not(None))
        # The first of several gifts is last here, and counts.
        .order_by(Gift.given_at.desc(), Gift.id.desc())
    )
    return owners | dict(session.execute(gifts).all())


def courses_of_sale_in(session: Session, square_order_id: str) -> list[Course]:
    """Return the courses opened by a sale, in the order of its lines."""
    rows = (
        select(Course)
        .where(Course.square_order_id == square_order_id)
        .order_by(Course.square_line_uid, Course.unit, Course.id)
    )
    return list(session.scalars(rows))


def packages_of_sale_in(session: Session, square_order_id: str, language: str) -> str:
    """Return the names of the packages of a sale in a language, each once."""
    names = names_in(session, language)
    courses = courses_of_sale_in(session, square_order_id)
    return ", ".join(dict.fromkeys(names(each.package_name) for each in courses))


def sold_course_in(session: Session, course: Course) -> Course:
    """Return the course that was sold: for one that received transferred sessions, where they came from."""
    return sold_courses_in(session, [course])[course.id]


def sold_courses_in(session: Session, courses: Iterable[Course]) -> dict[str, Course]:
    """Return the sold course of each course, with one query per transfer on the longest path."""
    sold = {course.id: course for course in courses}
    # Sessions may return to a course they came from: what is left is moved to it again.
    seen: dict[str, set[str]] = {course_id: set() for course_id in sold}
    moved = dict(sold)
    while moved:
        course_ids = {course.id for course in moved.values()}
        rows = select(CourseOrigin.course_id, CourseOrigin.origin_id).where(
            CourseOrigin.course_id.in_(course_ids)
        )
        origins = dict(session.execute(rows).all())
        for start, course in moved.items():
            seen[start].add(course.id)
        moved = {
            start: session.get_one(Course, origins[course.id])
            for start, course in moved.items()
            if course.id in origins
        }
        sold |= moved
        moved = {start: course for start, course in moved.items() if course.id not in seen[start]}
    return sold


_MOST_LINES = 4


def party_in(session: Session, buyer: ClientView) -> Party:
    """Return the buyer as a document names them: with the address typed here, else that of their Square profile."""
    profile = session.scalar(
        select(SquareCustomer)
        .where(
            SquareCustomer.client_id == buyer.id,
            SquareCustomer.is_current.is_(True),
            SquareCustomer.is_deleted.is_(False),
            SquareCustomer.address != "",
        )
        .order_by(SquareCustomer.seen_at.desc(), SquareCustomer.square_customer_id)
        .limit(1)
    )
    return Party(
        name=buyer.name,
        email=buyer.email or "",
        phone=written_phone(buyer.phone, clinic_in(session).country) if buyer.phone else "",
        country=profile.country if profile is not None and not buyer.postal_address else "",
        address_lines=tuple(
            (buyer.postal_address or (profile.address if profile else "")).splitlines()[:_MOST_LINES]
        ),
    )
