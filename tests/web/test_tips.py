"""Tips from the private page, and the request for a review: off by default, the client's own choice, never a sale."""

import pytest
from flask import Flask
from pydantic import ValidationError
from sqlalchemy import select, update

from plugin.core.money import Money
from plugin.courses.clients.private_page import token_of
from plugin.courses.sales.tips import begin_tip, list_tips
from plugin.errors import InvalidField, Refused
from plugin.services import Services
from plugin.settings import Settings
from plugin.store.selling import Tip
from tests.budgets.counting import counted
from tests.courses.desk import DEB, Desk
from tests.web.test_check_in import with_settings
from tests.web.visitor import Visitor


class Guest:
    """Ana at her private page."""

    def __init__(self, desk: Desk, app: Flask) -> None:
        self.desk, self.visitor = desk, Visitor(app)
        self.course = desk.sell()
        self.ana = desk.course(self.course).client_id or ""
        self.page = f"/my/{token_of(desk.store, desk.act(), self.ana)}"

    def tips(self) -> list[tuple[int, str]]:
        with self.desk.store.reading() as session:
            return [(row.amount, row.state) for row in session.scalars(select(Tip).order_by(Tip.id))]


@pytest.fixture
def guest(small_desk: Desk, small_house: Services, small_app: Flask) -> Guest:
    small_app.extensions["coursekeeper"] = with_settings(small_house, tip_links=True)
    return Guest(small_desk, small_app)


def test_it_is_off_by_default(small_desk: Desk, small_app: Flask) -> None:
    guest = Guest(small_desk, small_app)
    assert guest.visitor.get(f"{guest.page}/tip").status_code == 404
    assert guest.visitor.client.post(f"{guest.page}/tip", data={"amount": "5"}).status_code == 404
    assert f"{guest.page}/tip" not in guest.visitor.page(guest.page).links()


def test_an_amount_of_the_clients_choice_is_begun_once(guest: Guest) -> None:
    assert f"{guest.page}/tip" not in guest.visitor.page(guest.page).links()
    guest.desk.use(guest.course)
    assert f"{guest.page}/tip" in guest.visitor.page(guest.page).links()
    form = guest.visitor.page(f"{guest.page}/tip").form("/tip")
    for _ in range(2):
        assert "Square is preparing the payment" in guest.visitor.after(form, amount="12.50").text
    assert guest.tips() == [(1250, "asking")]


@pytest.mark.parametrize("amount", ["", "0", "0.99", "501", "-5", "5.001", "NaN", "1e9", "five", "9" * 40])
def test_what_is_no_tip_is_said(guest: Guest, amount: str) -> None:
    answer = guest.visitor.send(guest.visitor.page(f"{guest.page}/tip").form("/tip"), amount=amount)
    assert answer.status_code == 422
    assert "Please enter an amount between 1 and 500." in answer.text
    assert guest.tips() == []


def test_another_client_sees_no_tip_and_nobody_begins_many(guest: Guest) -> None:
    store, act = guest.desk.store, guest.desk.act
    tip = begin_tip(store, act(), guest.ana, Money(500, "USD"), practitioner_id=None)
    other = token_of(store, act(), guest.desk.client("Bea Wong"))
    assert guest.visitor.get(f"/my/{other}/tip/{tip.id}").status_code == 404
    for _ in range(4):
        begin_tip(store, act(), guest.ana, Money(500, "USD"), practitioner_id=None)
    with pytest.raises(Refused):
        begin_tip(store, act(), guest.ana, Money(500, "USD"), practitioner_id=None)
    with pytest.raises(InvalidField):
        begin_tip(store, act(DEB), guest.ana, Money(99, "USD"), practitioner_id=None)


@pytest.mark.parametrize(
    "address", ["http://g.page/x", "javascript:alert(1)", "https://localhost/x", "https://a:b@c.example/"]
)
def test_an_address_for_reviews_is_https(address: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"review_url": address})


def test_the_tips_of_many_clients_are_one_query(guest: Guest) -> None:
    store, clients = guest.desk.store, [guest.ana, guest.desk.client("Ben Ode"), guest.desk.client("Cy Ray")]
    for client_id in clients:
        begin_tip(store, guest.desk.act(), client_id, Money(700, "USD"), practitioner_id=None)
    with store.writing() as session:
        session.execute(update(Tip).values(state="paid", ended_at=guest.desk.clock()))
    with counted(store.engine) as sent:
        tips = list_tips(store)
    assert [tip.client_id for tip in tips] == clients[::-1]
    assert {tip.client_name for tip in tips} >= {"Ben Ode", "Cy Ray"}
    assert len(sent) == 1, sent
