"""The statement of account: what was billed and paid for a sale up to today, beside an invoice that stays as it is."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from invoices.pages.fit import fit
from invoices.papers import AccountStatement, Money, PaperRefused
from plugin.courses.audit import audit
from plugin.courses.base.work import Work
from plugin.courses.documents.issuing import invoice_of_course
from plugin.courses.documents.statement import statement_of_course
from plugin.courses.refunds.canceled_invoice import end_collection
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.documents import SaleRecord
from tests.papers.accounts import sold_with_oil, statement_of
from tests.papers.clinic import SINGLE, PaperClinic

SOLD, PAID, DUE = date(2026, 11, 28), date(2026, 12, 20), date(2026, 12, 28)
PDF = b"%PDF-1.7 stands in for a paper"


@pytest.fixture
def clinic(lite_store: Store) -> Iterator[PaperClinic]:
    yield PaperClinic(lite_store)
    assert audit(lite_store) == ()


def lines_of(paper: AccountStatement) -> list[tuple[str, str, int, int]]:
    return [
        (f"{each.on:%b} {each.on.day}", each.what, each.amount.amount, each.balance.amount)
        for each in paper.lines
    ]


def test_a_deposit_and_the_rest_are_both_on_it_and_nothing_is_due(clinic: PaperClinic) -> None:
    """Row 2 of the papers' findings."""
    course_id = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD)
    invoice = clinic.invoice_of(course_id)
    clinic.pay_the_rest(course_id, on=PAID)
    paper = statement_of(clinic, course_id, on=PAID)
    assert lines_of(paper) == [
        ("Nov 28", "invoice", 198000, 198000),
        ("Nov 28", "payment", 99000, 99000),
        ("Dec 20", "payment", 99000, 0),
    ]
    assert (paper.lines[0].number, paper.balance_due.amount, paper.due_on) == (invoice.number, 0, None)
    assert (paper.billed_to.name, paper.issued_on) == ("Margaret Osei", PAID)
    assert fit(paper)


def test_the_invoice_of_the_deposit_stays_as_it_was_issued(clinic: PaperClinic) -> None:
    """Row 2: it is frozen, and the statement is separate."""
    course_id = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD)
    before = clinic.invoice_of(course_id)
    clinic.pay_the_rest(course_id, on=PAID)
    assert clinic.invoice_of(course_id) == before
    assert before.balance_due.amount == 99000


def test_while_something_is_due_it_says_by_when(clinic: PaperClinic) -> None:
    course_id = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD)
    paper = statement_of(clinic, course_id, on=date(2026, 12, 1))
    assert (paper.balance_due.amount, paper.due_on) == (99000, DUE)


def test_of_a_canceled_invoice_the_rest_is_no_longer_due(clinic: PaperClinic) -> None:
    course_id = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD)
    clinic.invoice_of(course_id)
    order = clinic.desk.course(course_id).square_order_id or ""
    clinic.go_to(date(2026, 12, 5))
    act = clinic.desk.act()
    clinic.store.transact(lambda session: end_collection(Work(session, clinic.store, act), order))
    paper = statement_of(clinic, course_id, on=date(2026, 12, 6))
    assert lines_of(paper)[-1] == ("Dec 5", "canceled", -99000, 0)
    assert (paper.billed.amount, paper.paid.amount, paper.balance_due.amount) == (99000, 99000, 0)
    assert fit(paper)


def test_a_refund_stands_below_its_credit_note(clinic: PaperClinic) -> None:
    course_id = sold_with_oil(clinic)
    clinic.invoice_of(course_id)
    clinic.come(course_id, 5)
    clinic.refund(course_id, 7 * SINGLE, on=date(2026, 11, 10))
    note = clinic.credit_note_of(course_id)
    paper = statement_of(clinic, course_id, on=date(2026, 11, 12))
    assert lines_of(paper)[-2:] == [
        ("Nov 10", "credit_note", -115500, -115500),
        ("Nov 10", "refund", -115500, 0),
    ]
    assert paper.lines[-2].number == note.number
    assert (paper.billed.amount, paper.paid.amount) == (211461 - 115500, 211461 - 115500)


def test_payments_that_were_not_kept_when_they_came_are_told_by_the_ledger(clinic: PaperClinic) -> None:
    """Row 2: of a sale from before later payments were recorded beside it."""
    course_id = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD)
    clinic.invoice_of(course_id)
    clinic.pay_the_rest(course_id, on=PAID)

    def forget(session: Session) -> None:
        (row,) = session.scalars(select(SaleRecord))
        kept = {name: part for name, part in row.content.items() if name != "tenders"}
        session.execute(update(SaleRecord).values(content=kept))

    clinic.store.transact(forget)
    paper = statement_of(clinic, course_id, on=PAID)
    assert lines_of(paper)[-1] == ("Dec 20", "payment", 99000, 0)


def test_it_is_the_buyers_also_once_the_course_is_somebody_elses(clinic: PaperClinic) -> None:
    """Row 3: a gift's recipient does not see what was paid."""
    course_id = clinic.sell("Harriet Vale")
    clinic.give(course_id, to="Ruth Abara")
    paper = statement_of(clinic, course_id, on=PAID)
    assert paper.billed_to.name == "Harriet Vale"
    made = statement_of_course(clinic.store, lambda *_: PDF, clinic.desk.act(), course_id)
    assert (made.pdf, made.client_name) == (PDF, "Harriet Vale")


def test_its_invoice_is_issued_by_asking_for_it(clinic: PaperClinic) -> None:
    course_id = clinic.sell()
    assert clinic.documents.rows() == []
    statement_of(clinic, course_id, on=PAID)
    (invoice,) = clinic.documents.rows()
    assert invoice_of_course(clinic.store, clinic.desk.act(), course_id) == invoice.id


def test_there_is_none_of_a_course_that_is_not_there(clinic: PaperClinic) -> None:
    with pytest.raises(NotFound, match="no such course"):
        statement_of_course(clinic.store, lambda *_: PDF, clinic.desk.act(), "nowhere")


@pytest.mark.parametrize("change", ["amount", "balance"])
def test_what_does_not_add_up_is_refused(clinic: PaperClinic, change: str) -> None:
    paper = statement_of(clinic, clinic.sell(), on=PAID)
    wrong: dict[str, Any] = {change: Money(1, "USD")}
    first = replace(paper.lines[0], **wrong)
    with pytest.raises(PaperRefused, match="does not add up"):
        fit(replace(paper, lines=(first, *paper.lines[1:])))
