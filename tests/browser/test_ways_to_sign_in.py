"""Passkeys with Chromium's own authenticator, and a shared iPad that locks: what only a browser shows."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from plugin import create_app
from plugin.core.acts import Act, Role
from plugin.courses.accounts.setup import new_setup_code
from plugin.courses.accounts.shared_devices import set_pin
from plugin.courses.accounts.staff import staff_by_email
from plugin.services import Services
from plugin.store import Store
from plugin.web.account.lock import hash_pin
from practice_square.serving import local_server
from tests.browser.clinic import until
from tests.chromium import WINDOW, watched_page
from tests.clock import HandMovedClock
from tests.web.conftest import open_house_on
from tests.web.page import has_word
from tests.web.visitor import PASSWORD, email_of, hire

PIN = "2580"


@dataclass
class House:
    """A clinic at an address that browsers make passkeys for."""

    services: Services
    clock: HandMovedClock
    address: str


@pytest.fixture
def house(lite_store: Store, clock: HandMovedClock) -> Iterator[House]:
    services = open_house_on(lite_store, clock)
    for role in (Role.DESK, Role.PRACTITIONER):
        staff = staff_by_email(lite_store, hire(services, role))
        assert staff is not None
        act = Act(staff.actor, clock(), f"pin of {role}")
        set_pin(lite_store, act, hash_pin(services.settings, staff.id, PIN))
    app: Flask = create_app(services=services)
    server = local_server(app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield House(services, clock, f"http://localhost:{server.port}")
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(**WINDOW)
    with watched_page(context) as opened:
        yield opened
    context.close()


def sign_in(page: Page, house: House) -> None:
    page.goto(f"{house.address}/sign-in")
    page.get_by_label("E-mail").fill(email_of(Role.DESK))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("details.person")).to_be_visible()


def with_authenticator(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_the_first_owner_begins_with_a_passkey(window: Page, house: House) -> None:
    page, services = window, house.services
    page.goto(f"{house.address}/set-up")
    secret = services.settings.secret_key.get_secret_value()
    page.get_by_label("Set-up code").fill(new_setup_code(services.store, secret, house.clock()))
    page.get_by_role("button", name="Start").click()
    page.get_by_label("Your name").fill("June Park")
    begin = page.get_by_role("button", name="Use a passkey instead of a password")
    begin.click()
    expect(page.get_by_text("Your e-mail address is missing.").first).to_be_visible()
    page.get_by_label("E-mail").fill("june@example.org")
    with_authenticator(page)
    begin.click()
    expect(page.get_by_role("heading", name="Your clinic")).to_be_visible()


def test_a_passkey_is_added_signs_in_and_confirms(window: Page, house: House) -> None:
    page = window
    with_authenticator(page)
    sign_in(page, house)
    page.goto(f"{house.address}/account/ways")
    page.get_by_label("Name of the device").fill("Front desk iPad")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey is saved.")).to_be_visible()
    expect(page.locator(".row-main", has_text="Front desk iPad")).to_be_visible()
    # A second one on the same device is refused by the device, in words.
    page.get_by_label("Name of the device").fill("The same again")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("This device has a passkey for this account already.")).to_be_visible()

    page.locator("details.person > summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("details.person")).to_be_visible()

    # What asks for the password again takes the passkey, over the page and without losing what was typed.
    house.clock.advance(hours=1)
    page.goto(f"{house.address}/account/ways")
    pin = page.locator(".pin-form")
    pin.get_by_label("PIN", exact=True).fill("1470")
    pin.get_by_label("Type it again").fill("1470")
    pin.get_by_role("button").click()
    dialog = page.get_by_role("dialog", name="Confirm it’s you")
    dialog.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_text("Your PIN is saved.")).to_be_visible()


def test_each_question_over_a_page_that_stays_is_answered_once(window: Page, house: House) -> None:
    page = window
    with_authenticator(page)
    sign_in(page, house)
    page.goto(f"{house.address}/account/ways")
    page.get_by_label("Name of the device").fill("Front desk iPad")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey is saved.")).to_be_visible()
    answers: list[str] = []
    page.on("response", lambda each: answers.append(f"{each.status} {each.url}"))
    pin = page.locator(".pin-form")
    for again in ("1471", "1470"):
        house.clock.advance(hours=1)
        pin.get_by_label("PIN", exact=True).fill("1470")
        pin.get_by_label("Type it again").fill(again)
        pin.get_by_role("button").click()
        dialog = page.get_by_role("dialog", name="Confirm it’s you")
        dialog.get_by_role("button", name="Use your passkey").click()
        said = "Your PIN is saved." if again == "1470" else "The two PINs are not the same."
        expect(page.get_by_text(said).first).to_be_visible()
        # A second tap within a moment is not counted.
        page.wait_for_timeout(1300)
    given = [each.split(" ")[0] for each in answers if "/verify/passkey/" in each]
    assert given == ["204", "204"]


def share(page: Page, house: House) -> None:
    sign_in(page, house)
    page.goto(f"{house.address}/account/ways")
    page.get_by_label("Name of this device").fill("Front desk")
    page.get_by_role("button", name="Share this device").click()
    expect(page.get_by_text("is a shared device now")).to_be_visible()


def half_fill(page: Page, house: House) -> None:
    page.goto(f"{house.address}/clients#new")
    page.locator("#new").get_by_label("Name").fill("Ana Ruiz")


def tap_in(page: Page, name: str) -> None:
    page.get_by_text(name).click()
    page.get_by_label("PIN").fill(PIN)
    page.get_by_role("button", name="Continue").click()


def test_an_idle_ipad_locks_and_gives_the_form_back(window: Page, house: House) -> None:
    page = window
    page.clock.install()
    share(page, house)
    half_fill(page, house)
    page.clock.fast_forward("04:50")
    expect(page.locator("#new").get_by_label("Name")).to_have_value("Ana Ruiz")
    page.clock.fast_forward("00:15")
    expect(page.get_by_role("heading", name="Who is here?")).to_be_visible()
    kept = page.evaluate("document.documentElement.outerHTML + JSON.stringify({...sessionStorage})")
    assert not has_word(kept, "Ana")
    page.go_back()
    expect(page.get_by_role("heading", name="Who is here?")).to_be_visible()
    tap_in(page, "A. Kim")
    expect(page.locator("details.person")).to_contain_text("A. Kim")
    assert "Ana Ruiz" not in page.content()
    page.locator("details.person > summary").click()
    page.get_by_role("button", name="Lock").click()
    tap_in(page, "Deb Lane")
    expect(page.get_by_label("Name", exact=True).last).to_have_value("Ana Ruiz")
    # It may lock once more; after the page is left it is forgotten.
    page.clock.fast_forward("06:00")
    tap_in(page, "Deb Lane")
    expect(page.get_by_label("Name", exact=True).last).to_have_value("Ana Ruiz")
    page.goto(house.address)
    page.wait_for_function("!sessionStorage.getItem('coursekeeper-held')")


def test_what_is_on_its_way_as_a_device_locks_finds_no_page_and_is_no_fault(
    window: Page, house: House
) -> None:
    share(window, house)
    # What waits to be sent is counted as the connection comes back, and the answer finds an emptied page.
    window.evaluate(
        """() => {
          dispatchEvent(new Event("online"));
          document.querySelector("[data-lock-now]").click();
        }"""
    )
    expect(window.get_by_role("heading", name="Who is here?")).to_be_visible()


def switch_person(page: Page, name: str) -> None:
    page.locator("details.person > summary").click()
    page.get_by_role("button", name="Switch person").click()
    dialog = page.get_by_role("dialog", name="Who is here?")
    dialog.get_by_text(name).click()
    dialog.get_by_label("PIN").fill(PIN)
    dialog.get_by_role("button", name="Continue").click()
    expect(page.locator("details.person")).to_contain_text(name)


def test_another_person_takes_over_within_the_page(window: Page, house: House) -> None:
    page = window
    share(page, house)
    half_fill(page, house)
    switch_person(page, "A. Kim")
    expect(page.locator("#new").get_by_label("Name")).to_have_value("Ana Ruiz")
    page.get_by_role("button", name="Create client").click()
    expect(page.get_by_role("heading", name="Ana Ruiz", level=1)).to_be_visible()


def test_an_answer_to_the_person_before_does_not_lock_the_page_of_the_next(
    window: Page, house: House
) -> None:
    page = window
    held: list[Route] = []
    share(page, house)
    half_fill(page, house)
    page.route(re.compile("seen="), lambda route: held.append(route))
    until(page, lambda: bool(held))
    switch_person(page, "A. Kim")
    held[0].fulfill(status=401)
    page.wait_for_timeout(500)
    expect(page.locator("#new").get_by_label("Name")).to_have_value("Ana Ruiz")
