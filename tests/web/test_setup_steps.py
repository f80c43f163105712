"""The steps of the set-up that speak to others: Square, mail, the team; restoring instead; and the checklist."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.accounts.setup import FirstOwner, create_first_owner, is_setup_open, new_setup_code
from plugin.courses.accounts.staff import list_all_staff
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.inbox import receive
from plugin.courses.catalog.packages import list_packages
from plugin.services import Services
from plugin.store import Store
from plugin.store.backup import backup
from practice_square.serving import PracticeServer, running_practice
from tests.applications import SharedApplication
from tests.clock import HandMovedClock
from tests.configuration.running import running_on
from tests.mail_server import running_post_office
from tests.web.conftest import signed_in
from tests.web.page import Form
from tests.web.visitor import Visitor, hire

SQUARE = "/first-steps/square"
MAIL = "/first-steps/mail"


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeServer]:
    with running_practice(tmp_path_factory.mktemp("practice"), currency="CAD") as server:
        yield server


@pytest.fixture
def live(sqlite_url: str, clock: HandMovedClock, practice: PracticeServer) -> Iterator[Services]:
    """Coursekeeper whose settings the owner changes, beside a practice Square."""
    with Store(sqlite_url) as store:
        yield running_on(store, clock, database_url=sqlite_url, square_base_url=practice.base_url)


@pytest.fixture
def app(live: Services, _shared_small_app: SharedApplication) -> Iterator[Flask]:
    yield _shared_small_app.serving(live)
    _shared_small_app.assert_unchanged()


@pytest.fixture
def olga(app: Flask, live: Services) -> Visitor:
    return signed_in(app, live, Role.OWNER)


def _connect(olga: Visitor, token: str, environment: str = "practice") -> tuple[int, str]:
    form = olga.page(SQUARE).form(f"{SQUARE}/token")
    answer = olga.send(form, square_access_token=token, square_environment=environment)
    return answer.status_code, answer.text


def test_a_clinic_is_asked_for_its_real_square_first(olga: Visitor) -> None:
    assert 'value="production" checked' in olga.page(SQUARE).html


@pytest.mark.parametrize("token", ["wrong-token-7", "", "x" * 1500, "two words 7", "é7"])
def test_a_token_that_does_not_work_is_not_saved(olga: Visitor, live: Services, token: str) -> None:
    status, page = _connect(olga, token)
    assert status == 422
    assert "aria-invalid" in page
    assert live.settings.square_access_token.get_secret_value() == ""
    assert live.settings.square_environment == "practice"
    if token:
        assert token not in page


def test_a_made_up_environment_is_refused(olga: Visitor, live: Services) -> None:
    assert _connect(olga, "token", "moon")[0] == 422
    assert live.settings.square_access_token.get_secret_value() == ""


def test_a_token_that_works_brings_the_business_its_currency_and_the_packages(
    olga: Visitor, live: Services, practice: PracticeServer
) -> None:
    assert _connect(olga, practice.access_token)[0] == 303
    page = olga.page(SQUARE).html
    assert "Connected to Square" in page
    assert "every 20 seconds" in page
    assert f"{SQUARE}/events" in page
    now = live.clock()
    receive(live.store, event_id="E1", event_type="payment.updated", body="{}", now=now)
    page = olga.page(SQUARE).html
    assert "Square reports each sale as it happens." in page
    assert f"{SQUARE}/events" not in page
    assert practice.access_token not in page
    assert read_clinic(live.store).currency == "CAD"
    assert olga.send(olga.page(SQUARE).form(f"{SQUARE}/location")).status_code == 303
    form = olga.page("/first-steps/packages").form("/first-steps/packages")
    assert olga.send(form).headers["Location"] == MAIL
    packages = list_packages(live.store).rows
    assert len(packages) == 3
    assert all(each.square_variation_id for each in packages)


def test_packages_sold_already_are_linked_instead(
    olga: Visitor, live: Services, practice: PracticeServer
) -> None:
    _connect(olga, practice.access_token)
    form = olga.page("/first-steps/packages").form("/first-steps/packages")
    one = {name: value for name, value in form.fields.items() if name not in ("sells_1", "sells_2")}
    assert olga.send(replace(form, fields=one), way="link").headers["Location"] == "/first-steps/packages"
    (package,) = list_packages(live.store).rows
    assert package.square_variation_id is None
    page = olga.page(f"/first-steps/packages/{package.id}/items?q=a")
    assert "Sell under" in page.html
    assert olga.send(page.form(f"/first-steps/packages/{package.id}/square-item")).status_code == 303
    assert list_packages(live.store).rows[0].square_variation_id


def test_a_location_that_square_does_not_have_is_refused(olga: Visitor, practice: PracticeServer) -> None:
    _connect(olga, practice.access_token)
    form = olga.page(SQUARE).form(f"{SQUARE}/location")
    assert olga.send(form, square_location_id="NOWHERE").status_code == 422


# E-mail.


def _typed_account(port: int) -> dict[str, str]:
    return {
        "provider": "other",
        "host": "127.0.0.1",
        "port": str(port),
        "security": "none",
        "address": "desk@lotus.example",
        "sender": "Lotus, Inc. 莲",
        "password": "",
        "to": "june@lotus.example",
    }


def _mail_form(olga: Visitor, port: int) -> tuple[Form, dict[str, str]]:
    return olga.page(MAIL).form(MAIL), _typed_account(port)


def test_a_mail_server_that_takes_the_test_is_saved(olga: Visitor, live: Services) -> None:
    with running_post_office() as office:
        form, typed = _mail_form(olga, office.port)
        assert olga.send(form, **typed).headers["Location"] == "/first-steps/paper"
        assert [letter["To"] for letter in office.taken] == ["june@lotus.example"]
        assert "莲" in str(office.taken[0]["From"])
        assert live.mail.is_ready
        page = olga.page(MAIL)
        assert "E-mail is set up" in page.html
        assert olga.send(page.form(f"{MAIL}/test")).status_code == 303
        assert len(office.taken) == 2


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"to": "gone@lotus.example"}, "no such person"),
        ({"port": "1"}, "can’t be reached"),
        ({"host": ""}, "The server is missing"),
        ({"port": "70000"}, "from 1 to 65535"),
        ({"address": "nobody"}, "not an e-mail address"),
        ({"provider": "google"}, "The password is missing"),
        ({"provider": "moon"}, "Choose one"),
    ],
)
def test_a_mail_server_that_does_not_is_not_saved(
    olga: Visitor, live: Services, changed: dict[str, str], says: str
) -> None:
    with running_post_office() as office:
        form, typed = _mail_form(olga, office.port)
        answer = olga.send(form, **{**typed, **changed})
    assert answer.status_code in (409, 422)
    assert says in answer.text
    assert "Lotus, Inc. 莲" in answer.text
    assert not live.mail.is_ready


@pytest.mark.parametrize("name", ["mail_from", "mail_url"])
def test_what_the_server_sets_of_mail_leads_to_the_settings_and_sends_no_test(
    sqlite_url: str, clock: HandMovedClock, name: str
) -> None:
    with Store(sqlite_url) as store, running_post_office() as office:
        given = {"mail_from": "desk@lotus.example", "mail_url": "smtp://smtp.example.org"}[name]
        services = running_on(store, clock, **cast(Any, {"database_url": sqlite_url, name: given}))
        olga = signed_in(create_app(services=services), services, Role.OWNER)
        page = olga.page(MAIL)
        assert "/clinic/settings/email" in page.links()
        assert MAIL not in [form.action for form in page.forms]
        form = replace(page.form(f"{MAIL}/skip"), action=MAIL)
        answer = olga.send(form, **_typed_account(office.port))
        assert answer.status_code == 409
        assert "set by the server" in answer.text
        assert office.taken == []


# The team.


def test_without_mail_a_link_is_shown_once(olga: Visitor, live: Services) -> None:
    page = olga.page("/first-steps/staff")
    answer = olga.send(page.form("/first-steps/staff"), name="Deb Lane", email="deb@lotus.example")
    assert answer.status_code == 200
    assert "/reset/" in answer.text
    assert [each.email for each in list_all_staff(live.store)] == ["deb@lotus.example", "owner@example.org"]
    assert "deb@lotus.example" in olga.get("/first-steps/staff").text
    assert "/reset/" not in olga.get("/first-steps/staff").text


# The checklist.


def _checklist(visitor: Visitor) -> str:
    page = visitor.get("/").text
    return page.partition('id="checklist-heading"')[2].partition("</section>")[0]


@pytest.fixture
def june(app: Flask, live: Services) -> Visitor:
    """The owner of a clinic that was set up in the browser."""
    new_setup_code(live.store, "s" * 48, live.clock())
    create_first_owner(live.store, FirstOwner("first@lotus.example", "First", "hash"), live.clock())
    return signed_in(app, live, Role.OWNER)


def test_the_checklist_says_how_things_stand_until_it_is_hidden(
    june: Visitor, live: Services, practice: PracticeServer
) -> None:
    assert "Connect Square</span></a>" in _checklist(june)
    assert "Review the aftercare texts</span></a>" in _checklist(june)
    _connect(june, practice.access_token)
    june.get("/first-steps/paper/test.pdf")
    shown = _checklist(june)
    assert "Connect Square<span" in shown
    assert "Print a test page<span" in shown
    assert "Publish a package</span></a>" in shown
    june.send(june.page("/").form("/first-steps/checklist/hide"))
    assert _checklist(june) == ""


def test_a_clinic_that_was_not_set_up_in_the_browser_has_none(olga: Visitor) -> None:
    assert _checklist(olga) == ""


def test_the_front_desk_has_no_checklist(app: Flask, june: Visitor, live: Services) -> None:
    assert _checklist(june)
    assert _checklist(signed_in(app, live, Role.DESK)) == ""


# Restoring instead.


@pytest.fixture
def copy(tmp_path: Path, small_house: Services) -> bytes:
    """A backup of another clinic, whose owner is Olga."""
    hire(small_house, Role.OWNER)
    backup(small_house.store, tmp_path / "copy.db")
    return (tmp_path / "copy.db").read_bytes()


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    return Visitor(app)


def _send_copy(visitor: Visitor, content: bytes) -> tuple[int, str]:
    form = visitor.page("/set-up/restore").form("/set-up/restore")
    answer = _upload(visitor, {**form.fields, "file": FileStorage(io.BytesIO(content), "../../copy.db")})
    return answer.status_code, answer.text


def _upload(visitor: Visitor, fields: dict[str, Any]) -> TestResponse:
    # In memory: the client would leave its temporary file open.
    boundary, body = encode_multipart(fields)
    kind = f"multipart/form-data; boundary={boundary}"
    return visitor.client.post("/set-up/restore", data=body, content_type=kind, buffered=True)


def _enter(visitor: Visitor, services: Services) -> None:
    code = new_setup_code(services.store, "s" * 48, services.clock())
    assert visitor.send(visitor.page("/set-up").form("/set-up"), code=code).status_code == 303


def test_a_backup_is_restored_in_place_of_a_set_up(copy: bytes, stranger: Visitor, live: Services) -> None:
    _enter(stranger, live)
    status, page = _send_copy(stranger, copy)
    assert status == 200
    assert "The backup is restored" in page
    assert [each.email for each in list_all_staff(live.store)] == ["owner@example.org"]
    assert stranger.get("/set-up/restore").headers["Location"] == "/"
    assert stranger.sign_in("owner@example.org").status_code == 302


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"x" * 5000])
def test_a_file_that_is_no_backup_changes_nothing(stranger: Visitor, live: Services, content: bytes) -> None:
    _enter(stranger, live)
    status, page = _send_copy(stranger, content)
    assert status in (409, 422)
    assert "Restore a backup" in page
    assert is_setup_open(live.store)


def test_a_truncated_backup_changes_nothing(copy: bytes, stranger: Visitor, live: Services) -> None:
    _enter(stranger, live)
    assert _send_copy(stranger, copy[: len(copy) // 2])[0] in (409, 422)
    assert list_all_staff(live.store) == ()


def test_without_the_code_no_file_is_taken(stranger: Visitor, live: Services) -> None:
    new_setup_code(live.store, "s" * 48, live.clock())
    token = stranger.page("/set-up").form("/set-up").fields["csrf_token"]
    sent = {"csrf_token": token, "file": FileStorage(io.BytesIO(b"x" * 400_000), "copy.db")}
    answer = _upload(stranger, sent)
    assert answer.headers["Location"] == "/set-up"
    assert stranger.get("/set-up/restore").headers["Location"] == "/set-up"


# The address of the desk.


def _create_owner(visitor: Visitor, origin: str) -> None:
    form = visitor.page("/set-up/owner").form("/set-up/owner")
    typed = form.filled(name="June Park", email="june@lotus.example", password="quiet willow seven")
    answer = visitor.client.post("/set-up/owner", data=typed, headers={"Origin": origin})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("origin", "address"),
    [
        ("http://192.168.1.20:8000", "http://192.168.1.20:8000"),
        ("null", "http://127.0.0.1:8000"),
        ("javascript:alert(1)", "http://127.0.0.1:8000"),
        ("http://" + "x" * 5000, "http://127.0.0.1:8000"),
    ],
)
def test_links_lead_to_where_the_owner_opened_it(
    stranger: Visitor, live: Services, origin: str, address: str
) -> None:
    _enter(stranger, live)
    _create_owner(stranger, origin)
    assert live.settings.public_url == address


def test_an_address_set_by_the_server_stays(
    sqlite_url: str, clock: HandMovedClock, practice: PracticeServer
) -> None:
    with Store(sqlite_url) as store:
        services = running_on(store, clock, database_url=sqlite_url, public_url="http://desk.example")
        visitor = Visitor(create_app(services=services))
        _enter(visitor, services)
        _create_owner(visitor, "http://192.168.1.20:8000")
        assert services.settings.public_url == "http://desk.example"


# The second step.


def test_with_a_real_square_the_second_step_comes_first(june: Visitor, live: Services) -> None:
    assert "Go on with the set-up" in june.get("/account/ways").text
    page = june.page("/first-steps/protect").html
    assert "Protect your sign-in" in page
    assert "Set it up" in page


def test_a_step_that_nobody_took_for_an_owner_of_old_opens_all_the_same(olga: Visitor) -> None:
    """A clinic from before the set-up: its owner may use the pages, and none of them is led anywhere."""
    for step in ("clinic", "protect", "square", "packages", "mail", "paper", "staff"):
        assert olga.get(f"/first-steps/{step}").status_code == 200
    assert "Go on with the set-up" not in olga.get("/account/ways").text
