"""The story of a quote: made in the consultation, paid on the client's phone, or sold at the desk."""

import pytest
from flask import Flask

from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.clients.private_page import token_of
from plugin.services import Services
from tests.courses.agreements.agreeing import reprice
from tests.courses.desk import Desk
from tests.courses.quotes.quoting import Quoting
from tests.web.conftest import As
from tests.web.test_check_in import with_settings
from tests.web.visitor import Visitor


@pytest.fixture
def ana(small_desk: Desk) -> Quoting:
    return Quoting(small_desk)


def test_made_at_the_desk_and_paid_on_two_phones(
    ana: Quoting, small_app: Flask, small_deb: Visitor, small_as: As
) -> None:
    page = small_deb.page(f"/clients/{ana.client_id}/quotes")
    form = page.form("/quotes")
    refused = small_deb.send(form, package_id=ana.package_id, concern="x" * 301, valid_until="soon")
    assert refused.status_code == 422
    assert ": enter a date such as" in refused.text
    assert "at most 300 fit" in refused.text
    made = small_deb.after(form, package_id=ana.package_id, concern="My jawline")
    assert "My jawline" in made.text
    assert "Sell for $1,980.00" in made.text
    (quote,) = ana.all()
    assert small_deb.get(f"/quotes/{quote.id}/quote.pdf").data.startswith(b"%PDF")

    phone = Visitor(small_app)
    mine = f"/my/{token_of(ana.store, ana.desk.act(), ana.client_id)}"
    assert quote.path in phone.get(mine).text
    shown = phone.page(quote.path)
    assert "$1,980.00" in shown.text
    for private in ("Ana", "My jawline"):
        assert private not in shown.text
    for _phone in range(2):
        assert "Square is preparing the payment" in phone.after(shown.form(quote.code)).text
    begun = ana.read(quote).checkout_id
    assert begun is not None
    ana.answer(
        begun, url="https://square.link/u/q", state="waiting", square_order_id="ORDER-Q", amount=198000
    )
    assert "https://square.link/u/q" in phone.page(quote.path).links()
    assert f"/checkouts/{begun}" in small_deb.page(f"/quotes/{quote.id}").links()
    ana.desk.book(ana.desk.sale(ana.desk.line(ana.package_id), order="ORDER-Q"))
    assert "It is paid." in phone.page(quote.path).text
    # The page of the other phone still has its button.
    assert "It is paid." in phone.after(shown.form(quote.code)).text
    assert "Paid" in small_deb.page(f"/clients/{ana.client_id}/quotes").text
    assert "1 of 1" in small_as(Role.OWNER).page("/reports/quotes").text


def test_another_price_is_said_on_both_sides_and_nothing_is_charged(
    ana: Quoting, small_app: Flask, small_deb: Visitor
) -> None:
    quote, phone = ana.quote(), Visitor(small_app)
    form = phone.page(quote.path).form(quote.code)
    reprice(ana)
    answer = phone.send(form)
    assert answer.status_code == 409
    assert "has changed from $1,980.00 to $1,999.00" in answer.text
    assert ana.read(quote).checkout_id is None
    at_the_desk = small_deb.page(f"/quotes/{quote.id}")
    assert "The package costs $1,999.00 now, not $1,980.00." in at_the_desk.text
    assert "Sell for" not in at_the_desk.text
    assert "Withdrawn." in small_deb.after(at_the_desk.form("/withdrawal")).text
    assert "no longer valid" in phone.page(quote.path).text


def test_where_an_agreement_is_required_the_client_signs_and_comes_back(
    ana: Quoting, small_house: Services
) -> None:
    site = create_app(services=with_settings(small_house, course_agreements="required"))
    quote, phone = ana.quote(), Visitor(site)
    address = phone.send(phone.page(quote.path).form(quote.code)).headers["Location"]
    assert address.startswith("/agree/")
    back = phone.send(phone.page(address).form(address.split("?")[0]), agreed="yes").headers["Location"]
    assert back == f"/quote/{quote.code}?signed=1"
    assert "Signed. Thank you. One step is left: the payment." in phone.page(back).text
    assert "Square is preparing" in phone.after(phone.page(back).form(quote.code)).text


def test_without_e_mail_the_desk_is_told(ana: Quoting, small_deb: Visitor) -> None:
    quote = ana.quote()
    answer = small_deb.send(small_deb.page(f"/quotes/{quote.id}").form("/email"))
    assert answer.status_code == 409
    assert "E-mail is not set up" in answer.text


def test_unknown_codes_show_nothing_and_are_counted(ana: Quoting, small_app: Flask) -> None:
    quote, phone = ana.quote(), Visitor(small_app)
    for code in ("x", "2" * 12, "x" * 3000):
        assert phone.get(f"/quote/{code}").status_code == 404
    assert phone.get(f"{quote.path}/quote.pdf").mimetype == "application/pdf"
