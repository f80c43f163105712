"""Passkeys: made, used, refused and removed. The device is `authenticator.py`; a real browser is in tests/browser."""

import html
import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from plugin.core.acts import Act, Role
from plugin.courses.accounts.staff import set_password, staff_by_email
from plugin.services import Services
from plugin.web.account.passwords import hash_password
from tests.clock import HandMovedClock
from tests.web.authenticator import Authenticator
from tests.web.page import Form, Page
from tests.web.visitor import PASSWORD, Visitor, email_of, hire

DESK = email_of(Role.DESK)


def asked(answer: TestResponse) -> tuple[dict[str, Any], Form]:
    """Return what the browser is to sign, and the form for its answer."""
    options = re.findall(r'data-options="([^"]+)"', answer.text)
    assert options, Page(answer.text).text
    form = next(each for each in Page(answer.text).forms if "credential" in each.fields)
    return json.loads(html.unescape(options[0])), form


def add(visitor: Visitor, device: Authenticator, name: str = "iPhone") -> TestResponse:
    start = visitor.send(visitor.page("/account/ways").form("/account/passkeys/new"), name=name)
    options, form = asked(start)
    return visitor.send(form, credential=device.create(options))


def challenge(visitor: Visitor) -> tuple[dict[str, Any], Form]:
    return asked(visitor.send(visitor.page("/sign-in").form("/sign-in/passkey")))


def sign_in(visitor: Visitor, device: Authenticator) -> TestResponse:
    options, form = challenge(visitor)
    return visitor.send(form, credential=device.get(options))


@pytest.fixture
def device(small_deb: Visitor) -> Authenticator:
    """Deb's device with her passkey."""
    made = Authenticator()
    add(small_deb, made)
    assert "iPhone" in small_deb.page("/account/ways").text
    return made


def test_a_passkey_alone_signs_in(small_app: Flask, device: Authenticator) -> None:
    visitor = Visitor(small_app)
    assert sign_in(visitor, device).headers["Location"] == "/"
    assert "Deb Lane" in visitor.page("/").html


def test_it_leads_back_to_the_page_that_was_wanted(small_app: Flask, device: Authenticator) -> None:
    visitor = Visitor(small_app)
    start = visitor.send(visitor.page("/sign-in?next=/clients?q=ana").form("/sign-in/passkey"))
    options, form = asked(start)
    assert visitor.send(form, credential=device.get(options)).headers["Location"] == "/clients?q=ana"


@pytest.mark.parametrize(
    "changed",
    [
        {"is_verifying": False},
        {"origin": "https://evil.example"},
        {"rp_id": "evil.example"},
        {"user_handle": b"somebody else"},
        {"credential_id": b"unknown"},
        {"count": -1},
    ],
)
def test_what_is_not_right_is_refused_in_words(
    small_app: Flask, device: Authenticator, changed: dict[str, Any]
) -> None:
    device.count = 5
    assert sign_in(Visitor(small_app), device).status_code == 302
    for name, value in changed.items():
        setattr(device, name, value)
    visitor = Visitor(small_app)
    answer = sign_in(visitor, device)
    assert (answer.status_code, "was not accepted" in answer.text) == (422, True)
    assert visitor.get("/").status_code == 303


@pytest.mark.parametrize("sent", ["", "{}", "nonsense", "[1]", '"x"', "x" * 100_000, '{"id": 1}', "null"])
def test_nonsense_is_refused_in_words(small_app: Flask, device: Authenticator, sent: str) -> None:
    visitor = Visitor(small_app)
    _, form = challenge(visitor)
    assert visitor.send(form, credential=sent).status_code == 422


def test_an_answer_is_taken_once(small_app: Flask, device: Authenticator) -> None:
    visitor, thief = Visitor(small_app), Visitor(small_app)
    options, form = challenge(visitor)
    # A device that does not count, as Apple's do not: only the challenge tells the second from the first.
    device.count = -1
    signed = device.get(options)
    assert visitor.send(form, credential=signed).status_code == 302
    thief.page("/sign-in")
    token = thief.page("/sign-in").form("/sign-in").fields["csrf_token"]
    assert thief.send(form, credential=signed, csrf_token=token).status_code == 422


def test_who_left_does_not_come_in(small_app: Flask, device: Authenticator, small_house: Services) -> None:
    with small_house.store.writing() as session:
        session.execute(text("UPDATE staff SET is_active = false"))
    visitor = Visitor(small_app)
    assert sign_in(visitor, device).status_code == 422
    with small_house.store.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM sign_in")) == 1


def test_a_new_password_ends_what_a_passkey_opened(
    small_app: Flask, device: Authenticator, small_house: Services
) -> None:
    visitor = Visitor(small_app)
    sign_in(visitor, device)
    deb = staff_by_email(small_house.store, DESK)
    assert deb is not None
    act = Act(deb.actor, small_house.clock(), "new password")
    set_password(small_house.store, act, deb.id, hash_password("another-one-22"))
    assert visitor.get("/").status_code == 303


def test_with_a_passkey_the_password_alone_does_not_open(small_app: Flask, device: Authenticator) -> None:
    visitor = Visitor(small_app)
    led = visitor.sign_in(DESK)
    assert led.headers["Location"] == "/sign-in/passkey"
    assert visitor.get("/").status_code == 303
    options, form = asked(visitor.send(visitor.page("/sign-in/passkey").form("/sign-in/passkey")))
    assert [each["type"] for each in options["allowCredentials"]] == ["public-key"]
    assert visitor.send(form, credential=device.get(options)).headers["Location"] == "/"


def test_another_persons_passkey_does_not_complete_a_password(
    small_app: Flask, device: Authenticator, small_house: Services
) -> None:
    kim, other = Visitor(small_app), Authenticator()
    kim.sign_in(hire(small_house, Role.PRACTITIONER))
    add(kim, other)
    visitor = Visitor(small_app)
    visitor.sign_in(DESK)
    options, form = asked(visitor.send(visitor.page("/sign-in/passkey").form("/sign-in/passkey")))
    assert visitor.send(form, credential=other.get(options)).status_code == 422
    assert visitor.get("/").status_code == 303


def test_a_passkey_of_another_person_proves_nothing(
    small_app: Flask, small_deb: Visitor, device: Authenticator, small_house: Services, clock: HandMovedClock
) -> None:
    kim, other = Visitor(small_app), Authenticator()
    kim.sign_in(hire(small_house, Role.PRACTITIONER))
    add(kim, other)
    clock.advance(hours=1)
    for key, status in ((other, 422), (device, 302)):
        start = small_deb.send(small_deb.page("/verify").form("/verify/passkey"))
        options, form = asked(start)
        assert small_deb.send(form, credential=key.get(options)).status_code == status
    removal = small_deb.page("/account/ways").form("/removal")
    assert small_deb.send(removal).status_code == 303


def test_a_key_is_added_once_and_under_one_name(
    small_app: Flask, small_deb: Visitor, device: Authenticator, small_house: Services
) -> None:
    assert "not saved" in small_deb.after(_answer_form(small_deb, device, "iPad")).text
    form = small_deb.page("/account/ways").form("/account/passkeys/new")
    assert 'role="alert"' in small_deb.send(form, name="iPhone").text
    kim = Visitor(small_app)
    kim.sign_in(hire(small_house, Role.PRACTITIONER))
    add(kim, device, "Mine now")
    assert "Mine now" not in kim.page("/account/ways").text


def _answer_form(visitor: Visitor, device: Authenticator, name: str) -> Form:
    start = visitor.send(visitor.page("/account/ways").form("/account/passkeys/new"), name=name)
    options, form = asked(start)
    form.fields["credential"] = device.create(options)
    return form


def test_adding_and_removing_ask_for_the_password_after_a_while(
    small_deb: Visitor, device: Authenticator, clock: HandMovedClock
) -> None:
    page = small_deb.page("/account/ways")
    clock.advance(minutes=31)
    for end in ("/account/passkeys/new", "/removal"):
        assert small_deb.send(page.form(end), name="iPad").status_code == 401


def test_somebody_elses_passkey_can_not_be_removed(
    small_app: Flask, small_deb: Visitor, device: Authenticator, small_house: Services
) -> None:
    form = small_deb.page("/account/ways").form("/removal")
    kim = Visitor(small_app)
    kim.sign_in(hire(small_house, Role.PRACTITIONER))
    token = kim.page("/").form("/sign-out").fields["csrf_token"]
    assert kim.send(form, csrf_token=token).status_code == 404
    small_deb.send(form)
    assert Visitor(small_app).sign_in(DESK).headers["Location"] == "/"
    assert sign_in(Visitor(small_app), device).status_code == 422


def test_a_lost_device_is_helped_by_a_recovery_code(
    small_app: Flask, small_deb: Visitor, device: Authenticator
) -> None:
    made = small_deb.send(small_deb.page("/account/ways").form("/recovery-codes"))
    code = re.findall(r"<li><code>([a-z2-7-]+)</code>", made.text)[0]
    visitor = Visitor(small_app)
    visitor.sign_in(DESK)
    asked_for = visitor.send(visitor.page("/sign-in/passkey").form("/sign-in/recovery"))
    answer = visitor.send(Page(asked_for.text).form("/sign-in/recovery"), code=code)
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://127.0.0.1:8000", "open http://localhost:8000"),
        ("http://192.168.1.5:8000", "192.168.1.5 is a number"),
        ("http://desk.example.org", "https addresses only"),
        ("https://desk.example.org", ""),
        ("http://localhost:8000", ""),
    ],
)
def test_where_browsers_make_no_passkeys_the_page_says_why(
    small_app: Flask, small_deb: Visitor, address: str, says: str
) -> None:
    client = small_app.test_client()
    page = Page(client.get("/sign-in", base_url=address).text)
    form = page.form("/sign-in").filled(email=DESK, password=PASSWORD)
    client.post("/sign-in", data=form, base_url=address, headers={"Referer": f"{address}/sign-in"})
    shown = Page(client.get("/account/ways", base_url=address).text)
    assert says in shown.text
    assert bool(says) is not any(each.action.endswith("/account/passkeys/new") for each in shown.forms)
    assert bool(says) is not any(each.action.endswith("/sign-in/passkey") for each in page.forms)
