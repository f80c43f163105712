"""The pages of settings: saved at once, secrets never shown again, what the server sets only shown."""

import json
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from werkzeug import Request, Response

from plugin import create_app
from plugin.configuration.save import recent_changes
from plugin.core.acts import Role
from plugin.courses.base.clinic import read_clinic
from plugin.services import Services
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.configuration.running import KEY, running_on, save
from tests.courses.desk import Desk
from tests.mail_server import PostOffice, running_post_office
from tests.servers import served
from tests.web.conftest import signed_in
from tests.web.page import Page

SETTINGS = "/clinic/settings"


TOKEN = "EAAA-of-lotus"
ANSWERS = {
    "/v2/merchants/me": {"merchant": {"id": "ML1", "business_name": "Lotus Acupuncture"}},
    "/v2/locations": {"locations": [{"id": "L1", "name": "Uptown"}]},
    "/oauth2/token/status": {"scopes": ["ORDERS_READ"]},
}


@Request.application
def answer_as_square(request: Request) -> Response:
    """Answer for one business to one token."""
    if request.headers.get("Authorization") == f"Bearer {TOKEN}":
        return Response(json.dumps(ANSWERS[request.path]), mimetype="application/json")
    error = {"category": "AUTHENTICATION_ERROR", "code": "UNAUTHORIZED"}
    return Response(json.dumps({"errors": [error]}), status=401, mimetype="application/json")


@pytest.fixture(scope="module")
def square() -> Iterator[str]:
    """The address of a Square that knows one token."""
    with served(answer_as_square) as address:
        yield address


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    with running_post_office() as running:
        yield running


class Owner:
    """Olga before the settings of a process whose environment sets what is `given`."""

    def __init__(self, app: Flask, services: Services) -> None:
        self.services = services
        self.visitor = signed_in(app, services, Role.OWNER)

    def page(self, name: str = "") -> Page:
        return self.visitor.page(f"{SETTINGS}/{name}".rstrip("/"))

    def saved(self, form: str, page: str = "", **typed: str) -> Page:
        return self.visitor.after(self.page(page or form).form(f"/{form}"), **typed)

    def refused(self, form: str, page: str = "", **typed: str) -> str:
        answer = self.visitor.send(self.page(page or form).form(f"/{form}"), **typed)
        assert answer.status_code in (409, 422), answer.status_code
        return Page(answer.text).text


@pytest.fixture(scope="module")
def app() -> list[Flask]:
    return []


@pytest.fixture
def olga(lite_store: Store, clock: HandMovedClock, app: list[Flask]) -> Iterator[Callable[..., Owner]]:
    opened: list[Services] = []

    def open_as(keys: str = KEY, **given: str) -> Owner:
        services = running_on(lite_store, clock, keys=keys, **cast(Any, given))
        opened.append(services)
        if not app:
            app.append(create_app(services=services))
        app[0].extensions["coursekeeper"] = services
        return Owner(app[0], services)

    yield open_as
    for each in opened:
        each.square.close()


def test_the_overview_says_how_each_page_stands_and_who_changed_what(olga: Callable[..., Owner]) -> None:
    owner = olga()
    assert "Not set up: no e-mail is sent" in owner.page().text
    said = owner.saved("retention", retention_days="45").text
    assert "Saved. It is in use now." in said
    page = owner.page()
    assert "45 days" in page.text
    assert "Days of finished work 45 Olga Ruiz" in page.text
    assert f"{SETTINGS}/advanced" in page.links()


def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays(olga: Callable[..., Owner]) -> None:
    owner = olga()
    assert "Days of finished work should be greater than 30" in owner.refused("retention", retention_days="7")
    said = owner.refused("advanced", public_url="desk", trusted_proxies="everybody")
    assert "Address of the desk is no web address" in said
    assert "Trusted proxies is no list of addresses" in said
    assert owner.services.settings.retention_days == 90


def test_what_the_server_sets_is_shown_and_not_changed(olga: Callable[..., Owner]) -> None:
    owner = olga(
        retention_days="60",
        activity_days="400",
        client_answer_days="90",
        unused_years="3",
        database_url="postgresql://u:pw-of-the-database@host/name",
    )
    page = owner.page("retention")
    assert not [form for form in page.forms if form.action.endswith("/retention")]
    assert "Set by the server" in page.text
    assert "RETENTION_DAYS 60" in page.text
    advanced = owner.page("advanced")
    assert "SECRET_KEY Saved" in advanced.text
    assert "postgresql://…@host/name" in advanced.text
    assert "pw-of-the-database" not in advanced.html
    assert "s" * 48 not in advanced.html


def test_two_who_change_the_same_do_not_overwrite_each_other_silently(olga: Callable[..., Owner]) -> None:
    owner = olga()
    early = owner.page("retention").form("/retention")
    owner.saved("retention", retention_days="45")
    answer = owner.visitor.send(early, retention_days="50")
    assert answer.status_code == 409
    page = Page(answer.text)
    assert "Olga Ruiz changed “Days of finished work” to “45” after you opened this page" in page.text
    again = page.form("/retention")
    assert again.fields["retention_days"] == "50"
    assert owner.visitor.send(again).status_code == 303
    assert owner.services.settings.retention_days == 50
    # The answer was lost, and it is sent again.
    assert owner.visitor.send(again).status_code == 303


def test_a_value_that_is_the_default_is_removed(olga: Callable[..., Owner], lite_store: Store) -> None:
    owner = olga()
    owner.saved("retention", retention_days="45")
    owner.saved("retention", retention_days="90")
    assert [(each.before, each.after) for each in recent_changes(owner.services)] == [("45", ""), ("", "45")]


def test_nobody_is_locked_out_by_an_address_that_does_not_work(olga: Callable[..., Owner]) -> None:
    owner = olga()
    said = owner.refused("advanced", public_url="https://desk.example.org")
    assert "Open Coursekeeper at https://desk.example.org and change it there" in said
    form = owner.page("advanced").form("/advanced")
    sent = form.filled(public_url="https://desk.example.org")
    answer = owner.visitor.client.post(form.action, data=sent, headers={"Origin": "https://desk.example.org"})
    assert answer.status_code == 303
    assert owner.services.settings.is_https


def test_a_token_is_tried_before_it_is_saved_and_never_shown(olga: Callable[..., Owner], square: str) -> None:
    owner = olga(square_base_url=square)
    assert "Square does not know this token" in owner.refused("token", "square", square_access_token="wrong")
    assert "Access token is missing" in owner.refused("token", "square")
    lost = owner.refused("advanced", public_url="desk", metrics_token="t" * 30)
    assert lost.count("please type it again") == 2
    assert "“Token for Prometheus”: please type it again" in lost
    page = owner.saved("token", "square", square_access_token=TOKEN)
    assert (
        "Square accepts the token: Lotus Acupuncture (Uptown). Saved and in use now. It lacks 16" in page.text
    )
    assert "16 missing" in page.text
    assert TOKEN not in page.html
    assert "Saved. Type to replace it." in page.html
    settings = owner.services.settings
    assert settings.square_access_token.get_secret_value() == TOKEN
    assert "L1" in page.html
    again = owner.saved("square", square_location_id="L1")
    assert "Saved." in again.text
    assert "Square has no such location" in owner.refused("square", square_location_id="ELSEWHERE")
    assert owner.services.settings.square_location_id == "L1"
    removed = owner.visitor.after(owner.page("square").form("/removal"))
    assert "Removed: Access token." in removed.text
    assert owner.services.settings.square_access_token.get_secret_value() == ""


def test_a_token_that_does_not_open_the_saved_location_clears_it(
    olga: Callable[..., Owner], square: str
) -> None:
    owner = olga(square_base_url=square)
    save(owner.services, square_location_id="L9")
    owner.saved("token", "square", square_access_token=TOKEN)
    settings = owner.services.settings
    assert (settings.square_access_token.get_secret_value(), settings.square_location_id) == (TOKEN, "")


def test_who_connects_with_a_button_chooses_the_environment_without_a_token(
    olga: Callable[..., Owner],
) -> None:
    owner = olga()
    form = owner.page("square").form("/token")
    assert owner.visitor.send(form, square_environment="production").status_code == 303
    assert owner.services.settings.square_environment == "production"


def test_secrets_left_empty_stay_and_are_never_sent_back(olga: Callable[..., Owner]) -> None:
    owner = olga()
    owner.saved("square", square_application_id="sq0idp-1", square_application_secret="sq0csp-secret")
    owner.saved("square", square_application_id="sq0idp-2")
    settings = owner.services.settings
    assert settings.square_application_id == "sq0idp-2"
    assert settings.square_application_secret.get_secret_value() == "sq0csp-secret"
    assert "sq0csp-secret" not in owner.page("square").html + owner.page().html
    answer = owner.visitor.send(
        owner.page("square").form("/square"), square_application_secret="typed-secret", square_webhook_url="x"
    )
    assert answer.status_code == 422
    assert "typed-secret" not in answer.text


def test_a_mail_server_is_saved_in_parts_and_tried(olga: Callable[..., Owner], office: PostOffice) -> None:
    owner, parts = olga(), {"host": "127.0.0.1", "port": str(office.port), "security": "none"}
    page = owner.saved("email", **parts, mail_from="Lotus <desk@example.org>")
    assert (
        owner.services.settings.mail_url.get_secret_value() == f"smtp://127.0.0.1:{office.port}?starttls=no"
    )
    said = owner.visitor.after(page.form("/test"), to="olga@example.org").text
    assert "127.0.0.1 took the test e-mail for olga@example.org" in said
    assert "does not take this address. Its answer: “550" in owner.refused(
        "test", "email", to="gone@example.org"
    )


def test_a_saved_password_stays_and_goes_to_no_other_server(olga: Callable[..., Owner]) -> None:
    owner = olga()
    first = {"host": "SMTP.example.org", "user": "a@b.org", "password": "p@ss", "mail_from": "a@b.org"}
    page = owner.saved("email", **first)
    assert "p@ss" not in page.html
    assert "p%40ss" not in page.html
    owner.saved("email", mail_from="Lotus <a@b.org>")
    saved = "smtp://a%40b.org:p%40ss@smtp.example.org:587?starttls=yes"
    assert owner.services.settings.mail_url.get_secret_value() == saved
    assert "Enter the password again" in owner.refused("email", host="smtp.example.com")
    assert owner.services.settings.mail_url.get_secret_value() == saved
    owner.visitor.after(owner.page("email").form("/removal"))
    assert not owner.services.mail.is_ready


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"host": "smtp://x"}, "A mail server is a name such as smtp.example.org"),
        ({"host": ""}, "The server is missing"),
        ({"port": "0"}, "A port is a number from 1 to 65535"),
        ({"port": "99999"}, "A port is a number from 1 to 65535"),
        ({"mail_from": "nobody"}, "Sender is no sender; write it like"),
        ({"security": "ssl"}, "Choose one of those in the list"),
        ({"host": "h" * 70_000}, "The server"),
    ],
)
def test_a_wrong_mail_server_is_told_in_words(
    olga: Callable[..., Owner], typed: dict[str, str], says: str
) -> None:
    right = {"host": "smtp.example.org", "mail_from": "desk@example.org"}
    owner = olga()
    assert says in owner.refused("email", **right | typed)
    assert owner.services.settings.mail_url.get_secret_value() == ""


def test_papers_after_visits_are_switched_beside_the_mail_server(olga: Callable[..., Owner]) -> None:
    owner = olga()
    assert "Nothing is sent until the mail server is set up." in owner.page("email").text
    for is_on in (False, True):
        owner.saved("visits", "email")
        assert read_clinic(owner.services.store).sends_papers is is_on
    assert recent_changes(owner.services)[0].label == "Papers by e-mail after each visit"


def test_a_mail_server_of_the_environment_leaves_the_sender_to_the_owner(olga: Callable[..., Owner]) -> None:
    owner = olga(mail_url="smtp://u:secret-of-server@smtp.example.org")
    page = owner.page("email")
    assert "MAIL_URL Saved" in page.text
    assert "secret-of-server" not in page.html
    owner.saved("email", mail_from="Lotus <desk@example.org>")
    assert owner.services.mail.is_ready


def test_time_zone_and_language_are_saved_and_the_currency_until_something_is_priced(
    olga: Callable[..., Owner], clock: HandMovedClock
) -> None:
    owner = olga()
    owner.saved("clinic", time_zone="Europe/Berlin", currency="CAD", language="zh-Hans")
    clinic = read_clinic(owner.services.store)
    assert (clinic.time_zone, clinic.currency, clinic.language) == ("Europe/Berlin", "CAD", "zh-Hans")
    owner.saved("clinic", currency="USD")
    assert "is no time zone" in owner.refused("clinic", time_zone="Mars/Olympus")
    Desk(owner.services.store, clock).sell()
    page = owner.page("clinic")
    assert "Courses were sold in USD, so the currency stays." in page.text
    assert "so the currency stays" in owner.refused("clinic", currency="JPY")
    owner.saved("clinic", language="en")
    assert recent_changes(owner.services)[0].label == "Language"


def test_two_who_change_the_clinic_do_not_overwrite_each_other_silently(olga: Callable[..., Owner]) -> None:
    owner = olga()
    early = owner.page("clinic").form("/clinic")
    owner.saved("clinic", language="zh-Hans")
    answer = owner.visitor.send(early, time_zone="Europe/Berlin")
    assert (answer.status_code, "after you opened this page" in answer.text) == (409, True)
    assert owner.visitor.send(Page(answer.text).form("/clinic")).status_code == 303


def test_a_lost_key_is_reported_on_the_page_and_nothing_stops(
    olga: Callable[..., Owner], lite_store: Store, clock: HandMovedClock
) -> None:
    save(running_on(lite_store, clock), square_access_token="EAAA")
    owner = olga(keys=Fernet.generate_key().decode())
    for name in ("", "square"):
        assert "SQUARE_ACCESS_TOKEN can’t be read: the key it was sealed with" in owner.page(name).text


def test_without_a_key_it_is_said_that_no_secret_can_be_saved(olga: Callable[..., Owner]) -> None:
    without = olga(keys="")
    assert "Secrets can’t be saved here yet" in without.page("square").text
    said = without.refused("square", square_application_secret="sq0csp")
    assert "ENCRYPTION_KEYS is missing" in said


@pytest.mark.parametrize("name", ["database_url", "secret_key", "nonsense", ""])
def test_nothing_else_is_removed(olga: Callable[..., Owner], name: str) -> None:
    owner = olga()
    owner.saved("square", square_application_secret="x")
    form = owner.page("square").form("/removal")
    assert owner.visitor.send(form, name=name).status_code == 409


def test_an_unknown_page_of_settings_is_none(olga: Callable[..., Owner]) -> None:
    assert olga().visitor.get(f"{SETTINGS}/nonsense").status_code == 404


def language_of_new_client(page: Page) -> str:
    return next(form.fields["language"] for form in page.forms if "language" in form.fields)


def test_the_desk_chooses_among_the_languages_on_offer_and_begins_with_the_clinics(
    olga: Callable[..., Owner],
) -> None:
    owner = olga()
    form = owner.page("clinic").form("/languages")
    sent = form.filled() | {"client_languages": ["es", "zh-Hans"]}
    assert owner.visitor.client.post(form.action, data=sent).status_code == 303
    page = owner.visitor.page("/clients")
    assert ">English<" not in page.html
    assert language_of_new_client(page) == "es"
    owner.saved("clinic", language="zh-Hans")
    assert language_of_new_client(owner.visitor.page("/clients")) == "zh-Hans"
    answer = owner.visitor.client.post(form.action, data={**form.filled(), "client_languages": []})
    assert (answer.status_code, "Choose at least one language." in answer.text) == (422, True)
    wrong = {**form.filled(), "client_languages": ["tlh"]}
    answer = owner.visitor.client.post(form.action, data=wrong)
    assert (answer.status_code, "is a list of languages that papers are written in" in answer.text) == (
        422,
        True,
    )
