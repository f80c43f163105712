"""Staff and API tokens for the owner: who may come in, and ending that at once (C4)."""

import pytest
from flask import Flask

from plugin.core.acts import Role
from plugin.courses.accounts.api_tokens import add_token, list_tokens
from plugin.courses.accounts.staff import add_staff, staff_by_email
from plugin.services import Services
from tests.web.conftest import As
from tests.web.page import Form, Page
from tests.web.visitor import PASSWORD, Visitor, email_of

ADDRESS = "/clinic/staff"


def form_of(visitor: Visitor, action: str, number: int = 0) -> Form:
    return [form for form in visitor.page(ADDRESS).forms if form.action.endswith(action)][number]


def is_let_in(visitor: Visitor) -> bool:
    return visitor.get("/").status_code == 200


@pytest.fixture
def token(small_house: Services) -> str:
    return add_token(small_house.store, name="Kiosk", role=Role.DESK, now=small_house.clock())


def call(app: Flask, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return app.test_client().get("/api/v1/clients", headers=headers).status_code


def test_a_person_who_leaves_is_refused_at_the_next_request(small_olga: Visitor, small_deb: Visitor) -> None:
    assert is_let_in(small_deb)
    page = small_olga.after(form_of(small_olga, "/deactivation"))
    assert "Deb Lane is deactivated and signed out everywhere." in page.text
    assert not is_let_in(small_deb)
    assert small_deb.get("/today/live", headers={"X-Live": "1"}).status_code == 401
    assert small_deb.sign_in(email_of(Role.DESK)).status_code == 422


def test_a_person_who_comes_back_signs_in_with_the_old_password(
    small_olga: Visitor, small_deb: Visitor
) -> None:
    small_olga.after(form_of(small_olga, "/deactivation"))
    page = small_olga.after(form_of(small_olga, "/reactivation"))
    assert "Deb Lane can sign in again" in page.text
    assert not is_let_in(small_deb)
    assert small_deb.sign_in(email_of(Role.DESK), PASSWORD).status_code == 302
    assert is_let_in(small_deb)


def test_both_are_done_once_however_often_they_are_sent(small_olga: Visitor, small_deb: Visitor) -> None:
    deactivation = form_of(small_olga, "/deactivation")
    assert small_olga.send(deactivation).status_code == 303
    assert small_olga.send(deactivation).status_code == 303
    reactivation = form_of(small_olga, "/reactivation")
    assert small_olga.send(reactivation).status_code == 303
    assert small_olga.send(reactivation).status_code == 303


def test_the_list_says_who_may_sign_in_and_when_they_last_did(
    small_olga: Visitor, small_house: Services, small_deb: Visitor
) -> None:
    add_staff(
        small_house.store,
        email="wu@example.org",
        name="<b>Dr. Wu</b>",
        role=Role.PRACTITIONER,
        password_hash="h",
        now=small_house.clock(),
    )
    page = small_olga.page(ADDRESS)
    assert "Deb Lane desk@example.org Front desk · last sign-in 6:00 PM" in page.text
    assert "<b>Dr. Wu</b> wu@example.org Practitioner · no sign-in recorded" in page.text
    assert "Olga Ruiz owner@example.org Owner · last sign-in" in page.text
    assert page.text.index("desk@example.org") < page.text.index("owner@example.org")
    small_olga.after(form_of(small_olga, "/deactivation", 1))
    page = small_olga.page(ADDRESS)
    assert "Deb Lane Deactivated" in page.text
    assert page.text.index("desk@example.org") > page.text.index("owner@example.org")


def test_an_owner_finds_no_way_to_deactivate_herself_and_a_made_up_one_is_refused(
    small_olga: Visitor, small_deb: Visitor, small_house: Services
) -> None:
    olga = staff_by_email(small_house.store, email_of(Role.OWNER))
    assert olga is not None
    form = form_of(small_olga, "/deactivation")
    assert olga.id not in form.action
    made_up = Form(f"{ADDRESS}/{olga.id}/deactivation", "post", form.fields)
    answer = small_olga.send(made_up)
    assert answer.status_code == 409
    page = Page(answer.text)
    assert "You can’t deactivate yourself. Another owner can." in page.text
    assert "Deb Lane" in page.text
    assert is_let_in(small_olga)


def test_before_a_person_is_deactivated_it_is_said_what_stays(
    small_olga: Visitor, small_as: As, small_desk, token: str
) -> None:
    kim = small_as(Role.PRACTITIONER)
    course = small_desk.sell()
    client = f"/clients/{small_desk.course(course).client_id}"
    kim.after(kim.page(client).form("/uses"))
    page = small_olga.page(ADDRESS)
    assert "Visits and history keep this name. 1 API token stays valid" in page.text
    small_olga.after(form_of(small_olga, "/deactivation"))
    assert "with A. Kim" in small_olga.page(client).text


def test_a_leaked_token_is_refused_at_the_next_call(
    small_olga: Visitor, small_app: Flask, token: str
) -> None:
    assert call(small_app, token) == 200
    form = form_of(small_olga, "/revocation")
    page = small_olga.after(form)
    assert "The token “Kiosk” is revoked. Programs that use it are refused." in page.text
    assert call(small_app, token) == 401
    assert small_olga.send(form).status_code == 303


def test_a_token_shows_its_last_use_and_never_itself(
    small_olga: Visitor, small_app: Flask, token: str
) -> None:
    assert "Kiosk Front desk · created Nov 22 No use recorded" in small_olga.page(ADDRESS).text
    call(small_app, token)
    page = small_olga.page(ADDRESS)
    assert "Last used 6:00 PM" in page.text
    assert token not in page.html


def test_a_revoked_token_is_listed_apart(small_olga: Visitor, small_house: Services, token: str) -> None:
    assert "No API token yet" not in small_olga.page(ADDRESS).text
    small_olga.after(form_of(small_olga, "/revocation"))
    page = small_olga.page(ADDRESS)
    assert "No API token yet" in page.text
    assert "1 revoked or expired token" in page.text
    assert list_tokens(small_house.store)[0].revoked_at == small_house.clock()


@pytest.mark.parametrize(
    "address",
    [f"{ADDRESS}/none/deactivation", f"{ADDRESS}/none/reactivation", f"{ADDRESS}/tokens/none/revocation"],
)
def test_what_is_not_there_is_said_so(small_olga: Visitor, small_deb: Visitor, address: str) -> None:
    fields = form_of(small_olga, "/deactivation").fields
    assert small_olga.send(Form(address, "post", fields)).status_code == 404


def test_it_is_in_the_owners_menu_and_in_no_other(small_olga: Visitor, small_deb: Visitor) -> None:
    assert ADDRESS in small_olga.page("/").links()
    assert ADDRESS not in small_deb.page("/").links()
