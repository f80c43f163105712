"""Owners outside the practice environment have a second step: until then only the way to it opens."""

from dataclasses import replace

import pytest
from flask import Flask

from plugin.core.acts import Role
from plugin.services import Services
from plugin.settings import Settings
from plugin.store import Store
from tests.applications import SharedApplication
from tests.clock import HandMovedClock
from tests.web.authenticator import Authenticator
from tests.web.conftest import open_house_on, signed_in
from tests.web.test_passkeys import add
from tests.web.test_second_step import set_up_app
from tests.web.visitor import Visitor


@pytest.fixture
def real(lite_store: Store, clock: HandMovedClock) -> Services:
    return open_house_on(lite_store, clock, square_environment="production")


@pytest.fixture
def real_app(real: Services, _shared_small_app: SharedApplication) -> Flask:
    return _shared_small_app.serving(real)


@pytest.fixture
def olga(real_app: Flask, real: Services) -> Visitor:
    return signed_in(real_app, real, Role.OWNER)


def test_an_owner_is_led_to_it(olga: Visitor) -> None:
    for address in ("/", "/clients", "/clinic/staff", "/account"):
        assert olga.get(address).headers["Location"] == "/account/ways", address
    page = olga.page("/account/ways")
    assert "to go on" in page.text
    assert olga.get("/healthz").status_code == 200
    assert olga.send(page.form("/sign-out")).status_code == 302


def test_no_form_and_no_poll_goes_round_it(olga: Visitor) -> None:
    token = olga.page("/account/ways").form("/sign-out").fields["csrf_token"]
    sent = olga.client.post("/clients", data={"name": "Ana", "csrf_token": token, "key": "k"})
    assert sent.headers["Location"] == "/account/ways"
    told = olga.client.post("/clients", data={"csrf_token": token}, headers={"HX-Request": "1"})
    assert (told.status_code, told.headers["HX-Redirect"]) == (204, "/account/ways")
    assert olga.get("/today/live", headers={"X-Live": "1"}).data == b""


def test_an_app_opens_the_rest(olga: Visitor, clock: HandMovedClock) -> None:
    set_up_app(olga, clock)
    assert olga.get("/").status_code == 200


def test_so_does_a_passkey(olga: Visitor) -> None:
    add(olga, Authenticator())
    assert olga.get("/").status_code == 200


@pytest.mark.parametrize("role", [Role.DESK, Role.PRACTITIONER])
def test_others_may_but_need_not(real_app: Flask, real: Services, role: Role) -> None:
    assert signed_in(real_app, real, role).get("/").status_code == 200


def test_the_environment_counts_at_the_moment_of_the_request(
    small_olga: Visitor, small_app: Flask, small_house: Services
) -> None:
    assert small_olga.get("/").status_code == 200
    source = small_house.settings_source
    assert isinstance(source, Settings)
    now_real = source.model_copy(update={"square_environment": "sandbox"})
    small_app.extensions["coursekeeper"] = replace(small_house, settings_source=now_real)
    assert small_olga.get("/").status_code == 303
