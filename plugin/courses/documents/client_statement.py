"""Statements for a client: of account, computed on each read from the lines of each sale, and of prepaid balance.

The first lists every sale billed to them, day by day, and where what is due is paid. The second is issued, with a
check code of the clinic: what is paid for and not used, one document for each content of a day.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices import papers
from invoices.pages.sums import LINES_CAP, PAY_PAGES_CAP
from plugin.core.acts import Act, Role, require
from plugin.core.moments import day_at
from plugin.core.refund_value import FORMULAS
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.views import ClinicView, CourseView
from plugin.courses.base.work import Work, transact
from plugin.courses.catalog.names import Names, names_in
from plugin.courses.clients.clients import client_in, known_client_in, living_client_in, view_of, with_merged
from plugin.courses.documents import statement
from plugin.courses.documents.content import due_on_in
from plugin.courses.documents.issue import New, issued_in, write_document
from plugin.courses.documents.sale_record import party_in
from plugin.courses.documents.series import next_place_in
from plugin.courses.handouts.cache import Render, drawn
from plugin.courses.handouts.content import clinic_on_paper
from plugin.courses.handouts.status import received_in
from plugin.courses.refunds.basis import refund_basis_in
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.documents import Document
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class _BilledSale:
    """A sale by its valid invoice: its lines, what is due of it and where."""

    order: str
    lines: list[papers.StatementLine]
    due: papers.Money
    due_on: date | None
    pay: tuple[papers.PayPage, ...]


def statement_of_client(store: Store, render: Render, act: Act, client_id: str) -> statement.Statement:
    """Return the statement of all that was billed to a client in the clinic's currency.

    Raises NotFound where nothing was, and PaperNotMade if a retry may help.
    """
    require(act.actor, Role.DESK)
    paper = client_statement(store, act, client_id)
    return statement.Statement(drawn(store, render, paper), paper.billed_to.name)


def client_statement(store: Store, act: Act, client_id: str) -> papers.AccountStatement:
    """Return the statement as values; a page to pay that is not known is looked for in Square."""
    with store.reading() as session:
        paper, sales = _read(session, client_id, now=act.now)
    statement.look_where_to_pay(store, act, paper, *(each.order for each in sales if each.due.amount > 0))
    return paper


def _read(
    session: Session, client_id: str, *, now: datetime
) -> tuple[papers.AccountStatement, list[_BilledSale]]:
    """Return the statement as of now, and all sales of it.

    Raises NotFound where nothing was billed in the clinic's currency.
    """
    clinic, client = clinic_in(session), client_in(session, living_client_in(session, client_id).id)
    sales = _sales_in(session, client.id, clinic.currency)
    if not sales:
        raise NotFound(_("Nothing was billed to this client so far."))
    shown = _as_many_as_fit(sales)
    days = [each.due_on for each in shown if each.due_on is not None]
    paper = statement.account_statement(
        clinic,
        party_in(session, client),
        _merged(shown),
        now=now,
        about="",
        language=client.language,
        due_on=min(days, default=None),
        pay_pages=tuple(page for each in shown for page in each.pay)[:PAY_PAGES_CAP],
        left_out=len(sales) - len(shown),
    )
    return paper, sales


def billed_to_in(session: Session, client_id: str) -> list[Document]:
    """Return the valid invoices of a client, oldest first: not one that was made out anew to another."""
    same = with_merged(client_id)
    billed = select(Document.square_order_id).where(Document.kind == "invoice", Document.client_id.in_(same))
    rows = session.scalars(
        select(Document)
        .where(Document.kind == "invoice", Document.square_order_id.in_(billed))
        .order_by(Document.place)
    )
    # The last invoice of a sale is the valid one.
    last = {row.square_order_id: row for row in rows}
    theirs = set(session.scalars(same))
    return [row for row in last.values() if row.client_id in theirs]


def _sales_in(session: Session, client_id: str, currency: str) -> list[_BilledSale]:
    clinic = clinic_in(session)
    sales = list[_BilledSale]()
    for row in billed_to_in(session, client_id):
        invoice, order = papers.from_json(row.content), row.square_order_id or ""
        assert isinstance(invoice, papers.Invoice)  # what is stored as one
        if row.currency != currency:
            continue
        lines = statement.sale_lines_in(session, row, invoice, clinic)
        due = statement.balance_of(lines)
        numbered = [each if each.number else replace(each, number=invoice.number) for each in lines]
        due_on = due_on_in(session, order) if due.amount > 0 else None
        pay = statement.pay_pages_in(session, order, invoice.number, due)
        sales.append(_BilledSale(order, numbered, due, due_on, pay))
    return sales


def _as_many_as_fit(sales: list[_BilledSale]) -> list[_BilledSale]:
    """Leave out the oldest sales without a balance where all lines are more than a statement holds."""
    over = sum(len(each.lines) for each in sales) - LINES_CAP
    shown = list[_BilledSale]()
    for each in sales:
        if over > 0 and not each.due.amount:
            over -= len(each.lines)
        else:
            shown.append(each)
    return shown


def _merged(sales: list[_BilledSale]) -> list[papers.StatementLine]:
    """Return the lines of all sales by day; an invoice is not after what was paid of it."""
    placed = [
        (min(line.on, *(each.on for each in sale.lines)) if place == 0 else line.on, number, place, line)
        for number, sale in enumerate(sales)
        for place, line in enumerate(sale.lines)
    ]
    return [line for _day, _number, _place, line in sorted(placed, key=lambda each: each[:3])]


PREPAID = "prepaid_balance"
_CODE_LENGTH, _GROUP = 16, 4


def issue_prepaid_balance(store: Store, act: Act, client_id: str, *, secret: str) -> str:
    """Issue the statement as of now and return its document id; the one issued with the same content if any.

    Raises NotFound, or Refused for a client whose data was erased.
    """
    require(act.actor, Role.DESK)
    with store.reading() as session:
        clinic, client = clinic_in(session), known_client_in(session, client_id)
        today = day_at(act.now, clinic.zone)
        courses = _prepaid(courses_of_client(store, client.id, today=today), clinic)

    def do(work: Work) -> str:
        paper = _paper(work.session, client_id, courses, today, clinic)
        subject = f"{client_id}:{papers.content_sha256(paper)}"
        place = next_place_in(work.session, PREPAID)
        if (known := issued_in(work.session, PREPAID, subject)) is not None:
            return known.id
        numbered = replace(paper, number=place.number)
        signed = replace(numbered, check_code=check_code(numbered, secret))
        new = New(subject, client_id, tuple(each.id for each in courses))
        return write_document(work, new, place, signed, paper.total).id

    return transact(store, act, do)


def read_prepaid(store: Store, document_id: str) -> papers.PrepaidBalance:
    """Return an issued statement as values."""
    with store.reading() as session:
        paper = papers.from_json(session.get_one(Document, document_id).content)
    assert isinstance(paper, papers.PrepaidBalance)  # what was issued as one
    return paper


def check_code(paper: papers.PrepaidBalance, secret: str) -> str:
    """Return the code of a statement's content without its code, HMAC-SHA256 by the clinic's secret key."""
    content = papers.content_sha256(replace(paper, check_code="")).encode()
    digest = hmac.new(secret.encode(), b"prepaid balance " + content, hashlib.sha256).hexdigest().upper()
    return "-".join(digest[start : start + _GROUP] for start in range(0, _CODE_LENGTH, _GROUP))


def _prepaid(courses: tuple[CourseView, ...], clinic: ClinicView) -> list[CourseView]:
    """Return the courses with unused sessions in the clinic's currency, the oldest first."""
    held = [
        each
        for each in courses
        if each.closed_at is None
        and each.price.currency == clinic.currency
        and any(a.left for a in each.allowances)
    ]
    return sorted(held, key=lambda each: (each.sold_at, each.id))


def _paper(
    session: Session, client_id: str, courses: list[CourseView], today: date, clinic: ClinicView
) -> papers.PrepaidBalance:
    client = view_of(session, known_client_in(session, client_id))
    names = names_in(session, client.language)
    lines = tuple(_course(session, each, clinic, names) for each in courses)
    return papers.PrepaidBalance(
        clinic=clinic_on_paper(clinic),
        number="-",
        as_of=today,
        billed_to=party_in(session, client),
        courses=lines,
        total=papers.Money(
            sum(each.value.amount for each in lines if each.value is not None), clinic.currency
        ),
        check_code="",
        language=client.language,
    )


def _course(session: Session, course: CourseView, clinic: ClinicView, names: Names) -> papers.PrepaidCourse:
    zone = clinic.zone
    is_received = received_in(session, course, zone) is not None
    return papers.PrepaidCourse(
        package_name=names(course.package_name),
        sold_on=day_at(course.sold_at, zone),
        sessions=tuple(
            papers.PrepaidTreatment(treatment=names(each.treatment), unused=each.left, granted=each.granted)
            for each in course.allowances
            if each.granted
        ),
        value=None if is_received else _value(session, course),
        formula=course.terms.refund_formula.value,
        expires_on=course.expires_on,
    )


def _value(session: Session, course: CourseView) -> papers.Money:
    """Return the value of what is unused by the formula of the course's terms: what a refund of it would be."""
    basis = refund_basis_in(session, course)
    compute = FORMULAS[course.terms.refund_formula]
    value = min(compute(basis.agreed, basis.sessions, str).amount.amount, basis.refundable.amount)
    return papers.Money(value, course.price.currency)
