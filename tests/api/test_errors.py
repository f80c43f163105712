"""Every refusal below /api/v1 is the same JSON, whoever says no."""

from dataclasses import replace

import pytest
from flask import Flask, request
from sqlalchemy.exc import OperationalError

from plugin.errors import LedgerBroken, NotYet, SquareFailed
from plugin.services import Services
from plugin.store import Store
from plugin.web.api.errors import api_error_response, is_api
from tests.api.caller import Caller, refusal
from tests.api.conftest import api_application

UNKNOWN = [
    "",
    "/",
    "/nowhere",
    "/clients/",
    "/clients/a/b/c",
    "/Clients",
    "/../clients",
    "/openapi.yaml",
    "/%2e%2e/x",
]


def test_an_address_nobody_knows_is_404(small_desk: Caller) -> None:
    wrong = [path for path in UNKNOWN if refusal(small_desk.get(path)) != (404, "not_found", None)]
    assert wrong == []


@pytest.mark.parametrize("delivery", ["²", "٣", "-1", "1" * 19, "none"])
def test_a_delivery_with_another_than_a_number_is_404(small_owner: Caller, delivery: str) -> None:
    answer = small_owner.post(f"/events/deliveries/{delivery}/replay")
    assert refusal(answer) == (404, "not_found", None)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/clients", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("PATCH", "/clients/a", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/courses/a/redemptions", {"POST", "OPTIONS"}),
        ("POST", "/packages/a/square-item", {"PUT", "OPTIONS"}),
        ("POST", "/openapi.json", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_method_nobody_takes_is_405(small_desk: Caller, method: str, path: str, allowed: set[str]) -> None:
    answer = small_desk.send(method, path)
    assert refusal(answer) == (405, "method_not_allowed", None)
    assert {name.strip() for name in answer.headers["Allow"].split(",")} == allowed


def test_a_head_is_a_get_without_its_body(small_app: Flask, small_desk: Caller) -> None:
    headers = {"Authorization": f"Bearer {small_desk.token}"}
    answer = small_app.test_client().head("/api/v1/clients", headers=headers)
    assert (answer.status_code, answer.get_data()) == (200, b"")


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        ("/api/v1", True),
        ("/api/v1/", True),
        ("/api/v1/nowhere", True),
        ("/api/v10/clients", False),
        ("/api", False),
        ("/clients", False),
        ("/x/api/v1/clients", False),
    ],
)
def test_it_tells_its_own_addresses(small_app: Flask, path: str, is_ours: bool) -> None:
    with small_app.test_request_context(path):
        assert is_api(request) is is_ours


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (SquareFailed("Square did not answer. Try again.", permanent=False), 502, "square_failed"),
        (NotYet("Square's order has no lines yet. Look again."), 503, "not_yet"),
        (LedgerBroken("The ledger contradicts itself. Run: coursekeeper audit."), 500, "ledger_broken"),
        (OperationalError("SELECT 1", {}, Exception("password=hunter2")), 503, "unavailable"),
        (RuntimeError("password=hunter2"), 500, "internal"),
    ],
)
def test_failures_are_sentences_that_tell_no_secret(
    small_app: Flask, error: Exception, status: int, code: str
) -> None:
    with small_app.test_request_context("/api/v1/clients"):
        answer = api_error_response(error)
    said = answer.get_json()["error"]
    assert (answer.status_code, said["code"], said["field"]) == (status, code, None)
    assert said["message"].endswith(".")
    assert "hunter2" not in answer.get_data(as_text=True)
    assert ("Retry-After" in answer.headers) is (status == 503)


def test_a_database_that_went_away_is_503(
    small_house: Services, small_desk: Caller, empty_sqlite_url: str
) -> None:
    with Store(empty_sqlite_url) as gone:
        app = api_application(replace(small_house, store=gone))
        headers = {"Authorization": f"Bearer {small_desk.token}"}
        answer = app.test_client().get("/api/v1/clients", headers=headers)
    assert refusal(answer) == (503, "unavailable", None)
    assert answer.headers["Retry-After"] == "5"
