"""Issuing: once for each sale, refund and gift, to the buyer, and never a number without its document."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy.orm import Session

from invoices.papers import Money
from plugin.core.acts import SQUARE, Act, Role
from plugin.courses.attention.items import resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.base.work import Work
from plugin.courses.changes.gifts import NewGift, give_course, redeem_gift, take_gift_back
from plugin.courses.changes.transfer import Transfer, transfer_course
from plugin.courses.clients.clients import change_client
from plugin.courses.clients.contacts import Buyer
from plugin.courses.documents.issue import create_invoice
from plugin.courses.documents.issuing import invoice_of_course, voucher_of_gift
from plugin.courses.sales.assign import move_course
from plugin.errors import NotAllowed, NotFound, Refused
from plugin.store import Store
from plugin.store.changes import Gift
from plugin.store.offers import Clinic
from plugin.store.selling import Checkout
from tests.clock import HandMovedClock
from tests.courses.desk import ANA, DEB, OLGA, Desk, back
from tests.courses.documents.sales import AT, Papers, paid_with, sold_line, sold_sale

MANY = 20
BEA = Buyer("CUSTOMER-BEA", name="Bea Cruz", email="bea@example.org")


@pytest.fixture
def both(store: Store, clock: HandMovedClock) -> Papers:
    """The papers' desk on each engine."""
    return Papers(Desk(store, clock))


def test_twenty_at_once_are_numbered_without_a_gap(both: Papers) -> None:
    package = both.desk.package(sessions=1)
    for number in range(MANY):
        both.record(sold_sale(f"O-{number}", sold_line(total=100)))
        both.desk.sell(package, order=f"O-{number}", paid=100)
    start = Barrier(MANY)

    def issue(number: int) -> str:
        act = both.desk.act()
        start.wait(timeout=30)
        if number % 4 == 0:
            _begin_and_leave(both, act, f"O-{number}")
        document = both.store.transact(
            lambda session: create_invoice(Work(session, both.store, act), f"O-{number}")
        )
        assert document is not None
        return document.number

    with ThreadPoolExecutor(MANY) as pool:
        numbers = list(pool.map(issue, range(MANY)))
    assert sorted(numbers) == [f"INV-{number:04d}" for number in range(1, MANY + 1)]
    assert [row.place for row in both.rows()] == list(range(1, MANY + 1))


def _begin_and_leave(both: Papers, act: Act, order: str) -> None:
    """Take a number and undo all of it."""

    def leave(session: Session) -> None:
        create_invoice(Work(session, both.store, act), order)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        both.store.transact(leave)


def test_of_many_that_issue_one_sale_one_does(both: Papers) -> None:
    both.sell("O")
    act, start = both.desk.act(), Barrier(8)

    def issue(_number: int) -> str:
        start.wait(timeout=30)
        return both.store.transact(lambda session: create_invoice(Work(session, both.store, act), "O").id)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(issue, range(8)))) == 1
    assert len(both.rows()) == 1


def test_what_is_undone_takes_no_number(papers: Papers) -> None:
    papers.sell("O")
    _begin_and_leave(papers, papers.desk.act(), "O")
    assert papers.rows() == []
    papers.work()
    assert [row.number for row in papers.rows()] == ["INV-0001"]


def test_a_paper_that_can_not_be_drawn_takes_no_number(papers: Papers) -> None:
    papers.sell("O")
    with papers.store.writing() as session:
        session.get_one(Clinic, 1).page_size = "a5"
        session.get_one(Clinic, 1).address = "\n".join("line" for _ in range(60))
    with pytest.raises(Refused) as refusal:
        papers.work()
    assert refusal.value.code == "paper_refused"
    assert papers.rows() == []


def test_a_sale_that_nobody_owns_yet_waits(papers: Papers) -> None:
    papers.sell("O", buyer=None)
    assert papers.work() == []
    [item] = papers.desk.questions()
    client = papers.desk.client("Bea Cruz")
    resolve(papers.store, papers.desk.act(), item.id, Resolution(reason="Hers", client_id=client))
    # The second is the receipt's.
    assert papers.work() == ["INV-0001 was issued.", "Drawn.", "Drawn."]
    assert (papers.invoices()[0].billed_to.name, papers.rows()[0].by) == ("Bea Cruz", "Deb")


def test_two_owners_of_one_sale_have_one_bill_to_the_first(papers: Papers) -> None:
    papers.record(sold_sale("O", sold_line("L1"), sold_line("L2")))
    lines = [papers.desk.line(papers.package, uid=uid) for uid in ("L1", "L2")]
    first, second = papers.desk.book(papers.desk.sale(*lines, order="O", buyer=None)).opened
    [item] = papers.desk.questions()
    for course, name in ((first, "Bea Cruz"), (second, "Cleo Finch")):
        with pytest.raises(Refused) as refusal:
            invoice_of_course(papers.store, papers.desk.act(), course)
        assert refusal.value.code == "unassigned"
        wish = Resolution(reason="Theirs", client_id=papers.desk.client(name), course_id=course)
        resolve(papers.store, papers.desk.act(), item.id, wish)
    papers.work()
    [invoice] = papers.invoices()
    assert (invoice.billed_to.name, invoice.total.amount) == ("Bea Cruz", 396000)
    assert invoice_of_course(papers.store, papers.desk.act(), first) == papers.rows()[0].id
    with pytest.raises(Refused, match="The invoice INV-0001 is Bea Cruz’s"):
        invoice_of_course(papers.store, papers.desk.act(), second)


def test_rung_up_for_the_wrong_client_it_is_taken_back_and_billed_to_the_right_one(papers: Papers) -> None:
    course = papers.sell("O")
    papers.work()
    cleo = papers.desk.client("Cleo Finch")
    move_course(papers.store, papers.desk.act(), course, cleo, "Wrong Ana")
    papers.work()
    assert [(each.number, each.billed_to.name) for each in papers.invoices()] == [
        ("INV-0001", "Ana Souza"),
        ("INV-0002", "Cleo Finch"),
    ]
    [note] = papers.notes()
    assert (note.invoice_number, note.total.amount, note.returned) == ("INV-0001", -198000, ())
    assert note.billed_to.name == "Ana Souza"
    # What is refunded later is of the valid invoice.
    assert invoice_of_course(papers.store, papers.desk.act(), course) == papers.rows()[1].id
    papers.refund("O", 198000, back())
    papers.work()
    assert [each.invoice_number for each in papers.notes()] == ["INV-0001", "INV-0002"]


def test_moved_before_its_invoice_was_issued_it_has_one_alone(papers: Papers) -> None:
    course = papers.sell("O")
    move_course(papers.store, papers.desk.act(), course, papers.desk.client("Cleo Finch"), "Wrong Ana")
    papers.work()
    assert [each.billed_to.name for each in papers.invoices()] == ["Cleo Finch"]
    assert papers.notes() == []


def test_one_of_two_moved_leaves_the_bill_with_whoever_has_the_other(papers: Papers) -> None:
    papers.record(sold_sale("O", sold_line("L1"), sold_line("L2")))
    lines = [papers.desk.line(papers.package, uid=uid) for uid in ("L1", "L2")]
    first, _ = papers.desk.book(papers.desk.sale(*lines, order="O")).opened
    papers.work()
    move_course(papers.store, papers.desk.act(), first, papers.desk.client("Cleo Finch"), "For her sister")
    papers.work()
    assert [each.billed_to.name for each in papers.invoices()] == ["Ana Souza"]


def _give(papers: Papers, course: str) -> str:
    act = papers.desk.act()
    give_course(papers.store, act, course, NewGift("Cleo Finch", "Enjoy"), make_code=lambda: "ABCDEFGH2345")
    with papers.store.reading() as session:
        return session.query(Gift.id).order_by(Gift.id.desc()).limit(1).scalar() or ""


def test_a_gift_is_billed_to_whoever_gave_it(papers: Papers) -> None:
    course = papers.sell("O")
    gift = _give(papers, course)
    voucher = voucher_of_gift(papers.store, papers.desk.act(), gift)
    redeem_gift(papers.store, papers.desk.act(), "ABCDEFGH2345", papers.desk.client("Cleo Finch"))
    document = invoice_of_course(papers.store, papers.desk.act(), course)
    assert papers.invoices()[0].billed_to.name == "Ana Souza"
    assert document == papers.rows()[0].id
    assert voucher_of_gift(papers.store, papers.desk.act(), gift) == voucher


def test_a_voucher_is_numbered_by_its_code(papers: Papers) -> None:
    voucher_of_gift(papers.store, papers.desk.act(), _give(papers, papers.sell("O")))
    [voucher] = papers.vouchers()
    assert (voucher.code, voucher.recipient_name, papers.rows("gift_voucher")[0].number) == (
        "ABCDEFGH2345",
        "Cleo Finch",
        "ABCDEFGH2345",
    )


def test_a_gift_has_its_voucher_at_once_and_one_taken_back_none(papers: Papers) -> None:
    gift = _give(papers, papers.sell("O"))
    papers.work()
    assert [row.subject for row in papers.rows("gift_voucher")] == [gift]
    other = papers.sell("O2")
    act = papers.desk.act()
    give_course(papers.store, act, other, NewGift("Cleo Finch"), make_code=lambda: "ABCDEFGH2346")
    take_gift_back(papers.store, papers.desk.act(), other)
    papers.work()
    assert len(papers.rows("gift_voucher")) == 1
    with papers.store.reading() as session:
        taken_back = session.query(Gift.id).filter_by(course_id=other).scalar()
    with pytest.raises(Refused, match="worth nothing"):
        voucher_of_gift(papers.store, papers.desk.act(), taken_back)


def test_of_transferred_sessions_the_invoice_is_the_buyers(papers: Papers) -> None:
    course = papers.sell("O")
    bea = papers.desk.client("Bea Cruz")
    moved = transfer_course(papers.store, papers.desk.act(OLGA), course, Transfer(bea, "Sisters")).course.id
    document = invoice_of_course(papers.store, papers.desk.act(), moved)
    assert document == invoice_of_course(papers.store, papers.desk.act(), course)
    assert papers.invoices()[0].billed_to.name == "Ana Souza"


def test_a_part_paid_sale_says_what_is_due_and_when(papers: Papers) -> None:
    sale = sold_sale("O")
    deposit = replace(sale.tenders[0], amount=50000)
    papers.sell("O", sale=paid_with(sale, deposit))
    begun = {"by": "Deb", "created_at": AT, "ended_at": AT, "currency": "USD", "amount": 198000}
    client = papers.desk.client("Ana Souza")
    with papers.store.writing() as session:
        session.add(
            Checkout(
                id="c", client_id=client, package_id=papers.package, way="invoice", state="paid",
                square_order_id="O", balance_due_on=date(2026, 12, 24), **begun,
            )
        )  # fmt: skip
    papers.work()
    [invoice] = papers.invoices()
    assert (invoice.paid.amount, invoice.balance_due.amount) == (50000, 148000)
    assert invoice.due_on == date(2026, 12, 24)


def test_it_is_frozen_in_the_language_and_the_names_of_its_day(papers: Papers) -> None:
    course = papers.sell("O")
    client = papers.desk.course(course).client_id or ""
    change_client(papers.store, papers.desk.act(), client, name="Ana Souza", language="es")
    with papers.store.writing() as session:
        row = session.get_one(Clinic, 1)
        row.legal_name, row.tax_id, row.has_e_invoices = "Jade Room LLC", "12-3456789", True
        row.address = "1 Main Street\nSpringfield, CA 90001"
    papers.work()
    change_client(papers.store, papers.desk.act(), client, name="Ana Cruz", language="en")
    [invoice] = papers.invoices()
    assert (invoice.language, invoice.billed_to.name, invoice.is_electronic) == ("es", "Ana Souza", True)
    assert (invoice.clinic.legal_name, invoice.clinic.tax_id) == ("Jade Room LLC", "12-3456789")


def test_only_the_desk_has_it_issued(papers: Papers) -> None:
    course = papers.sell("O")
    therapist = replace(DEB, role=Role.PRACTITIONER)
    with pytest.raises(NotAllowed):
        invoice_of_course(papers.store, papers.desk.act(therapist), course)
    with pytest.raises(NotFound):
        invoice_of_course(papers.store, papers.desk.act(), "nowhere")


def test_a_refund_is_credited_once(papers: Papers) -> None:
    papers.sell("O")
    papers.refund("O", 198000, back())
    papers.work()
    papers.refund("O", 198000, back())
    papers.work()
    assert [note.total.amount for note in papers.notes()] == [-198000]
    assert [row.refers_to for row in papers.rows("credit_note")] == [papers.rows()[0].id]


def test_a_refund_under_way_is_credited_when_it_is_done(papers: Papers) -> None:
    papers.sell("O")
    papers.refund("O", 198000, back(), status="PENDING")
    papers.work()
    assert papers.notes() == []
    papers.refund("O", 198000, back())
    papers.work()
    assert len(papers.notes()) == 1


def test_refunds_of_more_than_was_sold_are_credited_up_to_it(papers: Papers) -> None:
    papers.sell("O")
    papers.work()
    papers.refund("O", 190000, refund_id="R1", return_order="X1")
    papers.refund("O", 50000, refund_id="R2", return_order="X2")
    papers.refund("O", 50000, refund_id="R3", return_order="X3")
    papers.work()
    assert [note.total.amount for note in papers.notes()] == [-190000, -8000]
    assert [note.returned[0].amount.amount for note in papers.notes()] == [190000, 8000]


def test_a_sale_that_was_never_recorded_is_credited_nothing(papers: Papers) -> None:
    papers.desk.sell(papers.package, order="OLD")
    papers.refund("OLD", 198000)
    assert papers.work() == ["Nothing was to be issued."]


def test_an_order_in_another_currency_than_its_refund_is_left_alone(papers: Papers) -> None:
    sale = replace(sold_sale("O"), currency="EUR")
    papers.record(sale)
    papers.desk.sell(papers.package, order="O")
    papers.refund("O", 198000)
    papers.work()
    assert papers.invoices()[0].total == Money(198000, "EUR")
    assert (papers.notes(), papers.rows()[0].by) == ([], SQUARE.name)


def test_a_second_sale_to_the_same_client_has_the_next_number(papers: Papers) -> None:
    papers.sell("O1")
    papers.sell("O2", buyer=BEA)
    papers.sell("O3", buyer=ANA)
    papers.work()
    assert [(each.number, each.billed_to.name) for each in papers.invoices()] == [
        ("INV-0001", "Ana Souza"),
        ("INV-0002", "Bea Cruz"),
        ("INV-0003", "Ana Souza"),
    ]


def test_a_clinic_that_lost_its_tax_number_still_bills_on_paper(papers: Papers) -> None:
    papers.sell("O")
    with papers.store.writing() as session:
        row = session.get_one(Clinic, 1)
        row.address, row.tax_id, row.has_e_invoices = "118 Juniper Street", "", True
    papers.work()
    [invoice] = papers.invoices()
    assert (invoice.number, invoice.is_electronic) == ("INV-0001", False)
