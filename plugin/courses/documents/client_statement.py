"""The statement of account of a client: every sale billed to them, day by day, and where what is due is paid.

Computed on each read, from the same lines as the statement of one sale.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.pages.sums import LINES_CAP, PAY_PAGES_CAP
from invoices.papers import AccountStatement, Invoice, Money, PayPage, StatementLine, from_json
from plugin.core.acts import Act, Role, require
from plugin.courses.base.clinic import clinic_in
from plugin.courses.clients.clients import client_in, living_client_in, with_merged
from plugin.courses.documents.buyers import party_in
from plugin.courses.documents.content import due_on_in
from plugin.courses.documents.statement import (
    Statement,
    account_statement,
    balance_of,
    look_where_to_pay,
    pay_pages_in,
    sale_lines_in,
)
from plugin.courses.handouts.cache import Render, drawn
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.documents import Document
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class _BilledSale:
    """A sale by its valid invoice: its lines, what is due of it and where."""

    order: str
    lines: list[StatementLine]
    due: Money
    due_on: date | None
    pay: tuple[PayPage, ...]


def statement_of_client(store: Store, render: Render, act: Act, client_id: str) -> Statement:
    """Return the statement of all that was billed to a client in the clinic's currency.

    Raises NotFound where nothing was, and PaperNotMade if a retry may help.
    """
    require(act.actor, Role.DESK)
    paper = client_statement(store, act, client_id)
    return Statement(drawn(store, render, paper), paper.billed_to.name)


def client_statement(store: Store, act: Act, client_id: str) -> AccountStatement:
    """Return the statement as values; a page to pay that is not known is looked for in Square."""
    with store.reading() as session:
        paper, sales = _read(session, client_id, now=act.now)
    look_where_to_pay(store, act, paper, *(each.order for each in sales if each.due.amount > 0))
    return paper


def _read(session: Session, client_id: str, *, now: datetime) -> tuple[AccountStatement, list[_BilledSale]]:
    """Return the statement as of now, and all sales of it.

    Raises NotFound where nothing was billed in the clinic's currency.
    """
    clinic, client = clinic_in(session), client_in(session, living_client_in(session, client_id).id)
    sales = _sales_in(session, client.id, clinic.currency)
    if not sales:
        raise NotFound(_("Nothing was billed to this client so far."))
    shown = _as_many_as_fit(sales)
    days = [each.due_on for each in shown if each.due_on is not None]
    paper = account_statement(
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
        invoice, order = from_json(row.content), row.square_order_id or ""
        assert isinstance(invoice, Invoice)  # what is stored as one
        if row.currency != currency:
            continue
        lines = sale_lines_in(session, row, invoice, clinic)
        due = balance_of(lines)
        numbered = [each if each.number else replace(each, number=invoice.number) for each in lines]
        due_on = due_on_in(session, order) if due.amount > 0 else None
        pay = pay_pages_in(session, order, invoice.number, due)
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


def _merged(sales: list[_BilledSale]) -> list[StatementLine]:
    """Return the lines of all sales by day; an invoice is not after what was paid of it."""
    placed = [
        (min(line.on, *(each.on for each in sale.lines)) if place == 0 else line.on, number, place, line)
        for number, sale in enumerate(sales)
        for place, line in enumerate(sale.lines)
    ]
    return [line for _day, _number, _place, line in sorted(placed, key=lambda each: each[:3])]
