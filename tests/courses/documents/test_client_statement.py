"""The statement of all that was billed to a client, and where what is due is paid."""

from collections.abc import Iterator
from datetime import date

import pytest

from invoices.pages.fit import fit
from invoices.papers import AccountStatement
from plugin.core.acts import SQUARE
from plugin.courses.audit import audit
from plugin.courses.base.outbox import claim_job
from plugin.courses.base.work import transact
from plugin.courses.documents.client_statement import client_statement
from plugin.courses.documents.statement import FIND_PAY_ADDRESS, pay_address_in, save_pay_address_in
from plugin.courses.sales.assign import move_course
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.selling import Checkout
from tests.papers.accounts import statement_of, statement_of_all
from tests.papers.clinic import PaperClinic
from tests.papers.receipts import DUE, SOLD


@pytest.fixture
def clinic(lite_store: Store) -> Iterator[PaperClinic]:
    yield PaperClinic(lite_store)
    assert audit(lite_store) == ()


def read(clinic: PaperClinic, client_id: str) -> AccountStatement:
    return client_statement(clinic.store, clinic.desk.act(), client_id)


def forget_page(clinic: PaperClinic) -> None:
    with clinic.store.writing() as session:
        for row in session.query(Checkout):
            row.url = None


def test_all_sales_are_on_it_by_day_and_what_is_due_has_its_page(clinic: PaperClinic) -> None:
    paper = statement_of_all(clinic)
    assert [(each.what, each.number, each.amount.amount, each.balance.amount) for each in paper.lines] == [
        ("invoice", "INV-0001", 198000, 198000),
        ("payment", "INV-0001", 198000, 0),
        ("credit_note", "CN-0001", -49500, -49500),
        ("refund", "INV-0001", -49500, 0),
        ("invoice", "INV-0002", 198000, 198000),
        ("payment", "INV-0002", 99000, 99000),
    ]
    assert (paper.balance_due.amount, paper.due_on, paper.about) == (99000, DUE, "")
    assert [(each.number, each.amount.amount) for each in paper.pay_pages] == [("INV-0002", 99000)]
    assert paper.pay_pages[0].url.startswith("https://squareup.com/pay-invoice/")
    assert fit(paper)


def test_once_it_is_paid_there_is_no_page_to_pay(clinic: PaperClinic) -> None:
    course_id = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD)
    assert statement_of(clinic, course_id, on=SOLD).pay_pages
    clinic.pay_the_rest(course_id, on=DUE)
    paper = read(clinic, clinic.client_of(course_id))
    assert (paper.pay_pages, paper.due_on, paper.balance_due.amount) == ((), None, 0)


def test_where_no_page_is_known_square_is_asked_once(clinic: PaperClinic) -> None:
    """An invoice that was made in Square's dashboard."""
    course_id = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD)
    clinic.invoice_of(course_id)
    forget_page(clinic)
    client_id, order = clinic.client_of(course_id), clinic.desk.course(course_id).square_order_id or ""
    assert read(clinic, client_id).pay_pages == ()
    job = claim_job(clinic.store, clinic.clock(), of=(FIND_PAY_ADDRESS,))
    assert job is not None
    assert job.subject == order
    url = "https://squareup.com/pay-invoice/found"
    act = clinic.desk.act(SQUARE)
    transact(clinic.store, act, lambda work: save_pay_address_in(work.session, order, url))
    assert [each.url for each in read(clinic, client_id).pay_pages] == [url]


@pytest.mark.parametrize("url", ["", "http://squareup.com/x", "javascript:alert(1)", f"https://{'x' * 500}"])
def test_what_is_no_address_of_a_page_is_not_printed(clinic: PaperClinic, url: str) -> None:
    course_id = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD)
    forget_page(clinic)
    order = clinic.desk.course(course_id).square_order_id or ""
    act = clinic.desk.act(SQUARE)
    transact(clinic.store, act, lambda work: save_pay_address_in(work.session, order, url))
    with clinic.store.reading() as session:
        assert pay_address_in(session, order) == ""


def test_what_was_made_out_anew_to_another_is_on_the_statement_of_the_other(clinic: PaperClinic) -> None:
    course_id = clinic.sell("Harriet Vale")
    clinic.invoice_of(course_id)
    harriet, ruth = clinic.client_of(course_id), clinic.desk.client("Ruth Abara")
    move_course(clinic.store, clinic.desk.act(), course_id, ruth, "Hers")
    clinic.documents.work()
    with pytest.raises(NotFound, match="Nothing was billed"):
        read(clinic, harriet)
    assert [each.what for each in read(clinic, ruth).lines] == ["invoice", "payment"]


def test_settled_sales_are_left_out_where_there_is_no_room(
    clinic: PaperClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.courses.documents.client_statement.LINES_CAP", 4)
    paper = statement_of_all(clinic)
    assert (paper.left_out, [each.number for each in paper.lines]) == (1, ["INV-0002", "INV-0002"])


def test_the_day_of_a_sale_is_that_of_its_first_payment(clinic: PaperClinic) -> None:
    """An invoice issued later than another sale is still before what was paid of it."""
    first = clinic.sell(on=date(2026, 3, 2))
    second = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD, client_id=clinic.client_of(first))
    clinic.invoice_of(second)
    clinic.invoice_of(first)
    lines = read(clinic, clinic.client_of(first)).lines
    assert [each.what for each in lines] == ["invoice", "payment", "invoice", "payment"]
    assert [each.balance.amount for each in lines] == [198000, 0, 198000, 99000]
