"""Coursekeeper below a clinic's own application: both keep their own sign-in, sessions and error pages."""

from typing import Any

import pytest
from flask import Flask, session

from plugin import create_app, init_app
from plugin.core.acts import Role
from plugin.errors import ConfigurationError
from plugin.services import Services
from tests.courses.desk import Desk
from tests.web.visitor import Visitor, hire


@pytest.fixture
def host(small_house: Services) -> Flask:
    app = Flask("clinic")
    app.secret_key = "the host's own secret"

    @app.get("/")
    def home() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return f"The clinic's own page, visit {session['visits']}"

    @app.errorhandler(404)
    def lost(_error: Exception) -> tuple[str, int]:
        return "The clinic's own 404", 404

    init_app(app, url_prefix="/courses", services=small_house)
    return app


@pytest.fixture
def deb(host: Flask, small_house: Services) -> Visitor:
    visitor = Visitor(host, prefix="/courses")
    answer = visitor.sign_in(hire(small_house, Role.DESK))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/courses/")
    return visitor


def test_every_link_stays_below_the_prefix(deb: Visitor, small_desk: Desk) -> None:
    course = small_desk.sell()
    small_desk.use(course)
    for address in ("/", "/clients", f"/clients/{small_desk.course(course).client_id}", "/attention"):
        page = deb.page(address)
        links = [link for link in page.links() if not link.startswith(("#", "tel:", "mailto:"))]
        assert all(link.startswith("/courses/") for link in links), links
        assert all(form.action.startswith("/courses/") for form in page.forms)
        body = next(each for each in page.elements if each.tag == "body")
        assert body.attributes["data-live"].startswith("/courses/")


def test_addresses_are_made_once_and_as_flask_makes_them(small_house: Services) -> None:
    app = create_app(services=small_house)
    asked: list[tuple[str, dict[str, Any]]] = [
        ("clients.show", {"client_id": "a b/ü"}),
        ("clients.show", {"client_id": "a", "_anchor": "c-1"}),
        ("course_list.show", {"page": 1}),
        ("course_list.show", {"page": True}),
        ("course_list.show", {"page": "1", "state": None}),
        ("course_list.show", {"page": "1" * 101}),
        ("course_list.show", {"_external": True}),
        (".show", {"client_id": "a"}),
    ]
    # Twice each, and below another place between: what is kept must be of this one.
    for root in ("", "/courses", "", "/courses"):
        with app.test_request_context("/clients", base_url=f"http://localhost{root}"):
            for endpoint, values in asked:
                assert app.url_for(endpoint, **values) == Flask.url_for(app, endpoint, **values)


def test_a_session_is_used_there(deb: Visitor, small_desk: Desk) -> None:
    course = small_desk.sell()
    page = deb.page(f"/clients/{small_desk.course(course).client_id}")
    assert "11 of 12 left" in deb.after(page.form("/uses")).text


def test_a_new_clinic_is_set_up_there(host: Flask) -> None:
    assert Visitor(host).get("/courses/clients").headers["Location"] == "/courses/set-up"


def test_who_is_signed_in_nowhere_is_led_to_our_door(host: Flask, small_house: Services) -> None:
    hire(small_house, Role.DESK)
    answer = Visitor(host).get("/courses/clients")
    assert answer.headers["Location"] == "/courses/sign-in?next=/courses/clients"


def test_the_hosts_session_is_its_own(deb: Visitor) -> None:
    assert deb.client.get("/").text.endswith("visit 1")
    assert deb.client.get("/").text.endswith("visit 2")
    assert deb.get("/").status_code == 200
    assert deb.client.get_cookie("coursekeeper", path="/courses") is not None
    assert deb.client.get_cookie("coursekeeper", path="/") is None


def test_error_pages_are_each_ones_own(deb: Visitor) -> None:
    assert deb.client.get("/nowhere").text == "The clinic's own 404"
    assert "Page not found" in deb.get("/nowhere").text


def test_the_hosts_answers_are_left_alone(deb: Visitor) -> None:
    assert "Content-Security-Policy" not in deb.client.get("/").headers
    assert "Content-Security-Policy" in deb.get("/").headers


def test_both_hold_the_house(host: Flask, small_house: Services) -> None:
    assert host.extensions["coursekeeper"] is small_house


@pytest.mark.parametrize("prefix", ["courses", "/courses/", "", "/"])
def test_an_odd_prefix_is_refused_at_the_start(small_house: Services, prefix: str) -> None:
    with pytest.raises(ConfigurationError, match="begins with a slash"):
        init_app(Flask("clinic"), url_prefix=prefix, services=small_house)
