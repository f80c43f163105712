"""A package bought again from its course: one link and one sale, however often and wherever it is tapped."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from plugin.core.money import Money
from plugin.core.terms import Terms
from plugin.courses.catalog.package_edits import edit_package, set_on_sale
from plugin.courses.catalog.packages import NewContent, NewPackage
from plugin.courses.clients.private_page import token_of
from plugin.courses.sales.buy_again import Again, buy_again, offer_again
from plugin.courses.sales.checkouts import cancel_checkout
from plugin.errors import Refused
from plugin.services import Services
from plugin.store.selling import BuyAgain, Checkout
from tests.courses.desk import FACIAL, OLGA, Desk
from tests.web.test_check_in import with_settings
from tests.web.visitor import Visitor


class Course:
    """Ana's course of twelve, and her private page in a browser."""

    def __init__(self, desk: Desk, app: Flask) -> None:
        self.desk, self.visitor = desk, Visitor(app)
        self.package = desk.package()
        self.id = desk.sell(self.package)
        ana = desk.course(self.id).client_id or ""
        self.page = f"/my/{token_of(desk.store, desk.act(), ana)}"
        self.address = f"{self.page}/again/{self.id}"

    def set(self, **values: Any) -> None:
        """Write into the sale what Square answered."""
        with self.desk.store.writing() as session:
            row = session.scalars(select(Checkout)).one()
            for name, value in values.items():
                setattr(row, name, value)

    def checkouts(self) -> list[str]:
        with self.desk.store.reading() as session:
            return list(session.scalars(select(Checkout.id)))


@pytest.fixture
def course(small_desk: Desk, small_house: Services, small_app: Flask) -> Course:
    small_app.extensions["coursekeeper"] = with_settings(small_house, client_buys_again=True)
    return Course(small_desk, small_app)


def test_tapped_on_two_phones_and_at_the_desk_it_is_one_sale(course: Course, small_deb: Visitor) -> None:
    page = course.visitor.page(course.address)
    assert "$1,980.00" in page.text
    assert "Refund: what you paid for the sessions you have not used." in page.text
    assert "For example, after 4 of 12 sessions: " in page.text
    first = course.visitor.after(page.form(course.address))
    second = course.visitor.after(page.form(course.address))
    for each in (first, second):
        assert "Square is preparing the payment" in each.text
    at_the_desk = small_deb.page(f"/clients/{course.desk.course(course.id).client_id}")
    small_deb.after(at_the_desk.form(f"/courses/{course.id}/again"))
    assert len(course.checkouts()) == 1
    course.set(url="https://square.link/u/x", state="waiting", square_order_id="ORDER-AGAIN", amount=198000)
    assert "https://square.link/u/x" in course.visitor.page(course.address).links()
    again = course.desk.book(course.desk.sale(course.desk.line(course.package), order="ORDER-AGAIN"))
    assert len(again.opened) == 1
    assert course.desk.course(again.opened[0]).client_id == course.desk.course(course.id).client_id
    assert "It is paid." in course.visitor.page(course.address).text
    # The page of the other phone still has its button.
    assert "It is paid." in course.visitor.after(page.form(course.address)).text
    assert len(course.checkouts()) == 1


def test_a_sale_that_was_canceled_may_begin_anew(course: Course) -> None:
    first = buy_again(course.desk.store, course.desk.act(), course.id)
    cancel_checkout(course.desk.store, course.desk.act(), first.id)
    second = buy_again(course.desk.store, course.desk.act(), course.id)
    assert second.id != first.id
    with course.desk.store.reading() as session:
        assert session.scalars(select(BuyAgain.checkout_id)).all() == [second.id]


def test_another_price_is_said_and_not_charged_unseen(course: Course) -> None:
    page = course.visitor.page(course.address)
    reprice(course, 210000)
    answer = course.visitor.send(page.form(course.address))
    assert answer.status_code == 409
    assert "Price or terms have just changed." in answer.text
    assert "$2,100.00" in answer.text
    assert "Last time it was $1,980.00." in answer.text
    assert course.checkouts() == []


def test_a_retired_package_is_not_sold_again(course: Course) -> None:
    set_on_sale(course.desk.store, course.desk.act(OLGA), course.package, is_active=False)
    assert "This package is no longer offered." in course.visitor.page(course.address).text
    assert offer_again(course.desk.store, course.id).standing is Again.RETIRED
    with pytest.raises(Refused):
        buy_again(course.desk.store, course.desk.act(), course.id)


def test_it_is_off_by_default_and_nobody_sees_anothers(
    course: Course, small_house: Services, small_desk: Desk, small_app: Flask
) -> None:
    bea = small_desk.client("Bea Wong", email="bea@example.org")
    other = token_of(small_desk.store, small_desk.act(), bea)
    assert course.visitor.get(f"/my/{other}/again/{course.id}").status_code == 404
    assert course.visitor.client.post(f"/my/{other}/again/{course.id}").status_code == 404
    assert course.visitor.client.post(course.address, data={"version": "9" * 40}).status_code == 409
    small_app.extensions["coursekeeper"] = small_house
    assert course.visitor.get(course.address).status_code == 404


def test_the_private_page_leads_there_near_the_end(course: Course) -> None:
    assert course.address not in course.visitor.page(course.page).links()
    for _ in range(10):
        course.desk.use(course.id)
    assert course.address in course.visitor.page(course.page).links()


def reprice(course: Course, amount: int) -> None:
    name = course.desk.course(course.id).package_name
    contents = [NewContent(FACIAL, 12, Money(16500, "USD"), kind="main")]
    new = NewPackage(name, Money(amount, "USD"), contents, Terms())
    edit_package(course.desk.store, course.desk.act(OLGA), course.package, new)
