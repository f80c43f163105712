"""The public page of packages: read and bought without a sign-in; it knows no client and tells of none."""

import hashlib
import io
import re
from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import func, select

from invoices.papers import PaperFailed, PaperRefused, to_json
from plugin.core.terms import RefundFormula, Terms
from plugin.courses.agreements.prepare import agreements_of_client, agreements_of_course
from plugin.courses.agreements.public_signing import draw_ticked_terms
from plugin.courses.audit import audit
from plugin.courses.base.outbox import claim_job
from plugin.courses.catalog.package_edits import set_on_sale
from plugin.courses.clients.clients import read_client
from plugin.courses.refunds.desk_refunds import mind_window_in
from plugin.courses.reports.evidence import write_evidence
from plugin.courses.retention import drop_old_rows
from plugin.courses.sales.agreed import free_agreement_in
from plugin.courses.sales.public_orders import PUBLIC_ORDER, recent_public_orders
from plugin.errors import PaperNotMade
from plugin.job_registry import JOBS
from plugin.jobs import retry_or_give_up
from plugin.services import Services
from plugin.store.offers import Package
from plugin.store.people import Client
from plugin.store.selling import PublicOrder
from tests.budgets.counting import counted
from tests.courses.desk import OLGA, Desk
from tests.web.page import Page
from tests.web.test_check_in import with_settings
from tests.web.visitor import Visitor

WHO = {"name": "Bea Wong", "email": "bea@example.org", "agreed": "yes"}


class Shop:
    """The page in the browser of a stranger."""

    def __init__(self, desk: Desk, app: Flask) -> None:
        self.desk, self.app, self.store = desk, app, desk.store
        self.package = desk.package(terms=Terms(expires_after_months=12))
        self.visitor = Visitor(app, address="203.0.113.9")

    def address(self, lang: str = "en") -> str:
        return f"/shop/{self.package}?lang={lang}"

    def order(self, lang: str = "en", **typed: str) -> Page:
        page = self.visitor.page(self.address(lang))
        return self.visitor.after(page.form(f"/shop/{self.package}"), **{**WHO, **typed})

    def rows(self) -> list[PublicOrder]:
        with self.store.reading() as session:
            found = list(session.scalars(select(PublicOrder)))
            session.expunge_all()
            return found

    def clients(self) -> int:
        with self.store.reading() as session:
            return session.scalar(select(func.count(Client.id))) or 0

    def linked(self, **values: Any) -> PublicOrder:
        """Have Square's answer in the last order."""
        with self.store.writing() as session:
            row = session.scalars(select(PublicOrder).order_by(PublicOrder.id.desc())).first()
            assert row is not None
            row.state, row.url, row.square_order_id = "waiting", "https://square.link/u/q", "ORDER-SHOP"
            for name, value in values.items():
                setattr(row, name, value)
        return self.rows()[-1]


@pytest.fixture
def shop(small_desk: Desk, small_house: Services, small_app: Flask) -> Iterator[Shop]:
    small_app.extensions["coursekeeper"] = with_settings(small_house, public_packages=True)
    yield Shop(small_desk, small_app)
    assert audit(small_desk.store) == ()


def test_it_is_off_until_it_is_switched_on(small_desk: Desk, small_app: Flask) -> None:
    package = small_desk.package()
    for address in ("/shop", f"/shop/{package}", "/shop/orders/x"):
        assert Visitor(small_app).get(address).status_code == 404
    assert Visitor(small_app).client.post(f"/shop/{package}").status_code == 404


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "For example, after 4 of 12 sessions: "),
        ("es", "Por ejemplo, después de 4 de 12 sesiones: "),
        ("zh-Hans", "例如"),
    ],
)
def test_price_terms_and_a_refund_stand_there_in_three_languages(shop: Shop, lang: str, said: str) -> None:
    assert "1,980" in shop.visitor.page(f"/shop?lang={lang}").text
    page = shop.visitor.page(shop.address(lang))
    assert said in page.text
    assert "1,980" in page.text
    assert shop.address("es") in page.links()


def test_a_purchase_becomes_a_course_of_the_buyer_when_square_has_the_payment(shop: Shop) -> None:
    waits = shop.order()
    assert "Square is preparing the payment" in waits.text
    assert shop.clients() == 0
    row = shop.linked()
    page = shop.visitor.page(f"/shop/orders/{row.token}")
    assert "https://square.link/u/q" in page.links()
    assert page.text.count("Bea") == 0
    sale = shop.desk.sale(shop.desk.line(shop.package), order="ORDER-SHOP", buyer=None)
    for _ in range(2):
        booked = shop.desk.book(sale)
    course = shop.desk.course((*booked.opened, *booked.already)[0])
    client = read_client(shop.store, course.client_id or "")
    assert (client.name, client.email, client.language) == ("Bea Wong", "bea@example.org", "en")
    (paid,) = shop.rows()
    assert (paid.state, paid.client_id) == ("paid", client.id)
    assert "What is not promised" in paid.agreed
    assert any("= $1,320.00 paid back." in each for each in paid.agreed)
    assert paid.package_version == 1
    assert "It is paid." in shop.visitor.page(f"/shop/orders/{row.token}").text


def test_who_is_a_client_already_gets_the_same_answer_and_no_twin(shop: Shop) -> None:
    known = shop.desk.client("Bea Wong", email="bea@example.org")
    first = shop.order()
    stranger = shop.order(name="Nora Nobody", email="nora@example.org")
    plain = [re.sub(r"/shop/orders/\S+", "", each.text) for each in (first, stranger)]
    assert plain[0] == plain[1]
    shop_row = next(row for row in shop.rows() if row.email == "bea@example.org")
    with shop.store.writing() as session:
        session.get_one(PublicOrder, shop_row.id).square_order_id = "ORDER-BEA"
    sale = shop.desk.sale(shop.desk.line(shop.package), order="ORDER-BEA", buyer=None)
    booked = shop.desk.book(sale)
    assert shop.desk.course(booked.opened[0]).client_id == known


def test_a_form_sent_twice_begins_one_order(shop: Shop) -> None:
    form = shop.visitor.page(shop.address()).form(f"/shop/{shop.package}")
    for _ in range(2):
        shop.visitor.after(form, **WHO)
    assert len(shop.rows()) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "Please enter your first and last name."),
        ({"name": "x" * 290}, "Please enter your first and last name."),
        ({"email": "no address"}, "Please enter your e-mail address"),
        ({"phone": "12"}, "This phone number is not complete."),
        ({"agreed": "no"}, "tick that you agree"),
    ],
)
def test_what_is_missing_is_said_and_nothing_begins(shop: Shop, typed: dict[str, str], said: str) -> None:
    form = shop.visitor.page(shop.address()).form(f"/shop/{shop.package}")
    answer = shop.visitor.send(form, **{**WHO, **typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert shop.rows() == []


def test_terms_that_changed_meanwhile_are_shown_first(shop: Shop) -> None:
    form = shop.visitor.page(shop.address()).form(f"/shop/{shop.package}")
    answer = shop.visitor.send(form, **WHO, version="7")
    assert answer.status_code == 409
    assert "Price or terms have just changed." in answer.text
    set_on_sale(shop.store, shop.desk.act(OLGA), shop.package, is_active=False)
    gone = shop.visitor.send(form, **WHO)
    assert gone.status_code == 404
    assert "This package is no longer sold here." in gone.text
    assert "just changed" not in gone.text
    assert shop.rows() == []


def test_the_owner_hides_a_package_from_the_page_alone(shop: Shop, small_olga: Visitor) -> None:
    """It stays on sale: the register and the desk know nothing of it."""
    other = shop.desk.package(name="Ten to show")
    address = f"/clinic/public-page/packages/{shop.package}"
    page = small_olga.after(small_olga.page("/clinic/public-page").form(address))
    assert "It is hidden." in page.text
    shown = shop.visitor.get("/shop").text
    assert other in shown
    assert shop.package not in shown
    assert shop.visitor.get(shop.address()).status_code == 404
    small_olga.after(page.form(address))
    assert shop.package in shop.visitor.get("/shop").text


def test_one_address_begins_few_orders_and_programs_none(shop: Shop) -> None:
    form = shop.visitor.page(shop.address()).form(f"/shop/{shop.package}")
    assert shop.visitor.send(form, **WHO, website="https://spam.example").status_code == 404
    answers = [shop.visitor.send(form, **{**WHO, "key": f"k{n}"}).status_code for n in range(8)]
    assert answers == [303] * 6 + [429] * 2
    assert len(shop.rows()) == 6
    elsewhere = Visitor(shop.app, address="203.0.113.77")
    assert (
        elsewhere.send(elsewhere.page(shop.address()).form(f"/shop/{shop.package}"), **WHO).status_code == 303
    )


@pytest.mark.parametrize(
    ("accepted", "lang", "said"),
    [
        ("es-US,es;q=0.9,en;q=0.8", "", "Ver condiciones y comprar"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "", "查看条款并购买"),
        ("fr-FR,fr;q=0.9", "", "See terms and buy"),
        # Whoever reads traditional characters alone is not given the simplified ones.
        ("zh-TW,es;q=0.9", "", "Ver condiciones y comprar"),
        ("es-US", "en", "See terms and buy"),
    ],
)
def test_it_begins_in_the_language_of_the_browser(shop: Shop, accepted: str, lang: str, said: str) -> None:
    page = shop.visitor.client.get(
        "/shop", query_string={"lang": lang}, headers={"Accept-Language": accepted}
    )
    assert said in page.text


def test_nonsense_gets_the_page_of_unknown_addresses(shop: Shop) -> None:
    for address in ("/shop/nothing", "/shop/orders/" + "x" * 43, "/shop/orders/short", "/shop/%00"):
        assert shop.visitor.get(address).status_code in (400, 404), address
    answer = shop.visitor.client.post(f"/shop/{shop.package}", data={**WHO, "name": "\x00"})
    assert answer.status_code == 400
    assert shop.visitor.get("/shop?lang=%3Cscript%3E").status_code == 200


def test_what_was_never_paid_is_deleted_in_time(shop: Shop) -> None:
    shop.order()
    shop.desk.clock.advance(days=91)
    drop_old_rows(shop.store, shop.desk.clock(), days=90, log_days=3650, answer_days=3650)
    assert shop.rows() == []


def test_the_refund_follows_the_formula_of_the_package(shop: Shop) -> None:
    shop.package = shop.desk.package(
        sessions=10, terms=Terms(refund_formula=RefundFormula.DISCOUNT_FORFEITED), name="Ten"
    )
    assert "$990.00 paid back." in shop.visitor.page(shop.address()).text


def test_the_owner_sees_the_address_the_offers_and_the_orders(shop: Shop, small_olga: Visitor) -> None:
    shop.order()
    page = small_olga.page("/clinic/public-page")
    for said in ("/shop", "Bea Wong", "Waits for Square", "Facial acupuncture, course of 12"):
        assert said in page.text
    poster = small_olga.get("/clinic/public-page/poster.pdf?language=es")
    assert (poster.status_code, poster.mimetype) == (200, "application/pdf")


def drawn_as_text(paper: Any, _assets: object = None) -> bytes:
    return f"%PDF-1.7 {to_json(paper)}".encode()


def test_a_name_that_can_not_be_printed_is_sold_to_without_the_file(shop: Shop) -> None:
    def refuse(_paper: Any, _assets: object = None) -> bytes:
        raise PaperRefused("A paper needs the client’s name.")

    shop.order()
    (row,) = shop.rows()
    draw_ticked_terms(shop.store, refuse, row.id)
    assert shop.rows()[0].terms_pdf is None


def test_the_tick_is_the_buyers_signed_agreement_once_it_is_paid(shop: Shop, small_house: Services) -> None:
    shop.order(lang="es")
    row = shop.linked(terms_mind="eu_distance")
    assert "PDF" not in shop.visitor.page(f"/shop/orders/{row.token}").text
    for _twice in range(2):
        draw_ticked_terms(shop.store, drawn_as_text, row.id)
    address = f"/shop/orders/{row.token}/terms.pdf"
    assert address in shop.visitor.page(f"/shop/orders/{row.token}").links()
    shown = shop.visitor.get(address).data
    assert shown == shop.rows()[0].terms_pdf
    assert shop.visitor.get(f"/shop/orders/{'x' * 43}/terms.pdf").status_code == 404
    sale = shop.desk.sale(shop.desk.line(shop.package), order="ORDER-SHOP", buyer=None)
    for _twice in range(2):
        booked = shop.desk.book(sale)
    course = shop.desk.course((*booked.opened, *booked.already)[0])
    client_id = course.client_id or ""
    (agreement,) = agreements_of_client(shop.store, client_id)
    signature = agreement.signature
    assert signature is not None
    assert (agreement.channel, agreement.package_version, agreement.language) == ("distance", 1, "es-US")
    assert (signature.name, signature.way, signature.signed_at) == ("Bea Wong", "typed", row.agreed_at)
    # The file that was shown before the payment, to the byte.
    assert agreement.pdf_sha256 == signature.shown_sha256 == hashlib.sha256(shown).hexdigest()
    assert shop.visitor.get(address).data == shown
    assert agreements_of_course(shop.store, course.id) == (agreement,)
    out = io.BytesIO()
    write_evidence(shop.store, small_house.render, shop.desk.act(OLGA), course.id, out)
    with ZipFile(out) as packed:
        assert packed.read("agreement-1-as-shown.pdf") == shown
        assert packed.read("agreement-1-signed.pdf") != shown
    # It was for this sale alone: the next one at the desk needs its own.
    with shop.store.reading() as session:
        package = session.get_one(Package, shop.package)
        assert free_agreement_in(session, client_id, package) is None
        assert mind_window_in(session, course, "none", today=course.today) is not None
    (kept,) = shop.rows()
    assert (kept.terms_content, kept.terms_pdf, kept.terms_signed_pdf) == (None, None, None)


def test_an_order_without_drawn_terms_is_paid_all_the_same(shop: Shop) -> None:
    shop.order()
    shop.linked()
    shop.desk.book(shop.desk.sale(shop.desk.line(shop.package), order="ORDER-SHOP", buyer=None))
    (paid,) = shop.rows()
    assert paid.state == "paid"
    assert agreements_of_client(shop.store, paid.client_id or "") == ()
    assert paid.terms_content


def test_terms_that_can_not_be_drawn_just_now_are_drawn_later(shop: Shop, small_house: Services) -> None:
    shop.order()
    (row,) = shop.rows()

    def fail(_paper: Any, _assets: object = None) -> bytes:
        raise PaperFailed("The worker that draws was ended.")

    with pytest.raises(PaperNotMade) as failed:
        draw_ticked_terms(shop.store, fail, row.id)
    job = claim_job(shop.store, small_house.clock(), of=[PUBLIC_ORDER])
    assert job is not None
    state = retry_or_give_up(small_house, JOBS[PUBLIC_ORDER], job, failed.value, chance=lambda: 0.0)
    assert (state, shop.rows()[0].state) == ("retrying", "asking"), "the buyer’s page waits for it"


def test_the_orders_of_many_packages_take_as_many_statements_as_one(shop: Shop) -> None:
    shop.order()
    with counted(shop.store.engine) as one:
        recent_public_orders(shop.store)
    [first] = shop.rows()
    columns = {each.key: getattr(first, each.key) for each in PublicOrder.__table__.columns}
    packages = {name: shop.desk.package(name=name) for name in ("Glow", "Lift")}
    with shop.store.writing() as session:
        for name, package_id in packages.items():
            session.add(PublicOrder(**{**columns, "id": name, "token": name, "package_id": package_id}))
    with counted(shop.store.engine) as three:
        orders = recent_public_orders(shop.store)
    assert {order.package.name for order in orders} >= {"Glow", "Lift"}
    assert len(three) == len(one), three
