"""Error pages: what happened, why, what now, in our words; pages for people, fragments for scripts."""

from dataclasses import replace
from typing import Any, cast

import pytest
from flask import Flask, make_response

from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.errors import LedgerBroken, NotAllowed, SquareFailed
from plugin.services import Services
from plugin.store import Store
from plugin.web.client_page.keyed import broken
from tests.courses.desk import OLGA, Desk
from tests.web.conftest import signed_in
from tests.web.page import Page
from tests.web.visitor import Visitor

HTMX = {"HX-Request": "true"}


@pytest.fixture
def failing_app(small_house: Services) -> Flask:
    """The application with a view for each kind of trouble."""
    app = create_app(services=small_house)

    def fail(kind: str) -> str:
        raise {
            "rule": NotAllowed("Only the owner may."),
            "square": SquareFailed("Square did not answer in time. Try again.", permanent=False),
            "ledger": LedgerBroken("Entry 7 does not follow entry 6."),
            "defect": RuntimeError("a secret of the machine"),
        }[kind]

    app.add_url_rule("/trouble/<kind>", "trouble", fail)
    return app


@pytest.fixture
def olga(failing_app: Flask, small_house: Services) -> Visitor:
    return signed_in(failing_app, small_house, Role.OWNER)


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        ("rule", 403, "Only the owner may."),
        ("square", 502, "Square did not answer in time. Try again."),
        ("ledger", 500, "Entry 7 does not follow entry 6."),
        ("defect", 500, "Something failed in Coursekeeper"),
    ],
)
def test_trouble_is_told_in_words(olga: Visitor, kind: str, status: int, said: str) -> None:
    answer = olga.get(f"/trouble/{kind}")
    assert answer.status_code == status
    assert said in Page(answer.text).text
    assert "Go to Today" in answer.text
    assert "secret of the machine" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("kind", ["rule", "square", "defect"])
def test_a_fragment_gets_a_message_to_show(olga: Visitor, kind: str) -> None:
    answer = olga.get(f"/trouble/{kind}", headers=HTMX)
    assert answer.headers["HX-Retarget"] == "#notices"
    assert "<html" not in answer.text
    assert "notice bad" in answer.text


def test_what_may_pass_can_be_tried_again(olga: Visitor) -> None:
    assert "/trouble/square" in Page(olga.get("/trouble/square").text).links()
    assert "/trouble/rule" not in Page(olga.get("/trouble/rule").text).links()


class SilentStore:
    """A database that stopped answering."""

    def __getattr__(self, name: str) -> Any:
        raise ConnectionError("the database does not answer")


def test_without_a_database_there_is_still_a_page(small_house: Services) -> None:
    app = create_app(services=replace(small_house, store=cast(Store, SilentStore())))
    answer = app.test_client().get("/sign-in")
    assert answer.status_code == 500
    assert "Something failed in Coursekeeper" in answer.text
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize(
    "address", ["/shop", "/my/nobody", "/quote/nobody", "/agree/nobody", "/my/nobody/tip"]
)
@pytest.mark.parametrize(
    ("accepted", "said"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "请重试"), ("es-MX", "Inténtelo"), ("fr", "Please try again")],
)
def test_a_client_reads_of_trouble_in_their_language(
    small_house: Services, empty_sqlite_url: str, address: str, accepted: str, said: str
) -> None:
    with Store(empty_sqlite_url) as gone:
        visitor = create_app(services=replace(small_house, store=gone)).test_client()
        answer = visitor.get(address, headers={"Accept-Language": accepted})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    page = Page(answer.text)
    assert said in page.text
    assert page.links() == []
    assert "Coursekeeper" not in page.text


def test_a_client_can_call_the_clinic_while_nothing_can_be_read(
    small_house: Services, small_desk: Desk, empty_sqlite_url: str
) -> None:
    clinic = read_clinic(small_desk.store)
    save_clinic(small_desk.store, small_desk.act(OLGA), replace(clinic, phone="(310) 555-0100"))
    app = create_app(services=small_house)
    # No page of a client: any page has read the number.
    assert app.test_client().get("/sign-in", follow_redirects=True).status_code == 200
    with Store(empty_sqlite_url) as gone:
        app.extensions["coursekeeper"] = replace(small_house, store=gone)
        page = Page(app.test_client().get("/my/nobody").text)
    assert page.links() == ["tel:310555-0100"]
    assert "Call (310) 555-0100" in page.text
    # What failed is not the database, which nobody has read yet.
    with create_app(services=small_house).test_request_context("/my/nobody"):
        assert (
            "Call (310) 555-0100" in Page(make_response(broken(RuntimeError())).get_data(as_text=True)).text
        )


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_while_the_database_is_away_it_answers_as_a_gateway_does(
    small_house: Services, empty_sqlite_url: str, headers: dict[str, str]
) -> None:
    with Store(empty_sqlite_url) as away:
        app = create_app(services=replace(small_house, store=away))
        answer = app.test_client().get("/sign-in", headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "nothing is counted twice" in answer.text
    # What has a notice is a refusal, and is not sent again.
    assert "X-Notice" not in answer.headers


@pytest.mark.parametrize(
    ("method", "address", "status", "said"),
    [
        ("GET", "/nowhere", 404, "There is no page at this address."),
        ("DELETE", "/clients", 405, "This address can"),
        ("POST", "/clients", 413, "larger than 1 MB"),
    ],
)
def test_what_a_browser_gets_wrong(
    small_deb: Visitor, method: str, address: str, status: int, said: str
) -> None:
    body = {"name": "x" * 1_100_000} if method == "POST" else None
    answer = small_deb.client.open(address, method=method, data=body)
    assert answer.status_code == status
    assert said in answer.text


def test_a_form_of_a_thousand_parts_is_refused(small_deb: Visitor) -> None:
    parts = {f"field{number}": "x" for number in range(1000)}
    answer = small_deb.client.post("/clients", data=parts, content_type="multipart/form-data")
    assert answer.status_code == 413


def test_an_old_page_says_that_it_is_old(small_deb: Visitor) -> None:
    answer = small_deb.client.post("/clients", data={"csrf_token": "old", "name": "Ana"}, headers=HTMX)
    assert answer.status_code == 400
    assert "Nothing was written." in answer.text


def test_a_form_whose_own_page_refuses_as_well_is_refused_in_words(small_deb: Visitor) -> None:
    form = small_deb.page("/gifts").form("/gifts")
    sent = {"csrf_token": form.fields["csrf_token"], "client_id": "none"}
    answer = small_deb.client.post("/gifts/redemption", data=sent)
    assert answer.status_code == 422
