"""Signing an agreement: at the desk by handing the device over, by link, on paper; and the sale that follows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from itsdangerous import URLSafeSerializer

from invoices.papers import Paper, PaperFailed
from invoices.press.workers import NO_ASSETS
from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.agreements.prepare import agreements_of_client
from plugin.courses.agreements.signing import HANDED_FOR, signing_token
from plugin.courses.clients.private_page import token_of
from plugin.courses.reports.by_month import agreements_by_month
from plugin.errors import PaperNotMade
from plugin.services import Services
from plugin.store.tables import Client
from tests.applications import SharedApplication
from tests.clock import HandMovedClock
from tests.courses.agreements.agreeing import DRAWN, Agreeing, reprice
from tests.courses.desk import Desk
from tests.web.conftest import signed_in
from tests.web.page import Page
from tests.web.test_check_in import with_settings
from tests.web.visitor import Visitor


@pytest.fixture
def agreeing(small_desk: Desk) -> Agreeing:
    return Agreeing(small_desk)


@pytest.fixture
def site(small_house: Services, _shared_small_app: SharedApplication) -> Flask:
    return _shared_small_app.serving(with_settings(small_house, course_agreements="required"))


@pytest.fixture
def deb(site: Flask, small_house: Services) -> Visitor:
    return signed_in(site, small_house, Role.DESK)


@pytest.fixture
def stranger(site: Flask) -> Visitor:
    return Visitor(site)


def sale_of(agreeing: Agreeing) -> str:
    return f"/sell?client_id={agreeing.client_id}&package_id={agreeing.package_id}"


def address_of(services: Services, agreeing: Agreeing) -> str:
    secret = services.settings.secret_key.get_secret_value()
    return f"/agree/{signing_token(secret, agreeing.prepare('distance'))}"


class TestAtTheDesk:
    def test_handing_over_signs_the_desk_out_and_the_client_signs(
        self, deb: Visitor, agreeing: Agreeing
    ) -> None:
        page = deb.page(sale_of(agreeing))
        assert "Must be signed before the sale." in page.text
        address = deb.send(page.form("/agreements"), then="hand_over").headers["Location"]
        assert address.startswith("/agree/")
        assert deb.get("/clients").status_code in (302, 303)
        form = deb.page(address).form(address)
        assert deb.send(form, drawing=DRAWN, agreed="yes").status_code == 303
        (signed,) = agreements_of_client(agreeing.store, agreeing.client_id)
        assert signed.signature is not None
        assert (signed.signature.way, signed.signature.name) == ("drawn", "Ana Souza")
        assert signed.signature.present
        assert "hand the device back" in deb.page(address).text

    def test_a_required_agreement_stops_the_sale_with_a_sentence(
        self, deb: Visitor, agreeing: Agreeing
    ) -> None:
        form = deb.page(sale_of(agreeing)).form("/sell")
        assert "is not signed yet" in deb.send(form, way="till").text

    def test_a_paper_that_was_signed_is_recorded_and_then_sold(
        self, deb: Visitor, agreeing: Agreeing
    ) -> None:
        form = deb.page(sale_of(agreeing)).form("/agreements")
        address = deb.send(form, then="paper").headers["Location"]
        paper = deb.page(address).form("/paper")
        assert deb.send(paper, name="").status_code == 422
        signed = deb.after(paper, name="Ana Souza").text
        assert "Signed by Ana Souza" in signed
        # As the paper says it: the package's version and the form's, by the clinic's clock and in UTC.
        assert "Version 1.1 · November 22, 2026, " in signed
        assert " 18:00:00 UTC" in signed
        sold = deb.send(deb.page(sale_of(agreeing)).form("/sell"), way="till")
        assert sold.headers["Location"].startswith("/checkouts/")

    def test_the_owner_counts_what_became_of_the_agreements_of_a_month(
        self, site: Flask, small_house: Services, agreeing: Agreeing
    ) -> None:
        olga = signed_in(site, small_house, Role.OWNER)
        assert "No agreement yet" in olga.page("/reports/agreements").text
        agreeing.sign(agreeing.prepare())
        agreeing.begin()
        # Changed terms are another agreement.
        reprice(agreeing)
        agreeing.prepare()
        this_month = agreements_by_month(agreeing.store, small_house.clock())[-1]
        made = (this_month.made, this_month.signed, this_month.drawn, this_month.sold)
        assert made == (2, 1, 1, 1)
        assert olga.page("/reports/agreements").text.count("1 of 2") == 2
        assert olga.get("/reports/agreements.csv").text.splitlines()[1].endswith(",2,1,1,0,0,1")


class TestByLink:
    def test_ones_own_phone_signs_by_typing_and_a_second_tap_changes_nothing(
        self, small_house: Services, agreeing: Agreeing, stranger: Visitor
    ) -> None:
        address = address_of(small_house, agreeing)
        form = stranger.page(address).form(address)
        for _tap in range(2):
            assert stranger.send(form, agreed="yes").status_code == 303
        (signed,) = agreements_of_client(agreeing.store, agreeing.client_id)
        assert signed.signature is not None
        assert (signed.signature.way, signed.signature.present) == ("typed", "")
        assert stranger.get(f"{address}/agreement.pdf").mimetype == "application/pdf"

    @pytest.mark.parametrize(
        ("wish", "said"),
        [
            ({"agreed": ""}, "Tick that you agree"),
            ({"agreed": "yes", "name": " "}, "first and last name"),
            ({"agreed": "yes", "drawing": "nonsense"}, "Sign in the box"),
        ],
    )
    def test_what_is_missing_is_said(
        self,
        small_house: Services,
        agreeing: Agreeing,
        stranger: Visitor,
        wish: dict[str, str],
        said: str,
    ) -> None:
        address = address_of(small_house, agreeing)
        answer = stranger.send(stranger.page(address).form(address), **wish)
        assert answer.status_code == 422
        assert said in answer.text

    @pytest.mark.parametrize(("drawing", "kept"), [(DRAWN, DRAWN), ("[[1,2]]", ""), ('[["', "")])
    def test_what_was_drawn_comes_back_with_the_form(
        self, small_house: Services, agreeing: Agreeing, stranger: Visitor, drawing: str, kept: str
    ) -> None:
        address = address_of(small_house, agreeing)
        answer = stranger.send(stranger.page(address).form(address), drawing=drawing)
        assert answer.status_code == 422
        assert f'name="drawing" value="{kept}"' in answer.text

    def test_terms_that_changed_meanwhile_are_shown_anew(
        self, small_house: Services, agreeing: Agreeing, stranger: Visitor
    ) -> None:
        address = address_of(small_house, agreeing)
        form = stranger.page(address).form(address)
        reprice(agreeing)
        answer = stranger.send(form, agreed="yes")
        assert answer.status_code == 409
        assert "$1,999.00" in answer.text
        # The old link leads to the new terms.
        assert stranger.send(stranger.page(address).form(address), agreed="yes").status_code == 303
        assert "Signed. Thank you." in stranger.page(address).text

    def test_opened_days_later_it_says_until_when_one_may_change_ones_mind_from_then_on(
        self, small_house: Services, agreeing: Agreeing, clock: HandMovedClock
    ) -> None:
        site = create_app(services=with_settings(small_house, change_of_mind="china"))
        phone, address = Visitor(site), address_of(small_house, agreeing)
        assert "that is until November 29, 2026" in phone.page(address).text
        clock.advance(days=3)
        form = phone.page(address).form(address)
        assert "that is until December 2, 2026" in phone.page(address).text
        assert phone.send(form, agreed="yes").status_code == 303

    def test_a_paper_that_takes_too_long_keeps_what_was_typed_and_a_second_try_signs(
        self, small_house: Services, agreeing: Agreeing
    ) -> None:
        tries = iter((True, False))

        def slow_once(paper: Paper, assets: Mapping[str, bytes] = NO_ASSETS) -> bytes:
            if next(tries):
                raise PaperFailed("A paper worker died or took longer than 10 seconds.")
            return small_house.render(paper, assets)

        address = address_of(small_house, agreeing)
        phone = Visitor(create_app(services=replace(small_house, render=slow_once)))
        form = phone.page(address).form(address)
        answer = phone.send(form, agreed="yes", name="Ana María Souza", drawing=DRAWN)
        assert answer.status_code == 503
        assert "Nothing is signed yet. Try again in a minute." in answer.text
        assert not agreements_of_client(agreeing.store, agreeing.client_id)[0].is_signed
        again = Page(answer.text).form(address)
        kept = dict(again.fields)
        assert (kept["name"], kept["drawing"]) == ("Ana María Souza", DRAWN)
        assert 'value="yes" required checked' in answer.text
        assert phone.send(again, agreed="yes").status_code == 303
        assert agreements_of_client(agreeing.store, agreeing.client_id)[0].is_signed

    def test_changed_terms_keep_the_name_and_ask_for_the_tick_again(
        self, small_house: Services, agreeing: Agreeing, stranger: Visitor
    ) -> None:
        address = address_of(small_house, agreeing)
        form = stranger.page(address).form(address)
        reprice(agreeing)
        answer = stranger.send(form, agreed="yes", name="Ana María Souza", drawing=DRAWN)
        assert dict(Page(answer.text).form(address).fields)["name"] == "Ana María Souza"
        assert 'value="yes" required>' in answer.text

    def test_a_form_that_is_too_large_is_answered_in_the_language_of_the_client(
        self, small_house: Services, agreeing: Agreeing, stranger: Visitor
    ) -> None:
        with small_house.store.writing() as session:
            session.get_one(Client, agreeing.client_id).language = "es-US"
        address = address_of(small_house, agreeing)
        form = stranger.page(address).form(address)
        answer = stranger.send(form, agreed="yes", drawing="[" + "1," * 600_000)
        assert answer.status_code == 413
        assert '<html lang="es' in answer.text
        assert "recargue la página e inténtelo de nuevo" in answer.text
        assert "no funciona" not in answer.text

    def test_a_link_that_was_not_made_here_shows_nothing(self, stranger: Visitor) -> None:
        for token in ("x", "x" * 3000, "WyJ4Il0.abc"):
            assert stranger.get(f"/agree/{token}").status_code == 404

    def test_the_link_of_a_device_that_was_handed_over_ends_by_itself(
        self, deb: Visitor, agreeing: Agreeing, small_house: Services, clock: HandMovedClock
    ) -> None:
        form = deb.page(sale_of(agreeing)).form("/agreements")
        address = deb.send(form, then="hand_over").headers["Location"]
        own = address_of(small_house, agreeing)
        clock.set(clock() + HANDED_FOR - timedelta(seconds=1))
        assert deb.get(address).status_code == 200
        clock.advance(seconds=1)
        assert (deb.get(address).status_code, deb.get(own).status_code) == (404, 200)

    def test_a_link_without_its_end_is_no_link_of_a_handed_device(
        self, agreeing: Agreeing, small_house: Services, stranger: Visitor
    ) -> None:
        agreement, secret = agreeing.prepare(), small_house.settings.secret_key.get_secret_value()
        parts = [agreement.id, agreement.client_id, agreement.package_id, "staff"]
        token = URLSafeSerializer(secret, salt="coursekeeper.agreement").dumps(parts)
        assert stranger.get(f"/agree/{token}").status_code == 404


def test_a_client_is_never_shown_the_page_of_an_error_that_staff_read(
    small_desk: Desk, small_house: Services
) -> None:
    def broken(_paper: object, _assets: object = None) -> bytes:
        raise PaperNotMade("The printer is away.")

    services = with_settings(small_house, course_agreements="required", client_buys_again=True)
    visitor, course_id = Visitor(create_app(services=replace(services, render=broken))), small_desk.sell()
    ana = small_desk.course(course_id).client_id or ""
    address = f"/my/{token_of(small_desk.store, small_desk.act(), ana)}/again/{course_id}"
    answer = visitor.send(visitor.page(address).form(address))
    assert answer.status_code == 503
    assert "This could not be started just now." in answer.text
    assert "no longer works" not in answer.text
    assert "printer" not in answer.text


def test_buying_again_where_it_is_required_leads_to_the_agreement_and_back_to_the_payment(
    small_desk: Desk, small_house: Services
) -> None:
    services = with_settings(small_house, course_agreements="required", client_buys_again=True)
    visitor, course_id = Visitor(create_app(services=services)), small_desk.sell()
    ana = small_desk.course(course_id).client_id or ""
    address = f"/my/{token_of(small_desk.store, small_desk.act(), ana)}/again/{course_id}"
    tapped = visitor.send(visitor.page(address).form(address))
    page = tapped.headers["Location"]
    assert page.startswith("/agree/")
    form = visitor.page(page).form(page.split("?")[0])
    back = visitor.send(form, agreed="yes").headers["Location"]
    assert back == f"{address}?signed=1"
    assert "Signed. Thank you. One step is left: the payment." in visitor.page(back).text
    assert "Square is preparing the payment" in visitor.after(visitor.page(address).form(address)).text
    assert visitor.get(page.split("?")[0] + "?then=https://evil.example/my/x/again/y").status_code == 200
