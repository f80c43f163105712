"""The statement of account of a sale: its invoice, credit notes and every payment so far.

Computed on each read. The invoice itself remains frozen as it was issued, even if its balance was paid since.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.language import language_for
from invoices.pages.sums import signed
from invoices.papers import (
    AccountStatement,
    CreditNote,
    Invoice,
    Money,
    Party,
    PaymentLine,
    PayPage,
    StatementLine,
    from_json,
)
from plugin.core.acts import Act
from plugin.core.ledger import Kind
from plugin.core.moments import day_at
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.views import ClinicView
from plugin.courses.base.work import Work, transact
from plugin.courses.clients.clients import client_in
from plugin.courses.documents.content import due_on_in, payments_in
from plugin.courses.documents.issuing import invoice_of_course
from plugin.courses.documents.sale_record import (
    courses_of_sale_in,
    packages_of_sale_in,
    paid_sale_in,
    party_in,
)
from plugin.courses.handouts.cache import Render, drawn
from plugin.courses.handouts.content import clinic_on_paper
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.tables import Allowance, Checkout, Course, Document, Entry, SaleRecord
from plugin.wording import _

# The outbox job that looks for the invoice of a sale in Square, by Square order.
FIND_PAY_ADDRESS = "find_pay_address"
_LONGEST = 500


def pay_address_in(session: Session, square_order_id: str) -> str:
    """Return the address of the page, "" where none is known."""
    begun = select(Checkout.url).where(
        Checkout.square_order_id == square_order_id,
        Checkout.url.is_not(None),
        Checkout.state == "waiting",
        Checkout.cancel_asked_at.is_(None),
    )
    url = session.scalar(begun.order_by(Checkout.created_at.desc()).limit(1)) or _found_in(
        session, square_order_id
    )
    return url if url and url.startswith("https://") and len(url) <= _LONGEST else ""


def save_pay_address_in(session: Session, square_order_id: str, url: str) -> None:
    """Store the page of the invoice in Square; "" where it has none. Nothing for a sale that is not recorded."""
    row = session.get(SaleRecord, square_order_id)
    if row is not None and row.content.get("pay_url") != url:
        row.content = {**row.content, "pay_url": url}


def look_for_pay_address(work: Work, square_order_id: str) -> None:
    """Enqueue the search in Square, once for each sale: what is due of it has no page to pay so far."""
    row = work.session.get(SaleRecord, square_order_id)
    if row is not None and "pay_url" not in row.content:
        enqueue(work, FIND_PAY_ADDRESS, square_order_id)


def _found_in(session: Session, square_order_id: str) -> str:
    row = session.get(SaleRecord, square_order_id)
    return str(row.content.get("pay_url", "")) if row is not None else ""


# The order within one day.
_ORDER = {"payment": 0, "credit_note": 1, "refund": 2, "canceled": 3}
_BILLED = ("invoice", "credit_note", "canceled")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of account as PDF, and whose it is."""

    pdf: bytes
    client_name: str


def statement_of_course(store: Store, render: Render, act: Act, course_id: str) -> Statement:
    """Return the statement of a course's sale, for its buyer; its invoice is issued if it was not yet.

    Raises what requesting the invoice raises, and PaperNotMade if a retry may help.
    """
    document_id = invoice_of_course(store, act, course_id)
    with store.reading() as session:
        paper = statement_in(session, document_id, now=act.now)
    look_where_to_pay(store, act, paper, paper.reference)
    return Statement(drawn(store, render, paper), paper.billed_to.name)


def look_where_to_pay(store: Store, act: Act, paper: AccountStatement, *square_order_ids: str) -> None:
    """Have the page to pay looked for in Square where something is due and no page is known."""
    if paper.balance_due.amount > 0 and not paper.pay_pages:

        def look(work: Work) -> None:
            for each in square_order_ids:
                look_for_pay_address(work, each)

        transact(store, act, look)


def statement_in(session: Session, invoice_id: str, *, now: datetime) -> AccountStatement:
    """Return the statement of an invoice as of now; raises NotFound."""
    row = session.get(Document, invoice_id)
    invoice = from_json(row.content) if row is not None else None
    if row is None or not isinstance(invoice, Invoice):
        raise NotFound(_("There is no such invoice."))
    clinic, buyer = clinic_in(session), client_in(session, row.client_id)
    order = row.square_order_id or ""
    lines = sale_lines_in(session, row, invoice, clinic)
    due = balance_of(lines)
    return account_statement(
        clinic,
        party_in(session, buyer),
        lines,
        now=now,
        about=packages_of_sale_in(session, order, buyer.language),
        language=buyer.language,
        due_on=due_on_in(session, order) if due.amount > 0 else None,
        reference=order,
        pay_pages=pay_pages_in(session, order, invoice.number, due),
    )


def account_statement(
    clinic: ClinicView, billed_to: Party, lines: list[StatementLine], *, now: datetime, **more: Any
) -> AccountStatement:
    """Add the lines of one currency up, at least one; `more`: the other fields of the statement."""
    currency, balanced = lines[0].amount.currency, _balanced(lines)
    billed, paid = _sum(balanced, *_BILLED), _sum(balanced, "payment", "refund")
    return AccountStatement(
        clinic=clinic_on_paper(clinic),
        issued_on=day_at(now, clinic.zone),
        billed_to=billed_to,
        lines=tuple(balanced),
        billed=Money(billed, currency),
        paid=Money(paid, currency),
        balance_due=Money(billed - paid, currency),
        **more,
    )


def sale_lines_in(
    session: Session, row: Document, invoice: Invoice, clinic: ClinicView
) -> list[StatementLine]:
    """Return the lines of one sale, the invoice first whatever day it was issued on: the rest is about it."""
    order = row.square_order_id or ""
    payments = _payments(session, invoice, order, clinic)
    lines = [*(_moved(each, "payment") for each in payments), *_credited(session, row)]
    lines += _canceled([_billed(invoice), *lines], courses_of_sale_in(session, order), clinic)
    lines.sort(key=lambda each: (each.on, _ORDER[each.what]))
    return [_billed(invoice), *lines]


def balance_of(lines: list[StatementLine]) -> Money:
    """Return what is due by these lines, at least one."""
    return Money(sum(map(signed, lines)), lines[0].amount.currency)


def pay_pages_in(session: Session, square_order_id: str, number: str, due: Money) -> tuple[PayPage, ...]:
    """Return where the balance of a sale is paid, none where nothing is due or no page is known."""
    url = pay_address_in(session, square_order_id) if due.amount > 0 else ""
    return (PayPage(url=url, number=number, amount=due),) if url else ()


def _billed(invoice: Invoice) -> StatementLine:
    nothing = Money(0, invoice.total.currency)
    return StatementLine(
        on=invoice.issued_on, what="invoice", amount=invoice.total, balance=nothing, number=invoice.number
    )


def _credited(session: Session, invoice: Document) -> list[StatementLine]:
    """Return its credit notes, and what was refunded by each."""
    rows = select(Document.content).where(Document.refers_to == invoice.id).order_by(Document.place)
    lines = list[StatementLine]()
    for content in session.scalars(rows):
        note = from_json(content)
        assert isinstance(note, CreditNote)  # nothing else refers to an invoice
        nothing = Money(0, note.total.currency)
        lines.append(
            StatementLine(
                on=note.issued_on, what="credit_note", amount=note.total, balance=nothing, number=note.number
            )
        )
        lines += [_moved(each, "refund") for each in note.returned]
    return lines


def _moved(payment: PaymentLine, what: Literal["payment", "refund"]) -> StatementLine:
    sign = 1 if what == "payment" else -1
    amount = Money(sign * payment.amount.amount, payment.amount.currency)
    nothing = Money(0, amount.currency)
    return StatementLine(
        on=payment.on, what=what, amount=amount, balance=nothing, how=payment.how, label=payment.label
    )


def _payments(session: Session, invoice: Invoice, order: str, clinic: ClinicView) -> list[PaymentLine]:
    """Return every payment that Square reported, and the rest if that is less than the ledger has."""
    sale = paid_sale_in(session, order)
    if sale is None:
        return list(invoice.payments)
    language = language_for(invoice.language)
    payments = list(payments_in(session, sale, clinic, language, invoice.sold_on))
    missing = invoice.total.amount - sum(each.amount.amount for each in payments)
    last = _paid_whole_on(session, order, clinic) if missing > 0 else None
    if last is not None:
        payments.append(PaymentLine(on=last, how="other", amount=Money(missing, invoice.total.currency)))
    return payments


def _paid_whole_on(session: Session, order: str, clinic: ClinicView) -> date | None:
    """Return when the last payment was made for courses that the ledger has as paid.

    None if something is due. Payments made before they were stored beside the sale are known from the ledger
    alone.
    """
    of_order = select(Course.id).where(Course.square_order_id == order)
    prices = session.scalars(select(Allowance.price).where(Allowance.course_id.in_(of_order)))
    rows = session.execute(
        select(Entry.value_delta, Entry.happened_at)
        .join(Allowance, Allowance.id == Entry.allowance_id)
        .where(Allowance.course_id.in_(of_order), Entry.kind == Kind.PAID.value)
    ).all()
    if not rows or sum(value for value, _other in rows) < sum(prices):
        return None
    return day_at(max(at for _other, at in rows), clinic.zone)


def _canceled(
    lines: list[StatementLine], courses: Sequence[Course], clinic: ClinicView
) -> list[StatementLine]:
    """Return the amount no longer due because the invoice in Square was canceled before it was paid."""
    ended = [each.due_ended_at for each in courses if each.due_ended_at is not None]
    rest = sum(map(signed, lines))
    if not courses or len(ended) < len(courses) or rest <= 0:
        return []
    currency = lines[0].amount.currency
    on = day_at(max(ended), clinic.zone)
    return [StatementLine(on=on, what="canceled", amount=Money(-rest, currency), balance=Money(0, currency))]


def _balanced(lines: list[StatementLine]) -> list[StatementLine]:
    balance, balanced = 0, list[StatementLine]()
    for line in lines:
        balance += signed(line)
        balanced.append(replace(line, balance=Money(balance, line.amount.currency)))
    return balanced


def _sum(lines: list[StatementLine], *what: str) -> int:
    return sum(each.amount.amount for each in lines if each.what in what)
