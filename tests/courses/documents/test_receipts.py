"""A receipt for each payment: exactly one, whatever comes twice, with what was left to pay after it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from invoices.pages.fit import fit
from invoices.papers import Money, PaperRefused, Receipt
from plugin.courses.audit import audit
from plugin.courses.base.work import Work, transact
from plugin.courses.clients.contacts import Buyer
from plugin.courses.documents.issue import create_invoice, create_receipts
from plugin.courses.documents.issuing import receipt_of_course, receipts_of_course
from plugin.courses.documents.sale_record import Tender
from plugin.courses.sales.assign import move_course
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.documents import Document
from tests.courses.documents.sales import AT, Papers, paid_with, sold_sale
from tests.papers.clinic import SINGLE, PaperClinic
from tests.papers.receipts import DUE, PAID, SOLD


@pytest.fixture
def clinic(lite_store: Store) -> Iterator[PaperClinic]:
    yield PaperClinic(lite_store)
    assert audit(lite_store) == ()


def lines_of(receipts: list[Receipt]) -> list[tuple[str, str, int, int, int]]:
    return [
        (each.number, each.part, each.payment.amount.amount, each.paid_before.amount, each.balance_due.amount)
        for each in receipts
    ]


def tender(payment: str, amount: int, *, minutes: float = 0, how: str = "card") -> Tender:
    at = AT + timedelta(minutes=minutes)
    return Tender(square_payment_id=payment, how=how, label="", amount=amount, at=at)  # type: ignore[arg-type]


def issue(papers: Papers, order: str) -> list[Document]:
    return transact(papers.store, papers.desk.act(), lambda work: _issue(work, order))


def _issue(work: Work, order: str) -> list[Document]:
    create_invoice(work, order)
    return create_receipts(work, order)


def test_a_deposit_and_the_balance_have_a_receipt_each_with_what_was_left(clinic: PaperClinic) -> None:
    course_id = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD)
    first = clinic.receipts_of(course_id)
    assert lines_of(first) == [("REC-0001", "deposit", 99000, 0, 99000)]
    assert (first[0].due_on, first[0].invoice_number, first[0].payment.label) == (DUE, "INV-0001", "Visa")
    clinic.pay_the_rest(course_id, on=PAID)
    assert lines_of(clinic.receipts_of(course_id)) == [
        ("REC-0001", "deposit", 99000, 0, 99000),
        ("REC-0002", "balance", 99000, 99000, 0),
    ]


def test_the_receipt_of_the_deposit_stays_as_it_was_issued(clinic: PaperClinic) -> None:
    course_id = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD)
    before = clinic.documents.rows("receipt"), clinic.receipts_of(course_id)[0]
    clinic.pay_the_rest(course_id, on=PAID)
    clinic.refund(course_id, 5 * SINGLE, on=date(2026, 12, 22))
    assert clinic.receipts_of(course_id)[0] == before[1]
    assert len(clinic.receipts_of(course_id)) == 2  # a refund has a credit note, and no receipt


def test_a_payment_reported_again_has_no_second_receipt_and_no_job(clinic: PaperClinic) -> None:
    course_id = clinic.sell_by_invoice(99000, due_on=DUE, on=SOLD)
    clinic.receipts_of(course_id)
    clinic.report_again(course_id)
    assert clinic.documents.work() == []
    assert len(clinic.receipts_of(course_id)) == 1


def test_two_payments_in_the_same_minute_have_one_each(papers: Papers) -> None:
    sale = paid_with(sold_sale("O"), tender("P1", 90000), tender("P2", 108000, how="cash"))
    papers.sell("O", sale=sale)
    papers.work()
    assert lines_of(papers.receipts()) == [
        ("REC-0001", "part", 90000, 0, 108000),
        ("REC-0002", "part", 108000, 90000, 0),
    ]
    assert issue(papers, "O") == []


def test_one_that_was_made_earlier_and_reported_later_counts_after_those_with_a_receipt(
    papers: Papers,
) -> None:
    """A payment taken offline has the time at which it was taken."""
    sold = sold_sale("O")
    papers.sell("O", sale=paid_with(sold, tender("P1", 90000)))
    issue(papers, "O")
    papers.record(paid_with(sold, tender("P0", 108000, minutes=-20), tender("P1", 90000)))
    issue(papers, "O")
    assert lines_of(papers.receipts()) == [
        ("REC-0001", "deposit", 90000, 0, 108000),
        ("REC-0002", "part", 108000, 90000, 0),
    ]


def test_a_gift_card_pays_as_money_does_and_payments_without_an_id_are_told_apart(papers: Papers) -> None:
    sale = paid_with(sold_sale("O"), tender("", 90000, how="gift_card"), tender("", 108000, minutes=1))
    papers.sell("O", sale=sale)
    issue(papers, "O")
    assert [each.payment.how for each in papers.receipts()] == ["gift_card", "card"]
    assert issue(papers, "O") == []


def test_it_waits_for_the_invoice_that_it_names(papers: Papers) -> None:
    papers.sell("O", buyer=None)
    assert issue(papers, "O") == []


def test_of_a_sale_from_before_receipts_they_are_issued_on_demand(papers: Papers) -> None:
    course = papers.sell("O")
    first = receipts_of_course(papers.store, papers.desk.act(), course)
    assert [(each.paper.number, each.paper.part) for each in first] == [("REC-0001", "all")]
    assert receipt_of_course(papers.store, papers.desk.act(), course) == first[0].id


def test_nothing_paid_is_no_receipt(papers: Papers) -> None:
    course = papers.sell("O", sale=paid_with(sold_sale("O")))
    with pytest.raises(Refused, match="Nothing was paid"):
        receipt_of_course(papers.store, papers.desk.act(), course)


def test_made_out_anew_it_names_the_one_it_replaces(papers: Papers) -> None:
    course = papers.sell("O")
    papers.work()
    bea = papers.desk.client("Bea Cruz")
    move_course(papers.store, papers.desk.act(), course, bea, "Hers")
    papers.work()
    assert [(each.number, each.billed_to.name, each.replaces) for each in papers.receipts()] == [
        ("REC-0001", "Ana Souza", ""),
        ("REC-0002", "Bea Cruz", "REC-0001"),
    ]
    assert issue(papers, "O") == []


def test_a_gift_has_the_receipt_of_its_giver(clinic: PaperClinic) -> None:
    course_id = clinic.sell("Harriet Vale")
    clinic.give(course_id, to="Ruth Abara")
    assert [each.billed_to.name for each in clinic.receipts_of(course_id)] == ["Harriet Vale"]


@pytest.mark.parametrize(
    "change",
    [
        {"balance_due": Money(1, "USD")},
        {"number": ""},
        {"receipt_url": "javascript:alert(1)"},
        {"total": Money(198000, "EUR")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_one_that_does_not_add_up_or_leads_elsewhere_is_refused(
    papers: Papers, change: dict[str, object]
) -> None:
    papers.sell("O", buyer=Buyer("C-1", name="Ana"))
    issue(papers, "O")
    paper = papers.receipts()[0]
    assert fit(paper)
    with pytest.raises(PaperRefused):
        fit(replace(paper, **change))  # type: ignore[arg-type]
