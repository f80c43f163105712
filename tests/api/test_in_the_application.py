"""The interface within the whole application: beside the screens, their sessions and their CSRF guard."""

import pytest
from flask import Flask

from plugin import create_app, init_app
from plugin.core.acts import Role
from plugin.services import Services
from tests.api.caller import Caller, refusal
from tests.api.conftest import caller_with
from tests.api.world import Shop


@pytest.fixture
def whole_app(small_house: Services) -> Flask:
    return create_app(services=small_house)


@pytest.fixture
def caller(whole_app: Flask) -> Caller:
    return caller_with(whole_app, Role.OWNER)


def test_a_session_is_used_without_cookie_and_csrf(caller: Caller, small_shop: Shop) -> None:
    answer = caller.post(f"/courses/{small_shop.course()}/redemptions", {}, key="k")
    assert answer.status_code == 201
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_its_refusals_are_json_there_too(caller: Caller) -> None:
    assert refusal(caller.get("/nowhere")) == (404, "not_found", None)
    assert refusal(caller.send("DELETE", "/clients")) == (405, "method_not_allowed", None)
    assert refusal(caller.send_text("POST", "/clients", "{")) == (400, "unreadable", None)
    assert refusal(caller.send_text("POST", "/clients", "x" * 2_000_000)) == (413, "too_large", None)
    assert refusal(caller.post("/clients", {"nmae": "Ana"})) == (422, "invalid_field", "nmae")


def test_without_a_token_it_leads_to_no_sign_in_page(whole_app: Flask) -> None:
    for method in ("GET", "POST"):
        answer = Caller(whole_app, None).send(method, "/clients")
        assert refusal(answer) == (401, "not_signed_in", None)
        assert "Location" not in answer.headers


def test_a_page_that_is_missing_elsewhere_is_no_json(whole_app: Flask) -> None:
    assert whole_app.test_client().get("/nowhere").mimetype != "application/json"


def test_the_watcher_needs_no_sign_in(whole_app: Flask) -> None:
    client = whole_app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_it_is_the_same_in_a_clinics_own_application(small_house: Services) -> None:
    host = Flask("clinic")
    init_app(host, url_prefix="/courses", services=small_house)
    client = host.test_client()
    assert client.get("/courses/api/v1/openapi.json").get_json()["servers"] == [{"url": "/courses/api/v1"}]
    assert client.get("/courses/api/v1/nowhere").get_json()["error"]["code"] == "not_found"
    assert client.get("/courses/api/v1/clients").status_code == 401
    assert client.get("/api/v1/clients").status_code == 404
