"""A form that comes after its sign-in has ended, from a browser without scripts: it is shown again, filled in."""

from datetime import date
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from plugin.core.acts import Role
from plugin.courses.clients.clients import find_clients
from plugin.services import Services
from tests.courses.desk import Desk
from tests.web.conftest import signed_in
from tests.web.page import Form, Page
from tests.web.visitor import PASSWORD, Visitor, email_of

HERE = "http://localhost"


def sent_from(visitor: Visitor, form: Form, origin: str | None = HERE, **typed: Any) -> TestResponse:
    """Send a form as a browser does, which names the page's origin."""
    headers = {"Origin": origin, "Referer": f"{HERE}/clients"} if origin else {}
    return visitor.client.post(
        form.action, data=form.filled(**typed), headers=headers, environ_base=visitor.environ
    )


def new_client(page: Page) -> Form:
    return next(form for form in page.forms if (form.action, form.method) == ("/clients", "post"))


def signed_out(visitor: Visitor) -> Visitor:
    visitor.client.delete_cookie("coursekeeper")
    return visitor


def found(services: Services, name: str) -> int:
    return len(find_clients(services.store, name, today=date(2026, 11, 22), limit=9).rows)


def test_c1_what_was_typed_is_carried_through_the_sign_in(small_deb: Visitor, small_house: Services) -> None:
    form = new_client(small_deb.page("/clients"))
    asked = sent_from(signed_out(small_deb), form, name="Ana Ruiz", email="ana@example.org")
    assert asked.status_code == 401
    page = Page(asked.text)
    assert "nothing was saved yet" in page.text
    wrong = small_deb.send(page.form("/sign-in"), email=email_of(Role.DESK), password="not-it")
    again = small_deb.send(Page(wrong.text).form("/sign-in"), email=email_of(Role.DESK), password=PASSWORD)
    assert again.status_code == 200
    shown = Page(again.text)
    assert "Check it and send it again." in shown.text
    filled = new_client(shown)
    assert (filled.fields["name"], filled.fields["email"]) == ("Ana Ruiz", "ana@example.org")
    assert found(small_house, "Ana Ruiz") == 0
    assert small_deb.send(filled).status_code == 303
    assert found(small_house, "Ana Ruiz") == 1


def test_c1_a_tap_that_has_no_page_of_its_own_leads_back_and_says_that_nothing_was_saved(
    small_deb: Visitor, small_desk: Desk
) -> None:
    course = small_desk.course(small_desk.sell())
    form = small_deb.page(f"/clients/{course.client_id}").form("/uses")
    page = Page(sent_from(signed_out(small_deb), form).text)
    again = small_deb.send(page.form("/sign-in"), email=email_of(Role.DESK), password=PASSWORD)
    assert "so nothing was saved" in Page(again.text).text
    assert small_desk.course(course.id).left == course.left


def test_c1_with_the_token_of_an_earlier_sign_in_the_form_comes_back_filled_in(small_deb: Visitor) -> None:
    form = new_client(small_deb.page("/clients"))
    small_deb.send(small_deb.page("/").form("/sign-out"))
    small_deb.sign_in(email_of(Role.DESK))
    form.fields["csrf_token"] = "of before"
    answer = sent_from(small_deb, form, name="Ana Ruiz")
    assert answer.status_code == 400
    again = new_client(Page(answer.text))
    assert again.fields["name"] == "Ana Ruiz"
    assert small_deb.send(again).status_code == 303


def test_another_sites_form_is_never_shown_as_ours(small_deb: Visitor) -> None:
    for origin in (None, "null", "https://evil.example", "http://localhost.evil.example"):
        form = Form("/clients", "post", {"name": "Planted", "csrf_token": "x"})
        for visitor in (small_deb, signed_out(small_deb)):
            answer = sent_from(visitor, form, origin)
            assert answer.status_code in (400, 401)
            assert "Planted" not in answer.text
        small_deb.sign_in(email_of(Role.DESK))


def test_a_form_of_another_role_is_not_shown(small_app: Flask, small_house: Services) -> None:
    olga = signed_in(small_app, small_house, Role.OWNER)
    signed_in(small_app, small_house, Role.DESK)
    form = Form("/packages", "post", {"name": "Secret package"})
    page = Page(sent_from(signed_out(olga), form).text)
    answer = olga.send(page.form("/sign-in"), email=email_of(Role.DESK), password=PASSWORD)
    assert answer.status_code == 303
    assert "Secret package" not in answer.text


def test_a_tap_on_a_row_comes_back_on_its_list(small_app: Flask, small_house: Services) -> None:
    olga = signed_in(small_app, small_house, Role.OWNER)
    form = Form("/clinic/events/a-receiver/test", "post", {"key": "of the page"})
    page = Page(sent_from(signed_out(olga), form).text)
    again = olga.send(page.form("/sign-in"), email=email_of(Role.OWNER), password=PASSWORD)
    assert again.status_code == 200
    assert "Check it and send it again." in Page(again.text).text


def test_a_made_up_address_leads_nowhere(small_deb: Visitor) -> None:
    form = signed_out(small_deb).page("/sign-in").form("/sign-in")
    for address in ("https://evil.example/", "//evil.example/", "/nowhere", "nowhere"):
        carried = {"carried_to": address, "carried": "name=x"}
        answer = small_deb.send(form, email=email_of(Role.DESK), password=PASSWORD, **carried)
        assert answer.headers.get("Location", "/") == "/"
        signed_out(small_deb)
        form = small_deb.page("/sign-in").form("/sign-in")


def test_a_script_is_told_that_the_sign_in_has_ended_or_changed(small_deb: Visitor) -> None:
    form = new_client(small_deb.page("/clients"))
    form.fields["csrf_token"] = "of before"
    stale = small_deb.send_by_htmx(form, name="Ana")
    assert (stale.status_code, stale.headers.get("X-Stale-Token")) == (400, "1")
    assert signed_out(small_deb).send(form, htmx=True, name="Ana").status_code == 401


def test_what_became_of_a_form_is_known_by_its_key(small_deb: Visitor) -> None:
    form = new_client(small_deb.page("/clients"))
    address = f"/answers/{form.fields['key']}"
    assert small_deb.get(address).json == {"is_done": False}
    small_deb.after(form, name="Ana Ruiz")
    assert small_deb.get(address).json == {"is_done": True}
