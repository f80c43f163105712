"""Idempotency-Key: one key, one deed."""

from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.services import Services
from plugin.store import Store
from plugin.store.database import write
from plugin.store.prepared import Prepared
from tests.api.caller import Caller, refusal
from tests.api.conftest import caller_with
from tests.api.world import Shop
from tests.databases import postgresql_alone

PACKAGE = {
    "name": "Course of 10",
    "price": {"amount": 165000, "currency": "USD"},
    "contents": [
        {"treatment": "Facial", "sessions": 10, "single_price": {"amount": 16500, "currency": "USD"}}
    ],
}


def test_the_first_answer_comes_again_whatever_happened_since(desk: Caller, shop: Shop) -> None:
    path = f"/courses/{shop.course(sessions=12)}/redemptions"
    first = desk.post(path, {"note": "LED"}, key="visit-1")
    desk.post(path, {}, key="visit-2")

    again = desk.post(path, {"note": "LED"}, key="visit-1")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.get_json() == first.get_json()
    assert again.get_json()["sessions_left"] == 11


def test_the_order_of_fields_and_their_absence_as_null_are_the_same_body(desk: Caller, shop: Shop) -> None:
    path = f"/courses/{shop.course()}/redemptions"
    first = desk.send_text("POST", path, '{"sessions": 2, "note": "x"}', Idempotency_Key="k")
    again = desk.send_text("POST", path, '{"note":"x","client_id":null,"sessions":2}', Idempotency_Key="k")
    assert (first.status_code, again.status_code) == (201, 200)


@pytest.mark.parametrize("body", [{"sessions": 2}, {"note": "y"}, {"visited_on": "2026-11-22"}])
def test_another_body_under_the_key_is_refused(desk: Caller, shop: Shop, body: dict[str, Any]) -> None:
    course_id = shop.course()
    path = f"/courses/{course_id}/redemptions"
    desk.post(path, {}, key="k")
    assert refusal(desk.post(path, body, key="k")) == (409, "key_reused", None)
    assert desk.get(f"/courses/{course_id}").get_json()["allowances"][0]["left"] == 11


def test_another_course_under_the_key_is_refused(desk: Caller, shop: Shop) -> None:
    first, second = shop.course(), shop.course()
    desk.post(f"/courses/{first}/redemptions", {}, key="k")
    assert refusal(desk.post(f"/courses/{second}/redemptions", {}, key="k")) == (409, "key_reused", None)


def test_another_call_under_the_key_is_refused(owner: Caller, shop: Shop) -> None:
    course_id, package_id = shop.course(), shop.package()
    used = owner.post(f"/courses/{course_id}/redemptions", {}, key="k").get_json()["entry"]
    others = [
        owner.post("/clients", {"name": "Ana"}, key="k"),
        owner.post("/packages", PACKAGE, key="k"),
        owner.post(f"/entries/{used['id']}/reversal", {"reason": "x"}, key="k"),
        owner.post(f"/packages/{package_id}/publication", key="k"),
        owner.put(f"/packages/{package_id}/square-item", {"square_variation_id": "V"}, key="k"),
    ]
    assert [refusal(other) for other in others] == [(409, "key_reused", None)] * 5


def test_two_tokens_may_choose_the_same_key(app: Flask, shop: Shop) -> None:
    path = f"/courses/{shop.course(sessions=12)}/redemptions"
    one, other = caller_with(app, Role.DESK, "iPad 1"), caller_with(app, Role.DESK, "iPad 2")
    answers = [one.post(path, {}, key="k"), other.post(path, {}, key="k")]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.get_json()["sessions_left"] for answer in answers] == [11, 10]


def test_a_use_needs_a_key(small_desk: Caller, small_shop: Shop) -> None:
    answer = small_desk.post(f"/courses/{small_shop.course()}/redemptions", {})
    assert refusal(answer) == (422, "key_required", "Idempotency-Key")


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 81, "tab\there", "é"])
@pytest.mark.parametrize("path", ["redemptions", "clients"])
def test_a_key_is_1_to_80_visible_characters(
    small_desk: Caller, small_shop: Shop, path: str, key: str
) -> None:
    where = "/clients" if path == "clients" else f"/courses/{small_shop.course()}/redemptions"
    answer = small_desk.post(where, {"name": "Ana"} if path == "clients" else {}, key=key)
    assert refusal(answer) == (422, "invalid_field", "Idempotency-Key")


@pytest.mark.parametrize("key", ["k", "x" * 80, "!~,;=\"'\\"])
def test_every_visible_key_is_taken(small_desk: Caller, small_shop: Shop, key: str) -> None:
    path = f"/courses/{small_shop.course()}/redemptions"
    answers = [small_desk.post(path, {}, key=key).status_code for _ in range(2)]
    assert answers == [201, 200]


def test_a_refused_deed_leaves_its_key_free(desk: Caller, shop: Shop) -> None:
    path = f"/courses/{shop.course()}/redemptions"
    assert desk.post(path, {"visited_on": "2027-01-01"}, key="k").status_code == 422
    assert desk.post(path, {"visited_on": "2026-11-22"}, key="k").status_code == 201


def test_without_keys_two_clients_are_made_with_one_key_one(desk: Caller) -> None:
    keyless = [desk.post("/clients", {"name": "Ana"}).get_json()["id"] for _ in range(2)]
    answers = [desk.post("/clients", {"name": "Bea"}, key="bea") for _ in range(2)]
    assert len(set(keyless)) == 2
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].get_json() == answers[1].get_json()
    assert refusal(desk.post("/clients", {"name": "Cleo"}, key="bea")) == (409, "key_reused", None)


def test_a_package_is_made_once_under_its_key(owner: Caller) -> None:
    answers = [owner.post("/packages", PACKAGE, key="p") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].get_json() == answers[1].get_json()
    assert refusal(owner.post("/packages", {**PACKAGE, "name": "Other"}, key="p"))[1] == "key_reused"
    assert len(owner.get("/packages").get_json()["packages"]) == 1


def test_an_undo_under_its_key_is_one_undo(desk: Caller, shop: Shop) -> None:
    used = desk.post(f"/courses/{shop.course()}/redemptions", {}, key="k").get_json()["entry"]
    path = f"/entries/{used['id']}/reversal"
    answers = [desk.post(path, {"reason": "Slip"}, key="u") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].get_json() == answers[1].get_json()
    assert refusal(desk.post(path, {"reason": "Other"}, key="u")) == (409, "key_reused", None)


def test_a_link_under_its_key_is_one_link(owner: Caller, shop: Shop) -> None:
    path = f"/packages/{shop.package()}/square-item"
    first = owner.put(path, {"square_variation_id": "V1"}, key="k1").get_json()
    owner.put(path, {"square_variation_id": "V2"}, key="k2")
    assert owner.put(path, {"square_variation_id": "V1"}, key="k1").get_json() == first
    assert owner.get("/packages").get_json()["packages"][0]["square_variation_id"] == "V2"
    assert refusal(owner.put(path, {"square_variation_id": "V3"}, key="k1"))[1] == "key_reused"


@postgresql_alone
@pytest.mark.parametrize("when", ["before it", "with its commit on the way"])
def test_a_use_whose_connection_ends_unseen_is_503_and_counts_once_when_it_is_sent_again(
    services: Services,
    desk: Caller,
    shop: Shop,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    path = f"/courses/{shop.course(sessions=12)}/redemptions"
    monkeypatch.setattr("plugin.store.postgresql._has_more_to_read", lambda _: False)
    desk.post(path, {}, key="other")
    processes = _processes(services.store)

    def send_and_end(session: Session, statement: Prepared, *rows: dict[str, Any]) -> None:
        write(session, statement, *rows)
        _end(database_url, processes)

    with monkeypatch.context() as patch:
        if when == "before it":
            _end(database_url, processes)
        else:
            patch.setattr("plugin.courses.base.work.write", send_and_end)
        answer = desk.post(path, {}, key="k")

    assert refusal(answer) == (503, "unavailable", None)
    again, once_more = desk.post(path, {}, key="k"), desk.post(path, {}, key="k")
    assert (again.status_code, once_more.status_code) == (201, 200)
    assert again.get_json()["sessions_left"] == once_more.get_json()["sessions_left"] == 10


def _processes(store: Store) -> list[int]:
    """Return the server's process of each connection that the pool gives out next."""
    with ExitStack() as opened:
        some = [opened.enter_context(store.alone()) for _ in range(3)]
        return [each.scalar(text("SELECT pg_backend_pid()")) for each in some]


def _end(database_url: str, processes: list[int]) -> None:
    with Store(database_url) as another, another.alone() as connection:
        for each in processes:
            connection.execute(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": each})
