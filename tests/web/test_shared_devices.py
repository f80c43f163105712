"""A shared iPad: people switch by PIN, it locks itself, and nothing that was seen or copied before opens it after."""

from collections.abc import Callable
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from pydantic import SecretStr
from werkzeug.test import TestResponse

from plugin import create_app
from plugin.core.acts import Act, Role
from plugin.courses.accounts.shared_devices import set_pin
from plugin.courses.accounts.staff import StaffView, deactivate_staff, set_password, staff_by_email
from plugin.services import Services
from plugin.store import Store
from plugin.web.account.lock import hash_pin, keyed, pin_fits
from plugin.web.account.passwords import hash_password
from tests.clock import HandMovedClock
from tests.courses.desk import OLGA, Desk
from tests.web.conftest import open_house_on, signed_in
from tests.web.page import Form, Page, has_word
from tests.web.visitor import PASSWORD, Visitor, email_of, hire

PIN = "2580"
MINUTES = 5


# As kept by the program, but for the cost of the hash.
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def ipad(small_app: Flask, small_house: Services) -> Visitor:
    """The front desk's iPad, shared by Deb, who is signed in; Kim, Olga and she have a PIN."""
    deb = signed_in(small_app, small_house, Role.DESK)
    for role in (Role.PRACTITIONER, Role.OWNER):
        hire(small_house, role)
    for role in Role:
        staff = person(small_house, role)
        act = Act(staff.actor, small_house.clock(), f"pin of {role}")
        set_pin(small_house.store, act, _CHEAP.hash(keyed(small_house.settings, staff.id, PIN)))
    answer = deb.send(ways(deb).form("/account/devices"), device_name="Front desk")
    assert answer.status_code == 303
    return deb


def ways(visitor: Visitor) -> Page:
    return visitor.page("/account/ways")


def give_pin(visitor: Visitor, pin: str = PIN) -> TestResponse:
    return visitor.send(ways(visitor).form("/account/pin"), pin=pin, pin_again=pin)


def person(services: Services, role: Role) -> StaffView:
    found = staff_by_email(services.store, email_of(role))
    assert found is not None
    return found


def enter(
    visitor: Visitor, services: Services, role: Role = Role.PRACTITIONER, pin: str = PIN, **more: Any
) -> TestResponse:
    form = visitor.page("/locked").form("/locked")
    return visitor.send(form, person=person(services, role).id, pin=pin, **more)


def name_on(visitor: Visitor) -> str:
    return visitor.page("/").html


def test_a_name_and_a_pin_switch_the_person(ipad: Visitor, small_house: Services) -> None:
    assert enter(ipad, small_house).status_code == 303
    assert "A. Kim" in name_on(ipad)
    assert enter(ipad, small_house, Role.DESK).status_code == 303
    assert "Deb Lane" in name_on(ipad)


def test_what_is_done_then_is_done_by_them(ipad: Visitor, small_house: Services, small_desk: Desk) -> None:
    course = small_desk.course(small_desk.sell())
    enter(ipad, small_house)
    ipad.after(ipad.page(f"/clients/{course.client_id}").form("/uses"))
    assert "A. Kim" in ipad.page(f"/clients/{course.client_id}").html


@pytest.mark.parametrize("pin", ["2581", "", "25800", "x" * 5000, "２５８０"])
def test_a_wrong_pin_opens_nothing(ipad: Visitor, small_house: Services, pin: str) -> None:
    answer = enter(ipad, small_house, pin=pin)
    assert (answer.status_code, "Wrong PIN" in answer.text) == (422, True)
    assert "Deb Lane" in name_on(ipad)


@pytest.mark.parametrize(
    "sent", [{"person": "nobody"}, {"person": "a\0b"}, {"person": "x" * 5000}, {"pin": "\0"}]
)
def test_nonsense_is_a_wrong_pin(ipad: Visitor, sent: dict[str, str]) -> None:
    form = ipad.page("/locked").form("/locked")
    assert ipad.send(form, **{"person": "", "pin": PIN, **sent}).status_code == 422


def test_a_pin_is_worth_nothing_elsewhere(small_app: Flask, ipad: Visitor, small_house: Services) -> None:
    form = ipad.page("/locked").form("/locked")
    phone = Visitor(small_app)
    assert phone.get("/locked").headers["Location"] == "/sign-in"
    for cookie in ("", "made-up", "x" * 3000):
        phone.client.set_cookie("coursekeeper_device", cookie)
        token = phone.page("/sign-in").form("/sign-in").fields["csrf_token"]
        kim = person(small_house, Role.PRACTITIONER).id
        answer = phone.send(form, person=kim, pin=PIN, csrf_token=token)
        assert answer.headers["Location"] == "/sign-in"
    assert phone.get("/").status_code == 303


def test_five_wrong_ones_ask_for_the_password_on_that_device(
    small_app: Flask, ipad: Visitor, small_house: Services
) -> None:
    for _ in range(5):
        said = enter(ipad, small_house, pin="9999").text
    assert "Sign in with your password" in said
    assert enter(ipad, small_house).status_code == 422
    # Others go on, and so does she after her password.
    assert enter(ipad, small_house, Role.DESK).status_code == 303
    ipad.send(ipad.page("/").form("/sign-out"))
    assert ipad.sign_in(email_of(Role.PRACTITIONER)).status_code == 302
    assert enter(ipad, small_house).status_code == 303


def test_a_right_pin_forgets_the_wrong_ones(ipad: Visitor, small_house: Services) -> None:
    for _ in range(2):
        for _ in range(4):
            assert enter(ipad, small_house, pin="9999").status_code == 422
        assert enter(ipad, small_house).status_code == 303


def test_two_processes_count_together(lite_store: Store, ipad: Visitor, small_house: Services) -> None:
    cookie = ipad.client.get_cookie("coursekeeper_device")
    assert cookie is not None
    second = create_app(services=open_house_on(Store(str(lite_store.url)), small_house.clock))  # type: ignore[arg-type]
    other = Visitor(second)
    other.client.set_cookie("coursekeeper_device", cookie.value)
    for number in range(5):
        assert enter((ipad, other)[number % 2], small_house, pin="9999").status_code == 422
    for each in (ipad, other):
        assert enter(each, small_house).status_code == 422


@pytest.mark.parametrize("pin", ["123", "1234567", "1234", "4321", "0000", "12a4", "١٢٥٨", ""])
def test_a_pin_that_is_none_or_guessed_first_is_refused(small_deb: Visitor, pin: str) -> None:
    assert give_pin(small_deb, pin).status_code == 422


def test_the_database_alone_does_not_tell_a_pin(small_house: Services) -> None:
    other = small_house.settings.model_copy(update={"secret_key": SecretStr("t" * 48)})
    made = hash_pin(small_house.settings, "kim", PIN)
    assert pin_fits(small_house.settings, "kim", PIN, made)
    assert not pin_fits(small_house.settings, "deb", PIN, made)
    assert not pin_fits(other, "kim", PIN, made)


def idle(clock: HandMovedClock, minutes: float = MINUTES + 1) -> None:
    clock.advance(seconds=int(minutes * 60))


def test_it_locks_itself_whatever_the_page_shows(
    ipad: Visitor, small_house: Services, clock: HandMovedClock
) -> None:
    idle(clock)
    assert ipad.get("/clients").headers["Location"] == "/locked?next=/clients"
    assert ipad.get("/today/live", headers={"X-Live": "1"}).status_code == 401
    locked = ipad.page("/locked")
    assert "Deb Lane" in locked.text
    assert enter(ipad, small_house, Role.DESK, next="/clients").headers["Location"] == "/clients"


def test_the_live_question_does_not_keep_it_awake(ipad: Visitor, clock: HandMovedClock) -> None:
    for _ in range(13):
        idle(clock, 0.5)
        ipad.get("/today/live", headers={"X-Live": "1"})
    assert ipad.get("/").status_code == 303


def test_a_touch_does(ipad: Visitor, clock: HandMovedClock) -> None:
    for _ in range(6):
        idle(clock, 2)
        assert ipad.get("/lock/awake").status_code == 204
    assert ipad.get("/").status_code == 200


def test_other_browsers_do_not_lock(small_app: Flask, ipad: Visitor, clock: HandMovedClock) -> None:
    phone = Visitor(small_app)
    phone.sign_in(email_of(Role.DESK))
    idle(clock, 60)
    assert phone.get("/").status_code == 200


def copied(app: Flask, visitor: Visitor) -> Visitor:
    thief = Visitor(app)
    for name in ("coursekeeper", "coursekeeper_device"):
        cookie = visitor.client.get_cookie(name)
        if cookie is not None:
            thief.client.set_cookie(name, cookie.value)
    return thief


def lock(visitor: Visitor, **more: str) -> str:
    token = visitor.page("/").form("/sign-out").fields["csrf_token"]
    answer = visitor.client.post("/lock", data={"csrf_token": token, **more})
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("how", ["switch", "lock", "idle"])
def test_a_cookie_copied_before_opens_nothing_after(
    small_app: Flask, ipad: Visitor, small_house: Services, clock: HandMovedClock, how: str
) -> None:
    thief = copied(small_app, ipad)
    assert thief.get("/").status_code == 200
    if how == "lock":
        lock(ipad)
    elif how == "idle":
        idle(clock)
    if how != "lock":
        enter(ipad, small_house)
    assert thief.get("/").status_code == 303
    # Nor does it once the same person is back.
    enter(ipad, small_house, Role.DESK)
    assert thief.get("/").status_code == 303
    assert ipad.get("/").status_code == 200


def new_client(page: Page) -> Form:
    return next(form for form in page.forms if (form.action, form.method) == ("/clients", "post"))


def test_a_half_filled_form_comes_back_to_who_filled_it(
    ipad: Visitor, small_house: Services, small_desk: Desk
) -> None:
    held = lock(ipad, address="/clients", fields="name=Ana+Ruiz&email=ana%40example.org")
    assert not has_word(held, "Ana")
    other = enter(ipad, small_house, held=held)
    assert "Ana Ruiz" not in other.text
    again = enter(ipad, small_house, Role.DESK, held=held)
    assert again.status_code == 200
    page = Page(again.text)
    assert new_client(page).fields["name"] == "Ana Ruiz"
    assert "data-held-is-shown" in again.text
    assert ipad.send(new_client(page)).status_code == 303


def test_a_form_sent_after_the_lock_is_held_unreadable(
    ipad: Visitor, small_house: Services, clock: HandMovedClock
) -> None:
    form = new_client(ipad.page("/clients"))
    idle(clock)
    answer = ipad.client.post(
        "/clients", data=form.filled(name="Ana Ruiz"), headers={"Origin": "http://localhost"}
    )
    assert answer.status_code == 401
    assert not has_word(answer.text, "Ana")
    deb = person(small_house, Role.DESK).id
    again = ipad.send(Page(answer.text).form("/locked"), person=deb, pin=PIN)
    assert 'value="Ana Ruiz"' in again.text


@pytest.mark.parametrize("held", ["nonsense", "x" * 5000, ""])
def test_a_made_up_form_is_not_shown(ipad: Visitor, small_house: Services, held: str) -> None:
    assert enter(ipad, small_house, held=held).headers["Location"] == "/"


def test_a_pin_opens_no_owners_page(ipad: Visitor, small_house: Services) -> None:
    enter(ipad, small_house, Role.OWNER)
    assert ipad.get("/").status_code == 200
    for address in ("/clinic/staff", "/clinic/papers", "/packages"):
        assert ipad.get(address).headers["Location"].startswith("/verify"), address
    page = ipad.page("/verify")
    ipad.send(page.form("/verify"), password=PASSWORD)
    assert ipad.get("/clinic/staff").status_code == 200


@pytest.mark.parametrize("how", ["held", "stale token"])
def test_a_pin_shows_no_owners_page_around_a_form(ipad: Visitor, small_house: Services, how: str) -> None:
    if how == "held":
        enter(ipad, small_house, Role.OWNER)
        held = lock(ipad, address="/clinic/staff/tokens", fields="token_name=Kiosk")
        answer = enter(ipad, small_house, Role.OWNER, held=held)
    else:
        enter(ipad, small_house, Role.OWNER)
        sent = {"csrf_token": "old", "token_name": "Kiosk"}
        answer = ipad.client.post("/clinic/staff/tokens", data=sent, headers={"Origin": "http://localhost"})
    assert "Staff and API tokens</h1>" not in answer.text
    # After the password the form comes back.
    again = ipad.send(Page(answer.text).form("/verify"), password=PASSWORD)
    assert again.status_code == 200
    assert Page(again.text).form("/clinic/staff/tokens").fields["token_name"] == "Kiosk"


def test_a_pin_changes_nothing_of_the_sign_in(ipad: Visitor, small_house: Services) -> None:
    enter(ipad, small_house, Role.DESK)
    for form in ("/account/pin", "/account/devices/", "/account/passkeys/new"):
        found = next((each for each in ways(ipad).forms if form in each.action), None)
        if found is not None:
            assert ipad.send(found, pin="1470", pin_again="1470", name="x").status_code == 401


def test_pins_wait_for_the_first_password_of_the_day(
    ipad: Visitor, small_house: Services, clock: HandMovedClock
) -> None:
    clock.advance(hours=15, minutes=59)
    assert enter(ipad, small_house).status_code == 303
    clock.advance(minutes=10)
    assert ipad.get("/").headers["Location"] == "/locked"
    assert ipad.get("/locked").headers["Location"] == "/sign-in"
    ipad.sign_in(email_of(Role.DESK))
    assert enter(ipad, small_house).status_code == 303


def test_a_new_password_and_a_deactivation_end_it(ipad: Visitor, small_house: Services) -> None:
    store, kim = small_house.store, person(small_house, Role.PRACTITIONER)
    enter(ipad, small_house)
    set_password(store, Act(OLGA, small_house.clock(), "one"), kim.id, hash_password("another-one-22"))
    assert ipad.get("/").status_code == 303
    enter(ipad, small_house)
    deactivate_staff(store, Act(OLGA, small_house.clock(), "two"), kim.id)
    assert ipad.get("/").status_code == 303
    locked = ipad.page("/locked")
    assert "A. Kim" not in locked.text
    form = locked.form("/locked")
    assert ipad.send(form, person=kim.id, pin=PIN).status_code == 422


def test_no_longer_shared_it_takes_no_pin(small_app: Flask, ipad: Visitor, small_house: Services) -> None:
    olga = Visitor(small_app)
    olga.sign_in(email_of(Role.OWNER))
    enter(ipad, small_house)
    olga.send(next(each for each in ways(olga).forms if "/account/devices/" in each.action))
    assert ipad.get("/").status_code == 303
    assert ipad.get("/locked").headers["Location"] == "/sign-in"


def test_a_pin_is_set_and_removed_in_ways_to_sign_in(small_deb: Visitor) -> None:
    assert give_pin(small_deb).status_code == 303
    assert "Change PIN" in ways(small_deb).text
    small_deb.send(ways(small_deb).form("/account/pin/removal"))
    assert "Set PIN" in ways(small_deb).text
    wrong = small_deb.send(ways(small_deb).form("/account/pin"), pin=PIN, pin_again="2581")
    assert "The two PINs are not the same." in wrong.text


def test_after_signing_out_the_next_person_finds_the_way_to_the_pin(small_app: Flask, ipad: Visitor) -> None:
    ipad.send(ipad.page("/").form("/sign-out"))
    assert "/locked" in ipad.page("/sign-in").links()
    assert "/locked" not in Visitor(small_app).page("/sign-in").links()


def test_a_practitioner_shares_no_device(small_as: Callable[[Role], Visitor]) -> None:
    kim = small_as(Role.PRACTITIONER)
    assert not [each for each in ways(kim).forms if each.action.endswith("/account/devices")]
    token = kim.page("/").form("/sign-out").fields["csrf_token"]
    sent = kim.client.post("/account/devices", data={"csrf_token": token, "key": "k", "device_name": "Mine"})
    assert sent.status_code == 403
