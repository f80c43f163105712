"""The first run in the browser: the code, the owner, and the steps after them."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from plugin.core.acts import Role
from plugin.courses.accounts.second_factors import list_passkeys
from plugin.courses.accounts.setup import (
    WRONG_PER_CODE,
    WRONG_PER_MINUTE,
    FirstOwner,
    create_first_owner,
    is_setup_open,
    new_setup_code,
    read_setup,
    try_setup_code,
)
from plugin.courses.accounts.staff import list_all_staff
from plugin.courses.base.clinic import read_clinic, read_hours
from plugin.courses.catalog.package_edits import set_on_sale
from plugin.courses.catalog.packages import list_packages
from plugin.errors import CoursekeeperError, NotFound
from plugin.services import Services
from tests.clock import HandMovedClock
from tests.courses.desk import OLGA, Desk
from tests.web.authenticator import Authenticator
from tests.web.conftest import signed_in
from tests.web.test_passkeys import asked, sign_in
from tests.web.visitor import Visitor, hire

SECRET = "s" * 48
OWNER = {"name": "June Park", "email": "June@Example.org", "password": "quiet willow seven"}


@pytest.fixture
def code(small_house: Services) -> str:
    return new_setup_code(small_house.store, SECRET, small_house.clock())


@pytest.fixture
def june(small_app: Flask) -> Visitor:
    """Somebody at a browser, before there is an owner."""
    return Visitor(small_app)


def _enter(visitor: Visitor, code: str) -> int:
    return visitor.send(visitor.page("/set-up").form("/set-up"), code=code).status_code


def _owner(visitor: Visitor, code: str, **changed: str) -> Visitor:
    assert _enter(visitor, code) == 303
    answer = visitor.send(visitor.page("/set-up/owner").form("/set-up/owner"), **{**OWNER, **changed})
    assert answer.status_code == 303, answer.text[:400]
    return visitor


@pytest.mark.parametrize("address", ["/", "/sign-in", "/clients?q=kim", "/packages", "/set-up/owner"])
def test_every_page_leads_to_the_set_up_until_there_is_an_owner(june: Visitor, address: str) -> None:
    answer = june.get(address)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/set-up")


def test_what_no_person_opens_stays_as_it_is(june: Visitor) -> None:
    assert june.get("/healthz").status_code == 200
    assert june.get("/api/v1/packages").status_code == 401
    assert june.get("/today/live", headers={"HX-Request": "1"}).status_code == 401


def test_before_the_code_nothing_of_the_clinic_shows(june: Visitor, small_desk: Desk) -> None:
    """Square may have told the clinic's name already, by a token of the environment."""
    small_desk.package()
    assert read_clinic(small_desk.store).name not in june.get("/set-up").text


def test_from_the_code_to_the_first_step(june: Visitor, small_house: Services, code: str) -> None:
    _owner(june, code, browser_zone="America/Los_Angeles")
    assert june.get("/first-steps").headers["Location"] == "/first-steps/clinic"
    assert [(each.email, each.role) for each in list_all_staff(small_house.store)] == [
        ("june@example.org", Role.OWNER)
    ]
    fields = june.page("/first-steps/clinic").form("/first-steps/clinic").fields
    assert (fields["time_zone"], fields["currency"]) == ("America/Los_Angeles", "USD")


@pytest.mark.parametrize("zone", ["", "Mars/Base", "x" * 5000])
def test_a_made_up_time_zone_is_ignored(june: Visitor, small_house: Services, code: str, zone: str) -> None:
    _owner(june, code, browser_zone=zone)
    setup = read_setup(small_house.store)
    assert setup is not None
    assert setup.browser_zone == ""
    assert june.get("/first-steps/clinic").status_code == 200


@pytest.mark.parametrize("typed", ["{0}", "  {0}  ", "{1}", "{2}"])
def test_the_code_is_read_however_it_is_typed(june: Visitor, code: str, typed: str) -> None:
    plain = code.replace("-", "")
    assert _enter(june, typed.format(code, plain.lower(), f"{plain[:4]} {plain[4:]}")) == 303


@pytest.mark.parametrize("typed", ["", " ", "-", "ABCD-EFGH", "x" * 41, "\0", "é" * 8])
def test_a_wrong_code_opens_nothing(june: Visitor, code: str, typed: str) -> None:
    assert code != typed
    assert _enter(june, typed) in (400, 422)
    assert june.get("/set-up/owner").headers["Location"] == "/set-up"
    assert june.client.post("/set-up/owner", data=OWNER).status_code == 400


def test_an_earlier_code_ends_with_the_next(june: Visitor, small_house: Services, code: str) -> None:
    newer = new_setup_code(small_house.store, SECRET, small_house.clock())
    assert _enter(june, code) == 422
    assert _enter(june, newer) == 303


def test_a_code_of_another_secret_is_wrong(small_house: Services, code: str) -> None:
    assert try_setup_code(small_house.store, "t" * 48, code, small_house.clock()).mark == ""


def test_codes_are_tried_a_few_times_a_minute(june: Visitor, clock: HandMovedClock, code: str) -> None:
    for _ in range(WRONG_PER_MINUTE):
        assert _enter(june, "ABCD-EFGH") == 422
    # The right one neither: else it could be told from the answer.
    assert _enter(june, code) == 429
    clock.advance(seconds=59)
    assert _enter(june, code) == 429
    clock.advance(seconds=1)
    assert _enter(june, code) == 303


def test_too_many_wrong_codes_make_a_new_one(
    june: Visitor, clock: HandMovedClock, code: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for number in range(WRONG_PER_CODE):
        if number % WRONG_PER_MINUTE == 0:
            clock.advance(minutes=1)
        assert _enter(june, "ABCD-EFGH") == 422
    said = capfd.readouterr().err
    clock.advance(minutes=1)
    assert _enter(june, code) == 422
    assert _enter(june, said.strip().rpartition(" ")[2]) == 303


def test_the_set_up_is_gone_with_the_first_owner(
    june: Visitor, small_app: Flask, small_house: Services, code: str
) -> None:
    late = Visitor(small_app)
    assert _enter(late, code) == 303
    form = late.page("/set-up/owner").form("/set-up/owner")
    _owner(june, code)
    too_late = late.send(form, **{**OWNER, "email": "mallory@example.org"})
    assert too_late.status_code == 404
    assert "This clinic is set up already. Sign in instead." in too_late.text
    assert len(list_all_staff(small_house.store)) == 1
    assert late.get("/set-up/owner").headers["Location"] == "/"
    assert late.get("/").headers["Location"].startswith("/sign-in")
    with pytest.raises(NotFound):
        try_setup_code(small_house.store, SECRET, code, small_house.clock())
    with pytest.raises(CoursekeeperError, match="set up already"):
        new_setup_code(small_house.store, SECRET, small_house.clock())


def test_an_owner_by_command_or_from_a_backup_closes_it_too(
    june: Visitor, small_house: Services, code: str
) -> None:
    assert _enter(june, code) == 303
    hire(small_house, Role.OWNER)
    assert june.get("/set-up/owner").headers["Location"] == "/"
    assert not is_setup_open(small_house.store)


def test_two_browsers_at_once_make_one_owner(services: Services) -> None:
    new_setup_code(services.store, SECRET, services.clock())
    created: list[str] = []
    both = threading.Barrier(2)

    def create(email: str) -> None:
        both.wait()
        try:
            owner = FirstOwner(email, "June", "hash")
            created.append(create_first_owner(services.store, owner, services.clock()).email)
        except NotFound:
            pass

    threads = [threading.Thread(target=create, args=(f"{name}@example.org",)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(created) == 1
    assert [each.email for each in list_all_staff(services.store)] == created


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"email": "no address"}, "That is not an e-mail address"),
        ({"name": " "}, "Your name is missing"),
        ({"password": "short"}, "at least 10 characters"),
        ({"password": "x" * 201}, "at most 200 characters"),
    ],
)
def test_what_is_wrong_with_the_owner_is_said_and_the_rest_stays(
    june: Visitor, small_house: Services, code: str, wrong: dict[str, str], says: str
) -> None:
    assert _enter(june, code) == 303
    answer = june.send(june.page("/set-up/owner").form("/set-up/owner"), **{**OWNER, **wrong})
    assert answer.status_code == 422
    assert says in answer.text
    assert wrong.get("name", OWNER["name"]) in answer.text
    assert OWNER["password"] not in answer.text
    # What the page can't show again is asked for by name.
    assert ("“Password”: please type it again" in answer.text) == ("password" not in wrong)
    assert is_setup_open(small_house.store)


def _by_passkey(june: Visitor, device: Authenticator, **typed: str) -> TestResponse:
    form = replace(june.page("/set-up/owner").form("/set-up/owner"), action="/set-up/owner/passkey")
    told, answer = asked(june.send(form, **{**OWNER, "password": "", **typed}))
    assert told["authenticatorSelection"]["userVerification"] == "required"
    return june.send(answer, credential=device.create(told))


def test_an_owner_may_begin_with_a_passkey_and_without_a_password(
    june: Visitor, small_app: Flask, small_house: Services, code: str
) -> None:
    assert _enter(june, code) == 303
    device = Authenticator()
    made = _by_passkey(june, device, browser_zone="America/Denver")
    assert made.headers["Location"] == "/first-steps"
    assert "You sign in with your passkey." in june.page("/first-steps/protect").text
    (owner,) = list_all_staff(small_house.store)
    assert (owner.email, owner.role, owner.password_hash) == ("june@example.org", Role.OWNER, "")
    assert len(list_passkeys(small_house.store, owner.id)) == 1
    elsewhere = Visitor(small_app)
    assert sign_in(elsewhere, device).headers["Location"] == "/"
    assert Visitor(small_app).sign_in("june@example.org", "").status_code == 422


def test_the_only_way_to_sign_in_is_not_removed(june: Visitor, small_house: Services, code: str) -> None:
    assert _enter(june, code) == 303
    _by_passkey(june, Authenticator())
    (owner,) = list_all_staff(small_house.store)
    ways = june.page("/account/ways")
    assert "So that a lost device does not lock you out" in ways.text
    (removal,) = [
        form for form in ways.forms if form.action.endswith("/removal") and "passkeys" in form.action
    ]
    answer = june.send(removal)
    assert (answer.status_code, "your only way to sign in" in answer.text) == (409, True)
    assert list_passkeys(small_house.store, owner.id)
    new = {"new_password": "three calm otters", "password_again": "three calm otters"}
    assert june.send(june.page("/account").form("/account/password"), **new).status_code == 303
    assert june.send(june.page("/account/ways").form("/removal")).status_code == 303
    assert not list_passkeys(small_house.store, owner.id)


def test_without_a_password_the_passkey_is_asked_before_address_and_password_change(
    june: Visitor, clock: HandMovedClock, code: str
) -> None:
    assert _enter(june, code) == 303
    _by_passkey(june, Authenticator())
    clock.advance(minutes=31)
    for what, typed in (
        ("email", {"email": "mallory@example.org"}),
        ("password", {"new_password": "three calm otters", "password_again": "three calm otters"}),
    ):
        answer = june.send(june.page("/account").form(f"/account/{what}"), **typed)
        assert (answer.status_code, "Confirm it" in answer.text) == (401, True), answer.text[:300]


@pytest.mark.parametrize(
    "changed", [{"is_verifying": False}, {"origin": "https://evil.example"}, {"rp_id": "evil.example"}]
)
def test_a_passkey_that_is_not_right_makes_no_owner(
    june: Visitor, small_house: Services, code: str, changed: dict[str, Any]
) -> None:
    assert _enter(june, code) == 303
    answer = _by_passkey(june, Authenticator(**changed))
    assert (answer.status_code, "The passkey was not saved" in answer.text) == (409, True)
    assert is_setup_open(small_house.store)


@pytest.mark.parametrize("sent", ["", "{}", "nonsense", "[1]", '"x"', "x" * 100_000, '{"id": 1}', "null"])
def test_nonsense_for_a_passkey_makes_no_owner_and_an_answer_is_taken_once(
    june: Visitor, small_house: Services, code: str, sent: str
) -> None:
    assert _enter(june, code) == 303
    form = replace(june.page("/set-up/owner").form("/set-up/owner"), action="/set-up/owner/passkey")
    told, answer = asked(june.send(form, **OWNER))
    assert june.send(answer, credential=sent).status_code == 409
    assert june.send(answer, credential=Authenticator().create(told)).status_code == 409
    assert is_setup_open(small_house.store)


def test_a_passkey_needs_the_code_a_name_and_an_address(
    june: Visitor, small_house: Services, code: str
) -> None:
    page = june.page("/set-up").form("/set-up")
    for path in ("/set-up/owner/passkey", "/set-up/owner/passkey/answer"):
        assert june.send(replace(page, action=path), **OWNER).headers["Location"] == "/set-up"
    assert _enter(june, code) == 303
    form = replace(june.page("/set-up/owner").form("/set-up/owner"), action="/set-up/owner/passkey")
    answer = june.send(form, name="", email="nobody")
    assert answer.status_code == 422
    for said in ("Your name is missing", "That is not an e-mail address"):
        assert said in answer.text
    assert is_setup_open(small_house.store)


def test_where_no_passkey_can_be_made_none_is_offered(june: Visitor, code: str) -> None:
    assert _enter(june, code) == 303
    assert "data-passkey" in june.get("/set-up/owner").text
    assert "data-passkey" not in june.get("/set-up/owner", headers={"Host": "192.168.1.20"}).text
    form = replace(june.page("/set-up/owner").form("/set-up/owner"), action="/set-up/owner/passkey")
    name = str(june.client.application.config["SESSION_COOKIE_NAME"])
    session = june.client.get_cookie(name)
    assert session is not None
    june.client.set_cookie(name, session.value, domain="192.168.1.20")
    answer = june.client.post(form.action, data=form.filled(**OWNER), base_url="http://192.168.1.20")
    assert (answer.status_code, "192.168.1.20 is a number" in answer.text) == (409, True)


def test_forms_need_their_token_and_a_megabyte_is_refused(june: Visitor, code: str) -> None:
    assert june.client.post("/set-up", data={"code": code}).status_code == 400
    form = june.page("/set-up").form("/set-up")
    assert june.send(form, code="x" * 2_000_000).status_code == 413
    assert june.get("/set-up").headers["X-Frame-Options"] == "DENY"


def test_a_poisoned_host_leads_nowhere_else(june: Visitor, code: str) -> None:
    answer = june.get("/", headers={"Host": "evil.example"})
    assert answer.headers["Location"] == "/set-up"
    assert "evil.example" not in june.get("/set-up", headers={"Host": "evil.example"}).text


# The steps after the owner's account.


@pytest.fixture
def olga(small_app: Flask, small_house: Services) -> Visitor:
    return signed_in(small_app, small_house, Role.OWNER)


CLINIC = {
    "name": "Lotus Clinic",
    "address": "12 Grant Ave\nSan Francisco",
    "country": "DE",
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    "language": "en",
    "opens_6": "",
    "closes_6": "",
}


def test_the_clinic_is_saved_with_its_hours_and_the_paper_of_its_country(
    olga: Visitor, small_house: Services
) -> None:
    answer = olga.send(olga.page("/first-steps/clinic").form("/first-steps/clinic"), **CLINIC)
    assert answer.headers["Location"] == "/first-steps/protect"
    known, hours = read_clinic(small_house.store), read_hours(small_house.store)
    assert (known.name, known.currency, known.page_size) == ("Lotus Clinic", "EUR", "a4")
    assert (hours.is_assumed, hours.week[6], hours.time_zone) == (False, (), "Europe/Berlin")
    again = olga.page("/first-steps/clinic").form("/first-steps/clinic").fields
    assert again["opens_0"] == "07:00"
    assert again["name"] == "Lotus Clinic"


def test_all_that_is_wrong_with_the_clinic_shows_at_once(olga: Visitor, small_house: Services) -> None:
    wrong = {**CLINIC, "name": "", "currency": "euro", "opens_0": "25:00", "time_zone": "Moon"}
    answer = olga.send(olga.page("/first-steps/clinic").form("/first-steps/clinic"), **wrong)
    assert answer.status_code == 422
    for said in ("name is missing", "12 Grant Ave", "25:00"):
        assert said in answer.text
    assert read_clinic(small_house.store).name == "Your clinic"
    assert read_hours(small_house.store).is_assumed


def test_with_packages_the_currency_stays(olga: Visitor, small_desk: Desk) -> None:
    small_desk.package()
    form = olga.page("/first-steps/clinic").form("/first-steps/clinic")
    assert olga.send(form, **CLINIC).status_code == 422
    assert read_clinic(small_desk.store).currency == "USD"


def test_courses_keep_the_currency_when_no_package_is_for_sale_any_more(
    olga: Visitor, small_desk: Desk
) -> None:
    package_id = small_desk.package()
    small_desk.sell(package_id)
    set_on_sale(small_desk.store, small_desk.act(OLGA), package_id, is_active=False)
    page = olga.page("/first-steps/clinic")
    assert "Courses were sold in USD, so the currency stays." in page.text
    assert olga.send(page.form("/first-steps/clinic"), **CLINIC).status_code == 422
    assert read_clinic(small_desk.store).currency == "USD"


def test_the_starting_catalog_is_saved_once(olga: Visitor, small_house: Services) -> None:
    form = olga.page("/first-steps/packages").form("/first-steps/packages")
    changed = {key: value for key, value in form.fields.items() if key != "sells_1"}
    form = replace(form, fields=changed)
    for _ in range(2):
        assert olga.send(form, price_3="1,800").status_code == 303
    made = list_packages(small_house.store).rows
    assert [(each.name, each.price.amount) for each in made] == [
        ("Facial acupuncture, course of 10", 165000),
        ("Facial acupuncture, course of 12", 180000),
    ]
    assert "course of 12" in olga.get("/first-steps/packages").text


def test_a_package_that_is_not_sold_needs_no_price(olga: Visitor, small_house: Services) -> None:
    form = olga.page("/first-steps/packages").form("/first-steps/packages")
    only = {key: value for key, value in form.fields.items() if key not in ("sells_1", "sells_2")}
    none = {key: value for key, value in only.items() if key != "sells_3"}
    assert "Choose at least one" in olga.send(replace(form, fields=none)).text
    answer = olga.send(replace(form, fields=only), price_1="nonsense", name_2="")
    assert answer.status_code == 303
    assert len(list_packages(small_house.store).rows) == 1


def test_a_step_is_left_for_later_and_opened_again(olga: Visitor, small_house: Services) -> None:
    page = olga.page("/first-steps/clinic")
    answer = olga.send(page.form("/first-steps/clinic/skip"))
    assert answer.headers["Location"] == "/first-steps/protect"
    assert olga.get("/first-steps").headers["Location"] == "/first-steps/protect"
    assert olga.get("/first-steps/clinic").status_code == 200
    setup = read_setup(small_house.store)
    assert setup is not None
    assert setup.steps == {"clinic": "skipped"}
    assert olga.client.post("/first-steps/nowhere/skip").status_code == 400


def test_opening_the_test_page_does_the_step(olga: Visitor, small_house: Services) -> None:
    assert olga.get("/first-steps/paper/test.pdf").mimetype == "application/pdf"
    setup = read_setup(small_house.store)
    assert setup is not None
    assert setup.steps["paper"] == "done"
