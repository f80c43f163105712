"""Coming in and going out: who, how often wrong, and what a stranger learns."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask_security import hash_password as hash_for_unknown
from sqlalchemy import update
from werkzeug.http import parse_date

from plugin import create_app
from plugin.core.acts import Act, Role
from plugin.courses.accounts.staff import set_password, staff_by_email
from plugin.services import Services
from plugin.store import Store
from plugin.store.people import Staff
from plugin.web.account.passwords import hash_password
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.web.conftest import As, open_house_on
from tests.web.page import Page
from tests.web.visitor import Visitor, hire

WRONG = "not-the-password"


@pytest.fixture
def visitor(small_app: Flask) -> Visitor:
    return Visitor(small_app)


@pytest.fixture
def deb_email(small_house: Services) -> str:
    return hire(small_house, Role.DESK)


@pytest.fixture
def deb_elsewhere(small_app: Flask, small_deb: Visitor) -> Visitor:
    """Deb in a second browser."""
    other = Visitor(small_app)
    assert other.sign_in("desk@example.org").status_code == 302
    return other


def test_it_leads_to_today(visitor: Visitor, deb_email: str) -> None:
    answer = visitor.sign_in(deb_email)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert "Deb Lane" in visitor.page("/").html


def test_the_address_is_compared_without_case(visitor: Visitor, deb_email: str) -> None:
    assert visitor.sign_in(deb_email.upper()).status_code == 302


def test_it_leads_back_to_the_page_that_was_wanted(visitor: Visitor, deb_email: str) -> None:
    led_away = visitor.get("/clients?q=ana")
    assert led_away.status_code == 303
    form = Page(visitor.get(led_away.headers["Location"]).text).form("/sign-in")
    answer = visitor.send(form, email=deb_email, password="quiet-willow-7")
    assert answer.headers["Location"] == "/clients?q=ana"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_it_never_leads_to_another_site(visitor: Visitor, deb_email: str, elsewhere: str) -> None:
    answer = visitor.sign_in(deb_email, next=elsewhere)
    led_to = answer.headers.get("Location", "/")
    assert urlsplit(led_to).netloc == ""
    assert led_to[1:2] in ("", "%")


def test_a_stranger_does_not_learn_who_works_here(visitor: Visitor, deb_email: str) -> None:
    wrong = visitor.sign_in(deb_email, WRONG)
    unknown = visitor.sign_in("nobody@example.org", WRONG)
    assert wrong.status_code == unknown.status_code == 422
    said = "Wrong e-mail or password."
    assert said in wrong.text
    assert said in unknown.text
    assert Page(wrong.text).form("/sign-in").fields["email"] == deb_email


@pytest.mark.parametrize(
    "typed", [{"email": ""}, {"password": ""}, {"email": "no address"}, {"password": "x" * 5000}]
)
def test_what_is_missing_or_odd_is_refused_in_words(
    visitor: Visitor, deb_email: str, typed: dict[str, Any]
) -> None:
    form = visitor.page("/sign-in").form("/sign-in")
    answer = visitor.send(form, **{"email": deb_email, "password": WRONG, **typed})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_somebody_who_left_does_not_come_in(visitor: Visitor, deb_email: str, small_house: Services) -> None:
    with small_house.store.writing() as session:
        session.execute(update(Staff).values(is_active=False))
    assert visitor.sign_in(deb_email).status_code == 422


def test_signing_out_ends_it(small_deb: Visitor) -> None:
    form = small_deb.page("/").form("/sign-out")
    assert small_deb.send(form).headers["Location"].endswith("/sign-in")
    assert small_deb.get("/").status_code == 303


def test_a_link_can_not_sign_anybody_out(small_deb: Visitor) -> None:
    assert small_deb.get("/sign-out").status_code == 405
    assert small_deb.get("/").status_code == 200


def test_a_new_password_ends_what_was_open(small_deb: Visitor, small_house: Services) -> None:
    person = staff_by_email(small_house.store, "desk@example.org")
    assert person is not None
    act = Act(person.actor, small_house.clock(), "new password")
    set_password(small_house.store, act, person.id, hash_password("another-one-22"))
    assert small_deb.get("/").status_code == 303


@pytest.mark.parametrize(("seconds", "is_let_in"), [(-1, True), (0, False), (1, False)])
def test_a_sign_in_ends_after_twelve_hours_however_much_it_was_used(
    small_deb: Visitor, small_desk: Desk, clock: HandMovedClock, seconds: int, is_let_in: bool
) -> None:
    client = f"/clients/{small_desk.course(small_desk.sell()).client_id}"
    clock.advance(hours=11)
    # What it has to say is kept in the cookie, which is signed anew by that.
    small_deb.after(small_deb.page(client).form("/uses"))
    clock.advance(hours=1, seconds=seconds)
    assert (small_deb.get("/").status_code == 200) is is_let_in
    assert (small_deb.get("/today/live", headers={"X-Live": "1"}).status_code == 200) is is_let_in


def test_after_twelve_hours_the_same_password_opens_a_new_sign_in(
    small_deb: Visitor, clock: HandMovedClock
) -> None:
    clock.advance(hours=12)
    small_deb.sign_in_again()
    clock.advance(hours=11)
    assert small_deb.get("/").status_code == 200


def test_a_sign_in_without_its_hour_is_none(small_deb: Visitor) -> None:
    with small_deb.client.session_transaction() as kept:
        del kept["sign_in"]
    assert small_deb.get("/").status_code == 303


def test_a_copy_of_the_cookie_is_worth_nothing_after_signing_out(
    small_app: Flask, small_deb: Visitor, deb_elsewhere: Visitor
) -> None:
    thief = Visitor(small_app)
    cookie = small_deb.client.get_cookie("coursekeeper")
    assert cookie is not None
    thief.client.set_cookie("coursekeeper", cookie.value)
    assert thief.get("/").status_code == 200
    small_deb.send(small_deb.page("/").form("/sign-out"))
    assert thief.get("/").status_code == 303
    assert deb_elsewhere.get("/").status_code == 200


def test_an_unknown_address_costs_the_hash_that_a_known_one_does(small_app: Flask) -> None:
    with small_app.app_context():
        spent = hash_for_unknown(WRONG)
    assert spent.split("$")[:4] == hash_password(WRONG).split("$")[:4]


def test_a_password_that_nobody_can_have_is_not_looked_up(visitor: Visitor, deb_email: str) -> None:
    known, unknown = (visitor.sign_in(email, "x" * 201) for email in (deb_email, "nobody@example.org"))
    assert known.status_code == unknown.status_code == 422
    assert Page(known.text).text == Page(unknown.text).text


def test_the_browser_keeps_the_sign_in_for_twelve_hours_and_not_until_it_is_closed(
    visitor: Visitor, deb_email: str
) -> None:
    earliest = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=12)
    (cookie,) = visitor.sign_in(deb_email).headers.getlist("Set-Cookie")
    expires = parse_date(re.findall("Expires=([^;]+)", cookie)[0])
    assert expires is not None
    assert earliest <= expires <= datetime.now(UTC) + timedelta(hours=12)


def test_ten_wrong_tries_are_enough_for_one_account(small_app: Flask, deb_email: str) -> None:
    for number in range(10):
        assert Visitor(small_app, address=f"10.0.0.{number}").sign_in(deb_email, WRONG).status_code == 422
    answer = Visitor(small_app, address="10.0.1.1").sign_in(deb_email)
    assert answer.status_code == 429
    assert "Wait five minutes" in answer.text
    assert int(answer.headers["Retry-After"]) > 0


def test_thirty_wrong_tries_are_enough_for_one_address(small_app: Flask, deb_email: str) -> None:
    visitor = Visitor(small_app, address="10.0.0.9")
    for number in range(30):
        assert visitor.sign_in(f"guess{number}@example.org", WRONG).status_code == 422
    assert visitor.sign_in(deb_email).status_code == 429
    assert Visitor(small_app, address="10.0.0.10").sign_in(deb_email).status_code == 302


def test_a_made_up_forwarding_address_helps_nobody(visitor: Visitor, deb_email: str) -> None:
    form = visitor.page("/sign-in").form("/sign-in")
    for number in range(31):
        answer = visitor.client.post(
            "/sign-in",
            data=form.filled(email=f"guess{number}@example.org", password=WRONG),
            headers={"X-Forwarded-For": f"192.0.2.{number}"},
        )
    assert answer.status_code == 429


def test_right_passwords_are_not_counted(small_app: Flask, deb_email: str) -> None:
    for _ in range(12):
        assert Visitor(small_app).sign_in(deb_email).status_code == 302


def test_without_the_forms_token_nothing_is_tried(visitor: Visitor, deb_email: str) -> None:
    answer = visitor.client.post("/sign-in", data={"email": deb_email, "password": "quiet-willow-7"})
    assert answer.status_code == 400
    assert visitor.get("/").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(small_app: Flask) -> None:
    cookie = Visitor(small_app).get("/set-up").headers["Set-Cookie"]
    assert cookie.startswith("coursekeeper=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_behind_https_the_cookie_never_goes_in_the_clear(sqlite_url: str, clock: HandMovedClock) -> None:
    with Store(sqlite_url) as store:
        app = create_app(services=open_house_on(store, clock, public_url="https://desk.example.org"))
        answer = app.test_client().get("/set-up")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_who_is_signed_in_already_is_not_asked_again(small_as: As) -> None:
    assert small_as(Role.OWNER).get("/sign-in").status_code == 302
