"""Who may call what: the bearer token and its role, and nothing else."""

from datetime import timedelta

import pytest
from flask import Flask

from plugin.core.acts import Role
from plugin.courses.accounts.api_tokens import add_token
from plugin.services import Services
from plugin.store.people import ApiToken
from plugin.web.api.openapi import CALLS
from tests.api.caller import Caller, refusal
from tests.api.conftest import api_application, caller_with
from tests.clock import HandMovedClock

ALL, DESK, OWNER = frozenset(Role), {Role.OWNER, Role.DESK}, {Role.OWNER}
TREATS = {Role.OWNER, Role.PRACTITIONER}

# What each role may do, by hand: a change of the program's own table must be meant.
MAY = {
    ("GET", "/packages"): ALL,
    ("POST", "/packages"): OWNER,
    ("POST", "/packages/{package_id}/publication"): OWNER,
    ("PUT", "/packages/{package_id}/square-item"): OWNER,
    ("GET", "/clients"): ALL,
    ("POST", "/clients"): ALL,
    ("GET", "/clients/{client_id}"): ALL,
    ("GET", "/clients/{client_id}/courses"): ALL,
    ("GET", "/courses/{course_id}"): ALL,
    ("POST", "/courses/{course_id}/redemptions"): ALL,
    ("POST", "/entries/{entry_id}/reversal"): ALL,
    ("POST", "/courses/{course_id}/extension"): OWNER,
    ("POST", "/courses/{course_id}/transfer"): OWNER,
    ("GET", "/courses/{course_id}/refund-quote"): ALL,
    ("POST", "/courses/{course_id}/refunds"): OWNER,
    ("GET", "/reports/liability"): OWNER,
    ("GET", "/reports/reserve"): OWNER,
    ("GET", "/reports/journal"): OWNER,
    ("GET", "/events/receivers"): OWNER,
    ("GET", "/events/deliveries"): OWNER,
    ("POST", "/events/deliveries/{delivery_id}/replay"): OWNER,
    ("POST", "/events/receivers/{receiver_id}/replay"): OWNER,
    ("GET", "/reports/year-end"): OWNER,
    ("GET", "/reports/unused"): OWNER,
    ("GET", "/reports/usage"): OWNER,
    ("GET", "/reports/courses"): OWNER,
    ("GET", "/courses/{course_id}/summary.pdf"): ALL,
    ("GET", "/courses/{course_id}/welcome.pdf"): ALL,
    ("GET", "/courses/{course_id}/planner.pdf"): ALL,
    ("GET", "/courses/{course_id}/next-visit.pdf"): ALL,
    ("GET", "/courses/{course_id}/help-card.pdf"): ALL,
    ("GET", "/courses/{course_id}/plan"): ALL,
    ("POST", "/courses/{course_id}/plan"): ALL,
    ("GET", "/courses/{course_id}/aftercare.pdf"): ALL,
    ("GET", "/courses/{course_id}/invoice.pdf"): DESK,
    ("GET", "/courses/{course_id}/statement.pdf"): DESK,
    ("GET", "/courses/{course_id}/receipts"): DESK,
    ("GET", "/clients/{client_id}/statement"): DESK,
    ("GET", "/clients/{client_id}/prepaid-balance"): DESK,
    ("GET", "/clients/{client_id}/prepaid-balance.pdf"): DESK,
    ("GET", "/clients/{client_id}/statement.pdf"): DESK,
    ("GET", "/receipts/{receipt_id}/receipt.pdf"): DESK,
    ("GET", "/courses/{course_id}/evidence.zip"): OWNER,
    ("GET", "/courses/{course_id}/passes"): DESK,
    ("GET", "/clients/{client_id}/quotes"): DESK,
    ("POST", "/clients/{client_id}/quotes"): DESK,
    ("GET", "/quotes/{quote_id}"): DESK,
    ("GET", "/quotes/{quote_id}/quote.pdf"): DESK,
    ("POST", "/quotes/{quote_id}/withdrawal"): DESK,
    ("GET", "/reports/quotes"): OWNER,
    ("GET", "/reports/agreements"): OWNER,
    ("GET", "/reports/checks"): OWNER,
    ("GET", "/reports/passes"): OWNER,
    ("GET", "/reports/letters"): OWNER,
    ("GET", "/reports/orders"): OWNER,
    ("GET", "/reports/planned"): OWNER,
    ("GET", "/reports/tips"): OWNER,
    ("GET", "/clients/{client_id}/agreements"): DESK,
    ("POST", "/clients/{client_id}/agreements"): DESK,
    ("GET", "/agreements/{agreement_id}"): DESK,
    ("GET", "/agreements/{agreement_id}/agreement.pdf"): DESK,
    ("POST", "/agreements/{agreement_id}/paper-signature"): DESK,
    ("POST", "/courses/{course_id}/again"): DESK,
    ("GET", "/check-list"): ALL,
    ("GET", "/clients/{client_id}/check"): ALL,
    ("POST", "/clients/{client_id}/check"): ALL,
    ("GET", "/clients/{client_id}/ratings"): TREATS,
    ("POST", "/clients/{client_id}/concerns"): TREATS,
    ("POST", "/clients/{client_id}/ratings"): TREATS,
    ("DELETE", "/clients/{client_id}/ratings"): TREATS,
    ("GET", "/letters"): OWNER,
    ("GET", "/letters/coming"): OWNER,
    ("POST", "/clients/{client_id}/letters"): DESK,
    ("GET", "/attention"): ALL,
    ("POST", "/attention/{item_id}/resolution"): DESK,
}


def test_the_table_names_every_call() -> None:
    assert {(call.method, call.path) for call in CALLS} == set(MAY)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_do_its_own(small_app: Flask, role: Role) -> None:
    caller = caller_with(small_app, role)
    for (method, path), roles in MAY.items():
        answer = caller.send(method, path.replace("{", "").replace("}", ""))
        if role in roles:
            assert answer.status_code not in (401, 403), path
        else:
            assert refusal(answer) == (403, "not_allowed", None), path


def test_no_call_is_answered_without_a_token(small_house: Services) -> None:
    app = api_application(small_house, bad_per_address="1000 per minute")
    for method, path in MAY:
        answer = Caller(app, None).send(method, path.replace("{", "").replace("}", ""))
        assert refusal(answer) == (401, "not_signed_in", None), path
        assert answer.headers["WWW-Authenticate"] == "Bearer"


NO_TOKENS = [
    "Bearer",
    "Bearer ",
    "Bearer ck_unknown",
    "Bearer " + "x" * 5000,
    "Bearer \xff\xfe",
    "bearer null",
    "Basic b3duZXI6b3duZXI=",
    "Token ck_unknown",
    "ck_unknown",
    "Bearer a, Bearer b",
]


def test_it_refuses_a_header_that_holds_no_good_token(small_app: Flask) -> None:
    for header in NO_TOKENS:
        answer = Caller(small_app, None).send("GET", "/clients", headers={"Authorization": header})
        assert refusal(answer) == (401, "not_signed_in", None), header
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_scheme_may_be_written_in_any_case(small_app: Flask, small_desk: Caller) -> None:
    header = {"Authorization": f"bEARER   {small_desk.token} "}
    assert Caller(small_app, None).send("GET", "/clients", headers=header).status_code == 200


def test_a_token_in_the_address_or_a_cookie_is_none(small_app: Flask, small_desk: Caller) -> None:
    stranger = Caller(small_app, None)
    assert stranger.get("/clients", access_token=small_desk.token).status_code == 401
    cookie = {"Cookie": f"Authorization=Bearer {small_desk.token}; session={small_desk.token}"}
    assert stranger.send("GET", "/clients", headers=cookie).status_code == 401


def test_a_token_ends_at_its_hour(app: Flask, services: Services, clock: HandMovedClock) -> None:
    ends = clock() + timedelta(hours=1)
    token = add_token(services.store, name="Kiosk", role=Role.DESK, now=clock(), expires_at=ends)
    kiosk = Caller(app, token)
    clock.advance(minutes=59, seconds=59)
    assert kiosk.get("/clients").status_code == 200
    clock.advance(seconds=1)
    assert refusal(kiosk.get("/clients")) == (401, "not_signed_in", None)


def test_a_revoked_token_is_refused_with_the_same_words_as_an_unknown_one(app: Flask, desk: Caller) -> None:
    services: Services = app.extensions["coursekeeper"]
    assert desk.get("/clients").status_code == 200
    with services.store.writing() as session:
        session.query(ApiToken).update({"revoked_at": services.clock()})
    revoked, unknown = desk.get("/clients"), Caller(app, "ck_unknown").get("/clients")
    assert (revoked.status_code, revoked.get_json()) == (401, unknown.get_json())
    assert 'error="invalid_token"' in revoked.headers["WWW-Authenticate"]


def test_a_refused_token_reads_and_writes_nothing(small_app: Flask, small_desk: Caller) -> None:
    stranger = Caller(small_app, "ck_unknown")
    assert stranger.post("/clients", {"name": "Eve"}, key="k").status_code == 401
    assert stranger.send_text("POST", "/clients", "{broken").status_code == 401
    assert small_desk.get("/clients").get_json()["clients"] == []


def test_the_document_is_open_to_all(small_app: Flask) -> None:
    assert small_app.test_client().get("/api/v1/openapi.json").status_code == 200
