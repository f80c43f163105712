"""What asks for the password again: when, how often wrong, and that nothing typed is lost by it."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, request

from plugin import create_app
from plugin.core.acts import Role
from plugin.services import Services
from plugin.web.access import FRESH_FOR, allow, fresh
from plugin.web.refusals import Refusal, refused_shows
from tests.applications import SharedApplication
from tests.clock import HandMovedClock
from tests.web.conftest import signed_in
from tests.web.page import Page
from tests.web.visitor import PASSWORD, Visitor

HERE = {"Origin": "http://localhost", "Referer": "http://localhost/secrets"}


def _page(refusal: Refusal | None = None) -> str:
    typed = refusal.typed["text"] if refusal else ""
    return f'<form method="post" action="/secrets"><input name="text" value="{typed}"></form>'


def _make(services: Services) -> Flask:
    app = create_app(services=services)

    @allow()
    @fresh()
    @refused_shows(_page)
    def change() -> str:
        return f"changed to {request.form['text']}"

    @allow(Role.DESK)
    @fresh(timedelta(minutes=5))
    def download() -> str:
        return "all data"

    app.add_url_rule("/secrets", view_func=allow()(_page), endpoint="page")
    app.add_url_rule("/secrets", view_func=change, endpoint="change", methods=["POST"])
    app.add_url_rule("/download", view_func=download)
    return app


@pytest.fixture(scope="session")
def _shared_vault_app() -> SharedApplication:
    return SharedApplication(_make)


@pytest.fixture
def vault_app(small_house: Services, _shared_vault_app: SharedApplication) -> Flask:
    """The desk with a page whose form and download ask for the password again."""
    return _shared_vault_app.serving(small_house)


@pytest.fixture
def olga(vault_app: Flask, small_house: Services) -> Visitor:
    return signed_in(vault_app, small_house, Role.OWNER)


def change(visitor: Visitor, **more: Any) -> Any:
    token = visitor.page("/").form("/sign-out").fields["csrf_token"]
    return visitor.client.post("/secrets", data={"text": "new words", "csrf_token": token}, **more)


def confirm(visitor: Visitor, page: Page, password: str = PASSWORD) -> Any:
    return visitor.send(page.form("/verify"), password=password)


@pytest.mark.parametrize(("seconds", "asks"), [(-1, False), (0, True), (1, True)])
def test_half_an_hour_after_the_sign_in_the_password_is_asked_for_again(
    olga: Visitor, clock: HandMovedClock, seconds: int, asks: bool
) -> None:
    clock.advance(seconds=FRESH_FOR.total_seconds() + seconds)
    assert (change(olga, headers=HERE).status_code == 401) is asks
    assert olga.get("/secrets").status_code == 200


def test_what_was_typed_comes_back_after_the_password(olga: Visitor, clock: HandMovedClock) -> None:
    clock.advance(hours=1)
    asked = Page(change(olga, headers=HERE).text)
    assert "Nothing was saved yet" in asked.text
    wrong = confirm(olga, asked, "not-the-password")
    assert wrong.status_code == 422
    again = confirm(olga, Page(wrong.text))
    assert again.status_code == 200
    assert 'value="new words"' in again.text
    assert change(olga).text == "changed to new words"


def test_a_download_leads_to_the_password_and_back(olga: Visitor, clock: HandMovedClock) -> None:
    clock.advance(minutes=6)
    led = olga.get("/download")
    assert led.headers["Location"] == "/verify?next=/download"
    back = confirm(olga, olga.page(led.headers["Location"]))
    assert back.headers["Location"] == "/download"
    assert olga.get("/download").text == "all data"


def test_a_script_is_told_where_to_ask(olga: Visitor, clock: HandMovedClock) -> None:
    clock.advance(hours=1)
    answer = change(olga, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["X-Prove"]) == (401, "/verify")


def test_it_holds_for_this_browser_alone(vault_app: Flask, olga: Visitor, clock: HandMovedClock) -> None:
    elsewhere = Visitor(vault_app)
    elsewhere.sign_in("owner@example.org")
    clock.advance(hours=1)
    confirm(olga, olga.page("/verify"))
    assert change(olga).status_code == 200
    assert change(elsewhere, headers=HERE).status_code == 401


def test_a_copy_of_the_cookie_from_before_proves_nothing_by_itself(
    olga: Visitor, clock: HandMovedClock
) -> None:
    clock.advance(hours=1)
    with olga.client.session_transaction() as kept:
        kept["fs_paa"] = kept["fs_paa"] + 10_000
    assert change(olga, headers=HERE).status_code == 401


def test_ten_wrong_passwords_are_enough(olga: Visitor, clock: HandMovedClock) -> None:
    page = olga.page("/verify")
    for _ in range(10):
        assert confirm(olga, page, "not-the-password").status_code == 422
    assert confirm(olga, page).status_code == 429


def test_it_never_leads_to_another_site(olga: Visitor) -> None:
    page = olga.page("/verify?next=https://evil.example/")
    assert "evil.example" not in confirm(olga, page).headers.get("Location", "")


def test_somebody_elses_form_is_not_carried(olga: Visitor, clock: HandMovedClock) -> None:
    clock.advance(hours=1)
    answer = change(olga, headers={"Origin": "https://evil.example"})
    assert "new words" not in answer.text


def test_nobody_is_asked_who_is_not_signed_in(vault_app: Flask, olga: Visitor) -> None:
    assert Visitor(vault_app).get("/verify").headers["Location"].startswith("/sign-in")
