"""The second step of the sign-in: codes of an app, each once, and recovery codes; set up, used, lost, removed."""

import re
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from passlib.totp import TOTP
from sqlalchemy import select, text

from plugin import create_app
from plugin.configuration.stored import reseal_staff
from plugin.core.acts import Role
from plugin.services import Services
from plugin.store import Store
from plugin.store.people import Staff
from tests.clock import HandMovedClock
from tests.web.conftest import As, open_house_on
from tests.web.page import Page
from tests.web.visitor import PASSWORD, Visitor, email_of, hire

DESK = email_of(Role.DESK)


class App:
    """The authenticator app on a person's phone."""

    def __init__(self, page: Page, clock: HandMovedClock) -> None:
        key = page.with_id("typed-key")
        assert key is not None
        self._totp = TOTP(key=re.findall(r'id="typed-key">([A-Z2-7 ]+)<', page.html)[0].replace(" ", ""))
        self._clock = clock

    def code(self) -> str:
        return str(self._totp.generate(time=self._clock().timestamp()).token)


def set_up_app(visitor: Visitor, clock: HandMovedClock) -> tuple[App, list[str]]:
    """Set up an app; return it and the recovery codes."""
    page = visitor.page("/account/authenticator")
    app = App(page, clock)
    answer = visitor.send(page.form("/account/authenticator"), code=app.code())
    assert answer.status_code == 200, Page(answer.text).text
    clock.advance(seconds=60)
    return app, re.findall(r"<li><code>([a-z2-7-]+)</code>", answer.text)


@pytest.fixture
def with_app(small_deb: Visitor, clock: HandMovedClock) -> tuple[App, list[str]]:
    return set_up_app(small_deb, clock)


def at_the_code(visitor: Visitor, email: str = DESK) -> Page:
    """Give the right password; return the page that asks for the code."""
    answer = visitor.sign_in(email)
    assert answer.headers["Location"].startswith("/sign-in/code")
    return visitor.page(answer.headers["Location"])


def give(visitor: Visitor, page: Page, code: str) -> Any:
    return visitor.send(page.form("/sign-in/code"), code=code)


def test_the_code_of_the_app_is_asked_for_after_the_password(
    small_app: Flask, with_app: tuple[App, list[str]]
) -> None:
    visitor = Visitor(small_app)
    page = at_the_code(visitor)
    assert visitor.get("/").status_code == 303
    assert give(visitor, page, with_app[0].code()).headers["Location"] == "/"
    assert visitor.get("/").status_code == 200


def test_a_form_without_its_code_sets_nothing_up(small_deb: Visitor) -> None:
    form = small_deb.page("/account/authenticator").form("/account/authenticator")
    del form.fields["code"]
    assert small_deb.send(form).status_code == 422


def test_a_wrong_code_opens_nothing(small_app: Flask, with_app: tuple[App, list[str]]) -> None:
    visitor = Visitor(small_app)
    page = at_the_code(visitor)
    for code in ("000000", "", "12345", "abcdef", "9" * 5000, "١٢٣٤٥٦"):
        answer = give(visitor, page, code)
        assert answer.status_code == 422, code
    assert visitor.get("/").status_code == 303


def test_a_code_works_once(small_app: Flask, with_app: tuple[App, list[str]]) -> None:
    code = with_app[0].code()
    first, second = Visitor(small_app), Visitor(small_app)
    pages = at_the_code(first), at_the_code(second)
    assert give(first, pages[0], code).status_code == 302
    replayed = give(second, pages[1], code)
    assert replayed.status_code == 422
    assert "was used already" in replayed.text


def test_the_code_that_set_the_app_up_does_not_sign_in(
    small_app: Flask, small_deb: Visitor, clock: HandMovedClock
) -> None:
    page = small_deb.page("/account/authenticator")
    app = App(page, clock)
    code = app.code()
    small_deb.send(page.form("/account/authenticator"), code=code)
    visitor = Visitor(small_app)
    assert give(visitor, at_the_code(visitor), code).status_code == 422


@pytest.mark.parametrize(("seconds", "is_right"), [(0, True), (30, True), (61, False)])
def test_a_phone_whose_clock_is_a_step_behind_still_works(
    small_app: Flask, with_app: tuple[App, list[str]], clock: HandMovedClock, seconds: int, is_right: bool
) -> None:
    code = with_app[0].code()
    clock.advance(seconds=seconds)
    visitor = Visitor(small_app)
    assert (give(visitor, at_the_code(visitor), code).status_code == 302) is is_right


def recover(visitor: Visitor, page: Page, code: str) -> Any:
    asked = visitor.send(page.form("/sign-in/recovery"))
    assert asked.status_code == 200
    return visitor.send(Page(asked.text).form("/sign-in/recovery"), code=code)


def test_a_recovery_code_signs_in_once(small_app: Flask, with_app: tuple[App, list[str]]) -> None:
    code = with_app[1][0]
    visitor = Visitor(small_app)
    assert recover(visitor, at_the_code(visitor), code.upper().replace("-", " ")).status_code == 302
    assert "9 left" in visitor.page("/").text
    again = Visitor(small_app)
    refused = recover(again, at_the_code(again), code)
    assert refused.status_code == 422
    assert "no recovery code that is left" in refused.text


def test_codes_can_not_be_guessed_for_long(small_app: Flask, with_app: tuple[App, list[str]]) -> None:
    for number in range(10):
        visitor = Visitor(small_app, address=f"10.0.0.{number}")
        assert give(visitor, at_the_code(visitor), "000000").status_code == 422
    visitor = Visitor(small_app, address="10.0.1.1")
    assert give(visitor, at_the_code(visitor), with_app[0].code()).status_code == 429


def test_the_second_step_can_not_be_opened_without_the_password(
    small_app: Flask, with_app: tuple[App, list[str]]
) -> None:
    for address in ("/sign-in/code", "/sign-in/recovery"):
        answer = Visitor(small_app).get(address)
        assert answer.headers["Location"].endswith("/sign-in")


def test_half_a_sign_in_ends_with_a_new_password(
    small_app: Flask, small_house: Services, with_app: tuple[App, list[str]]
) -> None:
    visitor = Visitor(small_app)
    page = at_the_code(visitor)
    with small_house.store.writing() as session:
        session.execute(text("UPDATE staff SET session_mark = 'another'"))
    assert give(visitor, page, with_app[0].code()).headers["Location"].endswith("/sign-in")


def test_what_was_typed_is_carried_through_both_steps(
    small_app: Flask, small_deb: Visitor, with_app: tuple[App, list[str]]
) -> None:
    form = next(each for each in small_deb.page("/clients").forms if each.method == "post")
    small_deb.client.delete_cookie("coursekeeper")
    asked = small_deb.client.post(
        "/clients", data=form.filled(name="Ana Ruiz"), headers={"Origin": "http://localhost"}
    )
    step = small_deb.send(Page(asked.text).form("/sign-in"), email=DESK, password=PASSWORD)
    assert step.status_code == 200
    wrong = give(small_deb, Page(step.text), "000000")
    again = give(small_deb, Page(wrong.text), with_app[0].code())
    assert again.status_code == 200
    assert 'value="Ana Ruiz"' in again.text


def test_a_script_that_signs_in_over_the_page_gets_each_step(
    small_app: Flask, with_app: tuple[App, list[str]]
) -> None:
    visitor, over = Visitor(small_app), {"X-Over-Page": "1"}
    form = visitor.page("/sign-in").form("/sign-in")
    step = visitor.client.post("/sign-in", data=form.filled(email=DESK, password=PASSWORD), headers=over)
    assert step.status_code == 200
    code = Page(step.text).form("/sign-in/code").filled(code=with_app[0].code())
    assert visitor.client.post("/sign-in/code", data=code, headers=over).status_code == 204
    assert visitor.get("/").status_code == 200


def test_a_wrong_code_at_the_set_up_keeps_the_key(small_deb: Visitor, clock: HandMovedClock) -> None:
    page = small_deb.page("/account/authenticator")
    app = App(page, clock)
    wrong = small_deb.send(page.form("/account/authenticator"), code="000000")
    assert wrong.status_code == 422
    assert "Type the one that the app shows now." in wrong.text
    assert small_deb.send(Page(wrong.text).form("/account/authenticator"), code=app.code()).status_code == 200


def test_the_key_of_somebody_elses_page_is_refused(
    small_app: Flask, small_deb: Visitor, small_house: Services, clock: HandMovedClock
) -> None:
    theirs = small_deb.page("/account/authenticator")
    app = App(theirs, clock)
    kim = Visitor(small_app)
    kim.sign_in(hire(small_house, Role.PRACTITIONER))
    form = kim.page("/account/authenticator").form("/account/authenticator")
    sealed = theirs.form("/account/authenticator").fields["sealed"]
    for planted in (sealed, "nonsense", ""):
        answer = kim.send(form, sealed=planted, code=app.code())
        assert (answer.status_code, "This page was too old." in answer.text) == (422, True)


def test_setting_up_asks_for_the_password_after_a_while(small_deb: Visitor, clock: HandMovedClock) -> None:
    page = small_deb.page("/account/authenticator")
    clock.advance(minutes=31)
    assert small_deb.send(page.form("/account/authenticator"), code="000000").status_code == 401


def test_new_codes_end_the_old_ones(
    small_app: Flask, small_deb: Visitor, with_app: tuple[App, list[str]]
) -> None:
    answer = small_deb.send(small_deb.page("/account/ways").form("/recovery-codes"))
    new = re.findall(r"<li><code>([a-z2-7-]+)</code>", answer.text)
    assert len(set(new) | set(with_app[1])) == 20
    for code, status in ((with_app[1][0], 422), (new[0], 302)):
        visitor = Visitor(small_app)
        assert recover(visitor, at_the_code(visitor), code).status_code == status


def test_removed_the_password_alone_is_enough(
    small_app: Flask, small_deb: Visitor, with_app: tuple[App, list[str]]
) -> None:
    small_deb.send(small_deb.page("/account/ways").form("/removal"))
    assert Visitor(small_app).sign_in(DESK).headers["Location"] == "/"
    assert "Set up an app" in small_deb.page("/account/ways").text


def test_nothing_readable_is_stored(small_house: Services, with_app: tuple[App, list[str]]) -> None:
    with small_house.store.engine.connect() as connection:
        secret, codes = connection.execute(text("SELECT totp_secret, recovery_codes FROM staff")).one()
    assert with_app[0]._totp.base32_key not in secret
    assert not [code for code in with_app[1] if code in codes or code.replace("-", "") in codes]


def test_a_secret_of_a_lost_key_asks_for_a_recovery_code_and_tells_the_log(
    lite_store: Store, small_deb: Visitor, with_app: tuple[App, list[str]], clock: HandMovedClock
) -> None:
    app = create_app(services=open_house_on(lite_store, clock, secret_key="another" * 8))
    visitor = Visitor(app)
    page = at_the_code(visitor)
    assert give(visitor, page, with_app[0].code()).status_code == 422
    assert recover(visitor, page, with_app[1][0]).status_code == 302


def test_after_a_new_encryption_key_the_old_one_can_go(
    lite_store: Store, small_deb: Visitor, with_app: tuple[App, list[str]], clock: HandMovedClock
) -> None:
    keys = [Fernet.generate_key().decode() for _ in range(2)]
    for given in (keys[1], ",".join(keys)):
        reseal_staff(open_house_on(lite_store, clock, encryption_keys=given))
    services = open_house_on(lite_store, clock, encryption_keys=keys[0], secret_key="another" * 8)
    visitor = Visitor(create_app(services=services))
    assert give(visitor, at_the_code(visitor), with_app[0].code()).status_code == 302


def test_flask_securitys_own_pages_are_closed(small_olga: Visitor) -> None:
    for address in ("/tf-setup", "/tf-rescue", "/tf-select", "/mf-recovery-codes"):
        assert small_olga.get(address).status_code == 404


def test_an_owner_helps_who_has_lost_it(
    small_app: Flask, small_deb: Visitor, small_as: As, with_app: tuple[App, list[str]]
) -> None:
    olga = small_as(Role.OWNER)
    links = [link for link in olga.page("/clinic/staff").links() if link.startswith("/clinic/staff/")]
    page = next(page for page in map(olga.page, links) if "desk@example.org" in page.html)
    olga.send(page.form("/second-step"))
    assert small_deb.get("/").status_code == 303
    assert Visitor(small_app).sign_in(DESK).headers["Location"] == "/"


def test_of_who_has_no_password_the_owner_reads_what_else_it_takes(
    small_house: Services, small_deb: Visitor, small_as: As, with_app: tuple[App, list[str]]
) -> None:
    with small_house.store.writing() as session:
        deb = session.scalars(select(Staff).where(Staff.email == DESK)).one()
        deb.password_hash = ""
        address = f"/clinic/staff/{deb.id}"
    olga = small_as(Role.OWNER)
    page = olga.page(address)
    assert "There is no password: send a reset link afterwards." in page.text
    assert "Send a reset link: there is no password." in olga.after(page.form("/second-step")).text
