"""A canceled, part-paid invoice and a taxed refund on every screen: what was paid is said, and nobody is dunned."""

from datetime import timedelta

import pytest
from flask import Flask

from plugin.courses.base.work import Work
from plugin.courses.clients.private_page import token_of
from plugin.courses.refunds.canceled_invoice import end_collection
from plugin.courses.refunds.desk_refunds import refunds_of_courses
from plugin.services import Services
from plugin.store.selling import Checkout
from tests.courses.desk import Desk
from tests.web.page import Form, Page
from tests.web.visitor import Visitor


class Invoiced:
    """Ana's course of ten for $1,650.00 with tax in it, of which a deposit of $500.00 is paid by invoice."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.store = desk, desk.store
        package = desk.package(sessions=10)
        self.course_id, sale = desk.sell_by_invoice(
            package, deposit=50000, net=137500, tax=27500, tax_in_price=27500
        )
        self.order, self.client = sale.square_order_id, desk.course(self.course_id).client_id or ""
        now = desk.clock()
        with self.store.writing() as session:
            session.add(
                Checkout(
                    id="invoice", client_id=self.client, package_id=package, way="invoice", state="waiting",
                    square_order_id=self.order, amount=165000, came=50000, deposit=50000, currency="USD",
                    balance_due_on=desk.today + timedelta(days=30), created_at=now, by="Deb",
                )
            )  # fmt: skip

    def was_due_yesterday(self) -> None:
        with self.store.writing() as session:
            session.get_one(Checkout, "invoice").balance_due_on = self.desk.today - timedelta(days=1)

    def cancel(self) -> None:
        act = self.desk.act()
        self.store.transact(lambda session: end_collection(Work(session, self.store, act), self.order))
        with self.store.writing() as session:
            row = session.get_one(Checkout, "invoice")
            row.state, row.ended_at = "canceled", act.now


@pytest.fixture
def invoiced(small_desk: Desk) -> Invoiced:
    return Invoiced(small_desk)


def test_b3_the_sale_says_what_was_paid_and_where_it_is_decided(
    invoiced: Invoiced, small_deb: Visitor
) -> None:
    invoiced.cancel()
    page = small_deb.page("/checkouts/invoice")
    assert "Canceled $500.00 was paid. Nothing more is due." in page.text
    assert "Nothing was charged" not in page.text
    assert "Decide under Attention" in page.text
    invoiced.desk.answer(invoiced.desk.questions()[0].id, "leave_open")
    assert "Decide under" not in small_deb.page("/checkouts/invoice").text


@pytest.mark.parametrize("state", ["canceled", "failed", "timed_out"])
def test_b3_ended_without_a_cent_it_still_says_that_nothing_was_charged(
    invoiced: Invoiced, small_deb: Visitor, state: str
) -> None:
    with invoiced.store.writing() as session:
        row = session.get_one(Checkout, "invoice")
        row.state, row.ended_at, row.came = state, invoiced.desk.clock(), 0
    text = small_deb.page("/checkouts/invoice").text
    assert ("Nothing was charged." in text) == (state != "failed")
    assert "was paid" not in text


def test_b3_nothing_is_due_on_the_page_of_the_client_nor_on_their_own(
    invoiced: Invoiced, small_deb: Visitor, small_app: Flask
) -> None:
    own = f"/my/{token_of(invoiced.store, invoiced.desk.act(), invoiced.client)}"
    page, mine = small_deb.page(f"/clients/{invoiced.client}"), Visitor(small_app).page(own)
    assert "$500.00 paid of $1,650.00, $1,150.00 due" in page.text
    assert "7 sessions are locked until $1,150.00 is paid by December 22, 2026." in mine.text
    invoiced.was_due_yesterday()
    assert "Overdue" in small_deb.page(f"/clients/{invoiced.client}").text
    invoiced.cancel()
    page, mine = small_deb.page(f"/clients/{invoiced.client}"), Visitor(small_app).page(own)
    assert "$500.00 paid of $1,650.00; invoice canceled Nov 22, nothing more is due" in page.text
    assert "Overdue" not in page.text
    assert "Session 4: not paid" in mine.text
    assert "until it is paid" not in mine.text
    assert "$1,150.00" not in mine.text


def test_b3_nobody_is_called_for_it(invoiced: Invoiced, small_olga: Visitor) -> None:
    assert "$1,150.00 due" in small_olga.page("/people?why=part_paid").text
    invoiced.cancel()
    assert "Ana Souza" not in small_olga.page("/people?why=part_paid").text


def test_b3_each_decision_is_one_tap_and_the_refund_is_the_owners(
    invoiced: Invoiced, small_olga: Visitor, small_deb: Visitor, small_house: Services
) -> None:
    invoiced.cancel()
    shown = small_deb.page("/attention")
    assert "was canceled after $500.00 of $1,650.00 was paid." in shown.text
    assert "The owner can refund what was paid." in shown.text
    assert _buttons(shown) == ["Keep 3 sessions", "Leave open"]
    page = small_olga.page("/attention")
    assert _buttons(page) == ["Keep 3 sessions", "Refund $500.00", "Leave open"]
    after = small_olga.after(_form(page, "refund"), decision="refund")
    assert "The refund is pending." in after.text
    assert "Refund started · Olga" in after.text
    begun = refunds_of_courses(small_house.store, [invoiced.course_id], now=small_house.clock())
    assert (begun[invoiced.course_id].amount.amount, begun[invoiced.course_id].formula) == (50000, "prorated")


@pytest.mark.parametrize(
    ("decision", "said", "left"),
    [
        ("keep_sessions", "The sessions that are paid for are kept. The others were removed.", 3),
        ("leave_open", "The package stays open. Nothing more is due.", 10),
    ],
)
def test_b3_the_desk_keeps_or_leaves(
    invoiced: Invoiced, small_deb: Visitor, decision: str, said: str, left: int
) -> None:
    invoiced.cancel()
    form = _form(small_deb.page("/attention"), decision)
    assert said in small_deb.after(form, decision=decision).text
    assert invoiced.desk.course(invoiced.course_id).left == left


def test_b3_a_refund_begun_on_the_course_answers_the_question(
    invoiced: Invoiced, small_olga: Visitor
) -> None:
    invoiced.cancel()
    form = small_olga.page(f"/courses/{invoiced.course_id}/refund").form("/refund")
    review = Page(small_olga.send(form, reason="Moved away").text)
    assert "$500.00 of $1,650.00 is paid." in review.text
    small_olga.after(review.form("/refunds"))
    assert "Refund of $500.00 started" in small_olga.page("/attention").text
    assert invoiced.desk.questions() == ()


def test_b1_the_refund_page_is_in_what_the_client_paid_tax_included(
    small_desk: Desk, small_olga: Visitor
) -> None:
    course = small_desk.sell(small_desk.package(sessions=10), paid=137500, tax=27500, tax_in_price=27500)
    page = small_olga.page(f"/courses/{course}/refund")
    for said in (
        "$1,650.00 paid Nov 22",
        "$1,650.00 paid, including $275.00 tax.",
        "$1,650.00 × 10 ÷ 10 = $1,650.00.",
        "At most $1,650.00, tax included.",
    ):
        assert said in page.text
    assert "1,375" not in page.text
    review = Page(small_olga.send(page.form("/refund"), reason="Moved away").text)
    assert [text for _, _, text in review.form("/refunds").buttons] == ["Refund $1,650.00"]


def test_b4_the_tip_is_one_tap(small_desk: Desk, small_deb: Visitor) -> None:
    course = small_desk.sell(order="O", paid=198000)
    small_desk.refund("O", 33000, total=231000, return_order=None, order_tip=33000)
    page = small_deb.page("/attention")
    assert "$330.00 is the tip of this sale: keep all sessions." in page.text
    form = _form(page, "tip_only")
    assert form.buttons[0][2] == "It was the tip"
    after = small_deb.after(form, decision="tip_only")
    assert "It was the tip; kept all sessions · Deb Lane" in after.text
    assert small_desk.balance(course) == (12, 198000)


def _form(page: Page, decision: str) -> Form:
    return next(form for form in page.forms if form.buttons and form.buttons[0][1] == decision)


def _buttons(page: Page) -> list[str]:
    return [text for form in page.forms for _, _, text in form.buttons if form.action.endswith("/resolution")]
