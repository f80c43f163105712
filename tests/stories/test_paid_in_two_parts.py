"""A deposit paid in two parts, the balance, and a refund of a part: each with its paper, and what is due after it."""

from datetime import date

from invoices.papers import AccountStatement
from plugin.courses.audit import audit
from plugin.courses.documents.client_statement import client_statement
from plugin.store import Store
from tests.papers.clinic import SINGLE, PaperClinic

DUE = date(2026, 12, 28)


def test_a_deposit_in_two_parts_the_balance_and_a_refund(lite_store: Store) -> None:
    """Margaret buys twelve sessions for $1,980.00 and agrees on a deposit of $990.00. She pays $600.00 of it on
    November 28th and $390.00 two days later; Square reports the second payment twice. On December 20th she pays the
    balance. She comes five times, moves away in February, and $1,155.00 goes back for the seven sessions that are left.
    Four papers of three payments and a refund, none of them changed by what came later; her statement ends at zero.
    """
    clinic = PaperClinic(lite_store)
    course_id = clinic.sell_by_invoice(60000, due_on=DUE, on=date(2026, 11, 28))
    first = clinic.receipts_of(course_id)[0]
    assert (first.part, first.payment.amount.amount, first.balance_due.amount) == ("deposit", 60000, 138000)
    assert [each.amount.amount for each in _statement(clinic, course_id).pay_pages] == [138000]

    clinic.pay(course_id, 39000, on=date(2026, 11, 30))
    clinic.report_again(course_id)
    assert [each.number for each in clinic.receipts_of(course_id)] == ["REC-0001", "REC-0002"]
    assert _statement(clinic, course_id).balance_due.amount == 99000

    clinic.pay_the_rest(course_id, on=date(2026, 12, 20))
    receipts = clinic.receipts_of(course_id)
    assert receipts[0] == first
    assert [(each.part, each.paid_before.amount, each.balance_due.amount) for each in receipts] == [
        ("deposit", 0, 138000),
        ("part", 60000, 99000),
        ("balance", 99000, 0),
    ]
    assert _statement(clinic, course_id).pay_pages == ()

    clinic.come(course_id, 5, first=date(2026, 12, 22))
    clinic.refund(course_id, 7 * SINGLE, on=date(2027, 2, 10))
    assert clinic.credit_note_of(course_id).total.amount == -115500
    assert clinic.receipts_of(course_id) == receipts
    statement = _statement(clinic, course_id)
    assert [(each.what, each.amount.amount, each.balance.amount) for each in statement.lines] == [
        ("invoice", 198000, 198000),
        ("payment", 60000, 138000),
        ("payment", 39000, 99000),
        ("payment", 99000, 0),
        ("credit_note", -115500, -115500),
        ("refund", -115500, 0),
    ]
    assert (statement.billed.amount, statement.paid.amount, statement.balance_due.amount) == (82500, 82500, 0)
    assert audit(lite_store) == ()


def _statement(clinic: PaperClinic, course_id: str) -> AccountStatement:
    return client_statement(clinic.store, clinic.desk.act(), clinic.client_of(course_id))
